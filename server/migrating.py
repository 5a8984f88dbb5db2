"""Migrating: the database brought to the schema of this code, by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession

from server import postgresql
from server.settings import ROOT

LOCK = 46  # the commitment's number: any integer would do, as long as it is always the same


def config(url: str) -> Config:
    """What Alembic needs to work on this database."""
    found = Config(ROOT / "alembic.ini")
    found.attributes["url"] = url
    return found


def upgrade(url: str) -> None:
    """Apply the migrations that this database lacks. Alembic's environment runs a loop: call it where none runs."""
    command.upgrade(config(url), "head")


@cache
def _history() -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))


def head() -> str | None:
    """The last migration of this code."""
    return _history().get_current_head()


def is_known(schema: str) -> bool:
    """Whether this code has a migration of that name; a database saved by a later version has another."""
    return schema in {script.revision for script in _history().walk_revisions()}


async def standing(session: AsyncSession) -> str | None:
    """The last migration that this database went through."""
    found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def backend(url: str) -> str:
    """The kind of database: `sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def take_down(url: str) -> None:
    """Undo every migration. Call it where no loop runs, on a database that nobody misses."""
    command.downgrade(config(url), "base")


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold the database's doorway: another process that comes to prepare it waits, then finds the work done."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with _file_lock(address):
            yield
    else:
        with psycopg.connect(postgresql.plain(url), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield


@contextmanager
def _file_lock(address: URL) -> Iterator[None]:
    if not address.database or address.database == ":memory:":
        yield
        return
    file = Path(address.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(file.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
