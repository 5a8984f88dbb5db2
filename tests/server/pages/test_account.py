"""One's account: devices, a guest's participation, everything in a file, being forgotten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server import sessions
from server.database import Database
from tests.cast import Browsers, account, act, ask, card, facilitator, publisher, signed_in, stranger, workshop
from tests.conftest import Clock
from tests.server.pages.reading import plain, read
from workshops import accounts, agenda, guests, memberships, people, votes
from workshops.accounts import NOBODY
from workshops.agenda import Stage
from workshops.consensus import Choice
from workshops.people import Identity, Person, Role


@pytest.fixture
async def alix(database: Database) -> Person:
    return await account(database, "Alix Morvan", Role.MODERATOR)


def devices(page: httpx2.Response) -> list[str]:
    section = read(page).one("section", id="appareils")
    return [line.all("p")[0].text for line in section.all("li")]


async def test_one_sees_what_one_is_here(database: Database, client: Browsers, alix: Person) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    await act(database, memberships.approve, asked.id, by=await publisher(database))
    await act(database, memberships.ask, "siilab", by=alix)
    page = read(await (await signed_in(client, alix)).get("/compte"))
    assert page.one("h1").text == "Alix Morvan"
    labs = page.one("section", id="laboratoires").all("li")
    assert [(line.one("a").text, line.one(class_="fr-badge").text) for line in labs] == [
        ("SIILAB", "Demande en attente"),
        ("Ti Lab", "Participation"),
    ]
    assert "Modération" in page.one("main").text


async def test_a_refusal_is_read_with_its_reason_until_one_asks_again(
    database: Database, client: Browsers, alix: Person
) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    dominique = await publisher(database)
    await act(database, memberships.decline, asked.id, because="Pas <encore>.", by=dominique)
    browser = await signed_in(client, alix)
    assert "Motif : Pas <encore>." in read(await browser.get("/compte")).one("main").text
    await act(database, memberships.ask, "ti-lab", by=alix)
    assert "Motif" not in read(await browser.get("/compte")).one("main").text


async def test_a_guest_has_a_page_too(database: Database, client: Browsers) -> None:
    browser = await signed_in(client, await stranger(database))
    page = read(await browser.get("/compte"))
    assert "Il faut un compte pour faire partie d'un laboratoire." in page.one("main").text


async def test_one_agrees_to_be_named_and_goes_back_on_it(database: Database, client: Browsers, alix: Person) -> None:
    browser = await signed_in(client, alix)
    for to, said, button in (
        ("/compte/citation", "Elles citent les laboratoires, pas les personnes.", "Citer mon nom auprès de mes textes"),
        ("/compte/citation/retrait", "Accepté Depuis le", "Ne plus citer mon nom"),
    ):
        section = read(await browser.get("/compte")).one("section", id="citation")
        assert (section.one("form")["action"], section.one("button").text) == (to, button)
        assert said in section.text
        assert "« Alix Morvan »" in section.text
        assert (await browser.post(to)).headers["location"] == "/compte#citation"
    assert read(await browser.get("/compte")).one("section", id="citation").one("form")["action"] == "/compte/citation"


async def test_a_guest_is_not_asked(database: Database, client: Browsers) -> None:
    browser = await signed_in(client, await stranger(database))
    assert read(await browser.get("/compte")).all(id="citation") == []
    answer = await browser.post("/compte/citation")
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (
        403,
        "Il faut un compte : lui seul permet de revenir sur cet accord.",
    )


async def test_nobody_is_sent_to_sign_in(client: Browsers) -> None:
    answer = await client().get("/compte")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=/compte")


async def test_one_closes_a_device_from_another(database: Database, client: Browsers, alix: Person) -> None:
    agent = {"user-agent": "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"}
    here = await signed_in(client, alix)
    there = client(headers=agent)
    async with database.transaction() as session:
        token = sessions.open_session(session, alix.id, browser="Firefox, Android")
    there.cookies.set("session", token, domain="testserver.local")
    assert (await there.get("/compte")).status_code == 200
    page = await here.get("/compte")
    assert sorted(devices(page)) == ["Appareil inconnu Celui-ci", "Firefox, Android"]
    (other,) = [
        form["action"]
        for line in read(page).one("section", id="appareils").all("li")
        for form in line.all("form")
        if "Firefox" in line.text
    ]
    assert (await here.post(other)).status_code == 303
    assert (await there.get("/compte")).status_code == 303
    assert devices(await here.get("/compte")) == ["Appareil inconnu Celui-ci"]
    assert (await here.post(other)).status_code == 303  # twice is once


async def test_closing_this_device_is_signing_out(database: Database, client: Browsers, alix: Person) -> None:
    browser = await signed_in(client, alix)
    (form,) = read(await browser.get("/compte")).one("section", id="appareils").all("form")
    answer = await browser.post(form["action"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "session" not in browser.cookies


async def test_one_closes_every_other_device_and_nobody_elses(
    database: Database, client: Browsers, alix: Person
) -> None:
    here, there, other = [await signed_in(client, who) for who in (alix, alix, await account(database, "Sacha"))]
    assert (await here.post("/compte/appareils/fin")).status_code == 303
    assert [(await each.get("/compte")).status_code for each in (here, there, other)] == [200, 303, 200]


async def test_nobody_closes_somebody_elses_device(database: Database, client: Browsers, alix: Person) -> None:
    sacha = await account(database, "Sacha")
    theirs = await signed_in(client, sacha)
    async with database.reading() as session:
        (device,) = await sessions.of(session, sacha)
    await (await signed_in(client, alix)).post(f"/compte/appareils/{device.id}/fin")
    assert (await theirs.get("/compte")).status_code == 200


async def test_one_has_several_ways_in_and_takes_one_away(database: Database, client: Browsers, alix: Person) -> None:
    browser = await signed_in(client, alix)
    assert "/retrait" not in (await browser.get("/compte")).text.replace("/compte/rattachement", "")
    other = Identity(iss="https://autre.example", sub="1", email="a@autre.example", person_id=alix.id)
    await act(database, accounts.add_identity, other, by=alix)
    page = read(await browser.get("/compte"))
    (form,) = [form for form in page.all("form") if form["action"] == f"/compte/identites/{other.id}/retrait"]
    assert (await browser.post(form["action"])).headers["location"] == "/compte"
    assert len(await ask(database, people.identities, alix)) == 1


async def test_an_idle_session_is_over_and_one_in_use_goes_on(
    clock: Clock, client: Browsers, alix: Person
) -> None:
    idle, used = [await signed_in(client, alix) for _ in range(2)]
    for _ in range(7):
        clock.advance(minutes=19)
        assert (await used.get("/compte")).status_code == 200
    assert (await idle.get("/compte")).status_code == 303
    for _ in range(40):  # in use or not, twelve hours are the most
        clock.advance(minutes=19)
        status = (await used.get("/compte")).status_code
    assert status == 303


async def test_whoever_comes_back_reads_even_when_nothing_can_be_written(
    clock: Clock, database: Database, client: Browsers, alix: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: that the session is in use is not written down, and that is all."""
    browser = await signed_in(client, alix)
    clock.advance(minutes=30)

    @asynccontextmanager
    async def full() -> AsyncIterator[AsyncSession]:
        raise OperationalError("UPDATE session", {}, Exception("database or disk is full"))
        yield

    monkeypatch.setattr(database, "transaction", full)
    assert (await browser.get("/compte")).status_code == 200


async def test_what_a_guest_did_here_is_attached_on_demand(
    database: Database, client: Browsers, alix: Person
) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    guest = await act(database, guests.enter, room.id, name="Alix", lab="ti-lab")
    found = await card(database, room)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.KEEP, by=guest)
    browser = client()
    async with database.transaction() as session:
        token = sessions.open_session(session, alix.id, guest_id=guest.id)
    browser.cookies.set("session", token, domain="testserver.local")
    page = read(await browser.get("/compte"))
    assert "Votes : 1." in page.one(class_="gc-panel--accent").text
    assert (await browser.post("/compte/rattachement")).status_code == 303
    assert page.all(class_="gc-panel--accent") != []
    assert read(await browser.get("/compte")).all(class_="gc-panel--accent") == []
    seat = await ask(database, agenda.seat, room.id, alix)
    assert seat is not None
    assert seat.name == "Alix"
    assert "Votre vote" in read(await browser.get(f"/ateliers/{room.id}")).one("main").text


async def test_a_guest_who_was_somebody_else_is_left_alone(
    database: Database, client: Browsers, alix: Person
) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    guest = await act(database, guests.enter, room.id, name="Sacha", lab="siilab")
    browser = client()
    async with database.transaction() as session:
        token = sessions.open_session(session, alix.id, guest_id=guest.id)
    browser.cookies.set("session", token, domain="testserver.local")
    assert (await browser.post("/compte/rattachement/refus")).status_code == 303
    assert read(await browser.get("/compte")).all(class_="gc-panel--accent") == []
    assert (await browser.post("/compte/rattachement")).status_code == 303
    assert await ask(database, agenda.seat, room.id, alix) is None


async def test_one_takes_away_all_that_is_kept(database: Database, client: Browsers, alix: Person) -> None:
    answer = await (await signed_in(client, alix)).get("/compte/donnees.json")
    kept = answer.json()
    assert answer.headers["content-disposition"] == 'attachment; filename="mes-donnees.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert (kept["personne"]["id"], len(kept["appareils"]), kept["roles"][0]["role"]) == (alix.id, 1, "moderator")


async def test_one_is_forgotten_and_ones_words_stay(database: Database, client: Browsers, alix: Person) -> None:
    browser, other = await signed_in(client, alix), await signed_in(client, alix)
    page = read(await browser.get("/compte/effacement"))
    assert NOBODY in page.one("main").text
    answer = await browser.post(page.one("main").one("form")["action"])
    assert (answer.status_code, read(answer).one("h1").text) == (200, "Votre compte est effacé")
    assert [(await each.get("/compte")).status_code for each in (browser, other)] == [303, 303]
    assert (await ask(database, people.get, alix.id)).name == NOBODY
    assert "Alix" not in plain((await client().get("/registre")).text)


async def test_the_last_publisher_is_told_why_not(database: Database, client: Browsers) -> None:
    browser = await signed_in(client, await publisher(database))
    answer = await browser.post("/compte/effacement")
    assert answer.status_code == 409
    assert "dernière personne de l'édition" in read(answer).one(class_="gc-refusal").text
    assert (await browser.get("/compte")).status_code == 200
