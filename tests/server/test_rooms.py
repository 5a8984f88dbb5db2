"""Rooms: read once for all who ask at the same time, and never less than what they know was done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server.database import Database
from server.rooms import Rooms
from tests.cast import facilitator, workshop


async def test_after_a_reading_that_failed_those_who_waited_for_the_next_get_it(database: Database) -> None:
    """The database goes away for one reading, and is back for the one that others asked for meanwhile."""
    room = await workshop(database, by=await facilitator(database))
    rooms, begun, is_away = Rooms(database), asyncio.Event(), asyncio.Event()
    reading = database.reading

    @asynccontextmanager
    async def away() -> AsyncIterator[AsyncSession]:
        database.reading = reading  # type: ignore[method-assign]
        begun.set()
        await is_away.wait()
        raise OperationalError("SELECT", {}, Exception("the database went away"))
        yield

    database.reading = away  # type: ignore[method-assign,assignment]
    first = asyncio.create_task(rooms.now(room.id))
    await begun.wait()
    second = asyncio.create_task(rooms.now(room.id))
    await asyncio.sleep(0)
    is_away.set()
    with pytest.raises(OperationalError):
        await first
    assert (await second).workshop.id == room.id
