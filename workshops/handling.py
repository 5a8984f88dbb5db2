"""Handling: what became of all that a lab received, so that nobody hides what displeases."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import Select, case, extract, false, true
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from workshops import scores
from workshops.moderation import Appeal, Decision, Reason, Verdict
from workshops.scores import Counts, Score
from workshops.testimonials import End, Face, Testimonial, Tombstone

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
ENOUGH = 5  # of a count in which withdrawn ones still weigh; of decisions, before their median delay is said

GRADES = dict(zip((Face.GOOD, Face.MEDIUM, Face.BAD), scores.FACES, strict=True))
DEGREES = dict(enumerate(scores.DEGREES, start=1))


@dataclass(frozen=True)
class Handling:
    """How testimonials were handled. `received` is the sum of the six counts that follow it.

    `begun`: a face alone. `kept`: for the lab, not to be published. `refused_by`: how many for each reason that was
    given. `decided`: how many were ever decided. `delay`: the median time from what was told to the first decision about
    it; None while they are few: when each was decided is public, and would tell when somebody spoke.
    The scores are made of all that was received, published or not: of what is withdrawn only where at least five weigh
    together, and without what DITP, not the lab, found false (`false`).
    """

    received: int
    begun: int
    kept: int
    waiting: int
    published: int
    refused: int
    withdrawn: int
    refused_by: dict[Reason, int]
    false: int
    decided: int
    delay: timedelta | None
    faces: dict[Face, int]
    satisfaction: Score | None
    clarity: Score | None
    heard: Score | None


class _Tally(NamedTuple):
    """How many testimonials are alike: in the same place, with the same reason and face. How many of them gave each degree."""

    place: str
    reason: Reason | None
    is_false: bool
    face: Face
    number: int
    clarity: Counts
    heard: Counts


@dataclass
class _Counted:
    """What a database counted of some testimonials; the seconds from what was told to the first decision about it."""

    tallies: list[_Tally] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


async def of(
    session: AsyncSession,
    *,
    lab_slug: str | None = None,
    project_id: str | None = None,
    touchpoint_id: str | None = None,
) -> Handling:
    """How those of a lab, of a project, of a touch-point, or all of them were handled. Two queries."""
    named = {"lab_slug": lab_slug, "project_id": project_id, "touchpoint_id": touchpoint_id}
    found = await _counted(session, (), {name: value for name, value in named.items() if value is not None})
    return _handled(found.values())


async def by_touchpoint(session: AsyncSession, lab_slug: str) -> dict[str, Handling]:
    """How those of each touch-point of a lab that received any were handled, by its id. Two queries."""
    return _each(await _counted(session, ("touchpoint_id",), {"lab_slug": lab_slug}))


async def whole(session: AsyncSession, lab_slug: str) -> tuple[Handling, dict[str, Handling]]:
    """How those of a lab were handled, then those of each of its projects that received any. Two queries."""
    found = await _counted(session, ("project_id",), {"lab_slug": lab_slug})
    return _handled(found.values()), _each(found)


async def as_of(session: AsyncSession, until: datetime) -> dict[tuple[str, str | None], Handling]:
    """How those of each lab, then of each of its projects, were handled before a moment, by (slug, project). Two queries.

    What was told since counts as told then: only the last time is kept.
    """
    apart: dict[tuple[str, str | None], list[_Counted]] = defaultdict(list)
    for (slug, project), counted in (await _counted(session, ("lab_slug", "project_id"), {}, until)).items():
        apart[slug, None].append(counted)
        if project:
            apart[slug, project].append(counted)
    return {where: _handled(apart[where]) for where in sorted(apart, key=lambda where: (where[0], where[1] or ""))}


def _each(found: Mapping[tuple[Any, ...], _Counted]) -> dict[str, Handling]:
    return {where: _handled([counted]) for (where,), counted in found.items() if where}


async def _counted(
    session: AsyncSession, apart: Sequence[str], named: Mapping[str, str], until: datetime = FOR_EVER
) -> dict[tuple[Any, ...], _Counted]:
    """What there was before a moment, apart for each value of some columns; of those alone that others `named`."""
    found: dict[tuple[Any, ...], _Counted] = defaultdict(_Counted)
    among = [col(getattr(Testimonial, name)) == value for name, value in named.items()]
    among.append(col(Testimonial.at) < until)
    for row in await session.execute(_tallies(apart, until).where(*among)):
        degrees = [dict(zip(DEGREES.values(), given, strict=True)) for given in (row[-10:-5], row[-5:])]
        tally = _Tally(row.place, row.reason, row.is_false, row.face, row.number, clarity=degrees[0], heard=degrees[1])
        found[tuple(row[: len(apart)])].tallies.append(tally)
    for *where, seconds in await session.execute(_delays(apart, until).where(*among)):
        found[tuple(where)].delays.append(float(seconds))
    return found


def _tallies(apart: Sequence[str], until: datetime) -> Select[Any]:
    """How many of each, in the one place that they belong to: that of `moderation.state`, as it was before a moment."""
    stands = (col(Decision.at) < until) & (col(Decision.ended_at).is_(None) | (col(Decision.ended_at) >= until))
    unanswered = col(Appeal.answered_at).is_(None) | (col(Appeal.answered_at) >= until)
    is_there = col(Tombstone.how).is_(None)
    place = case(
        (col(Tombstone.how) == End.WITHDRAWN, "withdrawn"),
        (col(Appeal.testimonial_id).is_not(None) & unanswered & is_there, "waiting"),
        (col(Decision.verdict) == Verdict.PUBLISHED, "published"),
        (col(Decision.verdict) == Verdict.REFUSED, "refused"),
        (col(Testimonial.may_publish) & is_there, "waiting"),
        (col(Testimonial.told_at).is_not(None), "kept"),
        else_="begun",
    ).label("place")
    found_false = (col(Decision.reason) == Reason.FALSE) & col(Decision.of_lab).is_(False)
    is_false = case((found_false, true()), else_=false()).label("is_false")
    alike = (*_columns(apart), place, col(Decision.reason), is_false, col(Testimonial.face))
    degrees = [
        func.count(case((col(given) == degree, 1)))
        for given in (Testimonial.clarity, Testimonial.heard)
        for degree in DEGREES
    ]
    return (
        columns(*alike, func.count().label("number"), *degrees)
        .select_from(Testimonial)
        .outerjoin(Tombstone, (col(Tombstone.testimonial_id) == col(Testimonial.id)) & (col(Tombstone.at) < until))
        .outerjoin(Decision, (col(Decision.testimonial_id) == col(Testimonial.id)) & stands)
        .outerjoin(Appeal, (col(Appeal.testimonial_id) == col(Testimonial.id)) & (col(Appeal.at) < until))
        .group_by(*_columns(apart), "place", col(Decision.reason), "is_false", col(Testimonial.face))
    )


def _delays(apart: Sequence[str], until: datetime) -> Select[Any]:
    first = (
        select(col(Decision.testimonial_id), func.min(col(Decision.at)).label("at"))
        .where(col(Decision.at) < until)
        .group_by(col(Decision.testimonial_id))
        .subquery()
    )
    seconds = extract("epoch", first.c.at) - extract("epoch", col(Testimonial.told_at))
    return (
        columns(*_columns(apart), seconds)
        .join(first, first.c.testimonial_id == col(Testimonial.id))
        .where(first.c.at >= col(Testimonial.told_at))
    )


def _columns(names: Sequence[str]) -> list[Any]:
    return [col(getattr(Testimonial, name)) for name in names]


def _handled(counted: Iterable[_Counted]) -> Handling:
    counted = list(counted)
    tallies = [tally for each in counted for tally in each.tallies]
    delays = [delay for each in counted for delay in each.delays]
    places = _summed((each.place, each.number) for each in tallies)
    weighing = [each for each in tallies if not each.is_false]
    if sum(each.number for each in weighing) < ENOUGH:
        weighing = [each for each in weighing if each.place != "withdrawn"]
    faces = _summed((each.face, each.number) for each in weighing)
    refused_by = _summed((each.reason, each.number) for each in tallies if each.place == "refused")
    return Handling(
        received=places.total(),
        begun=places["begun"],
        kept=places["kept"],
        waiting=places["waiting"],
        published=places["published"],
        refused=places["refused"],
        withdrawn=places["withdrawn"],
        refused_by={reason: refused_by[reason] for reason in Reason if refused_by[reason]},
        false=sum(each.number for each in tallies if each.is_false),
        decided=len(delays),
        delay=timedelta(seconds=median(delays)) if len(delays) >= ENOUGH else None,
        faces={face: faces[face] for face in Face},
        satisfaction=scores.satisfaction({GRADES[face]: count for face, count in faces.items()}),
        clarity=scores.comprehension(_summed(given for each in weighing for given in each.clarity.items())),
        heard=scores.comprehension(_summed(given for each in weighing for given in each.heard.items())),
    )


def _summed(counted: Iterable[tuple[Any, int]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for what, count in counted:
        total[what] += count
    return total
