"""SQLite: its own online copy, page by page, from one moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

from server.backup.files import LIVED_IN, Impossible


def save(url: str, draft: Path) -> None:
    """All pages in one step: in WAL mode nobody who writes waits, and what they write meanwhile is not in it."""
    source = _file(url)
    if not source.is_file():
        raise Impossible(f"Il n'y a pas de base à sauvegarder : {source} n'existe pas.")
    with _said("La sauvegarde a échoué"), _opened(source, "rw") as live, _opened(draft, "rw") as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file that needs nothing beside it


def check(file: Path) -> None:
    """Every page and every index is in order, and each reference leads somewhere."""
    beside = file.with_name(file.name + "-wal")
    if beside.exists() and beside.stat().st_size:
        raise Impossible(f"{file} est une base en service ({beside.name} en contient une partie), pas une sauvegarde.")
    with _said(f"{file} ne se lit pas"), _opened(file, "ro&immutable=1") as copy:
        faults = [row[0] for row in copy.execute("PRAGMA integrity_check(1)") if row[0] != "ok"]
        faults += [f"{row[0]} : une référence ne mène nulle part" for row in copy.execute("PRAGMA foreign_key_check")]
    if faults:
        raise Impossible(f"{file} est abîmé : {faults[0]}")


def schema(file: Path) -> str | None:
    """The migration a file stopped at, or none when it is not one of ours."""
    with _opened(file, "ro&immutable=1") as copy:
        if not _has(copy, "alembic_version"):
            return None
        row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def is_empty(url: str) -> bool:
    """Whether nobody ever came there."""
    if not _file(url).is_file():
        return True
    with _said("La base ne se lit pas"), _opened(_file(url), "rw") as base:
        return not any(
            _has(base, table) and base.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608  names of ours
            for table in LIVED_IN
        )


def load(file: Path, url: str) -> None:
    """In one transaction of the database: another connection sees it empty, then whole."""
    with (
        _said("La restauration a échoué, la base est restée vide"),
        _opened(file, "ro&immutable=1") as copy,
        _opened(_file(url), "rwc") as base,
    ):
        copy.backup(base)


def _has(base: sqlite3.Connection, table: str) -> bool:
    return base.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchone() is not None


def _file(url: str) -> Path:
    name = make_url(url).database
    if not name or name == ":memory:":
        raise Impossible("Une base en mémoire n'a rien à sauvegarder ni à restaurer.")
    return Path(name)


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode={mode}", uri=True, timeout=10)) as connection:
        yield connection


@contextmanager
def _said(what: str) -> Iterator[None]:
    """What SQLite says, made a refusal."""
    try:
        yield
    except sqlite3.Error as error:
        raise Impossible(f"{what} : {error}") from None
