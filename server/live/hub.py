"""The hub: rooms, seats, the bell. Whatever happened since the last tick is drawn once and sent to all."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession

from server import scenes
from server.database import Database, News
from server.live.fragments import LOBBY, Drawing
from server.scenes import Presence
from workshops import agenda, frameworks

QUEUE = 32  # frames a seat may be late by before it is asked to come back
QUIET = 1.0  # seconds after which a room looks for what nobody rang for
SLOW = 1013  # "try again later"
RESTART = 1012  # "service restart"

log = logging.getLogger(__name__)


class Seat:
    """One screen in a room. The cursor is the last gesture sent to it."""

    def __init__(self, workshop_id: str, person_id: str, lab: str, cursor: int, view: str = LOBBY) -> None:
        self.workshop_id = workshop_id
        self.person_id = person_id
        self.lab = lab
        self.cursor = cursor
        self.view = view
        self.ambient = True  # a first frame always tells who is here
        self.closing: int | None = None
        self._frames: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        self._dismissal = asyncio.Event()

    def put(self, frame: str) -> None:
        """Queue a frame; a seat that does not keep up is dismissed, and will catch up from its cursor."""
        if self._frames.full():
            self.dismiss(SLOW)
        else:
            self._frames.put_nowait(frame)

    def dismiss(self, code: int) -> None:
        """End the seat with a close code; what was queued is dropped."""
        if self.closing is None:
            self.closing = code
            self._dismissal.set()

    async def dismissed(self) -> None:
        """Wait for the seat's end."""
        await self._dismissal.wait()

    async def next(self) -> str:
        """The next frame to send."""
        return await self._frames.get()


class Room:
    """The seats of one workshop, and the task that draws for them."""

    def __init__(self, workshop_id: str, database: Database, tick: float) -> None:
        self.workshop_id = workshop_id
        self.database = database
        self.tick = tick
        self.seats: set[Seat] = set()
        self.bell = asyncio.Event()
        self.version: str | None = None
        self.told = Presence()
        self.task = asyncio.create_task(self._live(), name=f"room-{workshop_id}")

    @property
    def presence(self) -> Presence:
        """People, not screens: a phone and a desk of the same person count once."""
        people = {seat.person_id: seat.lab for seat in self.seats}
        labs = Counter(lab for lab in people.values() if lab)
        return Presence(len(people), tuple(sorted(labs.items(), key=lambda lab: (-lab[1], lab[0].casefold()))))

    def stir(self) -> None:
        """Every screen redraws what changes without a gesture: who is here, which version is published."""
        for seat in self.seats:
            seat.ambient = True
        self.bell.set()

    def count(self) -> None:
        """Somebody came or left: told to every screen, unless the room has the same people as before."""
        if self.presence != self.told:
            self.told = self.presence
            self.stir()
        self.bell.set()

    async def _live(self) -> None:
        """Draw at the first ring after a quiet time, then at most once a tick; look by oneself when nobody rings."""
        failing = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET):
                    await self.bell.wait()
            self.bell.clear()
            try:
                await self._draw()
                failing = False
            except Exception:
                # The database may be away: cursors have not moved, the next tick will tell. Said once an outage.
                if not failing:
                    log.exception("the room could not be drawn", extra={"atelier": self.workshop_id})
                failing = True
                self.stir()
                await asyncio.sleep(QUIET)
            await asyncio.sleep(self.tick)

    async def _draw(self) -> None:
        seats = [seat for seat in self.seats if seat.closing is None]
        if not seats:
            return
        async with self.database.reading() as session:
            await self._notice_publication(session)
            last = (await agenda.get(session, self.workshop_id)).gestures
            late = [seat for seat in seats if seat.cursor != last or seat.ambient]
            if not late:
                return
            groups = _alike(late)
            # Lowered before the room is looked at: whoever comes or leaves from now on raises it again.
            for seat in late:
                seat.ambient = False
            drawing = await Drawing(session, self.workshop_id, self.presence).look(min(seat.cursor for seat in late))
            if drawing.renamed:
                await self._reseat(session)
                drawing.presence = self.presence
            for (cursor, view, ambient), group in groups.items():
                frame = await drawing.frame(cursor, view, ambient=ambient)
                for seat in group:
                    seat.put(frame)
                    seat.cursor = drawing.upto

    async def _reseat(self, session: AsyncSession) -> None:
        """Somebody changed lab: their seats too."""
        cast = await scenes.cast(session, self.workshop_id)
        for seat in self.seats:
            seat.lab = cast.lab(seat.person_id)

    async def _notice_publication(self, session: AsyncSession) -> None:
        """A version published by any workshop is announced in every open room."""
        version = await frameworks.latest_version(session)
        if version != self.version:
            self.version = version
            for seat in self.seats:
                seat.ambient = True


def _alike(seats: list[Seat]) -> dict[tuple[int, str, bool], list[Seat]]:
    """Seats that need the same frame: same cursor, same view, same need to know who is here."""
    groups: dict[tuple[int, str, bool], list[Seat]] = {}
    for seat in seats:
        groups.setdefault((seat.cursor, seat.view, seat.ambient), []).append(seat)
    return groups


class Hub:
    """The rooms of this process. `ring` is what the database calls after each commit."""

    def __init__(self, tick_ms: int) -> None:
        self.tick = tick_ms / 1000
        self.rooms: dict[str, Room] = {}

    def ring(self, news: News) -> None:
        """Something was committed, here or in another process. A courtesy: the journal is the truth."""
        for workshop_id in news.gestures:
            if workshop_id in self.rooms:
                self.rooms[workshop_id].bell.set()
        for person_id in news.ended.values():
            self.dismiss(person_id)

    def look(self) -> None:
        """Every room looks for itself: nobody knows what happened meanwhile."""
        for room in self.rooms.values():
            room.bell.set()

    def sit(self, seat: Seat, database: Database) -> None:
        """Take a seat. From now on nothing is missed; what came before is caught up from the cursor."""
        room = self.rooms.get(seat.workshop_id)
        if room is None:
            room = self.rooms[seat.workshop_id] = Room(seat.workshop_id, database, self.tick)
        room.seats.add(seat)
        room.count()

    def leave(self, seat: Seat) -> None:
        """Free a seat; an empty room stops drawing."""
        room = self.rooms.get(seat.workshop_id)
        if room is None or seat not in room.seats:
            return
        room.seats.discard(seat)
        if room.seats:
            room.count()
        else:
            room.task.cancel()
            del self.rooms[seat.workshop_id]

    def presence(self, workshop_id: str) -> Presence:
        """Who is in a room now."""
        room = self.rooms.get(workshop_id)
        return room.presence if room else Presence()

    def dismiss(self, person_id: str) -> None:
        """Somebody signed out: their screens must show again who they are (1012: a browser comes back by itself)."""
        for room in self.rooms.values():
            for seat in room.seats:
                if seat.person_id == person_id:
                    seat.dismiss(RESTART)

    async def close(self) -> None:
        """Send everyone away (the server restarts: browsers come back by themselves)."""
        for room in list(self.rooms.values()):
            for seat in list(room.seats):
                seat.dismiss(RESTART)
            room.task.cancel()
            with suppress(asyncio.CancelledError):
                await room.task
        self.rooms.clear()
