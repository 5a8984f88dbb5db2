"""The reference: a raw `websockets` broadcast, with nothing around it.

`python -m bench.reference FILE` says its port on a line, then obeys lines "rounds interval": it sends the content of
the file to every connection, so many times, at that pace, and says "done".
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench import machine
from bench.server import HOST
from server.settings import ROOT


class Reference:
    """The reference's process, as the bench sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.port = int(self._said())

    def send(self, rounds: int, interval: float) -> float:
        """Send it all; the CPU seconds that it took."""
        assert self.process.stdin
        before = machine.cpu(self.process.pid)
        print(rounds, interval, file=self.process.stdin, flush=True)
        assert self._said() == "done"
        return machine.cpu(self.process.pid) - before

    def _said(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@contextmanager
def running(frame: bytes, folder: Path) -> Iterator[Reference]:
    """A reference that sends this frame."""
    file = folder / "frame.html"
    file.write_bytes(frame)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.reference", str(file)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Reference(process)
    finally:
        process.kill()
        process.wait()


async def _serve(frame: str) -> None:
    seats: set[ServerConnection] = set()

    async def seat(connection: ServerConnection) -> None:
        seats.add(connection)
        try:
            await connection.wait_closed()
        finally:
            seats.discard(connection)

    async with serve(seat, HOST, 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while order := await loop.run_in_executor(None, sys.stdin.readline):
            rounds, interval = order.split()
            for _ in range(int(rounds)):
                broadcast(seats, frame)
                await asyncio.sleep(float(interval))
            print("done", flush=True)


if __name__ == "__main__":
    machine.open_files()
    uvloop.run(_serve(Path(sys.argv[1]).read_text()))
