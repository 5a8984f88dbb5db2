"""A crowd: what one client process does, with its people, their connections and their screens."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from bench import seats
from bench.gestures import Ballot, Browser, Guest
from bench.seats import Seat
from bench.wire import Answer, Connection, Pool

AT_ONCE = 16  # while a measure is being prepared
SOCKET = re.compile(rb'hx-ws:connect="([^"]+)"')
SWITCHED, SILENCE = 101, 0  # seated; no answer at all
FAILURES = (OSError, TimeoutError)
PACE = 0.02  # seconds between two looks at a condition


@dataclass(frozen=True)
class Sent:
    """A vote: when it was due, when it really left, when it was acknowledged, and as which gesture."""

    due: float
    left: float
    at: float
    status: int
    gesture: int | None


@dataclass(frozen=True)
class Joined:
    """A person who came in: the whole time from the instant planned, and the statuses on the way."""

    due: float
    at: float
    statuses: tuple[int, ...]


@dataclass(frozen=True)
class Heard:
    """What the screens of this process received since `forget`."""

    seats: int
    frames: int
    bytes: int
    lost: int
    codes: dict[int, int]
    last: bytes


class Refused(Exception):
    """The server answered what no person of this measure expects."""


class Crowd:
    """Every method is one order of the bench's main process."""

    def __init__(self) -> None:
        self.guests: list[Guest] = []
        self.seats: list[Seat] = []

    async def aim(self, host: str, port: int) -> None:
        """From now on, talk to this server."""
        self.browser = Browser(host, port)
        self.pool = Pool(host, port)

    async def rest(self) -> None:
        """Do nothing for a second, so that what was spent until now is not the next measure's."""
        await asyncio.sleep(1.1)

    # ── Getting there

    async def come(self, code: str, guests: list[Guest]) -> list[Guest]:
        """Join by the code, as a browser does, without hurry."""
        connections = [await self.pool.connect() for _ in range(min(AT_ONCE, len(guests)))]
        waiting = iter(guests)

        async def usher(connection: Connection) -> None:
            for guest in waiting:
                for answer in await self._enter(connection, code, guest):
                    _expect(answer, 200, 303)

        await asyncio.gather(*map(usher, connections))
        for connection in connections:
            connection.close()
        self.guests += guests
        return guests

    async def _enter(self, connection: Connection, code: str, guest: Guest) -> tuple[Answer, Answer]:
        path = f"/rejoindre/{code}"
        door = await connection.ask(self.browser.get(path, guest.cookie))
        guest.cookies |= door.cookies
        joined = await connection.ask(self.browser.post(path, {"name": guest.name, "lab": guest.lab}, guest.cookie))
        guest.cookies |= joined.cookies
        return door, joined

    async def known(self, guests: list[Guest]) -> None:
        """People who joined before: their cookies are still good."""
        self.guests = guests

    async def sit(self, path: str, count: int) -> None:
        """Open screens for the first people; without people (the reference), for nobody."""
        turn = asyncio.Semaphore(AT_ONCE * 4)

        async def one(number: int) -> Seat:
            async with turn:
                cookie = self.guests[number].cookie if self.guests else ""
                return await seats.sit(self.browser, path, cookie)

        self.seats += await asyncio.gather(*(one(number) for number in range(count)))

    async def reach(self, mark: int, patience: float) -> bool:
        """Wait until every screen shows this gesture."""
        return await until(lambda: all(seat.mark >= mark or seat.lost for seat in self.seats), patience)

    async def calm(self, silence: float, patience: float = 120.0) -> bool:
        """Wait until no screen receives anything for so long."""

        def is_calm() -> bool:
            return max((s.times[-1] for s in self.seats if s.times), default=0.0) < time.monotonic() - silence

        return await until(is_calm, patience)

    async def forget(self) -> None:
        for seat in self.seats:
            seat.forget()

    async def leave(self) -> None:
        """Everybody goes home."""
        for seat in self.seats:
            seat.leave()
        self.pool.close()
        self.seats, self.guests = [], []
        await asyncio.sleep(0)

    # ── Measures

    async def vote(self, start: float, plan: list[tuple[float, int, Ballot]]) -> list[Sent]:
        """Votes at instants drawn in advance: a late answer delays nobody, and a late client is counted as latency."""

        async def one(due: float, guest: Guest, ballot: Ballot) -> Sent:
            return await self._cast(due, guest, ballot)

        return await _planned(start, [(offset, one, self.guests[who], ballot) for offset, who, ballot in plan])

    async def sustain(
        self, start: float, seconds: float, waiting: int, ballots: list[tuple[int, Ballot]]
    ) -> list[Sent]:
        """So many people waiting for an answer at any time: the next one votes as soon as one has theirs."""
        queue, end, done = iter(ballots), start + seconds, []

        async def voter() -> None:
            await asyncio.sleep(max(0.0, start - time.monotonic()))
            for who, ballot in queue:
                left = time.monotonic()
                if left >= end:
                    return
                done.append(await self._cast(left, self.guests[who], ballot))

        await asyncio.gather(*(voter() for _ in range(waiting)))
        return done

    async def _cast(self, due: float, guest: Guest, ballot: Ballot) -> Sent:
        """One vote; a server that does not answer is a status of its own."""
        left = time.monotonic()
        try:
            answer = await self.pool.ask(self.browser.vote(guest, ballot))
        except FAILURES:
            return Sent(due, left, time.monotonic(), SILENCE, None)
        return Sent(due, left, answer.at, answer.status, answer.gesture)

    async def storm(self, code: str, start: float, plan: list[tuple[float, Guest]]) -> list[Joined]:
        """Everybody comes: the door, the form, the room's page, the socket; each on a connection of their own."""

        async def one(due: float, guest: Guest) -> Joined:
            statuses: list[int] = []
            try:
                await self._arrive(code, guest, statuses)
            except FAILURES:
                statuses.append(SILENCE)
            return Joined(due, time.monotonic(), tuple(statuses))

        return await _planned(start, [(offset, one, guest) for offset, guest in plan])

    async def _arrive(self, code: str, guest: Guest, statuses: list[int]) -> None:
        """One person's way in; each answer's status is noted as it comes."""
        connection = await self.pool.connect()
        try:
            statuses += [answer.status for answer in await self._enter(connection, code, guest)]
            workshop = await connection.ask(self.browser.get(self.room, guest.cookie))
            statuses.append(workshop.status)
        finally:
            connection.close()
        if socket := SOCKET.search(workshop.body):
            path = socket[1].decode().replace("&amp;", "&")
            self.seats.append(await seats.sit(self.browser, path, guest.cookie))
            statuses.append(SWITCHED)

    async def enter(self, room: str) -> None:
        """The address of the room that a storm goes to."""
        self.room = room

    async def read(self, start: float, path: str, seconds: float, connections: int) -> list[tuple[float, int]]:
        """Signed-in people reload a page again and again, each on a keep-alive connection: how long, which status."""
        done: list[tuple[float, int]] = []

        async def reader(guest: Guest) -> None:
            connection, request = await self.pool.connect(), self.browser.get(path, guest.cookie)
            await asyncio.sleep(max(0.0, start - time.monotonic()))
            while (left := time.monotonic()) < start + seconds:
                answer = await connection.ask(request)
                done.append((answer.at - left, answer.status))
            connection.close()

        await asyncio.gather(*(reader(guest) for guest in self.guests[:connections]))
        return done

    # ── What the screens saw

    async def sight(self, base: int, top: int) -> tuple[bytes, int]:
        latest, missing = seats.first_sight(self.seats, base, top)
        return latest.tobytes(), missing

    async def heard(self) -> Heard:
        return Heard(
            seats=len(self.seats),
            frames=sum(len(seat.marks) for seat in self.seats),
            bytes=sum(seat.bytes for seat in self.seats),
            lost=sum(seat.lost for seat in self.seats),
            codes=dict(Counter(seat.code for seat in self.seats if seat.code is not None)),
            last=self.seats[0].last if self.seats else b"",
        )


async def _planned(start: float, plan: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Start each at its instant, whatever became of the others; what they return, in the order of the plan."""
    under_way: list[asyncio.Task[Any]] = []
    for offset, act, *given in plan:
        due = start + offset
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        deed: Coroutine[Any, Any, Any] = act(due, *given)
        under_way.append(asyncio.create_task(deed))
    return list(await asyncio.gather(*under_way))


async def until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait for a condition; whether it came in time."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(PACE)
    return True


def _expect(answer: Answer, *statuses: int) -> None:
    if answer.status not in statuses:
        raise Refused(f"{answer.status}: {answer.body[:300].decode(errors='replace')}")
