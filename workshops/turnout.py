"""Turnout: who still has something to vote on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, consents, indicators
from workshops.agenda import Member, Stage, Workshop
from workshops.attachments import Attachment
from workshops.consensus import Method
from workshops.consents import Stance
from workshops.indicators import Departure, Indicator
from workshops.labs import Lab
from workshops.people import Person, Role
from workshops.votes import Vote


@dataclass(frozen=True)
class Missing:
    """Somebody, and on how many of the open indicators they have no vote on the current text, in this round."""

    name: str
    lab: str
    number: int
    has_voted: bool


async def require_reminding(session: AsyncSession, workshop: Workshop, person: Person) -> None:
    """Whoever leads may ask who has not voted, while people vote; the refusal says why not."""
    await agenda.require_member(session, workshop, person, *agenda.LEADING)
    workshop.require(Stage.VOTING)


def _waited_for(workshop: Workshop, *told: Any) -> Select[Any]:
    """What is told of each member that a vote waits for, with their lab."""
    return (
        columns(*told)
        .select_from(Member)
        .outerjoin(Lab, col(Lab.slug) == col(Member.lab_slug))
        .join(Person, col(Person.id) == col(Member.person_id))
        .outerjoin(Attachment, col(Attachment.guest_id) == col(Member.person_id))
        .where(
            col(Member.workshop_id) == workshop.id,
            col(Member.role) == Role.MEMBER,
            col(Member.on_paper).is_(False),
            col(Person.erased_at).is_(None),
            col(Attachment.guest_id).is_(None),
        )
    )


async def missing(session: AsyncSession, workshop: Workshop) -> list[Missing]:
    """The members who have not voted on everything, most missing first, then by lab and name. Two queries.

    Whoever was forgotten, or was the guest of somebody who has a seat too, is waited for no more; who is on paper never
    was. Under consent, one position on the whole set is all there is to say.
    """
    if workshop.announced.method is Method.CONSENT:
        stances = await consents.stances(session, workshop)
        return await without_position(session, workshop, stances, await consents.fingerprint(session, workshop))
    on_table = await indicators.count(session, workshop.id)
    current = (
        select(Vote.person_id, Vote.indicator_id)
        .join(
            Indicator,
            (col(Indicator.id) == col(Vote.indicator_id)) & (col(Indicator.wording) == col(Vote.wording)),
        )
        .outerjoin(Departure, col(Departure.indicator_id) == col(Indicator.id))
        .where(
            col(Indicator.workshop_id) == workshop.id,
            col(Vote.round) == workshop.round,
            col(Vote.taken_back_at).is_(None),
            col(Departure.indicator_id).is_(None),
        )
        .subquery()
    )
    rows = await session.execute(
        _waited_for(workshop, Member.name, Lab.name, func.count(current.c.indicator_id))
        .outerjoin(current, current.c.person_id == col(Member.person_id))
        .group_by(col(Member.id), col(Member.name), col(Lab.name))
    )
    found = [Missing(name, lab or "", on_table - votes, votes > 0) for name, lab, votes in rows if votes < on_table]
    return sorted(found, key=lambda each: (-each.number, each.lab, each.name))


async def without_position(
    session: AsyncSession, workshop: Workshop, stances: Sequence[Stance], current: str
) -> list[Missing]:
    """The members who, of these stances, have none in this round on the set named `current`. One query."""
    said = {stance.person_id: stance for stance in stances}
    rows = await session.execute(_waited_for(workshop, Member.person_id, Member.name, Lab.name))
    found = [
        Missing(name, lab or "", 1, person_id in said)
        for person_id, name, lab in rows
        if person_id not in said or not said[person_id].counts(workshop, current)
    ]
    return sorted(found, key=lambda each: (each.has_voted, each.lab, each.name))
