"""The disk: full, or at the end of what one may write there; then there is room again."""

import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.crowd import until
from bench.databases import Sqlite
from bench.soak import Trial, prepare
from tests.faults.conftest import PATIENCE, Begin, Ground, settled
from tests.server.pages.reading import plain

DOWN = "La base de données ne répond pas. Rien n'a été enregistré à moitié : réessayez dans un instant."
PAGE = 4096


class Disk(ABC):
    """A disk that one may fill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self, trial: Trial) -> None: ...

    @abstractmethod
    def free(self, trial: Trial) -> None: ...


class Small(Disk):
    """A file system of its own: the kernel says that there is no space left."""

    def fill(self, trial: Trial) -> None:
        with (self.folder / "rest").open("wb", buffering=0) as rest, suppress(OSError):
            while True:
                rest.write(b"\0" * PAGE)

    def free(self, trial: Trial) -> None:
        (self.folder / "rest").unlink()


class Rationed(Disk):
    """A limit to the files of the server's process: no file of its may grow further than a page."""

    def fill(self, trial: Trial) -> None:
        self._allow(trial, PAGE)

    def free(self, trial: Trial) -> None:
        self._allow(trial, resource.RLIM_INFINITY)

    def _allow(self, trial: Trial, size: int) -> None:
        for pid in trial.server.pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"Pas le droit de monter un petit disque : {mounted.stderr.strip()}")
    yield Small(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def rationed(tmp_path: Path) -> Disk:
    return Rationed(tmp_path)


@pytest.mark.parametrize("kind", ["small", "rationed"])
async def test_a_full_disk_is_said_and_nothing_is_half_written(
    kind: str, begin: Begin, request: pytest.FixtureRequest
) -> None:
    """SQLite's disk; a PostgreSQL whose disk is full is an error like another, or is away."""
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("Sur SQLite seulement.")
    disk: Disk = request.getfixturevalue(kind)
    database = Sqlite(disk.folder)
    async with begin(Ground(database, prepare(database, disk.folder))) as trial:
        await trial.acknowledged(10)
        disk.fill(trial)
        try:
            assert await until(lambda: len(trial.waits) > 10, PATIENCE)
            told, page = trial.waits[-1], await trial.crowd.pool.ask(trial.crowd.browser.get(trial.room.path))
            program = await trial.crowd.pool.ask(trial.crowd.browser.get(f"{trial.room.path}/registre.json"))
        finally:
            disk.free(trial)
        assert (told.status, b"retry-after: 3" in told.head.lower(), DOWN in plain(told.body.decode())) == (
            503,
            True,
            True,
        )
        assert (page.status, program.status) == (200, 200)  # one still reads
        await trial.acknowledged(20)
        await settled(trial)
