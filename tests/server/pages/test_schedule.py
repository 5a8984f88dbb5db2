"""The schedule: written as lines, read by everybody, timed by whoever leads."""

import httpx2
import pytest

from server.database import Database
from tests.cast import Browsers, act, ask
from tests.conftest import Clock
from tests.server.pages.day import (
    HTMX,
    JSON,
    Day,
    begin,
    block,
    gesture,
    given_back,
    in_both_places,
    once,
    refused,
    told,
)
from tests.server.pages.day import refused_outside_the_room as outside
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import agenda, schedule
from workshops.agenda import Stage

ROLE = "Ce geste revient au rôle « Animation »."
CLOSED = "L'atelier est clos : son déroulé ne change plus."
MORNING = {"schedule": "10 Accueil\n20 Vote", "base": "0"}


@pytest.fixture
async def day(database: Database, client: Browsers, clock: Clock) -> Day:
    return await begin(database, client)


def paths(day: Day) -> tuple[str, str, str, str]:
    room = f"/ateliers/{day.room.id}"
    return f"/ateliers/{day.room.id}/deroule", f"{room}/minuteur", f"{room}/minuteur/prolongation", f"{room}/minuteur/arret"


async def planned(day: Day, started: int | None = None) -> schedule.Day:
    """A schedule is written, and a point of it started."""
    await act(day.database, schedule.write, day.room.id, MORNING["schedule"], base=0, by=day.camille)
    if started:
        await act(day.database, schedule.start, day.room.id, started, by=day.camille)
    return await ask(day.database, schedule.day, day.room.id)


async def room(day: Day, browser: httpx2.AsyncClient) -> Element:
    return read(await browser.get(f"/ateliers/{day.room.id}"))


# ── Writing


async def test_whoever_leads_writes_it_and_everybody_reads_it(day: Day) -> None:
    camille, (path, *_) = await day.browser(day.camille), paths(day)
    form = read(await camille.get(path)).one("form", action=path)
    assert {name: value(form, name) for name in MORNING} == {"schedule": "", "base": "0"}
    await gesture(day, camille, path, MORNING, to=f"/ateliers/{day.room.id}")
    for person in (None, day.alix, day.noor, day.camille):
        points = (await room(day, await day.browser(person))).one("div", id="schedule").all("li")
        assert [point.text for point in points] == ["10 min Accueil", "20 min Vote"]
    form = read(await camille.get(path)).one("form", action=path)
    assert value(form, "schedule") == MORNING["schedule"]
    assert value(form, "base") == str(await day.last())


async def test_a_workshop_without_a_schedule_shows_none(day: Day) -> None:
    page = await room(day, await day.browser(day.camille))
    assert page.one("div", id="schedule").text == ""
    assert page.one("div", id="conduct").text == ""
    assert page.one("div", id="timer").text == ""


async def test_a_wrong_line_comes_back_with_its_number(day: Day) -> None:
    camille, (path, *_) = await day.browser(day.camille), paths(day)
    typed = {"schedule": "10 Accueil\nPause <b>", "base": "0"}
    answer = await camille.post(path, data=typed)
    page = read(answer)
    sentence = "Ligne 2 : commencez par la durée, de 1 à 480 minutes, puis le titre, comme « 10 Accueil »."
    assert (answer.status_code, errors(page)) == (422, {"schedule": sentence})
    assert {name: value(page.one("form", action=path), name) for name in typed} == typed
    program = await camille.post(path, data=typed, headers=JSON)
    assert (program.status_code, list(program.json()["champs"])) == (422, ["schedule"])
    assert (await camille.post(path, data={"schedule": "10 A"})).status_code == 422  # from no text


async def test_two_texts_at_once_are_both_shown(day: Day) -> None:
    camille, (path, *_) = await day.browser(day.camille), paths(day)
    stands = await planned(day)
    late = {"schedule": "15 Café", "base": "0"}
    answer = await camille.post(path, data=late)
    page = read(answer)
    assert answer.status_code == 409
    assert page.one("section", **{"aria-labelledby": "kept"}).one("p").raw == MORNING["schedule"]
    form = page.one("form", action=path)
    assert {name: value(form, name) for name in late} == {"schedule": "15 Café", "base": str(stands.number)}
    assert (await camille.post(path, data=late, headers=JSON)).json()["texte_actuel"] == MORNING["schedule"]
    await gesture(day, camille, path, {**late, "base": value(form, "base")}, to=f"/ateliers/{day.room.id}")


@in_both_places
async def test_the_same_sending_twice_is_one_text(day: Day, place: str) -> None:
    path, *_ = paths(day)
    await once(day, await day.browser(day.camille), place, path, MORNING, {**MORNING, "schedule": "5 Autre"})


async def test_a_closed_workshop_keeps_it_and_gives_the_text_back(day: Day) -> None:
    stands = await planned(day)
    await day.move(Stage.CLOSED)
    camille, (path, *_) = await day.browser(day.camille), paths(day)
    page = read(await camille.get(path))
    assert page.one("main").all("form") == []
    assert [point.text for point in page.all("li", class_="gc-schedule__point")] == ["10 min Accueil", "20 min Vote"]
    await given_back(day, camille, path, {"schedule": "5 Autre", "base": str(stands.number)}, 409, CLOSED)


# ── The timer


async def test_a_point_is_started_seen_by_all_and_given_time(day: Day) -> None:
    await planned(day)
    camille, (_, start, extend, stop) = await day.browser(day.camille), paths(day)
    home = f"/ateliers/{day.room.id}"
    form = (await room(day, camille)).one("form", action=start)
    assert "Pour commencer : Accueil , 10 min" in form.text
    await gesture(day, camille, start, {"place": value(form, "place")}, to=home)
    for path in (home, f"{home}/ecran", f"/indicateurs/{day.card.id if day.card else ''}"):
        timer = read(await camille.get(path)).one("div", id="timer")
        assert timer.one(class_="gc-timer__what").text == "Accueil jusqu'à 10 h 10"
        assert timer.one(class_="gc-timer__bar")["data-ends"] == "2026-11-23T09:10:00+00:00"
    points = (await room(day, camille)).one("div", id="schedule").all("li")
    assert [(point.text, point.get("aria-current")) for point in points] == [
        ("10 min Accueil En cours", "step"),
        ("20 min Vote", ""),
    ]
    form = (await room(day, camille)).one("form", action=extend)
    assert [button["value"] for button in form.all("button", name="minutes")] == ["1", "5", "15"]
    await gesture(day, camille, extend, {"minutes": "5", "base": value(form, "base")}, to=home)
    alix = await day.browser(day.alix)
    assert (await room(day, alix)).one("div", id="timer").one(class_="gc-timer__what").text == "Accueil jusqu'à 10 h 15"
    form = (await room(day, camille)).one("form", action=stop)
    await gesture(day, camille, stop, {"timer": value(form, "timer")}, to=home)
    assert (await room(day, alix)).one("div", id="timer").text == ""
    assert "Ensuite : Vote , 20 min" in (await room(day, camille)).one("form", action=start).text


async def test_a_second_click_is_not_a_second_gesture(day: Day) -> None:
    now = await planned(day, started=1)
    assert now.running
    camille, (_, start, extend, stop) = await day.browser(day.camille), paths(day)
    before = await day.last()
    assert (await told(day, camille, start, {"place": "1"}))["geste"] == before
    for _ in range(2):
        await camille.post(extend, data={"minutes": "5", "base": str(now.running.set_by)})
    assert await day.last() == before + 1
    for _ in range(2):
        await camille.post(stop, data={"timer": now.running.timer_id})
    assert await day.last() == before + 2


async def test_htmx_gets_an_empty_answer_and_the_room_hears(day: Day) -> None:
    now = await planned(day, started=1)
    assert now.running
    camille, (_, start, extend, stop) = await day.browser(day.camille), paths(day)
    for path, form in (
        (extend, {"minutes": "5", "base": str(now.running.set_by)}),
        (stop, {"timer": now.running.timer_id}),
        (start, {"place": "2"}),
    ):
        assert (await block(day, camille, path, form)).text == ""


async def test_the_timer_says_what_it_refuses(day: Day) -> None:
    camille, (_, start, extend, _stop) = await day.browser(day.camille), paths(day)
    await refused(day, camille, start, {"place": "1"}, 404, "Ce point n'est pas au déroulé.")
    nothing = "Aucun point n'est en cours : lancez-en un d'abord."
    await refused(day, camille, extend, {"minutes": "5", "base": "1"}, 409, nothing)
    await planned(day, started=1)
    assert (await camille.post(extend, data={"minutes": "121", "base": "1"}, headers=HTMX)).status_code == 422
    await day.move(Stage.CLOSED)
    await refused(day, camille, start, {"place": "2"}, 409, CLOSED)


async def test_any_point_may_be_started_from_its_page(day: Day) -> None:
    await planned(day, started=1)
    camille, (path, start, *_) = await day.browser(day.camille), paths(day)
    forms = read(await camille.get(path)).all("form", action=start)
    assert [(value(form, "place"), plain(form.one("button")["aria-label"])) for form in forms] == [("2", "Lancer : Vote")]


# ── Who


async def test_only_those_who_lead(day: Day) -> None:
    now = await planned(day, started=1)
    assert now.running
    path, start, extend, stop = paths(day)
    for at, form in (
        (path, {"schedule": "5 Autre", "base": "0"}),
        (start, {"place": "2"}),
        (extend, {"minutes": "5", "base": str(now.running.set_by)}),
        (stop, {"timer": now.running.timer_id}),
    ):
        await outside(day, at, form, observing=ROLE)
        await refused(day, await day.browser(day.alix), at, form, 403, ROLE)
    assert (await (await day.browser(day.alix)).get(path)).status_code == 403
    page = await room(day, await day.browser(day.alix))
    assert page.all("div", id="conduct") == []
    assert page.all("a", href=path) == []


async def test_who_leads_with_the_facilitator_may_too(day: Day) -> None:
    await planned(day)
    await act(day.database, agenda.appoint, day.room.id, day.stranger, by=day.camille)
    robin, (path, start, *_) = await day.browser(day.stranger), paths(day)
    assert (await robin.get(path)).status_code == 200
    await gesture(day, robin, start, {"place": "1"}, to=f"/ateliers/{day.room.id}")
