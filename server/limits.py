"""Limits: a wrong code tried too often is slowed, then asked to wait, whichever process it is tried on."""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, bindparam, func, not_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.database import Database
from workshops import world
from workshops.records import Moment, Record
from workshops.refusals import NotFound

WINDOW = timedelta(minutes=1)
SLOW_AFTER = 10  # wrong codes in the window
WAIT_AFTER = 60
DELAY = 1.0  # seconds
AT_ONCE = 20  # codes looked up at the same time: by so many, no more, may a burst outrun the count

Found = TypeVar("Found")


class WrongCode(Record, table=True):
    """A code that opened nothing; kept for a minute. `who` is not readable: an address is somebody's."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    who: str = Field(index=True, max_length=64)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class Patience:
    """Wrong codes of the last minute: by person where there is one, by address otherwise.

    Right codes are not counted: a whole room behind one address that types right is not slowed.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret.encode()
        self.turn = asyncio.Semaphore(AT_ONCE)

    @staticmethod
    def of(request: Request) -> "Patience":
        """The one of this server."""
        patience: Patience = request.app.state.patience
        return patience

    async def spend(self, request: Request, look: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
        """What a code opens. A wrong one takes a second after ten in a minute; after sixty, 429 for any code."""
        who = self._who(request)
        database: Database = request.app.state.database
        async with self.turn:
            try:
                async with database.asking() as session:
                    if await _missed(session, who) >= WAIT_AFTER:
                        raise HTTPException(429, headers={"Retry-After": "60"})
                    return await look(session)
            except NotFound as refusal:
                missed = refusal
            async with database.transaction() as session:
                session.add(WrongCode(who=who))
                await session.execute(delete(WrongCode).where(not_(_recent())))
                is_slow = await _missed(session, who) > SLOW_AFTER
        if is_slow:
            await asyncio.sleep(DELAY)
        raise missed

    def _who(self, request: Request) -> str:
        """One's own count for whoever is somebody: a neighbour's mistakes do not shut the door."""
        person = getattr(request.state, "person", None)
        who = person.id if person else request.client.host if request.client else ""
        return hmac.new(self.secret, who.encode(), hashlib.sha256).hexdigest()


_SINCE, _UNTIL = bindparam("since", type_=Moment()), bindparam("until", type_=Moment())
_MISSED = select(func.count()).where(
    col(WrongCode.who) == bindparam("who"), col(WrongCode.at) > _SINCE, col(WrongCode.at) < _UNTIL
)


def _recent() -> ColumnElement[bool]:
    """A moment to come counts as well (machines differ), unless it is so far off that the clock was set back since."""
    now = world.now()
    return (col(WrongCode.at) > now - WINDOW) & (col(WrongCode.at) < now + WINDOW)


async def _missed(session: AsyncSession, who: str) -> int:
    """How many wrong codes in the window, as `_recent` says."""
    now = world.now()
    counted = await session.execute(_MISSED, {"who": who, "since": now - WINDOW, "until": now + WINDOW})
    return counted.scalar_one()
