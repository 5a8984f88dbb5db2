"""The clock: set back one hour while people are in the room, and nothing lasts longer nor stops for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import pytest
from sqlmodel import select
from starlette.applications import Starlette

from bench import checks
from bench.checks import VOTES, Kept
from bench.gestures import Guest
from bench.screens import LiveScreen
from server import identity, limits, sessions, sweeping
from server.database import Database
from tests.browser import serving
from tests.cast import act, cards, facilitator, member_of, published, session_of, stranger, workshop
from tests.conftest import NINE, Clock
from tests.server.pages.day import JSON
from workshops.agenda import Stage, Workshop
from workshops.journal import Receipt

BACK = timedelta(hours=-1)


@dataclass
class Day:
    """A room behind real sockets, and what its people were told."""

    address: str
    database: Database
    room: Workshop
    browser: httpx2.AsyncClient
    kept: list[Kept] = field(default_factory=list)

    async def vote(self, who: str, cookie: str, about: str, choice: str, key: str) -> int:
        answer = await self.browser.post(
            f"/indicateurs/{about}/vote",
            data={"wording": "1", "choice": choice},
            headers={**JSON, "Cookie": f"session={cookie}", "Idempotency-Key": key},
        )
        assert answer.status_code == 200
        number = int(answer.json()["geste"])
        if number not in {each.number for each in self.kept}:
            self.kept.append(Kept(who, VOTES, about, choice, number))
        return number

    async def status(self, path: str, cookie: str = "") -> int:
        headers = {"Cookie": f"session={cookie}"} if cookie else {}
        return (await self.browser.get(path, headers=headers)).status_code


@pytest.fixture
async def day(app: Starlette, database: Database, clock: Clock) -> AsyncIterator[Day]:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    async with serving(app) as address, httpx2.AsyncClient(base_url=address) as browser:
        yield Day(address, database, room, browser)


async def test_the_room_goes_on(day: Day, clock: Clock, database_url: str) -> None:
    alix = await session_of(day.database, await member_of(day.database, day.room))
    noor = await session_of(day.database, await stranger(day.database, "Noor"))
    await day.browser.post(
        f"/rejoindre/{day.room.code}", data={"name": "Noor", "lab": ""}, headers={"Cookie": f"session={noor}"}
    )
    one, two, *_ = [card.id for card in (await cards(day.database, day.room)).values()]
    watching = Guest("Noor", "", {"session": noor})
    screen = await LiveScreen(day.address, f"/ateliers/{day.room.id}", watching).open()
    before = [await day.vote("Alix", alix, one, "keep", "k1"), await day.vote("Alix", alix, two, "keep", "k2")]
    clock.at += BACK
    # What was sent before is known again; what is sent now comes after it.
    again = [await day.vote("Alix", alix, one, "keep", "k1"), await day.vote("Alix", alix, two, "keep", "k2")]
    assert again == before
    assert await day.vote("Alix", alix, one, "abstain", "k3") == before[-1] + 1
    register = (await day.browser.get(f"/ateliers/{day.room.id}/registre.json")).json()
    state = (await day.browser.get(f"/ateliers/{day.room.id}.json")).json()
    moments = [entry["le"] for entry in register["gestes"]]
    assert moments[-1] < moments[-2]
    said = checks.chain(register) + checks.exactly_once(register, day.kept) + checks.tallies(state, day.kept)
    said += await asyncio.to_thread(checks.recounted, state, database_url)
    assert said + await checks.same_as_reload([screen.screen]) == []
    assert (state["presents"], state["geste"]) == (1, before[-1] + 1)
    await screen.close()


async def test_nobody_is_signed_in_for_longer_nor_signed_out(day: Day, clock: Clock) -> None:
    alix, sacha = await stranger(day.database, "Alix"), await facilitator(day.database, "Sacha")
    early = await session_of(day.database, sacha)
    mine = "/ateliers/nouveau"
    assert await day.status(mine, early) == 200
    clock.at += BACK
    late = await session_of(day.database, sacha)
    assert [await day.status(mine, token) for token in (early, late)] == [200, 200]
    # What ends has ended, known or not.
    assert (await day.browser.post("/deconnexion", headers={"Cookie": f"session={early}"})).status_code == 303
    assert [await day.status(mine, token) for token in (early, late)] == [303, 200]
    clock.at = NINE + BACK + sessions.ACCOUNT_LIFE
    assert await day.status(mine, late) == 303
    # A way in handed over before is still one, once.
    link = await act(day.database, identity.link, alix)
    clock.at += BACK
    statuses = [(await day.browser.get(f"/connexion/lien/{link}")).status_code for _ in range(2)]
    assert statuses[0] == 303
    assert statuses[1] != 303


async def test_wrong_codes_are_forgiven_after_a_minute_as_ever(
    day: Day, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELAY", 0)
    most = limits.CODES.amount

    async def guess() -> list[int]:
        return [await day.status("/rejoindre/ZZZZZZ") for _ in range(most + 1)]

    assert await guess() == [404] * most + [429]
    clock.at += BACK
    assert await guess() == [404] * most + [429]
    clock.advance(seconds=60)
    assert await guess() == [404] * most + [429]
    assert await day.status(f"/rejoindre/{day.room.code}") == 200


async def test_keys_are_forgotten_a_day_after_their_gesture_not_before(day: Day, clock: Clock) -> None:
    alix = await session_of(day.database, await member_of(day.database, day.room))
    (one, *_) = [card.id for card in (await cards(day.database, day.room)).values()]
    await day.vote("Alix", alix, one, "keep", "neuf-heures")
    clock.at += BACK
    await day.vote("Alix", alix, one, "keep", "huit-heures")

    async def known() -> set[str]:
        await sweeping.sweep(day.database)
        async with day.database.reading() as session:
            return set(await session.scalars(select(Receipt.key)))

    assert await known() == {"neuf-heures", "huit-heures"}
    clock.advance(hours=24)
    assert await known() == {"neuf-heures", "huit-heures"}
    clock.advance(seconds=1)
    assert await known() == {"neuf-heures"}


async def test_a_version_published_after_is_shown_at_once(day: Day, clock: Clock) -> None:
    assert "/referentiel/2.0.0" not in (await day.browser.get("/referentiel")).text
    clock.at += BACK
    await published(day.database)
    assert "/referentiel/2.0.0" in (await day.browser.get("/referentiel")).text
