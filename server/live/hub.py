"""The hub: rooms, seats, the bell. Whatever happened since the last tick is drawn once and sent to all."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from server import signatures
from server.database import Database, News
from server.live.fragments import LOBBY, NONE, Drawing
from server.live.wire import Encoded, encode
from server.metrics import Metrics
from server.rooms import Rooms
from server.scenes import Presence
from workshops.evidence import Cited
from workshops.refusals import Refusal

LATE = 256 * 1024  # bytes that may wait for a browser before its seat is asked to come back
QUIET = 1.0  # seconds after which a room looks for what nobody rang for; and between two tellings of who is here
NO_SEAT = 1008  # "policy violation": a browser does not come back
SLOW = 1013  # "try again later"
RESTART = 1012  # "service restart"

log = logging.getLogger(__name__)


class Line(Protocol):
    """A way to a browser: what waits there, in bytes; a frame more; the end, with its code."""

    @property
    def waiting(self) -> int: ...

    def write(self, frame: Encoded) -> None: ...

    def close(self, code: int) -> None: ...


class Seat:
    """One screen in a room. The cursor is the last gesture sent to it.

    `cited`: the indicators where what is cited may have changed since it was sent; None: all, since its page was drawn
    before it sat down.
    """

    __slots__ = ("ambient", "cited", "closing", "cursor", "lab", "line", "person_id", "view", "workshop_id")

    def __init__(
        self, workshop_id: str, person_id: str, lab: str, cursor: int, view: str = LOBBY, *, line: Line
    ) -> None:
        self.workshop_id = workshop_id
        self.person_id = person_id
        self.lab = lab
        self.cursor = cursor
        self.view = view
        self.line = line
        self.ambient = True  # a first frame always tells who is here
        self.cited: frozenset[str] | None = None
        self.closing: int | None = None

    def put(self, frame: Encoded) -> None:
        """Send a frame; a seat that does not keep up is dismissed, and will catch up from its cursor."""
        if self.closing is not None:
            return
        if self.line.waiting > LATE:
            self.dismiss(SLOW)
        else:
            self.line.write(frame)

    def dismiss(self, code: int) -> None:
        """End the seat with a close code."""
        if self.closing is None:
            self.closing = code
            self.line.close(code)


class Room:
    """The seats of one workshop, and the task that draws for them."""

    def __init__(self, workshop_id: str, hub: "Hub") -> None:
        self.workshop_id = workshop_id
        self.hub = hub
        self.seats: set[Seat] = set()
        self.bell = asyncio.Event()
        self.version: str | None = None
        self.evidence: Mapping[str, tuple[Cited, ...]] = {}
        self.told: Presence | None = Presence()  # None: some screens know what others were not told yet
        self._told_at = -QUIET
        self._counted: Presence | None = None
        self.task = asyncio.create_task(self._live(), name=f"room-{workshop_id}")

    @property
    def here(self) -> dict[str, str]:
        """The lab of each person who has a screen in this process: a phone and a desk of the same person are one."""
        return {seat.person_id: seat.lab for seat in self.seats}

    @property
    def presence(self) -> Presence:
        """The people of all processes."""
        if self._counted is None:
            self._counted = _presence(self.hub.elsewhere.get(self.workshop_id, {}) | self.here)
        return self._counted

    def stir(self) -> None:
        """Every screen is to redraw what changes without a gesture: who is here, which version is published."""
        for seat in self.seats:
            seat.ambient = True

    def _hear_of(self, evidence: Mapping[str, tuple[Cited, ...]]) -> None:
        """What is cited reads otherwise: every screen is to redraw that."""
        changed = {id for id in {*evidence, *self.evidence} if evidence.get(id) != self.evidence.get(id)}
        self.evidence = evidence
        for seat in self.seats if changed else ():
            seat.cited = None if seat.cited is None else seat.cited | changed

    def count(self) -> None:
        """Somebody came or left, here or elsewhere: to be counted again at the next tick."""
        self._counted = None
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
                for seat in self.seats:
                    seat.cited = None
                self.bell.set()
                await asyncio.sleep(QUIET)
            await asyncio.sleep(self.hub.tick)

    async def _draw(self) -> None:
        seats = [seat for seat in self.seats if seat.closing is None]
        if not seats:
            return
        began = perf_counter()
        scene = await self.hub.readings.now(self.workshop_id)
        # Two thousand people who arrive would otherwise tell two thousand screens about each other, ten times a second.
        is_time = began - self._told_at >= QUIET
        if scene.latest != self.version or (is_time and self.presence != self.told):
            self.told, self.version, self._told_at = self.presence, scene.latest, began
            self.stir()
        self._hear_of(scene.evidence)
        late = [seat for seat in seats if seat.cursor != scene.workshop.gestures or seat.ambient or seat.cited]
        if not late:
            return
        async with self.hub.database.reading() as session:
            drawing = await Drawing(session, scene, self.presence).look(min(seat.cursor for seat in late))
            if drawing.is_unhurried and not is_time:
                late = [seat for seat in late if seat.ambient or seat.cited]
            elif drawing.is_unhurried:
                self._told_at = began
            groups = _alike(late)
            if drawing.presence != self.told and any(seat.ambient for seat in late):
                self.told = None
            # Lowered before anything is drawn: whoever comes or leaves from now on raises it again.
            for seat in late:
                seat.ambient, seat.cited = False, NONE
            if drawing.renamed:
                await self._reseat(session)
                # `told` stays: if somebody came meanwhile, the screens not drawn for now are told at the next tick.
                drawing.presence = self.presence
                self.bell.set()
            for (cursor, view, ambient, cited), group in groups.items():
                try:
                    frame = encode(await drawing.frame(cursor, view, ambient=ambient, cited=cited))
                except Refusal:  # a screen of what is not there: nothing to draw for it, ever
                    for seat in group:
                        seat.dismiss(NO_SEAT)
                    continue
                for seat in group:
                    seat.put(frame)
                    seat.cursor = drawing.upto
                slow = sum(seat.closing == SLOW for seat in group)
                self.hub.metrics.slow_seats.inc(slow)
                self.hub.metrics.frames.inc(len(group) - slow)
                self.hub.metrics.frame_bytes.inc((len(group) - slow) * len(frame.bytes))
        self.hub.metrics.tick.observe(perf_counter() - began)

    async def _reseat(self, session: AsyncSession) -> None:
        """Somebody changed lab: their seats too."""
        cast = await signatures.cast(session, self.workshop_id)
        for seat in self.seats:
            seat.lab = cast.lab(seat.person_id)
        self._counted = None


def _presence(people: Mapping[str, str]) -> Presence:
    labs = Counter(lab for lab in people.values() if lab)
    return Presence(len(people), tuple(sorted(labs.items(), key=lambda lab: (-lab[1], lab[0].casefold()))))


def _alike(seats: list[Seat]) -> dict[tuple[int, str, bool, frozenset[str] | None], list[Seat]]:
    """Seats that need the same frame: same cursor, same view, same need to know who is here, and what is cited."""
    groups: dict[tuple[int, str, bool, frozenset[str] | None], list[Seat]] = {}
    for seat in seats:
        groups.setdefault((seat.cursor, seat.view, seat.ambient, seat.cited), []).append(seat)
    return groups


class Hub:
    """The rooms of this process. `ring` is what the database calls after each commit.

    `elsewhere`: by workshop, the lab of each person whom other processes have in the room.
    """

    def __init__(self, database: Database, rooms: Rooms, metrics: Metrics, tick_ms: int) -> None:
        self.database = database
        self.readings = rooms
        self.metrics = metrics
        metrics.rooms.set_function(lambda: len(self.rooms))
        metrics.seats.set_function(lambda: sum(len(room.seats) for room in self.rooms.values()))
        metrics.people.set_function(lambda: sum(len(room.here) for room in self.rooms.values()))
        metrics.queued_bytes.set_function(
            lambda: max((seat.line.waiting for room in self.rooms.values() for seat in room.seats), default=0)
        )
        self.tick = tick_ms / 1000
        self.rooms: dict[str, Room] = {}
        self.elsewhere: dict[str, dict[str, str]] = {}

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

    def sit(self, seat: Seat) -> None:
        """Take a seat. From now on nothing is missed; what came before is caught up from the cursor."""
        room = self.rooms.get(seat.workshop_id)
        if room is None:
            room = self.rooms[seat.workshop_id] = Room(seat.workshop_id, self)
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
        return room.presence if room else _presence(self.elsewhere.get(workshop_id, {}))

    def hear_of(self, elsewhere: dict[str, dict[str, str]]) -> None:
        """Who is in the rooms of the other processes."""
        before, self.elsewhere = self.elsewhere, elsewhere
        for workshop_id, room in self.rooms.items():
            if before.get(workshop_id) != elsewhere.get(workshop_id):
                room.count()

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
