"""The application: addresses, what is not foreseen, and a database that is down."""

import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from server.access import Who
from server.app import create_app
from server.database import Database
from server.routes import ACCESS
from server.settings import Settings
from tests.cast import Browsers, facilitator, member_of, session_of, signed_in, workshop
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import FORMS, GESTURES, PAGES, UNKNOWN, address
from tests.server.pages.reading import plain, read
from workshops.agenda import Stage
from workshops.records import Record

HTML = {"accept": "text/html"}
DOWN = "La base de données ne répond pas. Rien n'a été enregistré à moitié : réessayez dans un instant."
BROKEN = "Une erreur est survenue de notre côté. Rien n'a été enregistré à moitié."


# ── What it is made of


async def test_two_applications_share_nothing(settings: Settings) -> None:
    one, other = create_app(settings), create_app(settings)
    for name in ("database", "hub", "limits", "patience", "post", "provider", "metrics"):
        assert getattr(one.state, name) is not getattr(other.state, name)
    for app in (one, other):
        await app.state.database.close()


async def test_the_demonstrations_door_exists_only_in_a_demonstration(database_url: str, settings: Settings) -> None:
    serious = Settings(_env_file=None, secret_key="x" * 32, database_url=database_url)
    for chosen, expected in ((settings, ["static", "demo"]), (serious, ["static"])):
        app = create_app(chosen)
        assert [route.name for route in app.routes if isinstance(route, Mount)] == expected
        await app.state.database.close()


async def test_it_opens_and_closes(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        assert await app.state.database.is_alive()
    assert app.state.hub.rooms == {}


# ── What is not foreseen


async def broken(request: Request) -> Response:
    raise RuntimeError("something nobody foresaw: secret detail")


async def test_what_breaks_is_said_without_a_detail(
    app: Starlette, client: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    app.router.routes.append(Route("/casse", broken, methods=["GET", "POST"]))
    browser = client(raise_app_exceptions=False)
    page = await browser.get("/casse", headers=HTML)
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (500, BROKEN)
    program = await browser.post("/casse", headers=JSON)
    assert (program.status_code, program.json()["refus"], plain(program.json()["raison"])) == (500, "panne", BROKEN)
    screen = await browser.post("/casse", headers={**HTMX, **HTML})
    assert (screen.status_code, screen.headers["hx-retarget"]) == (500, "#notice")
    assert read(screen).one(class_="gc-refusal").text == BROKEN
    # What one may quote is what the log says of this very request.
    references = [read(page).one("main").one("code").text, program.json()["reference"], read(screen).one("code").text]
    assert references == [answer.headers["x-request-id"] for answer in (page, program, screen)]
    assert len(set(references)) == 3
    assert app.state.metrics.registry.get_sample_value("grille_errors_total", {"type": "RuntimeError"}) == 3
    assert [
        secret for secret in ("secret detail", "Traceback") for said in (page, program, screen) if secret in said.text
    ] == []
    assert "secret detail" in caplog.text


# ── A database that is down


def closed_port() -> str:
    """A PostgreSQL where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"postgresql+psycopg://personne@127.0.0.1:{taken.getsockname()[1]}/grille"


@pytest.fixture(params=["a file that cannot be opened", "a port where nobody listens"])
async def down(
    request: pytest.FixtureRequest, app: Starlette, database: Database, tmp_path: Path
) -> AsyncIterator[Callable[[], None]]:
    """Call it, and the application's database is away."""
    url = closed_port() if "port" in request.param else f"sqlite+aiosqlite:///{tmp_path}"
    away = Database(url, after_commit=app.state.hub.ring)

    def use(one: Database) -> None:
        app.state.database = app.state.box.database = app.state.rooms.database = app.state.limits.storage.database = one
        app.state.archive.database = one

    yield lambda: use(away)
    use(database)
    await away.close()


async def test_health_says_that_the_database_is_away(
    database: Database, client: Browsers, down: Callable[[], None]
) -> None:
    camille = await signed_in(client, await facilitator(database))
    down()
    for browser in (client(), camille):
        for headers in ({}, HTML, JSON):
            answer = await browser.get("/sante", headers=headers)
            assert (answer.status_code, answer.json()) == (503, {"etat": "panne", "base": "injoignable"})


async def test_every_page_says_in_french_that_the_database_is_away(
    database: Database, client: Browsers, down: Callable[[], None]
) -> None:
    camille = await session_of(database, await facilitator(database))
    # These ask the database nothing before they answer somebody who has no session, or answer programs.
    alone = {"home.health", "home.alive", "home.ready", "home.metrics", "workshops.door", "signin.start", "signin.gone"}
    alone |= {"legal.terms", "legal.privacy", "mailbox.new", "keys.public", "datasets.schema", "datasets.as_csv"}
    alone |= {"testimonials.door", "moderation.rules", "datasets.as_json"}
    down()
    for cookies in ({}, {"session": camille}):
        browser = client(raise_app_exceptions=False, cookies=cookies)
        for route in PAGES:
            if route.name in alone or (not cookies and route.name in needing_a_session()):
                continue
            answer = await browser.get(address(route, UNKNOWN), headers=HTML)
            assert (route.name, answer.status_code) == (route.name, 503)
            assert read(answer).one(class_="gc-refusal").text == DOWN
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def needing_a_session() -> set[str]:
    return {name for name, who in ACCESS.items() if who is not Who.ANYONE}


async def test_every_gesture_says_so_and_nothing_is_written(
    database: Database, client: Browsers, down: Callable[[], None]
) -> None:
    camille = await session_of(database, await facilitator(database))
    before = await rows(database)
    down()
    browser = client(raise_app_exceptions=False, cookies={"session": camille})
    for route in GESTURES:
        path, form = address(route, UNKNOWN), FORMS.get(route.name, {})
        page = await browser.post(path, data=form, headers=HTML)
        assert (route.name, page.status_code) == (route.name, 503)
        assert read(page).one(class_="gc-refusal").text == DOWN
        screen = await browser.post(path, data=form, headers={**HTML, **HTMX})
        assert (screen.status_code, screen.headers["hx-retarget"]) == (503, "#notice")
        program = await browser.post(path, data=form, headers=JSON)
        assert (program.status_code, program.json()["refus"]) == (503, "panne")
        assert plain(program.json()["raison"]) == DOWN
    assert await rows(database) == before


async def rows(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return {
            table.name: (await session.execute(text(f'SELECT count(*) FROM "{table.name}"'))).scalar_one()
            for table in Record.metadata.sorted_tables
        }


async def test_it_comes_back_by_itself(
    app: Starlette, database: Database, client: Browsers, down: Callable[[], None]
) -> None:
    down()
    browser = client(raise_app_exceptions=False)
    assert (await browser.get("/ateliers")).status_code == 503
    app.state.database = app.state.box.database = database
    assert (await browser.get("/ateliers")).status_code == 200
    assert (await browser.get("/sante")).json() == {"etat": "ok", "base": "ok"}


async def refuse_entries(database: Database) -> None:
    """From now on the database breaks in the middle of every gesture, when its line is written."""
    async with database.transaction() as session:
        if database.is_sqlite:
            # Not RAISE, which SQLite takes for a constraint: this is nobody's fault but the database's.
            broken = "CREATE TRIGGER broken BEFORE INSERT ON entry BEGIN SELECT json('panne'); END"
            await session.execute(text(broken))
        else:
            raised = "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE 'panne'; END $$ LANGUAGE plpgsql"
            await session.execute(text(raised))
            await session.execute(
                text("CREATE TRIGGER broken BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION broken()")
            )


async def test_a_database_that_breaks_in_the_middle_leaves_nothing_half_written(
    app: Starlette, database: Database, client: Browsers, caplog: pytest.LogCaptureFixture
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    alix = await member_of(database, room)
    heard: list[object] = []
    database.after_commit = heard.append
    browser = await signed_in(client, alix)
    opener = await signed_in(client, camille)
    await refuse_entries(database)
    before = await rows(database)
    heard.clear()
    for who, path, name in (
        (browser, f"/ateliers/{room.id}/indicateurs", "indicators.propose"),
        (opener, "/ateliers", "workshops.convene"),
        (opener, f"/ateliers/{room.id}/etape", "workshops.move"),
        (client(), f"/rejoindre/{room.code}", "workshops.join"),
    ):
        answer = await who.post(path, data={**FORMS[name], "key": "k"}, headers=HTML)
        assert (name, answer.status_code) == (name, 503)
        assert (read(answer).one(class_="gc-refusal").text, "x-geste" in answer.headers) == (DOWN, False)
        assert "set-cookie" not in answer.headers
    assert (await rows(database), heard) == (before, [])
    state = await client().get(f"/ateliers/{room.id}.json")
    assert (state.json()["etape"], state.json()["geste"]) == ("proposing", 3)
    assert [record.levelno for record in caplog.records if record.name == "server.app"] == [logging.ERROR] * 4
    assert json.loads(state.content)["indicateurs"]
