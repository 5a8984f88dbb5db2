"""Fragments: which blocks a kind of gesture redraws, and the frame that carries them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server import scenes
from server.scenes import Detail, Presence, Room
from server.templating import block, now, part, partial
from workshops import journal
from workshops.consensus import Method
from workshops.journal import Kind, Touch

LOBBY = ""  # the view of the room
SCREEN = "ecran"  # the view of the projector; any other view is an indicator's id
LISTS = (LOBBY, SCREEN)


class Where(Enum):
    """What a block belongs to, and so which screens have it."""

    WORKSHOP = auto()  # every screen of the workshop
    LIST = auto()  # the room and the projector
    SCREEN = auto()  # the projector
    CARD = auto()  # an indicator in the list
    INDICATOR = auto()  # an indicator, in the list and on its own page
    SHEET = auto()  # an indicator on its own page


@dataclass(frozen=True)
class Block:
    """A block of a template; its root's id is its name, followed by the indicator's id if it is about one."""

    template: str
    name: str
    where: Where

    @property
    def is_about_one(self) -> bool:
        return self.where in (Where.CARD, Where.INDICATOR, Where.SHEET)

    def shows_in(self, view: str, about: str) -> bool:
        """Whether a screen has this block, for this indicator."""
        if self.where is Where.WORKSHOP:
            return True
        if view in LISTS:
            return self.where is not Where.SHEET and (self.where is not Where.SCREEN or view == SCREEN)
        return self.where in (Where.INDICATOR, Where.SHEET) and view == about


STAGE = Block("workshops/_room.html", "stage", Where.WORKSHOP)
PRESENCE = Block("workshops/_presence.html", "presence", Where.WORKSHOP)
TIMER = Block("workshops/_room.html", "timer", Where.WORKSHOP)
CONDUCT = Block("workshops/_conduct.html", "conduct", Where.LIST)
SCHEDULE = Block("workshops/_schedule.html", "schedule", Where.LIST)
BANNER = Block("workshops/_room.html", "banner", Where.WORKSHOP)
LIST = Block("workshops/_list.html", "list", Where.LIST)
PLOT = Block("results/_plot.html", "plot", Where.SCREEN)
CONSENT = Block("consents/_consent.html", "consent", Where.LIST)
TEXT = Block("indicators/_text.html", "text", Where.CARD)
EVIDENCE = Block("indicators/_evidence.html", "evidence", Where.INDICATOR)
SAID = Block("indicators/_said.html", "said", Where.CARD)
TALLY = Block("indicators/_tally.html", "tally", Where.INDICATOR)
BALLOT = Block("indicators/_ballot.html", "ballot", Where.INDICATOR)
HEAD = Block("indicators/_head.html", "head", Where.SHEET)
SHEET = Block("indicators/_sheet.html", "sheet", Where.SHEET)
HISTORY = Block("indicators/_history.html", "history", Where.SHEET)
REASONS = Block("indicators/_reasons.html", "reasons", Where.SHEET)
CONCLUSION = Block("indicators/_conclusion.html", "conclusion", Where.SHEET)
AMENDMENTS = Block("amendments/_amendments.html", "amendments", Where.SHEET)
COMMENTS = Block("indicators/_comments.html", "comments", Where.SHEET)
OBJECTIONS = Block("objections/_objections.html", "objections", Where.SHEET)

TOLD_OF = (HEAD, SHEET, HISTORY, REASONS, COMMENTS, AMENDMENTS)  # an indicator on its own page
REWORDED = (LIST, TEXT, TALLY, BALLOT, *TOLD_OF, CONSENT, OBJECTIONS, PLOT)

# The whole knowledge of "what changes when".
REDRAWS: dict[Kind, tuple[Block, ...]] = {
    Kind.WORKSHOP_CONVENED: (STAGE, LIST),
    Kind.MEMBER_JOINED: (PRESENCE, CONSENT),
    Kind.MEMBER_CHANGED: (PRESENCE, HEAD, REASONS, COMMENTS, AMENDMENTS, HISTORY, CONSENT, OBJECTIONS),
    Kind.LEAD_SHARED: (PRESENCE, CONSENT),
    Kind.RULE_ANNOUNCED: (STAGE, TALLY, BALLOT, CONSENT, OBJECTIONS, PLOT),
    Kind.STAGE_MOVED: (STAGE, CONSENT, PLOT),
    Kind.ROUND_OPENED: (STAGE, TALLY, BALLOT, REASONS, CONSENT, PLOT),
    Kind.INDICATOR_PROPOSED: (LIST, STAGE, CONSENT, PLOT),
    Kind.INDICATOR_REWORDED: REWORDED,
    Kind.INDICATOR_WITHDRAWN: (LIST, STAGE, HEAD, CONSENT, PLOT),
    Kind.INDICATOR_MERGED: (LIST, STAGE, TEXT, TALLY, BALLOT, HEAD, CONSENT, PLOT),
    Kind.INDICATOR_SPLIT: (LIST, STAGE, TEXT, TALLY, BALLOT, HEAD, CONSENT, PLOT),
    Kind.AMENDMENT_PROPOSED: (SAID, AMENDMENTS),
    Kind.AMENDMENT_ACCEPTED: (*REWORDED, SAID),
    Kind.AMENDMENT_DECLINED: (SAID, AMENDMENTS),
    Kind.AMENDMENT_WITHDRAWN: (SAID, AMENDMENTS),
    Kind.CONTEST_OPENED: (AMENDMENTS,),
    Kind.CONTEST_GRADED: (AMENDMENTS,),
    Kind.CONTEST_CLOSED: (*REWORDED, SAID),
    Kind.CONTEST_ABANDONED: (AMENDMENTS,),
    Kind.COMMENT_POSTED: (SAID, COMMENTS),
    Kind.COMMENT_HIDDEN: (SAID, COMMENTS),
    Kind.EVIDENCE_CITED: (EVIDENCE,),
    Kind.EVIDENCE_REMOVED: (EVIDENCE,),
    Kind.VOTE_CAST: (TALLY, REASONS, PLOT),
    Kind.VOTE_CONFIRMED: (TALLY, REASONS, PLOT),
    Kind.VOTE_TAKEN_BACK: (TALLY, REASONS, PLOT),
    Kind.VOTE_ENTERED: (TALLY, REASONS, CONSENT, PLOT),
    Kind.PAPER_WITHDRAWN: (TALLY, REASONS, CONSENT, PLOT),
    Kind.CONSENT_GIVEN: (CONSENT,),
    Kind.CONSENT_TAKEN_BACK: (CONSENT,),
    Kind.OBJECTION_RAISED: (CONSENT, OBJECTIONS),
    Kind.OBJECTION_LIFTED: (CONSENT, OBJECTIONS),
    Kind.OBJECTION_ANSWERED: (CONSENT, OBJECTIONS),
    Kind.INDICATOR_CONCLUDED: (CONCLUSION,),
    Kind.FRAMEWORK_PREPARED: (STAGE, CONCLUSION),
    Kind.FRAMEWORK_PUBLISHED: (STAGE, BANNER),
    Kind.SCHEDULE_WRITTEN: (CONDUCT, SCHEDULE),
    Kind.TIMER_STARTED: (TIMER, CONDUCT, SCHEDULE),
    Kind.TIMER_EXTENDED: (TIMER, CONDUCT),
    Kind.TIMER_STOPPED: (TIMER, CONDUCT, SCHEDULE),
}
EVERYWHERE = (Kind.RULE_ANNOUNCED, Kind.ROUND_OPENED, Kind.FRAMEWORK_PREPARED)  # what may change every indicator
# What changes without a gesture of this workshop; so does what is cited, when its author withdraws it.
AMBIENT = (PRESENCE, BANNER)
NONE: frozenset[str] = frozenset()
LEFT = (Kind.INDICATOR_MERGED, Kind.INDICATOR_SPLIT)  # what comes from the indicator is redrawn with it
UNHURRIED = (Kind.MEMBER_JOINED,)  # nobody waits for these: a room that fills would redraw every screen at each tick


class Drawing:
    """One look at a room as it was read: each block is drawn at most once, and only once asked for."""

    def __init__(self, session: AsyncSession, room: Room, presence: Presence) -> None:
        self.session = session
        self.room = room
        self.presence = presence
        self.upto = room.workshop.gestures
        self._has_plot = room.has_plot
        self._items = {item.id: item for item in room.all}
        self._touches: list[Touch] = []
        self._details: dict[str, Detail] = {}
        self._drawn: dict[tuple[Any, ...], str] = {}

    async def look(self, since: int) -> "Drawing":
        """Read what was touched since the oldest cursor, up to `upto`, the last gesture that the room shows."""
        if since < self.upto:
            self._touches = await journal.touched(self.session, self.room.workshop.id, since, self.upto)
        return self

    async def frame(self, cursor: int, view: str, *, ambient: bool, cited: frozenset[str] | None = NONE) -> str:
        """What a screen at `cursor` must redraw to be at `upto`: the mark of the gesture and of the time, then the blocks.

        `cited`: the indicators where what is cited may read otherwise than when this screen had it; None: all.
        """
        touched = self._touched(cursor, view)
        if ambient:
            touched.update(dict.fromkeys((block, "") for block in AMBIENT))
        for about in self.room.evidence if cited is None else cited & self._items.keys():
            if EVIDENCE.shows_in(view, about):
                touched[EVIDENCE, about] = None
        fresh = self._fresh(cursor)
        parts = [await self._part(block, about, view, fresh) for block, about in touched]
        return f'<div data-geste="{self.upto}" data-now="{now()}"></div>' + "".join(parts)

    def _touched(self, cursor: int, view: str) -> dict[tuple[Block, str], None]:
        """The blocks to redraw, in the order of the last gestures, each once."""
        touched: dict[tuple[Block, str], None] = {}
        for touch in self._since(cursor):
            for redrawn in self._redrawn(touch.kind):
                for about in self._about(touch, view) if redrawn.is_about_one else ("",):
                    if redrawn.shows_in(view, about):
                        touched[redrawn, about] = None
        return touched

    def _redrawn(self, kind: Kind) -> tuple[Block, ...]:
        """What a gesture redraws; where results wait for the closing, it shows them all."""
        redrawn, by_consent = REDRAWS[kind], self.room.rule.method is Method.CONSENT
        if kind is Kind.STAGE_MOVED and (self.room.rule.hides or by_consent):
            redrawn += (TALLY, REASONS, OBJECTIONS)
        if kind is Kind.RULE_ANNOUNCED:
            return redrawn  # the rule may have taken a block away: every screen must lose it
        shown = {PLOT: self._has_plot, CONSENT: by_consent, OBJECTIONS: by_consent}
        return tuple(each for each in redrawn if shown.get(each, True))

    def _about(self, touch: Touch, view: str) -> Iterable[str]:
        """The indicators that a gesture changed; none, when it was about the whole set."""
        if touch.about == self.room.workshop.id:
            return ()
        if touch.kind in EVERYWHERE or touch.kind is Kind.STAGE_MOVED:
            return self._items if view in LISTS else (view,)
        if touch.kind is Kind.VOTE_TAKEN_BACK:
            return self.room.sharing(touch.about)
        if touch.kind in LEFT:
            return (touch.about, *(heir.id for heir in self._items[touch.about].kin.heirs))
        # Somebody's name is on every indicator's page: the one a screen has open is about them too.
        return (view,) if touch.kind is Kind.MEMBER_CHANGED else (touch.about,)

    def _fresh(self, cursor: int) -> frozenset[str]:
        """The indicators a screen at `cursor` has never had."""
        born = {touch.about for touch in self._since(cursor) if touch.kind is Kind.INDICATOR_PROPOSED}
        for touch in self._since(cursor):
            if touch.kind is Kind.INDICATOR_SPLIT:
                born.update(part.id for part in self._items[touch.about].kin.became)
        if any(touch.kind is Kind.WORKSHOP_CONVENED for touch in self._since(cursor)):
            born.update(self._items)
        return frozenset(born)

    @property
    def is_unhurried(self) -> bool:
        """Whether nothing happened since the oldest cursor that somebody waits to see."""
        return all(touch.kind in UNHURRIED for touch in self._touches)

    @property
    def renamed(self) -> bool:
        """Whether somebody changed name or lab since the oldest cursor."""
        return any(touch.kind is Kind.MEMBER_CHANGED for touch in self._touches)

    def _since(self, cursor: int) -> Iterable[Touch]:
        return (touch for touch in self._touches if touch.number > cursor)

    async def _part(self, block_: Block, about: str, view: str, fresh: frozenset[str]) -> str:
        # A card just born comes whole, inside the list.
        if block_.is_about_one and view in LISTS and (about in fresh or not self._items[about].card.is_open):
            return ""
        key = (block_, about, fresh if block_ is LIST else None)
        if key not in self._drawn:
            target = f"{block_.name}-{about}" if about else block_.name
            self._drawn[key] = partial(target, await self._draw(block_, about, fresh))
        return self._drawn[key]

    async def _draw(self, block_: Block, about: str, fresh: frozenset[str]) -> str:
        if block_.where in (Where.CARD, Where.INDICATOR):
            return part(block_.name, self._items[about])
        return block(block_.template, block_.name, **await self._values(block_, about, fresh))

    async def _values(self, block_: Block, about: str, fresh: frozenset[str]) -> dict[str, Any]:
        """What a block needs, known to nobody in particular."""
        values: dict[str, Any] = {"room": self.room, "workshop": self.room.workshop, "presence": self.presence}
        if block_ is LIST:
            values["fresh"] = fresh
        if block_ is PLOT:
            values["plot"] = self.room.plot
        if block_.where is Where.SHEET:
            if about not in self._details:
                self._details[about] = await scenes.detail(self.session, about)
            values |= {"detail": self._details[about], "item": self._details[about].item}
        return values
