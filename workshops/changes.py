"""Changes: what differs between two texts, and between two sheets."""

import difflib
import re
from dataclasses import dataclass

from workshops.sheet import FIELDS, Field, Level, Sheet

TOKENS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """Consecutive words that are the same, gone or new."""

    state: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field that differs, its words side by side, and what it does to the version."""

    field: Field
    level: Level
    pieces: tuple[Piece, ...]


def words(before: str, after: str) -> tuple[Piece, ...]:
    """The word-level difference: the shortest readable path from one text to the other.

    Joining what is not `new` gives `before` back; joining what is not `gone` gives `after`.
    """
    old, new = TOKENS.findall(before), TOKENS.findall(after)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("gone", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("new", "".join(new[j1:j2])))
    return tuple(pieces)


def between(before: Sheet, after: Sheet) -> list[Change]:
    """The fields that differ, in the order of the sheet."""
    return [
        Change(
            field,
            field.change_level(before.get(field.name), after.get(field.name)),
            words(readable(field, before), readable(field, after)),
        )
        for field in FIELDS
        if before.get(field.name) != after.get(field.name)
    ]


def readable(field: Field, sheet: Sheet) -> str:
    """A field's value as a person reads it: labels rather than codes, one item a line."""
    value = sheet.get(field.name)
    if value is None:
        return ""
    items = value if isinstance(value, list) else [value]
    return "\n".join(field.words(item).label if field.words else str(item) for item in items)
