"""Ballots: a person's own votes on an indicator."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import votes
from workshops.agenda import Workshop
from workshops.indicators import Indicator, Wording
from workshops.people import Person
from workshops.votes import Key, Vote

Before = Mapping[str, Collection[str]]  # what each indicator comes from


@dataclass(frozen=True)
class Ballot:
    """A person's own votes on an indicator: on the current text, else the last one on an earlier text or round.

    The earlier one may be on an indicator that this one comes from.
    """

    current: Vote | None = None
    earlier: Vote | None = None


async def ballots(
    session: AsyncSession, workshop: Workshop, current: Mapping[str, int], person: Person, before: Before | None = None
) -> dict[str, Ballot]:
    """A person's own votes on some indicators, given by the number of their current wording. One query where what they
    come from is known (`before`), and two otherwise."""
    own = await votes.standing(session, person, current, before)
    return {id: _ballot(id, (workshop.round, current[id]), found) for id, found in own.items()}


async def ballot(
    session: AsyncSession, workshop: Workshop, indicator: Indicator, person: Person, before: Before | None = None
) -> Ballot:
    """A person's own votes on one indicator."""
    own = await ballots(session, workshop, {indicator.id: indicator.wording}, person, before)
    return own.get(indicator.id, Ballot())


def _ballot(indicator_id: str, current: Key, own: list[Vote]) -> Ballot:
    on_current = [vote for vote in own if vote.indicator_id == indicator_id and vote.key == current]
    earlier = [vote for vote in own if vote.indicator_id != indicator_id or vote.key < current]
    if on_current:
        return Ballot(current=on_current[0])
    return Ballot(earlier=earlier[-1] if earlier else None)


async def texts_read(session: AsyncSession, cast: list[Vote]) -> dict[tuple[str, int], Wording]:
    """The wordings some votes were for, by (indicator, number). One query, none for no vote."""
    if not cast:
        return {}
    keys = [(vote.indicator_id, vote.wording) for vote in cast]
    found = await session.scalars(
        select(Wording).where(tuple_(col(Wording.indicator_id), col(Wording.number)).in_(keys))
    )
    return {(wording.indicator_id, wording.number): wording for wording in found}
