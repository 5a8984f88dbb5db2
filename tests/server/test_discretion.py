"""Discretion: people come in, speak, fail and are failed, and the log has nobody's name, words, address or secret."""

import logging
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import identity, logs
from server.database import Database
from server.gestures import transaction
from tests.cast import Browsers, act, facilitator, member_of, signed_in, workshop
from tests.server.pages.day import HTMX, JSON
from workshops.agenda import Stage
from workshops.people import Person

WORDS = "Des mots que personne ne doit retrouver"


async def broken(request: Request) -> Response:
    """A page that breaks while the database holds a name."""
    async with transaction(request) as session:
        session.add(Person(name="Zoé Vallon"))
        await session.flush()
        await session.execute(text("SELECT 'Zoé Vallon' FROM nulle_part"))
    raise AssertionError("not reached")


@pytest.fixture
def broken_app(app: Starlette) -> Starlette:
    app.router.routes.append(Route("/casse", broken, methods=["POST"]))
    return app


async def test_a_day_where_everything_goes_wrong_names_nobody(
    broken_app: Starlette, database: Database, client: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    camille = await facilitator(database, "Camille Arnaud")
    room = await workshop(database, Stage.DISCUSSING, by=camille)
    alix = await signed_in(client, await member_of(database, room, name="Alix Morvan"))
    caplog.clear()
    secrets = {room.code, alix.cookies["session"]}

    # In by the provider, which says a name and an address; then with what has already served, and with nothing.
    browser = client(raise_app_exceptions=False)
    address = (await browser.get("/connexion?suite=/ateliers")).headers["location"]
    secrets |= {parse_qs(urlsplit(address).query)[name][0] for name in ("state", "nonce")}
    back = (await browser.post(address, data={"sub": "demo-sacha"})).headers["location"]
    secrets |= {parse_qs(urlsplit(back).query)["code"][0]}
    assert (await browser.get(back)).headers["location"] == "/ateliers"
    secrets |= {browser.cookies["session"]}
    for failed in (back, "/connexion/retour?state=faux&error=access_denied", "/connexion/retour?code=code-de-Sacha"):
        assert (await browser.get(failed)).status_code == 400
    # In by a link, once, then by a link nobody gave.
    link = await act(database, identity.link, camille)
    assert [(await client().get(f"/connexion/lien/{link}")).status_code for _ in range(2)] == [303, 400]
    # In by the door: with a name, with too long a name, with a wrong code.
    guest = client()
    for form in ({"name": "Noor Haddad", "lab": "ti-lab"}, {"name": "Noor Haddad" * 10}, {"name": "N\0oor Haddad"}):
        secrets |= set((await guest.post(f"/rejoindre/{room.code}", data=form)).cookies.values())
    await guest.get("/rejoindre?code=QQQQQQ")
    # Words, said well and badly, and a break with a name at hand.
    indicator = (await alix.get(f"/ateliers/{room.id}.json")).json()["indicateurs"][0]["id"]
    for path, headers in ((f"/indicateurs/{indicator}/avis", {}), ("/avis/0nexistepas0/masquage", HTMX)):
        for field in ("definition", "nulle-part"):
            await alix.post(path, data={"field": field, "text": WORDS, "because": WORDS}, headers={**headers, **JSON})
    answer = await browser.post("/casse", data={"name": "Zoé Vallon"})
    assert answer.status_code in (500, 503)

    secrets |= {link, WORDS, "Sacha", "Delmas", "demo.example", "Camille", "Alix", "Noor", "QQQQQQ", "code-de-Sacha"}
    secrets |= {"Zoé", "Vallon", "127.0.0.1", camille.id}
    records = [record for record in caplog.records if record.name.startswith(("server", "uvicorn"))]
    said = "\n".join(formatter.format(record) for record in records for formatter in (logs.Json(), logs.Text()))
    assert {record.levelno for record in records} == {logging.INFO, logging.WARNING, logging.ERROR}
    assert [secret for secret in secrets if secret in said] == []
