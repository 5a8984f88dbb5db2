"""SQLite: aiosqlite's connection, each statement of which goes to its thread and back once."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import aiosqlite

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000")


def connect(file: str) -> "Connection":
    """A connection to a file, to be awaited. It begins no transaction by itself."""
    connection = Connection(partial(_open, file), iter_chunk_size=64)
    connection._thread.daemon = True  # a connection that was not closed keeps no process from ending
    return connection


def _open(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Connection(aiosqlite.Connection):
    """SQLAlchemy opens a cursor, executes, fetches and closes: four trips to the thread, of which three say nothing.

    Trips are most of what a short statement costs, and ours are short.
    """

    def cursor(self) -> "Cursor":  # type: ignore[override]
        return Cursor(self)

    async def rollback(self) -> None:
        """The pool asks for one whenever a connection returns, most often after a commit."""
        if self._conn.in_transaction:
            await super().rollback()

    async def in_thread(self, act: Callable[..., Any], *given: Any) -> Any:
        return await self._execute(act, *given)  # type: ignore[no-untyped-call]


class Cursor:
    """A cursor as SQLAlchemy uses one: what a statement gives is fetched with it."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: list[Any] = []

    async def __aenter__(self) -> "Cursor":
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._cursor, self._rows = await self._connection.in_thread(self._run, statement, parameters)

    def _run(self, statement: str, parameters: Sequence[Any]) -> tuple[sqlite3.Cursor, list[Any]]:
        cursor = self._connection._conn.execute(statement, parameters)
        return cursor, cursor.fetchall()

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._cursor = await self._connection.in_thread(self._connection._conn.executemany, statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Nothing is left open: every row was fetched."""

    @property
    def description(self) -> Any:
        return self._cursor.description if self._cursor else None

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount if self._cursor else -1

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid if self._cursor else None
