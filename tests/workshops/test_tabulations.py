"""Tabulations: counts from five answers on, and the scores of « Je donne mon avis »."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import ask, colleague, respond, survey
from tests.workshops.test_scores import CASES
from workshops import questionnaires, tabulations
from workshops.people import Person
from workshops.questionnaires import GRADES, Feed, Kind, Question
from workshops.surveys import Survey
from workshops.tabulations import Count, Index, Reading, Results


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def asked(database: Database, alix: Person) -> Survey:
    return await survey(database, by=alix)


async def results(database: Database, asked: Survey) -> Results:
    return await ask(database, tabulations.results, asked.id)


def by_index(found: Results) -> dict[Index, Reading]:
    return {each.index: each for each in found.readings}


def counts_of(case: dict[str, Any]) -> list[Count]:
    """A case of the published ones, as the answers to questions."""
    if "contact_reached" in case:
        said = {Feed.REACHED: case["contact_reached"], Feed.CONTACT: case["contact_satisfaction"]}
    else:
        said = {Feed.CLARITY if "very_good" in case["answers"] else Feed.SATISFACTION: case["answers"]}
    return [
        Count(n, questionnaires.known()[feed], sum(given.values()), tuple(given[grade] for grade in GRADES[feed]))
        for n, (feed, given) in enumerate(said.items(), 1)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_survey_has_the_scores_that_are_published(case: dict[str, Any]) -> None:
    (reading,) = [each for each in tabulations.readings(counts_of(case)) if not each.is_share]
    colour = reading.colour.value if reading.colour else None
    assert (reading.value, colour) == (case["expected_score"], case.get("expected_colour"))


async def test_before_any_answer_there_is_no_score(database: Database, asked: Survey) -> None:
    found = await results(database, asked)
    assert (found.begun, found.ended, {each.n for each in found.counts}) == (0, 0, {0})
    assert found.readings == tuple(Reading(index, 0) for index in Index)
    assert [each.choices for each in found.counts] == [(0,) * 3, (0,) * 5, (0,) * 9, (0,) * 2, (0,) * 5, ()]


async def test_answers_are_counted_and_scored(database: Database, asked: Survey) -> None:
    for face in (1, 1, 1, 2, 3):
        await respond(database, asked, [face], [5], [1, 5], [1], [4], "Merci.")
    for _ in range(2):
        await respond(database, asked, [1], None, [1], [2], None)  # nobody was reached; not ended
    for _ in range(3):
        await respond(database, asked, [2], [1], [9], None, None, None)
    found = await results(database, asked)
    assert (found.begun, found.ended) == (10, 8)
    assert {each.place: (each.n, each.choices) for each in found.counts} == {
        1: (10, (5, 4, 1)),
        2: (8, (3, 0, 0, 0, 5)),
        3: (10, (7, 0, 0, 0, 5, 0, 0, 0, 3)),
        4: (7, (5, 2)),
        5: (5, (0, 0, 0, 5, 0)),
        6: (5, ()),
    }
    scores = {index.value: (each.value, each.n, each.colour and each.colour.value) for index, each in by_index(found).items()}
    assert scores == {
        "satisfaction": (7.0, 10, "medium"),
        "clarte": (6.25, 8, "medium"),
        "contact": (5 * 7.5 / 7, 7, "bad"),
        "joignabilite": (5 / 7, 7, None),
        "autonomie": (3.0, 10, None),
    }


async def test_four_answers_say_how_many_they_are_and_nothing_else(database: Database, asked: Survey) -> None:
    for _ in range(4):
        await respond(database, asked, [3], [1])
    found = await results(database, asked)
    assert [(each.n, each.choices, each.is_few) for each in found.counts[:2]] == [(4, None, True), (4, None, True)]
    few = by_index(found)[Index.SATISFACTION]
    assert (few, few.is_few) == (Reading(Index.SATISFACTION, 4), True)
    await respond(database, asked, [1])
    found = await results(database, asked)
    assert [(each.n, each.choices) for each in found.counts[:2]] == [(5, (1, 0, 4)), (4, None)]
    assert by_index(found)[Index.SATISFACTION].value == 2.0


async def test_a_survey_without_these_questions_has_no_score(database: Database, alix: Person) -> None:
    text = Question(Kind.TEXT, "Quoi ?")
    asked = await survey(database, questions=(text, text, text), by=alix)
    assert (await results(database, asked)).readings == ()


async def test_another_survey_is_not_counted(database: Database, asked: Survey, alix: Person) -> None:
    other = await survey(database, title="Une autre", by=alix)
    await respond(database, other, [1])
    assert ((await results(database, asked)).begun, (await results(database, other)).begun) == (0, 1)
