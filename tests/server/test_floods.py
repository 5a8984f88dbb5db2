"""Floods: thirty people behind one address notice nothing; two hundred sendings are slowed, then prove themselves."""

import asyncio
import base64
import html
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import altcha
import httpx2
import pytest
from sqlalchemy import text as sql
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server import floods, forms, proofs, sweeping
from server.app import create_app
from server.database import Database
from server.floods import Doubted, Floods
from server.settings import Settings
from server.tries import Tries
from tests.conftest import Clock, without_waiting
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read

ADDRESS = "192.0.2.17"
keys = (f"cle-du-formulaire-{number:06}" for number in count())


async def give(request: Request) -> Response:
    """What a page does, without what it gives."""
    form = await forms.sent(request)
    try:
        await Floods.of(request).admit(request, str(form["point"]), str(form["key"]))
    except Doubted as doubted:
        return await floods.ask(request, doubted, {"Comment ça s'est passé": "Bien"})
    return RedirectResponse("/merci", 303)


@pytest.fixture
async def app(app: Starlette) -> Starlette:
    app.router.routes.insert(0, Route("/essai", give, methods=["POST"]))
    return app


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds people were made to wait, without waiting."""
    return without_waiting(monkeypatch, floods)


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calculations of a moment, asked of whoever sends a seventh time."""
    monkeypatch.setattr(floods, "HERE", (3, 6))
    monkeypatch.setattr(proofs, "LEAST", 3)
    monkeypatch.setattr(proofs, "MOST", 9)


@asynccontextmanager
async def behind(app: Starlette, address: str = ADDRESS) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser behind an address."""
    transport = httpx2.ASGITransport(app=app, client=(address, 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        yield browser


async def send(browser: httpx2.AsyncClient, point: str = "ABCDEFGH", **more: str) -> httpx2.Response:
    """Another testimonial."""
    return await browser.post("/essai", data={"point": point, "face": "bien", "key": next(keys), **more})


async def flood(browser: httpx2.AsyncClient, times: int, point: str = "ABCDEFGH") -> list[int]:
    return [(await send(browser, point)).status_code for _ in range(times)]


def asked(answer: httpx2.Response) -> dict[str, str]:
    """The form of the page that asks for a proof: what it would send."""
    form = read(answer).one("main").one("form")
    assert (answer.status_code, form["action"]) == (429, "/essai")
    return {field["name"]: field["value"] for field in form.all("input")}


def solved(answer: httpx2.Response, change: Callable[[dict[str, Any]], None] = lambda payload: None) -> dict[str, str]:
    """The same form, sent by a device that calculated."""
    challenge = json.loads(html.unescape(read(answer).one("main").one("form")["data-challenge"]))
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(challenge))
    assert solution is not None
    payload = {"challenge": challenge, "solution": solution.to_dict()}
    change(payload)
    return {**asked(answer), "altcha": base64.b64encode(json.dumps(payload).encode()).decode()}


async def until_asked(browser: httpx2.AsyncClient, **more: str) -> httpx2.Response:
    """The first sending that a proof is asked for."""
    await flood(browser, floods.HERE[1])
    return await send(browser, **more)


# ── Who passes


async def test_thirty_people_behind_one_address_in_ten_minutes_notice_nothing(
    app: Starlette, clock: Clock, slept: list[float]
) -> None:
    async with behind(app) as workshop:
        for _ in range(30):
            assert (await send(workshop)).status_code == 303
            clock.advance(seconds=20)
    assert slept == []


async def test_two_hundred_at_once_are_slowed_then_asked_for_a_proof(
    app: Starlette, clock: Clock, slept: list[float]
) -> None:
    async with behind(app) as flooder:
        assert set(await flood(flooder, 60)) == {303}
        assert slept == []
        assert set(await flood(flooder, 60)) == {303}
        assert slept == [floods.DELAY] * 60
        assert set(await flood(flooder, 80)) == {429}
        assert len(slept) == 60
        # Elsewhere, nobody notices: neither this address at another touch-point, nor another address here.
        assert await flood(flooder, 20, "ZYXWVTSR") == [303] * 20
        async with behind(app, "192.0.2.18") as neighbour:
            assert await flood(neighbour, 20) == [303] * 20
        assert len(slept) == 60


async def test_one_touch_point_is_guarded_from_many_addresses_together(
    app: Starlette, clock: Clock, slept: list[float]
) -> None:
    for number in range(9):
        async with behind(app, f"192.0.2.{number}") as one_of_many:
            await flood(one_of_many, 60)
    assert len(slept) == 480 - 240
    async with behind(app) as citizen:
        assert (await send(citizen)).status_code == 429
        assert (await send(citizen, "ZYXWVTSR")).status_code == 303


async def test_one_address_is_counted_wherever_it_sends(app: Starlette, clock: Clock, slept: list[float]) -> None:
    async with behind(app) as flooder:
        for number in range(8):
            assert set(await flood(flooder, 60, f"labo-{number}")) == {303}
        assert len(slept) == 480 - 240
        assert (await send(flooder, "labo-9")).status_code == 429


async def test_ten_minutes_later_all_is_calm(app: Starlette, clock: Clock, slept: list[float]) -> None:
    async with behind(app) as flooder:
        doubted = await until_asked(flooder)
        slept.clear()
        clock.advance(minutes=10)
        assert (await flooder.post("/essai", data=asked(doubted))).status_code == 303
        assert slept == []


async def test_a_device_that_draws_its_ipv6_anew_is_one_address(
    app: Starlette, clock: Clock, slept: list[float]
) -> None:
    for number in range(60):
        async with behind(app, f"2001:db8:1:2::{number:x}") as device:
            await send(device)
    async with behind(app, "2001:db8:1:2:ffff::1") as device, behind(app, "2001:db8:1:3::1") as other:
        await send(other)
        assert slept == []
        await send(device)
        assert slept == [floods.DELAY]


async def test_the_lane_never_piles_up(app: Starlette, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind(app) as flooder:
        await flood(flooder, 60)
        going = asyncio.Event()
        slow, most = 0, 0

        async def sleep(seconds: float) -> None:
            nonlocal slow, most
            slow += 1
            most = max(most, slow)
            await going.wait()
            slow -= 1

        monkeypatch.setattr(floods, "asyncio", SimpleNamespace(sleep=sleep))
        sent = [asyncio.create_task(send(flooder)) for _ in range(50)]
        async with asyncio.timeout(30):
            while sum(task.done() for task in sent) < 50 - floods.LINE:  # noqa: ASYNC110  nothing tells when
                await asyncio.sleep(0.01)
        going.set()
        answers = [answer.status_code for answer in await asyncio.gather(*sent)]
    assert (answers.count(303), answers.count(429), most) == (floods.LINE, 50 - floods.LINE, floods.LANE)
    assert Floods.of(SimpleNamespace(app=app)).waiting == 0  # type: ignore[arg-type]


async def test_a_flood_counts_on_every_process(
    app: Starlette, settings: Settings, database: Database, clock: Clock, slept: list[float]
) -> None:
    """Two applications on one database stand for two processes."""
    other = create_app(settings, Database(database.url))
    other.router.routes.insert(0, Route("/essai", give, methods=["POST"]))
    async with behind(app) as here, behind(other) as there:
        for _ in range(60):
            await send(here)
            await send(there)
        doubted = await send(here)
        assert (await send(there)).status_code == doubted.status_code == 429
        proof = solved(doubted)
        assert (await there.post("/essai", data=proof)).status_code == 303
        assert (await here.post("/essai", data=proof)).status_code == 429
    await other.state.hub.close()
    await other.state.rooms.close()
    await other.state.database.close()


# ── Proofs


async def test_the_page_keeps_what_was_chosen_and_says_what_happens(
    app: Starlette, clock: Clock, slept: list[float], easy: None
) -> None:
    async with behind(app) as flooder:
        answer = await until_asked(flooder, key="une-cle-de-formulaire-0001", face="mal")
        fields = asked(answer)
        assert (fields["point"], fields["face"], fields["key"]) == ("ABCDEFGH", "mal", "une-cle-de-formulaire-0001")
        assert (fields["altcha"], answer.headers["retry-after"]) == ("", "30")
        page = read(answer)
        assert plain(page.one(id="proof-state").text) == "Attendez 30 secondes, puis envoyez."
        assert page.one(id="proof-state")["role"] == "status"
        assert "Bien" in page.one("dl", class_="gc-sheet").text
        again = asked(await flooder.post("/essai", data=fields))
        assert {**again, "attente": ""} == {**fields, "attente": ""}, "nothing is lost or doubled by asking again"


async def test_a_program_is_asked_in_json(app: Starlette, clock: Clock, slept: list[float], easy: None) -> None:
    async with behind(app) as program:
        await flood(program, 120)
        form = {"point": "ABCDEFGH", "key": next(keys)}
        answer = await program.post("/essai", data=form, headers=JSON)
        told = answer.json()
        assert (answer.status_code, told["refus"], told["secondes"]) == (429, "preuve", 30)
        challenge = altcha.Challenge.from_dict(told["altcha"])
        solution = altcha.solve_challenge(challenge)
        assert solution is not None
        proof = altcha.Payload(challenge, solution).to_base64()
        assert (await program.post("/essai", data={**form, "altcha": proof}, headers=JSON)).status_code == 303


async def test_a_solved_proof_passes_once(app: Starlette, clock: Clock, slept: list[float], easy: None) -> None:
    async with behind(app) as flooder:
        proof = solved(await until_asked(flooder))
        assert (await flooder.post("/essai", data=proof)).status_code == 303
        assert (await flooder.post("/essai", data=proof)).status_code == 429
        assert (await flooder.post("/essai", data={**proof, "key": next(keys)})).status_code == 429


@pytest.mark.parametrize("other", [{"key": "une-autre-cle-de-formulaire"}, {"point": "ABCDEFGJ"}])
async def test_a_proof_is_for_one_sending(
    app: Starlette, clock: Clock, slept: list[float], easy: None, other: dict[str, str]
) -> None:
    async with behind(app) as flooder:
        proof = solved(await until_asked(flooder))
        await flood(flooder, floods.HERE[1], "ABCDEFGJ")
        assert (await flooder.post("/essai", data={**proof, **other})).status_code == 429
        assert (await flooder.post("/essai", data=proof)).status_code == 303


async def test_a_proof_serves_for_ten_minutes(app: Starlette, clock: Clock, slept: list[float], easy: None) -> None:
    async with behind(app) as flooder:
        late = solved(await until_asked(flooder))
        clock.advance(minutes=9, seconds=59)
        in_time = solved(await send(flooder))
        clock.advance(seconds=1)
        await flood(flooder, floods.HERE[1])
        assert (await flooder.post("/essai", data={**late, "attente": ""})).status_code == 429
        assert (await flooder.post("/essai", data={**in_time, "attente": ""})).status_code == 303


def tamper(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(payload: dict[str, Any]) -> None:
        for step in path[:-1]:
            payload = payload[step]
        payload[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        tamper("solution", "derivedKey", value="00" * 32),
        tamper("solution", value={}),
        tamper("challenge", "signature", value="00" * 32),
        tamper("challenge", "signature", value=None),
        tamper("challenge", "parameters", "keyPrefix", value=""),
        tamper("challenge", "parameters", "data", value={"envoi": "moi", "fin": 9999999999}),
        tamper("challenge", "parameters", value=[]),
        tamper("challenge", value="rien"),
    ],
)
async def test_a_made_up_proof_proves_nothing(
    app: Starlette, clock: Clock, slept: list[float], easy: None, change: Callable[[dict[str, Any]], None]
) -> None:
    async with behind(app) as flooder:
        assert (await flooder.post("/essai", data=solved(await until_asked(flooder), change))).status_code == 429


@pytest.mark.parametrize("proof", ["", "é", "****", "bnVsbA==", "W10=", "e30=", "W" * 19_999, base64.b64encode(b"[" * 9000).decode()])
async def test_what_is_no_proof_is_asked_again(
    app: Starlette, clock: Clock, slept: list[float], easy: None, proof: str
) -> None:
    async with behind(app) as flooder:
        await flood(flooder, floods.HERE[1])
        assert (await send(flooder, altcha=proof, attente=proof)).status_code == 429


# ── Waiting, for whoever has no script


async def test_whoever_waits_passes_with_the_same_form(app: Starlette, clock: Clock, slept: list[float], easy: None) -> None:
    async with behind(app) as flooder:
        form = asked(await until_asked(flooder))
        clock.advance(seconds=10)
        early = await flooder.post("/essai", data=form)
        assert plain(read(early).one(id="proof-state").text) == "Attendez 20 secondes, puis envoyez."
        assert asked(early)["attente"] == form["attente"], "what was waited already still counts"
        clock.advance(seconds=20)
        assert (await flooder.post("/essai", data=form)).status_code == 303
        again = await flooder.post("/essai", data=form)
        assert (again.status_code, again.headers["retry-after"]) == (429, "30")


async def test_a_wait_is_for_one_sending(app: Starlette, clock: Clock, slept: list[float], easy: None) -> None:
    async with behind(app) as flooder:
        form = asked(await until_asked(flooder))
        clock.advance(seconds=30)
        assert (await flooder.post("/essai", data={**form, "key": next(keys)})).status_code == 429
        ready, _dot, signature = form["attente"].partition(".")
        for forged in (f"{int(ready) - 60}.{signature}", f"{ready}.{signature[:-1]}", ready, ".", "99999999999.0"):
            assert (await flooder.post("/essai", data={**form, "attente": forged})).status_code == 429


async def test_few_pass_by_waiting_and_nobody_loses_their_turn(
    app: Starlette, clock: Clock, slept: list[float], easy: None
) -> None:
    async with behind(app) as flooder:
        waiting = [asked(await until_asked(flooder))] + [asked(await send(flooder)) for _ in range(7)]
        clock.advance(seconds=30)
        answers = [await flooder.post("/essai", data=form) for form in waiting]
        assert [answer.status_code for answer in answers] == [303] * 6 + [429] * 2
        assert asked(answers[-1])["attente"] == waiting[-1]["attente"]
        clock.advance(seconds=int(answers[-1].headers["retry-after"]))
        assert (await flooder.post("/essai", data=waiting[-1])).status_code == 303


# ── What is kept of an address


async def every_row(database: Database) -> str:
    """All that the database holds, in clear."""
    async with database.reading() as session:
        names = {f'"{name}"' for name in Tries.metadata.tables}
        return "\n".join([str(row) for name in names for row in await session.execute(sql(f"SELECT * FROM {name}"))])


async def test_an_address_is_nowhere_and_tomorrow_it_is_another(
    app: Starlette, database: Database, clock: Clock, slept: list[float]
) -> None:
    async def kept() -> list[Tries]:
        async with database.reading() as session:
            return list(await session.scalars(select(Tries).order_by(Tries.key)))

    clock.at = clock.at.replace(hour=23, minute=55)
    async with behind(app) as citizen:
        await send(citizen)
        today = await kept()
        assert [row.times for row in today] == [1, 1, 1]
        assert {row.closes_at - row.opened_at for row in today} == {floods.WINDOW}
        assert timedelta(days=1) >= floods.WINDOW
        everything = await every_row(database)
        assert "ti-lab" in everything, "this is where an address would be found"
        assert [trace for trace in (ADDRESS, "192.0.2", "c0000211", "3221225985") if trace in everything] == []
        clock.advance(minutes=6)
        await send(citizen)
        assert len(await kept()) == 6, "after midnight, nothing says that it is the same address"
        assert {row.times for row in await kept()} == {1}
    clock.advance(days=1)
    await sweeping.sweep(database)
    assert await kept() == []


async def test_tomorrow_a_flood_is_forgotten(app: Starlette, clock: Clock, slept: list[float]) -> None:
    clock.at = clock.at.replace(hour=23, minute=59)
    async with behind(app) as flooder:
        await until_asked(flooder)
        slept.clear()
        clock.advance(minutes=1)
        assert set(await flood(flooder, 60)) == {303}
        assert slept == []
