"""Limits: a code tried too often is slowed, then asked to wait. Right codes are never counted."""

import asyncio

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request

SLOW_AFTER = RateLimitItemPerMinute(10)
WAIT_AFTER = RateLimitItemPerMinute(60)
DELAY = 1.0  # seconds


class Patience:
    """Wrong codes of the last minute, by address. A whole room behind one address that types right is not slowed."""

    def __init__(self) -> None:
        self.wrong = MovingWindowRateLimiter(MemoryStorage())

    @staticmethod
    def of(request: Request) -> "Patience":
        """The one of this server."""
        patience: Patience = request.app.state.patience
        return patience

    def spend(self, request: Request) -> None:
        """A wrong code."""
        for limit in (SLOW_AFTER, WAIT_AFTER):
            self.wrong.hit(limit, _address(request))

    async def wait(self, request: Request) -> None:
        """Nothing for most; a second after ten wrong codes in a minute; 429 after sixty."""
        if not self.wrong.test(WAIT_AFTER, _address(request)):
            raise HTTPException(429, headers={"Retry-After": "60"})
        if not self.wrong.test(SLOW_AFTER, _address(request)):
            await asyncio.sleep(DELAY)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
