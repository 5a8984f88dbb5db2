"""Contacts: the address of whoever asked to be written to, sealed apart from what they said."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import world
from workshops.records import Moment, Record


class Contact(Record, table=True):
    """An address, encrypted by whoever calls: the domain has no key and cannot read it.

    `answered_at`: when the lab first wrote to it. It is erased a set delay after that.
    """

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    sealed: str = Field(max_length=1000)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)


async def of(session: AsyncSession, testimonial_id: str) -> Contact | None:
    """How the author of a testimonial may be reached, if they wish to be and were not forgotten since."""
    return await session.get(Contact, testimonial_id)


async def keep(session: AsyncSession, testimonial_id: str, sealed: str) -> None:
    """Keep an address, in the place of a former one. No gesture: part of one."""
    before = await of(session, testimonial_id)
    if before:
        before.sealed, before.at, before.answered_at, before.answered_by_id = sealed, world.now(), None, None
    else:
        session.add(Contact(testimonial_id=testimonial_id, sealed=sealed))


async def forget(session: AsyncSession, testimonial_id: str) -> None:
    """Erase an address. No gesture: part of one."""
    await session.execute(delete(Contact).where(col(Contact.testimonial_id) == testimonial_id))


async def among(session: AsyncSession, testimonial_ids: Collection[str]) -> dict[str, datetime | None]:
    """Which of these testimonials have an author who may be written to, and when that was done. One query."""
    asked = select(Contact.testimonial_id, Contact.answered_at).where(col(Contact.testimonial_id).in_(testimonial_ids))
    return {id: name for id, name in await session.execute(asked)}  # noqa: C416  rows are not pairs
