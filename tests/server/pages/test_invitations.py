"""Invitations: a link shown once, a role taken by the first who says yes."""

import re
from urllib.parse import quote

import pytest

from server.database import Database
from tests.cast import Browsers, account, ask, publisher, signed_in, stranger, workshop
from tests.server.pages.day import JSON
from tests.server.pages.reading import read, value
from workshops import agenda, invitations, people
from workshops.agenda import Workshop
from workshops.people import Person, Role

FOR_LEADING = "/ateliers/{}/invitations"  # invitations.for_workshop


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, by=camille)


async def test_a_facilitator_hands_on_a_link_and_somebody_leads_with_them(
    database: Database, client: Browsers, camille: Person, room: Workshop
) -> None:
    browser = await signed_in(client, camille)
    assert f'href="/ateliers/{room.id}/invitations"' in (await browser.get(f"/ateliers/{room.id}")).text
    form = read(await browser.get(FOR_LEADING.format(room.id))).one("main").one("form")
    fields = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
    made = await browser.post(form["action"], data=fields)
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    link = value(read(made).one("main"), "lien")
    assert re.fullmatch(r"http://testserver/invitation/[\w-]{43}", link)
    path = link.removeprefix("http://testserver")

    nobody = read(await client().get(path))
    assert nobody.one("h1").text == "Camille vous invite"
    assert nobody.one("main").all("form") == []
    assert f"/connexion?suite={quote(path, safe='')}" in [a["href"] for a in nobody.one("main").all("a")]

    robin = await signed_in(client, await account(database, "Robin"))
    for _ in range(2):  # looking takes nothing
        assert read(await robin.get(path)).one("main").one("form")["action"] == path
    answer = await robin.post(path)
    assert answer.headers["location"] == f"/ateliers/{room.id}"
    room_page = read(await robin.get(f"/ateliers/{room.id}"))
    assert room_page.one("div", id="room")["data-seat"] == "facilitator"
    assert (await robin.post(f"/ateliers/{room.id}/etape", data={"stage": "proposing"})).status_code == 303
    assert (await robin.get(FOR_LEADING.format(room.id))).status_code == 403

    late = await signed_in(client, await account(database, "Tard"))
    assert "n'est plus valable" in read(await late.get(path)).one("main").text
    assert (await late.post(path)).status_code == 409


async def test_a_guest_is_asked_for_an_account(
    database: Database, client: Browsers, camille: Person, room: Workshop
) -> None:
    made = await (await signed_in(client, camille)).post(
        "/invitations", data={"role": "cofacilitator", "workshop": room.id}, headers=JSON
    )
    path = made.json()["lien"].removeprefix("http://testserver")
    guest = await signed_in(client, await stranger(database))
    assert read(await guest.get(path)).one("main").all("form") == []
    assert (await guest.post(path)).status_code == 403
    assert len(await ask(database, agenda.leading, room.id)) == 1


async def test_an_invitation_is_taken_back(
    database: Database, client: Browsers, camille: Person, room: Workshop
) -> None:
    browser = await signed_in(client, camille)
    made = await browser.post("/invitations", data={"role": "cofacilitator", "workshop": room.id}, headers=JSON)
    page = read(await browser.get(f"/ateliers/{room.id}/invitations"))
    (back,) = [form["action"] for form in page.one("main").all("form") if form["action"].endswith("/retrait")]
    assert (await browser.post(back)).headers["location"] == FOR_LEADING.format(room.id)
    assert await ask(database, invitations.pending, workshop_id=room.id) == []
    robin = await signed_in(client, await account(database, "Robin"))
    assert (await robin.post(made.json()["lien"].removeprefix("http://testserver"))).status_code == 409


async def test_ditp_gives_a_role_by_a_link(database: Database, client: Browsers) -> None:
    ditp = await signed_in(client, await publisher(database))
    made = await ditp.post("/invitations", data={"role": "auditor"}, headers=JSON)
    aude = await account(database, "Aude")
    browser = await signed_in(client, aude)
    answer = await browser.post(made.json()["lien"].removeprefix("http://testserver"))
    assert answer.headers["location"] == "/compte"
    assert await ask(database, people.roles, aude) == {Role.AUDITOR}


@pytest.mark.parametrize("path", ["/invitation/x", "/invitation/" + "x" * 43, "/invitation/%00", "/invitation/é"])
async def test_a_link_nobody_gave_says_what_to_do(client: Browsers, database: Database, path: str) -> None:
    for browser in (client(), await signed_in(client, await stranger(database))):
        answer = await browser.get(path)
        assert (answer.status_code, "vérifiez que le lien est complet" in read(answer).one("main").text) == (404, True)


async def test_a_role_that_is_not_one_is_refused(database: Database, client: Browsers) -> None:
    ditp = await signed_in(client, await publisher(database))
    for role in ("", "roi", "referent"):
        assert (await ditp.post("/invitations", data={"role": role})).status_code == 422
