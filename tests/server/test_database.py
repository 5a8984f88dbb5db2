"""The database: begin, commit, then ring; all of it or nothing."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from server.database import Database, News
from tests.cast import act, ask, facilitator, move, reread, stranger, workshop
from workshops import agenda, journal, labs, people, world
from workshops.agenda import Stage
from workshops.journal import AlreadyDone, Entry, Kind, Sending
from workshops.labs import Lab
from workshops.people import Person

Heard = list[News]


@pytest.fixture
def heard(database: Database) -> Heard:
    """What the bell was told."""
    heard: Heard = []
    database.after_commit = heard.append
    return heard


async def everybody(database: Database) -> set[str]:
    async with database.reading() as session:
        return {person.name for person in await session.scalars(select(Person))}


async def test_after_each_commit_the_bell_is_told_the_last_gesture(database: Database, heard: Heard) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    heard.clear()
    await act(database, agenda.move, room.id, Stage.VOTING, by=camille)
    assert heard == [News({room.id: 2})]


async def test_the_bell_rings_after_the_commit_never_before(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    heard: Heard = []
    database.after_commit = heard.append
    async with database.transaction() as session:
        await agenda.move(session, room.id, Stage.VOTING, by=camille)
        await session.flush()
        assert heard == []
        assert (await reread(database, room)).stage is Stage.PREPARING
    assert heard == [News({room.id: 2})]
    assert (await reread(database, room)).stage is Stage.VOTING


@pytest.mark.parametrize("trouble", [RuntimeError, asyncio.CancelledError, KeyboardInterrupt])
async def test_whatever_happens_it_is_all_or_nothing(
    database: Database, heard: Heard, trouble: type[BaseException]
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    heard.clear()

    async def interrupted(session: AsyncSession) -> None:
        await people.welcome(session, "Personne")
        await agenda.move(session, room.id, Stage.VOTING, by=camille)
        raise trouble

    with pytest.raises(trouble):
        await act(database, interrupted)
    after = await reread(database, room)
    assert (after.stage, after.gestures, heard) == (Stage.PREPARING, 1, [])
    assert "Personne" not in await everybody(database)
    await move(database, room, Stage.VOTING, by=camille)  # and the turn was given back


async def test_a_reader_sees_one_past_and_changes_nothing(database: Database) -> None:
    async with database.reading() as session:
        lab = await labs.get(session, "ti-lab")
        lab.name = "Autre chose"
    assert (await ask(database, labs.get, "ti-lab")).name != "Autre chose"


async def test_a_reader_sees_one_moment_whatever_is_committed_meanwhile(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    gestures = select(func.count()).select_from(Entry).where(col(Entry.workshop_id) == room.id)
    async with database.reading() as session:
        before = await session.scalar(gestures)
        await act(database, agenda.move, room.id, Stage.VOTING, by=camille)
        after, stage = await session.scalar(gestures), (await agenda.get(session, room.id)).stage
    assert (before, after, stage) == (1, 1, Stage.PREPARING)
    assert await ask(database, lambda session: session.scalar(gestures)) == 2


async def test_writers_take_turns_and_lose_nothing(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    guests = [await stranger(database, f"Personne {n}") for n in range(12)]
    await asyncio.gather(
        *(act(database, agenda.join, room.id, name=guest.name, lab="ti-lab", by=guest) for guest in guests)
    )
    entries = await ask(database, journal.since, room.id, 0)
    assert [entry.number for entry in entries] == list(range(1, 14))
    assert {entry.by_id for entry in entries[1:]} == {guest.id for guest in guests}
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


async def test_a_machine_that_dies_in_the_middle_does_not_keep_its_workshop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is not closed, it says nothing any more, and it holds the floor."""
    if database.is_sqlite:
        pytest.skip("SQLite has one machine")
    monkeypatch.setattr("server.postgresql.IDLE", 1)
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    dead = Database(database.url)

    async def die() -> None:
        async with dead.transaction() as session:
            await agenda.take_floor(session, room.id, by=camille)
            async with asyncio.timeout(10):
                assert (await move(database, room, Stage.VOTING, by=camille)).gestures == 2

    with pytest.raises(DBAPIError):
        await die()
    await dead.close()
    assert (await reread(database, room)).gestures == 2


async def test_a_sending_already_answered_ends_quietly_with_its_number(database: Database, heard: Heard) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    heard.clear()
    for _ in range(2):
        async with database.transaction(Sending("k", "d" * 64)) as session:
            await agenda.move(session, room.id, Stage.VOTING, by=camille)
        assert session.info["gestures"] == {room.id: 2}
    assert heard == [News({room.id: 2})]
    entries = await ask(database, journal.since, room.id, 0)
    assert [entry.kind for entry in entries] == [Kind.WORKSHOP_CONVENED, Kind.STAGE_MOVED]


async def test_already_done_is_known_by_person_key_and_content(database: Database) -> None:
    done = AlreadyDone("w", 7)
    assert (done.workshop_id, done.number) == ("w", 7)


async def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.transaction() as session:
            session.add(people.Identity(iss="i", sub="s", person_id="0nexistepas0"))


async def test_a_database_in_use_answers(database: Database) -> None:
    assert await database.is_alive()


async def test_a_folder_is_made_for_a_new_sqlite_file(tmp_path: Path) -> None:
    folder = tmp_path / "un" / "deux"
    database = Database(f"sqlite+aiosqlite:///{folder}/grille.db")
    assert folder.is_dir()
    assert await database.is_alive()
    async with database.reading() as session:
        found = {
            name: (await session.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    await database.close()


async def test_moments_come_back_in_utc(database: Database) -> None:
    person = await stranger(database)
    async with database.reading() as session:
        found = await people.get(session, person.id)
    assert found.created_at == person.created_at
    assert found.created_at.utcoffset() == world.now().utcoffset()


async def test_a_lab_is_found_again_as_it_was_entered(database: Database) -> None:
    lab = Lab(slug="le-labo", name="Le labo", carriers=["A", "B"], founded=2016, sources=["https://x.example"])
    async with database.transaction() as session:
        session.add(lab)
    assert (await ask(database, labs.get, "le-labo")).model_dump() == lab.model_dump()


async def test_what_is_asked_alone_begins_nothing(database: Database) -> None:
    """Each question sees what is so when it is asked; a transaction would see its first moment again."""
    await act(database, people.welcome, "Alix")
    async with database.asking() as session:
        before = await session.scalar(select(func.count()).select_from(Person))
        await act(database, people.welcome, "Sacha")
        after = await session.scalar(select(func.count()).select_from(Person))
    assert (before, after) == (1, 2)


async def test_a_connection_that_died_while_it_rested_is_replaced_unseen(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    monkeypatch.setattr("server.database.RESTED", 0.0)
    async with database.reading() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(database.url)
    async with other.asking() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    await other.close()
    async with database.reading() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) != pid


async def test_many_sessions_that_end_are_told_in_several_notes() -> None:
    """PostgreSQL refuses a notification of more than 8,000 bytes."""
    ended = {f"{number:064x}": "p" * 12 for number in range(230)}
    parts = list(News({"w" * 12: 7}, ended).parts())
    assert all(len(part.written("p" * 12).encode()) < 8000 for part in parts)
    assert {hash: who for part in parts for hash, who in part.ended.items()} == ended
    assert [dict(part.gestures) for part in parts if part.gestures] == [{"w" * 12: 7}]
    assert [part.ended for part in News({"w" * 12: 7}).parts()] == [{}]
