"""Scenes: what a screen shows, read once. Pages and live frames draw from the same ones."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, replace

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from server import amending
from server.amending import Amended
from server.i18n import gettext as _
from server.templating import REASON
from workshops import (
    agenda,
    amendments,
    attachments,
    audit,
    changes,
    comments,
    consensus,
    frameworks,
    indicators,
    journal,
    labs,
    memberships,
    people,
    roles,
    votes,
)
from workshops.agenda import Member, Stage, Workshop
from workshops.audit import AuditEntry
from workshops.changes import Change
from workshops.comments import Thread
from workshops.consensus import ThreeChoices
from workshops.frameworks import Framework
from workshops.indicators import Card, Wording
from workshops.journal import Entry, Kind
from workshops.people import Person, Role
from workshops.sheet import BY_NAME
from workshops.vocabulary import Family
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
    """An indicator in a list. `own` is None when drawn without a viewer, as every live frame is.

    `drawn` keeps its parts as they were drawn, for as long as nothing changes: another state is another item.
    """

    card: Card
    tally: Tally
    said: int
    waiting: int  # amendments without an answer yet
    own: Own | None = None
    drawn: dict[tuple[str, Hashable], Markup] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        return self.card.id

    @property
    def number(self) -> int:
        """The number of the current wording."""
        return self.card.wording.number

    def with_tally(self, tally: Tally) -> "Item":
        """The same, but for its votes."""
        drawn = {key: html for key, html in self.drawn.items() if key[0] not in ("tally", "card")}
        return replace(self, tally=tally, drawn=drawn)

    @property
    def alike(self) -> Hashable | None:
        """What those who see the same ballot, but for their reason, have in common; None after an earlier text."""
        if self.own is None:
            return "nobody"
        if self.own.earlier:
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
        return replace(self, own=Own(current=self.own.current.model_copy(update={"reason": REASON})))


@dataclass(frozen=True)
class Minute:
    """One line of the minutes: the entry, who, and what the records of that gesture add to it, ready to be read."""

    entry: Entry
    name: str
    lab: str
    code: str | None = None
    more: str = ""


@dataclass(frozen=True)
class Minutes:
    """The minutes of a workshop."""

    workshop: Workshop
    lines: tuple[Minute, ...]
    published: Framework | None


@dataclass(frozen=True)
class PlatformMinute:
    """One line of the platform's journal: by whom, about whom, what; hidden, it only keeps its place."""

    entry: AuditEntry
    by: str
    who: str
    what: str
    is_shown: bool


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
    withdrawn: tuple[Item, ...]
    latest: str | None
    rule: ThreeChoices = consensus.ANNOUNCED

    @property
    def all(self) -> tuple[Item, ...]:
        """The indicators on the table, then the withdrawn ones."""
        return self.items + self.withdrawn

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
    amended: Amended
    cast: Cast
    latest: str | None
    rule: ThreeChoices = consensus.ANNOUNCED

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
    return with_items(workshop, tuple(found), await frameworks.latest_version(session))


def with_items(workshop: Workshop, found: tuple[Item, ...], latest: str | None) -> Room:
    """A room with these indicators, in the order of the page."""
    ordered = sorted(found, key=lambda item: item.card.place)
    return Room(
        workshop,
        tuple(item for item in ordered if item.card.is_open),
        tuple(item for item in ordered if not item.card.is_open),
        latest,
    )


async def items(session: AsyncSession, workshop: Workshop, only: Collection[str] | None = None) -> list[Item]:
    """The indicators of a workshop, or `only` those of these ids, withdrawn ones too."""
    tallies = await votes.tallies(session, workshop.id, only)
    said = await comments.counts(session, workshop.id, only)
    waiting = await amendments.counts(session, workshop.id, only)
    return [
        Item(card, tallies.get(card.id, Tally()), said.get(card.id, 0), waiting.get(card.id, 0))
        for card in await indicators.cards(session, workshop.id, only)
    ]


async def recounted(session: AsyncSession, workshop: Workshop, items: list[Item]) -> list[Item]:
    """The same indicators with their tallies of now; what was drawn of the rest is kept."""
    if not items:
        return []
    tallies = await votes.tallies(session, workshop.id, [item.id for item in items])
    return [item.with_tally(tallies.get(item.id, Tally())) for item in items]


async def seen_by(session: AsyncSession, room: Room, viewer: Person) -> Room:
    """The room with a person's own ballots."""
    ballots = await votes.ballots(session, {item.id: item.number for item in room.items}, viewer)
    earlier = await votes.texts_read(session, [ballot.earlier for ballot in ballots.values() if ballot.earlier])
    own = (replace(item, own=_own(item.card, ballots.get(item.id), earlier)) for item in room.items)
    return replace(room, items=tuple(own))


async def item(session: AsyncSession, indicator_id: str, viewer: Person | None = None) -> Item:
    """One indicator of a list."""
    said, waiting = await comments.count(session, indicator_id), len(await amendments.waiting(session, indicator_id))
    return await _item(session, indicator_id, viewer, said, waiting)


async def _item(session: AsyncSession, indicator_id: str, viewer: Person | None, said: int, waiting: int) -> Item:
    card = await indicators.card(session, indicator_id)
    found = Item(card, await votes.tally(session, indicator_id), said, waiting)
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
    wordings = await indicators.history(session, indicator)
    who = await cast(session, workshop.id)
    member = who.members.get(viewer.id) if viewer else None
    threads = await comments.threads(session, indicator_id)
    said = sum(each.hiding is None for head in threads for each in (head, *head.answers))
    amended = await amending.amended(session, indicator, wordings, member)
    return Detail(
        workshop=workshop,
        item=await _item(session, indicator_id, viewer, said, amended.waiting),
        wordings=tuple(wordings),
        threads=tuple(threads),
        reasons=tuple(await votes.reasons(session, indicator)),
        amended=amended,
        cast=who,
        latest=await frameworks.latest_version(session),
    )


async def minutes(session: AsyncSession, workshop_id: str) -> Minutes:
    """The minutes in words. The records of a gesture bear its number: that is how they are found again."""
    workshop = await agenda.get(session, workshop_id)
    entries = await journal.since(session, workshop_id, 0)
    codes = {card.id: card.indicator.code for card in await indicators.cards(session, workshop_id)}
    who = await cast(session, workshop_id)
    more = await _told(session, workshop)
    invited = {member.id: member.name for member in who.members.values() if member.role in agenda.LEADING}
    names = await people.names(session, {entry.by_id for entry in entries} - set(who.members))
    lines = (
        Minute(
            entry,
            who.name(entry.by_id) or names.get(entry.by_id, ""),
            who.lab(entry.by_id),
            codes.get(entry.about),
            more.get(entry.number) or invited.get(entry.about) or _said_by_itself(entry),
        )
        for entry in entries
    )
    return Minutes(workshop, tuple(lines), await frameworks.from_workshop(session, workshop_id))


def _said_by_itself(entry: Entry) -> str:
    """What an entry says without any other record."""
    if entry.kind is Kind.STAGE_MOVED:
        return _(Stage(entry.about).label)
    return entry.about if entry.kind is Kind.FRAMEWORK_PUBLISHED else ""


async def _told(session: AsyncSession, workshop: Workshop) -> dict[int, str]:
    """What a gesture's own record adds: the number of the wording, the field, the reason."""
    told = {
        wording.gesture: _("rédaction %(number)s") % {"number": wording.number}
        for wording in await indicators.wordings(session, workshop.id)
        if wording.number > 1
    }
    for threads in (await comments.all_threads(session, workshop)).values():
        for thread in (each for head in threads for each in (head, *head.answers)):
            told[thread.comment.gesture] = _(BY_NAME[thread.comment.field].label)
            if thread.hiding:
                told[thread.hiding.gesture] = thread.hiding.because
    return told | await amending.told(session, workshop.id)


async def cast(session: AsyncSession, workshop_id: str) -> Cast:
    """Who is who in a workshop."""
    return Cast(await attachments.members(session, workshop_id), await labs.called(session))


async def platform(session: AsyncSession, *, sees_all: bool) -> list[PlatformMinute]:
    """The platform's journal in words. Five queries, whatever the number of its lines."""
    entries = await audit.entries(session)
    shown = [entry for entry in entries if sees_all or entry.kind.is_public]
    more = await _done(session, {entry.about for entry in shown})
    ids = {entry.by_id for entry in shown if entry.by_id} | {who for who, _what in more.values()}
    names = await people.names(session, ids)
    deeds = []
    for entry in entries:
        who, what = more.get(entry.about, ("", ""))
        is_shown = sees_all or entry.kind.is_public
        by = names.get(entry.by_id, "") if entry.by_id else _("La ligne de commande")
        deeds.append(PlatformMinute(entry, by, names.get(who, "") if is_shown else "", what, is_shown))
    return deeds


async def _done(session: AsyncSession, about: set[str]) -> dict[str, tuple[str, str]]:
    """Whom and what these gestures were about, by record."""
    named = await labs.called(session)
    more = {each.id: (each.person_id, _(each.role.label)) for each in await roles.grantings(session, about)}
    more |= {each.id: (each.person_id, named[each.lab_slug]) for each in await memberships.among(session, about)}
    return more


def seat_name(member: Member | None) -> str:
    """What a page calls the viewer's place: the role, or "none" for a stranger. Two people who lead see the same."""
    if member is None:
        return "none"
    return (Role.FACILITATOR if member.role in agenda.LEADING else member.role).value
