"""Tries: counted once each, by whichever process, in windows that open with the first and close for all."""

import asyncio

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter
from sqlmodel import select

from server import sweeping
from server.database import Database
from server.tries import SharedTries, Tries
from tests.conftest import Clock

SECRET = b"un secret"
KEY = "wrong code/IPv4 c00002/60/1/minute"


@pytest.fixture
def tries(database: Database) -> SharedTries:
    return SharedTries(database, SECRET)


async def kept(database: Database) -> list[Tries]:
    async with database.reading() as session:
        return list(await session.scalars(select(Tries)))


async def test_each_try_is_counted_until_the_window_closes(tries: SharedTries, clock: Clock) -> None:
    assert (await tries.get(KEY), await tries.get_expiry(KEY)) == (0, clock.at.timestamp())
    closes = clock.at.timestamp() + 60
    assert [await tries.incr(KEY, 60) for _ in range(3)] == [1, 2, 3]
    clock.advance(seconds=59)
    assert (await tries.incr(KEY, 60, 5), await tries.get(KEY), await tries.get_expiry(KEY)) == (8, 8, closes)
    clock.advance(seconds=1)
    assert (await tries.get(KEY), await tries.get_expiry(KEY)) == (0, clock.at.timestamp())
    assert (await tries.incr(KEY, 60), await tries.get_expiry(KEY)) == (1, closes + 60)


async def test_nobody_who_counts_at_the_same_time_is_forgotten(database: Database, clock: Clock) -> None:
    """Two databases stand for two processes."""
    other = Database(database.url)
    both = SharedTries(database, SECRET), SharedTries(other, SECRET)
    counted = await asyncio.gather(*(both[number % 2].incr(KEY, 60) for number in range(40)))
    assert sorted(counted) == list(range(1, 41))
    assert [await tries.get(KEY) for tries in both] == [40, 40]
    await other.close()


async def test_the_library_counts_with_it(tries: SharedTries, clock: Clock) -> None:
    windows, limit = FixedWindowRateLimiter(tries), RateLimitItemPerMinute(2)
    assert [await windows.hit(limit, "a") for _ in range(3)] == [True, True, False]
    assert (await windows.test(limit, "a"), await windows.test(limit, "b")) == (False, True)
    assert (await windows.get_window_stats(limit, "a")) == (clock.at.timestamp() + 60, 0)
    await windows.clear(limit, "a")
    assert await windows.hit(limit, "a")


async def test_what_is_kept_names_nobody(database: Database, tries: SharedTries) -> None:
    await tries.incr(KEY, 60)
    (row,) = await kept(database)
    assert (len(row.key), set(row.key) <= set("0123456789abcdef")) == (64, True)
    assert await SharedTries(database, b"un autre secret").get(KEY) == 0


@pytest.mark.parametrize("back", [61, 3600, 365 * 86_400])
async def test_a_clock_set_back_does_not_close_a_door_for_longer(tries: SharedTries, clock: Clock, back: int) -> None:
    await tries.incr(KEY, 60, 60)
    clock.advance(seconds=-back)
    assert await tries.get(KEY) == 0
    assert await tries.incr(KEY, 60) == 1
    assert await tries.get_expiry(KEY) == clock.at.timestamp() + 60


async def test_machines_whose_clocks_differ_a_little_count_together(tries: SharedTries, clock: Clock) -> None:
    await tries.incr(KEY, 60, 60)
    clock.advance(seconds=-5)
    assert (await tries.get(KEY), await tries.incr(KEY, 60)) == (60, 61)


async def test_windows_that_have_closed_are_swept(database: Database, tries: SharedTries, clock: Clock) -> None:
    await tries.incr("short", 60)
    await tries.incr("long", 3600)
    clock.advance(seconds=60)
    await sweeping.sweep(database)
    assert [await tries.get(key) for key in ("short", "long")] == [0, 1]
    assert len(await kept(database)) == 1


async def test_everything_may_be_forgotten_at_once(tries: SharedTries) -> None:
    for key in ("one", "other"):
        await tries.incr(key, 60)
    assert (await tries.check(), await tries.reset(), await tries.get("one")) == (True, 2, 0)
