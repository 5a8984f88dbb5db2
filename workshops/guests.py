"""Guests: people without an account, who come into a workshop by its door."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, journal, labs, people, world
from workshops.agenda import Member, Stage
from workshops.floors import Floor
from workshops.journal import Entry, Kind, Receipt, Sending
from workshops.people import Identity, Person
from workshops.records import Row, add
from workshops.refusals import Refusal

DOOR_LIFE = timedelta(hours=1)  # for a browser to be who it was, after a double tap or a lost answer


@dataclass(frozen=True)
class Guest:
    """Somebody at the door: a first name, a lab or none, and the browser's own name while it is nobody."""

    name: str
    lab: str | None
    door: str | None = None
    sending: Sending | None = None


@dataclass(frozen=True)
class Entered:
    """A guest's place: in which workshop, who they are from now on, and the number of that gesture."""

    workshop_id: str
    person: Person
    number: int


@dataclass
class _Hall:
    """What guests are judged by, read once under the workshop's lock, and the rows of those who are seated."""

    floor: Floor
    seated: dict[str, Person | None]
    labs: frozenset[str]
    people: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    answered: list[Row] = field(default_factory=list)


async def enter(
    session: AsyncSession, workshop_id: str, *, name: str, lab: str | None, door: str | None = None
) -> Person:
    """A guest sits down in an open workshop: with a lab one takes part, without one observes.

    `door` names a browser that is nobody yet: the same one twice is one guest. Twice happens: a double tap, an answer
    lost in a tunnel. Raises NotNow once closed, NotThus without a name or with a lab that is not in the directory.
    """
    guest = Guest(name, lab, door, session.info.get("sending"))
    (result,) = await enter_all(session, workshop_id, [guest])
    if isinstance(result, Exception):
        raise result
    return result.person


async def enter_all(session: AsyncSession, workshop_id: str, guests: Sequence[Guest]) -> list[Entered | Exception]:
    """Seat several guests in one transaction, by the rule of `enter`, each a gesture, in the order given.

    One result a guest: their place, or the refusal that `enter` would raise. The number of statements does not depend
    on how many they are.
    """
    return await session.run_sync(lambda own: _enter_all(own.connection(), own.info, workshop_id, guests))


def _enter_all(
    connection: Connection, said: dict[Any, Any], workshop_id: str, guests: Sequence[Guest]
) -> list[Entered | Exception]:
    floor = Floor.take(connection, workshop_id)
    hall = _Hall(
        floor,
        seated=_seated(connection, workshop_id, {guest.door for guest in guests if guest.door}),
        labs=labs.among(connection, {guest.lab for guest in guests if guest.lab}),
    )
    results = [_seat_guest(hall, said, guest) for guest in guests]
    if hall.entries:
        floor.leave(connection)
        for record, rows in ((Person, hall.people), (Member, hall.members), (Entry, hall.entries)):
            add(connection, record, rows)
        add(connection, Receipt, hall.answered)
    return results


def _seat_guest(hall: _Hall, said: dict[Any, Any], guest: Guest) -> Entered | Exception:
    """Judge a guest by the hall, which it then changes for those that follow."""
    floor = hall.floor
    before = hall.seated.get(guest.door or "")
    if before:
        return Entered(floor.id, before, floor.gestures)
    door = guest.door if guest.door not in hall.seated else None
    try:
        if floor.stage is Stage.CLOSED:
            raise agenda.closed()
        person = Person(name=people.clean_name(guest.name), terms=people.TERMS)
        if guest.lab and guest.lab not in hall.labs:
            raise agenda.no_such_lab()
    except Refusal as refusal:
        return refusal
    floor.gestures += 1
    member = Member(
        workshop_id=floor.id,
        person_id=person.id,
        name=person.name,
        role=agenda.role_with(guest.lab),
        lab_slug=guest.lab or None,
        door=door,
    )
    hall.people.append(person.model_dump())
    hall.members.append(member.model_dump())
    hall.entries.append(journal.row(said, floor, Kind.MEMBER_JOINED, by=person, about=member.id))
    if guest.sending:
        hall.answered.append(journal.receipt(person, guest.sending, floor))
    if door:
        hall.seated[door] = person
    return Entered(floor.id, person, floor.gestures)


_SEATED = (
    select(Member.door, Member.joined_at, Identity.id.label("identity"), Person)  # type: ignore[attr-defined]
    .join(Person, col(Person.id) == col(Member.person_id))
    .outerjoin(Identity, col(Identity.person_id) == col(Person.id))
    .where(col(Member.workshop_id) == bindparam("workshop"), col(Member.door).in_(bindparam("doors", expanding=True)))
)


def _seated(connection: Connection, workshop_id: str, doors: Collection[str]) -> dict[str, Person | None]:
    """Who came in already by these doors; None for one that nobody may come back by.

    A door is for an hour, and for a guest: whoever has an account since comes in by it, not by a cookie of before.
    """
    since = world.now() - DOOR_LIFE
    seated: dict[str, Person | None] = {}
    for row in connection.execute(_SEATED, {"workshop": workshop_id, "doors": list(doors)}):
        is_good = row.joined_at > since and row.identity is None and row.erased_at is None
        seated[row.door] = Person(**{name: row._mapping[name] for name in Person.model_fields}) if is_good else None
    return seated
