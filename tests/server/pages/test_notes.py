"""Notes: one's own page, seen by nobody else, in no public file."""

import pytest

from server.database import Database
from tests.cast import Browsers, act
from tests.server.pages.day import HTMX, JSON, Day, begin
from tests.server.pages.everything import PAGES, address
from tests.server.pages.reading import errors, read, value
from workshops import agenda, notes
from workshops.agenda import Stage

ROLE = "Ce geste revient au rôle « Animation »."
SECRET = "Laisser parler Sacha <b>d'abord</b>."


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    return await begin(database, client)


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/notes"


async def test_one_writes_and_finds_it_again_on_another_screen(day: Day) -> None:
    camille, before = await day.browser(day.camille), await day.last()
    assert f'href="{path(day)}"' in (await camille.get(f"/ateliers/{day.room.id}")).text
    form = read(await camille.get(path(day))).one("form", action=path(day))
    assert (value(form, "text"), value(form, "base")) == ("", "0")
    answer = await camille.post(path(day), data={"text": SECRET, "base": "0"})
    assert (answer.status_code, answer.headers["location"]) == (303, path(day))
    page = read(await camille.get(path(day)))
    assert (value(page.one("form", action=path(day)), "text"), value(page, "base")) == (SECRET, "1")
    assert "Enregistrées le" in page.one("main").text
    assert await day.last() == before


async def test_a_program_is_told_that_there_is_no_gesture(day: Day) -> None:
    camille = await day.browser(day.camille)
    answer = await camille.post(path(day), data={"text": SECRET, "base": "0"}, headers=JSON)
    assert (answer.status_code, answer.json(), "x-geste" in answer.headers) == (200, {"geste": None}, False)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
async def test_two_screens_see_both_texts(day: Day, headers: dict[str, str]) -> None:
    camille = await day.browser(day.camille)
    await camille.post(path(day), data={"text": SECRET, "base": "0"})
    answer = await camille.post(path(day), data={"text": "Autre chose.", "base": "0"}, headers=headers)
    page = read(answer)
    assert answer.status_code == 409
    assert page.one("section", **{"aria-labelledby": "kept"}).one("p").raw == SECRET
    form = page.one("form", action=path(day))
    assert (value(form, "text"), value(form, "base")) == ("Autre chose.", "1")
    again = await camille.post(path(day), data={"text": "Les deux.", "base": "1"})
    assert again.status_code == 303
    told = await camille.post(path(day), data={"text": "Trop tard.", "base": "1"}, headers=JSON)
    assert (told.status_code, told.json()["texte_actuel"], told.json()["votre_texte"]) == (409, "Les deux.", "Trop tard.")


async def test_what_is_too_long_comes_back(day: Day) -> None:
    camille, text = await day.browser(day.camille), "x" * 10_001
    answer = await camille.post(path(day), data={"text": text, "base": "0"})
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"text": "Dix mille caractères au plus."})
    assert value(page.one("form", action=path(day)), "text") == text


async def test_only_those_who_lead_have_them_and_each_their_own(day: Day) -> None:
    await act(day.database, agenda.appoint, day.room.id, day.stranger, by=day.camille)
    await act(day.database, notes.write, day.room.id, SECRET, base=0, by=day.camille)
    for person in (day.alix, day.noor):
        browser = await day.browser(person)
        answer = await browser.get(path(day))
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, ROLE)
        assert (await browser.post(path(day), data={"text": "À moi.", "base": "0"})).status_code == 403
    robin = await day.browser(day.stranger)
    assert value(read(await robin.get(path(day))), "text") == ""
    assert (await day.browser(None)).cookies.get("session") is None
    assert (await (await day.browser(None)).get(path(day))).headers["location"].startswith("/connexion?suite=")


async def test_no_page_and_no_file_says_them_but_ones_own(day: Day) -> None:
    await act(day.database, agenda.appoint, day.room.id, day.stranger, by=day.camille)
    await day.move(Stage.VOTING)
    secret = "motquenulnedit"
    await act(day.database, notes.write, day.room.id, secret, base=0, by=day.camille)
    assert day.card
    ids = {"workshop": day.room.id, "indicator": day.card.id, "code": day.room.code, "slug": "ti-lab"}
    routes = [route for route in PAGES if set(route.param_convertors) <= set(ids) and route.name != "signin.start"]
    assert len(routes) > 20
    for person in (None, day.stranger, day.alix, day.dominique, day.camille):
        browser = await day.browser(person)
        saying = {route.name for route in routes if secret in (await browser.get(address(route, ids))).text}
        assert saying == ({"notes.edit", "account.data"} if person is day.camille else set())


async def test_they_stay_once_the_workshop_is_closed(day: Day) -> None:
    await day.move(Stage.CLOSED)
    camille = await day.browser(day.camille)
    assert (await camille.post(path(day), data={"text": "Bilan.", "base": "0"})).status_code == 303
    assert value(read(await camille.get(path(day))), "text") == "Bilan."
