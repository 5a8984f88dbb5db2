"""Consents: each person consents to the whole set on the table, or abstains; an objection takes the place of both."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal, world
from workshops.agenda import Member, Stage, Workshop
from workshops.canonical import digest
from workshops.consensus import Method
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of, standing
from workshops.refusals import NotNow, NotThus
from workshops.words import N_, Word


class Position(Word):
    """Where somebody stands on the whole set."""

    CONSENT = "consent", N_("Consentir")
    ABSTAIN = "abstain", N_("S'abstenir")
    OBJECT = "object", N_("Objecter")


FREE = (Position.CONSENT, Position.ABSTAIN)  # what one says in one tap: an objection is a text


class Stance(Record, table=True):
    """One person's position on the set of texts that `fingerprint` names, in one round; replaced, it stays as a trace.

    Nobody consented to the texts that came after. Who objects does so whatever becomes of the texts. `entered_by_id`:
    who copied it from paper.
    """

    __table_args__ = (
        one_of("position", Position),
        Index("uq_stance_standing", "workshop_id", "person_id", unique=True, **standing("ended_at")),
    )

    workshop_id: str = Field(primary_key=True, foreign_key="workshop.id", max_length=12)
    gesture: int = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", max_length=60)
    round: int
    fingerprint: str = Field(max_length=64)
    position: Position = Field(sa_type=Coded(Position))
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    entered_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)

    def counts(self, workshop: Workshop, fingerprint: str) -> bool:
        """Whether it holds for these texts and this round: who objects does so whatever becomes of them."""
        return self.position is Position.OBJECT or self.is_on(workshop, fingerprint)

    def is_on(self, workshop: Workshop, fingerprint: str) -> bool:
        """Whether this is about these very texts, in this very round."""
        return (self.round, self.fingerprint) == (workshop.round, fingerprint)


class Moved(NotNow):
    """The set changed before this was said: nothing is lost, it is asked again."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(N_("Un texte a changé pendant que vous lisiez : regardez lequel, puis dites votre position."))
        self.told = {"ensemble": fingerprint}


async def give(
    session: AsyncSession, workshop_id: str, position: str, *, read: str | None = None, by: Person
) -> Stance:
    """A member consents to all the texts on the table, or abstains; the same twice is once.

    `read`: the fingerprint of the texts they read. Raises NotNow outside the vote, under another rule, for who objects
    (one lifts an objection first), Moved when a text changed meanwhile; NotYours for a non-member.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    member = await require_voice(session, workshop, by)
    current = await fingerprint(session, workshop)
    if read and read != current:
        raise Moved(current)
    before = await own(session, workshop, by)
    refuse(before, position)
    if before and before.position == position and before.is_on(workshop, current):
        agenda.yield_floor(session, workshop)
        return before
    stance = await take(session, workshop, member, Position(position), current)
    journal.record(session, workshop, Kind.CONSENT_GIVEN, by=by, about=workshop.id)
    return stance


async def take_back(session: AsyncSession, workshop_id: str, *, by: Person) -> None:
    """Until the stage ends, one may have no position at all. Nothing to take back is not a gesture.

    Raises NotNow for who objects: an objection is lifted with a word.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    before = await own(session, workshop, by)
    if before is None:  # who leads or observes by now may have spoken before
        await agenda.require_member(session, workshop, by, Role.MEMBER)
    workshop.require(Stage.VOTING)
    require_consent(workshop)
    if before is None:
        agenda.yield_floor(session, workshop)
        return
    refuse(before, Position.ABSTAIN)
    before.ended_at = world.now()
    journal.record(session, workshop, Kind.CONSENT_TAKEN_BACK, by=by, about=workshop.id)


def refuse(before: Stance | None, position: str) -> None:
    """What cannot be said: something else than a position, or anything while one objects."""
    if position not in FREE:
        raise NotThus({"choice": N_("Choisissez : consentir, ou s'abstenir.")})
    if before and before.position is Position.OBJECT:
        raise NotNow(N_("Votre objection tient : levez-la d'abord, d'un mot."))


async def take(
    session: AsyncSession,
    workshop: Workshop,
    member: Member,
    position: Position,
    current: str,
    entered_by: Person | None = None,
) -> Stance:
    """A member's position from this gesture on; the one before ends."""
    await leave(session, workshop, member.person_id)
    stance = Stance(
        workshop_id=workshop.id,
        gesture=workshop.gestures,
        person_id=member.person_id,
        lab_slug=member.lab_slug,
        round=workshop.round,
        fingerprint=current,
        position=position,
        entered_by_id=entered_by.id if entered_by else None,
    )
    session.add(stance)
    return stance


async def leave(session: AsyncSession, workshop: Workshop, person_id: str) -> None:
    """Whatever position a person has ends."""
    before = await _own(session, workshop.id, person_id)
    if before:
        before.ended_at = world.now()
        await session.flush()


async def require_voice(session: AsyncSession, workshop: Workshop, person: Person) -> Member:
    """The seat of somebody who may speak now, or the refusal that says why not."""
    member = await agenda.require_member(session, workshop, person, Role.MEMBER)
    workshop.require(Stage.VOTING)
    require_consent(workshop)
    return member


def require_consent(workshop: Workshop) -> None:
    """A rule by which one consents, or NotNow."""
    if workshop.announced.method is not Method.CONSENT:
        raise NotNow(N_("Cet atelier ne décide pas par consentement : on y vote indicateur par indicateur."))


def named(cards: Collection[Card]) -> str:
    """The fingerprint of a set: which indicators are on the table, and the number of the text of each."""
    return digest({card.id: card.wording.number for card in cards if card.is_open})


async def fingerprint(session: AsyncSession, workshop: Workshop) -> str:
    """The fingerprint of what is on the table now."""
    return named(await indicators.cards(session, workshop.id))


def changed_since(cards: Collection[Card], gesture: int) -> list[Card]:
    """What changed on the table after a gesture: texts that were added or reworded, indicators that were withdrawn."""
    return [
        card for card in cards if max(card.wording.gesture, card.departure.gesture if card.departure else 0) > gesture
    ]


async def own(session: AsyncSession, workshop: Workshop, person: Person) -> Stance | None:
    """A person's position, if any."""
    return await _own(session, workshop.id, person.id)


async def _own(session: AsyncSession, workshop_id: str, person_id: str) -> Stance | None:
    found: Stance | None = await session.scalar(
        select(Stance).where(
            col(Stance.workshop_id) == workshop_id, col(Stance.person_id) == person_id, col(Stance.ended_at).is_(None)
        )
    )
    return found


async def stances(session: AsyncSession, workshop: Workshop) -> list[Stance]:
    """Everybody's position, in the order they said it."""
    found = await session.scalars(
        select(Stance)
        .where(col(Stance.workshop_id) == workshop.id, col(Stance.ended_at).is_(None))
        .order_by(col(Stance.gesture))
    )
    return list(found)
