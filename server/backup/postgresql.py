"""PostgreSQL: its own tools, pg_dump and pg_restore, which see one moment and load in one transaction."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server import migrating
from server.backup.files import LIVED_IN, Impossible
from server.postgresql import plain


def save(url: str, draft: Path) -> None:
    """pg_dump reads one snapshot; nobody who writes waits."""
    _require_tool("pg_dump", url)
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}", to=url)


def check(file: Path) -> None:
    """Every block of the file can be read and unpacked."""
    _run("pg_restore", f"--file={os.devnull}", str(file))


def schema(file: Path) -> str | None:
    """The migration a file stopped at, or none when it is not one of ours."""
    told = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file))
    found = re.search(r"^COPY [\w.]*alembic_version \(version_num\) FROM stdin;\n(\w+)$", told, re.MULTILINE)
    return found[1] if found else None


def is_empty(url: str) -> bool:
    """Whether nobody ever came there."""
    with _connected(url) as base:
        return not any(
            base.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,)
            and base.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608  names of ours
            for table in LIVED_IN
        )


def load(file: Path, url: str) -> None:
    """All of it or nothing. A schema without anybody in it is taken down first: it may have tables that the file,
    older, does not know.
    """
    _require_tool("pg_restore", url)
    migrating.take_down(url)
    _run(
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        str(file),
        to=url,
    )


def _require_tool(name: str, url: str) -> None:
    """The tool must be there, and no older than the server: an older one does not know what to read."""
    with _connected(url) as base:
        needed = base.info.server_version // 10000
    found = re.search(r"\(PostgreSQL\) (\d+)", _run(name, "--version"))
    if found is None or int(found[1]) < needed:
        raise Impossible(f"{name} est en version {found[1] if found else '?'} et le serveur en version {needed} : "
                         f"installez postgresql-client-{needed}.")  # fmt: skip


def _connected(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(plain(url), connect_timeout=10)


def _run(tool: str, *given: str, to: str | None = None) -> str:
    """What a tool answers. The password goes by the environment: a command line can be read by the whole machine."""
    program = shutil.which(tool)
    if program is None:
        raise Impossible(f"{tool} est introuvable : installez les outils de PostgreSQL (paquet postgresql-client).")
    environment = {**os.environ, "LC_ALL": "C"}
    if to is not None:
        where = {name: str(value) for name, value in conninfo_to_dict(plain(to)).items()}
        if password := where.pop("password", ""):
            environment["PGPASSWORD"] = password
        given = (*given, f"--dbname={make_conninfo(**where)}")
    done = subprocess.run([program, *given], env=environment, capture_output=True, text=True, check=False)  # noqa: S603  ours
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        reason = said[0] if said else f"arrêté par le signal {-done.returncode}"
        raise Impossible(f"{tool} n'a pas abouti : {reason}")
    return done.stdout
