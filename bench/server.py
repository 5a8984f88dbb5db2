"""The server under measure: the real application, started as in production, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench import machine
from server.settings import ROOT

HOST = "127.0.0.1"
READY = 60.0  # seconds to be up
GONE = 15.0  # seconds to stop, connections open or not


class NotReady(Exception):
    """The server does not start, or does not stop."""


class Server:
    """`python -m server run` on a database, with the demonstration's way in."""

    words: tuple[str, ...] = (sys.executable, "-m", "server", "run")

    def __init__(self, database: str, log: Path, port: int = 0, tick_ms: int = 100, **more: str) -> None:
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.tick = tick_ms / 1000
        self.log = log
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "DATABASE_URL": database,
            "DEMO": "on",
            "HOST": HOST,
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "TICK_MS": str(tick_ms),
            **more,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.words, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        end = time.monotonic() + READY
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise NotReady(f"the server does not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        return self

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/sante", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def command(self, *words: str) -> str:
        """What the command line answers, with this server's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"server {' '.join(words)}: {done.stderr}")
        return done.stdout

    def demo(self) -> dict[str, Any]:
        """The demonstration's workshop, and single-use ways in."""
        found: dict[str, Any] = json.loads(self.command("demo", "--json"))
        return found

    @property
    def pids(self) -> list[int]:
        assert self.process is not None
        return machine.family(self.process.pid)

    @property
    def cpu(self) -> float:
        return machine.cpu(*self.pids)

    @property
    def memory(self) -> int:
        return machine.own_memory(*self.pids)

    def stop(self) -> int:
        """Ask it to leave, as a machine that restarts does; its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(GONE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotReady(f"the server did not stop within {GONE:.0f} s") from None
        self.process = None
        return code

    def kill(self) -> None:
        """End it at once, with all that it started, as a power cut does."""
        if self.process is None:
            return
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.process = None

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
