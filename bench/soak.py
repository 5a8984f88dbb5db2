"""`python -m bench.soak`: minutes of faults on a real server; at the end nothing is lost, nothing counts twice."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import checks, databases, machine
from bench.checks import COMMENTS, VOTES, Kept
from bench.crowd import Crowd, until
from bench.databases import AnyDatabase, PrivatePostgresql
from bench.gestures import Guest, ballot, guests
from bench.screens import LiveScreen
from bench.server import HOST, NotReady, Server
from bench.wire import Answer
from bench.world import Room, World
from server.settings import ROOT

PEOPLE, SCREENS = 24, 4
PAUSE = 0.8  # seconds between two gestures of a person, on average
BETWEEN = (2.0, 8.0)  # seconds between two faults
AWAY = (0.0, 2.0)  # seconds that what was stopped stays so
AGAIN = (0.05, 0.4)  # seconds before asking again
WAIT = (429, 503)  # "come back": everything else but 200 is a fault of ours
HEARD = 5.0  # seconds for every screen to notice that the server left
ACKNOWLEDGED = 30.0  # seconds without an acknowledged gesture: nobody is served any more
RESTART = 1012  # what a server that leaves says to each screen

Fault = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Prepared:
    """A database where the demonstration's world is already, to be copied: what `demo --json` said of it."""

    address: str
    given: dict[str, Any]


def prepare(database: AnyDatabase, folder: Path) -> Prepared:
    """Migrate and tell once what many trials begin from."""
    address = database.fresh()
    return Prepared(address, Server(address, folder / "demo.log").demo())


class Trial:
    """Servers on one database, a room where people vote and comment without a rest, and what befalls them."""

    def __init__(
        self,
        database: AnyDatabase,
        folder: Path,
        seed: int,
        say: Callable[[str], None] = print,
        *,
        people: int = PEOPLE,
        screens: int = SCREENS,
        pause: float = PAUSE,
        prepared: Prepared | None = None,
    ) -> None:
        self.database, self.folder, self.say = database, folder, say
        self.address, self.given = database.fresh(prepared and prepared.address), prepared and prepared.given
        self.server = Server(self.address, folder / "server.log")
        self.servers = [self.server]  # the others, if any, are added before the trial begins
        self.people, self.watching, self.pause = people, screens, pause
        self.chance = random.Random(seed)
        self.kept: list[Kept] = []
        self.violations: list[str] = []
        self.again = 0
        self.waits: deque[Answer] = deque(maxlen=100)  # the last times somebody was asked to come back
        self.befell: Counter[str] = Counter()
        self.over = False
        self.doors: list[Crowd] = []
        self.screens: list[LiveScreen] = []
        self._lives: list[asyncio.Task[None]] = []

    async def run(self, seconds: float) -> list[str]:
        """Everything that did not hold; an empty list is a good day."""
        async with self:
            await self._befall(time.monotonic() + seconds)
            await self.rest()
            await self._check()
        return self.violations

    async def __aenter__(self) -> "Trial":
        """The servers run, people are in the room, and do not stop voting."""
        try:
            await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.servers))
            await self._gather()
        except BaseException:
            await self.close()
            raise
        self._lives = [asyncio.create_task(self._person(number)) for number in range(self.people)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        for screen in self.screens:
            await screen.close()
        for door in self.doors:
            await door.leave()
        for server in self.servers:
            server.kill()

    async def _gather(self) -> None:
        world = await asyncio.to_thread(World, self.server, self.given)
        self.room: Room = await asyncio.to_thread(world.convene)
        self.world = world
        for server in self.servers:
            door = Crowd()
            await door.aim(HOST, server.port)
            self.doors.append(door)
        self.crowd = self.doors[0]  # by which people come in
        await self.crowd.come(self.room.code, guests(self.people + self.watching))
        await asyncio.to_thread(world.move, self.room, "voting")
        # Those who watch do not vote: their own ballots come with the answers, not with the frames.
        for number, guest in enumerate(self.crowd.guests[self.people :]):
            server = self.servers[number % len(self.servers)]
            self.screens.append(await LiveScreen(server.url, self.room.path, guest).open())

    # ── People

    async def _person(self, number: int) -> None:
        """Vote, comment, change one's mind; each gesture is sent until it is acknowledged, with the same key."""
        guest, turn = self.crowd.guests[number], 0
        chance = random.Random(self.chance.random())
        while not self.over:
            turn += 1
            await self._send(guest, f"{number}-{turn}", chance)
            await asyncio.sleep(chance.expovariate(1 / self.pause))

    async def _send(self, guest: Guest, key: str, chance: random.Random) -> None:
        about = chance.choice(self.room.indicators)
        if chance.random() < 0.2:
            said = f"Avis {key} : dire si l'on compte des personnes ou des participations."
            fields = {"field": "definition", "text": said}
            await self.insist(guest, f"/indicateurs/{about}/avis", fields, key, Kept(guest.name, COMMENTS, about, said))
        else:
            cast = ballot(about, key, chance)
            kept = Kept(guest.name, VOTES, about, cast.choice)
            await self.insist(guest, f"/indicateurs/{about}/vote", cast.fields, key, kept)

    async def insist(self, guest: Guest, path: str, fields: dict[str, str], key: str, meant: Kept) -> None:
        """Send a form, by any of the servers, until one of them acknowledges it."""
        while True:
            door = self.chance.choice(self.doors)
            try:
                answer = await door.pool.ask(door.browser.hx_post(path, fields, guest.cookie, key))
            except (OSError, TimeoutError):
                self.again += 1
            else:
                if answer.status == 200 and answer.gesture is not None:
                    self.kept.append(replace(meant, number=answer.gesture))
                    return
                if answer.status not in WAIT:
                    self.violations.append(f"{answer.status} à {guest.name} : {answer.body[:200]!r}")
                    return
                self.again += 1
                self.waits.append(answer)
            await asyncio.sleep(self.chance.uniform(*AGAIN))

    async def acknowledged(self, more: int) -> None:
        """Wait until so many more gestures are acknowledged: a moment of the burst."""
        goal = len(self.kept) + more
        if not await until(lambda: len(self.kept) >= goal or bool(self.violations), ACKNOWLEDGED):
            self.violations.append(f"plus aucun geste accusé depuis {ACKNOWLEDGED:.0f} s")

    async def rest(self) -> None:
        """People stop, once what they have sent is acknowledged."""
        self.over = True
        await asyncio.gather(*self._lives)

    # ── What befalls them

    @property
    def faults(self) -> dict[str, Fault]:
        found = {
            "serveur tué": self.kill,
            "serveur prié de s'arrêter": self.leave,
            "écrans coupés": self.cut_screens,
            "réponses perdues": self.cut_answers,
        }
        if isinstance(self.database, PrivatePostgresql):
            found |= {"base redémarrée": self.restart_database, "base arrêtée": self.stop_database}
        return found

    async def _befall(self, end: float) -> None:
        """One fault after another, at instants nobody chose, each kind in turn once and then at random."""
        names = list(self.faults)
        self.chance.shuffle(names)
        while time.monotonic() < end:
            await asyncio.sleep(min(self.chance.uniform(*BETWEEN), max(0.0, end - time.monotonic())))
            name = names.pop() if names else self.chance.choice(list(self.faults))
            self.say(f"  {len(self.kept):>6} gestes accusés, {self.again:>5} renvois ; {name}")
            self.befell[name] += 1
            await self.faults[name]()

    async def kill(self) -> None:
        """kill -9, then another server."""
        self.server.kill()
        await self._back()

    async def leave(self) -> None:
        """SIGTERM with people and screens connected: every screen is told, and the server is gone in time."""
        seated = [(screen, Counter(screen.codes)) for screen in self.screens if screen.socket is not None]
        try:
            code = await asyncio.to_thread(self.server.stop)
        except NotReady as late:
            self.violations.append(str(late))
        else:
            if code not in (0, -signal.SIGTERM):
                self.violations.append(f"SIGTERM : le serveur est sorti avec {code}")
        await until(lambda: all(screen.codes != before for screen, before in seated), HEARD)
        untold = sum(screen.codes[RESTART] == before[RESTART] for screen, before in seated)
        if untold:
            self.violations.append(f"SIGTERM : {untold} écrans sur {len(seated)} n'ont pas reçu {RESTART}")
        await self._back()

    async def _back(self) -> None:
        await asyncio.sleep(self.chance.uniform(*AWAY))
        await asyncio.to_thread(self.server.start)

    async def cut_screens(self) -> None:
        for screen in self.chance.sample(self.screens, self.chance.randint(1, len(self.screens))):
            screen.cut()

    async def cut_answers(self) -> None:
        """Requests that left and get no answer: the server may have kept them."""
        for _ in range(20):
            for door in self.doors:
                door.pool.cut()
            await asyncio.sleep(0.05)

    async def restart_database(self) -> None:
        await asyncio.to_thread(self.database.restart)

    async def stop_database(self) -> None:
        assert isinstance(self.database, PrivatePostgresql)
        await asyncio.to_thread(self.database.stop)
        await asyncio.sleep(self.chance.uniform(*AWAY))
        await asyncio.to_thread(self.database.start)

    # ── Afterwards

    async def _check(self) -> None:
        """Before and after one last kill: what holds in memory holds on the disk."""
        register = await self.check()
        await self.kill()
        if await self.check() != register:
            self.violations.append("le registre n'est plus le même après un redémarrage")

    async def check(self) -> checks.Document:
        """What must hold whatever befell, on the disk and on the screens; the register."""
        register = await asyncio.to_thread(self.world.get, f"{self.room.path}/registre.json")
        state = await asyncio.to_thread(self.world.state, self.room)
        self.violations += checks.chain(register)
        self.violations += await asyncio.to_thread(checks.chain_of_file, self.server, register, self.folder)
        self.violations += checks.exactly_once(register, self.kept)
        self.violations += checks.tallies(state, self.kept)
        self.violations += checks.said_once(state, self.kept)
        self.violations += await asyncio.to_thread(checks.recounted, state, self.address)
        self.violations += await checks.same_as_reload([screen.screen for screen in self.screens])
        return register


def main(given: Sequence[str]) -> int:
    """0 when everything held."""
    asked = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    asked.add_argument("--seconds", type=float, default=300, metavar="S", help="durée des pannes")
    asked.add_argument("--database", default="sqlite", metavar="BASE", help="sqlite, postgresql ou une adresse")
    asked.add_argument("--seed", type=int, default=random.randrange(10**6), metavar="N", help="pour rejouer")
    wanted = asked.parse_args(given)
    machine.open_files()
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-", dir=ROOT / "var") as place:
        database = databases.chosen(wanted.database, Path(place))
        print(f"{database.name}, {wanted.seconds:.0f} s de pannes, --seed {wanted.seed}", flush=True)
        trial = Trial(database, Path(place), wanted.seed, lambda line: print(line, flush=True))
        try:
            violations = asyncio.run(trial.run(wanted.seconds))
        finally:
            database.close()
    befell = ", ".join(f"{name} {times} fois" for name, times in sorted(trial.befell.items()))
    print(f"\n{len(trial.kept)} gestes accusés, {trial.again} renvois ; {befell}")
    for violation in violations:
        print(f"FAUTE {violation}")
    print("rien de perdu, rien de compté deux fois" if not violations else f"{len(violations)} fautes")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
