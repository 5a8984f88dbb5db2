"""Changes: what differs between two texts, and between two sheets."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from workshops.sheet import FIELDS, Field, Level, Sheet

TOKENS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")  # a space goes with the word after it
PAIRS = 10_000  # beyond, comparing word by word would take seconds: the texts are shown whole, one after the other


@dataclass(frozen=True)
class Piece:
    """Consecutive words that are the same, gone or new."""

    state: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field that differs, its words side by side, what it does to the version; `because`, who argues for less."""

    field: Field
    level: Level
    pieces: tuple[Piece, ...]
    because: str = ""


@lru_cache(maxsize=4096)
def words(before: str, after: str) -> tuple[Piece, ...]:
    """The word-level difference, as a person reads it: a few letters kept between two changes belong to them.

    Joining what is not `new` gives `before` back; joining what is not `gone` gives `after`.
    """
    old, new = TOKENS.findall(before), TOKENS.findall(after)
    if old != new and _pairs(old, new) > PAIRS:
        return tuple(_pieces([("", before, after)]))
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    runs: list[tuple[str, str, str]] = []  # kept, gone, added
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        gone, added = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal" and not (0 < index < len(codes) - 1 and _is_slight(gone)):
            runs.append((gone, "", ""))
        elif runs and runs[-1][0] == "":
            runs[-1] = ("", runs[-1][1] + gone, runs[-1][2] + added)
        else:
            runs.append(("", gone, added))
    return tuple(_pieces(runs))


def _pieces(runs: list[tuple[str, str, str]]) -> Iterator[Piece]:
    """What is kept, gone, added, one after the other; a space common to two words is kept with what precedes."""
    kept = ""
    for same, gone, added in runs:
        space = len(gone) - len(gone.lstrip())
        common = gone[:space] if space and added.startswith(gone[:space]) else ""
        kept += same + common
        if same:
            continue
        if kept:
            yield Piece("same", kept)
            kept = ""
        for state, text in (("gone", gone[len(common) :]), ("new", added[len(common) :])):
            if text:
                yield Piece(state, text)
    if kept:
        yield Piece("same", kept)


def _pairs(old: list[str], new: list[str]) -> int:
    """How many times a word of one text meets itself in the other: what the comparison costs."""
    met = Counter(new)
    return sum(times * met[word] for word, times in Counter(old).items())


def _is_slight(text: str) -> bool:
    """Too little to rest the eye on: spaces, punctuation, a word of three letters."""
    return sum(map(str.isalnum, text)) <= 3


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
