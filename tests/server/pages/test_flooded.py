"""A flood on the page where one testifies: neighbours pass, nothing is lost, nothing counts twice."""

import base64
import html
import json

import altcha
import httpx2
import pytest
from starlette.applications import Starlette

from server import floods, proofs, witnessing
from server.database import Database
from tests.cast import ask, colleague, touchpoint
from tests.conftest import Clock, without_waiting
from tests.server.pages.reading import read
from workshops import handling
from workshops.touchpoints import Touchpoint

ADDRESS = "192.0.2.17"


@pytest.fixture
async def point(database: Database) -> Touchpoint:
    return await touchpoint(database, by=await colleague(database))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds people were made to wait, without waiting; calculations of a moment."""
    monkeypatch.setattr(proofs, "LEAST", 3)
    monkeypatch.setattr(proofs, "MOST", 9)
    return without_waiting(monkeypatch, floods)


def behind(app: Starlette, address: str = ADDRESS) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, client=(address, 1234))
    return httpx2.AsyncClient(transport=transport, base_url="http://testserver")


async def tap(browser: httpx2.AsyncClient, point: Touchpoint, **more: str) -> httpx2.Response:
    form = {"point": point.token, "face": "bien", "key": witnessing.new_sending(), **more}
    return await browser.post("/temoignages/nouveau", data=form)


async def received(database: Database, point: Touchpoint) -> int:
    return (await ask(database, handling.of, touchpoint_id=point.id)).received


async def test_a_whole_workshop_testifies_behind_one_address(
    app: Starlette, database: Database, point: Touchpoint, slept: list[float], clock: Clock
) -> None:
    async with behind(app) as workshop:
        for _ in range(30):
            assert (await tap(workshop, point)).status_code == 303
            clock.advance(seconds=20)
    assert (slept, await received(database, point)) == ([], 30)


async def test_a_flood_is_slowed_then_proves_and_elsewhere_nobody_notices(
    app: Starlette, database: Database, point: Touchpoint, slept: list[float], clock: Clock
) -> None:
    other = await touchpoint(database, name="Gare", by=await colleague(database, name="Maël"))
    async with behind(app) as flooder, behind(app, "192.0.2.99") as neighbour:
        answers = [await tap(flooder, point) for _ in range(125)]
        assert [answer.status_code for answer in answers] == [303] * 120 + [429] * 5
        assert (slept, await received(database, point)) == ([floods.DELAY] * 60, 120)
        assert (await tap(neighbour, point)).status_code == 303
        assert (await tap(neighbour, other)).status_code == 303
        assert len(slept) == 60

        form = read(answers[-1]).one("main").one("form")
        kept = {field["name"]: field["value"] for field in form.all("input")}
        assert (form["action"], kept["point"], kept["face"]) == ("/temoignages/nouveau", point.token, "bien")
        challenge = altcha.Challenge.from_dict(json.loads(html.unescape(form["data-challenge"])))
        solution = altcha.solve_challenge(challenge)
        assert solution is not None
        proof = {"challenge": challenge.to_dict(), "solution": solution.to_dict()}
        kept["altcha"] = base64.b64encode(json.dumps(proof).encode()).decode()
        first, again = [await flooder.post("/temoignages/nouveau", data=kept) for _ in range(2)]
        assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
        replayed = {**kept, "key": witnessing.new_sending()}
        assert (await flooder.post("/temoignages/nouveau", data=replayed)).status_code == 429
    assert await received(database, point) == 122


async def test_what_is_sent_again_counts_for_nothing(
    app: Starlette, database: Database, point: Touchpoint, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "HERE", (1, 2))
    same = {"key": witnessing.new_sending()}
    async with behind(app) as phone:
        assert {(await tap(phone, point, **same)).status_code for _ in range(9)} == {303}
        assert (await tap(phone, point)).status_code == 303
    assert (len(slept), await received(database, point)) == (1, 2)
