"""`python -m bench.soak`: minutes of faults on a real server; at the end nothing is lost, nothing counts twice."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench import checks, databases, machine
from bench.checks import COMMENTS, VOTES, Kept
from bench.crowd import Crowd, until
from bench.databases import AnyDatabase, PrivatePostgresql
from bench.gestures import Guest, ballot, guests
from bench.screens import LiveScreen
from bench.server import HOST, NotReady, Server
from bench.world import Room, World
from server.settings import ROOT

PEOPLE, SCREENS = 24, 4
PAUSE = 0.8  # seconds between two gestures of a person, on average
BETWEEN = (2.0, 8.0)  # seconds between two faults
AWAY = (0.0, 2.0)  # seconds that what was stopped stays so
AGAIN = (0.05, 0.4)  # seconds before asking again
WAIT = (429, 503)  # "come back": everything else but 200 is a fault of ours
HEARD = 5.0  # seconds for every screen to notice that the server left
RESTART = 1012  # what a server that leaves says to each screen

Fault = Callable[[], Awaitable[None]]


class Trial:
    """A server, a room where people vote and comment without a rest, and what befalls them."""

    def __init__(self, database: AnyDatabase, folder: Path, seed: int, say: Callable[[str], None] = print) -> None:
        self.database, self.folder, self.say = database, folder, say
        self.address = database.fresh()
        self.server = Server(self.address, folder / "server.log")
        self.chance = random.Random(seed)
        self.kept: list[Kept] = []
        self.violations: list[str] = []
        self.again = 0
        self.befell: Counter[str] = Counter()
        self.over = False
        self.crowd = Crowd()
        self.screens: list[LiveScreen] = []

    async def run(self, seconds: float) -> list[str]:
        """Everything that did not hold; an empty list is a good day."""
        await asyncio.to_thread(self.server.start)
        try:
            await self._gather()
            people = [asyncio.create_task(self._person(number)) for number in range(PEOPLE)]
            await self._befall(time.monotonic() + seconds)
            self.over = True
            await asyncio.gather(*people)
            await self._check()
        finally:
            for screen in self.screens:
                await screen.close()
            await self.crowd.leave()
            self.server.kill()
        return self.violations

    async def _gather(self) -> None:
        world = await asyncio.to_thread(World, self.server)
        self.room: Room = await asyncio.to_thread(world.convene)
        self.world = world
        await self.crowd.aim(HOST, self.server.port)
        await self.crowd.come(self.room.code, guests(PEOPLE + SCREENS))
        await asyncio.to_thread(world.move, self.room, "voting")
        # Those who watch do not vote: their own ballots come with the answers, not with the frames.
        for guest in self.crowd.guests[PEOPLE:]:
            self.screens.append(await LiveScreen(self.server.url, self.room.path, guest).open())

    # ── People

    async def _person(self, number: int) -> None:
        """Vote, comment, change one's mind; each gesture is sent until it is acknowledged, with the same key."""
        guest, turn = self.crowd.guests[number], 0
        chance = random.Random(self.chance.random())
        while not self.over:
            turn += 1
            await self._send(guest, f"{number}-{turn}", chance)
            await asyncio.sleep(chance.expovariate(1 / PAUSE))

    async def _send(self, guest: Guest, key: str, chance: random.Random) -> None:
        about = chance.choice(self.room.indicators)
        if chance.random() < 0.2:
            kinds, said = COMMENTS, f"Avis {key} : dire si l'on compte des personnes ou des participations."
            fields = {"field": "definition", "text": said}
            request = self.crowd.browser.hx_post(f"/indicateurs/{about}/avis", fields, guest.cookie, key)
        else:
            cast = ballot(about, key, chance)
            kinds, said, request = VOTES, cast.choice, self.crowd.browser.vote(guest, cast)
        while True:
            try:
                answer = await self.crowd.pool.ask(request)
            except (OSError, TimeoutError):
                self.again += 1
            else:
                if answer.status == 200 and answer.gesture is not None:
                    self.kept.append(Kept(guest.name, kinds, about, said, answer.gesture))
                    return
                if answer.status not in WAIT:
                    self.violations.append(f"{answer.status} à {guest.name} : {answer.body[:200]!r}")
                    return
                self.again += 1
            await asyncio.sleep(chance.uniform(*AGAIN))

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
            self.crowd.pool.cut()
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
        register = await self._checked()
        self.violations += await checks.same_as_reload([screen.screen for screen in self.screens])
        await self.kill()
        if await self._checked() != register:
            self.violations.append("le registre n'est plus le même après un redémarrage")
        self.violations += await checks.same_as_reload([screen.screen for screen in self.screens])

    async def _checked(self) -> checks.Document:
        register = await asyncio.to_thread(self.world.get, f"{self.room.path}/registre.json")
        state = await asyncio.to_thread(self.world.state, self.room)
        self.violations += checks.chain(register)
        self.violations += await asyncio.to_thread(checks.chain_of_file, self.server, register, self.folder)
        self.violations += checks.exactly_once(register, self.kept)
        self.violations += checks.tallies(state, self.kept)
        self.violations += checks.said_once(state, self.kept)
        self.violations += await asyncio.to_thread(checks.recounted, state, self.address)
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
