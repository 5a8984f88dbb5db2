"""Attendance: who is in a room, counted over all the processes that serve it."""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlalchemy import JSON, ColumnElement, func, not_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select

from server.live.hub import Hub
from workshops.records import Moment, Record, put

EVERY = 1.0  # seconds
BEAT = timedelta(seconds=5)  # a process that has nothing new to say still says that it lives
GONE = timedelta(seconds=15)  # a process that says nothing any more

log = logging.getLogger(__name__)


class Attendance(Record, table=True):
    """The lab of each person whom a process has in a room; gone with the process."""

    process_id: str = Field(primary_key=True, max_length=12)
    workshop_id: str = Field(primary_key=True, max_length=12)
    people: dict[str, str] = Field(sa_type=JSON)
    seen_at: datetime = Field(sa_type=Moment)


class Register:
    """What this process tells the others, and what they tell it. Moments are the database's: machines differ."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.process = hub.database.process
        self._told: dict[str, dict[str, str]] = {}
        self._told_at: datetime | None = None

    async def keep(self) -> None:
        """Once a second, for ever; signs off at the end."""
        failing = False
        try:
            while True:
                try:
                    await self.exchange()
                    failing = False
                except Exception:
                    if not failing:
                        log.exception("the other processes do not hear who is present")
                    failing = True
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.shield(self._sign_off())

    async def exchange(self) -> None:
        """Tell who is here if that changed, or if it is time; hear who is elsewhere."""
        here = {workshop_id: room.here for workshop_id, room in self.hub.rooms.items()}
        async with self.hub.database.transaction() as session:
            now = await _now(session)
            if self._told_at is None or here != self._told or abs(now - self._told_at) >= BEAT:
                await self._tell(session, here, now)
                told, told_at = here, now
            else:
                told, told_at = self._told, self._told_at
            found = await session.execute(
                select(Attendance.workshop_id, Attendance.people).where(
                    col(Attendance.process_id) != self.process, _within(now, GONE)
                )
            )
            elsewhere: dict[str, dict[str, str]] = {}
            for workshop_id, people in found:
                elsewhere.setdefault(workshop_id, {}).update(people)
        self._told, self._told_at = told, told_at  # once it is committed
        self.hub.hear_of(elsewhere)

    async def _tell(self, session: AsyncSession, here: dict[str, dict[str, str]], now: datetime) -> None:
        await session.execute(
            delete(Attendance).where(
                (col(Attendance.process_id) == self.process) & col(Attendance.workshop_id).not_in(list(here))
                | not_(_within(now, 4 * GONE))
            )
        )
        rows = [
            {"process_id": self.process, "workshop_id": workshop_id, "people": people, "seen_at": now}
            for workshop_id, people in here.items()
        ]
        await session.run_sync(lambda own: put(own.connection(), Attendance, rows))

    async def _sign_off(self) -> None:
        try:
            async with asyncio.timeout(2), self.hub.database.transaction() as session:
                await session.execute(delete(Attendance).where(col(Attendance.process_id) == self.process))
        except Exception:
            log.warning("this process left without signing off: it is counted for %s more", GONE)


def _within(now: datetime, span: timedelta) -> ColumnElement[bool]:
    """Seen not long ago, nor in a time to come: when the clock is set back, who is alive soon says so again."""
    return (col(Attendance.seen_at) > now - span) & (col(Attendance.seen_at) < now + span)


async def _now(session: AsyncSession) -> datetime:
    return (await session.execute(select(func.now(type_=Moment)))).scalar_one()
