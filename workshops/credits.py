"""Credits: who agreed to be named beside their texts in published versions."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, people, world
from workshops.attachments import Attachment
from workshops.audit import Deed
from workshops.people import Person
from workshops.records import Moment, Record, standing
from workshops.refusals import NotYours
from workshops.words import N_


class Credit(Record, table=True):
    """That somebody agreed to be named, from when until when. One stands at most; those that ended stay.

    No published file holds it, nor a name: pages ask, each time, who agrees now.
    """

    __table_args__ = (Index("uq_credit_standing", "person_id", unique=True, **standing("withdrawn_at")),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    given_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)


async def give(session: AsyncSession, *, by: Person) -> None:
    """Somebody with an account agrees to be named beside what they wrote, as a guest too; twice is once.

    Raises NotYours for a guest: a browser that is lost could not withdraw it.
    """
    register = await audit.take_floor(session, by=by)
    if not await people.has_account(session, by):
        raise NotYours(N_("Il faut un compte : lui seul permet de revenir sur cet accord."))
    if await given(session, by):
        audit.yield_floor(session, register)
        return
    credit = Credit(person_id=by.id)
    session.add(credit)
    audit.record(session, register, Deed.CREDIT_GIVEN, by=by, about=credit.id)
    await session.flush()


async def withdraw(session: AsyncSession, *, by: Person) -> None:
    """They take it back: at the next reading, their name is nowhere in published versions. Twice is once."""
    register = await audit.take_floor(session, by=by)
    credit = await given(session, by)
    if credit is None:
        audit.yield_floor(session, register)
        return
    credit.withdrawn_at = world.now()
    audit.record(session, register, Deed.CREDIT_WITHDRAWN, by=by, about=credit.id)


async def end(session: AsyncSession, person: Person) -> None:
    """With an account that is erased goes its credit, as part of that gesture."""
    await session.execute(
        update(Credit)
        .where(col(Credit.person_id) == person.id, col(Credit.withdrawn_at).is_(None))
        .values(withdrawn_at=world.now())
    )


async def given(session: AsyncSession, person: Person) -> Credit | None:
    """A person's agreement, if it stands."""
    found: Credit | None = await session.scalar(
        select(Credit).where(col(Credit.person_id) == person.id, col(Credit.withdrawn_at).is_(None))
    )
    return found


async def names(session: AsyncSession, person_ids: Collection[str]) -> dict[str, str]:
    """The names of those among these people who agree to be named, by the id that wrote, a guest's or their own.

    Two queries, none for nobody.
    """
    if not person_ids:
        return {}
    guests = await session.execute(
        select(Attachment.guest_id, Attachment.person_id).where(col(Attachment.guest_id).in_(person_ids))
    )
    wrote = {id: id for id in person_ids} | dict(guests.all())
    found = await session.execute(
        select(Person.id, Person.name)
        .join(Credit, col(Credit.person_id) == col(Person.id))
        .where(
            col(Person.id).in_(set(wrote.values())),
            col(Credit.withdrawn_at).is_(None),
            col(Person.erased_at).is_(None),
        )
    )
    named = dict(found.all())
    return {id: named[person_id] for id, person_id in wrote.items() if person_id in named}
