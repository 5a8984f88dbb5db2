"""The crew: the client processes, told what to do, and watched so that none of them is ever the bottleneck."""

import asyncio
import gc
import multiprocessing
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvloop

from bench.crowd import Crowd
from bench.machine import open_files

WINDOW = 1.0  # seconds over which a share of a core is taken
SOON = 0.3  # seconds from an order to its first act: time for every process to hear it


@dataclass(frozen=True)
class Load:
    """What one client process spent since its last answer: CPU seconds, the highest share of a core in one second."""

    cpu: float
    share: float


def work(orders: Connection) -> None:
    """The life of a client process."""
    open_files()
    gc.disable()  # a pause of the client would be told as the server's; a process lives a few minutes
    uvloop.run(_obey(orders))


async def _obey(orders: Connection) -> None:
    crowd = Crowd()
    loop = asyncio.get_running_loop()
    before, shares = 0.0, [0.0]
    watching = asyncio.create_task(_watch(shares))
    while True:
        try:
            name, given = await loop.run_in_executor(None, orders.recv)
        except (EOFError, KeyboardInterrupt):
            watching.cancel()
            return
        try:
            answer = ("done", await getattr(crowd, name)(*given))
        except Exception:
            answer = ("failed", traceback.format_exc())
        # Frames come between two orders too: what they cost is told with the next answer.
        spent = time.process_time()
        orders.send((*answer, Load(spent - before, max(shares))))
        before, shares[:] = spent, [0.0]


async def _watch(shares: list[float]) -> None:
    """The share of a core used in each second."""
    while True:
        cpu, wall = time.process_time(), time.monotonic()
        await asyncio.sleep(WINDOW)
        shares.append((time.process_time() - cpu) / (time.monotonic() - wall))


class Crew:
    """So many client processes. An order goes to all of them, and waits for all of them."""

    def __init__(self, size: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.size = size
        self.loads: list[list[Load]] = [[] for _ in range(size)]
        self._orders: list[Connection] = []
        self._processes = []
        for _ in range(size):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._orders.append(ours)
            self._processes.append(process)

    def all(self, name: str, *given: Any) -> list[Any]:
        """The same order to everyone."""
        return self.each(name, [given] * self.size)

    def each(self, name: str, given: Sequence[Sequence[Any]]) -> list[Any]:
        """One order, each with their own part."""
        self.send(name, given)
        return self.collect()

    def send(self, name: str, given: Sequence[Sequence[Any]]) -> None:
        for orders, own in zip(self._orders, given, strict=True):
            orders.send((name, tuple(own)))

    def collect(self) -> list[Any]:
        """What each of them answers to the order under way."""
        answers = [orders.recv() for orders in self._orders]
        for loads, (_, _, load) in zip(self.loads, answers, strict=True):
            loads.append(load)
        for state, answer, _ in answers:
            if state == "failed":
                raise RuntimeError(f"a client process failed:\n{answer}")
        return [answer for _, answer, _ in answers]

    def share(self, items: Sequence[Any]) -> list[list[Any]]:
        """Deal a list to the processes."""
        return [list(items[number :: self.size]) for number in range(self.size)]

    def watch(self) -> None:
        """A measure begins: what follows is its load."""
        self.all("rest")
        self.loads = [[] for _ in range(self.size)]

    def busiest(self) -> float:
        """The highest share of a core that a client process used over one second since `watch`."""
        return max((load.share for loads in self.loads for load in loads), default=0.0)

    def spent(self) -> list[float]:
        """The CPU seconds of each client process since `watch`."""
        return [sum(load.cpu for load in loads) for loads in self.loads]

    def close(self) -> None:
        for orders in self._orders:
            orders.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.terminate()


def soon() -> float:
    """An instant that every process of this machine reads the same (the monotonic clock is the machine's)."""
    return time.monotonic() + SOON
