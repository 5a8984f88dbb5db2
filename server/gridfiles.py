"""Grid files: a CSV or a YAML read cell by cell, each with the line where it stands.

Everything is text: a number, a date or a formula is what is written, and nothing is ever run. YAML keeps to maps, lists
and texts: no tag, no anchor, hence nothing that grows when it is read.
"""

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import yaml

from workshops.grids import KNOWN, MOST, WIDEST, Cell, Format, Grid, Problem, Row, simple
from workshops.imports import Deposit
from workshops.words import N_

MOST_BYTES = 96 * 1024  # a page carries it twice, as it came and as text, in one body (settings.MAX_BODY)
SUFFIXES = {".csv": Format.CSV, ".tsv": Format.CSV, ".txt": Format.CSV, ".yaml": Format.YAML, ".yml": Format.YAML}
LIST = "indicateurs"
DEEPEST = 5  # the list of indicators in its map, one of them, a list in it
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What no text of a file holds: control characters, halves of pairs, and lines that end in a way of their own.
UNWANTED = ("Cc", "Cs", "Zl", "Zp")
LEFT_OUT = frozenset("\ufffe\uffff")


def deposit(name: str, content: bytes) -> Deposit:
    """A file as it came, read. What cannot be read is a problem of its grid, never an exception."""
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return Deposit(name, digest, len(content), read(name, content))


def read(name: str, content: bytes) -> Grid:
    """The grid that a file holds, or why there is none."""
    chosen = _format(name, content)
    if len(content) > MOST_BYTES:
        return _nothing(chosen, Problem(0, N_("Ce fichier est trop gros : 96 Kio au plus.")))
    text, encoding = decoded(content)
    problem = _not_text(chosen, content, encoding) or (None if text.strip() else Problem(0, N_("Il n'y a rien à lire : le fichier est vide.")))
    if problem:
        return _nothing(chosen, problem, encoding)
    strange = tuple(_strange(text))
    if strange:
        return Grid(chosen, encoding, problems=strange)
    return _csv(text, encoding) if chosen is Format.CSV else _yaml(text, encoding)


def lines(content: bytes) -> list[str]:
    """The lines of a file as they are numbered in its problems, whatever it holds."""
    return decoded(content)[0].split("\n")


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file, with one kind of line end, and how it is written: UTF-8, or what French spreadsheets save."""
    for encoding in ("utf-8-sig", "windows-1252"):
        try:
            return _one_line_end(content.decode(encoding)), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    return _one_line_end(content.decode("utf-8", "replace")), ""


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _format(name: str, content: bytes) -> Format:
    """By the name of the file; a pasted text has none: a line of YAML is a dash, a comment or a key with its colon."""
    suffix = re.search(r"\.\w+$", name.lower())
    if suffix and suffix[0] in SUFFIXES:
        return SUFFIXES[suffix[0]]
    first = next((line for line in lines(content[:MOST_BYTES]) if line.strip()), "")
    return Format.YAML if re.match(r"\s*(-(\s|$)|#|[\[{]|\w+\s*:(\s|$))", first) else Format.CSV


def _nothing(chosen: Format, problem: Problem, encoding: str = "utf-8") -> Grid:
    return Grid(chosen, encoding, problems=(problem,))


def _not_text(chosen: Format, content: bytes, encoding: str) -> Problem | None:
    """What is wrong with the bytes themselves, at the line of the first that is not UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(1, N_("Ce fichier est en UTF-16 : enregistrez-le en UTF-8."))
    if encoding == "utf-8" or (encoding and chosen is Format.CSV and b"\0" not in content):
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(_one_line_end(content[: error.start].decode("utf-8")).split("\n"))
        return Problem(line, N_("Ce fichier n'est pas en UTF-8 : enregistrez-le ainsi."))
    return None


def _strange(text: str) -> Iterator[Problem]:
    """The lines that hold a character of no text, each once."""
    for number, line in enumerate(text.split("\n"), 1):
        found = next((c for c in line if c != "\t" and (unicodedata.category(c) in UNWANTED or c in LEFT_OUT)), None)
        if found:
            code = f"U+{ord(found):04X}"
            yield Problem(number, N_("Cette ligne a un caractère qui n'est pas du texte ({code})."), {"code": code})


# ── CSV

Record = tuple[Cell, ...]  # cells that have no name yet


def _csv(text: str, encoding: str) -> Grid:
    """One header line, then a record an indicator; a record may take several lines of the file."""
    problems: list[Problem] = []
    rows: list[Row] = []
    records = _records(text, _separator(text), problems)
    header = _trimmed(next(records, ()), 0)
    if len(header) > WIDEST:
        return _nothing(Format.CSV, Problem(header[0].line, N_("Plus de {most} colonnes."), {"most": str(WIDEST)}))
    names = tuple(replace(cell, column=str(cell.said)) for cell in header)
    for record in records:
        record = _trimmed(record, len(names))
        if len(rows) == MOST:
            problems.append(Problem(record[0].line, N_("Plus de {most} indicateurs."), {"most": str(MOST)}))
            break
        if len(record) == len(names):
            cells = (replace(cell, column=name.column) for name, cell in zip(names, record, strict=True))
            rows.append(Row(record[0].line, tuple(cells)))
        else:
            values = {"found": str(len(record)), "wanted": str(len(names))}
            sentence = N_("Cette ligne n'a pas autant de cellules que la première : {found} au lieu de {wanted}.")
            problems.append(Problem(record[0].line, sentence, values))
    return Grid(Format.CSV, encoding, names, tuple(rows), tuple(problems))


def _separator(text: str) -> str:
    """The one of `, ; tab` by which the first line names most columns that we know, or else has most cells."""
    first = next(line for line in text.split("\n") if line.strip())

    def named(separator: str) -> tuple[int, int]:
        found = next(csv.reader([first], delimiter=separator), [])
        return sum(simple(name) in KNOWN for name in found), len(found)

    return max(",;\t", key=named)


def _records(text: str, separator: str, problems: list[Problem]) -> Iterator[Record]:
    """The records that are not blank. A quote out of place ends the reading: what follows cannot be told apart."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            never = "unexpected end" in str(error)
            sentence = N_("Un guillemet ouvert ici n'est jamais refermé.") if never else N_("Un guillemet est mal placé.")
            problems.append(Problem(line if never else reader.line_num, sentence))
            return
        if record is None:
            return
        if any(said.strip() for said in record):
            yield tuple(_with_lines(record, line))


def _with_lines(record: Sequence[str], line: int) -> Iterator[Cell]:
    for said in record:
        yield Cell("", line, said)
        line += said.count("\n")


def _trimmed(record: Record, wanted: int) -> Record:
    """Without the blank cells that spreadsheets put at the end."""
    last = next((n for n in range(len(record), wanted, -1) if str(record[n - 1].said).strip()), wanted)
    return record[: max(last, wanted)]


# ── YAML


def _yaml(text: str, encoding: str) -> Grid:
    """A list of indicators, each a map of texts and of lists of texts; or a map whose one key is that list's."""
    try:
        refused = tuple(islice(_refused(text), MOST))
        root = None if refused else yaml.compose(text, Loader=YAML_LOADER)
    except yaml.MarkedYAMLError as error:
        return _nothing(Format.YAML, _unreadable(error, text), encoding)
    except yaml.YAMLError:
        return _nothing(Format.YAML, Problem(0, N_("Ce YAML ne se lit pas.")), encoding)
    problems = list(refused)
    rows = tuple(_rows(root, problems)) if root else ()
    return Grid(Format.YAML, encoding, None, rows, tuple(problems))


def _unreadable(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Where the reading stops; the end of a text may be marked after its last line."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem(0, N_("Ce YAML ne se lit pas."))
    lines = text.split("\n")
    line, column = (mark.line + 1, mark.column + 1) if mark.line < len(lines) else (len(lines), len(lines[-1]) + 1)
    sentence = N_("Ce YAML ne se lit plus à partir du caractère {column} : vérifiez retraits, guillemets et deux-points.")
    return Problem(line, sentence, {"column": str(column)})


def _refused(text: str) -> Iterator[Problem]:
    """What we do not read of YAML, told before anything is built of it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=YAML_LOADER):
        line = _line(event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            yield Problem(line, N_("Des listes et des noms trop imbriqués."))
            return
        if documents > 1:
            yield Problem(line, N_("Un seul document YAML par fichier."))
            return
        if getattr(event, "anchor", None):
            yield Problem(line, N_("Ni ancre « & » ni renvoi « * » : écrivez le texte en entier."))
        if getattr(event, "tag", None):
            yield Problem(line, N_("Pas d'étiquette « ! » : tout est lu comme du texte."))


def _rows(root: yaml.Node, problems: list[Problem]) -> Iterator[Row]:
    for number, node in enumerate(_listed(root, problems)):
        line = _line(node)
        if number == MOST:
            problems.append(Problem(line, N_("Plus de {most} indicateurs."), {"most": str(MOST)}))
            return
        if not isinstance(node, yaml.MappingNode):
            problems.append(Problem(line, N_("On attend ici un indicateur : des noms et leurs valeurs.")))
        elif len(node.value) > WIDEST:
            problems.append(Problem(line, N_("Plus de {most} colonnes."), {"most": str(WIDEST)}))
        else:
            yield Row(line, tuple(_cells(node, problems)))


def _listed(root: yaml.Node, problems: list[Problem]) -> list[yaml.Node]:
    """The nodes of the list of indicators."""
    lists = [root] if not isinstance(root, yaml.MappingNode) else []
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == LIST and not lists:
            lists.append(value)
        else:
            sentence = N_("En dehors de la liste « indicateurs », rien n'est lu : « {name} » est à retirer.")
            problems.append(Problem(_line(key), sentence, {"name": _text(key)[:40] or "?"}))
    if lists and isinstance(lists[0], yaml.SequenceNode):
        return list(lists[0].value)
    problems.append(Problem(_line(lists[0] if lists else root), N_("On attend une liste d'indicateurs.")))
    return []


def _cells(node: yaml.MappingNode, problems: list[Problem]) -> Iterator[Cell]:
    for key, value in node.value:
        line = _line(key)
        if isinstance(value, yaml.ScalarNode):
            yield Cell(_text(key), line, _text(value))
        elif isinstance(value, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in value.value):
            yield Cell(_text(key), line, tuple(map(_text, value.value)))
        else:
            problems.append(Problem(line, N_("On attend ici un texte, ou une liste de textes."), column=_text(key)[:40]))
            yield Cell(_text(key), line, "?")


def _text(node: yaml.Node) -> str:
    """What is written; nothing for `null`, nor for what is no text."""
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
        return ""
    return str(node.value)


def _line(read: yaml.Node | yaml.Event) -> int:
    return read.start_mark.line + 1 if read.start_mark else 0
