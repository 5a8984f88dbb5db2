"""Workbooks: the sheets of a version, and what their cells hold, whatever the program that opens them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from server import tables
from server.datafiles.columns import INDICATORS, PASSAGE, indicators, passage
from server.i18n import gettext as _
from server.tables import UNSAYABLE, Column, Row, Scalar, Table
from workshops.words import N_

Content = Mapping[str, Any]

LONGEST = 32_767  # letters in a cell, for spreadsheets
CUT = N_("… (la suite est dans le fichier CSV)")
NARROWEST, WIDEST = 8, 60  # of a column, in letters


class Sheet(NamedTuple):
    """A sheet: its name, then its cells. The first row is that of headers."""

    name: str
    rows: list[list[Scalar]]

    @property
    def widths(self) -> list[int]:
        """How wide each column reads well, in letters."""
        return [
            min(max(NARROWEST, *(_width(row[place]) for row in self.rows)) + 1, WIDEST)
            for place in range(len(self.rows[0]))
        ]


def _width(cell: Scalar) -> int:
    return max((len(line) for line in str(cell).split("\n")), default=0)


def published(content: Content) -> datetime:
    """When a version was published: what a workbook says of its own making, so that it is the same whenever made."""
    return datetime.fromisoformat(content["publie_le"]).astimezone(UTC)


def sheets(content: Content, home: str) -> list[Sheet]:
    """What it is, its indicators, where they come from, and what each column says."""
    return [
        _sheet(VERSION, _told(content, home)),
        _sheet(INDICATORS, iter(indicators(content))),
        _sheet(PASSAGE, passage(content)),
        _sheet(tables.DICTIONARY, tables.dictionary((INDICATORS, PASSAGE))),
    ]


def _sheet(table: Table, rows: Iterator[Row]) -> Sheet:
    cells = [[_short(tables.typed(column.value(row))) for column in table.columns] for row in rows]
    return Sheet(_(table.title), [[column.name for column in table.columns], *cells])


def _short(cell: Scalar) -> Scalar:
    """Spreadsheets refuse a longer text, and what XML cannot say; the text file has the whole of it."""
    if not isinstance(cell, str):
        return cell
    cell = UNSAYABLE.sub("", cell)
    return cell[: LONGEST - len(_(CUT))] + _(CUT) if len(cell) > LONGEST else cell


VERSION = Table(
    "version",
    N_("Version"),
    N_("Ce qu'est ce classeur, et où le retrouver."),
    (
        Column("information", N_("Information"), N_("Ce dont on parle.")),
        Column("valeur", N_("Valeur"), N_("Ce qu'on en dit.")),
    ),
    ("information",),
)


def _told(content: Content, home: str) -> Iterator[Row]:
    previous = content.get("precedente") or {}
    told = {
        N_("Titre"): content["titre"],
        N_("Version"): content["version"],
        N_("Publiée le"): content["publie_le"],
        N_("Empreinte"): content["empreinte"],
        N_("Licence"): content["licence"],
        N_("Adresse"): f"{home}/referentiel/{content['version']}",
        N_("Version précédente"): previous.get("version"),
        N_("Note"): content.get("note"),
    }
    for title, value in told.items():
        yield {"information": _(title), "valeur": value}
