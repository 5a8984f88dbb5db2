"""Attachments: guests who turn out to be somebody with an account."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select
from sqlmodel.sql.expression import SelectOfScalar

from workshops import agenda, audit, journal, objections, people, world
from workshops.agenda import Member, Workshop
from workshops.amendments import Amendment
from workshops.audit import Deed
from workshops.comments import Comment
from workshops.consents import Stance
from workshops.contests import Contest, Judgement
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.notes import Note
from workshops.objections import Objection
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotYours
from workshops.votes import Vote
from workshops.words import N_


class Attachment(Record, table=True):
    """That a guest was this person: sealed records keep the guest's id, and this tells who that is.

    The platform's journal names `id`, drawn at random, and neither of the two: they cannot be guessed from its hashes.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    guest_id: str = Field(foreign_key="person.id", unique=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def attach(session: AsyncSession, guest: Person, *, by: Person) -> None:
    """What a guest did on this device is an account's from now on; attaching twice is once.

    Where the account has no seat, the guest's seat goes to it with all that was said from there (votes, positions,
    objections, proposals, amendments, comments, notes), and the browser that the guest was cannot be them any more.
    Where it has one, an open workshop takes back the guest's votes and position, and a contest under way knows one
    ballot: nobody counts twice.
    Journals and wordings are sealed: they keep the guest's id. Raises NotYours when the guest is somebody with an account,
    or was attached to another.
    """
    register = await audit.take_floor(session, by=by)
    before: Attachment | None = await session.scalar(select(Attachment).where(col(Attachment.guest_id) == guest.id))
    if before and before.person_id == by.id:
        audit.yield_floor(session, register)
        return
    if before or guest.id == by.id or await people.has_account(session, guest):
        raise NotYours(N_("Cette participation est celle d'un autre compte."))
    attachment = Attachment(guest_id=guest.id, person_id=by.id)
    session.add(attachment)
    audit.record(session, register, Deed.GUEST_ATTACHED, by=by, about=attachment.id)
    await session.flush()
    with journal.as_part(session):
        for workshop in await agenda.hold(session, [guest.id]):
            if await agenda.seat(session, workshop.id, by) is None:
                await _hand_over(session, guest, by, workshop)
            elif workshop.is_open:
                await _take_back(session, guest, by, workshop)
                await objections.inherit(session, workshop, guest, by=by)
                await _one_ballot(session, guest, by, workshop)


async def _hand_over(session: AsyncSession, guest: Person, to: Person, workshop: Workshop) -> None:
    here = col(Indicator.workshop_id) == workshop.id
    theirs = select(Indicator.id).where(here)
    for record, column, condition, more in (
        (Member, "person_id", col(Member.workshop_id) == workshop.id, {"door": None}),
        (Indicator, "author_id", here, {}),
        (Comment, "by_id", col(Comment.indicator_id).in_(theirs), {}),
        (Amendment, "by_id", col(Amendment.indicator_id).in_(theirs), {}),
        (Vote, "person_id", col(Vote.indicator_id).in_(theirs), {}),
        (Note, "person_id", col(Note.workshop_id) == workshop.id, {}),
        (Judgement, "person_id", col(Judgement.contest_id).in_(_contests(workshop)), {}),
        (Stance, "person_id", col(Stance.workshop_id) == workshop.id, {}),
        (Objection, "by_id", col(Objection.workshop_id) == workshop.id, {}),
    ):
        owner: ColumnElement[Any] = getattr(record, column)
        await session.execute(
            update(record)
            .where(owner == guest.id, condition)
            .values({column: to.id, **more})
            .execution_options(synchronize_session=False)
        )


async def _take_back(session: AsyncSession, guest: Person, by: Person, workshop: Workshop) -> None:
    """Each indicator the guest voted for is one gesture: a vote less, and the minutes say so."""
    standing = (
        col(Vote.person_id) == guest.id,
        col(Vote.taken_back_at).is_(None),
        col(Vote.indicator_id).in_(select(Indicator.id).where(col(Indicator.workshop_id) == workshop.id)),
    )
    voted = select(Vote.indicator_id).where(*standing).distinct().order_by(col(Vote.indicator_id))
    for indicator_id in (await session.scalars(voted)).all():
        floor = await agenda.take_floor(session, workshop.id, by=by)
        await session.execute(
            update(Vote)
            .where(*standing, col(Vote.indicator_id) == indicator_id)
            .values(taken_back_at=world.now())
            .execution_options(synchronize_session=False)
        )
        journal.record(session, floor, Kind.VOTE_TAKEN_BACK, by=by, about=indicator_id)
        await session.flush()


async def _one_ballot(session: AsyncSession, guest: Person, by: Person, workshop: Workshop) -> None:
    """In each contest under way the account's own ballot stands, for which the guest's makes room; else the guest's is theirs."""
    under_way = _contests(workshop).where(col(Contest.ended_at).is_(None))
    of_guest = (col(Judgement.person_id) == guest.id, col(Judgement.contest_id).in_(under_way))
    graded = select(Judgement.contest_id, Contest.indicator_id).join(Contest, col(Contest.id) == col(Judgement.contest_id))
    both = (
        await session.execute(
            graded.where(
                *of_guest,
                col(Judgement.contest_id).in_(select(Judgement.contest_id).where(col(Judgement.person_id) == by.id)),
            )
            .distinct()
            .order_by(col(Judgement.contest_id))
        )
    ).all()
    for contest_id, indicator_id in both:
        floor = await agenda.take_floor(session, workshop.id, by=by)
        await session.execute(delete(Judgement).where(*of_guest, col(Judgement.contest_id) == contest_id))
        journal.record(session, floor, Kind.CONTEST_GRADED, by=by, about=indicator_id)
        await session.flush()
    await session.execute(
        update(Judgement).where(*of_guest).values(person_id=by.id).execution_options(synchronize_session=False)
    )


def _contests(workshop: Workshop) -> SelectOfScalar[str]:
    """The contests of a workshop."""
    here = select(Indicator.id).where(col(Indicator.workshop_id) == workshop.id)
    return select(Contest.id).where(col(Contest.indicator_id).in_(here))


async def members(session: AsyncSession, workshop_id: str) -> dict[str, Member]:
    """Everybody of a workshop, by person, and by the guest that some were before. One query."""
    found = await session.execute(
        select(Member, Attachment.guest_id)
        .outerjoin(Attachment, col(Attachment.person_id) == col(Member.person_id))
        .where(col(Member.workshop_id) == workshop_id)
    )
    seated: dict[str, Member] = {}
    for member, guest_id in found:
        seated[member.person_id] = member
        if guest_id:
            seated.setdefault(guest_id, member)
    return seated


async def seats_of(session: AsyncSession, guest: Person) -> list[tuple[Member, Workshop]]:
    """The seats of a guest: what attaching is about."""
    found = await session.execute(
        select(Member, Workshop)
        .join(Workshop, col(Workshop.id) == col(Member.workshop_id))
        .where(col(Member.person_id) == guest.id)
        .order_by(col(Member.joined_at))
    )
    return [(member, workshop) for member, workshop in found]


async def guests_of(session: AsyncSession, person: Person) -> list[str]:
    """The guests that a person turned out to have been."""
    return list(await session.scalars(select(Attachment.guest_id).where(col(Attachment.person_id) == person.id)))
