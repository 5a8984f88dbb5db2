"""What every test may ask for: a real database, the application on it, browsers, and the clock."""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType, SimpleNamespace

import hypothesis
import psycopg
import pytest
from sqlalchemy.engine import make_url
from starlette.applications import Starlette

from server import migrating
from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.cast import Browsers, card, facilitator, member_of, publisher
from workshops import labs, world
from workshops.agenda import Workshop
from workshops.indicators import Card
from workshops.people import Person

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)

hypothesis.settings.register_profile("house", deadline=None)  # a slow machine is not a wrong program
hypothesis.settings.load_profile("house")


# ── The database: migrated once, copied for each test


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Gives the address of a fresh installation: every table, the directory of labs, nothing else."""
    server = os.environ.get("TEST_DATABASE_URL")
    with closing(_on_postgresql(server) if server else _on_sqlite(tmp_path_factory.mktemp("databases"))) as addresses:
        yield lambda: next(addresses)


def _on_sqlite(folder: Path) -> Iterator[str]:
    template = folder / "template.db"
    _install(f"sqlite+aiosqlite:///{template}")
    for number in itertools.count():
        yield f"sqlite+aiosqlite:///{shutil.copy(template, folder / f'{number}.db')}"


def _on_postgresql(server: str) -> Iterator[str]:
    address = make_url(server)
    prefix = f"grille_{os.getpid()}"
    made = [f"{prefix}_template"]
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        try:
            connection.execute(f"CREATE DATABASE {made[0]}")
            _install(address.set(database=made[0]).render_as_string(hide_password=False))
            for number in itertools.count():
                # The one before last is closed by now; the last may have a connection on its way out.
                if len(made) > 2:
                    connection.execute(f"DROP DATABASE {made.pop(1)} WITH (FORCE)")
                made.append(f"{prefix}_{number}")
                connection.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {made[0]}")
                yield address.set(database=made[-1]).render_as_string(hide_password=False)
        finally:
            for name in made:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _install(url: str) -> None:
    """In a thread of its own: Alembic wants to run its own event loop, and pytest has one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrating.upgrade, url).result()
        thread.submit(asyncio.run, _enter_labs(url)).result()


async def _enter_labs(url: str) -> None:
    database = Database(url)
    async with database.transaction() as session:
        await labs.enter(session, labs.found())
    await database.close()


@pytest.fixture
def database_url(databases: Callable[[], str]) -> str:
    """The address of a database of one's own."""
    return databases()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database of one's own; when there is an application, it is the application's."""
    database = Database(database_url)
    yield database
    await database.close()


# ── The application


@pytest.fixture
def settings(database_url: str) -> Settings:
    """A demonstration on this database, drawn at every tick."""
    return Settings(_env_file=None, demo=True, public_url="http://testserver", database_url=database_url, tick_ms=10)


@pytest.fixture
async def app(settings: Settings, database: Database) -> AsyncIterator[Starlette]:
    """The whole server, on the test's database: a gesture made without it rings its bell too."""
    app = create_app(settings, database)
    yield app
    await app.state.hub.close()
    await app.state.rooms.close()


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[Browsers]:
    """Opens browsers: `client()` is a new one, nobody yet; `await signed_in(client, person)` is that person's."""
    browsers = Browsers(app)
    yield browsers
    await browsers.close()


# ── The clock


class Clock:
    """The world's time: nine o'clock on 23 November 2026 until one sets it (`clock.at = …`) or advances it."""

    def __init__(self) -> None:
        self.at = NINE

    def now(self, zone: tzinfo | None = None) -> datetime:
        return self.at.astimezone(zone)

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time stands still. Tables hold `world.now` itself as a default: it is what `now` reads that is replaced."""
    clock = Clock()
    monkeypatch.setattr(world, "datetime", clock)
    return clock


def without_waiting(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[float]:
    """The seconds for which a module makes people wait from now on, without waiting."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep, Semaphore=asyncio.Semaphore))
    return slept


# ── The cast: `room` is the workshop that each file of tests convenes for itself


@pytest.fixture
async def camille(database: Database) -> Person:
    return await facilitator(database)


@pytest.fixture
async def dominique(database: Database) -> Person:
    return await publisher(database)


@pytest.fixture
async def alix(database: Database, room: Workshop) -> Person:
    return await member_of(database, room)


@pytest.fixture
async def sacha(database: Database, room: Workshop) -> Person:
    return await member_of(database, room, "siilab")


@pytest.fixture
async def text(database: Database, room: Workshop) -> Card:
    return await card(database, room)
