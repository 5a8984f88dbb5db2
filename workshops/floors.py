"""Floors: one taken for many gestures of one transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from workshops.agenda import Stage, Workshop
from workshops.refusals import NotFound
from workshops.words import N_

# Changes nothing; on PostgreSQL a SELECT … FOR UPDATE would do, SQLite has none.
_LOCK = (
    update(Workshop)
    .where(col(Workshop.id) == bindparam("workshop"))
    .values(gestures=Workshop.gestures)
    .returning(
        col(Workshop.id),
        col(Workshop.stage),
        col(Workshop.rule),
        col(Workshop.round),
        col(Workshop.gestures),
        col(Workshop.head),
    )
)
_LEAVE = (
    update(Workshop)
    .where(col(Workshop.id) == bindparam("workshop"))
    .values(gestures=bindparam("number"), head=bindparam("last"))
)


@dataclass
class Floor:
    """A floor taken for many gestures of one transaction: `gestures` is the number of the last one."""

    id: str
    stage: Stage
    rule: dict[str, Any]
    round: int
    gestures: int
    head: str

    @staticmethod
    def take(connection: Connection, workshop_id: str) -> "Floor":
        """Lock the workshop until the commit, as `take_floor` does."""
        row = connection.execute(_LOCK, {"workshop": workshop_id}).one_or_none()
        if row is None:
            raise NotFound(N_("Cet atelier n'existe pas."))
        return Floor(*row)

    def leave(self, connection: Connection) -> None:
        """Write down how many gestures there were."""
        connection.execute(_LEAVE, {"workshop": self.id, "number": self.gestures, "last": self.head})
