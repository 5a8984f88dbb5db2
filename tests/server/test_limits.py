"""Limits: a code tried too often is slowed, then asked to wait; right codes are never counted."""

import asyncio
from types import SimpleNamespace

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server import limits
from server.app import create_app
from server.database import Database
from server.limits import Patience, WrongCode
from server.settings import Settings
from tests.cast import Browsers, facilitator, signed_in, stranger, workshop
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read
from workshops.refusals import NotFound

WAIT = "Trop d'essais. Attendez une minute, puis recommencez."


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds people were made to wait, without waiting."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(limits, "asyncio", SimpleNamespace(sleep=sleep, Semaphore=asyncio.Semaphore))
    return slept


@pytest.mark.parametrize("path", ["/rejoindre?code=ZZZZZZ", "/rejoindre/ZZZZZZ"])
async def test_a_wrong_code_is_free_ten_times_then_slow_then_refused(
    client: Browsers, slept: list[float], path: str
) -> None:
    browser = client()
    first = [(await browser.get(path)).status_code for _ in range(10)]
    assert (len(set(first)), slept) == (1, [])
    then = [(await browser.get(path)).status_code for _ in range(50)]
    assert (set(then), slept) == (set(first), [limits.DELAY] * 50)
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["retry-after"], slept) == (429, "60", [limits.DELAY] * 50)
    assert read(answer).one(class_="gc-refusal").text == WAIT
    program = await browser.get(path, headers=JSON)
    assert (program.status_code, plain(program.json()["raison"])) == (429, WAIT)


async def test_a_wrong_code_counts_wherever_it_is_tried(client: Browsers, slept: list[float]) -> None:
    browser = client()
    for _ in range(4):
        await browser.get("/rejoindre?code=ZZZZZZ")
        await browser.get("/rejoindre/ZZZZZZ")
        await browser.post("/rejoindre/ZZZZZZ", data={"name": "Alix"})
    assert slept == [limits.DELAY] * 2


async def test_a_room_that_types_right_codes_from_one_address_is_not_slowed(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    for _ in range(70):
        phone = client()
        assert (await phone.get(f"/rejoindre?code={room.code}")).status_code == 303
        assert (await phone.get(f"/rejoindre/{room.code}")).status_code == 200
    for number in range(15):
        form = {"name": f"Personne {number}", "lab": "ti-lab"}
        assert (await client().post(f"/rejoindre/{room.code}", data=form)).status_code == 303
    assert slept == []


async def test_right_codes_are_never_counted_even_between_wrong_ones(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    browser = client()
    for _ in range(10):
        assert (await browser.get("/rejoindre/ZZZZZZ")).status_code == 404
        assert (await browser.get(f"/rejoindre?code={room.code}")).status_code == 303
    assert slept == []
    for _ in range(50):
        await browser.get("/rejoindre/ZZZZZZ")
        assert (await browser.get(f"/rejoindre/{room.code}")).status_code == (200 if len(slept) < 50 else 429)
    assert slept == [limits.DELAY] * 50


async def test_whoever_is_somebody_has_a_count_of_their_own(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    """In a room everybody has the same address: a neighbour who guesses shuts nobody's door."""
    room = await workshop(database, by=await facilitator(database))
    alix, sacha = await stranger(database, "Alix"), await stranger(database, "Sacha")
    phone, desk = await signed_in(client, alix), await signed_in(client, alix)
    for number in range(61):
        answer = await (phone, desk)[number % 2].get("/rejoindre/ZZZZZZ")
    assert answer.status_code == 429
    slept.clear()
    right = f"/rejoindre/{room.code}"
    answers = {name: await browser.get(right) for name, browser in (("phone", phone), ("desk", desk))}
    assert {name: answer.status_code for name, answer in answers.items()} == {"phone": 429, "desk": 429}
    for browser in (await signed_in(client, sacha), client()):
        assert [(await browser.get(path)).status_code for path in ("/rejoindre/ZZZZZZ", right)] == [404, 200]
    assert slept == []


async def test_a_burst_outruns_the_count_by_so_many_and_no_more(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELAY", 0)
    patience = Patience("secret")
    request = Request({"type": "http", "client": ("203.0.113.7", 1234), "state": {}, "app": app})
    tried, at_once, most = 0, 0, 0

    async def look(session: AsyncSession) -> None:
        nonlocal tried, at_once, most
        tried, at_once = tried + 1, at_once + 1
        most = max(most, at_once)
        await asyncio.sleep(0.02 * (1 + tried % 5))  # some are found out sooner than others
        at_once -= 1
        raise NotFound("Aucun atelier ne porte ce code.")

    answers = await asyncio.gather(*(patience.spend(request, look) for _ in range(300)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, HTTPException)]
    assert {(answer.status_code, str(answer.headers)) for answer in refused} == {(429, "{'Retry-After': '60'}")}
    assert tried + len(refused) == 300
    assert 1 < most <= limits.AT_ONCE
    assert 60 <= tried < 60 + limits.AT_ONCE


async def test_what_a_right_code_opens_is_given_back(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DELAY", 0)
    patience = Patience("secret")
    request = Request({"type": "http", "client": None, "state": {}, "app": app})

    async def look(session: AsyncSession) -> str:
        return "l'atelier"

    assert [await patience.spend(request, look) for _ in range(100)] == ["l'atelier"] * 100

    async def fail(session: AsyncSession) -> str:
        raise OSError("the database is away")

    # What breaks is nobody's wrong code.
    for _ in range(100):
        with pytest.raises(OSError, match="away"):
            await patience.spend(request, fail)
    assert await patience.spend(request, look) == "l'atelier"


async def test_another_address_does_not_pay(app: Starlette, client: Browsers, slept: list[float]) -> None:
    for _ in range(61):
        answer = await client().get("/rejoindre/ZZZZZZ")
    assert answer.status_code == 429
    slept.clear()
    elsewhere = httpx2.ASGITransport(app=app, client=("203.0.113.7", 1234))
    async with httpx2.AsyncClient(transport=elsewhere, base_url="http://testserver") as browser:
        assert (await browser.get("/rejoindre/ZZZZZZ")).status_code == 404
    assert slept == []


async def test_the_other_pages_are_for_anyone_however_many_codes_were_wrong(
    client: Browsers, slept: list[float]
) -> None:
    for _ in range(61):
        await client().get("/rejoindre/ZZZZZZ")
    slept.clear()
    for path in ("/", "/rejoindre", "/ateliers", "/sante"):
        assert (await client().get(path)).status_code == 200
    assert slept == []


async def test_a_code_is_as_wrong_on_another_process(
    database: Database, client: Browsers, settings: Settings, slept: list[float]
) -> None:
    """Two applications on one database stand for two processes."""
    other = Browsers(create_app(settings, Database(database.url)))
    for number in range(60):
        await (client, other)[number % 2]().get("/rejoindre/ZZZZZZ")
    for browsers in (client, other):
        assert (await browsers().get("/rejoindre/ZZZZZZ")).status_code == 429
    await other.close()
    await other.app.state.database.close()


async def test_a_wrong_code_is_kept_a_minute_and_names_nobody(
    database: Database, client: Browsers, clock: Clock, slept: list[float]
) -> None:
    for _ in range(60):
        await client().get("/rejoindre/ZZZZZZ")
    async with database.reading() as session:
        kept = list(await session.scalars(select(WrongCode)))
    assert len(kept) == 60
    assert {len(code.who) for code in kept} == {64}
    clock.advance(seconds=61)
    assert (await client().get("/rejoindre/ZZZZZZ")).status_code == 404
    async with database.reading() as session:
        assert len(list(await session.scalars(select(WrongCode)))) == 1
