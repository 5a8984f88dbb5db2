"""Shelf: the page of a version, whole and unchanged, against a bare Starlette answer of the same bytes.

    python -m bench.shelf [--rounds 5] [--seconds 2] [--json FILE]

Two servers run with the same options of uvicorn, each in its process: the real application with all its middleware, on
the demonstration's workshop once it is published, and a Starlette application whose only route answers the same bytes
and headers. They take turns, and figures are medians over the rounds. The client is a third process: its own share of a
processor is told, so that one sees that it is not what is measured. On a machine with few cores, the processor time that
a server spends on an answer is the figure to look at.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "/referentiel/2.0.0"
CODING = {"Accept-Encoding": "gzip, deflate, br"}
CONNECTIONS = 16
KINDS = ("200", "304")
OF_THE_CONNECTION = ("date", "server", "connection")
TARGET = 0.7


# ── The world: the demonstration's workshop, closed and published


async def publish(url: str) -> None:
    from server.database import Database
    from server.demo import story
    from server.settings import Settings
    from workshops import agenda, drafts, publications, releases
    from workshops.agenda import Stage
    from workshops.drafts import Choices

    settings = Settings(_env_file=None, demo=True, database_url=url)  # type: ignore[call-arg]
    database = Database(url)
    workshop = await story.tell(database, settings)
    async with database.transaction() as session:
        cast = await story.cast(session, settings)
        await agenda.move(session, workshop.id, Stage.CLOSED, by=cast[story.CAMILLE])
    async with database.transaction() as session:
        found = [await agenda.get(session, workshop.id)]
        exceptions = (await drafts.draft(session, found)).unfinished("Première version.")
        choices = Choices(exceptions=exceptions)
        untold = (await drafts.draft(session, found, choices)).unexplained
        reasons = {line.code: "Personne n'en a parlé." for line in untold}
        release = await releases.prepare(session, [workshop.id], choices, reasons=reasons, by=cast[story.DOMINIQUE])
        await publications.confirm(session, release.id, by=cast[story.MAXIME])
    await database.close()


# ── The two servers


def bare(sample: dict[str, Any]) -> Starlette:
    """One route, which knows its answer beforehand."""
    whole, unchanged = ({**sample[kind]["headers"]} for kind in KINDS)
    body, tag = Path(sample["body"]).read_bytes(), whole["etag"]

    async def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=unchanged)
        return Response(body, headers=whole)

    return Starlette(routes=[Route(ADDRESS, page)])


def serve_bare(port: int, sample: Path) -> None:
    """As `python -m server run` serves the application."""
    uvicorn.run(
        bare(json.loads(sample.read_text())),
        port=port,
        http="server.heads:Http",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=4096,
        access_log=False,
        proxy_headers=True,
        log_level="warning",
    )


@contextmanager
def running(*command: str, port: int, environment: dict[str, str]) -> Iterator[int]:
    """A server in a process of its own, from its first answer on; its process id."""
    log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
    started = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
    )
    try:
        for _ in range(300):
            if started.poll() is not None:
                log.seek(0)
                raise SystemExit(f"{' '.join(command)}:\n{log.read().decode()}")
            try:
                ask(port)
                break
            except OSError:
                time.sleep(0.1)
        yield started.pid
    finally:
        started.terminate()
        started.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def ask(port: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One answer, as a browser would get it."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{ADDRESS}", headers={**CODING, **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, said(answer.headers), answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, said(answer.headers), answer.read()


def said(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in OF_THE_CONNECTION}


def sampled(port: int, folder: Path) -> dict[str, Any]:
    """What the real application answers, for the bare one to answer too."""
    status, whole, body = ask(port)
    again, unchanged, nothing = ask(port, **{"If-None-Match": whole["etag"]})
    assert (status, again, nothing) == (200, 304, b""), (status, again)
    file = folder / "body"
    file.write_bytes(body)
    return {"200": {"headers": whole}, "304": {"headers": unchanged}, "body": str(file)}


# ── The client


class Reader(asyncio.Protocol):
    """One connection that asks, reads the whole answer, and asks again."""

    def __init__(self, request: bytes, status: bytes, until: float) -> None:
        self.request, self.status, self.until = request, status, until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers = self.length = self.read = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.read and not data.startswith(self.status):
            raise SystemExit(f"unforeseen answer: {data[:200]!r}")
        self.read += len(data)
        if not self.length:  # all answers are as long as the first one
            head, _, _ = data.partition(b"\r\n\r\n")
            named = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            self.length = len(head) + 4 + int(named.get(b"content-length", 0))
        if self.read == self.length:
            self.read = 0
            self.answers += 1
            if time.perf_counter() < self.until:
                self.transport.write(self.request)
            else:
                self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_result(None)


async def read_on(port: int, kind: str, tag: str, seconds: float) -> dict[str, float]:
    """Ask for so long; how many answers came, how long it took, and how much of a processor we used."""
    lines = [
        f"GET {ADDRESS} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in CODING.items()),
    ]
    lines += ["User-Agent: bench", "Accept: text/html"] + [f"If-None-Match: {tag}"] * (kind == "304")
    request = "\r\n".join([*lines, "", ""]).encode()
    began, used = time.perf_counter(), time.process_time()
    loop, status = asyncio.get_running_loop(), f"HTTP/1.1 {kind}".encode()
    readers = [Reader(request, status, began + seconds) for _ in range(CONNECTIONS)]
    for reader in readers:
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(reader.done for reader in readers))
    took = time.perf_counter() - began
    return {
        "answers": sum(reader.answers for reader in readers),
        "seconds": took,
        "client": (time.process_time() - used) / took,
    }


# ── Measuring


def processor(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turn(port: int, pid: int, kind: str, tag: str, seconds: float) -> dict[str, float]:
    """One server, one kind of answer, for some seconds."""
    before = processor(pid)
    command = [sys.executable, "-m", "bench.shelf", "--read", str(port), kind, tag, str(seconds)]
    told = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return {
        "per_second": told["answers"] / told["seconds"],
        "microseconds": (processor(pid) - before) / told["answers"] * 1e6,
        "client": told["client"],
    }


def measure(rounds: int = 5, seconds: float = 2.0) -> dict[str, Any]:
    """The figures: answers a second, server microseconds for one, the client's share of a processor, and ratios."""
    from server.cli.serving import prepare
    from server.settings import Settings

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite+aiosqlite:///{folder / 'grille.db'}"
        prepare(Settings(_env_file=None, demo=True, database_url=url))  # type: ignore[call-arg]
        asyncio.run(publish(url))
        ports = {"page": free_port()}
        real = {"DATABASE_URL": url, "PORT": str(ports["page"]), "DEMO": "off", "SECRET_KEY": "x" * 32}
        with running("server", "run", port=ports["page"], environment=real) as page:
            sample = sampled(ports["page"], folder)
            (folder / "sample").write_text(json.dumps(sample))
            ports["bare"] = free_port()
            command = ("bench.shelf", "--serve", str(ports["bare"]), str(folder / "sample"))
            with running(*command, port=ports["bare"], environment={}) as bare:
                assert sampled(ports["bare"], folder) == sample
                found = _in_turn(ports, {"page": page, "bare": bare}, sample["200"]["headers"]["etag"], rounds, seconds)
        return {**found, "ratios": _ratios(found), "bytes": (folder / "body").stat().st_size}


def _in_turn(ports: dict[str, int], pids: dict[str, int], tag: str, rounds: int, seconds: float) -> dict[str, Any]:
    turns: dict[str, list[dict[str, float]]] = {f"{who}_{kind}": [] for kind in KINDS for who in ("bare", "page")}
    for number in range(rounds + 1):
        for name, taken in turns.items():
            who, _, kind = name.partition("_")
            measured = turn(ports[who], pids[who], kind, tag, seconds)
            if number:  # the first round warms
                taken.append(measured)
    return {
        name: {figure: statistics.median(one[figure] for one in taken) for figure in taken[0]}
        for name, taken in turns.items()
    }


def _ratios(found: dict[str, Any]) -> dict[str, float]:
    """1: as fast as the bare answer; more: faster."""
    return {
        f"{figure}_{kind}": found[f"page_{kind}"]["per_second"] / found[f"bare_{kind}"]["per_second"]
        if figure == "per_second"
        else found[f"bare_{kind}"][figure] / found[f"page_{kind}"][figure]
        for kind in KINDS
        for figure in ("per_second", "microseconds")
    }


def table(found: dict[str, Any]) -> str:
    lines = [f"version page, {found['bytes']} bytes      answers/s   server µs each   client's share of a core"]
    lines += [
        f"  {name:<34}{found[name]['per_second']:>10.0f}{found[name]['microseconds']:>17.1f}{found[name]['client']:>15.0%}"
        for kind in KINDS
        for name in (f"bare_{kind}", f"page_{kind}")
    ]
    for kind in KINDS:
        rate, cost = found["ratios"][f"per_second_{kind}"], found["ratios"][f"microseconds_{kind}"]
        lines.append(f"  {kind}: {rate:.0%} of the bare answers/s, {cost:.0%} at equal processor time (≥ {TARGET:.0%})")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--read", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.serve:
        serve_bare(int(given.serve[0]), Path(given.serve[1]))
    elif given.read:
        port, kind, tag, seconds = given.read
        print(json.dumps(uvloop.run(read_on(int(port), kind, tag, float(seconds)))))
    else:
        found = measure(given.rounds, given.seconds)
        print(table(found))
        if given.json:
            given.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
