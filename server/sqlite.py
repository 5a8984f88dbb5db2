"""SQLite: aiosqlite's connection, whose thread only does what may wait: taking the writer's turn, and the disk."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from threading import Thread
from typing import Any

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "secure_delete=ON")
TAKE_TURN = "BEGIN IMMEDIATE"
LAST = 15  # seconds given to a thread told to end: it may be waiting for its turn (`busy_timeout`)
SCRUB_TIMEOUT = 250  # milliseconds that scrubbing waits for whoever reads or writes, before it tries again


class Ending:
    """Threads told to end. Somebody may have stopped waiting for them: what they still do answers to a loop, which must
    not close before they have.
    """

    def __init__(self) -> None:
        self._threads: set[Thread] = set()

    def add(self, thread: Thread) -> None:
        self._threads = {thread, *filter(Thread.is_alive, self._threads)}

    async def ended(self) -> None:
        """Wait for each, not for ever."""
        for thread in filter(Thread.is_alive, self._threads):
            await asyncio.to_thread(thread.join, LAST)


def connect(file: str, ending: Ending) -> "Connection":
    """A connection to a file, to be awaited. It begins no transaction by itself; `ending` is told when it is over."""
    connection = Connection(partial(_open, file), iter_chunk_size=64)
    connection.ending = ending
    connection._thread.daemon = True  # a connection that was not closed keeps no process from ending
    return connection


def _open(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def scrub(file: str, *, whole: bool) -> bool:
    """Take out of the file, and of its journal, what was erased; False when somebody was at work there.

    What is erased is overwritten (`secure_delete`), but the journal holds it until it is copied to the file and cut.
    Even so, cells that SQLite moved from one page to another leave a trace where they were, in one case of a thousand:
    only the `whole` file written anew has none.
    """
    with closing(_open(file)) as connection:
        connection.execute(f"PRAGMA busy_timeout={SCRUB_TIMEOUT}")
        try:
            if whole:
                connection.execute("VACUUM")
            is_busy, _pages, _copied = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not is_busy


class Connection(aiosqlite.Connection):
    """Going to a thread and back costs several times what our statements do: readers never wait in WAL, and a writer
    only for its turn and its commit. These go to the thread; the rest is done where it is asked.

    A connection serves one transaction at a time: its thread and the loop are never at work on it together.
    """

    ending: Ending
    _is_in_doubt = False  # somebody stopped waiting for the thread, which goes on

    def __del__(self) -> None:
        """Whoever was cut off in the middle leaves it open: it is closed, without a word."""
        if self._connection is not None:
            self.stop()

    def stop(self) -> None:
        """Close, and end the thread, behind what it is doing. Nobody waits for that, and no loop is told: the one that
        runs now may be over before the thread is.
        """
        self._running = False
        connection, self._connection = self._connection, None

        def close() -> object:
            if connection is not None:
                connection.close()
            return _STOP_RUNNING_SENTINEL

        self._tx.put_nowait((None, close))
        self.ending.add(self._thread)

    def cursor(self) -> "Cursor":  # type: ignore[override]
        return Cursor(self)

    async def take_turn(self) -> None:
        await self._in_thread(self._conn.execute, TAKE_TURN)

    async def commit(self) -> None:
        await self._in_thread(self._conn.commit)

    async def rollback(self) -> None:
        """The pool asks for one whenever a connection returns, most often after a commit."""
        if self._is_in_doubt:
            await self._in_thread(self._conn.rollback)  # behind what the thread is doing
            self._is_in_doubt = False
        elif self._conn.in_transaction:
            self._conn.rollback()  # to give up waits for nobody

    async def _in_thread(self, act: Any, *given: Any) -> Any:
        try:
            return await self._execute(act, *given)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            self._is_in_doubt = True
            raise


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
        if statement == TAKE_TURN:
            await self._connection.take_turn()
            return
        self._cursor = self._connection._conn.execute(statement, parameters)
        self._rows = self._cursor.fetchall()

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._cursor = self._connection._conn.executemany(statement, parameters)

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
