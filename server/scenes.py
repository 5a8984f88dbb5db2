"""Scenes: what a screen shows, read once. Pages and live frames draw from the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import agenda, changes, comments, consensus, frameworks, indicators, labs, votes
from workshops.agenda import Member, Workshop
from workshops.changes import Change
from workshops.comments import Thread
from workshops.consensus import ThreeChoices
from workshops.frameworks import Framework
from workshops.indicators import Card, Wording
from workshops.people import Person
from workshops.sheet import Family
from workshops.votes import Tally, Vote


@dataclass(frozen=True)
class Presence:
    """How many people are in the room, and from which labs."""

    count: int = 0
    labs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Own:
    """A person's own ballot: the vote on this text, or the one on an earlier text with what changed since."""

    current: Vote | None = None
    earlier: Vote | None = None
    changed: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Item:
    """An indicator in a list. `own` is None when drawn without a viewer, as every live frame is."""

    card: Card
    tally: Tally
    said: int
    own: Own | None = None

    @property
    def id(self) -> str:
        return self.card.id


@dataclass(frozen=True)
class Cast:
    """Who is who in a workshop, for signing comments."""

    members: dict[str, Member]
    labs: dict[str, str]

    def name(self, person_id: str | None) -> str:
        member = self.members.get(person_id or "")
        return member.name if member else ""

    def lab(self, person_id: str | None) -> str:
        member = self.members.get(person_id or "")
        return self.labs.get(member.lab_slug or "", "") if member else ""

    def lab_slug(self, person_id: str | None) -> str | None:
        member = self.members.get(person_id or "")
        return member.lab_slug if member else None


@dataclass(frozen=True)
class Room:
    """A workshop as its room shows it, drawn up to gesture `workshop.gestures`."""

    workshop: Workshop
    items: tuple[Item, ...]
    latest: Framework | None
    rule: ThreeChoices = consensus.ANNOUNCED

    @property
    def families(self) -> list[tuple[Family, list[Item]]]:
        return [(family, [item for item in self.items if item.card.family is family]) for family in Family]


@dataclass(frozen=True)
class Detail:
    """One indicator with all that was written and said of it."""

    workshop: Workshop
    item: Item
    wordings: tuple[Wording, ...]
    threads: tuple[Thread, ...]
    reasons: tuple[Vote, ...]
    cast: Cast
    latest: Framework | None
    rule: ThreeChoices = consensus.ANNOUNCED


async def room(session: AsyncSession, workshop_id: str, viewer: Person | None = None) -> Room:
    """A workshop's room: the last gesture is read before the cards, so that a screen never claims too much."""
    workshop = await agenda.get(session, workshop_id)
    return Room(workshop, tuple(await items(session, workshop, viewer)), await frameworks.latest(session))


async def items(session: AsyncSession, workshop: Workshop, viewer: Person | None = None) -> list[Item]:
    """The indicators on the table; with a viewer, each with their own ballot."""
    tallies = await votes.tallies(session, workshop.id)
    said = await comments.counts(session, workshop.id)
    found = [
        Item(card, tallies.get(card.id, Tally()), said.get(card.id, 0))
        for card in await indicators.cards(session, workshop.id)
        if card.is_open
    ]
    if viewer is None:
        return found
    ballots = await votes.ballots(session, workshop.id, viewer)
    earlier = await votes.texts_read(session, [ballot.earlier for ballot in ballots.values() if ballot.earlier])
    return [replace(item, own=_own(item.card, ballots.get(item.id), earlier)) for item in found]


async def item(session: AsyncSession, indicator_id: str, viewer: Person | None = None) -> Item:
    """One indicator of a list."""
    card = await indicators.card(session, indicator_id)
    found = Item(card, await votes.tally(session, indicator_id), await comments.count(session, indicator_id))
    if viewer is None:
        return found
    ballot = await votes.ballot(session, card.indicator, viewer)
    earlier = await votes.texts_read(session, [ballot.earlier] if ballot.earlier else [])
    return replace(found, own=_own(card, ballot, earlier))


def _own(card: Card, ballot: votes.Ballot | None, texts: dict[tuple[str, int], Wording]) -> Own:
    if ballot is None:
        return Own()
    if ballot.earlier is None:
        return Own(current=ballot.current)
    read = texts[ballot.earlier.indicator_id, ballot.earlier.wording]
    return Own(earlier=ballot.earlier, changed=tuple(changes.between(read.sheet, card.sheet)))


async def detail(session: AsyncSession, indicator_id: str, viewer: Person | None = None) -> Detail:
    """One indicator's page."""
    indicator = await indicators.get(session, indicator_id)
    workshop = await agenda.get(session, indicator.workshop_id)
    return Detail(
        workshop=workshop,
        item=await item(session, indicator_id, viewer),
        wordings=tuple(await indicators.history(session, indicator)),
        threads=tuple(await comments.threads(session, indicator_id)),
        reasons=tuple(await votes.reasons(session, indicator)),
        cast=await cast(session, workshop.id),
        latest=await frameworks.latest(session),
    )


async def cast(session: AsyncSession, workshop_id: str) -> Cast:
    """Who is who in a workshop."""
    names = {lab.slug: lab.name for lab in await labs.directory(session)}
    return Cast(await agenda.members(session, workshop_id), names)


def seat_name(member: Member | None) -> str:
    """What a page calls the viewer's place: the role, or "none" for a stranger."""
    return member.role.value if member else "none"


def steps(wordings: Sequence[Wording]) -> list[tuple[Wording, list[Change]]]:
    """A history, each text with what it changed from the one before."""
    return [
        (wording, changes.between(before.sheet, wording.sheet) if before else [])
        for before, wording in zip([None, *wordings], wordings, strict=False)
    ]
