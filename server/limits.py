"""Limits: what one person, one network, one browser or one mailbox may try so often."""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from math import ceil
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server import identity
from server.database import Database
from server.tries import SharedTries
from workshops import world
from workshops.refusals import NotFound

SIGN_INS = RateLimitItemPerMinute(300, namespace="sign-in")  # a training room signs in behind one address
WRONG_LINKS = RateLimitItemPerMinute(60, namespace="wrong link")
WRONG_KEYS = RateLimitItemPerMinute(60, namespace="wrong key of a testimonial")  # of 2⁸⁰: nobody finds one by trying
TELLINGS = RateLimitItemPerHour(60, namespace="telling, by testimonial")  # each is a line of the platform's journal
LETTERS_OF_A_BROWSER = RateLimitItemPerHour(10, namespace="letter, by browser")
LETTERS_TO_AN_ADDRESS = RateLimitItemPerHour(5, namespace="letter, by address")
LETTERS_OF_A_NETWORK = RateLimitItemPerHour(200, namespace="letter, by network")
ARCHIVES = RateLimitItemPerHour(120, namespace="archive made, by network")  # four months of days, one after the other
REVIEWS_OF_A_PERSON = RateLimitItemPerHour(200, namespace="review, by person")  # a guest is somebody for a first name
REVIEWS_OF_A_NETWORK = RateLimitItemPerHour(200, namespace="review, by network")

FREE = RateLimitItemPerMinute(10, namespace="wrong code, at once")
CODES = RateLimitItemPerMinute(60, namespace="wrong code")
CODES_OF_PEOPLE = RateLimitItemPerMinute(120, namespace="wrong code, by network")
DELAY = 1.0  # seconds
AT_ONCE = 20  # codes looked up at the same time: by so many, no more, may a burst outrun the count
LANE = 2  # codes looked up at the same time, each for DELAY, for networks that are doubted
LINE = 100  # people who may wait for that
REMEMBERED = 10_000  # codes, each with a network that it opened for

# What makes a network: the bits of an address that are not one's own. An IPv4 is often shared by a whole building, or
# drawn from a pool of neighbours; an IPv6 subscriber chooses freely below the /56 that access providers give.
OWN_BITS = {4: 32 - 24, 6: 128 - 56}
# What makes an address: all of an IPv4; of an IPv6, without what a device draws again every day (RFC 8981).
DRAWN_BITS = {4: 0, 6: 64}

Found = TypeVar("Found")


class TooMany(HTTPException):
    """Tried too often: 429, and when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, headers={"Retry-After": str(seconds)})
        self.seconds = seconds


def network(request: Request) -> str:
    """The network a request comes from: the /24 of an IPv4, the /56 of an IPv6."""
    return _without(request, OWN_BITS)


def address(request: Request) -> str:
    """The address a request comes from: an IPv4, or the /64 of an IPv6."""
    return _without(request, DRAWN_BITS)


def _without(request: Request, bits: dict[int, int]) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    address = getattr(address, "ipv4_mapped", None) or address
    return f"IPv{address.version} {int(address) >> bits[address.version]:x}"


def who(request: Request) -> str:
    """One's own count for whoever is somebody; one for all the others of a network."""
    person = identity.person(request)
    return person.id if person else network(request)


class Limits:
    """Counts that all processes share; whom they are about is kept as a keyed hash."""

    def __init__(self, database: Database, secret: str) -> None:
        # A key of its own: what is signed elsewhere with the same secret says nothing of these.
        own = hmac.new(secret.encode(), b"grille-commune limits", hashlib.sha256).digest()
        self.storage = SharedTries(database, own)
        self._windows = FixedWindowRateLimiter(self.storage)

    @staticmethod
    def of(request: Request) -> "Limits":
        """The one of this server."""
        limits: Limits = request.app.state.limits
        return limits

    async def spend(self, *claims: tuple[RateLimitItem, str]) -> None:
        """One try of each (limit, whose); TooMany when one of them is used up, and then none is counted."""
        for limit, whose in claims:
            if not await self.allows(limit, whose):
                raise await self.too_many(limit, whose)
        for limit, whose in claims:
            if not await self.count(limit, whose):
                raise await self.too_many(limit, whose)

    async def allows(self, limit: RateLimitItem, whose: str) -> bool:
        """Whether one more would hold. Nothing is written."""
        return await self._windows.test(limit, whose)

    async def count(self, limit: RateLimitItem, whose: str) -> bool:
        """One more; whether it holds."""
        return await self._windows.hit(limit, whose)

    async def too_many(self, limit: RateLimitItem, whose: str) -> TooMany:
        """The refusal that says when the window closes."""
        closes = await self.storage.get_expiry(limit.key_for(whose))
        return TooMany(max(1, ceil(closes - world.now().timestamp())))


class Patience:
    """Wrong codes cost patience; right ones are never counted, and nobody's mistakes shut a door for others.

    A wrong code takes a second after ten in a minute. After sixty, a person is refused whatever the code. Those who
    are nobody yet share the count of their network, which refuses none of them: it is *doubted*. There, a code that
    has already opened from this network, or that a member has on their screen here, opens at once; any other waits
    for its turn, two a second in each process, and is refused when it is wrong. People with a session, whom a network
    may make by joining many times, are doubted together after 120.

    So one network tries at most 60 + 120 + 2 × 60 = 300 codes a minute on one process. Of 23⁶ = 148,035,889 codes, W
    open a workshop: the first is to be expected after 148,035,889 / (300 × W) minutes, or 343 / W days (17 days for
    20 workshops), for a guest's seat in a workshop that anybody may read, and whose minutes say who came in.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.turn = asyncio.Semaphore(AT_ONCE)
        self.lane = asyncio.Semaphore(LANE)
        self.waiting = 0
        self.opened: dict[tuple[str, str], None] = {}

    @staticmethod
    def of(request: Request) -> "Patience":
        """The one of this server."""
        patience: Patience = request.app.state.patience
        return patience

    async def spend(self, request: Request, code: str, look: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
        """What a code opens."""
        async with self.turn:
            is_doubted = await self._is_doubted(request, code)
            if not is_doubted:
                try:
                    return await self._open(request, code, look)
                except NotFound as refusal:
                    missed, is_slow = refusal, await self._count(request)
        if is_doubted:
            return await self._wait(request, code, look)
        if is_slow:
            await asyncio.sleep(DELAY)
        raise missed

    def vouch(self, request: Request, code: str) -> None:
        """A member has this code on a screen, or it just opened: from this network, it will open at once."""
        known = network(request), code
        self.opened.pop(known, None)
        self.opened[known] = None
        if len(self.opened) > REMEMBERED:
            del self.opened[next(iter(self.opened))]

    async def _is_doubted(self, request: Request, code: str) -> bool:
        """Whether the code must wait for its turn. TooMany for a person who tried too many."""
        person, place = identity.person(request), network(request)
        if person and not await self.limits.allows(CODES, person.id):
            raise await self.limits.too_many(CODES, person.id)
        if (place, code) in self.opened:
            return False
        return not await self.limits.allows(CODES_OF_PEOPLE if person else CODES, place)

    async def _open(self, request: Request, code: str, look: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
        database: Database = request.app.state.database
        async with database.asking() as session:
            found = await look(session)
        self.vouch(request, code)
        return found

    async def _wait(self, request: Request, code: str, look: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
        """Wait for one's turn, then look; whoever waits for a code that has opened meanwhile waits no more."""
        if self.waiting >= LINE:
            raise TooMany(ceil(DELAY * LINE / LANE))
        self.waiting += 1
        try:
            async with self.lane:
                if (network(request), code) not in self.opened:
                    await asyncio.sleep(DELAY)
                return await self._open(request, code, look)
        except NotFound:
            await self._count(request)
            raise await self.limits.too_many(CODES, who(request)) from None
        finally:
            self.waiting -= 1

    async def _count(self, request: Request) -> bool:
        """One wrong code more; whether they are many."""
        whose = who(request)
        if identity.person(request):
            await self.limits.count(CODES_OF_PEOPLE, network(request))
        await self.limits.count(CODES, whose)
        return not await self.limits.count(FREE, whose)
