"""Files: whole or not there, and known by how they begin."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BEGINNINGS = {b"SQLite format 3\x00": "sqlite", b"PGDMP": "postgresql"}
# Tables that a database has as soon as somebody used it; the directory of labs is there from the beginning.
LIVED_IN = ("person", "workshop", "framework", "importedframework")


class Impossible(Exception):
    """Nothing was saved nor restored; the message says why."""


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A draft beside the file, for its owner's eyes only; it takes the file's name once it is safe on the disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".partiel", dir=file.parent)
        os.close(descriptor)
    except OSError as error:
        raise Impossible(f"{file.parent} : {error.strerror}") from None
    draft = Path(name)
    try:
        yield draft
        _to_disk(draft)
        draft.replace(file)
        _to_disk(file.parent)
    except OSError as error:
        raise Impossible(f"{file} : {error.strerror}") from None
    finally:
        for beside in ("", "-journal", "-wal", "-shm"):  # what SQLite puts there when it is interrupted
            draft.with_name(draft.name + beside).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kind_of(file: Path) -> str:
    """Which database a file was saved from."""
    try:
        with file.open("rb") as opened:
            beginning = opened.read(max(map(len, BEGINNINGS)))
    except OSError as error:
        raise Impossible(f"{file} ne se lit pas : {error.strerror}") from None
    for sign, kind in BEGINNINGS.items():
        if beginning.startswith(sign):
            return kind
    raise Impossible(f"{file} n'est pas une sauvegarde faite par « backup ».")
