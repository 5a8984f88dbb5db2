"""Migrating: the database brought to the schema of this code, by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL, make_url

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


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold the database's doorway: another process that comes to prepare it waits, then finds the work done."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with _file_lock(address):
            yield
    else:
        with _advisory_lock(address):
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


@contextmanager
def _advisory_lock(address: URL) -> Iterator[None]:
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
