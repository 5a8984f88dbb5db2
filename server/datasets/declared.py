"""Declared: what a dataset is, and how its rows are asked of the database by the very columns that it publishes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column as Stored
from sqlalchemy import ColumnElement, Select, Table, func, inspect, select

from server import tables
from server.tables import Column
from workshops.agenda import Member
from workshops.attachments import Attachment
from workshops.canonical import canonical, timestamp
from workshops.records import Record
from workshops.words import N_

Row = dict[str, Any]


@dataclass(frozen=True)
class Day:
    """How far one looks: before `until`. `hiding`: the workshops whose rule hid what the vote said, then."""

    until: datetime
    hiding: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Dataset:
    """A table, and the question that gives its rows on a day, in their order; None: they come from elsewhere.

    `as_json`: whether it is also a JSON file.
    """

    table: tables.Table
    query: Callable[[Day], Select[Any]] | None
    as_json: bool = False

    @property
    def name(self) -> str:
        return self.table.name


def stored(record: type[Record]) -> Table:
    """The table of a record."""
    table: Table = inspect(record).local_table
    return table


def source(named: str) -> Stored[Any]:
    """The column of the database that a source, "table.column", names."""
    table, _, column = named.partition(".")
    return Record.metadata.tables[table].c[column]


def shown(table: tables.Table, base: Table, **computed: ColumnElement[Any]) -> Select[Any]:
    """Ask for the columns of a table, a row for each of `base`, each by its source, or as it is `computed` here.

    Columns that read something else in the row find it under the other names that are computed.
    """
    asked = {column.name: source(column.source) for column in table.columns if column.source and not column.read}
    return select(*(found.label(name) for name, found in {**asked, **computed}.items())).select_from(base)


def lab_of(by: ColumnElement[Any], workshop: ColumnElement[Any]) -> ColumnElement[Any]:
    """The lab that somebody speaks for in a workshop; of a guest who had no seat left, that of whom they turned out to be."""
    attachment, seat = stored(Attachment), stored(Member)
    own, other = seat.alias(), seat.alias()
    direct = select(own.c.lab_slug).where(own.c.workshop_id == workshop, own.c.person_id == by)
    attached = (
        select(other.c.lab_slug)
        .join(attachment, attachment.c.person_id == other.c.person_id)
        .where(other.c.workshop_id == workshop, attachment.c.guest_id == by)
    )
    return func.coalesce(direct.scalar_subquery(), attached.scalar_subquery())


def plain(row: Row) -> Row:
    """A row as files write it. What begins with a low line is for columns to read, and stays as it is."""
    return {name: value if name.startswith("_") else _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return canonical(value).decode()
    return value


# ── Columns that several tables have


def when(source: str, says: str, name: str = "le", title: str = N_("Date")) -> Column:
    return Column(name, title, says, "datetime", source=source, example="2026-11-23T10:42:07.000Z")


def gesture(source: str) -> Column:
    return Column(
        "geste",
        N_("Geste"),
        N_("Numéro du geste au registre de l'atelier, où l'on trouve qui l'a fait, par un identifiant sans nom."),
        "integer",
        {"minimum": 1},
        source,
        "58",
    )


def lab(says: str) -> Column:
    return Column("labo", N_("Laboratoire"), says, source="member.lab_slug", example="ti-lab")


def indicator(source: str) -> Column:
    return Column("indicateur", N_("Indicateur"), N_("Identifiant de l'indicateur."), limits=REQUIRED, source=source)


REQUIRED = {"required": True}
KEY = {"required": True, "unique": True}
