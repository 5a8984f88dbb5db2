"""Queues: what waits for whoever moderates, and what a lab received."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_

from workshops import moderation
from workshops.moderation import JUDGED, Appeal, Decision, Judged, Verdict
from workshops.people import Person
from workshops.refusals import NotYours
from workshops.testimonials import Testimonial, Tombstone
from workshops.words import N_

_STANDS = col(Tombstone.testimonial_id).is_(None) & col(Testimonial.may_publish)
_FIRST = col(Decision.id).is_(None)
_SECOND = col(Appeal.testimonial_id).is_not(None) & col(Appeal.answered_at).is_(None)


async def of(session: AsyncSession, *, by: Person, offset: int = 0, limit: int = 50) -> list[Judged]:
    """What waits for this person's decision, what has waited longest first. Raises NotYours for who moderates nothing."""
    wanted = await _for(session, by)
    if wanted is None:
        raise NotYours(N_("La relecture revient aux membres des laboratoires et à la modération de la DITP."))
    since = func.coalesce(col(Appeal.at), col(Testimonial.told_at))
    asked = JUDGED.where(wanted).order_by(since, col(Testimonial.id)).offset(offset).limit(limit)
    return [Judged(*row) for row in await session.execute(asked)]


async def waiting(session: AsyncSession, *, by: Person) -> int | None:
    """How many wait for this person's decision; None for whoever moderates nothing."""
    wanted = await _for(session, by)
    if wanted is None:
        return None
    return (await session.execute(JUDGED.with_only_columns(func.count()).where(wanted))).scalar_one()


async def _for(session: AsyncSession, person: Person) -> Any:
    """What waits for somebody: second looks only where they may give one. None when they moderate nothing."""
    reach = await moderation.reaches(session, person)
    if reach == frozenset():
        return None
    if reach is not None:
        return _STANDS & _FIRST & col(Testimonial.lab_slug).in_(reach)
    others = ~moderation.told_to(person)
    return _STANDS & or_(_FIRST, _SECOND & others & col(Testimonial.id).not_in(moderation.refused_by(person)))


async def received(session: AsyncSession, lab_slug: str, *, offset: int = 0, limit: int = 50) -> list[Judged]:
    """What was told to a lab, published or not, the latest first: for its members. One query."""
    asked = JUDGED.where(_told_to(lab_slug)).order_by(col(Testimonial.told_at).desc(), col(Testimonial.id))
    return [Judged(*row) for row in await session.execute(asked.offset(offset).limit(limit))]


async def count_received(session: AsyncSession, lab_slug: str) -> int:
    """How many were told to a lab, those of which nothing is left apart."""
    asked = JUDGED.with_only_columns(func.count()).where(_told_to(lab_slug))
    return (await session.execute(asked)).scalar_one()


def _told_to(lab_slug: str) -> Any:
    own = (col(Testimonial.lab_slug) == lab_slug) & col(Testimonial.told_at).is_not(None)
    return own & col(Tombstone.testimonial_id).is_(None)


async def among(session: AsyncSession, ids: Collection[str]) -> list[tuple[Testimonial, bool]]:
    """Those of these ids, and whether each is published, or was when its author withdrew it. One query."""
    found = (Judged(*row) for row in await session.execute(JUDGED.where(col(Testimonial.id).in_(ids))))
    return [(each.testimonial, bool(each.decision and each.decision.verdict is Verdict.PUBLISHED)) for each in found]
