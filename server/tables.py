"""Tables: what is published as rows. A column is declared once; files and their schemas derive from it."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SEPARATOR = ";"  # between the items of a list, in one cell


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `name` is the header, `title` what a person calls it, `says` one sentence of the dictionary. `kind` is a type of
    Table Schema: string, integer, number, boolean, date, datetime. `limits` are its constraints there. `source` names
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
    read: Callable[[Mapping[str, Any]], Any] | None = None

    def value(self, row: Mapping[str, Any]) -> Any:
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


def as_csv(table: Table, rows: Iterable[Mapping[str, Any]]) -> str:
    """UTF-8 with BOM (spreadsheets need it), comma, CRLF, one header line. No cell runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(column.name for column in table.columns)
    for row in rows:
        writer.writerow(harmless(written(column.value(row))) for column in table.columns)
    return "\ufeff" + out.getvalue()


def written(value: Any) -> Any:
    """A value as a cell holds it: a list takes one cell, its items separated by semicolons."""
    if isinstance(value, list):
        return SEPARATOR.join(str(harmless(item)) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula is made a text again."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
