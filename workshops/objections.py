"""Objections: what somebody holds against the set, argued; it stands until its author lifts it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, consents, indicators, journal, world
from workshops.agenda import Member, Stage, Workshop
from workshops.consents import Position
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotYours
from workshops.texts import clean, one_line, said
from workshops.words import N_

LONGEST = 2000
WORD_LENGTH = 300


class Objection(Record, table=True):
    """Held against one text (`indicator_id`, `wording`) or against the whole set (neither), and why.

    `lab_slug`: the lab one spoke for.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    workshop_id: str = Field(foreign_key="workshop.id", index=True, max_length=12)
    indicator_id: str | None = Field(default=None, foreign_key="indicator.id", max_length=12)
    wording: int | None = None
    text: str = Field(max_length=LONGEST)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", max_length=60)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


class Lifting(Record, table=True):
    """That an objection holds no more, and the word with which its author said so."""

    objection_id: str = Field(primary_key=True, foreign_key="objection.id", max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    because: str = Field(max_length=WORD_LENGTH)
    gesture: int


class Reply(Record, table=True):
    """What is answered to an objection; the last one is the answer, those before stay as traces."""

    objection_id: str = Field(primary_key=True, foreign_key="objection.id", max_length=12)
    gesture: int = Field(primary_key=True)
    text: str = Field(max_length=LONGEST)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


@dataclass(frozen=True)
class Stated:
    """An objection, what was answered, and whether it was lifted."""

    objection: Objection
    reply: Reply | None = None
    lifting: Lifting | None = None

    @property
    def id(self) -> str:
        return self.objection.id

    @property
    def stands(self) -> bool:
        return self.lifting is None

    def is_about(self, indicator_id: str) -> bool:
        """Whether it is held against this text, alone or with all the others."""
        return self.objection.indicator_id in (None, indicator_id)


async def state(
    session: AsyncSession, workshop_id: str, *, text: str, indicator_id: str | None = None, by: Person
) -> Objection:
    """A member objects to a text on the table, or to the whole set, and says why: it takes the place of their consent.

    The same one twice is once. Raises NotNow outside the vote or under another rule, NotYours for a non-member, NotThus without an argument.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    member = await consents.require_voice(session, workshop, by)
    before = await same(session, workshop, by.id, text, indicator_id)
    if before:
        agenda.yield_floor(session, workshop)
        return before
    objection = await hold(session, workshop, member, text=text, indicator_id=indicator_id)
    about = objection.indicator_id or workshop.id
    journal.record(session, workshop, Kind.OBJECTION_RAISED, by=by, about=about)
    return objection


async def same(
    session: AsyncSession, workshop: Workshop, person_id: str, text: str, indicator_id: str | None = None
) -> Objection | None:
    """The same objection of the same person, if it stands already."""
    for each in await stated(session, workshop):
        before = (each.objection.by_id, each.objection.indicator_id, each.objection.text)
        if each.stands and before == (person_id, indicator_id, clean(text)):
            return each.objection
    return None


async def hold(
    session: AsyncSession,
    workshop: Workshop,
    member: Member,
    *,
    text: str,
    indicator_id: str | None = None,
    entered_by: Person | None = None,
) -> Objection:
    """A member's objection, from this gesture on. Raises NotThus without an argument, NotFound for a text of elsewhere."""
    objection = Objection(
        workshop_id=workshop.id,
        text=said(text, "text", LONGEST, N_("Dites pourquoi : sans argument, ce n'est pas une objection.")),
        by_id=member.person_id,
        lab_slug=member.lab_slug,
        gesture=workshop.gestures,
    )
    if indicator_id:
        card = await indicators.card(session, indicator_id)
        if card.indicator.workshop_id != workshop.id:
            raise NotFound(N_("Cet indicateur n'existe pas."))
        if not card.is_open:
            raise indicators.off_table()
        objection.indicator_id, objection.wording = card.id, card.wording.number
    session.add(objection)
    current = await consents.fingerprint(session, workshop)
    await consents.take(session, workshop, member, Position.OBJECT, current, entered_by)
    return objection


async def lift(session: AsyncSession, objection_id: str, *, because: str, by: Person) -> Objection:
    """Its author says, with a word, that it holds no more; whoever leads, for somebody whose paper they copied.

    Lifting one's last objection is consenting to the set as it stands. Lifting twice is once. Raises NotNow outside the
    vote, NotYours for anyone else, NotThus without a word.
    """
    objection, workshop = await _on_floor(session, objection_id, by=by)
    author = await _require_author(session, workshop, objection, by)
    workshop.require(Stage.VOTING)
    if await session.get(Lifting, objection.id):
        agenda.yield_floor(session, workshop)
        return objection
    word = said(one_line(because), "because", WORD_LENGTH, N_("Dites d'un mot pourquoi vous la levez."))
    session.add(Lifting(objection_id=objection.id, by_id=by.id, because=word, gesture=workshop.gestures))
    await session.flush()
    if not await _standing(session, workshop, objection.by_id):
        await _consent(session, workshop, objection, author, by)
    journal.record(session, workshop, Kind.OBJECTION_LIFTED, by=by, about=objection.indicator_id or workshop.id)
    return objection


async def _consent(
    session: AsyncSession, workshop: Workshop, objection: Objection, author: Member | None, by: Person
) -> None:
    """Nothing is held against the set any more. Who does not vote here by now has no position at all."""
    if author and author.role is Role.MEMBER:
        current = await consents.fingerprint(session, workshop)
        entered_by = by if author.on_paper else None
        await consents.take(session, workshop, author, Position.CONSENT, current, entered_by)
    else:
        await consents.leave(session, workshop, objection.by_id)


async def answer(session: AsyncSession, objection_id: str, *, text: str, by: Person) -> Objection:
    """Whoever leads, or who proposed the text, answers an objection; another answer takes the place of the one before.

    Raises NotNow outside the vote or once it is lifted, NotYours for anyone else, NotThus without a text.
    """
    objection, workshop = await _on_floor(session, objection_id, by=by)
    member = await agenda.require_member(session, workshop, by)
    indicator = await indicators.get(session, objection.indicator_id) if objection.indicator_id else None
    if not may_answer(member, indicator):
        raise NotYours(N_("L'animation, ou la personne qui a proposé l'indicateur, répond à une objection."))
    workshop.require(Stage.VOTING)
    if await session.get(Lifting, objection.id):
        raise NotNow(N_("Cette objection est levée : il n'y a plus à y répondre."))
    text = said(text, "text", LONGEST, N_("Écrivez votre réponse."))
    before = (await replies(session, [objection.id])).get(objection.id)
    if before and (before.text, before.by_id) == (text, by.id):
        agenda.yield_floor(session, workshop)
        return objection
    session.add(Reply(objection_id=objection.id, text=text, by_id=by.id, gesture=workshop.gestures))
    journal.record(session, workshop, Kind.OBJECTION_ANSWERED, by=by, about=objection.indicator_id or workshop.id)
    return objection


async def inherit(session: AsyncSession, workshop: Workshop, guest: Person, *, by: Person) -> None:
    """A guest turns out to be somebody with a place of their own in an open workshop: one person is one voice.

    The guest's position is taken back, in one gesture; what they objected is the person's to lift, and their position.
    """
    before = await consents.own(session, workshop, guest)
    mine = update(Objection).where(col(Objection.workshop_id) == workshop.id, col(Objection.by_id) == guest.id)
    await session.execute(mine.values(by_id=by.id).execution_options(synchronize_session=False))
    if before is None:
        return
    floor = await agenda.take_floor(session, workshop.id, by=by)
    await consents.leave(session, floor, guest.id)
    member = await agenda.seat(session, floor.id, by)
    if before.position is Position.OBJECT and member:
        await consents.take(session, floor, member, Position.OBJECT, before.fingerprint)
    journal.record(session, floor, Kind.CONSENT_TAKEN_BACK, by=by, about=floor.id)
    await session.flush()


def may_answer(member: Member | None, indicator: Indicator | None) -> bool:
    """Whoever leads; for a text, who proposed it, while they take part."""
    if member is None or member.role is Role.OBSERVER:
        return False
    return member.role in agenda.LEADING or (indicator is not None and indicator.author_id == member.person_id)


def may_lift(member: Member | None, objection: Objection, author: Member | None) -> bool:
    """Its author; whoever leads, for somebody on paper."""
    if member is None:
        return False
    on_paper = author is not None and author.on_paper
    return member.person_id == objection.by_id or (on_paper and member.role in agenda.LEADING)


async def _require_author(session: AsyncSession, workshop: Workshop, objection: Objection, by: Person) -> Member | None:
    """The seat of an objection's author, if `by` may lift it."""
    member = await agenda.seat(session, workshop.id, by)
    author = await agenda.seat_of(session, workshop.id, objection.by_id)
    if member is None:
        agenda.require_role(None)
    if not may_lift(member, objection, author):
        raise NotYours(N_("Seule la personne qui a fait l'objection peut la lever."))
    return author


async def _on_floor(session: AsyncSession, objection_id: str, *, by: Person) -> tuple[Objection, Workshop]:
    home = (await get(session, objection_id)).workshop_id
    workshop = await agenda.take_floor(session, home, by=by)
    objection = await session.get_one(Objection, objection_id, populate_existing=True)
    return objection, workshop


async def get(session: AsyncSession, objection_id: str) -> Objection:
    objection = await session.get(Objection, objection_id)
    if objection is None:
        raise NotFound(N_("Cette objection n'existe pas."))
    return objection


async def _standing(session: AsyncSession, workshop: Workshop, person_id: str) -> bool:
    """Whether a person holds anything against the set."""
    held = (
        select(Objection.id)
        .outerjoin(Lifting, col(Lifting.objection_id) == col(Objection.id))
        .where(
            col(Objection.workshop_id) == workshop.id,
            col(Objection.by_id) == person_id,
            col(Lifting.objection_id).is_(None),
        )
    )
    return await session.scalar(held.limit(1)) is not None


async def stated(session: AsyncSession, workshop: Workshop) -> list[Stated]:
    """Every objection of a workshop, in the order they were made, with what became of it. Two queries."""
    found = await session.execute(
        select(Objection, Lifting)
        .outerjoin(Lifting, col(Lifting.objection_id) == col(Objection.id))
        .where(col(Objection.workshop_id) == workshop.id)
        .order_by(col(Objection.gesture))
    )
    rows = found.all()
    answers = await replies(session, [objection.id for objection, _ in rows])
    return [Stated(objection, answers.get(objection.id), lifting) for objection, lifting in rows]


async def replies(session: AsyncSession, objection_ids: Collection[str]) -> dict[str, Reply]:
    """The answer to each of these objections that has one: the last one written. One query."""
    found = await session.scalars(
        select(Reply).where(col(Reply.objection_id).in_(objection_ids)).order_by(col(Reply.gesture))
    )
    return {reply.objection_id: reply for reply in found}
