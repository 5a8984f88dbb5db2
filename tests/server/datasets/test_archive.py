"""The archive: when an edition is made again, and how often."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from server.database import Database
from server.datasets import archive, editions
from server.datasets.archive import KEPT, Archive
from server.datasets.editions import Edition
from tests.cast import Browsers, act, facilitator, moderator, witness, workshop
from tests.conftest import NINE, Clock
from tests.server.pages.day import begin
from workshops import comments, maskings, moderation, withdrawals
from workshops.agenda import Stage
from workshops.refusals import NotFound

DAY = NINE.date()


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The days that were packed, in order."""
    days: list[date] = []
    pack: Callable[..., Awaitable[Edition]] = editions.pack

    async def noting(session: object, day: date, site: str) -> Edition:
        days.append(day)
        return await pack(session, day, site)

    monkeypatch.setattr(archive.editions, "pack", noting)
    return days


@pytest.fixture
def kept(database: Database, clock: Clock) -> Archive:
    return Archive(database, "http://testserver")


async def free() -> None:
    """A toll of nothing."""


async def test_what_did_not_change_is_packed_once(kept: Archive, packed: list[date], clock: Clock) -> None:
    first = await kept.today()
    clock.advance(hours=5)
    assert await kept.today() is first
    assert packed == [DAY]


async def test_those_who_ask_together_wait_for_the_same_one(kept: Archive, packed: list[date]) -> None:
    found = await asyncio.gather(*(kept.today() for _ in range(20)))
    assert {id(edition) for edition in found} == {id(found[0])}
    assert packed == [DAY]


async def test_gestures_wait_for_a_minute(kept: Archive, database: Database, packed: list[date], clock: Clock) -> None:
    camille = await facilitator(database)
    first = await kept.today()
    await workshop(database, by=camille)
    clock.advance(seconds=59)
    assert await kept.today() is first
    clock.advance(seconds=1)
    assert await kept.today() is not first
    assert packed == [DAY, DAY]


async def test_a_clock_set_back_makes_nobody_wait(kept: Archive, database: Database, clock: Clock) -> None:
    camille = await facilitator(database)
    first = await kept.today()
    await workshop(database, by=camille)
    clock.advance(seconds=-30)
    assert await kept.today() is not first


async def test_what_is_hidden_goes_at_once(kept: Archive, database: Database, client: Browsers, clock: Clock) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    said = await day.say("Des mots durs.")
    assert "Des mots durs." in _comments(await kept.today())
    await act(database, comments.hide, said.id, because="Hors sujet.", by=day.camille)
    assert "Des mots durs." not in _comments(await kept.today())


def _comments(edition: Edition) -> str:
    return b"".join(edition.parcel.part("avis.csv")).decode()


async def test_what_is_withdrawn_masked_or_taken_back_goes_at_once_from_every_day(
    kept: Archive, database: Database, clock: Clock
) -> None:
    morgane = await moderator(database)
    key, _gone = await witness(database, happened="À retirer.", by=morgane)
    _key, masked = await witness(database, happened="Madame Untel m'a reçue.", by=morgane)
    _key, back = await witness(database, happened="À reprendre.", by=morgane)
    clock.advance(days=1)
    words = ("À retirer", "Madame Untel", "À reprendre")

    async def said() -> list[list[str]]:
        days = (await kept.past(DAY, free), await kept.today())
        return [[each for each in words if each in _told(edition)] for edition in days]

    assert await said() == [list(words)] * 2
    await act(database, withdrawals.withdraw, key)
    assert await said() == [["Madame Untel", "À reprendre"]] * 2
    await act(database, maskings.mask, masked.id, ["Madame Untel"], base=1, by=morgane)
    assert await said() == [["À reprendre"]] * 2
    await act(database, moderation.decide, back.id, verdict="refuse", reason="faux", base=1, by=morgane)
    assert await said() == [[], []]


async def test_a_day_that_holds_what_was_withdrawn_does_not_stay_on_the_disk(
    kept: Archive, database: Database, clock: Clock
) -> None:
    key, _gone = await witness(database, happened="À retirer.", by=await moderator(database))
    clock.advance(days=1)
    was = await kept.past(DAY, free)
    file = was.parcel._file
    await act(database, withdrawals.withdraw, key)
    del was
    await kept.today()  # another day
    gc.collect()
    assert file.closed


def _told(edition: Edition) -> str:
    return "".join(b"".join(edition.parcel.part(f"temoignages.{ending}")).decode() for ending in ("csv", "json"))


async def test_midnight_makes_another_edition(kept: Archive, packed: list[date], clock: Clock) -> None:
    await kept.today()
    clock.advance(days=1)
    assert (await kept.today()).day == DAY + timedelta(days=1)
    assert packed == [DAY, DAY + timedelta(days=1)]


async def test_only_days_that_are_over_are_archived(kept: Archive, database: Database, clock: Clock) -> None:
    with pytest.raises(NotFound, match="Aucun jour"):
        await kept.past(DAY, free)
    await workshop(database, by=await facilitator(database))
    with pytest.raises(NotFound, match="Aucun jour"):
        await kept.past(DAY, free)
    clock.advance(days=2)
    assert (await kept.past(DAY, free)).day == DAY
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=2), date(9999, 12, 31), date.min, None):
        with pytest.raises(NotFound) as refused:
            await kept.past(day, free)
        assert refused.value.values == {"first": "2026-11-23", "last": "2026-11-24"}


async def test_making_a_past_day_costs_once(kept: Archive, database: Database, packed: list[date], clock: Clock) -> None:
    camille = await facilitator(database)
    await workshop(database, by=camille)
    clock.advance(days=1)
    paid: list[int] = []

    async def toll() -> None:
        paid.append(1)

    first = await kept.past(DAY, toll)
    await workshop(database, by=camille)  # what happens today takes nothing away from yesterday
    clock.advance(minutes=59)
    assert await kept.past(DAY, toll) is first
    assert (len(paid), packed) == (1, [DAY])


async def test_so_many_days_stay_ready(kept: Archive, database: Database, packed: list[date], clock: Clock) -> None:
    await workshop(database, by=await facilitator(database))
    clock.advance(days=KEPT + 2)
    days = [DAY + timedelta(days=n) for n in range(KEPT + 1)]
    for day in days:
        await kept.past(day, free)
    await kept.past(days[-1], free)
    assert packed == days
    await kept.past(days[0], free)  # it left to make room
    assert packed == [*days, days[0]]


async def test_an_edition_that_fails_leaves_nothing_behind(
    kept: Archive, packed: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(editions, "lines", _fails)
        with pytest.raises(RuntimeError):
            await kept.today()
    assert (await kept.today()).day == DAY


def _fails(*_: object) -> bytes:
    raise RuntimeError("the disk is full")
