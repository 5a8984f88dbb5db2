"""Records: what every table shares."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    Dialect,
    Insert,
    MetaData,
    String,
    Table,
    TypeDecorator,
    insert,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from workshops.words import Word


class Record(SQLModel):
    """A row. Constraints are named, so that a migration can name them too."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. SQLite forgets the zone; this remembers it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone is not a moment")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return None if value is None else value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class Coded(TypeDecorator[Word]):
    """A Word, kept as its code in a plain string column."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.words(value).value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Word | None:
        return None if value is None else self.words(value)


def one_of(column: str, words: type[Word]) -> CheckConstraint:
    """The constraint that goes with a `Coded` column."""
    codes = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({codes})", name=column)


def standing(column: str) -> dict[str, Any]:
    """What makes an index be only about rows that have not ended: one a person stands, however many ended."""
    return {f"{dialect}_where": text(f"{column} IS NULL") for dialect in ("sqlite", "postgresql")}


# Rows written many at a time, past the session, which keeps nothing of them.

Row = dict[str, Any]


def add(connection: Connection, record: type[Record], rows: Sequence[Row]) -> None:
    """Write rows of one table, in one statement."""
    if rows:
        connection.execute(_insert(record), rows)


def put(connection: Connection, record: type[Record], rows: Sequence[Row]) -> None:
    """Write rows of one table, in one statement: each takes the place of the row that had its primary key, if any.

    No two may have the same primary key.
    """
    if rows:
        connection.execute(_upsert(record, connection.dialect.name), rows)


@cache  # a statement takes longer to build than to execute
def _insert(record: type[Record]) -> Insert:
    return insert(_table(record))


@cache
def _upsert(record: type[Record], dialect: str) -> Insert:
    table = _table(record)
    statement = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


def _table(record: type[Record]) -> Table:
    table: Table = inspect(record).local_table
    return table
