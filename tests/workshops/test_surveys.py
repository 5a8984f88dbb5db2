"""Surveys: a lab opens one at a touch-point, for a time, and closes it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, colleague, published, respond, survey, touchpoint
from tests.conftest import Clock
from workshops import audit, questionnaires, responses, surveys, tabulations, touchpoints, world
from workshops.audit import Deed
from workshops.people import Person
from workshops.questionnaires import Question
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.surveys import State, Survey
from workshops.touchpoints import Touchpoint


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def point(database: Database, alix: Person) -> Touchpoint:
    return await touchpoint(database, project="Guichet unique", by=alix)


@pytest.fixture
async def asked(database: Database, point: Touchpoint, clock: Clock, alix: Person) -> Survey:
    return await survey(database, point, by=alix)


async def deeds(database: Database) -> list[tuple[Deed, str]]:
    return [(each.kind, each.about) for each in await ask(database, audit.entries)]


async def state(database: Database, survey: Survey) -> State:
    return (await ask(database, surveys.known, survey.id)).state


async def test_somebody_of_the_lab_opens_it_in_public(
    database: Database, asked: Survey, point: Touchpoint, alix: Person
) -> None:
    assert (asked.lab_slug, asked.touchpoint_id, asked.project_id, asked.code, asked.by_id) == (
        "ti-lab",
        point.id,
        point.project_id,
        "IMP-08",
        alix.id,
    )
    assert asked.asks == questionnaires.template("je-donne-mon-avis").questions
    assert (await deeds(database))[-1] == (Deed.SURVEY_OPENED, asked.id)
    assert Deed.SURVEY_OPENED.is_public
    assert Deed.SURVEY_CLOSED.is_public
    assert await state(database, asked) is State.OPEN


async def test_somebody_of_another_lab_does_not(database: Database, point: Touchpoint) -> None:
    sacha = await colleague(database, "siilab")
    before = await deeds(database)
    with pytest.raises(NotYours):
        await survey(database, point, by=sacha)
    assert await deeds(database) == before


async def test_a_touch_point_of_another_lab_is_no_place_for_it(database: Database, point: Touchpoint) -> None:
    sacha = await colleague(database, "siilab")
    theirs = await touchpoint(database, "siilab", by=sacha)
    with pytest.raises(NotThus) as refused:
        await survey(database, theirs, point_id=point.id, by=sacha)
    assert set(refused.value.fields) == {"point"}


def days(number: int) -> Callable[[], Any]:
    return lambda: world.now() + timedelta(days=number)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"code": "ACT-01"}, "code"),  # an indicator of activity
        ({"code": "IMP-99"}, "code"),
        ({"opens_at": None}, "opens_on"),
        ({"opens_at": days(-2)}, "opens_on"),
        ({"closes_at": None}, "closes_on"),
        ({"closes_at": days(0)}, "closes_on"),
        ({"opens_at": days(9), "closes_at": days(8)}, "closes_on"),
        ({"closes_at": days(367)}, "closes_on"),
        ({"point_id": "0nexistepas0"}, "point"),
        ({"questions": [Question(questionnaires.Kind.TEXT, "Quoi ?")]}, "questions"),
    ],
)
async def test_what_does_not_hold_is_said_field_by_field(
    database: Database, clock: Clock, point: Touchpoint, alix: Person, given: dict[str, Any], field: str
) -> None:
    given = {name: value() if callable(value) else value for name, value in given.items()}
    with pytest.raises(NotThus) as refused:
        await survey(database, point, by=alix, **given)
    assert set(refused.value.fields) == {field}


async def test_indicators_are_those_of_the_version_once_there_is_one(database: Database) -> None:
    assert list(await ask(database, surveys.impacts)) == [f"IMP-0{n}" for n in range(1, 10)]
    await published(database, famille="impact")
    ((code, title),) = (await ask(database, surveys.impacts)).items()
    assert (code[:4], title) == ("IMP-", "Nombre de projets abandonnés à temps")


async def test_it_is_open_from_one_day_to_another(database: Database, clock: Clock, point: Touchpoint, alix: Person) -> None:
    asked = await survey(database, point, opens_at=days(1)(), closes_at=days(3)(), by=alix)
    assert await state(database, asked) is State.COMING
    clock.advance(days=1)
    assert await state(database, asked) is State.OPEN
    clock.advance(days=2)
    assert await state(database, asked) is State.OPEN
    clock.advance(seconds=1)
    assert await state(database, asked) is State.OVER


async def test_the_lab_closes_it_once_and_says_why(database: Database, asked: Survey, alix: Person) -> None:
    await act(database, surveys.close, asked.id, because="Assez de réponses.", by=alix)
    again = await act(database, surveys.close, asked.id, because="Autre chose.", by=alix)
    assert again.because == "Assez de réponses."
    assert [kind for kind, about in await deeds(database) if about == asked.id] == [
        Deed.SURVEY_OPENED,
        Deed.SURVEY_CLOSED,
    ]
    assert await state(database, asked) is State.CLOSED


async def test_closing_is_for_the_lab_and_before_the_end(database: Database, asked: Survey, clock: Clock, alix: Person) -> None:
    with pytest.raises(NotYours):
        await act(database, surveys.close, asked.id, by=await colleague(database, "siilab"))
    with pytest.raises(NotFound):
        await act(database, surveys.close, "0nexistepas0", by=alix)
    with pytest.raises(NotThus):
        await act(database, surveys.close, asked.id, because="x" * 201, by=alix)
    clock.advance(days=31)
    with pytest.raises(NotNow):
        await act(database, surveys.close, asked.id, by=alix)


async def test_it_follows_its_touch_point(database: Database, asked: Survey, point: Touchpoint, alix: Person) -> None:
    other = await touchpoint(database, name="Ailleurs", by=alix)
    coming = await survey(database, point, opens_at=days(1)(), by=alix)
    assert [each.id for each in await ask(database, surveys.standing, point.id)] == [asked.id]
    new = await act(database, touchpoints.replace, point.id, name="Nouvel accueil", by=alix)
    standing = {id: await ask(database, surveys.standing, id) for id in (point.id, new.id, other.id)}
    assert {id: [each.id for each in found] for id, found in standing.items()} == {
        point.id: [],
        new.id: [asked.id],
        other.id: [],
    }
    assert await state(database, asked) is State.OPEN
    await act(database, touchpoints.retire, new.id, by=alix)
    assert await ask(database, surveys.standing, new.id) == []
    assert (await state(database, asked), await state(database, coming)) == (State.RETIRED, State.RETIRED)
    with pytest.raises(NotThus):
        await survey(database, point, by=alix)  # nothing opens at a closed touch-point


async def test_a_lab_has_its_own(database: Database, asked: Survey, alix: Person) -> None:
    later = await survey(database, opens_at=days(2)(), by=alix)
    assert [each.survey.id for each in await ask(database, surveys.of_lab, "ti-lab")] == [later.id, asked.id]
    assert await ask(database, surveys.of_lab, "siilab") == []


async def test_texts_are_forgotten_and_still_counted(database: Database, asked: Survey, clock: Clock, alix: Person) -> None:
    await respond(database, asked, [1], None, None, None, None, "Un premier mot.")
    clock.advance(days=2)
    await respond(database, asked, [1], None, None, None, None, "Un second mot.")
    assert await act(database, surveys.forget_texts, world.now() - timedelta(days=1)) == 1
    assert await act(database, surveys.forget_texts, world.now() - timedelta(days=1)) == 0
    assert await ask(database, responses.texts, asked.id, by=alix) == {6: ["Un second mot."]}
    assert (await ask(database, tabulations.results, asked.id)).counts[5].n == 2
