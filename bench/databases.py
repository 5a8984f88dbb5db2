"""Databases: a fresh one for each measure, durable as in production, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from bench.server import HOST, free_port


class Sqlite:
    """A file each, beside the code: where the default database is."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)

    def fresh(self, like: str | None = None) -> str:
        """The address of a database of one's own: empty, or as another one is that nobody uses."""
        file = self.folder / f"bench-{next(self._numbers)}.db"
        if like:
            shutil.copy(str(make_url(like).database), file)
        return f"sqlite+aiosqlite:///{file}"

    def restart(self) -> None:
        """There is no server to restart."""

    def pids(self) -> list[int]:
        return []

    def close(self) -> None:
        """The folder goes with the bench."""


class Postgresql:
    """Databases of a PostgreSQL that is already there."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self.address = make_url(url).set(drivername="postgresql")
        self._made: list[str] = []

    def fresh(self, like: str | None = None) -> str:
        """The address of a database of one's own: empty, or as another one is that nobody uses."""
        name = f"grille_bench_{os.getpid()}_{len(self._made)}"
        template = f" TEMPLATE {make_url(like).database}" if like else ""
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name}{template}")  # type: ignore[arg-type]
        self._made.append(name)
        return self.address.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.address.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection

    def restart(self) -> None:
        """Somebody else's server is not ours to restart."""

    def pids(self) -> list[int]:
        return []

    def close(self) -> None:
        with self._connected() as connection:
            for name in self._made:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]


class PrivatePostgresql(Postgresql):
    """A PostgreSQL of our own: its default settings, and so a commit that is on the disk."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grille-bench-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.port = free_port()
        self._run("initdb", "--pgdata", "data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
                  "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        self._control("start")
        super().__init__(f"postgresql://postgres@{HOST}:{self.port}/postgres")

    def _control(self, act: str) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses={HOST} -c max_connections=200"
        starting = ("--options", options, "--log", "log") if act != "stop" else ()
        self._run("pg_ctl", "--pgdata", "data", "--wait", "--silent", "--mode", "fast", *starting, act)

    def _run(self, program: str, *words: str) -> None:
        """PostgreSQL refuses to run as root."""
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
        path = str(binaries[-1] / program) if binaries else program
        user = "postgres" if os.getuid() == 0 else None
        subprocess.run(
            [path, *words], cwd=self.folder, user=user, group=_group(user), check=True, stdout=subprocess.DEVNULL
        )

    def restart(self) -> None:
        self._control("restart")

    def stop(self) -> None:
        self._control("stop")

    def start(self) -> None:
        self._control("start")

    def pids(self) -> list[int]:
        return [int((self.folder / "data/postmaster.pid").read_text().splitlines()[0])]

    def close(self) -> None:
        self._run("pg_ctl", "--pgdata", "data", "--mode", "immediate", "--silent", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


AnyDatabase = Sqlite | Postgresql


def chosen(wanted: str, folder: Path) -> AnyDatabase:
    """`sqlite`, `postgresql` (a private one) or the URL of a PostgreSQL where one may create databases."""
    if wanted == "sqlite":
        return Sqlite(folder)
    return PrivatePostgresql() if wanted == "postgresql" else Postgresql(wanted)
