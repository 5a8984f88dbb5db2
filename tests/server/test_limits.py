"""Limits: a code tried too often is slowed, then asked to wait; right codes are never counted."""

from types import SimpleNamespace

import httpx2
import pytest
from starlette.applications import Starlette

from server import limits
from server.database import Database
from tests.cast import Browsers, facilitator, workshop
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read

WAIT = "Trop d'essais. Attendez une minute, puis recommencez."


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds people were made to wait, without waiting."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(limits, "asyncio", SimpleNamespace(sleep=sleep))
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
