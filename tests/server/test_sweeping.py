"""Sweeping: a running server forgets by itself what time has closed, and what citizens wrote when it is over."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlmodel import func, select

from server import sweeping
from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.cast import card, facilitator, give, member_of, workshop
from tests.conftest import Clock
from workshops import retention, votes
from workshops.agenda import Stage
from workshops.consensus import Choice
from workshops.journal import Receipt, Sending
from workshops.people import Person
from workshops.retention import Delays, Matter, Purge


async def receipts(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Receipt)) or 0


async def until_swept(database: Database) -> None:
    async with asyncio.timeout(30):
        while await receipts(database):  # noqa: ASYNC110  the database rings no bell for this
            await asyncio.sleep(0.01)


async def vote(database: Database, text: str, by: Person, choice: Choice) -> None:
    async with database.transaction(Sending(choice.value, "a" * 64)) as session:
        await votes.cast(session, text, wording=1, choice=choice, by=by)


async def test_a_running_server_sweeps_when_it_starts_then_every_hour(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(hours=1) == sweeping.EVERY
    monkeypatch.setattr(sweeping, "EVERY", timedelta(milliseconds=1))
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    text = await card(database, room)
    await vote(database, text.id, alix, Choice.KEEP)
    clock.advance(hours=24, seconds=1)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await until_swept(database)
        await vote(database, text.id, alix, Choice.ABSTAIN)
        assert await receipts(database) == 1
        clock.advance(hours=24, seconds=1)
        await until_swept(database)


async def test_a_receipt_of_the_day_stays(database: Database, clock: Clock) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    text = await card(database, room)
    await vote(database, text.id, alix, Choice.KEEP)
    clock.advance(hours=24)
    await sweeping.sweep(database)
    assert await receipts(database) == 1


async def test_what_could_not_be_swept_is_swept_later(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sweeping, "EVERY", timedelta(milliseconds=1))
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    text = await card(database, room)
    await vote(database, text.id, alix, Choice.KEEP)
    clock.advance(hours=24, seconds=1)
    await rename(database, "receipt", "elsewhere")
    task = asyncio.create_task(sweeping.keep_swept(database, Delays()))
    async with asyncio.timeout(30):
        while caplog.messages.count("nothing could be swept this time") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await rename(database, "elsewhere", "receipt")
    await until_swept(database)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def rename(database: Database, table: str, to: str) -> None:
    async with database.transaction() as session:
        await session.execute(sql(f"ALTER TABLE {table} RENAME TO {to}"))


# ── What citizens wrote


async def purges(database: Database) -> list[dict[str, int]]:
    async with database.reading() as session:
        return list(await session.scalars(select(Purge.counts)))


async def test_a_running_server_erases_what_is_over_by_its_settings(
    settings: Settings, database: Database, clock: Clock
) -> None:
    chosen = settings.model_copy(update={"retention_kept_days": 7})
    await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    clock.advance(days=7, seconds=1)
    app = create_app(chosen)
    async with app.router.lifespan_context(app), asyncio.timeout(30):
        while not await purges(database):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await purges(database) == [{"non_publies": 1}]


async def test_two_processes_erase_it_once(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two databases stand for two processes."""
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(8):
        await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    clock.advance(days=366)
    other = Database(database.url)
    applied = await asyncio.gather(*(sweeping.retain(each, Delays()) for each in (database, other)))
    assert sum(each.counts.get(Matter.KEPT, 0) for each in applied) == 8
    assert sum(counts["non_publies"] for counts in await purges(database)) == 8
    await other.close()
