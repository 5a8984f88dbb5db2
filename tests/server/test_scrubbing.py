"""Scrubbing: once somebody withdraws what they wrote, nothing of it is left in the file of the database."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlalchemy.engine import make_url

from server import database as databases
from server import sqlite, sweeping
from server.database import Database
from tests.cast import act, colleague, give, moderator, respond, survey, witness
from tests.conftest import Clock
from workshops import answers, moderation, testimonials, withdrawals
from workshops.people import Person
from workshops.retention import Delays
from workshops.testimonials import Told

SECRET = "Clafoutis-de-Zénobie-1789"


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
def file(database: Database) -> Path:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL ne garde pas sa base dans un fichier à nous")
    return Path(make_url(database.url).database or "")


def places(file: Path, secret: str = SECRET) -> list[str]:
    """Where a text is, byte for byte: in the file, its journal, its index."""
    beside = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")]
    return [path.name[len(file.name) :] for path in beside if path.exists() and secret.encode() in path.read_bytes()]


def left(file: Path, names: list[str]) -> list[str]:
    """Of which rows some words are in the file."""
    content = file.read_bytes()
    return [name for name in names if f"mot-{name}".encode() in content]


async def published(database: Database, by: Person) -> tuple[str, str]:
    """A testimonial with the secret everywhere somebody may write: its key, and its id."""
    key, given = await witness(database, by=by, happened=f"{SECRET}, dit-elle. " * 20, changed=SECRET, name=SECRET)
    await act(database, answers.answer, given.id, text=f"Merci de votre mot : {SECRET}", by=by)
    return key, given.id


async def test_a_withdrawn_text_is_nowhere_in_the_file(database: Database, file: Path, alix: Person) -> None:
    key, _id = await published(database, alix)
    assert "" in places(file) or "-wal" in places(file)
    await act(database, withdrawals.withdraw, key)
    assert places(file) != [], "erased, it is still in what SQLite has not copied yet"
    assert await database.scrub()
    assert places(file) == []


async def test_a_corrected_a_masked_and_a_refused_text_are_nowhere(
    database: Database, file: Path, alix: Person
) -> None:
    key, _given = await give(database, happened=f"Avant : {SECRET}")
    await act(database, testimonials.tell, key, Told(happened="Après.", may_publish=True))
    _key, masked = await published(database, alix)
    await act(database, withdrawals.mask, masked, [SECRET], base=1, by=await moderator(database))
    key, refused = await give(database, happened=SECRET)
    given = {"verdict": "refuse", "reason": "hors_sujet", "note": SECRET, "base": 1}
    await act(database, moderation.decide, refused.id, **given, by=alix)
    await act(database, moderation.appeal, key, text=SECRET)
    await act(database, withdrawals.withdraw, key)
    async with database.transaction() as session:
        await session.execute(sql("DELETE FROM labanswer"))
    assert await database.scrub()
    assert places(file) == []


async def test_what_its_time_erases_is_nowhere(database: Database, file: Path, alix: Person, clock: Clock) -> None:
    await published(database, alix)
    await respond(database, await survey(database, by=alix), [1], None, None, None, None, SECRET)
    clock.advance(days=1826)
    await sweeping.retain(database, Delays())
    assert places(file) == []


async def test_what_sqlite_leaves_where_a_row_was_goes_with_the_next_sweep(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many rows that come, grow and go in no order: SQLite moves cells between pages, and forgets where they were."""
    lots = random.Random(7)
    names = [f"{lots.getrandbits(48):012x}" for _ in range(3000)]
    async with database.transaction() as session:
        await session.execute(sql("CREATE TABLE said (id VARCHAR PRIMARY KEY, text VARCHAR)"))
        for number, name in enumerate(names):
            words = f"mot-{name} " * lots.choice((1, 2, 25, 80, 160, 400))
            await session.execute(sql("INSERT INTO said VALUES (:id, :text)"), {"id": name, "text": words})
            if lots.random() < 0.3:
                longer = {"id": names[lots.randrange(number + 1)], "more": "y" * lots.randint(0, 400)}
                await session.execute(sql("UPDATE said SET text = text || :more WHERE id = :id"), longer)
    gone = lots.sample(names, 1000)
    async with database.transaction() as session:
        for name in gone:
            await session.execute(sql("DELETE FROM said WHERE id = :id"), {"id": name})
    assert await database.scrub()
    assert len(left(file, gone)) <= len(gone) / 100
    await database.scrub_if_soiled()
    assert left(file, gone) == []
    assert len(left(file, names)) == 2000

    async def never(whole: bool) -> bool:
        raise AssertionError("nothing was erased since")

    monkeypatch.setattr(database, "_scrub_sqlite", never)
    await database.scrub_if_soiled()


@asynccontextmanager
async def a_long_reader(database: Database) -> AsyncIterator[None]:
    """Somebody who began to read before a text was erased, and reads on."""
    async with database.reading() as session:
        await session.execute(sql("SELECT count(*) FROM telling"))
        yield


async def test_it_waits_for_who_reads_and_never_fails(
    database: Database, file: Path, alix: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SCRUB_TIMEOUT", 1)
    monkeypatch.setattr(databases, "SCRUB_PAUSE", 0)
    key, _id = await published(database, alix)
    async with a_long_reader(database):
        await act(database, withdrawals.withdraw, key)
        assert not await database.scrub()
        assert not await database.scrub(whole=True)
        assert places(file) != []
        assert (await witness(database, by=alix))[1].id, "meanwhile, people go on writing"
    await database.scrub_if_soiled()
    assert places(file) == []


async def test_what_cannot_be_scrubbed_is_said_in_the_log_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*given: object) -> bool:
        raise OSError("disk")

    monkeypatch.setattr(database, "_scrub_sqlite", broken)
    monkeypatch.setattr(database, "_scrub_postgresql", broken)
    assert not await database.scrub()
    assert caplog.messages == ["nothing could be scrubbed this time"]


async def test_it_is_done_on_any_database_while_others_write(database: Database, alix: Person) -> None:
    key, _id = await published(database, alix)
    await act(database, withdrawals.withdraw, key)
    done = await asyncio.gather(database.scrub(), database.scrub(whole=True), give(database), give(database))
    assert done[0] in (True, False)
    assert await database.scrub()
    async with database.reading() as session:
        assert (await session.execute(sql("SELECT count(*) FROM testimonial"))).scalar_one() == 3
