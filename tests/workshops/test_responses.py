"""Responses: step by step, under a key that only its holder has, with no line in any journal."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from server.database import Database
from tests.cast import act, ask, colleague, respond, survey, touchpoint
from tests.conftest import Clock
from workshops import audit, questionnaires, responses, surveys, touchpoints, world
from workshops.people import Person
from workshops.questionnaires import Answer, Question
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.responses import Own
from workshops.surveys import Survey, SurveyAnswer, SurveyChoice, SurveyResponse

KEY = "0123456789abcdef"


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def asked(database: Database, clock: Clock, alix: Person) -> Survey:
    return await survey(database, by=alix)


async def own(database: Database, key: str = KEY) -> Own:
    return await ask(database, responses.own, key)


async def begin(database: Database, asked: Survey, key: str = KEY) -> SurveyResponse:
    return await act(database, responses.begin, asked.id, key=key)


async def answer(database: Database, place: int, *chosen: int, text: str = "", key: str = KEY) -> Own:
    return await act(database, responses.answer, key, place, chosen=[str(number) for number in chosen], text=text)


async def kept(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return {
            record.__name__: await session.scalar(select(func.count()).select_from(record)) or 0
            for record in (SurveyResponse, SurveyAnswer, SurveyChoice)
        }


async def test_each_step_is_saved_at_once_and_nothing_is_journalled(database: Database, asked: Survey) -> None:
    before = (await ask(database, audit.head)).gestures
    await begin(database, asked)
    assert ((await own(database)).answers, (await own(database)).resumes) == ({}, 1)
    await answer(database, 1, 1)
    await answer(database, 2, 4)
    found = await own(database)
    assert (found.answers, found.resumes, found.response.ended_at) == ({1: Answer((1,)), 2: Answer((4,))}, 3, None)
    assert (await ask(database, audit.head)).gestures == before


async def test_only_the_hash_of_the_key_is_kept(database: Database, asked: Survey) -> None:
    response = await begin(database, asked)
    assert KEY not in repr(response.model_dump())
    assert len(response.key_hash) == 64


async def test_the_last_question_ends_it(database: Database, asked: Survey, clock: Clock) -> None:
    await respond(database, asked, [1], [4], [1, 5], [1], [5], "Merci.", key=KEY)
    found = await own(database)
    assert found.response.ended_at == clock.at
    assert found.answers[3] == Answer((1, 5))
    await answer(database, 6, text="Merci.")  # a second tap on the last button
    with pytest.raises(NotNow):
        await answer(database, 6, text="Autre chose.")
    with pytest.raises(NotNow):
        await answer(database, 1, 3)
    assert (await own(database)).answers == found.answers


async def test_an_answer_is_corrected_until_then(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    await answer(database, 3, 1, 2)
    await answer(database, 3, 2, 5)
    assert (await own(database)).answers == {3: Answer((2, 5))}
    await answer(database, 3)  # skipped after all
    assert await kept(database) == {"SurveyResponse": 1, "SurveyAnswer": 0, "SurveyChoice": 0}


async def test_what_must_be_answered_keeps_it_open(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    found = await answer(database, 6, text="Merci.")
    assert (found.missing, found.response.ended_at) == (1, None)
    await answer(database, 1, 2)
    assert (await answer(database, 6, text="Merci.")).response.ended_at


async def test_what_is_no_longer_asked_is_taken_away(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    for place, choice in ((1, 1), (3, 1), (4, 1), (5, 5)):
        await answer(database, place, choice)
    assert set((await own(database)).answers) == {1, 3, 4, 5}
    await answer(database, 3, 9)  # no help was needed after all
    assert ((await own(database)).asked, set((await own(database)).answers)) == ([1, 2, 3, 6], {1, 3})
    with pytest.raises(NotFound):
        await answer(database, 5, 5)


async def test_a_text_that_was_erased_stays_counted_when_one_answers_more(
    database: Database, asked: Survey, clock: Clock
) -> None:
    await begin(database, asked)
    await answer(database, 6, text="Merci.")
    clock.advance(seconds=1)
    await act(database, surveys.forget_texts, world.now())
    await answer(database, 2, 3)
    assert (await own(database)).answers == {2: Answer((3,)), 6: Answer()}


async def test_the_same_key_twice_is_one_response(database: Database, asked: Survey) -> None:
    first, again = await begin(database, asked), await begin(database, asked)
    assert first.id == again.id
    other = await survey(database, title="Une autre", by=await colleague(database, name="Anne"))
    with pytest.raises(NotThus):
        await begin(database, other)
    with pytest.raises(NotThus):
        await begin(database, asked, key="trop-court")


async def test_two_taps_at_once_begin_one_response(database: Database, asked: Survey) -> None:
    began = await asyncio.gather(*(begin(database, asked) for _ in range(5)))
    assert len({each.id for each in began}) == 1
    assert (await kept(database))["SurveyResponse"] == 1


async def test_two_screens_at_once_leave_one_whole_answer(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    choices = [(1, 2, 3), (4, 5, 6), (7, 8), (1, 8)]
    await asyncio.gather(*(answer(database, 3, *each) for each in choices))
    assert (await own(database)).answers[3].chosen in choices


async def test_a_forged_key_opens_nothing(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    for forged in ("fedcba9876543210", KEY.upper(), KEY[:-1], ""):
        with pytest.raises(NotFound):
            await own(database, forged)
        with pytest.raises(NotFound):
            await answer(database, 1, 1, key=forged)


async def test_a_question_that_is_not_there_is_not_found(database: Database, asked: Survey) -> None:
    await begin(database, asked)
    for place in (0, 7, 999):
        with pytest.raises(NotFound):
            await answer(database, place, 1)


@pytest.mark.parametrize("given", [{"chosen": ["7"]}, {"chosen": ["1", "2"]}, {"chosen": []}])
async def test_an_answer_that_does_not_hold_changes_nothing(
    database: Database, asked: Survey, given: dict[str, Any]
) -> None:
    await begin(database, asked)
    await answer(database, 1, 2)
    with pytest.raises(NotThus):
        await act(database, responses.answer, KEY, 1, **given)
    assert (await own(database)).answers == {1: Answer((2,))}


async def test_one_answers_while_it_is_open(database: Database, clock: Clock, alix: Person) -> None:
    asked = await survey(database, opens_at=world.now() + timedelta(days=1), by=alix)
    with pytest.raises(NotNow, match="pas encore ouverte"):
        await begin(database, asked)
    clock.advance(days=1)
    await begin(database, asked)
    await answer(database, 1, 1)
    clock.advance(days=30)
    with pytest.raises(NotNow, match="Ce que vous aviez enregistré est gardé"):
        await answer(database, 2, 1)
    with pytest.raises(NotNow):
        await begin(database, asked, key="fedcba9876543210")
    assert (await own(database)).answers == {1: Answer((1,))}
    assert (await begin(database, asked)).ended_at is None  # one's own is found again


async def test_nobody_answers_once_it_is_closed_or_its_touch_point_is(database: Database, clock: Clock, alix: Person) -> None:
    point = await touchpoint(database, by=alix)
    closed, retired = await survey(database, by=alix), await survey(database, point, by=alix)
    await begin(database, closed)
    await act(database, surveys.close, closed.id, by=alix)
    await act(database, touchpoints.retire, point.id, by=alix)
    with pytest.raises(NotNow):
        await answer(database, 1, 1)
    with pytest.raises(NotNow):
        await begin(database, retired, key="fedcba9876543210")


async def test_texts_are_read_by_the_lab_alone_and_say_nothing_of_who_wrote_them(database: Database, alix: Person) -> None:
    text = Question(questionnaires.Kind.TEXT, "Quoi ?")
    asked = await survey(database, questions=(text, text, text), by=alix)
    for first, second in (("Zut.", "Après."), ("Bien.", "Zéro."), ("a.", "")):
        await respond(database, asked, first, second or None)
    assert await ask(database, responses.texts, asked.id, by=alix) == {1: ["a.", "Bien.", "Zut."], 2: ["Après.", "Zéro."]}
    with pytest.raises(NotYours):
        await ask(database, responses.texts, asked.id, by=await colleague(database, "siilab"))
