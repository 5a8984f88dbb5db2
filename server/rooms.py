"""Rooms: each as it stands, read once for all who ask at the same time, and only what changed is read again."""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from server import scenes
from server.database import Database
from server.scenes import Room
from workshops import agenda, evidence, frameworks, journal, lineage, schedule
from workshops.agenda import Workshop
from workshops.consensus import Method
from workshops.journal import Kind

KEPT = 50  # rooms
VOTES = (Kind.VOTE_CAST, Kind.VOTE_CONFIRMED, Kind.VOTE_TAKEN_BACK, Kind.VOTE_ENTERED, Kind.PAPER_WITHDRAWN)
# Every indicator, as it is shown.
EVERYWHERE = (Kind.WORKSHOP_CONVENED, Kind.RULE_ANNOUNCED, Kind.ROUND_OPENED)
LEFT = (Kind.INDICATOR_MERGED, Kind.INDICATOR_SPLIT)  # what they come from, and what comes from them, changes too
# No indicator, as a list shows it.
ELSEWHERE = (
    Kind.MEMBER_JOINED,
    Kind.MEMBER_CHANGED,
    Kind.LEAD_SHARED,
    Kind.STAGE_MOVED,
    Kind.INDICATOR_CONCLUDED,
    Kind.CONTEST_OPENED,
    Kind.CONTEST_GRADED,
    Kind.CONTEST_ABANDONED,
    Kind.CONSENT_GIVEN,
    Kind.CONSENT_TAKEN_BACK,
    Kind.OBJECTION_RAISED,
    Kind.OBJECTION_LIFTED,
    Kind.OBJECTION_ANSWERED,
    Kind.FRAMEWORK_PREPARED,
    Kind.FRAMEWORK_PUBLISHED,
    *schedule.KINDS,
)


@dataclass
class _Shelf:
    """What is known of a room, the reading under way, and the one that those who ask meanwhile will get."""

    room: Room | None = None
    current: asyncio.Task[Room] | None = None
    following: asyncio.Task[Room] | None = None


class Rooms:
    """A reading begins after those who get it asked for it: nobody is shown less than what they know was done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._shelves: dict[str, _Shelf] = {}

    @staticmethod
    def of(connection: HTTPConnection) -> "Rooms":
        """Those of this server."""
        rooms: Rooms = connection.app.state.rooms
        return rooms

    async def now(self, workshop_id: str) -> Room:
        """The room, without a viewer. Raises NotFound."""
        shelf = self._shelves.setdefault(workshop_id, _Shelf())
        if shelf.following is None:
            shelf.following = asyncio.create_task(self._after(shelf, workshop_id), name=f"reading-{workshop_id}")
        return await asyncio.shield(shelf.following)

    async def close(self) -> None:
        """Wait for the readings under way: a connection in use cannot be closed."""
        tasks = [task for shelf in self._shelves.values() for task in (shelf.current, shelf.following) if task]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _after(self, shelf: _Shelf, workshop_id: str) -> Room:
        """Read when the reading under way has ended."""
        if shelf.current:
            await asyncio.wait([shelf.current])
        shelf.current, shelf.following = shelf.following, None
        try:
            async with self.database.reading() as session:
                shelf.room = await _read(session, workshop_id, shelf.room)
        except BaseException:
            # Those who asked meanwhile still wait on this shelf for the next reading.
            if shelf.following is None and self._shelves.get(workshop_id) is shelf:
                del self._shelves[workshop_id]
            raise
        self._tidy(workshop_id)
        return shelf.room

    def _tidy(self, workshop_id: str) -> None:
        """The rooms asked for least recently are let go."""
        self._shelves[workshop_id] = self._shelves.pop(workshop_id)
        for other, shelf in list(self._shelves.items()):
            if len(self._shelves) <= KEPT:
                break
            if shelf.following is None and (shelf.current is None or shelf.current.done()):
                del self._shelves[other]


async def _read(session: AsyncSession, workshop_id: str, before: Room | None) -> Room:
    """The room as it stands, made from the one before and what happened since: the rest is the same objects."""
    if before is None:
        return await scenes.room(session, workshop_id)
    workshop = await agenda.get(session, workshop_id)
    latest = await frameworks.latest_version(session)
    if workshop.gestures == before.workshop.gestures:
        same = before if latest == before.latest else replace(before, workshop=workshop, latest=latest)
        return await _cited_now(session, same)
    touches = await journal.touched(session, workshop_id, before.workshop.gestures, workshop.gestures)
    if _shows(workshop) != _shows(before.workshop) or any(touch.kind in EVERYWHERE for touch in touches):
        return await scenes.room(session, workshop_id)
    items = {item.id: item for item in before.all}
    # Votes change tallies, and nothing else of an indicator: most of what happens in a room is votes.
    voted = {touch.about for touch in touches if touch.kind in VOTES}
    for touch in touches:
        if touch.kind in (Kind.VOTE_TAKEN_BACK, Kind.PAPER_WITHDRAWN):
            voted.update(before.sharing(touch.about))
    voted &= items.keys()
    changed = {touch.about for touch in touches if touch.kind not in VOTES + ELSEWHERE}
    changed |= await lineage.relatives(session, [touch.about for touch in touches if touch.kind in LEFT])
    for item in await scenes.recounted(session, workshop, [items[id] for id in voted - changed]):
        items[item.id] = item
    for item in await scenes.items(session, workshop, only=changed) if changed else ():
        items[item.id] = item
    is_scheduled = any(touch.kind in schedule.KINDS for touch in touches)
    day = await schedule.day(session, workshop_id) if is_scheduled else before.day
    hearing = await scenes.hearing(session, workshop)
    room = scenes.with_items(workshop, tuple(items.values()), latest, day, hearing)
    return await _cited_now(session, room)


async def _cited_now(session: AsyncSession, room: Room) -> Room:
    """The same room, with what may be read now of what is cited there: its authors do as they like, without a gesture
    of the workshop. One query, none where nothing is cited."""
    cited = await evidence.of_workshop(session, room.workshop.id) if room.evidence else {}
    if cited == room.evidence:
        return room
    found = (
        item if cited.get(item.id, ()) == item.evidence else item.with_evidence(cited.get(item.id, ()))
        for item in room.all
    )
    return scenes.with_items(room.workshop, tuple(found), room.latest, room.day, room.hearing)


def _shows(workshop: Workshop) -> bool:
    """Whether the outcome of each indicator may be seen: hidden results, and what becomes of a set, wait for the closing."""
    return not workshop.is_open or not (workshop.hides or workshop.announced.method is Method.CONSENT)
