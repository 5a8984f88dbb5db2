"""Contests: competing wordings of an indicator, put to majority judgment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, delete, distinct, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, amendments, consensus, indicators, journal, world
from workshops.agenda import LEADING, Stage, Workshop
from workshops.amendments import Amendment, Fate
from workshops.consensus import Grade
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of, standing
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.sheet import Sheet
from workshops.texts import said
from workshops.words import N_

CURRENT = 1  # the number of the candidate that is the current text
BECAUSE_LENGTH = 500
STAGES = (Stage.DISCUSSING, Stage.VOTING)
PREFERRED = N_("Une autre rédaction a été préférée au départage (rang {rank} sur {count}).")


class Contest(Record, table=True):
    """A vote between wording `wording` of an indicator and its amendments. Closed, it has a `winner`; abandoned, none."""

    __table_args__ = (Index("uq_contest_standing", "indicator_id", unique=True, **standing("ended_at")),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    indicator_id: str = Field(foreign_key="indicator.id", index=True, max_length=12)
    wording: int
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int
    ended_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_in: int | None = None
    winner: int | None = None
    because: str = Field(default="", max_length=BECAUSE_LENGTH)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class Candidate(Record, table=True):
    """One of the texts, whole and frozen: what people grade is what they read. Without an amendment, the current text."""

    contest_id: str = Field(primary_key=True, foreign_key="contest.id", max_length=12)
    number: int = Field(primary_key=True)
    amendment_id: str | None = Field(default=None, foreign_key="amendment.id", max_length=12)
    sheet: dict[str, Any] = Field(sa_type=JSON)


class Judgement(Record, table=True):
    """The grade one person gives to one candidate; the next ballot takes its place, until the contest ends."""

    __table_args__ = (one_of("grade", Grade),)

    contest_id: str = Field(primary_key=True, foreign_key="contest.id", max_length=12)
    candidate: int = Field(primary_key=True)
    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=12)
    grade: Grade = Field(sa_type=Coded(Grade))
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


@dataclass(frozen=True)
class Result:
    """What the ballots say of a candidate: its rank, its majority grade, its counts (the worst grade first)."""

    candidate: Candidate
    rank: int
    majority: Grade
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        """How many people graded it."""
        return sum(self.counts)


async def start(session: AsyncSession, indicator_id: str, *, by: Person) -> Contest:
    """Who leads puts the current text and the amendments that wait to majority judgment, each as a whole sheet.

    An amendment that the text has overtaken stays out: it would overwrite what came since. Raises NotNow without any
    other, and outside DISCUSSING and VOTING; where one is open already, starting is nothing.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    await agenda.require_member(session, workshop, by, *LEADING)
    workshop.require(*STAGES)
    for before in await of(session, indicator_id):
        if before.is_open:
            agenda.yield_floor(session, workshop)
            return before
    current = await indicators.wording(session, indicator, indicator.wording)
    competing = await _competing(session, indicator, current.sheet)
    if not competing:
        raise NotNow(N_("Aucun amendement en attente ne s'applique au texte actuel : il n'y a rien à départager."))
    contest = Contest(indicator_id=indicator.id, wording=current.number, by_id=by.id, gesture=workshop.gestures)
    session.add(contest)
    await session.flush()
    session.add(Candidate(contest_id=contest.id, number=CURRENT, sheet=current.sheet))
    for number, (amendment, sheet) in enumerate(competing, start=CURRENT + 1):
        amendment.contest_id = contest.id
        session.add(Candidate(contest_id=contest.id, number=number, amendment_id=amendment.id, sheet=sheet))
    journal.record(session, workshop, Kind.CONTEST_OPENED, by=by, about=indicator.id)
    return contest


async def grade(session: AsyncSession, contest_id: str, ballot: Mapping[int, str], *, by: Person) -> Contest:
    """A member grades every candidate, by its number; the ballot may be replaced until the contest ends.

    Raises NotThus for a half ballot or a grade that does not exist, NotNow once it has ended. The same ballot again is
    nothing.
    """
    contest, indicator, workshop = await _on_floor(session, contest_id, by=by)
    await agenda.require_member(session, workshop, by, Role.MEMBER)
    workshop.require(*STAGES)
    if not contest.is_open:
        raise NotNow(N_("Ce départage est terminé : on ne juge plus ses textes."))
    grades = _whole([candidate.number for candidate in await candidates(session, contest_id)], ballot)
    if await own(session, contest_id, by) == grades:
        agenda.yield_floor(session, workshop)
        return contest
    await session.execute(
        delete(Judgement).where(col(Judgement.contest_id) == contest_id, col(Judgement.person_id) == by.id)
    )
    for number, given in grades.items():
        session.add(Judgement(contest_id=contest_id, candidate=number, person_id=by.id, grade=given))
    journal.record(session, workshop, Kind.CONTEST_GRADED, by=by, about=indicator.id)
    return contest


async def close(session: AsyncSession, contest_id: str, *, by: Person) -> Contest:
    """Who leads ends the vote: the best text by majority judgment is the current one from now on.

    Between texts that nothing tells apart, the current one stays; else the amendment proposed first wins. The winner's
    proposer is a co-author; the others are told their rank. No vote moves. Raises NotNow while nobody has graded, and
    when the text is not the one that was put to the vote any more. Closing twice is once.
    """
    contest, indicator, workshop = await _on_floor(session, contest_id, by=by)
    await agenda.require_member(session, workshop, by, *LEADING)
    workshop.require(*STAGES)
    if contest.winner is not None:
        agenda.yield_floor(session, workshop)
        return contest
    _require_open(contest)
    if indicator.wording != contest.wording:
        raise NotNow(
            N_("Le texte a été réécrit pendant le départage : il ne peut plus rien décider. Abandonnez-le, avec le motif.")
        )
    ranked = await results(session, contest)
    if not ranked[0].n:
        raise NotNow(N_("Personne n'a encore jugé ces textes : il n'y a rien à dépouiller."))
    contest.winner = ranked[0].candidate.number
    _end(contest, workshop, by)
    await _tell_all(session, workshop, indicator, ranked, by)
    journal.record(session, workshop, Kind.CONTEST_CLOSED, by=by, about=indicator.id)
    return contest


async def _tell_all(
    session: AsyncSession, workshop: Workshop, indicator: Indicator, ranked: list[Result], by: Person
) -> None:
    """Each amendment gets its answer: the winner becomes the text, the others are told their rank."""
    for result in ranked:
        if result.candidate.amendment_id is None:
            continue
        amendment = await session.get_one(Amendment, result.candidate.amendment_id)
        if result is ranked[0]:
            indicators.write(session, workshop, indicator, result.candidate.sheet, by_id=amendment.by_id)
            amendments.end(session, workshop, amendment, Fate.ACCEPTED, wording=indicator.wording, by=by)
        else:
            answer = PREFERRED.format(rank=result.rank, count=len(ranked))
            amendments.end(session, workshop, amendment, Fate.DECLINED, answer=answer, by=by)


async def abandon(session: AsyncSession, contest_id: str, *, because: str, by: Person) -> Contest:
    """Who leads gives a contest up, and says why; the amendments wait for an answer again. Twice is once."""
    contest, indicator, workshop = await _on_floor(session, contest_id, by=by)
    await agenda.require_member(session, workshop, by, *LEADING)
    workshop.require(*amendments.STAGES)
    because = said(because, "because", BECAUSE_LENGTH, N_("Dites pourquoi ce départage est abandonné."))
    if contest.because:
        agenda.yield_floor(session, workshop)
        return contest
    _require_open(contest)
    contest.because = because
    _end(contest, workshop, by)
    for amendment in await amendments.waiting(session, indicator.id):
        if amendment.contest_id == contest.id:
            amendment.contest_id = None
    journal.record(session, workshop, Kind.CONTEST_ABANDONED, by=by, about=indicator.id)
    return contest


def _end(contest: Contest, workshop: Workshop, by: Person) -> None:
    contest.ended_by_id, contest.ended_at, contest.ended_in = by.id, world.now(), workshop.gestures


def _require_open(contest: Contest) -> None:
    if not contest.is_open:
        raise NotNow(N_("Ce départage est déjà terminé."))


async def _competing(session: AsyncSession, indicator: Indicator, current: Sheet) -> list[tuple[Amendment, Sheet]]:
    """The amendments that wait and still apply to the current text, with the text each would make."""
    bases = {wording.number: wording.sheet for wording in await indicators.history(session, indicator)}
    return [
        (amendment, amendments.applied(current, amendment.changes))
        for amendment in await amendments.waiting(session, indicator.id)
        if not amendments.overtaken(bases[amendment.base], current, amendment.changes)
    ]


def _whole(numbers: Collection[int], ballot: Mapping[int, str]) -> dict[int, Grade]:
    """A grade for each candidate, or NotThus naming those that lack one."""
    known = {grade.value: grade for grade in Grade}
    wrong = {
        f"grade-{number}": N_("Choisissez une mention pour chaque texte.")
        for number in numbers
        if ballot.get(number) not in known
    }
    if wrong:
        raise NotThus(wrong)
    return {number: known[ballot[number]] for number in numbers}


async def _on_floor(session: AsyncSession, contest_id: str, *, by: Person) -> tuple[Contest, Indicator, Workshop]:
    """A contest on an indicator still on the table, read after the workshop is locked, never before."""
    indicator_id = await session.scalar(select(Contest.indicator_id).where(col(Contest.id) == contest_id))
    if indicator_id is None:
        raise _unknown()
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    return await session.get_one(Contest, contest_id), indicator, workshop


def _unknown() -> NotFound:
    return NotFound(N_("Ce départage n'existe pas."))


async def get(session: AsyncSession, contest_id: str) -> Contest:
    contest = await session.get(Contest, contest_id)
    if contest is None:
        raise _unknown()
    return contest


async def of(session: AsyncSession, indicator_id: str) -> list[Contest]:
    """The contests of an indicator, in order; only the last one may be open."""
    return await _contests(session, col(Contest.indicator_id) == indicator_id)


async def counted(session: AsyncSession, indicator_id: str) -> list[tuple[Contest, int]]:
    """The contests of an indicator, in order, each with how many people graded. One query."""
    people = func.count(distinct(col(Judgement.person_id)))
    rows = await session.execute(
        select(Contest, people)
        .outerjoin(Judgement, col(Judgement.contest_id) == col(Contest.id))
        .where(col(Contest.indicator_id) == indicator_id)
        .group_by(col(Contest.id))
        .order_by(col(Contest.gesture))
    )
    return [(contest, number) for contest, number in rows]


async def all_of(session: AsyncSession, workshop_id: str) -> list[Contest]:
    """The contests of every indicator of a workshop, in order."""
    here = select(Indicator.id).where(col(Indicator.workshop_id) == workshop_id)
    return await _contests(session, col(Contest.indicator_id).in_(here))


async def _contests(session: AsyncSession, condition: ColumnElement[bool]) -> list[Contest]:
    return list(await session.scalars(select(Contest).where(condition).order_by(col(Contest.gesture))))


async def candidates(session: AsyncSession, contest_id: str) -> list[Candidate]:
    """The texts of a contest, the current one first."""
    return list(
        await session.scalars(
            select(Candidate).where(col(Candidate.contest_id) == contest_id).order_by(col(Candidate.number))
        )
    )


async def own(session: AsyncSession, contest_id: str, person: Person) -> dict[int, Grade]:
    """A person's own ballot: the grade of each candidate, nothing for who has not graded."""
    found = await session.scalars(
        select(Judgement)
        .where(col(Judgement.contest_id) == contest_id, col(Judgement.person_id) == person.id)
        .order_by(col(Judgement.candidate))
    )
    return {judgement.candidate: judgement.grade for judgement in found}


async def raters(session: AsyncSession, contest_id: str) -> int:
    """How many people have graded: all that is told while a contest is open."""
    counted = select(func.count(distinct(col(Judgement.person_id)))).where(col(Judgement.contest_id) == contest_id)
    return (await session.execute(counted)).scalar_one()


async def results(session: AsyncSession, contest: Contest) -> list[Result]:
    """What the ballots say, the best text first; of equals, the one that comes first among the candidates."""
    rows = await session.execute(
        select(Judgement.candidate, Judgement.grade, func.count())
        .where(col(Judgement.contest_id) == contest.id)
        .group_by(col(Judgement.candidate), col(Judgement.grade))
    )
    texts = {str(candidate.number): candidate for candidate in await candidates(session, contest.id)}
    order = list(Grade)
    tallies = {name: [0] * len(order) for name in texts}
    for number, given, count in rows:
        tallies[str(number)][order.index(Grade(given))] = count
    return [
        Result(texts[place.name], place.rank, order[place.median or 0], tuple(tallies[place.name]))
        for place in consensus.majority_judgment(tallies)
    ]
