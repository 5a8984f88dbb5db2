"""Several processes on one PostgreSQL: whoever asks any of them asks the same site."""

import asyncio
import os

import httpx2
import psycopg
import pytest
from sqlalchemy import text

from bench.crowd import Crowd, until
from bench.gestures import Ballot, Guest, guests
from bench.screens import LiveScreen
from bench.soak import RESTART, Trial
from bench.wire import Answer
from server import postgresql
from server.database import Database
from server.live.attendance import GONE, Attendance, Register
from server.live.hub import Hub, Seat
from server.metrics import Metrics
from server.rooms import Rooms
from tests.cast import facilitator, workshop
from tests.faults.conftest import ON_POSTGRESQL, PATIENCE, Begin, Ground, comes, settled
from tests.faults.line import Line
from tests.room import Line as Way
from workshops.agenda import Workshop

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
# A clock that one may set, where PostgreSQL looks before its own.
CLOCK = """
    CREATE SCHEMA ailleurs;
    CREATE TABLE ailleurs.clock AS SELECT interval '0' AS late;
    CREATE FUNCTION ailleurs.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT pg_catalog.now() - late FROM ailleurs.clock $$;
"""


@pytest.fixture(autouse=True)
def on_postgresql() -> None:
    if "TEST_DATABASE_URL" not in os.environ:
        pytest.skip(ON_POSTGRESQL)


async def asked(door: Crowd, path: str, guest: Guest | None = None) -> Answer:
    return await door.pool.ask(door.browser.get(path, guest.cookie if guest else ""))


async def present(door: Crowd, trial: Trial) -> int:
    """The people whom a process counts in the room."""
    answer = await asked(door, f"{trial.room.path}.json")
    return int(httpx2.Response(200, content=answer.body).json()["presents"])


async def count(door: Crowd, trial: Trial, people: int) -> None:
    async def is_counted() -> bool:
        return await present(door, trial) == people

    await comes(is_counted)


async def is_nobody(door: Crowd, trial: Trial, guest: Guest) -> bool:
    """Whether a process takes what a cookie says for nothing: the page that asks for a person sends to the door."""
    return (await asked(door, f"{trial.room.path}/indicateurs/nouveau", guest)).status == 303


async def test_votes_on_any_process_are_seen_on_all_and_one_that_dies_loses_nothing(
    ground: Ground, begin: Begin
) -> None:
    """What was sent to one may be asked again of another: it counts once."""
    async with begin(ground, processes=2, screens=4) as trial:
        await trial.acknowledged(40)
        trial.servers[1].kill()
        await trial.acknowledged(20)
        await asyncio.to_thread(trial.servers[1].start)
        await trial.acknowledged(20)
        await settled(trial)


async def test_people_are_counted_over_all_the_processes_each_once(ground: Ground, begin: Begin) -> None:
    async with begin(ground, processes=2, people=0, screens=2) as trial:
        one, other = trial.doors
        for door in trial.doors:
            await count(door, trial, 2)
        # Who is on both is one person.
        twice = await LiveScreen(trial.servers[1].url, trial.room.path, trial.crowd.guests[0]).open()
        trial.screens.append(twice)
        assert await until(lambda: twice.socket is not None, PATIENCE)
        (late,) = await other.come(trial.room.code, guests(1, start=100))
        trial.screens.append(await LiveScreen(trial.servers[1].url, trial.room.path, late).open())
        for door in trial.doors:
            await count(door, trial, 3)
        # A process that was killed said no goodbye: it is believed for a while, then not.
        trial.servers[1].kill()
        assert await present(one, trial) == 3
        async with await psycopg.AsyncConnection.connect(postgresql.plain(trial.address)) as connection:
            await connection.execute("UPDATE attendance SET seen_at = seen_at - %s", [GONE])
        await count(one, trial, 1)


async def test_wrong_codes_are_counted_over_all_the_processes(ground: Ground, begin: Begin) -> None:
    async with begin(ground, processes=2, people=0, screens=1) as trial:
        somebody = trial.crowd.guests[0]
        wrong = [asked(trial.doors[number % 2], "/rejoindre/ZZZZZZ") for number in range(60)]
        assert {answer.status for answer in await asyncio.gather(*wrong)} == {404}
        for door in trial.doors:
            answer = await asked(door, "/rejoindre/ZZZZZZ")
            assert (answer.status, b"retry-after: " in answer.head.lower()) == (429, True)
            # Who is somebody has a count of their own, and who is nobody yet enters with the right code.
            assert (await asked(door, "/rejoindre/ZZZZZZ", somebody)).status == 404
            assert (await asked(door, f"/rejoindre/{trial.room.code}")).status == 200


async def test_who_signs_out_of_one_process_is_nobody_for_the_others(ground: Ground, begin: Begin) -> None:
    async with begin(ground, processes=2, people=0, screens=2) as trial:
        one, other = trial.doors
        leaving, staying = trial.crowd.guests[1], trial.crowd.guests[0]
        (screen,) = [screen for screen in trial.screens if screen.url == trial.servers[1].url]
        assert await until(lambda: screen.socket is not None, PATIENCE)
        assert not await is_nobody(other, trial, leaving)
        assert not await is_nobody(other, trial, staying)
        assert (await one.pool.ask(one.browser.post("/deconnexion", {}, leaving.cookie))).status == 303
        assert await until(lambda: screen.codes[RESTART] == 1, PATIENCE)
        assert await is_nobody(other, trial, leaving)
        cast = Ballot(trial.room.indicators[0], "keep", "trop-tard")
        assert (await other.pool.ask(other.browser.vote(leaving, cast))).status == 403
        assert not await is_nobody(other, trial, staying)


async def test_a_process_that_hears_nobody_takes_nobody_for_known_and_still_sees_votes(
    ground: Ground, begin: Begin
) -> None:
    trial = begin(ground, processes=2, people=4, screens=2)
    async with Line(trial.address) as line:
        trial.servers[1].environment["DATABASE_URL"] = line.address
        async with trial:
            one, other = trial.doors
            (leaving,) = await one.come(trial.room.code, guests(1, start=100))
            await comes(lambda: are_listening(trial, 2))
            assert not await is_nobody(other, trial, leaving)
            line.deafen()
            await comes(lambda: are_listening(trial, 1))
            assert (await one.pool.ask(one.browser.post("/deconnexion", {}, leaving.cookie))).status == 303
            assert await is_nobody(other, trial, leaving)
            await trial.acknowledged(20)
            await settled(trial)


async def are_listening(trial: Trial, processes: int) -> bool:
    async with await psycopg.AsyncConnection.connect(postgresql.plain(trial.address)) as connection:
        return await (await connection.execute(LISTENERS)).fetchone() == (processes,)


# ── The database's clock


class Process:
    """What a process knows of who is here."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.hub = Hub(self.database, Rooms(self.database), Metrics(), tick_ms=10)
        self.register = Register(self.hub)

    def seat(self, room: Workshop, person: str) -> None:
        self.hub.sit(Seat(room.id, person, "Ti Lab", room.gestures, line=Way()))

    async def close(self) -> None:
        await self.hub.close()
        # Whoever waited for a reading is gone; the reading itself ends with a connection to give back.
        readings = [task for task in asyncio.all_tasks() if task.get_name().startswith("reading-")]
        await asyncio.gather(*readings, return_exceptions=True)
        await self.database.close()


@pytest.fixture
def processes(database: Database) -> list[Process]:
    return [Process(database.url) for _ in range(3)]


async def test_who_is_here_is_known_when_the_databases_clock_is_set_back(
    database: Database, processes: list[Process]
) -> None:
    """Who is alive says so again at once; who died before is not believed for an hour more."""
    room = await workshop(database, by=await facilitator(database))
    async with database.transaction() as session:
        await session.execute(text(CLOCK))
        name = await session.scalar(text("SELECT current_database()"))
        await session.execute(text(f"ALTER DATABASE {name} SET search_path = ailleurs, public, pg_catalog"))
    one, other, dying = processes
    for process, person in zip(processes, ("alix", "sacha", "noor"), strict=True):
        process.seat(room, person)
        await process.register.exchange()
    await one.register.exchange()
    assert one.hub.presence(room.id).count == 3
    async with database.transaction() as session:
        await session.execute(text("UPDATE ailleurs.clock SET late = interval '1 hour'"))
    await dying.close()
    for process in (one, other, one):
        await process.register.exchange()
    assert [one.hub.presence(room.id).count, other.hub.presence(room.id).count] == [2, 2]
    async with database.reading() as session:
        told = await session.scalars(text(f"SELECT process_id FROM {Attendance.__tablename__}"))
        assert set(told) == {one.register.process, other.register.process}
    for process in (one, other):
        await process.close()
