"""Hearings: where the whole set stands under consent, as everybody may see it, and a person's own part in it."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from server.signatures import Cast
from workshops import agenda, consents, indicators, objections, rolls, turnout
from workshops.agenda import Workshop
from workshops.consents import Position, Stance
from workshops.indicators import Card
from workshops.objections import Objection, Stated
from workshops.people import Person
from workshops.rolls import Roll


@dataclass(frozen=True)
class Heard:
    """An objection as everybody reads it, signed, with the lab its author spoke for.

    `card`: the text it is about, as it stands, if it is about one; `by`: who answered.
    """

    stated: Stated
    card: Card | None
    name: str
    lab: str
    by: str = ""

    @property
    def objection(self) -> Objection:
        return self.stated.objection

    @property
    def is_outdated(self) -> bool:
        """Whether the text it is about is another one since."""
        return self.card is not None and self.card.wording.number != self.objection.wording


@dataclass(frozen=True)
class Mine:
    """A person's own part: their position, what changed since they said it, and what they hold against the set."""

    stance: Stance | None
    changed: tuple[Card, ...]
    is_current: bool
    held: tuple[Heard, ...]

    @property
    def position(self) -> Position | None:
        return self.stance.position if self.stance else None


@dataclass(frozen=True)
class Hearing:
    """Where the set stands. `silent`: who has said nothing, by name and lab; `mine` is None when drawn without a viewer.

    While results are hidden, it only says how many spoke and how many objections stand.
    """

    workshop: Workshop
    roll: Roll
    cards: tuple[Card, ...]
    heard: tuple[Heard, ...]
    silent: tuple[tuple[str, str], ...]
    mine: Mine | None = None

    @property
    def is_hidden(self) -> bool:
        return self.workshop.hides

    @property
    def key(self) -> str:
        """What one's own part is for, in its id: other texts or another round ask everybody again."""
        return f"{self.roll.fingerprint[:8]}-t{self.workshop.round}"

    @property
    def shown(self) -> tuple[Heard, ...]:
        """What everybody may read: those that stand, then those that were lifted."""
        return () if self.is_hidden else tuple(sorted(self.heard, key=lambda each: not each.stated.stands))

    def about(self, indicator_id: str) -> tuple[Heard, ...]:
        """What everybody may read that is held against one text."""
        return tuple(each for each in self.shown if each.objection.indicator_id == indicator_id)


async def read(session: AsyncSession, workshop: Workshop, who: Cast) -> Hearing:
    """Where the set of a workshop stands. Five queries."""
    cards = await indicators.cards(session, workshop.id)
    stated = await objections.stated(session, workshop)
    stances = await consents.stances(session, workshop)
    roll = rolls.called(workshop, cards, stances, stated)
    missing = await turnout.without_position(session, workshop, stances, roll.fingerprint)
    by_id = {card.id: card for card in cards}
    return Hearing(
        workshop,
        roll,
        tuple(cards),
        tuple(_heard(each, by_id, who) for each in stated),
        tuple((each.name, each.lab) for each in missing if not each.has_voted),
    )


def _heard(stated: Stated, cards: dict[str, Card], who: Cast) -> Heard:
    by = stated.objection.by_id
    card = cards[stated.objection.indicator_id] if stated.objection.indicator_id else None
    answered = who.name(stated.reply.by_id) if stated.reply else ""
    return Heard(stated, card, who.name(by), who.labs.get(stated.objection.lab_slug or "", ""), answered)


async def seen_by(session: AsyncSession, hearing: Hearing, viewer: Person) -> Hearing:
    """The hearing with a person's own part. One query."""
    stance = await consents.own(session, hearing.workshop, viewer)
    changed = consents.changed_since(hearing.cards, stance.gesture) if stance else []
    is_current = stance is not None and stance.is_on(hearing.workshop, hearing.roll.fingerprint)
    held = tuple(each for each in hearing.heard if each.objection.by_id == viewer.id and each.stated.stands)
    return replace(hearing, mine=Mine(stance, tuple(changed), is_current, held))


@dataclass(frozen=True)
class Opened:
    """One objection on a page of its own, and what the viewer may do with it."""

    hearing: Hearing
    heard: Heard
    is_mine: bool
    may_lift: bool
    may_answer: bool

    @property
    def is_hidden(self) -> bool:
        return self.hearing.is_hidden and not self.is_mine


async def opened(session: AsyncSession, hearing: Hearing, objection_id: str, viewer: Person | None) -> Opened:
    """One objection, for whoever looks."""
    (heard,) = [each for each in hearing.heard if each.stated.id == objection_id]
    workshop = hearing.workshop
    member = await agenda.seat(session, workshop.id, viewer)
    author = await agenda.seat_of(session, workshop.id, heard.objection.by_id)
    is_live = heard.stated.stands and workshop.stage is agenda.Stage.VOTING
    return Opened(
        hearing,
        heard,
        is_mine=viewer is not None and viewer.id == heard.objection.by_id,
        may_lift=is_live and objections.may_lift(member, heard.objection, author),
        may_answer=is_live and objections.may_answer(member, heard.card.indicator if heard.card else None),
    )
