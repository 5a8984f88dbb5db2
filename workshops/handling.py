"""Handling: what became of all that a lab received, so that nobody hides what displeases."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from workshops import scores
from workshops.moderation import Appeal, Decision, Reason, Verdict
from workshops.scores import Counts, Score
from workshops.testimonials import End, Face, Testimonial, Tombstone

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
OWN = ("lab_slug", "project_id", "touchpoint_id", "face", "clarity", "heard", "may_publish", "told_at")
ENOUGH = 5  # of a count in which withdrawn ones still weigh; of decisions, before their median delay is said

GRADES = {Face.GOOD: "good", Face.MEDIUM: "medium", Face.BAD: "bad"}
DEGREES = dict(enumerate(("very_bad", "bad", "medium", "good", "very_good"), start=1))


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


class _Row(NamedTuple):
    """One testimonial; a tuple, because a lab's page reads all of its own."""

    lab_slug: str
    project_id: str | None
    touchpoint_id: str | None
    face: Face
    clarity: int | None
    heard: int | None
    may_publish: bool
    told_at: datetime | None
    how: End | None
    verdict: Verdict | None
    reason: Reason | None
    of_lab: bool | None
    appealed: bool
    decided_at: datetime | None

    @property
    def is_withdrawn(self) -> bool:
        return self.how is End.WITHDRAWN

    @property
    def is_false(self) -> bool:
        return self.reason is Reason.FALSE and self.of_lab is False

    @property
    def place(self) -> str:
        """The one count that it belongs to."""
        if self.is_withdrawn:
            return "withdrawn"
        if self.appealed:
            return "waiting"
        if self.verdict:
            return "published" if self.verdict is Verdict.PUBLISHED else "refused"
        if self.may_publish and self.how is None:
            return "waiting"
        return "kept" if self.told_at else "begun"


async def of(
    session: AsyncSession,
    *,
    lab_slug: str | None = None,
    project_id: str | None = None,
    touchpoint_id: str | None = None,
) -> Handling:
    """How those of a lab, of a project, of a touch-point, or all of them were handled. One query."""
    named = {"lab_slug": lab_slug, "project_id": project_id, "touchpoint_id": touchpoint_id}
    return _handled(await _rows(session, {name: value for name, value in named.items() if value is not None}))


async def by_lab(session: AsyncSession) -> dict[str, Handling]:
    """How those of each lab that received any were handled, by its slug. One query."""
    return _by("lab_slug", await _rows(session, {}))


async def by_project(session: AsyncSession, lab_slug: str | None = None) -> dict[str, Handling]:
    """How those of each project that received any were handled, by its id. One query."""
    return _by("project_id", await _rows(session, {"lab_slug": lab_slug} if lab_slug else {}))


async def by_touchpoint(session: AsyncSession, lab_slug: str) -> dict[str, Handling]:
    """How those of each touch-point of a lab that received any were handled, by its id. One query."""
    return _by("touchpoint_id", await _rows(session, {"lab_slug": lab_slug}))


async def whole(session: AsyncSession, lab_slug: str) -> tuple[Handling, dict[str, Handling]]:
    """How those of a lab were handled, then those of each of its projects that received any. One query."""
    rows = await _rows(session, {"lab_slug": lab_slug})
    return _handled(rows), _by("project_id", rows)


def _by(name: str, rows: Iterable[_Row]) -> dict[str, Handling]:
    """The same, apart for each value of a column that has one."""
    apart = defaultdict(list)
    for row in rows:
        if value := getattr(row, name):
            apart[value].append(row)
    return {value: _handled(own) for value, own in sorted(apart.items())}


async def _rows(session: AsyncSession, named: dict[str, str], until: datetime = FOR_EVER) -> list[_Row]:
    first = (
        select(col(Decision.testimonial_id), func.min(col(Decision.at)).label("at"))
        .where(col(Decision.at) < until)
        .group_by(col(Decision.testimonial_id))
        .subquery()
    )
    stands = (col(Decision.at) < until) & (col(Decision.ended_at).is_(None) | (col(Decision.ended_at) >= until))
    unanswered = col(Appeal.answered_at).is_(None) | (col(Appeal.answered_at) >= until)
    asked = (
        columns(
            *(col(getattr(Testimonial, name)) for name in OWN),
            col(Tombstone.how),
            col(Decision.verdict),
            col(Decision.reason),
            col(Decision.of_lab),
            col(Appeal.testimonial_id).is_not(None) & unanswered & col(Tombstone.how).is_(None),
            first.c.at,
        )
        .select_from(Testimonial)
        .outerjoin(Tombstone, (col(Tombstone.testimonial_id) == col(Testimonial.id)) & (col(Tombstone.at) < until))
        .outerjoin(Decision, (col(Decision.testimonial_id) == col(Testimonial.id)) & stands)
        .outerjoin(Appeal, (col(Appeal.testimonial_id) == col(Testimonial.id)) & (col(Appeal.at) < until))
        .outerjoin(first, first.c.testimonial_id == col(Testimonial.id))
        .where(col(Testimonial.at) < until, *(col(getattr(Testimonial, name)) == value for name, value in named.items()))
    )
    return [_Row._make(row) for row in await session.execute(asked)]


async def as_of(session: AsyncSession, until: datetime) -> dict[tuple[str, str | None], Handling]:
    """How those of each lab, then of each of its projects, were handled before a moment, by (slug, project). One query.

    What was told since counts as told then: only the last time is kept.
    """
    rows: dict[tuple[str, str | None], list[_Row]] = defaultdict(list)
    for row in await _rows(session, {}, until):
        rows[row.lab_slug, None].append(row)
        if row.project_id:
            rows[row.lab_slug, row.project_id].append(row)
    return {where: _handled(rows[where]) for where in sorted(rows, key=lambda where: (where[0], where[1] or ""))}


def _handled(rows: Iterable[_Row]) -> Handling:
    rows = list(rows)
    places = Counter(row.place for row in rows)
    weighing = [row for row in rows if not row.is_false]
    if len(weighing) < ENOUGH:
        weighing = [row for row in weighing if not row.is_withdrawn]
    faces = Counter(row.face for row in weighing)
    delays = [
        (row.decided_at - row.told_at).total_seconds()
        for row in rows
        if row.decided_at and row.told_at and row.decided_at >= row.told_at
    ]
    return Handling(
        received=len(rows),
        begun=places["begun"],
        kept=places["kept"],
        waiting=places["waiting"],
        published=places["published"],
        refused=places["refused"],
        withdrawn=places["withdrawn"],
        refused_by=_reasons(rows),
        false=sum(row.is_false for row in rows),
        decided=sum(row.decided_at is not None for row in rows),
        delay=timedelta(seconds=median(delays)) if len(delays) >= ENOUGH else None,
        faces={face: faces[face] for face in Face},
        satisfaction=scores.satisfaction({GRADES[face]: count for face, count in faces.items()}),
        clarity=scores.comprehension(_degrees(row.clarity for row in weighing)),
        heard=scores.comprehension(_degrees(row.heard for row in weighing)),
    )


def _reasons(rows: Iterable[_Row]) -> dict[Reason, int]:
    counted = Counter(row.reason for row in rows if row.place == "refused" and row.reason)
    return {reason: counted[reason] for reason in Reason if counted[reason]}


def _degrees(given: Iterable[int | None]) -> Counts:
    return Counter(DEGREES[degree] for degree in given if degree is not None)
