"""Votes: each person judges an indicator's wording."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Index, bindparam, update
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal, lineage, world
from workshops.agenda import Stage, Workshop
from workshops.consensus import Rule, Secrecy
from workshops.floors import Floor
from workshops.indicators import Indicator
from workshops.journal import AlreadyDone, Entry, Given, Kind, Receipt, Sending
from workshops.people import Person, Role
from workshops.records import Moment, Record, Row, add, put
from workshops.refusals import NotNow, NotThus, Refusal
from workshops.texts import one_line
from workshops.words import N_

REASON_LENGTH = 500
Key = tuple[int, int]  # (round, wording): what a vote is for, in order


class Vote(Record, table=True):
    """One person's judgement of one wording in one round; taken back, it stays as a trace and counts nowhere.

    The wording's number is part of the key: nobody voted for the text that came after. `choice` is the ballot as the
    announced rule writes it; `lab_slug`, the lab one spoke for; `entered_by_id`, who copied it from paper.
    """

    __table_args__ = (Index("ix_vote_count", "indicator_id", "round", "wording", "choice", "taken_back_at"),)

    indicator_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    wording: int = Field(primary_key=True)
    round: int = Field(default=1, primary_key=True)
    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=12)
    choice: str = Field(max_length=16)
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", max_length=60)
    reason: str = Field(default="", max_length=REASON_LENGTH)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int
    entered_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    taken_back_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def key(self) -> Key:
        """What this vote is for."""
        return self.round, self.wording


class Outdated(NotNow):
    """The text changed before this was said: `wording` is the one that was read. Nothing is lost, it is asked again."""

    def __init__(self, paper: "Paper", current: int) -> None:
        super().__init__(
            N_("Le texte a changé avant votre vote : lisez ce qui a changé, puis confirmez ou changez d'avis.")
        )
        self.paper = paper
        self.current = current
        self.told = {"redaction": current, "redaction_lue": paper.wording}


@dataclass(frozen=True)
class Paper:
    """What one person puts in the ballot box: a ballot on the wording they read.

    `round`: the one they saw, the current one if they do not say. `waited`: since when it was said, on a device that
    the network had left. `entered_by`: who copies it, when it was written on real paper.
    """

    indicator_id: str
    wording: int
    choice: str
    reason: str
    by: Person
    sending: Sending | None = None
    round: int | None = None
    waited: timedelta = timedelta()
    entered_by: Person | None = None

    @property
    def hand(self) -> Person:
        """Who makes the gesture."""
        return self.entered_by or self.by


@dataclass(frozen=True)
class Counted:
    """A paper that counts: where, its vote, the number of the wording that was current then, and the rule.

    `is_born`: the indicator comes from another.
    """

    workshop_id: str
    vote: Vote
    current: int
    rule: Rule
    is_born: bool

    @property
    def is_all(self) -> bool:
        """Whether this vote is all that its own ballot shows: on the current text, with nothing of the group beside."""
        is_first = self.vote.round == 1 and not self.is_born
        return self.vote.wording == self.current and is_first and self.rule.secrecy is not Secrecy.VOTED


@dataclass
class _Table:
    """What papers are judged by: read once under the workshop's lock, kept up to date as each is counted.

    `current`: wording by indicator, None when off the table; `until`: when each earlier text that somebody read stopped
    being current; `before`: what each indicator comes from; `own`: standing ballots by (person, indicator) and key, in
    the order of `_confirms`: those on what it comes from are of round 0.
    """

    floor: Floor
    rule: Rule
    receipts: dict[tuple[str, str], Given]
    seats: dict[str, tuple[Role, str | None]]
    current: dict[str, int | None]
    until: dict[tuple[str, int], datetime]
    before: dict[str, set[str]]
    own: dict[tuple[str, str], dict[Key, str]]
    cast: dict[tuple[str, int, str], Row] = field(default_factory=dict)
    entries: list[Row] = field(default_factory=list)
    answered: list[Row] = field(default_factory=list)


async def cast(
    session: AsyncSession,
    indicator_id: str,
    *,
    wording: int,
    choice: str,
    reason: str = "",
    round: int | None = None,
    waited: timedelta = timedelta(),
    by: Person,
) -> Vote:
    """One person, one vote per wording and round; a new vote replaces the former one.

    The vote is for the wording the person read. One that was said before another text came counts as a vote on an
    earlier text; said after, it raises Outdated. Raises NotNow outside the voting stage or for a round that is over,
    NotYours for a non-member, NotThus for a ballot that the rule does not know or that lacks its reason.
    """
    paper = Paper(indicator_id, wording, choice, reason, by, session.info.get("sending"), round, waited)
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


_STANDING = columns(
    col(Vote.person_id), col(Vote.indicator_id), col(Vote.round), col(Vote.wording), col(Vote.choice), col(Vote.gesture)
).where(
    col(Vote.indicator_id).in_(bindparam("indicators", expanding=True)),
    col(Vote.person_id).in_(bindparam("people", expanding=True)),
    col(Vote.taken_back_at).is_(None),
)


def _lay(connection: Connection, floor: Floor, papers: Sequence[Paper]) -> _Table:
    people = {paper.by.id for paper in papers}
    on = {paper.indicator_id for paper in papers}
    current = indicators.current_wordings(connection, on)
    before = lineage.ancestors(connection, on)
    own: dict[tuple[str, str], dict[Key, str]] = {}
    for vote in connection.execute(_STANDING, {"indicators": list(on.union(*before.values())), "people": list(people)}):
        own.setdefault((vote.person_id, vote.indicator_id), {})[vote.round, vote.wording] = vote.choice
        for heir in (heir for heir, ancestors in before.items() if vote.indicator_id in ancestors):
            own.setdefault((vote.person_id, heir), {})[0, vote.gesture] = vote.choice
    late = {
        (paper.indicator_id, paper.wording) for paper in papers if 0 < paper.wording < (current[paper.indicator_id] or 0)
    }
    return _Table(
        floor=floor,
        rule=Rule.read(floor.rule),
        receipts=journal.receipts(connection, [(paper.hand.id, paper.sending) for paper in papers if paper.sending]),
        seats=agenda.seats(connection, floor.id, people),
        current=current,
        until=indicators.replaced_at(connection, late),
        before=before,
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
    kind = _kind(table.rule, paper, (floor.round, current), own)
    own[floor.round, paper.wording] = paper.choice
    vote: Row = {
        "indicator_id": paper.indicator_id,
        "wording": paper.wording,
        "round": floor.round,
        "person_id": paper.by.id,
        "choice": paper.choice,
        "lab_slug": table.seats[paper.by.id][1],
        "reason": one_line(paper.reason),
        "at": world.now(),
        "gesture": floor.gestures,
        "entered_by_id": paper.entered_by.id if paper.entered_by else None,
        "taken_back_at": None,
    }
    table.cast[paper.indicator_id, paper.wording, paper.by.id] = vote
    table.entries.append(journal.row(said, floor, kind, by=paper.hand, about=paper.indicator_id))
    if paper.sending:
        table.answered.append(journal.receipt(paper.hand, paper.sending, floor))
        table.receipts[paper.hand.id, paper.sending.key] = Given(paper.sending.digest, floor.id, floor.gestures)
    return Counted(floor.id, Vote(**vote), current, table.rule, paper.indicator_id in table.before)


def _admit(table: _Table, paper: Paper) -> int:
    """The number of the current wording, if this paper may be cast."""
    given = table.receipts.get((paper.hand.id, paper.sending.key)) if paper.sending else None
    if given and paper.sending:
        journal.refuse_again(given, paper.sending)
    current = table.current[paper.indicator_id]
    if current is None:
        raise indicators.off_table()
    agenda.require_stage(table.floor.stage, Stage.VOTING)
    agenda.require_role(table.seats.get(paper.by.id, (None, None))[0], Role.MEMBER)
    decision = table.rule.decision
    if not 1 <= paper.wording <= current:
        raise NotThus({"wording": N_("Cette rédaction n'existe pas.")})
    decision.check(paper.choice)
    _check_reason(paper, is_needed=decision.needs_reason(paper.choice))
    if paper.round not in (None, table.floor.round):
        raise NotNow(N_("Un autre tour de vote a commencé : relisez ce que le groupe a dit, puis répondez de nouveau."))
    if paper.wording < current and world.now() - paper.waited >= table.until[paper.indicator_id, paper.wording]:
        raise Outdated(paper, current)
    return current


def _kind(rule: Rule, paper: Paper, current: Key, own: Mapping[Key, str]) -> Kind:
    """Confirmed: the person's first vote on the current text and round, and the same as the one before.

    Where results are hidden, the register does not tell who says the same again: it would say what, with the round before.
    """
    if paper.entered_by:
        return Kind.VOTE_ENTERED
    return Kind.VOTE_CONFIRMED if not rule.hides and _confirms(paper, current, own) else Kind.VOTE_CAST


def _confirms(paper: Paper, current: Key, own: Mapping[Key, str]) -> bool:
    earlier = [key for key in own if key < current]
    return paper.wording == current[1] and current not in own and bool(earlier) and own[max(earlier)] == paper.choice


async def take_back(session: AsyncSession, indicator_id: str, *, by: Person) -> None:
    """Until the round ends, one may have no vote of it on an indicator, whatever the wording, nor on what it comes from.

    What one said in a round that is over stays: its figures are read by all, and one less would tell whose it was.
    Nothing to take back is not a gesture.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    workshop.require(Stage.VOTING)
    cast = (await standing(session, by, [indicator.id])).get(indicator.id, [])
    own = [vote for vote in cast if vote.round == workshop.round]
    if not own:  # who leads or observes by now may have voted before
        await agenda.require_member(session, workshop, by, Role.MEMBER)
        agenda.yield_floor(session, workshop)
        return
    voted = {vote.indicator_id for vote in own}
    await session.execute(
        update(Vote)
        .where(
            col(Vote.person_id) == by.id,
            col(Vote.taken_back_at).is_(None),
            col(Vote.indicator_id).in_(voted),
            col(Vote.round) == workshop.round,
        )
        .values(taken_back_at=world.now())
    )
    journal.record(session, workshop, Kind.VOTE_TAKEN_BACK, by=by, about=indicator.id)


def _check_reason(paper: Paper, *, is_needed: bool) -> None:
    reason = one_line(paper.reason)
    if is_needed and not reason:
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
    .order_by(col(Vote.round), col(Vote.wording))
)


async def standing(
    session: AsyncSession, person: Person, indicator_ids: Collection[str], before: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[Vote]]:
    """A person's standing votes for each of these indicators where there are some, the last one the nearest to its
    current text: those on what it comes from, as they were said, then its own.

    One query where what they come from is known, and two otherwise.
    """
    if before is None:
        before = await session.run_sync(lambda own: lineage.ancestors(own.connection(), indicator_ids))
    line = list({*indicator_ids}.union(*before.values()))
    cast: dict[str, list[Vote]] = {}
    for vote in await session.scalars(_OWN, {"person": person.id, "indicators": line}):
        cast.setdefault(vote.indicator_id, []).append(vote)
    found = {}
    for id in indicator_ids:
        inherited = [vote for ancestor in before.get(id, ()) for vote in cast.get(ancestor, ())]
        found[id] = sorted(inherited, key=lambda vote: vote.gesture) + cast.get(id, [])
    return {id: own for id, own in found.items() if own}


async def reasons(session: AsyncSession, workshop: Workshop, indicator: Indicator) -> list[Vote]:
    """What people say of the current text with their vote of this round, in alphabetical order.

    The register tells who voted when: the order they were said in would tell whose each is.
    """
    return (await _reasons(session, workshop, [indicator.id])).get(indicator.id, [])


async def all_reasons(session: AsyncSession, workshop: Workshop) -> dict[str, list[Vote]]:
    """The same of every indicator of a workshop, by indicator. One query."""
    return await _reasons(session, workshop, None)


async def _reasons(
    session: AsyncSession, workshop: Workshop, only: Collection[str] | None
) -> dict[str, list[Vote]]:
    found: dict[str, list[Vote]] = {}
    for vote in await session.scalars(
        select(Vote)
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(
            indicators.among(workshop.id, only),
            col(Vote.wording) == col(Indicator.wording),
            col(Vote.round) == workshop.round,
            col(Vote.taken_back_at).is_(None),
            col(Vote.reason) != "",
        )
    ):
        found.setdefault(vote.indicator_id, []).append(vote)
    return {id: sorted(said, key=lambda vote: (vote.reason, vote.choice)) for id, said in found.items()}
