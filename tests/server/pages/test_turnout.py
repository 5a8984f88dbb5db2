"""Turnout: whom to remind, for whoever leads, while people vote."""

import pytest

from server.database import Database
from tests.cast import Browsers, act, all_vote, member_of
from tests.server.pages.day import Day, begin
from tests.server.pages.reading import read
from workshops import votes
from workshops.agenda import Stage
from workshops.consensus import Choice

ROLE = "Ce geste revient au rôle « Animation »."


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    return await begin(database, client, Stage.VOTING)


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/rappels"


async def test_names_come_by_lab_to_read_aloud_and_by_what_is_missing(day: Day) -> None:
    await member_of(day.database, day.room, "ti-lab", "Zoé & co")
    assert day.card
    await act(day.database, votes.cast, day.card.id, wording=1, choice=Choice.DROP, reason="Non.", by=day.alix)
    camille = await day.browser(day.camille)
    assert f'href="{path(day)}"' in (await camille.get(f"/ateliers/{day.room.id}")).text
    page = read(await camille.get(path(day)))
    aloud = page.one("section", **{"aria-labelledby": "aloud"})
    assert [line.text for line in aloud.all("li")] == ["SIILAB : Sacha", "Ti Lab : Alix, Zoé & co"]
    assert [line.text for line in page.all("li", class_="gc-entries__item")] == [
        "Sacha SIILAB Aucun vote 19 votes manquent",
        "Zoé & co Ti Lab Aucun vote 19 votes manquent",
        "Alix Ti Lab 18 votes manquent",
    ]
    assert "Non." not in page.one("main").text
    assert "Noor" not in page.one("main").text


async def test_once_everybody_has_voted_it_says_so(day: Day) -> None:
    for person in (day.alix, day.sacha):
        await all_vote(day.database, day.room, by=person)
    page = read(await (await day.browser(day.camille)).get(path(day)))
    assert page.one(class_="gc-empty__title").text == "Tout le monde a voté"
    assert page.all("li", class_="gc-entries__item") == []


async def test_only_those_who_lead_see_it(day: Day) -> None:
    for person in (day.alix, day.noor):
        answer = await (await day.browser(person)).get(path(day))
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, ROLE)
    assert (await (await day.browser(day.stranger)).get(path(day))).status_code == 403
    assert (await (await day.browser(None)).get(path(day))).status_code == 303


async def test_only_while_people_vote(day: Day) -> None:
    camille = await day.browser(day.camille)
    for stage in (Stage.DISCUSSING, Stage.CLOSED):
        await day.move(stage)
        answer = await camille.get(path(day))
        sentence = f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible."
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (409, sentence)
