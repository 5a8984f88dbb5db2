"""The stand: what every measure works with, and how it brings people into a room."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

from bench import machine
from bench.crew import Crew
from bench.databases import AnyDatabase
from bench.gestures import Guest, ballot, guests
from bench.server import HOST, Server
from bench.world import Room, World

Figures = dict[str, float]
CALM = 0.6  # seconds without a frame: several ticks


@dataclass
class Stand:
    """One run of the bench on one database."""

    database: AnyDatabase
    folder: Path
    crew: Crew
    seed: int
    quick: bool = False
    tick_ms: int = 100

    @contextmanager
    def serving(self, database: str = "", **settings: str) -> Iterator[Server]:
        """The application on a database (a fresh one by default); the crew talks to it."""
        address = database or self.database.fresh()
        server = Server(address, self.folder / "server.log", tick_ms=self.tick_ms, **settings)
        with server:
            self.aim(server)
            try:
                yield server
            finally:
                self.crew.all("leave")

    def aim(self, server: Server) -> None:
        self.crew.all("aim", HOST, server.port)

    def of(self, full: Any, quick: Any) -> Any:
        """A number of the real measure, or of the one that only shows that the bench works."""
        return quick if self.quick else full

    # ── Filling a room

    def come(self, room: Room, count: int) -> list[list[Guest]]:
        """So many people join, dealt to the client processes; those who come later are other people."""
        dealt = self.crew.share(guests(count))
        return self.crew.each("come", [(room.code, own) for own in dealt])

    def sit(self, world: World, room: Room, count: int) -> int:
        """Open so many screens and wait until they are at rest; the gesture they show."""
        gesture = world.gesture(room)
        self.crew.each("sit", [(room.socket(gesture), share) for share in self.shares(count)])
        self.crew.all("calm", CALM)
        self.crew.all("forget")
        return gesture

    def shares(self, count: int) -> list[int]:
        return [len(own) for own in self.crew.share(range(count))]

    def votes(self, indicators: Sequence[str], instants: Sequence[float], people: int, name: str) -> list[list[Any]]:
        """Votes at these instants, by each person in turn, dealt to the process where that person is."""
        chance = Random(f"{self.seed} {name}")
        dealt: list[list[Any]] = [[] for _ in range(self.crew.size)]
        for number, instant in enumerate(instants):
            process, who = number % people % self.crew.size, number % people // self.crew.size
            chosen = indicators[number // people % len(indicators)]
            dealt[process].append((instant, who, ballot(chosen, f"{name}-{number}", chance)))
        return dealt

    def instants(self, count: int, seconds: float, name: str) -> list[float]:
        """So many instants within so many seconds, drawn in advance."""
        chance = Random(f"{self.seed} {name} instants")
        return sorted(chance.uniform(0, seconds) for _ in range(count))

    def database_cpu(self) -> float:
        """What PostgreSQL spent, when it is ours."""
        return sum(machine.cpu(*machine.family(pid)) for pid in self.database.pids())


def percentile(values: Sequence[float], share: float = 0.95) -> float:
    """The smallest value that this share of the values does not exceed."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
