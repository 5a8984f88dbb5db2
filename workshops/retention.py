"""Retention: what citizens wrote is erased once its time is over."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, or_, select

from workshops import audit, contacts, surveys, withdrawals, world
from workshops.audit import Deed
from workshops.contacts import Contact
from workshops.moderation import STANDING, Appeal, Decision, Verdict
from workshops.records import Moment, Record
from workshops.testimonials import End, Testimonial, Tombstone
from workshops.words import N_, Word

BATCH = 200  # testimonials, or addresses, in one gesture: it locks the platform's journal


class Matter(Word):
    """What has a time: each is a field of `Delays`."""

    REFUSED = "refuses", N_("Témoignages refusés")
    KEPT = "non_publies", N_("Témoignages remis au laboratoire, sans publication")
    PUBLISHED = "publies", N_("Témoignages publiés, ou en attente d'une décision")
    CONTACT_ANSWERED = "adresses_repondues", N_("Adresses auxquelles le laboratoire a écrit")
    CONTACT = "adresses", N_("Adresses restées sans réponse")
    SURVEY_TEXT = "textes_enquetes", N_("Réponses écrites aux enquêtes")


@dataclass(frozen=True)
class Delays:
    """How many days each matter is kept.

    A refused testimonial, from the decision, unless a second look waits. One that was not to be published, from when
    it was told. One that is published, from the decision; one that still waits for any, from when it was told: as long
    as that, so that letting it wait hides nothing. An address, from when the lab wrote to it, and in any case from
    when it was left. What is written in a survey, from when it was.
    """

    refused_days: int = 180
    kept_days: int = 365
    published_days: int = 1825
    contact_answered_days: int = 30
    contact_days: int = 365
    survey_text_days: int = 730

    def of(self, matter: Matter) -> int:
        """The days of one matter."""
        days: int = getattr(self, f"{matter.name.lower()}_days")
        return days


class Purge(Record, table=True):
    """That something was erased because its time was over: how many of each matter, by its code."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    at: datetime = Field(default_factory=world.now, index=True, sa_type=Moment)
    counts: dict[str, int] = Field(sa_type=JSON)


@dataclass(frozen=True)
class Applied:
    """What was erased, matter by matter; those of which nothing was are left out."""

    counts: dict[Matter, int]

    def __bool__(self) -> bool:
        return bool(self.counts)


async def apply(session: AsyncSession, delays: Delays, *, now: datetime) -> Applied:
    """Erase what is over by now, some of each matter: again, until nothing is said to be erased."""
    register = await audit.take_floor(session, by=None)
    counts: Counter[Matter] = Counter()
    for matter, over in _OVER.items():
        ids = list(await session.scalars(over(now - timedelta(days=delays.of(matter)))))
        for testimonial_id in ids:
            if matter in (Matter.CONTACT, Matter.CONTACT_ANSWERED):
                await contacts.forget(session, testimonial_id)
            else:
                await withdrawals.bury(session, await session.get_one(Testimonial, testimonial_id), End.EXPIRED)
        counts[matter] = len(ids)
    counts[Matter.SURVEY_TEXT] = await surveys.forget_texts(
        session, now - timedelta(days=delays.of(Matter.SURVEY_TEXT))
    )
    done = Applied({matter: counts[matter] for matter in Matter if counts[matter]})
    if not done:
        audit.yield_floor(session, register)
        return done
    purge = Purge(counts={matter.value: count for matter, count in done.counts.items()})
    session.add(purge)
    audit.record(session, register, Deed.RETENTION_APPLIED, by=None, about=purge.id)
    await session.flush()
    return done


def _standing(*rules: ColumnElement[bool]) -> Any:
    """Testimonials whose words are there, with what was decided of them, the oldest first."""
    return (
        select(Testimonial.id)
        .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
        .outerjoin(Decision, STANDING)
        .outerjoin(Appeal, col(Appeal.testimonial_id) == col(Testimonial.id))
        .where(col(Tombstone.testimonial_id).is_(None), *rules)
        .order_by(col(Testimonial.at), col(Testimonial.id))
        .limit(BATCH)
    )


def _refused(before: datetime) -> Any:
    answered = or_(col(Appeal.testimonial_id).is_(None), col(Appeal.answered_at).is_not(None))
    return _standing(col(Decision.verdict) == Verdict.REFUSED, col(Decision.at) < before, answered)


def _kept(before: datetime) -> Any:
    return _standing(
        col(Decision.id).is_(None), col(Testimonial.may_publish).is_(False), col(Testimonial.told_at) < before
    )


def _published(before: datetime) -> Any:
    waits = col(Decision.id).is_(None) & col(Testimonial.may_publish) & (col(Testimonial.told_at) < before)
    return _standing(or_(waits, (col(Decision.verdict) == Verdict.PUBLISHED) & (col(Decision.at) < before)))


def _contact_answered(before: datetime) -> Any:
    return select(Contact.testimonial_id).where(col(Contact.answered_at) < before).limit(BATCH)


def _contact(before: datetime) -> Any:
    return select(Contact.testimonial_id).where(col(Contact.at) < before).limit(BATCH)


_OVER: dict[Matter, Callable[[datetime], Any]] = {
    Matter.REFUSED: _refused,
    Matter.KEPT: _kept,
    Matter.PUBLISHED: _published,
    Matter.CONTACT_ANSWERED: _contact_answered,
    Matter.CONTACT: _contact,
}


async def latest(session: AsyncSession) -> tuple[datetime, Applied] | None:
    """When something was last erased, and all that was on that day (UTC); None if nothing ever was. Two queries."""
    last: datetime | None = await session.scalar(select(Purge.at).order_by(col(Purge.at).desc()).limit(1))
    if last is None:
        return None
    since = last.replace(hour=0, minute=0, second=0, microsecond=0)
    counts: Counter[str] = Counter()
    for counted in await session.scalars(select(Purge.counts).where(col(Purge.at) >= since)):
        counts.update(counted)
    return last, _read(counts)


async def told(session: AsyncSession, ids: Collection[str]) -> dict[str, Applied]:
    """What some purges erased, by id. One query."""
    found = await session.scalars(select(Purge).where(col(Purge.id).in_(ids)))
    return {purge.id: _read(purge.counts) for purge in found}


def _read(counts: Mapping[str, int]) -> Applied:
    return Applied({matter: counts[matter.value] for matter in Matter if counts.get(matter.value)})
