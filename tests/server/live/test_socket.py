"""The socket: who may sit, what is heard, and two hundred screens in a crowd that never stops voting."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server import scenes
from server.database import Database
from server.live.hub import LATE, SLOW
from server.live.wire import encode
from server.templating import block
from tests.browser import serving
from tests.cast import ask, cards, facilitator, member_of, reread, session_of, stranger, workshop
from workshops import journal, tallies
from workshops.agenda import Stage, Workshop
from workshops.consensus import Choice
from workshops.journal import Kind
from workshops.people import Person

SEATS, VOTERS, ROUNDS = 200, 40, 6


@pytest.fixture
async def address(app: Starlette) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


async def sit(
    address: str, room: Workshop, cookie: str = "", *, since: int = 0, origin: str | None = "", view: str = ""
) -> ClientConnection:
    """Open a socket as a browser does; `origin` empty is our own."""
    return await connect(
        f"{address.replace('http', 'ws')}/ateliers/{room.id}/direct?depuis={since}&vue={view}",
        origin=origin if origin != "" else address,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"session={cookie}"} if cookie else {},
        compression=None,
        open_timeout=60,  # two hundred at once, on a busy machine
    )


async def test_a_member_sits_and_hears_the_room(address: str, database: Database, room: Workshop) -> None:
    alix = await member_of(database, room)
    here = await reread(database, room)
    async with await sit(address, room, await session_of(database, alix), since=here.gestures) as socket:
        frame = str(await socket.recv())
    mark = rf'<div data-geste="{here.gestures}" data-now="\d+"></div><hx-partial hx-target="#presence"'
    assert re.match(mark, frame)


async def test_somebody_without_a_seat_is_closed_1008(address: str, database: Database, room: Workshop) -> None:
    for cookie in ("", "forged", await session_of(database, await stranger(database))):
        socket = await sit(address, room, cookie)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("origin", ["https://ailleurs.example", None, "null"])
async def test_another_site_is_refused(address: str, database: Database, room: Workshop, origin: str | None) -> None:
    alix = await session_of(database, await member_of(database, room))
    with pytest.raises(InvalidStatus) as refused:
        await sit(address, room, alix, origin=origin)
    assert refused.value.response.status_code == 403


async def test_an_unknown_room_has_no_seat(address: str, database: Database, room: Workshop) -> None:
    alix = await session_of(database, await member_of(database, room))
    socket = await sit(
        address, Workshop(id="0000", title="", purpose="", held_on=room.held_on, prepares="", start=room.start), alix
    )  # type: ignore[call-arg]
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_screen_of_what_is_not_in_the_room_keeps_no_frame_from_the_others(
    address: str, database: Database, room: Workshop
) -> None:
    """The address says what a screen shows, and anybody may write anything there."""
    sacha = await session_of(database, await member_of(database, room, "siilab"))
    elsewhere = await workshop(database, by=await facilitator(database))
    theirs = next(iter((await cards(database, elsewhere)).values())).id
    since = (await reread(database, room)).gestures
    for view in ("nulle-part", theirs):
        odd = await sit(address, room, sacha, since=since, view=view)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(hear_out(odd), 5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_what_a_browser_says_is_ignored_but_ping(address: str, database: Database, room: Workshop) -> None:
    alix = await member_of(database, room)
    async with await sit(address, room, await session_of(database, alix)) as socket:
        await socket.recv()
        await socket.send('{"choice": "keep"}')
        await socket.send(b"\x00")
        await socket.send("ping")
        assert await socket.recv() == "pong"
    assert await ask(database, tallies.tallies, room) == {}


async def test_a_message_too_long_ends_the_seat(address: str, database: Database, room: Workshop) -> None:
    alix = await member_of(database, room)
    socket = await sit(address, room, await session_of(database, alix))
    await socket.send("x" * 5000)
    with pytest.raises(ConnectionClosed) as closed:
        await hear_out(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_browser_that_does_not_keep_up_is_asked_to_come_back(
    address: str, app: Starlette, database: Database, room: Workshop
) -> None:
    """A phone in a tunnel reads nothing; the room goes on without it, and 1013 is what it hears when it is back."""
    alix = await session_of(database, await member_of(database, room))
    socket = await sit(address, room, alix)
    await socket.recv()
    (seat,) = app.state.hub.rooms[room.id].seats
    frame = encode("<p>" + "x" * LATE + "</p>")
    for _ in range(20):  # all at once: the network takes little of it meanwhile
        seat.put(frame)
    assert seat.closing == SLOW
    assert seat.line.waiting < 3 * LATE  # what is kept for a browser that takes nothing has a bound
    with pytest.raises(ConnectionClosed) as closed:
        await hear_out(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == SLOW
    assert app.state.hub.rooms == {}


async def hear_out(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


@dataclass
class Watcher:
    """A screen that remembers each tally it is shown, is cut at random, and comes back from its cursor."""

    address: str
    room: Workshop
    cookie: str
    chance: random.Random
    cursor: int
    tallies: dict[str, str] = field(default_factory=dict)
    cuts: int = 0

    async def watch(self, until: asyncio.Event) -> None:
        while not until.is_set():
            async with await sit(self.address, self.room, self.cookie, since=self.cursor) as socket:
                life = self.chance.uniform(0.5, 4)
                try:
                    async with asyncio.timeout(life):
                        while True:
                            self.take(str(await socket.recv()))
                except TimeoutError:
                    self.cuts += 1
                except ConnectionClosed:
                    pass

    async def catch_up(self, to: int) -> None:
        async with asyncio.timeout(30), await sit(self.address, self.room, self.cookie, since=self.cursor) as socket:
            while self.cursor < to:
                self.take(str(await socket.recv()))

    def take(self, frame: str) -> None:
        mark = re.match(r'<div data-geste="(\d+)"', frame)
        assert mark is not None
        self.cursor = int(mark[1])
        for target, html in re.findall(r'<hx-partial hx-target="#tally-(\w+)"[^>]*>(.*?)</hx-partial>', frame, re.S):
            self.tallies[target] = html


@dataclass
class Voter:
    """A member who votes, changes and takes back, and keeps every number that was acknowledged."""

    browser: httpx2.AsyncClient
    cookie: str
    chance: random.Random
    acknowledged: list[int] = field(default_factory=list)
    standing: dict[str, str] = field(default_factory=dict)

    async def vote(self, targets: list[str]) -> None:
        for _ in range(ROUNDS):
            target = self.chance.choice(targets)
            if target in self.standing and self.chance.random() < 0.25:
                await self.post(f"/indicateurs/{target}/vote/retrait", {"wording": "1"})
                del self.standing[target]
            else:
                choice = self.chance.choice(list(Choice)).value
                await self.post(
                    f"/indicateurs/{target}/vote", {"wording": "1", "choice": choice, "reason": "une raison"}
                )
                self.standing[target] = choice

    async def post(self, path: str, fields: dict[str, str]) -> None:
        answer = await self.browser.post(
            path, data=fields, headers={"Accept": "application/json", "Cookie": f"session={self.cookie}"}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"geste": int(answer.headers["x-geste"])}
        self.acknowledged.append(int(answer.headers["x-geste"]))


async def test_nothing_is_lost_and_nothing_counts_twice_in_a_crowd(
    address: str, app: Starlette, database: Database, room: Workshop
) -> None:
    """Two hundred screens cut at random, forty people voting at once: every tally equals a serial recount."""
    app.state.hub.tick = 0.1  # as in production: what happens within a tick is drawn once
    chance = random.Random(46)
    targets = [card.id for card in (await cards(database, room)).values()][:5]
    people = [await member_of(database, room, name=f"Membre {number}") for number in range(VOTERS)]
    cookies = [await session_of(database, person) for person in people]
    start = (await reread(database, room)).gestures
    until = asyncio.Event()
    watchers = [
        Watcher(address, room, cookies[number % VOTERS], random.Random(number), start) for number in range(SEATS)
    ]
    limits = httpx2.Limits(max_connections=VOTERS)
    async with httpx2.AsyncClient(base_url=address, limits=limits, timeout=60) as browser:
        voters = [Voter(browser, cookie, random.Random(chance.random())) for cookie in cookies]
        watching = [asyncio.create_task(watcher.watch(until)) for watcher in watchers]
        await asyncio.gather(*(voter.vote(targets) for voter in voters))
        until.set()
        await asyncio.gather(*watching)
    end = (await reread(database, room)).gestures

    # Each acknowledged gesture is in the journal, once, and the journal holds nothing else.
    acknowledged = sorted(number for voter in voters for number in voter.acknowledged)
    assert acknowledged == list(range(start + 1, end + 1))
    entries = await ask(database, journal.since, room.id, 0)
    assert [entry.number for entry in entries] == list(range(1, end + 1))
    assert entries[0].previous_hash == journal.GENESIS
    assert [journal.sign(entry) for entry in entries] == [entry.hash for entry in entries]
    assert [entry.hash for entry in entries[:-1]] == [entry.previous_hash for entry in entries[1:]]
    assert Counter(entry.kind for entry in entries[start:]).keys() <= {Kind.VOTE_CAST, Kind.VOTE_TAKEN_BACK}

    # The tallies are what each person remembers.
    recount = {
        target: Counter(voter.standing[target] for voter in voters if target in voter.standing) for target in targets
    }
    cast = await ask(database, tallies.tallies, room)
    found = {
        target: Counter(cast[target].counts if target in cast else {})
        for target in targets
    }
    assert found == recount

    # Every screen, however often it was cut, shows the same as a reload.
    await asyncio.gather(*(watcher.catch_up(end) for watcher in watchers))
    assert sum(watcher.cuts for watcher in watchers) >= SEATS
    expected = await drawn(database, room, targets)
    for watcher in watchers:
        assert watcher.tallies == {target: expected[target] for target in watcher.tallies}
        assert set(watcher.tallies) == set(expected)


async def drawn(database: Database, room: Workshop, targets: list[str]) -> dict[str, str]:
    """The tallies as a page draws them, for the indicators that were voted on."""
    async with database.reading() as session:
        scene = await scenes.room(session, room.id)
    return {item.id: block("indicators/_tally.html", "tally", item=item) for item in scene.items if item.id in targets}
