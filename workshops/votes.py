"""Votes: each person judges an indicator's wording."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, distinct, func, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import Field, col, select

from workshops import agenda, consensus, indicators, journal, world
from workshops.agenda import Stage
from workshops.consensus import Choice, Outcome
from workshops.indicators import Indicator, Wording
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotThus
from workshops.texts import one_line
from workshops.words import N_

REASON_LENGTH = 500
NEEDS_REASON = (Choice.REWORK, Choice.DROP)


class Vote(Record, table=True):
    """One person's judgement of one wording; taken back, it stays as a trace and counts nowhere.

    The wording's number is part of the key: nobody voted for the text that came after.
    """

    __table_args__ = (one_of("choice", Choice),)

    indicator_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    wording: int = Field(primary_key=True)
    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=12)
    choice: Choice = Field(sa_type=Coded(Choice))
    reason: str = Field(default="", max_length=REASON_LENGTH)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int
    taken_back_at: datetime | None = Field(default=None, sa_type=Moment)


@dataclass(frozen=True)
class Tally:
    """Votes on the current text, and how many people's vote is still on an earlier one."""

    keep: int = 0
    rework: int = 0
    drop: int = 0
    abstain: int = 0
    earlier: int = 0

    @property
    def total(self) -> int:
        """Votes on the current text."""
        return self.keep + self.rework + self.drop + self.abstain

    @property
    def outcome(self) -> Outcome:
        """What the announced rule makes of it."""
        return consensus.ANNOUNCED.decide(keep=self.keep, rework=self.rework, drop=self.drop, abstain=self.abstain)


@dataclass(frozen=True)
class Ballot:
    """A person's own votes on an indicator: on the current text, else the last one on an earlier text."""

    current: Vote | None = None
    earlier: Vote | None = None


async def cast(
    session: AsyncSession, indicator_id: str, *, wording: int, choice: Choice, reason: str = "", by: Person
) -> Vote:
    """One person, one vote per wording; a new vote replaces the former one.

    The vote is for the wording the person read: if another came meanwhile, it counts as a vote on an earlier text.
    Raises NotNow outside the voting stage, NotYours for a non-member, NotThus without a reason to rework or drop.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    workshop.require(Stage.VOTING)
    await agenda.require_member(session, workshop, by, Role.MEMBER)
    if not 1 <= wording <= indicator.wording:
        raise NotThus({"wording": N_("Cette rédaction n'existe pas.")})
    confirms = await _confirms(session, indicator, wording, choice, by)
    vote = await session.get(Vote, (indicator.id, wording, by.id)) or Vote(
        indicator_id=indicator.id, wording=wording, person_id=by.id, choice=choice, gesture=0
    )
    vote.choice, vote.reason, vote.at = choice, _reason(choice, reason), world.now()
    vote.gesture, vote.taken_back_at = workshop.gestures, None
    session.add(vote)
    kind = Kind.VOTE_CONFIRMED if confirms else Kind.VOTE_CAST
    journal.record(session, workshop, kind, by=by, about=indicator.id)
    return vote


async def take_back(session: AsyncSession, indicator_id: str, *, by: Person) -> None:
    """Until the stage ends, one may have no vote at all on an indicator, whatever the wording.

    Nothing to take back is not a gesture.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    workshop.require(Stage.VOTING)
    await agenda.require_member(session, workshop, by, Role.MEMBER)
    taken = await session.scalars(
        update(Vote)
        .where(*_standing(by), col(Vote.indicator_id) == indicator.id)
        .values(taken_back_at=world.now())
        .returning(col(Vote.wording))
    )
    if taken.all():
        journal.record(session, workshop, Kind.VOTE_TAKEN_BACK, by=by, about=indicator.id)
    else:
        agenda.yield_floor(session, workshop)


async def _confirms(session: AsyncSession, indicator: Indicator, wording: int, choice: Choice, by: Person) -> bool:
    """Whether this is the person's first vote on the current text, and the same as on the text before."""
    ballot = _ballot(indicator.wording, await _own(session, by, col(Vote.indicator_id) == indicator.id))
    return (
        wording == indicator.wording
        and ballot.current is None
        and ballot.earlier is not None
        and ballot.earlier.choice is choice
    )


def _reason(choice: Choice, reason: str) -> str:
    reason = one_line(reason)
    if choice in NEEDS_REASON and not reason:
        raise NotThus({"reason": N_("Dites pourquoi en une phrase : c'est elle qui aidera à réécrire.")})
    if len(reason) > REASON_LENGTH:
        raise NotThus({"reason": N_("Cinq cents caractères au plus.")})
    return reason


def _standing(person: Person) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (col(Vote.person_id) == person.id, col(Vote.taken_back_at).is_(None))


async def _own(session: AsyncSession, person: Person, condition: ColumnElement[bool]) -> list[Vote]:
    return list(await session.scalars(select(Vote).where(*_standing(person), condition).order_by(col(Vote.wording))))


def _ballot(current: int, own: list[Vote]) -> Ballot:
    on_current = [vote for vote in own if vote.wording == current]
    earlier = [vote for vote in own if vote.wording < current]
    if on_current:
        return Ballot(current=on_current[0])
    return Ballot(earlier=earlier[-1] if earlier else None)


async def ballots(session: AsyncSession, workshop_id: str, person: Person) -> dict[str, Ballot]:
    """A person's own votes in a workshop, by indicator. Two queries."""
    here = dict(
        (
            await session.execute(
                select(Indicator.id, Indicator.wording).where(col(Indicator.workshop_id) == workshop_id)
            )
        ).all()
    )
    own: dict[str, list[Vote]] = {}
    for vote in await _own(session, person, col(Vote.indicator_id).in_(list(here))):
        own.setdefault(vote.indicator_id, []).append(vote)
    return {indicator_id: _ballot(here[indicator_id], found) for indicator_id, found in own.items()}


async def ballot(session: AsyncSession, indicator: Indicator, person: Person) -> Ballot:
    """A person's own votes on one indicator."""
    return _ballot(indicator.wording, await _own(session, person, col(Vote.indicator_id) == indicator.id))


async def tallies(session: AsyncSession, workshop_id: str) -> dict[str, Tally]:
    """The tally of each indicator of a workshop that has votes. Two queries."""
    return await _tallies(session, col(Indicator.workshop_id) == workshop_id)


async def tally(session: AsyncSession, indicator_id: str) -> Tally:
    """The tally of one indicator."""
    return (await _tallies(session, col(Indicator.id) == indicator_id)).get(indicator_id, Tally())


async def _tallies(session: AsyncSession, condition: ColumnElement[bool]) -> dict[str, Tally]:
    counts: dict[str, dict[str, int]] = {}
    on_current = await session.execute(
        select(Vote.indicator_id, Vote.choice, func.count())
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(condition, col(Vote.taken_back_at).is_(None), col(Vote.wording) == col(Indicator.wording))
        .group_by(col(Vote.indicator_id), col(Vote.choice))
    )
    for indicator_id, choice, number in on_current:
        counts.setdefault(indicator_id, {})[str(choice)] = number
    same = aliased(Vote)
    earlier = await session.execute(
        select(Vote.indicator_id, func.count(distinct(col(Vote.person_id))))
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .outerjoin(
            same,
            (col(same.indicator_id) == col(Vote.indicator_id))
            & (col(same.person_id) == col(Vote.person_id))
            & (col(same.wording) == col(Indicator.wording))
            & (col(same.taken_back_at).is_(None)),
        )
        .where(
            condition,
            col(Vote.taken_back_at).is_(None),
            col(Vote.wording) < col(Indicator.wording),
            col(same.person_id).is_(None),
        )
        .group_by(col(Vote.indicator_id))
    )
    for indicator_id, number in earlier:
        counts.setdefault(indicator_id, {})["earlier"] = number
    return {indicator_id: Tally(**found) for indicator_id, found in counts.items()}


async def reasons(session: AsyncSession, indicator: Indicator) -> list[Vote]:
    """Why people want to rework or drop the current text, in the order they said it."""
    return list(
        await session.scalars(
            select(Vote)
            .where(
                col(Vote.indicator_id) == indicator.id,
                col(Vote.wording) == indicator.wording,
                col(Vote.taken_back_at).is_(None),
                col(Vote.reason) != "",
            )
            .order_by(col(Vote.gesture))
        )
    )


async def texts_read(session: AsyncSession, cast: list[Vote]) -> dict[tuple[str, int], Wording]:
    """The wordings some votes were for, by (indicator, number). One query, none for no vote."""
    if not cast:
        return {}
    keys = [(vote.indicator_id, vote.wording) for vote in cast]
    found = await session.scalars(
        select(Wording).where(tuple_(col(Wording.indicator_id), col(Wording.number)).in_(keys))
    )
    return {(wording.indicator_id, wording.number): wording for wording in found}
