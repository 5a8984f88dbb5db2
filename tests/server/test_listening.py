"""Listening: what other processes committed, whatever else is said on the line, and when it is cut without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import text

from server import listening
from server.database import CHANNEL, NOTIFY, Database, News
from server.listening import listen
from tests.faults.line import Line

ELSEWHERE = News({"atelier": 7}, {"empreinte": "personne"})


@pytest.fixture(autouse=True)
def postgresql_only(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one process")


class Ear:
    """Notes what is heard, and whether the line is open."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[News] = asyncio.Queue()
        self.lines: asyncio.Queue[bool] = asyncio.Queue()

    async def becomes(self, online: bool) -> None:
        async with asyncio.timeout(40):  # the driver takes its time to give up
            while await self.lines.get() is not online:
                pass

    async def hears(self) -> News:
        async with asyncio.timeout(10):
            return await self.heard.get()


@asynccontextmanager
async def listening_on(database: Database) -> AsyncIterator[Ear]:
    ear = Ear()
    task = asyncio.create_task(listen(database, ear.heard.put_nowait, ear.lines.put_nowait))
    try:
        await ear.becomes(True)
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def tell(database: Database, words: str) -> None:
    async with database.transaction() as session:
        await session.execute(NOTIFY, {"told": words})


async def test_what_another_process_committed_is_heard(database: Database) -> None:
    async with listening_on(database) as ear:
        await tell(database, ELSEWHERE.written("un autre"))
        assert await ear.hears() == ELSEWHERE


async def test_what_this_process_committed_is_known_already(database: Database) -> None:
    async with listening_on(database) as ear:
        await tell(database, News({"atelier": 6}).written(database.process))
        await tell(database, ELSEWHERE.written("un autre"))
        assert await ear.hears() == ELSEWHERE


@pytest.mark.parametrize("words", ["", "bonjour", "[]", "{}", '{"par": "un autre", "gestes": {}}'])
async def test_what_cannot_be_read_deafens_nobody(database: Database, words: str) -> None:
    """Somebody tries the channel by hand; a process of another version speaks otherwise."""
    async with listening_on(database) as ear:
        await tell(database, words)
        await tell(database, ELSEWHERE.written("un autre"))
        assert await ear.hears() == ELSEWHERE


async def test_a_line_that_is_cut_is_opened_again(database: Database) -> None:
    async with listening_on(database) as ear:
        async with database.transaction() as session:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = :listening"
            await session.execute(text(cut), {"listening": f"LISTEN {CHANNEL}"})
        await ear.becomes(False)
        await ear.becomes(True)
        await tell(database, ELSEWHERE.written("un autre"))
        assert await ear.hears() == ELSEWHERE


async def test_a_line_that_says_nothing_any_more_is_not_trusted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network swallows everything, without a word: sessions that ended elsewhere would be thought to run."""
    monkeypatch.setattr(listening, "SILENCE", 0.1)
    monkeypatch.setattr(listening, "ANSWER", 0.1)
    async with Line(database.url) as line:
        far = Database(line.address)
        async with listening_on(far) as ear:
            line.freeze()
            await ear.becomes(False)
            line.thaw()
            await ear.becomes(True)
