"""What a fault needs: real servers in processes of their own, on a database that may be stopped."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import databases
from bench.databases import AnyDatabase, PrivatePostgresql
from bench.server import Server
from bench.soak import Prepared, Trial, prepare
from server.settings import ROOT
from tests.faults.line import Line

PROCFILE = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web: "))
ON_POSTGRESQL = "Sur PostgreSQL seulement : indiquez TEST_DATABASE_URL."
PATIENCE = 40.0  # seconds for people to be acknowledged once everything works again


@dataclass(frozen=True)
class Ground:
    """Where trials take place: a kind of database, and the world that each begins from."""

    database: AnyDatabase
    prepared: Prepared


Begin = Callable[..., Trial]


class Hosted(Server):
    """The Procfile's own line, as a host runs it: the database is ready, this starts sooner than `run`."""

    words = ("sh", "-c", f"exec {PROCFILE.removeprefix('web: ')}")

    def __init__(self, database: str, log: Path, port: int = 0) -> None:
        super().__init__(database, log, port)
        self.environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """SQLite, or the PostgreSQL of TEST_DATABASE_URL."""
    folder = tmp_path_factory.mktemp("faults")
    database = databases.chosen(os.environ.get("TEST_DATABASE_URL", "sqlite"), folder)
    yield Ground(database, prepare(database, folder))
    database.close()


@pytest.fixture(scope="session")
def stoppable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A PostgreSQL that is ours to stop, durable as in production; its tests are PostgreSQL's."""
    if "TEST_DATABASE_URL" not in os.environ:
        pytest.skip(ON_POSTGRESQL)
    try:
        database = PrivatePostgresql()
    except FileNotFoundError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"Aucun PostgreSQL à démarrer : {missing}")
    yield Ground(database, prepare(database, tmp_path_factory.mktemp("faults")))
    database.close()


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """A trial to be entered: a few people who vote without a rest, two screens that watch."""

    def begin(ground: Ground, *, served: type[Server] = Hosted, processes: int = 1, **given: int) -> Trial:
        chosen = {"people": 6, "screens": 2, **given}
        trial = Trial(ground.database, tmp_path, 46, lambda line: None, pause=0.05, prepared=ground.prepared, **chosen)
        trial.servers = [served(trial.address, tmp_path / f"server-{number}.log") for number in range(processes)]
        trial.server = trial.servers[0]
        return trial

    return begin


async def comes(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what nothing announces."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def settled(trial: Trial) -> None:
    """People stop once acknowledged; then the chain holds, tallies are a recount, each gesture is there once, and
    every screen equals a reload.
    """
    async with asyncio.timeout(PATIENCE):
        await trial.rest()
    assert trial.kept
    await trial.check()
    assert trial.violations == []


@pytest.fixture
def through() -> Callable[[Trial], Line]:
    """Puts between the servers of a trial and their PostgreSQL a line that one can spoil; to be opened first."""

    def through(trial: Trial) -> Line:
        line = Line(trial.address)
        for server in trial.servers:
            server.environment["DATABASE_URL"] = line.address
        return line

    return through
