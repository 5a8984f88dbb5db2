"""Attendance: people counted over all processes, whatever happens to what a process tells the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server.database import Database
from server.live.attendance import Register
from server.live.hub import Hub, Seat
from server.metrics import Metrics
from server.rooms import Rooms
from server.scenes import Presence
from tests.cast import facilitator, workshop
from tests.room import Line
from workshops.agenda import Workshop

ALONE, TOGETHER = Presence(1, (("Ti Lab", 1),)), Presence(2, (("SIILAB", 1), ("Ti Lab", 1)))


@pytest.fixture
async def room(database: Database) -> Workshop:
    return await workshop(database, by=await facilitator(database))


@asynccontextmanager
async def process(database: Database) -> AsyncIterator[Hub]:
    """A process of its own on the same database."""
    own = Database(database.url)
    hub = Hub(own, Rooms(own), Metrics(), tick_ms=10)
    yield hub
    await hub.close()
    await own.close()


def sit(hub: Hub, room: Workshop, person: str, lab: str) -> None:
    hub.sit(Seat(room.id, person, lab, cursor=room.gestures, line=Line()))


async def test_those_of_another_process_are_in_the_room(database: Database, room: Workshop) -> None:
    async with process(database) as here, process(database) as there:
        sit(here, room, "alix", "Ti Lab")
        sit(there, room, "sacha", "SIILAB")
        ours, theirs = Register(here), Register(there)
        for register in (ours, theirs, ours):
            await register.exchange()
        assert here.presence(room.id) == there.presence(room.id) == TOGETHER


async def test_what_could_not_be_told_is_told_again(database: Database, room: Workshop) -> None:
    """The database goes away at the commit."""
    async with process(database) as here, process(database) as there:
        sit(here, room, "alix", "Ti Lab")
        ours, theirs = Register(here), Register(there)
        transaction = here.database.transaction

        @asynccontextmanager
        async def away() -> AsyncIterator[AsyncSession]:
            async with transaction() as session:
                yield session
                raise OperationalError("COMMIT", {}, Exception("the database went away"))

        here.database.transaction = away  # type: ignore[method-assign,assignment]
        with pytest.raises(OperationalError):
            await ours.exchange()
        here.database.transaction = transaction  # type: ignore[method-assign]
        await ours.exchange()
        await theirs.exchange()
        assert there.presence(room.id) == ALONE
