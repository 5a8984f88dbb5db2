"""Votes: each person judges an indicator's wording."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, bindparam, distinct, func, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import Field, col, select

from workshops import agenda, consensus, indicators, journal, world
from workshops.agenda import Floor, Stage
from workshops.consensus import Choice, Outcome
from workshops.indicators import Indicator, Wording
from workshops.journal import AlreadyDone, Entry, Given, Kind, Receipt, Sending
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, Row, add, one_of, put
from workshops.refusals import NotThus, Refusal
from workshops.texts import one_line
from workshops.words import N_

REASON_LENGTH = 500
NEEDS_REASON = (Choice.REWORK, Choice.DROP)


class Vote(Record, table=True):
    """One person's judgement of one wording; taken back, it stays as a trace and counts nowhere.

    The wording's number is part of the key: nobody voted for the text that came after.
    """

    __table_args__ = (
        one_of("choice", Choice),
        Index("ix_vote_count", "indicator_id", "wording", "choice", "taken_back_at"),
    )

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


@dataclass(frozen=True)
class Paper:
    """What one person puts in the ballot box: a choice on the wording they read."""

    indicator_id: str
    wording: int
    choice: Choice
    reason: str
    by: Person
    sending: Sending | None = None


@dataclass(frozen=True)
class Counted:
    """A paper that counts: where, its vote, and the number of the wording that was current then."""

    workshop_id: str
    vote: Vote
    current: int


@dataclass
class _Table:
    """What papers are judged by: read once under the workshop's lock, kept up to date as each is counted.

    `current`: wording by indicator, None when withdrawn; `own`: standing choices by (person, indicator) and wording.
    """

    floor: Floor
    receipts: dict[tuple[str, str], Given]
    roles: dict[str, Role]
    current: dict[str, int | None]
    own: dict[tuple[str, str], dict[int, Choice]]
    cast: dict[tuple[str, int, str], Row] = field(default_factory=dict)
    entries: list[Row] = field(default_factory=list)
    answered: list[Row] = field(default_factory=list)


async def cast(
    session: AsyncSession, indicator_id: str, *, wording: int, choice: Choice, reason: str = "", by: Person
) -> Vote:
    """One person, one vote per wording; a new vote replaces the former one.

    The vote is for the wording the person read: if another came meanwhile, it counts as a vote on an earlier text.
    Raises NotNow outside the voting stage, NotYours for a non-member, NotThus without a reason to rework or drop.
    """
    paper = Paper(indicator_id, wording, choice, reason, by, session.info.get("sending"))
    (result,) = await cast_all(session, await indicators.home(session, indicator_id), [paper])
    if isinstance(result, Exception):
        raise result
    return result.vote


async def cast_all(session: AsyncSession, workshop_id: str, papers: Sequence[Paper]) -> list[Counted | Exception]:
    """Cast several people's votes in one transaction, by the rule of `cast`, each a gesture, in the order given.

    One result a paper: counted, or the exception that `cast` would raise; a refused paper harms no other. The number
    of statements does not depend on how many there are.
    """
    return await session.run_sync(lambda own: _cast_all(own.connection(), own.info, workshop_id, papers))


def _cast_all(
    connection: Connection, said: dict[Any, Any], workshop_id: str, papers: Sequence[Paper]
) -> list[Counted | Exception]:
    table = _lay(connection, Floor.take(connection, workshop_id), papers)
    results = [_count(table, said, paper) for paper in papers]
    if table.entries:
        table.floor.leave(connection)
        put(connection, Vote, list(table.cast.values()))
        add(connection, Entry, table.entries)
        add(connection, Receipt, table.answered)
    return results


_STANDING = select(Vote.person_id, Vote.indicator_id, Vote.wording, Vote.choice).where(
    col(Vote.indicator_id).in_(bindparam("indicators", expanding=True)),
    col(Vote.person_id).in_(bindparam("people", expanding=True)),
    col(Vote.taken_back_at).is_(None),
)


def _lay(connection: Connection, floor: Floor, papers: Sequence[Paper]) -> _Table:
    people = {paper.by.id for paper in papers}
    on = {paper.indicator_id for paper in papers}
    own: dict[tuple[str, str], dict[int, Choice]] = {}
    for vote in connection.execute(_STANDING, {"indicators": list(on), "people": list(people)}):
        own.setdefault((vote.person_id, vote.indicator_id), {})[vote.wording] = vote.choice
    return _Table(
        floor=floor,
        receipts=journal.receipts(connection, [(paper.by.id, paper.sending) for paper in papers if paper.sending]),
        roles=agenda.roles(connection, floor.id, people),
        current=indicators.current_wordings(connection, on),
        own=own,
    )


def _count(table: _Table, said: dict[Any, Any], paper: Paper) -> Counted | Exception:
    """Judge a paper by the table, which it then changes for those that follow."""
    try:
        current = _admit(table, paper)
    except (Refusal, AlreadyDone) as refusal:
        return refusal
    floor = table.floor
    floor.gestures += 1
    own = table.own.setdefault((paper.by.id, paper.indicator_id), {})
    kind = Kind.VOTE_CONFIRMED if _confirms(paper, current, own) else Kind.VOTE_CAST
    own[paper.wording] = paper.choice
    vote: Row = {
        "indicator_id": paper.indicator_id,
        "wording": paper.wording,
        "person_id": paper.by.id,
        "choice": paper.choice,
        "reason": one_line(paper.reason),
        "at": world.now(),
        "gesture": floor.gestures,
        "taken_back_at": None,
    }
    table.cast[paper.indicator_id, paper.wording, paper.by.id] = vote
    table.entries.append(journal.row(said, floor, kind, by=paper.by, about=paper.indicator_id))
    if paper.sending:
        table.answered.append(journal.receipt(paper.by, paper.sending, floor))
        table.receipts[paper.by.id, paper.sending.key] = Given(paper.sending.digest, floor.id, floor.gestures)
    return Counted(floor.id, Vote(**vote), current)


def _admit(table: _Table, paper: Paper) -> int:
    """The number of the current wording, if this paper may be cast."""
    given = table.receipts.get((paper.by.id, paper.sending.key)) if paper.sending else None
    if given and paper.sending:
        journal.refuse_again(given, paper.sending)
    current = table.current[paper.indicator_id]
    if current is None:
        raise indicators.withdrawn()
    agenda.require_stage(table.floor.stage, Stage.VOTING)
    agenda.require_role(table.roles.get(paper.by.id), Role.MEMBER)
    if not 1 <= paper.wording <= current:
        raise NotThus({"wording": N_("Cette rédaction n'existe pas.")})
    _check_reason(paper)
    return current


def _confirms(paper: Paper, current: int, own: Mapping[int, Choice]) -> bool:
    """Whether this is the person's first vote on the current text, and the same as on the text before."""
    earlier = [number for number in own if number < current]
    return paper.wording == current and current not in own and bool(earlier) and own[max(earlier)] is paper.choice


async def take_back(session: AsyncSession, indicator_id: str, *, by: Person) -> None:
    """Until the stage ends, one may have no vote at all on an indicator, whatever the wording.

    Nothing to take back is not a gesture.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    workshop.require(Stage.VOTING)
    if not await _own(session, by, [indicator.id]):  # who leads or observes by now may have voted before
        await agenda.require_member(session, workshop, by, Role.MEMBER)
    taken = await session.scalars(
        update(Vote)
        .where(
            col(Vote.person_id) == by.id, col(Vote.taken_back_at).is_(None), col(Vote.indicator_id) == indicator.id
        )
        .values(taken_back_at=world.now())
        .returning(col(Vote.wording))
    )
    if taken.all():
        journal.record(session, workshop, Kind.VOTE_TAKEN_BACK, by=by, about=indicator.id)
    else:
        agenda.yield_floor(session, workshop)


def _check_reason(paper: Paper) -> None:
    reason = one_line(paper.reason)
    if paper.choice in NEEDS_REASON and not reason:
        raise NotThus({"reason": N_("Dites pourquoi en une phrase : c'est elle qui aidera à réécrire.")})
    if len(reason) > REASON_LENGTH:
        raise NotThus({"reason": N_("Cinq cents caractères au plus.")})


_OWN = (
    select(Vote)
    .where(
        col(Vote.person_id) == bindparam("person"),
        col(Vote.taken_back_at).is_(None),
        col(Vote.indicator_id).in_(bindparam("indicators", expanding=True)),
    )
    .order_by(col(Vote.wording))
)


async def _own(session: AsyncSession, person: Person, indicator_ids: Collection[str]) -> list[Vote]:
    return list(await session.scalars(_OWN, {"person": person.id, "indicators": list(indicator_ids)}))


def _ballot(current: int, own: list[Vote]) -> Ballot:
    on_current = [vote for vote in own if vote.wording == current]
    earlier = [vote for vote in own if vote.wording < current]
    if on_current:
        return Ballot(current=on_current[0])
    return Ballot(earlier=earlier[-1] if earlier else None)


async def ballots(session: AsyncSession, current: Mapping[str, int], person: Person) -> dict[str, Ballot]:
    """A person's own votes on some indicators, given by the number of their current wording. One query."""
    own: dict[str, list[Vote]] = {}
    for vote in await _own(session, person, current):
        own.setdefault(vote.indicator_id, []).append(vote)
    return {indicator_id: _ballot(current[indicator_id], found) for indicator_id, found in own.items()}


async def ballot(session: AsyncSession, indicator: Indicator, person: Person) -> Ballot:
    """A person's own votes on one indicator."""
    return _ballot(indicator.wording, await _own(session, person, [indicator.id]))


async def tallies(session: AsyncSession, workshop_id: str, only: Collection[str] | None = None) -> dict[str, Tally]:
    """The tally of each indicator of a workshop that has votes, or of `only` these. Two queries."""
    return await _tallies(session, indicators.among(workshop_id, only))


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
