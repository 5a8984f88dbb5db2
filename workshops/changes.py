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
    """The word-level difference, as a person reads it: a few letters kept between two changes belong to them.

    Joining what is not `new` gives `before` back; joining what is not `gone` gives `after`.
    """
    old, new = TOKENS.findall(before), TOKENS.findall(after)
    pieces: list[Piece] = []
    gone = added = ""
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        kept = "".join(old[i1:i2]) if tag == "equal" else ""
        if tag != "equal" or (0 < index < len(codes) - 1 and _is_slight(kept)):
            gone += "".join(old[i1:i2])
            added += "".join(new[j1:j2])
            continue
        pieces += _replaced(gone, added)
        pieces.append(Piece("same", kept))
        gone = added = ""
    return (*pieces, *_replaced(gone, added))


def _is_slight(text: str) -> bool:
    """Too little to rest the eye on: spaces, punctuation, a word of three letters."""
    return sum(map(str.isalnum, text)) <= 3


def _replaced(gone: str, added: str) -> list[Piece]:
    return [Piece(state, text) for state, text in (("gone", gone), ("new", added)) if text]


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
