"""Scenes: what a screen shows, read once. Pages and live frames draw from the same ones."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from server import amending, hearings, signatures
from server.amending import Amended
from server.hearings import Hearing
from server.plot import Plot, plot
from server.signatures import Cast
from server.templating import REASON
from workshops import (
    agenda,
    amendments,
    ballots,
    changes,
    comments,
    conclusions,
    evidence,
    frameworks,
    indicators,
    lineage,
    results,
    schedule,
    tallies,
    votes,
)
from workshops.agenda import Member, Workshop
from workshops.ballots import Ballot
from workshops.changes import Change
from workshops.comments import Thread
from workshops.conclusions import Conclusion
from workshops.consensus import Method, Rule, Secrecy
from workshops.evidence import Cited
from workshops.indicators import Card, Wording
from workshops.lineage import ALONE, Kin, Relative
from workshops.people import Person, Role
from workshops.schedule import Day
from workshops.tallies import Tally
from workshops.vocabulary import Family
from workshops.votes import Paper, Vote


@dataclass(frozen=True)
class Presence:
    """How many people are in the room, and from which labs."""

    count: int = 0
    labs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Own:
    """A person's own ballot: the vote on this text, or the one on an earlier text with what changed since.

    `ancestor`: what the earlier one is on, where that is an indicator that this one comes from. `results`: what the
    group says, where the rule shows it to whoever has voted. `is_late`: the earlier one was said after the text had
    changed, and counts nowhere.
    """

    current: Vote | None = None
    earlier: Vote | None = None
    ancestor: Relative | None = None
    changed: tuple[Change, ...] = ()
    results: Tally | None = None
    is_late: bool = False


@dataclass(frozen=True)
class Item:
    """An indicator in a list. `own` is None when drawn without a viewer, as every live frame is.

    `round`, `former`: of the vote, and what the group said in the round before. `drawn` keeps its parts as they were
    drawn, for as long as nothing changes: another state is another item.
    """

    card: Card
    tally: Tally
    said: int
    waiting: int = 0  # amendments without an answer yet
    round: int = 1
    former: Tally | None = None
    kin: Kin = ALONE
    own: Own | None = None
    evidence: tuple[Cited, ...] = ()
    drawn: dict[tuple[str, Hashable], Markup] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        return self.card.id

    @property
    def number(self) -> int:
        """The number of the current wording."""
        return self.card.wording.number

    @property
    def ancestors(self) -> list[str]:
        """All that it comes from."""
        return [ancestor.id for ancestor in self.kin.ancestors]

    @property
    def rule(self) -> Rule:
        return self.tally.rule

    def with_tally(self, tally: Tally) -> "Item":
        """The same, but for its votes."""
        return replace(self, tally=tally, drawn=self._drawn_but("tally"))

    def with_evidence(self, evidence: tuple[Cited, ...]) -> "Item":
        """The same, but for what is cited."""
        return replace(self, evidence=evidence, drawn=self._drawn_but("evidence"))

    def _drawn_but(self, name: str) -> dict[tuple[str, Hashable], Markup]:
        return {key: html for key, html in self.drawn.items() if key[0] not in (name, "card")}

    @property
    def alike(self) -> Hashable | None:
        """What those who see the same ballot, but for their reason, have in common; None after an earlier text."""
        if self.own is None:
            return "nobody"
        if self.own.earlier or self.own.results:
            return None
        vote = self.own.current
        return ("own", vote and vote.choice, bool(self.reason))

    @property
    def reason(self) -> str:
        """The viewer's own."""
        return self.own.current.reason if self.own and self.own.current else ""

    @property
    def unsigned(self) -> "Item":
        """The same, with a place instead of the viewer's reason."""
        if not (self.own and self.own.current and self.reason):
            return self
        return replace(self, own=replace(self.own, current=self.own.current.model_copy(update={"reason": REASON})))


@dataclass(frozen=True)
class Room:
    """A workshop as its room shows it, drawn up to gesture `workshop.gestures`; `hearing` under consent alone."""

    workshop: Workshop
    items: tuple[Item, ...]
    left: tuple[Item, ...]
    latest: str | None
    day: Day
    hearing: Hearing | None = None

    @cached_property
    def rule(self) -> Rule:
        return self.workshop.announced

    @property
    def all(self) -> tuple[Item, ...]:
        """The indicators on the table, then those that left it."""
        return self.items + self.left

    def sharing(self, indicator_id: str) -> list[str]:
        """What may have a vote in common with an indicator: itself, those it comes from, those that come from one of them."""
        lines = {item.id: {item.id, *item.ancestors} for item in self.all}
        return [id for id, line in lines.items() if line & lines.get(indicator_id, set())]

    @cached_property
    def evidence(self) -> dict[str, tuple[Cited, ...]]:
        """What is cited on each indicator where something is."""
        return {item.id: item.evidence for item in self.all if item.evidence}

    @property
    def has_plot(self) -> bool:
        """Whether there are two axes that everybody may see."""
        return self.rule.method is Method.TWO_AXES and not self.workshop.hides

    @cached_property
    def plot(self) -> Plot | None:
        """The picture of both axes."""
        return plot(results.ordered((item.card, item.tally) for item in self.items)) if self.has_plot else None

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
    conclusion: Conclusion | None
    amended: Amended
    cast: Cast
    latest: str | None
    day: Day
    hearing: Hearing | None = None

    @cached_property
    def rule(self) -> Rule:
        return self.workshop.announced

    @property
    def concluding(self) -> dict[str, str]:
        """What the form of its conclusion shows before anybody types."""
        written = self.conclusion
        return {"because": written.because if written else "", "answer": written.answer if written else ""}

    @property
    def steps(self) -> list[tuple[Wording, list[Change]]]:
        """The history, each text with what it changed from the one before."""
        before = [None, *self.wordings]
        return [
            (wording, changes.between(former.sheet, wording.sheet) if former else [])
            for former, wording in zip(before, self.wordings, strict=False)
        ]


async def room(session: AsyncSession, workshop_id: str) -> Room:
    """A workshop's room: the last gesture is read before the cards, so that a screen never claims too much."""
    workshop = await agenda.get(session, workshop_id)
    found = await items(session, workshop)
    day = await schedule.day(session, workshop_id)
    latest = await frameworks.latest_version(session)
    return with_items(workshop, tuple(found), latest, day, await hearing(session, workshop))


async def hearing(session: AsyncSession, workshop: Workshop) -> Hearing | None:
    """Where the whole set stands; None, without a query, where the rule is not consent."""
    if workshop.announced.method is not Method.CONSENT:
        return None
    return await hearings.read(session, workshop, await signatures.cast(session, workshop.id))


def with_items(
    workshop: Workshop, found: tuple[Item, ...], latest: str | None, day: Day, heard: Hearing | None
) -> Room:
    """A room with these indicators, in the order of the page."""
    ordered = sorted(found, key=lambda item: item.card.place)
    return Room(
        workshop,
        tuple(item for item in ordered if item.card.is_open),
        tuple(item for item in ordered if not item.card.is_open),
        latest,
        day,
        heard,
    )


async def items(session: AsyncSession, workshop: Workshop, only: Collection[str] | None = None) -> list[Item]:
    """The indicators of a workshop, or `only` those of these ids, those that left the table too."""
    counted = await shown(session, workshop, only)
    former = await tallies.former(session, workshop, only)
    said = await comments.counts(session, workshop.id, only)
    waiting = await amendments.counts(session, workshop.id, only)
    kin = await lineage.kin(session, workshop.id, only)
    cited = await evidence.of_workshop(session, workshop.id, only)
    none = _none(workshop)
    return [
        Item(
            card,
            counted.get(card.id) or none,
            said.get(card.id, 0),
            waiting.get(card.id, 0),
            workshop.round,
            former.get(card.id),
            kin.get(card.id, ALONE),
            evidence=cited.get(card.id, ()),
        )
        for card in await indicators.cards(session, workshop.id, only)
    ]


async def shown(session: AsyncSession, workshop: Workshop, only: Collection[str] | None = None) -> dict[str, Tally]:
    """The tallies as everybody may see them now; what a set becomes is each indicator's outcome once it is closed."""
    if workshop.is_open and workshop.announced.method is Method.CONSENT:
        return {}
    counted = await tallies.tallies(session, workshop, only)
    return {id: tally.hidden for id, tally in counted.items()} if workshop.hides else counted


def _none(workshop: Workshop) -> Tally:
    """No vote at all."""
    return Tally(workshop.announced, is_hidden=workshop.hides)


async def recounted(session: AsyncSession, workshop: Workshop, items: list[Item]) -> list[Item]:
    """The same indicators with their tallies of now; what was drawn of the rest is kept."""
    if not items:
        return []
    counted = await shown(session, workshop, [item.id for item in items])
    none = _none(workshop)
    return [item.with_tally(counted.get(item.id) or none) for item in items]


async def seen_by(session: AsyncSession, room: Room, viewer: Person) -> Room:
    """The room with a person's own ballots."""
    numbers = {item.id: item.number for item in room.items}
    before = {item.id: item.ancestors for item in room.items}
    mine = await ballots.ballots(session, room.workshop, numbers, viewer, before)
    earlier = await ballots.texts_read(session, [ballot.earlier for ballot in mine.values() if ballot.earlier])
    results = await _results(session, room.workshop, mine)
    own = (
        replace(item, own=_own(item, mine.get(item.id), earlier, results.get(item.id))) for item in room.items
    )
    heard = await hearings.seen_by(session, room.hearing, viewer) if room.hearing else None
    return replace(room, items=tuple(own), hearing=heard)


async def _results(session: AsyncSession, workshop: Workshop, mine: dict[str, Ballot]) -> dict[str, Tally]:
    """What the rule shows to whoever has voted: the tallies of what they voted on. No query for another rule."""
    voted = [id for id, ballot in mine.items() if ballot.current]
    if not (workshop.hides and workshop.announced.secrecy is Secrecy.VOTED and voted):
        return {}
    return await tallies.tallies(session, workshop, voted)


async def item(session: AsyncSession, indicator_id: str, viewer: Person | None = None) -> Item:
    """One indicator of a list."""
    workshop = await agenda.get(session, await indicators.home(session, indicator_id))
    return await _item(session, workshop, indicator_id, viewer)


async def _item(session: AsyncSession, workshop: Workshop, indicator_id: str, viewer: Person | None) -> Item:
    (found,) = await items(session, workshop, [indicator_id])
    if viewer is None:
        return found
    ballot = await ballots.ballot(session, workshop, found.card.indicator, viewer, {indicator_id: found.ancestors})
    earlier = await ballots.texts_read(session, [ballot.earlier] if ballot.earlier else [])
    results = await _results(session, workshop, {indicator_id: ballot})
    return replace(found, own=_own(found, ballot, earlier, results.get(indicator_id)))


def _own(item: Item, ballot: Ballot | None, texts: dict[tuple[str, int], Wording], results: Tally | None) -> Own:
    if ballot is None:
        return Own()
    if ballot.earlier is None:
        return Own(current=ballot.current, results=results)
    read = texts[ballot.earlier.indicator_id, ballot.earlier.wording]
    on = next((each for each in item.kin.ancestors if each.id == ballot.earlier.indicator_id), None)
    return Own(earlier=ballot.earlier, ancestor=on, changed=tuple(changes.between(read.sheet, item.card.sheet)))


async def too_late(session: AsyncSession, item: Item, paper: Paper) -> Item:
    """The indicator with the ballot of somebody who judged a text that had changed: what they said is asked again."""
    said = Vote(
        indicator_id=item.id,
        wording=paper.wording,
        round=item.round,
        person_id=paper.by.id,
        choice=paper.choice,
        reason=paper.reason,
        gesture=0,
    )
    texts = await ballots.texts_read(session, [said])
    return replace(item, own=replace(_own(item, Ballot(earlier=said), texts, None), is_late=True))


async def detail(session: AsyncSession, indicator_id: str, viewer: Person | None = None) -> Detail:
    """One indicator's page."""
    indicator = await indicators.get(session, indicator_id)
    workshop = await agenda.get(session, indicator.workshop_id)
    wordings = await indicators.history(session, indicator)
    who = await signatures.cast(session, workshop.id)
    member = who.members.get(viewer.id) if viewer else None
    return Detail(
        workshop=workshop,
        item=await _item(session, workshop, indicator_id, viewer),
        wordings=tuple(wordings),
        threads=tuple(await comments.threads(session, indicator_id)),
        reasons=() if workshop.hides else tuple(await votes.reasons(session, workshop, indicator)),
        conclusion=await conclusions.get(session, indicator_id),
        amended=await amending.amended(session, indicator, wordings, member),
        cast=who,
        latest=await frameworks.latest_version(session),
        day=await schedule.day(session, workshop.id),
        hearing=await hearing(session, workshop),
    )


def seat_name(member: Member | None) -> str:
    """What a page calls the viewer's place: the role, or "none" for a stranger. Two people who lead see the same."""
    if member is None:
        return "none"
    return (Role.FACILITATOR if member.role in agenda.LEADING else member.role).value
