"""Guests: one browser is one guest, whoever taps twice."""

import asyncio

from server.database import Database
from tests.cast import act, ask, facilitator, reread, workshop
from tests.conftest import Clock
from workshops import attachments, guests, journal
from workshops.agenda import Workshop
from workshops.journal import Kind


async def kinds(database: Database, workshop: Workshop) -> list[Kind]:
    return [entry.kind for entry in await ask(database, journal.since, workshop.id, 0)]


async def test_one_door_is_one_guest(database: Database) -> None:
    camille = await facilitator(database)
    rooms = [await workshop(database, by=camille) for _ in range(2)]
    given = {"name": "Anne", "lab": "ti-lab"}
    anne = await act(database, guests.enter, rooms[0].id, **given, door="a" * 64)
    before = await reread(database, rooms[0])
    assert await act(database, guests.enter, rooms[0].id, name="Anna", lab=None, door="a" * 64) == anne
    assert await reread(database, rooms[0]) == before
    others = [
        await act(database, guests.enter, room.id, **given, door=door)
        for room, door in ((rooms[0], "b" * 64), (rooms[0], None), (rooms[0], None), (rooms[1], "a" * 64))
    ]
    assert len({anne.id, *(other.id for other in others)}) == 5
    assert len(await ask(database, attachments.members, rooms[0].id)) == 5


async def test_a_door_is_for_an_hour(clock: Clock, database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    given = {"name": "Anne", "lab": "ti-lab", "door": "a" * 64}
    anne = await act(database, guests.enter, room.id, **given)
    clock.advance(minutes=59)
    assert await act(database, guests.enter, room.id, **given) == anne
    clock.advance(minutes=1)
    assert (await act(database, guests.enter, room.id, **given)).id != anne.id


async def test_two_taps_at_once_are_one_guest(database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    entered = await asyncio.gather(
        *(act(database, guests.enter, room.id, name="Anne", lab="ti-lab", door="a" * 64) for _ in range(5))
    )
    assert len({guest.id for guest in entered}) == 1
    assert await kinds(database, room) == [Kind.WORKSHOP_CONVENED, Kind.MEMBER_JOINED]
