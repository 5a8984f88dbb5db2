"""Comments: what people say of a field of a wording."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal, world
from workshops.agenda import Stage, Workshop
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotThus
from workshops.sheet import BY_NAME
from workshops.texts import said
from workshops.words import N_

LONGEST = 2000
REASON_LENGTH = 300


class Comment(Record, table=True):
    """Said of one field of one wording; `parent_id` makes it an answer."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    indicator_id: str = Field(foreign_key="indicator.id", index=True, max_length=12)
    wording: int
    field: str = Field(max_length=32)
    text: str = Field(max_length=LONGEST)
    parent_id: str | None = Field(default=None, foreign_key="comment.id", max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


class Hiding(Record, table=True):
    """A comment the facilitator took off the page, and why. The comment itself stays."""

    comment_id: str = Field(primary_key=True, foreign_key="comment.id", max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    because: str = Field(max_length=REASON_LENGTH)
    gesture: int


@dataclass(frozen=True)
class Thread:
    """A comment, whether it is hidden, and its answers in order."""

    comment: Comment
    hiding: Hiding | None
    answers: tuple["Thread", ...] = ()


async def post(
    session: AsyncSession, indicator_id: str, *, field: str, text: str, answers: str | None = None, by: Person
) -> Comment:
    """A member comments on a field of the current wording, or answers a comment (one level deep).

    Raises NotNow before the proposals and once closed.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    await agenda.require_member(session, workshop, by)
    workshop.require(Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)
    parent = await _parent(session, indicator, answers)
    comment = Comment(
        indicator_id=indicator.id,
        wording=indicator.wording,
        field=parent.field if parent else _field(field),
        text=said(text, "text", LONGEST, N_("Écrivez votre avis.")),
        parent_id=parent.id if parent else None,
        by_id=by.id,
        gesture=workshop.gestures,
    )
    session.add(comment)
    journal.record(session, workshop, Kind.COMMENT_POSTED, by=by, about=indicator.id)
    return comment


async def hide(session: AsyncSession, comment_id: str, *, because: str, by: Person) -> Comment:
    """The facilitator hides a comment, saying why. The trace stays: who, when, the reason."""
    comment = await get(session, comment_id)
    indicator = await indicators.get(session, comment.indicator_id)
    workshop = await agenda.take_floor(session, indicator.workshop_id, by=by)
    await agenda.require_member(session, workshop, by, *agenda.LEADING)
    because = said(because, "because", REASON_LENGTH, N_("Dites pourquoi cet avis est masqué."))
    if await session.get(Hiding, comment.id) is None:
        session.add(Hiding(comment_id=comment.id, by_id=by.id, because=because, gesture=workshop.gestures))
        journal.record(session, workshop, Kind.COMMENT_HIDDEN, by=by, about=indicator.id)
    else:
        agenda.yield_floor(session, workshop)
    return comment


async def _parent(session: AsyncSession, indicator: Indicator, parent_id: str | None) -> Comment | None:
    """The head of the thread one answers: an answer to an answer joins the same thread."""
    if not parent_id:
        return None
    parent = await get(session, parent_id)
    if parent.indicator_id != indicator.id:
        raise NotFound(N_("Cet avis n'existe pas."))
    return await get(session, parent.parent_id) if parent.parent_id else parent


def _field(name: str) -> str:
    if name not in BY_NAME:
        raise NotThus({"field": N_("Choisissez le champ dont vous parlez.")})
    return name


async def get(session: AsyncSession, comment_id: str) -> Comment:
    comment = await session.get(Comment, comment_id)
    if comment is None:
        raise NotFound(N_("Cet avis n'existe pas."))
    return comment


async def threads(session: AsyncSession, indicator_id: str) -> list[Thread]:
    """What was said of an indicator, in the order it was said."""
    return (await _threads(session, col(Comment.indicator_id) == indicator_id)).get(indicator_id, [])


async def all_threads(session: AsyncSession, workshop: Workshop) -> dict[str, list[Thread]]:
    """What was said of each indicator of a workshop. One query."""
    here = select(Indicator.id).where(col(Indicator.workshop_id) == workshop.id)
    return await _threads(session, col(Comment.indicator_id).in_(here))


async def _threads(session: AsyncSession, condition: ColumnElement[bool]) -> dict[str, list[Thread]]:
    rows = await session.execute(
        select(Comment, Hiding)
        .outerjoin(Hiding, col(Hiding.comment_id) == col(Comment.id))
        .where(condition)
        .order_by(col(Comment.indicator_id), col(Comment.gesture))
    )
    found = [(comment, hiding) for comment, hiding in rows]
    answers: dict[str, list[Thread]] = {}
    for comment, hiding in found:
        if comment.parent_id:
            answers.setdefault(comment.parent_id, []).append(Thread(comment, hiding))
    threads: dict[str, list[Thread]] = {}
    for comment, hiding in found:
        if not comment.parent_id:
            threads.setdefault(comment.indicator_id, []).append(
                Thread(comment, hiding, tuple(answers.get(comment.id, ())))
            )
    return threads


async def on_fields(session: AsyncSession, indicator_ids: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """The ids of what was said of each field of these indicators, in order; hidden ones left out. One query."""
    rows = await session.execute(
        select(Comment.indicator_id, Comment.field, Comment.id)
        .outerjoin(Hiding, col(Hiding.comment_id) == col(Comment.id))
        .where(col(Comment.indicator_id).in_(indicator_ids), col(Hiding.comment_id).is_(None))
        .order_by(col(Comment.gesture))
    )
    found: dict[tuple[str, str], list[str]] = {}
    for indicator_id, name, comment_id in rows:
        found.setdefault((indicator_id, name), []).append(comment_id)
    return found


async def counts(session: AsyncSession, workshop_id: str, only: Collection[str] | None = None) -> dict[str, int]:
    """How many comments each indicator of a workshop, or `only` these, has; hidden ones left out."""
    return await _counts(session, indicators.among(workshop_id, only))


async def count(session: AsyncSession, indicator_id: str) -> int:
    """How many comments an indicator has, hidden ones left out."""
    return (await _counts(session, col(Indicator.id) == indicator_id)).get(indicator_id, 0)


async def _counts(session: AsyncSession, condition: ColumnElement[bool]) -> dict[str, int]:
    rows = await session.execute(
        select(Comment.indicator_id, func.count())
        .join(Indicator, col(Indicator.id) == col(Comment.indicator_id))
        .outerjoin(Hiding, col(Hiding.comment_id) == col(Comment.id))
        .where(condition, col(Hiding.comment_id).is_(None))
        .group_by(col(Comment.indicator_id))
    )
    return dict(rows.all())
