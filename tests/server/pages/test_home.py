"""Home: the front door, and how the server is doing."""

import asyncio

import pytest
from alembic import command
from starlette.applications import Starlette

from server import migrating
from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.cast import Browsers, facilitator, published, workshop
from tests.server.pages.reading import read
from workshops.agenda import Stage


async def test_the_front_door_of_a_fresh_machine_says_what_will_come(client: Browsers) -> None:
    answer = await client().get("/")
    page = read(answer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    framework, workshops, labs = page.one(class_="gc-grid").all("section")
    assert [link["href"] for link in framework.all("a")] == ["/referentiel"]
    assert [link["href"] for link in workshops.all("a")] == ["/ateliers"]
    assert [link["href"] for link in labs.all("a")] == ["/laboratoires"]
    assert "Aucun atelier n'est ouvert." in workshops.text


async def test_the_front_door_has_the_form_to_join(client: Browsers) -> None:
    form = read(await client().get("/")).one("form")
    assert (form["action"], form["method"], form.one("input")["name"]) == ("/rejoindre", "get", "code")


async def test_the_front_door_leads_to_the_last_version(client: Browsers, database: Database) -> None:
    await published(database)
    framework = read(await client().get("/")).one(class_="gc-grid").all("section")[0]
    assert [link["href"] for link in framework.all("a")] == ["/referentiel/2.0.0"]


async def test_the_front_door_leads_to_three_open_workshops(client: Browsers, database: Database) -> None:
    camille = await facilitator(database)
    opened = [await workshop(database, by=camille) for _ in range(4)]
    closed = await workshop(database, Stage.CLOSED, by=camille)
    workshops = read(await client().get("/")).one(class_="gc-grid").all("section")[1]
    shown = [link["href"] for link in workshops.one("ul").all("a")]
    assert shown == [f"/ateliers/{room.id}" for room in sorted(opened, key=lambda room: room.id)[:3]]
    assert f"/ateliers/{closed.id}" not in shown


async def test_the_server_is_well(client: Browsers) -> None:
    answer = await client().get("/sante")
    assert (answer.status_code, answer.json()) == (200, {"etat": "ok", "base": "ok"})


async def test_a_process_that_answers_is_alive_whatever_the_database_does(client: Browsers) -> None:
    client.app.state.database = None
    answer = await client().get("/sante/vivant")
    assert (answer.status_code, answer.json()) == (200, {"etat": "ok"})


async def test_the_server_is_ready_for_visitors(client: Browsers) -> None:
    answer = await client().get("/sante/pret")
    assert (answer.status_code, answer.json()) == (200, {"etat": "ok", "base": "ok", "schema": "ok"})


async def test_it_is_not_ready_without_its_database(client: Browsers) -> None:
    client.app.state.database = away = Database("postgresql+psycopg://personne@127.0.0.1:1/grille")
    answer = await client().get("/sante/pret")
    assert (answer.status_code, answer.json()) == (503, {"etat": "panne", "base": "injoignable", "schema": "inconnu"})
    await away.close()


async def test_it_is_not_ready_at_another_schema_than_its_own(client: Browsers, database: Database) -> None:
    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "base")
    answer = await client().get("/sante/pret")
    assert (answer.status_code, answer.json()) == (503, {"etat": "panne", "base": "ok", "schema": "different"})


async def test_it_is_not_ready_once_it_leaves(app: Starlette, client: Browsers) -> None:
    async with app.router.lifespan_context(app):
        assert (await client().get("/sante/pret")).status_code == 200
    answer = await client().get("/sante/pret")
    assert (answer.status_code, answer.json()) == (503, {"etat": "arret", "base": "ok", "schema": "ok"})


async def test_without_a_token_in_the_settings_there_are_no_metrics(client: Browsers) -> None:
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer x"}):
        assert (await client().get("/metriques", headers=headers)).status_code == 404


@pytest.mark.parametrize("given", ["", "jeton", "Bearer", "Bearer ", "Bearer jetons", "bearer jeton", "Bearer jéton"])
async def test_metrics_are_for_who_has_the_token(settings: Settings, database: Database, given: str) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": "jeton"}))
    browsers = Browsers(app)
    refused = await browsers().get("/metriques", headers=[(b"authorization", given.encode())])
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "grille_" not in refused.text
    answer = await browsers().get("/metriques", headers={"authorization": "Bearer jeton"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "grille_seats{" in answer.text
    await browsers.close()
    await app.state.database.close()
