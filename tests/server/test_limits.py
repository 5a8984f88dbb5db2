"""Limits: wrong codes are slowed, then refused; right ones open, however many mistakes the neighbours make."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request

from server import identity, limits
from server.app import create_app
from server.database import Database
from server.limits import Limits, Patience, TooMany
from server.settings import Settings
from server.tries import Tries
from tests.cast import Browsers, act, facilitator, signed_in, stranger, workshop
from tests.conftest import Clock, without_waiting
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read
from tests.server.pages.test_queries import counting
from workshops.refusals import NotFound

WAIT = "Trop d'essais. Attendez une minute, puis recommencez."
WRONG = "/rejoindre/ZZZZZZ"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds people were made to wait, without waiting."""
    return without_waiting(monkeypatch, limits)


@asynccontextmanager
async def elsewhere(app: Starlette, host: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser with another address."""
    transport = httpx2.ASGITransport(app=app, client=(host, 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        yield browser


async def flood(client: Browsers, times: int = 60) -> None:
    """So many wrong codes, from browsers that are nobody."""
    for _ in range(times):
        await client().get(WRONG)


async def tried(database: Database) -> int:
    async with database.reading() as session:
        return sum(await session.scalars(select(Tries.times)))


# ── Wrong codes


@pytest.mark.parametrize("path", ["/rejoindre?code=ZZZZZZ", WRONG])
async def test_a_wrong_code_is_free_ten_times_then_slow_then_refused(
    client: Browsers, clock: Clock, slept: list[float], path: str
) -> None:
    browser = client()
    first = [(await browser.get(path)).status_code for _ in range(10)]
    assert (len(set(first)), slept) == (1, [])
    then = [(await browser.get(path)).status_code for _ in range(50)]
    assert (set(then), slept) == (set(first), [limits.DELAY] * 50)
    clock.advance(seconds=20)
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["retry-after"], slept) == (429, "40", [limits.DELAY] * 51)
    assert read(answer).one(class_="gc-refusal").text == WAIT
    program = await browser.get(path, headers=JSON)
    assert (program.status_code, plain(program.json()["raison"])) == (429, WAIT)
    clock.advance(seconds=40)
    assert (await browser.get(path)).status_code == first[0]


async def test_a_wrong_code_counts_wherever_it_is_tried(client: Browsers, slept: list[float]) -> None:
    browser = client()
    for _ in range(4):
        await browser.get("/rejoindre?code=ZZZZZZ")
        await browser.get(WRONG)
        await browser.post(WRONG, data={"name": "Alix"})
    assert slept == [limits.DELAY] * 2


async def test_a_code_is_as_wrong_on_another_process(
    database: Database, client: Browsers, settings: Settings, slept: list[float]
) -> None:
    """Two applications on one database stand for two processes."""
    other = Browsers(create_app(settings, Database(database.url)))
    for number in range(60):
        await (client, other)[number % 2]().get(WRONG)
    for browsers in (client, other):
        assert (await browsers().get(WRONG)).status_code == 429
    await other.close()
    await other.app.state.database.close()


async def test_what_is_kept_of_wrong_codes_names_nobody(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    await flood(client, 3)
    async with database.reading() as session:
        keys = list(await session.scalars(select(Tries.key)))
    assert [len(key) for key in keys] == [64, 64]
    assert [key for key in keys if "127" in key] == []


# ── Right codes


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
    assert (slept, await tried(database)) == ([], 0)


async def test_a_right_code_writes_nothing_and_asks_two_questions_at_most(
    app: Starlette, database: Database, client: Browsers
) -> None:
    room = await workshop(database, by=await facilitator(database))
    asked = []
    for _ in range(2):
        with counting(database) as sent:
            assert (await client().get(f"/rejoindre?code={room.code}")).status_code == 303
        assert [statement for statement in sent if not statement.startswith("SELECT")] == []
        asked.append(len(sent))
    assert asked == [2, 1]  # the network is asked about until one of its codes has opened


async def test_right_codes_are_never_counted_even_between_wrong_ones(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    browser = client()
    for _ in range(10):
        assert (await browser.get(WRONG)).status_code == 404
        assert (await browser.get(f"/rejoindre?code={room.code}")).status_code == 303
    assert slept == []


# ── A network that is doubted


async def test_a_newcomer_enters_however_many_wrong_codes_the_neighbours_typed(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    await flood(client, 75)
    slept.clear()
    phone = client()
    assert (await phone.get(f"/rejoindre/{room.code}")).status_code == 200
    assert slept == [limits.DELAY]
    joined = await phone.post(f"/rejoindre/{room.code}", data={"name": "Alix", "lab": "ti-lab"})
    assert (joined.status_code, joined.headers["location"]) == (303, f"/ateliers/{room.id}")
    for _ in range(20):
        assert (await client().get(f"/rejoindre/{room.code}")).status_code == 200
    assert slept == [limits.DELAY], "the first one waited for all"
    assert (await client().get(WRONG)).status_code == 429


async def test_a_room_whose_code_opened_before_notices_nothing(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    await client().get(f"/rejoindre/{room.code}")
    await flood(client)
    slept.clear()
    for typed in (room.code, room.code.lower(), f"{room.code[:3]}%20{room.code[3:]}"):
        assert (await client().get(f"/rejoindre/{typed}")).status_code == 200
    assert slept == []


@pytest.mark.parametrize("screen", ["", "/ecran"])
async def test_a_room_with_its_projector_on_the_network_notices_nothing(
    database: Database, client: Browsers, slept: list[float], screen: str
) -> None:
    camille = await facilitator(database)
    room, other = await workshop(database, by=camille), await workshop(database, by=camille)
    await flood(client)
    slept.clear()
    assert (await (await signed_in(client, camille)).get(f"/ateliers/{room.id}{screen}")).status_code == 200
    assert (await client().get(f"/rejoindre/{room.code}")).status_code == 200
    assert slept == []
    # Anybody may read a room: that says nothing of having its code.
    assert (await client().get(f"/ateliers/{other.id}")).status_code == 200
    assert (await client().get(f"/rejoindre/{other.code}")).status_code == 200
    assert slept == [limits.DELAY]


async def test_a_doubted_network_tries_two_codes_a_second_whatever_it_sends(
    app: Starlette, client: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELAY", 0)
    await flood(client)
    patience, looking, most = Patience.of(asking(app)), 0, 0

    async def look(session: AsyncSession) -> None:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        await asyncio.sleep(0.001)
        looking -= 1
        raise NotFound("Aucun atelier ne porte ce code.")

    answers = await asyncio.gather(
        *(patience.spend(asking(app), f"A{number}", look) for number in range(90)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {TooMany}
    assert (most, patience.waiting) == (limits.LANE, 0)


async def test_a_line_that_is_too_long_is_told_so_at_once(app: Starlette, client: Browsers, slept: list[float]) -> None:
    await flood(client)
    slept.clear()
    Patience.of(asking(app)).waiting = limits.LINE
    answer = await client().get(WRONG)
    assert (answer.status_code, answer.headers["retry-after"], slept) == (429, "50", [])


def asking(app: Starlette, host: str = "127.0.0.1", person: Any = None) -> Request:
    return Request({"type": "http", "client": (host, 1234), "state": {"person": person}, "app": app})


async def test_another_network_does_not_pay(
    app: Starlette, database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    await flood(client)
    slept.clear()
    async with elsewhere(app, "203.0.113.7") as browser:
        assert (await browser.get(WRONG)).status_code == 404
        assert (await browser.get(f"/rejoindre/{room.code}")).status_code == 200
    assert slept == []


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8:0:aa00::1", "2001:db8:0:aaff:ffff::2", True),
        ("2001:db8:0:aa00::1", "2001:db8:0:ab00::1", False),
        ("0.0.0.1", "::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("", "", True),
        ("un-socket", "127.0.0.1", False),
    ],
)
def test_a_network_is_what_one_subscriber_has(app: Starlette, one: str, other: str, is_same: bool) -> None:
    assert (limits.network(asking(app, one)) == limits.network(asking(app, other))) is is_same


def test_who_has_no_address_is_of_no_network(app: Starlette) -> None:
    assert limits.network(Request({"type": "http", "client": None, "app": app})) == ""


# ── People


async def test_whoever_is_somebody_has_a_count_of_their_own(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    """In a room everybody has the same address: a neighbour who guesses shuts nobody's door."""
    room = await workshop(database, by=await facilitator(database))
    alix, sacha = await stranger(database, "Alix"), await stranger(database, "Sacha")
    phone, desk = await signed_in(client, alix), await signed_in(client, alix)
    for number in range(61):
        answer = await (phone, desk)[number % 2].get(WRONG)
    assert answer.status_code == 429
    slept.clear()
    right = f"/rejoindre/{room.code}"
    answers = {name: await browser.get(right) for name, browser in (("phone", phone), ("desk", desk))}
    assert {name: answer.status_code for name, answer in answers.items()} == {"phone": 429, "desk": 429}
    for browser in (await signed_in(client, sacha), client()):
        assert [(await browser.get(path)).status_code for path in (WRONG, right)] == [404, 200]
    assert slept == []


async def test_many_people_made_on_one_network_are_doubted_together(
    database: Database, client: Browsers, slept: list[float]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    people = [await signed_in(client, await stranger(database)) for _ in range(13)]
    for number in range(120):
        assert (await people[number % 12].get(WRONG)).status_code == 404
    slept.clear()
    fresh = people[-1]
    assert [(await fresh.get(path)).status_code for path in (WRONG, f"/rejoindre/{room.code}")] == [429, 200]
    assert slept == [limits.DELAY] * 2
    assert (await client().get(f"/rejoindre/{room.code}")).status_code == 200


async def test_a_burst_outruns_the_count_by_so_many_and_no_more(
    app: Starlette, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELAY", 0)
    request, tried, at_once, most = asking(app, person=await stranger(database)), 0, 0, 0

    async def look(session: AsyncSession) -> None:
        nonlocal tried, at_once, most
        tried, at_once = tried + 1, at_once + 1
        most = max(most, at_once)
        await asyncio.sleep(0.02 * (1 + tried % 5))  # some are found out sooner than others
        at_once -= 1
        raise NotFound("Aucun atelier ne porte ce code.")

    patience = Patience.of(request)
    answers = await asyncio.gather(
        *(patience.spend(request, f"A{number}", look) for number in range(300)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, TooMany)]
    assert tried + len(refused) == 300
    assert 1 < most <= limits.AT_ONCE
    assert 60 <= tried < 60 + limits.AT_ONCE


async def test_what_breaks_is_nobodys_wrong_code(app: Starlette, database: Database) -> None:
    patience = Patience.of(asking(app))

    async def fail(session: AsyncSession) -> None:
        raise OSError("the database is away")

    for _ in range(100):
        with pytest.raises(OSError, match="away"):
            await patience.spend(asking(app), "ABCDEF", fail)
    assert (await tried(database), patience.opened) == (0, {})


async def test_only_so_many_codes_are_remembered(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 2)
    patience = Patience.of(asking(app))
    for code in ("A", "B", "A", "C"):
        patience.vouch(asking(app), code)
    assert [code for _, code in patience.opened] == ["A", "C"]


# ── The rest


async def test_the_other_pages_are_for_anyone_however_many_codes_were_wrong(
    client: Browsers, slept: list[float]
) -> None:
    await flood(client, 61)
    slept.clear()
    for path in ("/", "/rejoindre", "/ateliers", "/sante"):
        assert (await client().get(path)).status_code == 200
    assert slept == []


async def test_a_claim_that_is_refused_spends_none_of_the_others(
    app: Starlette, database: Database, clock: Clock
) -> None:
    own = Limits.of(asking(app))
    for _ in range(5):
        await own.spend((limits.LETTERS_TO_AN_ADDRESS, "a"), (limits.LETTERS_OF_A_BROWSER, "b"))
    before = await tried(database)
    with pytest.raises(TooMany) as refusal:
        await own.spend((limits.LETTERS_OF_A_BROWSER, "b"), (limits.LETTERS_TO_AN_ADDRESS, "a"))
    assert (refusal.value.seconds, await tried(database)) == (3600, before)


async def test_leaving_for_the_provider_three_hundred_times_a_minute_is_enough(
    app: Starlette, client: Browsers, clock: Clock
) -> None:
    for _ in range(300):
        await Limits.of(asking(app)).count(limits.SIGN_INS, limits.network(asking(app)))
    answer = await client().get("/connexion")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    async with elsewhere(app, "203.0.113.7") as browser:
        assert (await browser.get("/connexion")).status_code == 303


async def test_wrong_links_are_refused_after_sixty_and_a_right_one_opens_all_the_same(
    database: Database, client: Browsers, clock: Clock
) -> None:
    token = await act(database, identity.link, await stranger(database))
    answers = [(await client().get(f"/connexion/lien/{'x' * 43}")).status_code for _ in range(61)]
    assert answers == [400] * 60 + [429]
    assert (await client().get(f"/connexion/lien/{token}")).status_code == 303
