"""Withdrawals: words that are no more, wherever they were."""

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from workshops import answers, audit, contacts, moderation, personal, testimonials
from workshops.answers import LabAnswer
from workshops.audit import Deed
from workshops.moderation import Appeal, Decision, Masking
from workshops.people import Person
from workshops.testimonials import End, Telling, Testimonial, Tombstone

# Where what somebody wrote was: what a database must forget for good, once it is erased.
WORDS = ("telling", "labanswer", "appeal", "decision", "contact", "surveyanswer")


async def withdraw(session: AsyncSession, key: str) -> Testimonial:
    """The author withdraws a testimonial, at any time: its words are erased, a tombstone stays. Twice is once."""
    register, own = await testimonials.held(session, key)
    if own.tombstone and own.tombstone.how is End.WITHDRAWN:
        audit.yield_floor(session, register)
        return own.testimonial
    await bury(session, own.testimonial, End.WITHDRAWN)
    audit.record(session, register, Deed.TESTIMONIAL_WITHDRAWN, by=None, about=own.testimonial.key_hash)
    return own.testimonial


async def bury(session: AsyncSession, testimonial: Testimonial, how: End) -> None:
    """Erase what somebody wrote, how to reach them, as what they spoke, and what others wrote of it, which may quote it.

    The face and the two degrees stay, for counts that are wide enough (`handling`). No gesture: part of one.
    """
    for record in (Telling, LabAnswer):
        await session.execute(delete(record).where(col(record.testimonial_id) == testimonial.id))
    await session.execute(update(Appeal).where(col(Appeal.testimonial_id) == testimonial.id).values(text=""))
    await session.execute(update(Decision).where(col(Decision.testimonial_id) == testimonial.id).values(note=""))
    await contacts.forget(session, testimonial.id)
    testimonial.capacity = None
    session.add(testimonial)
    tombstone = await session.get(Tombstone, testimonial.id)
    if tombstone:
        tombstone.how = how
    else:
        session.add(Tombstone(testimonial_id=testimonial.id, how=how))
    await session.flush()


async def mask(
    session: AsyncSession, testimonial_id: str, passages: Sequence[str], *, base: int, by: Person
) -> Masking:
    """Take passages out of a testimonial for good (`moderation.mask`), and out of the lab's answer, which may quote it."""
    masking = await moderation.mask(session, testimonial_id, passages, base=base, by=by)
    answer = await session.get(LabAnswer, testimonial_id)
    if answer:
        answer.text = personal.masked(answer.text, moderation.masked_passages(passages))[: answers.LONGEST]
    return masking
