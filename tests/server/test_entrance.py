"""The entrance: guests who come together share a commit; each has one place, and a session."""

import asyncio

import pytest
from sqlmodel import select

from server.cookies import digest
from server.database import Database
from server.entrance import Arrival, Entrance
from server.provider import new_token
from server.sessions import Session
from tests.cast import ask, facilitator, reread, workshop
from workshops import attachments, journal
from workshops.agenda import Stage, Workshop
from workshops.guests import Entered, Guest
from workshops.journal import Kind
from workshops.people import Role
from workshops.refusals import NotFound, NotNow, NotThus


@pytest.fixture
async def room(database: Database) -> Workshop:
    return await workshop(database, by=await facilitator(database))


@pytest.fixture
def entrance(database: Database) -> Entrance:
    return Entrance(database)


def arrival(name: str, lab: str | None = "ti-lab", door: str | None = None) -> Arrival:
    return Arrival(Guest(name, lab, door), new_token())


async def together(entrance: Entrance, room: Workshop, *arrivals: Arrival) -> list[Entered | BaseException]:
    return await asyncio.gather(*(entrance.enter(room.id, each) for each in arrivals), return_exceptions=True)


async def guests(database: Database, room: Workshop) -> set[str]:
    """Everybody but the facilitator."""
    seats = await ask(database, attachments.members, room.id)
    return {seat.person_id for seat in seats.values() if seat.role is not Role.FACILITATOR}


async def sessions(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return {each.token_hash: each.person_id for each in await session.scalars(select(Session))}


async def test_guests_who_come_together_have_each_a_place_a_gesture_and_a_session(
    database: Database, entrance: Entrance, room: Workshop
) -> None:
    commits = []
    database.on_commit = lambda seconds, kinds: commits.append(dict(kinds))
    arrivals = [arrival(f"Personne {n}", "siilab" if n % 2 else None) for n in range(30)]
    entered = await together(entrance, room, *arrivals)
    assert 1 <= len(commits) < 30
    assert sum(kinds["member_joined"] for kinds in commits) == 30
    assert [each.number for each in entered if isinstance(each, Entered)] == list(
        range(room.gestures + 1, room.gestures + 31)
    )
    seats = await ask(database, attachments.members, room.id)
    people = [each.person for each in entered if isinstance(each, Entered)]
    assert [(seats[who.id].name, seats[who.id].lab_slug, seats[who.id].role) for who in people] == [
        (f"Personne {n}", *(("siilab", Role.MEMBER) if n % 2 else (None, Role.OBSERVER))) for n in range(30)
    ]
    entries = await ask(database, journal.since, room.id, room.gestures)
    assert [(entry.kind, entry.by_id, entry.about) for entry in entries] == [
        (Kind.MEMBER_JOINED, who.id, seats[who.id].id) for who in people
    ]
    assert entries[0].previous_hash == room.head
    assert (await reread(database, room)).head == entries[-1].hash
    assert await sessions(database) == {
        digest(each.token): who.id for each, who in zip(arrivals, people, strict=True)
    }


async def test_a_double_tap_in_one_commit_is_one_guest_with_two_sessions(
    database: Database, entrance: Entrance, room: Workshop
) -> None:
    """Whichever answer arrives last, the cookie it sets is good."""
    first, again = arrival("Alix", door="d" * 64), arrival("Alix", door="d" * 64)
    one, two = await together(entrance, room, first, again)
    assert isinstance(one, Entered)
    assert isinstance(two, Entered)
    assert (one.person.id, one.number) == (two.person.id, two.number)
    assert await guests(database, room) == {one.person.id}
    assert (await reread(database, room)).gestures == room.gestures + 1
    assert await sessions(database) == {digest(first.token): one.person.id, digest(again.token): one.person.id}
    (later,) = await together(entrance, room, arrival("Alix", door="d" * 64))
    assert isinstance(later, Entered)
    assert (later.person.id, later.person.name) == (one.person.id, "Alix")


async def test_a_guest_who_is_refused_harms_no_other(database: Database, entrance: Entrance, room: Workshop) -> None:
    entered = await together(
        entrance, room, arrival("Alix"), arrival("…"), arrival("Noor", "nulle-part"), arrival("Sacha")
    )
    assert [type(each) for each in entered] == [Entered, NotThus, NotThus, Entered]
    assert len(await sessions(database)) == 2
    assert len(await guests(database, room)) == 2


async def test_nobody_enters_what_is_closed_or_is_not(database: Database, entrance: Entrance) -> None:
    closed = await workshop(database, Stage.CLOSED, by=await facilitator(database))
    assert [type(each) for each in await together(entrance, closed, arrival("Alix"))] == [NotNow]
    with pytest.raises(NotFound):
        await entrance.enter("nothing", arrival("Alix"))
    assert await sessions(database) == {}
