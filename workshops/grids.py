"""Grids: what the file of an external framework says, judged line by line.

A grid of another time is kept as it is: only a code and a title are required, texts may be longer than ours, a family
that is not one of ours stays as its source writes it, and so do the columns that a person asks to keep.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rapidfuzz import fuzz, process

from workshops import sheet
from workshops.sheet import FIELDS, Field
from workshops.texts import clean, one_line
from workshops.words import N_, Word

MOST = 500  # indicators of one grid
WIDEST = 100  # columns
LONGEST_CODE = 40
LONGEST_COLUMN = 80
LONGEST_TEXT = 2000
ALIKE = 70  # out of a hundred: an unknown column is perhaps that one
SHOWN = 60  # characters of a value, in a sentence


class Format(Word):
    CSV = "csv", N_("CSV")
    YAML = "yaml", N_("YAML")


@dataclass(frozen=True)
class Problem:
    """Something that does not hold, at a line of the file (0: the file as a whole), in a column or in none."""

    line: int
    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)
    column: str = ""


@dataclass(frozen=True)
class Cell:
    """What a file says in a column of a row, as written; a YAML list is several texts."""

    column: str
    line: int
    said: str | tuple[str, ...]


@dataclass(frozen=True)
class Row:
    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A file, read: its rows with their lines, and what could not be read. `header`: a CSV's first line."""

    format: Format
    encoding: str = "utf-8"
    header: tuple[Cell, ...] | None = None
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What would be kept, and everything that does not hold, by line."""

    items: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]


def simple(name: str) -> str:
    """A name without case, accents or punctuation: how columns and words are recognised."""
    letters = unicodedata.normalize("NFKD", clean(name).casefold())
    return re.sub(r"[^a-z0-9]+", "_", "".join(c for c in letters if not unicodedata.combining(c))).strip("_")


CODE = "code"
REQUIRED = (CODE, "libelle")
KNOWN: Mapping[str, str] = {
    CODE: CODE,
    **{simple(one.label): one.name for one in FIELDS},
    **{one.name: one.name for one in FIELDS},
}
WORDS: Mapping[str, Mapping[str, str]] = {
    one.name: {simple(said): word.value for word in one.words for said in (word.label, word.value)}
    for one in FIELDS
    if one.words
}


def _as_in_its_source(one: Field) -> Field:
    """A field as a grid of others may fill it: their texts may be longer, and their codes are not shaped as ours."""
    if one.words or one.kind == "number":
        return one
    return replace(one, longest=max(one.longest, LONGEST_TEXT), pattern="" if one.name == "indicateurs_lies" else one.pattern)


LOOSE: Mapping[str, Field] = {one.name: _as_in_its_source(one) for one in FIELDS}


def judge(grid: Grid, keeping: Collection[str] = ()) -> Judged:
    """Every indicator of a grid, and every error at once. `keeping`: columns of no field of ours, kept as they are."""
    kept = {simple(name) for name in keeping} - {""}
    problems = list(grid.problems)
    items: list[dict[str, Any]] = []
    if grid.header is not None:
        problems += _columns(grid.header, kept)
        problems += _absent(grid.header)
    seen: dict[str, int] = {}
    for row in grid.rows:
        if grid.header is None:
            problems += _columns(row.cells, kept)
            problems += _lacking(row)
        item, wrong = _item(row, kept)
        problems += wrong
        problems += _repeated(item, row, seen)
        items.append(item)
    if not grid.rows and not problems:
        problems.append(Problem(0, N_("Ce fichier ne contient aucun indicateur.")))
    return Judged(tuple(items), tuple(sorted(problems, key=lambda each: each.line)))


# ── Columns


def _named(cells: Iterable[Cell]) -> set[str]:
    return {KNOWN.get(simple(cell.column), "") for cell in cells}


def _columns(cells: Sequence[Cell], kept: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the names of columns: unknown, there twice, too long to be kept."""
    first: dict[str, int] = {}
    for cell in cells:
        name = simple(cell.column)
        known = KNOWN.get(name, name)
        if not name:
            yield Problem(cell.line, N_("Une colonne n'a pas de nom."))
        elif known in first:
            yield Problem(cell.line, N_("Cette colonne est déjà à la ligne {first}."), {"first": str(first[known])}, cell.column)
        elif name in KNOWN or (name in kept and len(one_line(cell.column)) <= LONGEST_COLUMN):
            pass
        elif name in kept:
            yield Problem(cell.line, N_("Ce nom de colonne est trop long."), column=cell.column[:SHOWN])
        else:
            yield _unknown(cell, name)
        first.setdefault(known, cell.line)


def _unknown(cell: Cell, name: str) -> Problem:
    near = process.extractOne(name[:SHOWN], tuple(KNOWN), scorer=fuzz.ratio, score_cutoff=ALIKE)
    shown = cell.column[:SHOWN]
    if near:
        sentence = N_("Colonne inconnue. Est-ce « {nearest} » ?")
        return Problem(cell.line, sentence, {"nearest": KNOWN[near[0]]}, shown)
    return Problem(cell.line, N_("Colonne inconnue : corrigez son nom, ou demandez à la garder telle quelle."), column=shown)


def _absent(header: Sequence[Cell]) -> Iterator[Problem]:
    """The columns without which no line can hold, told once."""
    line = header[0].line if header else 1
    for name in REQUIRED:
        if name not in _named(header):
            yield Problem(line, N_("Il manque la colonne « {name} »."), {"name": name})


# ── One indicator


def _lacking(row: Row) -> Iterator[Problem]:
    """What an indicator of a YAML file does not name at all."""
    for name in REQUIRED:
        if name not in _named(row.cells):
            yield Problem(row.line, N_("Il manque « {name} »."), {"name": name})


def _item(row: Row, kept: Collection[str]) -> tuple[dict[str, Any], list[Problem]]:
    """An indicator as it would be kept, and what is wrong in its cells."""
    problems: list[Problem] = []
    filled: dict[str, Any] = {}
    others: dict[str, str] = {}
    item: dict[str, Any] = {CODE: ""}
    for cell in row.cells:
        name = simple(cell.column)
        known = KNOWN.get(name)
        if known == CODE:
            item[CODE], wrong = _code(cell)
        elif known:
            value, wrong = _value(LOOSE[known], cell)
            if value is not None:
                filled[known] = value
            elif known == "famille" and wrong is None and _text(cell):
                item["famille_source"] = one_line(_text(cell))[:LONGEST_TEXT]
        else:
            wrong = _other(cell, others) if name in kept else None
        if wrong is None and known in REQUIRED and not _text(cell):
            wrong = Problem(cell.line, N_("Ce champ est nécessaire."), column=cell.column)
        problems += [wrong] if wrong else []
    item["fiche"] = {one.name: filled[one.name] for one in FIELDS if one.name in filled}
    return {**item, **({"autres": others} if others else {}), "ligne": row.line}, problems


def _text(cell: Cell) -> str:
    return clean(cell.said if isinstance(cell.said, str) else "\n".join(cell.said))


def _code(cell: Cell) -> tuple[str, Problem | None]:
    """A code is the source's own, on one line."""
    said = _text(cell)
    if "\n" in said:
        return "", Problem(cell.line, N_("Une seule ligne."), column=cell.column)
    if len(said) > LONGEST_CODE:
        return "", Problem(cell.line, N_("C'est trop long : {most} caractères au plus."), {"most": str(LONGEST_CODE)}, cell.column)
    return one_line(said), None


def _other(cell: Cell, others: dict[str, str]) -> Problem | None:
    """A column that is none of ours: its text, as it is."""
    said = _text(cell)
    if len(said) > LONGEST_TEXT:
        return Problem(cell.line, N_("C'est trop long : {most} caractères au plus."), {"most": str(LONGEST_TEXT)}, cell.column)
    if said:
        others[one_line(cell.column)] = said
    return None


def _value(one: Field, cell: Cell) -> tuple[Any, Problem | None]:
    """What a field holds, or what is wrong. A family of another grid is nothing wrong."""
    texts = _texts(one, cell)
    if texts is None:
        return None, Problem(cell.line, N_("Une seule valeur ici, pas une liste."), column=cell.column)
    if one.words:
        words = WORDS[one.name]
        strange = next((text for text in texts if simple(text) not in words), None)
        if strange is not None:
            return None, None if one.name == "famille" else _not_a_word(one, cell, strange)
        texts = [words[simple(text)] for text in texts]
    value, problem = sheet.filled(one, texts)
    if problem == N_("C'est trop long."):
        problem = N_("C'est trop long : {most} caractères au plus.")
    return value, Problem(cell.line, problem, {"most": str(one.longest)}, cell.column) if problem else None


def _texts(one: Field, cell: Cell) -> list[str] | None:
    """The texts of a cell: a list takes a line each, or semicolons; None for a list where one value goes."""
    if not isinstance(cell.said, str):
        return [text for text in map(clean, cell.said) if text] if one.is_list else None
    said = clean(cell.said)
    parts = re.split("\n" if "\n" in said else ";", said) if one.is_list else [said]
    return [part.strip() for part in parts if part.strip()]


def _not_a_word(one: Field, cell: Cell, strange: str) -> Problem:
    known = ", ".join(word.value for word in one.words or ())
    sentence = N_("« {said} » n'est pas dans la liste : {known}.")
    return Problem(cell.line, sentence, {"said": one_line(strange)[:SHOWN], "known": known}, cell.column)


def _repeated(item: Mapping[str, Any], row: Row, seen: dict[str, int]) -> Iterator[Problem]:
    """Two indicators of a grid do not have the same code."""
    code = item[CODE]
    line = next((cell.line for cell in row.cells if KNOWN.get(simple(cell.column)) == CODE), row.line)
    if code and code in seen:
        values = {"code": code, "first": str(seen[code])}
        yield Problem(line, N_("Le code « {code} » est déjà à la ligne {first}."), values, CODE)
    seen.setdefault(code, line)
