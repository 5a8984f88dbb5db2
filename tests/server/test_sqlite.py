"""SQLite: what may wait goes to the thread, and a connection given back holds nothing."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from server import sqlite
from server.database import Database
from server.sqlite import Connection


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    connection = await sqlite.connect(str(tmp_path / "one.db"), sqlite.Ending())
    yield connection
    await connection.close()


async def run(connection: Connection, statement: str, *given: object) -> list[object]:
    cursor = connection.cursor()
    await cursor.execute(statement, given)
    return list(await cursor.fetchall())


async def test_a_connection_is_durable_checks_its_keys_and_erases_for_good(connection: Connection) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
    found = [(await run(connection, f"PRAGMA {pragma}"))[0] for pragma in pragmas]
    assert found == [("wal",), (2,), (1,), (10000,), (1,)]


async def test_a_statement_gives_its_rows_and_says_what_it_did(connection: Connection) -> None:
    cursor = connection.cursor()
    assert (cursor.description, cursor.rowcount, cursor.lastrowid) == (None, -1, None)
    await run(connection, "CREATE TABLE word (id INTEGER PRIMARY KEY, said TEXT)")
    await cursor.execute("INSERT INTO word (said) VALUES (?) RETURNING id, said", ("oui",))
    assert (await cursor.fetchall(), [column[0] for column in cursor.description]) == ([(1, "oui")], ["id", "said"])
    await cursor.executemany("INSERT INTO word (said) VALUES (?)", [("non",), ("peut-être",)])
    assert cursor.rowcount == 2
    await cursor.execute("UPDATE word SET said = ''")
    assert (cursor.rowcount, await cursor.fetchall()) == (3, [])


async def test_nobody_who_reads_waits_for_whoever_writes(connection: Connection, tmp_path: Path) -> None:
    await run(connection, "CREATE TABLE word (said TEXT)")
    other = await sqlite.connect(str(tmp_path / "one.db"), sqlite.Ending())
    await run(connection, sqlite.TAKE_TURN)
    await run(connection, "INSERT INTO word VALUES ('oui')")
    assert await run(other, "SELECT count(*) FROM word") == [(0,)]
    await connection.commit()
    assert await run(other, "SELECT count(*) FROM word") == [(1,)]
    await other.close()


async def test_who_stops_waiting_for_a_turn_does_not_keep_it(connection: Connection, tmp_path: Path) -> None:
    """The turn comes when nobody wants it any more: it must be given back, or nobody would ever write again."""
    other = await sqlite.connect(str(tmp_path / "one.db"), sqlite.Ending())
    await run(connection, "CREATE TABLE word (said TEXT)")
    await run(connection, sqlite.TAKE_TURN)
    waiting = asyncio.create_task(run(other, sqlite.TAKE_TURN))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    giving_back = asyncio.create_task(other.rollback())
    await connection.commit()
    await giving_back
    assert not other._conn.in_transaction
    await run(connection, sqlite.TAKE_TURN)
    await connection.rollback()
    await other.close()


async def test_a_transaction_that_is_abandoned_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE word (said TEXT)"))

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO word VALUES ('oui')"))
            await asyncio.Event().wait()

    for _ in range(15):  # more than the pool holds
        abandoned = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        abandoned.cancel()
        await asyncio.gather(abandoned, return_exceptions=True)
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM word"))).scalar_one() == 0
    await database.close()


@pytest.mark.parametrize("gives_up", ["while it connects", "while it waits for its turn", "and so does giving back"])
async def test_the_loop_outlives_the_threads_that_answer_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gives_up: str
) -> None:
    """Somebody gave up, the server stops, the thread is slow: what it says then must not find a closed loop."""
    database, opened, may_go = Database(f"sqlite+aiosqlite:///{tmp_path / 'one.db'}"), sqlite._open, threading.Event()

    def slow(file: str) -> object:
        may_go.wait()
        return opened(file)

    before = set(threading.enumerate())
    if gives_up == "while it connects":
        monkeypatch.setattr(sqlite, "_open", slow)
    else:
        async with database.reading() as session:
            connection = (await (await session.connection()).get_raw_connection()).driver_connection
            assert isinstance(connection, Connection)
            connection._tx.put_nowait((None, may_go.wait))

    async def write() -> None:
        async with database.transaction():
            pass

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    writing.cancel()
    if gives_up == "and so does giving back":
        await asyncio.sleep(0.05)
        writing.cancel()
    asyncio.get_running_loop().call_later(0.2, may_go.set)
    await asyncio.gather(writing, return_exceptions=True)
    assert writing.cancelled()
    await database.close()
    threads = set(threading.enumerate()) - before
    assert [thread.name for thread in threads if "_connection_worker" in thread.name] == []
