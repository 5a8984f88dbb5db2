"""Rolls: where the whole set stands, as voices say it one by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import consents, indicators, objections
from workshops.agenda import Workshop
from workshops.consensus import Consent, Method, Outcome, Rule, Voices, whole
from workshops.consents import FREE, Position, Stance
from workshops.indicators import Card
from workshops.objections import Stated


@dataclass(frozen=True)
class Roll:
    """How the set stands, by the announced rule, on the texts that `fingerprint` names.

    `consents`, `abstains`: voices, of people or of labs; `earlier`: people whose position is on an earlier set;
    `objections`: those that stand; `people`: how many have a position; `on_paper`: how many of them by paper. A lab consents
    when one of its members does and none objects.
    """

    rule: Rule
    fingerprint: str = ""
    consents: int = 0
    abstains: int = 0
    earlier: int = 0
    objections: int = 0
    people: int = 0
    on_paper: int = 0

    @property
    def outcome(self) -> Outcome:
        """What the announced rule makes of it."""
        assert isinstance(self.rule.decision, Consent)
        return self.rule.decision.decide(voices=self.consents, standing=self.objections)

    def published(self) -> dict[str, Any]:
        """The roll as the tally of each indicator of the set writes it."""
        told: dict[str, Any] = {
            "texte_actuel": {Position.CONSENT.value: self.consents, Position.ABSTAIN.value: self.abstains},
            "texte_anterieur": self.earlier,
            "objections": self.objections,
        }
        if self.rule.voices is Voices.LABS:
            told["personnes"] = self.people
        if self.on_paper:
            told["sur_papier"] = self.on_paper
        return told


def read(rule: Rule, votes: Mapping[str, Any]) -> Roll:
    """The roll that `published` wrote. Raises KeyError, TypeError or ValueError for none."""
    said = {Position(position): whole(number) for position, number in votes["texte_actuel"].items()}
    if set(said) != set(FREE):
        raise ValueError("a set has consents and abstentions")
    consents, abstains = (said[position] for position in FREE)
    people = whole(votes.get("personnes", consents + abstains))
    return Roll(
        rule,
        consents=consents,
        abstains=abstains,
        earlier=whole(votes["texte_anterieur"]),
        objections=whole(votes["objections"]),
        people=people,
        on_paper=whole(votes.get("sur_papier", 0)),
    )


def called(workshop: Workshop, cards: Collection[Card], stances: Sequence[Stance], stated: Sequence[Stated]) -> Roll:
    """The roll of a set on the table."""
    current = consents.named(cards)
    now = [each for each in stances if each.counts(workshop, current)]
    return Roll(
        workshop.announced,
        current,
        consents=_voices(workshop.announced, now, Position.CONSENT),
        abstains=_voices(workshop.announced, now, Position.ABSTAIN),
        earlier=len(stances) - len(now),
        objections=sum(each.stands for each in stated),
        people=len(now),
        on_paper=sum(each.entered_by_id is not None for each in now),
    )


def _voices(rule: Rule, now: Sequence[Stance], position: Position) -> int:
    """How many voices say this: people, or labs.

    A lab objects as soon as one of its members does, else consents as soon as one does.
    """
    if rule.voices is Voices.PERSONS:
        return sum(each.position is position for each in now)
    order = (Position.OBJECT, Position.CONSENT, Position.ABSTAIN)
    labs: dict[str, Position] = {}
    for each in now:
        if each.lab_slug:
            labs[each.lab_slug] = min(labs.get(each.lab_slug, each.position), each.position, key=order.index)
    return sum(said is position for said in labs.values())


async def roll(session: AsyncSession, workshop: Workshop) -> Roll | None:
    """Where the set of a workshop stands; None, without a query, where the rule is not consent."""
    if workshop.announced.method is not Method.CONSENT:
        return None
    cards = await indicators.cards(session, workshop.id)
    said = await consents.stances(session, workshop)
    held = await objections.stated(session, workshop)
    return called(workshop, cards, said, held)
