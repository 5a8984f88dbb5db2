"""Tables: what is published as rows. A column is declared once; files and their schemas derive from it."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.i18n import gettext as _
from workshops.words import N_

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What XML cannot say, though a person may have typed it.
UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SEPARATOR = ";"  # between the items of a list, in one cell
TABLE_SCHEMA = "https://specs.frictionlessdata.io/schemas/table-schema.json"

Row = Mapping[str, Any]
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `name` is the header, `title` what a person calls it, `says` one sentence of the dictionary. `kind` is a type of
    Table Schema: string, integer, number, boolean, date, datetime, yearmonth. `limits` are its constraints there. `source` names
    the column of the database that it publishes, as "table.column"; empty when it is computed. `read` finds the value
    in a row; by default, the row's own key.
    """

    name: str
    title: str
    says: str
    kind: str = "string"
    limits: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    example: str = ""
    read: Callable[[Row], Any] | None = None

    def value(self, row: Row) -> Any:
        """What a row has in this column: text, number, list, or None."""
        return self.read(row) if self.read else row.get(self.name)


@dataclass(frozen=True)
class Table:
    """Rows of one kind. `name` is that of its file, without extension; `key` names the columns that identify a row."""

    name: str
    title: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


def as_csv(table: Table, rows: Iterable[Row]) -> str:
    """UTF-8 with BOM (spreadsheets need it), comma, CRLF, one header line. No cell runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(column.name for column in table.columns)
    for row in rows:
        writer.writerow(harmless(written(column.value(row))) for column in table.columns)
    return "\ufeff" + out.getvalue()


def written(value: Any) -> Any:
    """A value as a cell of a text file holds it: a list takes one cell, its items separated by semicolons.

    A semicolon inside an item is written after a backslash: where it ends is never in doubt.
    """
    if isinstance(value, list):
        return joined([harmless(item) for item in value])
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def typed(value: Any) -> Scalar:
    """A value as a cell of a workbook holds it, which says that a text is a text: nothing needs to be made harmless."""
    return joined(value) if isinstance(value, list) else value


def joined(items: Iterable[Any]) -> str:
    """A list in one cell."""
    return SEPARATOR.join(str(item).replace(SEPARATOR, "\\" + SEPARATOR) for item in items)


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula is made a text again."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


# ── What describes them


def schema(table: Table) -> dict[str, Any]:
    """The Table Schema of a table's text file: its fields, their constraints, what identifies a row."""
    said: dict[str, Any] = {
        "$schema": TABLE_SCHEMA,
        "fields": [_described(column) for column in table.columns],
        "missingValues": [""],
    }
    return {**said, "primaryKey": list(table.key)} if table.key else said


def _described(column: Column) -> dict[str, Any]:
    said = {
        "name": column.name,
        "title": _(column.title),
        "description": _(column.says),
        "type": column.kind,
        "format": "default",
        "example": column.example,
        "constraints": dict(column.limits),
    }
    return {key: value for key, value in said.items() if value not in ("", {})}


DICTIONARY = Table(
    "dictionnaire",
    N_("Dictionnaire"),
    N_("Chaque colonne de chaque tableau."),
    (
        Column("tableau", N_("Tableau"), N_("Le tableau où se trouve la colonne.")),
        Column("colonne", N_("Colonne"), N_("Le nom de la colonne, tel qu'il est écrit en tête du fichier.")),
        Column("intitule", N_("Intitulé"), N_("Comment une personne appelle ce que contient la colonne.")),
        Column("description", N_("Description"), N_("Ce que dit la colonne.")),
        Column("type", N_("Type"), N_("Le type de ses valeurs, dans le vocabulaire de Table Schema.")),
        Column("obligatoire", N_("Obligatoire"), N_("Si chaque ligne a une valeur dans cette colonne."), "boolean"),
        Column("valeurs", N_("Valeurs"), N_("Les valeurs possibles, quand elles sont en nombre fini.")),
        Column("exemple", N_("Exemple"), N_("Une valeur possible.")),
    ),
    ("tableau", "colonne"),
)


def dictionary(described: Iterable[Table]) -> Iterator[Row]:
    """The rows of the dictionary of these tables."""
    for table in described:
        for column in table.columns:
            yield {
                "tableau": table.name,
                "colonne": column.name,
                "intitule": _(column.title),
                "description": _(column.says),
                "type": column.kind,
                "obligatoire": bool(column.limits.get("required", False)),
                "valeurs": list(column.limits.get("enum", [])),
                "exemple": column.example,
            }
