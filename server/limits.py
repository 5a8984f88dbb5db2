"""Limits: a wrong code tried too often is slowed, then asked to wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workshops.refusals import NotFound

SLOW_AFTER = RateLimitItemPerMinute(10)
WAIT_AFTER = RateLimitItemPerMinute(60)
DELAY = 1.0  # seconds
AT_ONCE = 20  # codes looked up at the same time: by so many, no more, may a burst outrun the count

Found = TypeVar("Found")


class Patience:
    """Wrong codes of the last minute: by person where there is one, by address otherwise.

    Right codes are not counted: a whole room behind one address that types right is not slowed.
    """

    def __init__(self) -> None:
        self.wrong = MovingWindowRateLimiter(MemoryStorage())
        self.turn = asyncio.Semaphore(AT_ONCE)

    @staticmethod
    def of(request: Request) -> "Patience":
        """The one of this server."""
        patience: Patience = request.app.state.patience
        return patience

    async def spend(self, request: Request, look: Callable[[], Awaitable[Found]]) -> Found:
        """What a code opens. A wrong one takes a second after ten in a minute; after sixty, 429 for any code."""
        who = _who(request)
        async with self.turn:
            if not self.wrong.test(WAIT_AFTER, who):
                raise HTTPException(429, headers={"Retry-After": "60"})
            try:
                return await look()
            except NotFound as refusal:
                self.wrong.hit(WAIT_AFTER, who)
                missed = refusal
        if not self.wrong.hit(SLOW_AFTER, who):
            await asyncio.sleep(DELAY)
        raise missed


def _who(request: Request) -> str:
    """One's own count for whoever is somebody: a neighbour's mistakes do not shut the door."""
    person = getattr(request.state, "person", None)
    return person.id if person else request.client.host if request.client else ""
