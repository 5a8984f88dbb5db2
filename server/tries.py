"""Tries: how often a thing was done since its window opened, counted in the database for every process."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from limits.aio.storage import Storage
from sqlalchemy import Insert, Row, and_, bindparam, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select

from server.database import Database
from workshops import world
from workshops.records import Moment, Record


class Tries(Record, table=True):
    """What was done in one window. `key` is not readable: it is made of addresses, and an address is somebody's."""

    key: str = Field(primary_key=True, max_length=64)
    times: int
    opened_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(index=True, sa_type=Moment)


class SharedTries(Storage):
    """Where `limits` counts: one row a key, read and written by all processes.

    A window opens with the first try and closes for all at once. One that opened further ahead of now than it lasts
    was written before the clock was set back: it is over (machines may differ by less).
    """

    def __init__(self, database: Database, secret: bytes) -> None:
        super().__init__()
        self.database = database
        self.secret = secret

    @property
    def base_exceptions(self) -> type[Exception]:
        return DBAPIError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more, or so many: how many that makes in the window. Whoever counts at the same time is counted too."""
        (times,) = await self.incr_each([key], expiry, amount)
        return times

    async def incr_each(self, keys: Sequence[str], expiry: int, amount: int = 1) -> list[int]:
        """One more of each at once. In the same order by everybody: no two processes wait for each other."""
        now, kept, times = world.now(), [self._kept(key) for key in keys], {}
        tried = {"times": amount, "opened_at": now, "closes_at": now + timedelta(seconds=expiry)}
        async with self.database.transaction() as session:
            for key in sorted(kept):
                counted = await session.execute(_one_more(is_sqlite=self.database.is_sqlite), {**tried, "key": key})
                times[key] = int(counted.scalar_one())
        return [times[key] for key in kept]

    async def get(self, key: str) -> int:
        """How many in the window that is open."""
        found = await self._open(key)
        return found.times if found else 0

    async def get_expiry(self, key: str) -> float:
        """When the window closes; now, if none is open."""
        found = await self._open(key)
        return (found.closes_at if found else world.now()).timestamp()

    async def check(self) -> bool:
        return await self.database.is_alive()

    async def reset(self) -> int | None:
        async with self.database.transaction() as session:
            forgotten = await session.execute(delete(Tries).returning(col(Tries.key)))
            return len(forgotten.all())

    async def clear(self, key: str) -> None:
        async with self.database.transaction() as session:
            await session.execute(delete(Tries).where(col(Tries.key) == self._kept(key)))

    async def _open(self, key: str) -> Row[int, datetime, datetime] | None:
        async with self.database.asking() as session:
            found = (await session.execute(_KEPT, {"key": self._kept(key)})).one_or_none()
        if found is None:
            return None
        lasts, now = found.closes_at - found.opened_at, world.now()
        return found if found.opened_at - lasts < now < found.closes_at else None

    def _kept(self, key: str) -> str:
        return hmac.new(self.secret, key.encode(), hashlib.sha256).hexdigest()


async def sweep(session: AsyncSession) -> None:
    """Forget the windows that have closed."""
    await session.execute(delete(Tries).where(col(Tries.closes_at) <= world.now()))


_KEPT = select(Tries.times, Tries.opened_at, Tries.closes_at).where(col(Tries.key) == bindparam("key"))


@cache
def _one_more(*, is_sqlite: bool) -> Insert:
    """Open a window, or count in the one that is open, in one statement."""
    table = Record.metadata.tables["tries"]
    kept = table.columns
    statement = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    new = statement.excluded
    goes_on = and_(kept.closes_at > new.opened_at, kept.opened_at < new.closes_at)
    changed = {
        "times": case((goes_on, kept.times + new.times), else_=new.times),
        "opened_at": case((goes_on, kept.opened_at), else_=new.opened_at),
        "closes_at": case((goes_on, kept.closes_at), else_=new.closes_at),
    }
    return statement.on_conflict_do_update(index_elements=[kept.key], set_=changed).returning(kept.times)
