"""Answers: what a lab says in public to a published testimonial, once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, contacts, memberships, moderation, world
from workshops.audit import Deed
from workshops.contacts import Contact
from workshops.moderation import State
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotNow
from workshops.texts import clean, said
from workshops.words import N_

LONGEST = 2000


class LabAnswer(Record, table=True):
    """What a lab answered, in its name. It is never written again."""

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    text: str = Field(max_length=LONGEST)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def answer(session: AsyncSession, testimonial_id: str, *, text: str, by: Person) -> LabAnswer:
    """Somebody of the lab answers a published testimonial in its name; the same text twice is once.

    Raises NotYours for whoever is not of the lab, NotNow unless it is published, or once the lab answered otherwise.
    """
    register = await audit.take_floor(session, by=by)
    judged = await moderation.get(session, testimonial_id)
    await memberships.require_of(session, judged.testimonial.lab_slug, by)
    before = await session.get(LabAnswer, testimonial_id)
    if before and before.text == clean(text):
        audit.yield_floor(session, register)
        return before
    if before:
        raise NotNow(N_("Votre laboratoire a déjà répondu : il ne répond qu'une fois."))
    if judged.state is not State.PUBLISHED or judged.tombstone:
        raise NotNow(N_("On ne répond qu'à un témoignage publié."))
    text = said(text, "text", LONGEST, N_("Écrivez la réponse de votre laboratoire."))
    written = LabAnswer(testimonial_id=testimonial_id, text=text, by_id=by.id)
    session.add(written)
    audit.record(session, register, Deed.TESTIMONIAL_ANSWERED, by=by, about=testimonial_id)
    return written


def letter(text: str) -> str:
    """What a lab writes to an author, clean: it is sent, never kept. Raises NotThus."""
    return said(text, "text", LONGEST, N_("Écrivez votre message."))


async def write_to(session: AsyncSession, testimonial_id: str, *, by: Person) -> Contact:
    """Somebody of the lab writes to the author of a testimonial, who asked for it: when it was is kept, not what.

    Gives the sealed address: whoever calls opens it and sends the letter. Writing again does not keep the address any
    longer. Raises NotYours for whoever is not of the lab, NotNow without an address.
    """
    register = await audit.take_floor(session, by=by)
    judged = await moderation.get(session, testimonial_id)
    await memberships.require_of(session, judged.testimonial.lab_slug, by)
    contact = await contacts.of(session, testimonial_id)
    if contact is None:
        raise NotNow(N_("Son auteur n'a pas laissé d'adresse, ou elle est effacée."))
    if contact.answered_at is None:
        contact.answered_at, contact.answered_by_id = world.now(), by.id
    audit.record(session, register, Deed.CONTACT_ANSWERED, by=by, about=testimonial_id)
    return contact


async def of(session: AsyncSession, testimonial_ids: Collection[str]) -> dict[str, LabAnswer]:
    """What labs answered to some testimonials, by testimonial. One query."""
    found = await session.scalars(select(LabAnswer).where(col(LabAnswer.testimonial_id).in_(testimonial_ids)))
    return {answer.testimonial_id: answer for answer in found}
