"""The shelf: what is published, ready to be handed over."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server import gridfiles, shelf
from server.database import Database
from server.routes import ROUTES
from server.shelf import FILES, PAGES, Shelf
from server.templating import STATIC, fingerprint, static
from tests.cast import (
    HAPPENED,
    Browsers,
    act,
    prepare,
    publish,
    published,
    publisher,
    signed_in,
    stranger,
)
from tests.conftest import Clock
from tests.server.pages.day import HTMX, JSON, Day
from tests.server.pages.everything import PAGES as EVERY_PAGE
from tests.server.pages.everything import everything
from tests.server.pages.reading import read
from tests.server.pages.test_queries import counting
from tests.server.pages.versions import second, with_evidence
from tests.server.test_protection import OUR_HEADERS, SHARED
from workshops import imports, withdrawals
from workshops.imports import Notice

PUBLISHED = [
    "/referentiel",
    "/referentiel/2.0.0",
    "/referentiel/2.0.0...2.0.1",
    "/referentiel/2.0.0.json",
    "/referentiel/2.0.0.csv",
]
PLAIN, GZIP = {"accept-encoding": "identity"}, {"accept-encoding": "gzip"}


# ── The same as without it


def said(answer: httpx2.Response) -> dict[str, str]:
    """The headers of an answer, but for its own id."""
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("address", PUBLISHED)
async def test_what_it_hands_over_is_what_the_application_answers(
    database: Database, client: Browsers, address: str
) -> None:
    await everything(database, client)
    # Nothing is kept under an address with a query: this one is drawn by the page.
    drawn = await client().get(f"{address}?sans", headers=PLAIN)
    expected = said(drawn)
    ours = SHARED if address.endswith((".json", ".csv")) else OUR_HEADERS
    assert (drawn.status_code, {name: expected[name] for name in ours}) == (200, ours)
    if address.endswith((".json", ".csv")):
        expected["vary"] = "Accept-Encoding"
    else:
        assert "etag" not in expected
        expected |= {"cache-control": "public, no-cache", "vary": "Cookie, Accept-Encoding"}
    for headers in ({}, {}, HTMX, JSON):
        answer = await client().get(address, headers={**PLAIN, **headers})
        assert (answer.status_code, answer.content) == (200, drawn.content)
        assert said(answer) == {"etag": answer.headers["etag"], **expected}


@pytest.mark.parametrize("address", PUBLISHED)
async def test_compressed_it_is_the_same_text(database: Database, client: Browsers, address: str) -> None:
    await everything(database, client)
    drawn = await client().get(f"{address}?sans", headers=PLAIN)
    for _ in range(2):
        plain = await client().get(address, headers=PLAIN)
        async with client().stream("GET", address, headers=GZIP) as packed:
            content = b"".join([piece async for piece in packed.aiter_raw()])
        assert gzip.decompress(content) == drawn.content
        assert len(content) < len(drawn.content)
        tag = plain.headers["etag"].removesuffix('"') + '-gzip"'
        own = {"content-encoding": "gzip", "content-length": str(len(content)), "etag": tag}
        assert said(packed) == {**said(plain), **own}


@pytest.mark.parametrize("address", [*PUBLISHED, "/static/app.css"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_what_a_browser_has_already_is_not_sent_again(
    database: Database, client: Browsers, address: str, coding: str
) -> None:
    await everything(database, client)
    asked = {"accept-encoding": coding}
    first = await client().get(address, headers=asked)
    tag = first.headers["etag"]
    of_the_body = {"content-type", "content-length", "content-encoding", "content-disposition"}
    kept = {name: value for name, value in said(first).items() if name not in of_the_body}
    assert set(kept) >= {*OUR_HEADERS, "etag", "vary", "cache-control"}
    for held in (tag, f"W/{tag}", f'"autre", {tag}', "*"):
        again = await client().get(address, headers={**asked, "if-none-match": held})
        assert (again.status_code, again.content, said(again)) == (304, b"", kept)
    other = await client().get(address, headers={**asked, "if-none-match": '"autre"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("address", [*PUBLISHED, "/static/app.css"])
async def test_whoever_comes_first_with_what_they_have_gets_the_same(
    database: Database, client: Browsers, app: Starlette, address: str
) -> None:
    await everything(database, client)
    tag = (await client().get(address)).headers["etag"]
    app.middleware_stack = None  # another day: the shelf is empty
    first = {"if-none-match": tag, "if-modified-since": "Mon, 23 Nov 2099 09:00:00 GMT", "range": "bytes=0-9"}
    assert (await client().get(address, headers=first)).status_code == 304
    whole = await client().get(address, headers={"range": "bytes=0-9"})
    assert (whole.status_code, whole.headers["etag"]) == (200, tag)


@pytest.mark.parametrize("address", [*PUBLISHED, "/static/app.css"])
async def test_the_head_is_all_but_the_bytes(database: Database, client: Browsers, address: str) -> None:
    await everything(database, client)
    heads = [await client().head(address)]
    whole = await client().get(address)
    assert whole.content != b""
    heads.append(await client().head(address))
    for head in heads:
        assert (head.status_code, head.content, said(head)) == (200, b"", said(whole))
    unknown = await client().head("/referentiel/9.9.9")
    assert (unknown.status_code, unknown.content) == (404, b"")


async def test_every_other_page_is_as_it_was(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    others = [route for route in EVERY_PAGE if route.name not in (*PAGES, *FILES)]
    assert len(EVERY_PAGE) - len(others) == len(PAGES) + len(FILES)
    # Data of everybody's, which have tags of their own, or change.
    open_data = {"reviews.as_json", "reviews.said", "feeds.testimonials", "surveys.results_json", "surveys.results_csv"}
    open_data |= {route.name for route in others if route.name.startswith("datasets.")}
    for route in (route for route in others if route.name not in open_data):
        answer = await client().get(world.at(route))
        varies = route.name in ("reviews.show", "provenance.show", "published.index")  # heavy, hence compressed as they are drawn
        assert (route.name, "etag" in answer.headers, "vary" in answer.headers) == (route.name, False, varies)
        assert "public" not in answer.headers["cache-control"]


# ── From memory


async def test_the_database_is_asked_for_the_latest_number_once_a_second_and_for_nothing_else(
    database: Database, client: Browsers, clock: Clock
) -> None:
    await everything(database, client)
    for address in PUBLISHED:
        await client().get(address)
    with counting(database) as sent:
        for address in PUBLISHED:
            assert (await client().get(address)).status_code == 200
            assert (await client().get(f"{address}?sans")).status_code == 200
    # Counting works: with a query it is drawn again.
    assert len([asked for asked in sent if asked.startswith("SELECT")]) == 10
    with counting(database) as sent:
        clock.advance(seconds=1)
        await asyncio.gather(*(client().get(address) for address in PUBLISHED * 5))
        clock.advance(seconds=0.999)
        await asyncio.gather(*(client().get(address) for address in PUBLISHED * 5))
    asked = [" ".join(asked.split()) for asked in sent if asked.startswith("SELECT")]
    assert asked[0].startswith("SELECT release.version, release.candidate, release.review_until FROM release ")
    assert asked[1:3] == ["SELECT framework.version FROM framework", "SELECT count(*) AS count_1 FROM importedframework"]
    assert [" FROM citation" in said for said in asked[3:]] == [True]


async def test_what_an_author_withdraws_leaves_the_shelf(
    database: Database, client: Browsers, clock: Clock
) -> None:
    told = await with_evidence(database, client, HAPPENED)
    at = f"/referentiel/{told.framework.version}"
    before = await client().get(at)
    clock.advance(seconds=1)
    kept = await client().get(at, headers={"if-none-match": before.headers["etag"]})
    assert (kept.status_code, HAPPENED in read(before).text) == (304, True)
    file = (await client().get(f"{at}.json")).content
    await act(database, withdrawals.withdraw, told.key)
    clock.advance(seconds=1)
    after = await client().get(at, headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.headers["etag"] == before.headers["etag"]) == (200, False)
    assert (HAPPENED in read(after).text, "Retiré par son auteur" in read(after).text) == (False, True)
    assert (await client().get(f"{at}.json")).content == file


async def test_one_more_imported_framework_is_news(database: Database, client: Browsers, clock: Clock) -> None:
    await published(database)
    await client().get("/referentiel")
    deposit = gridfiles.deposit("grille.csv", b"code,libelle\nA1,Agents")
    await act(database, imports.keep, deposit, Notice("Grille", "DITP"), by=None)
    clock.advance(seconds=1)
    with counting(database) as sent:
        await client().get("/referentiel")
        await client().get("/referentiel")
    assert len([asked for asked in sent if "framework.document" in asked and "importedframework" not in asked]) == 1


async def test_a_clock_set_back_does_not_stop_the_question(database: Database, client: Browsers, clock: Clock) -> None:
    await published(database)
    await client().get("/referentiel")
    clock.advance(hours=-1)
    with counting(database) as sent:
        await client().get("/referentiel")
        await client().get("/referentiel")
    assert len([asked for asked in sent if asked.startswith("SELECT")]) == 4


# ── Who is asking


async def test_who_is_signed_in_gets_their_own_page_and_nobody_elses(database: Database, client: Browsers) -> None:
    await everything(database, client)
    people = [await stranger(database, name) for name in ("Alix Unique", "Sacha Unique")]
    for address in PUBLISHED[:3]:
        browsers = [(await signed_in(client, people[0]), "Alix Unique"), (client(), None)]
        browsers += [(await signed_in(client, people[1]), "Sacha Unique"), (client(), None), browsers[0]]
        for browser, name in browsers:
            answer = await browser.get(address)
            shown = [said.text for said in read(answer).all(class_="gc-header__person")]
            assert (answer.status_code, shown) == (200, [name] if name else [])
            whose = "private" if name else "public"
            assert answer.headers["cache-control"] == f"{whose}, no-cache"


async def test_what_was_kept_before_signing_in_is_not_good_any_more(database: Database, client: Browsers) -> None:
    await published(database)
    tag = (await client().get("/referentiel/2.0.0")).headers["etag"]
    alix = await signed_in(client, await stranger(database, "Alix Unique"))
    for held in (tag, "*"):
        answer = await alix.get("/referentiel/2.0.0", headers={"if-none-match": held})
        assert (answer.status_code, read(answer).one(class_="gc-header__person").text) == (200, "Alix Unique")


@pytest.mark.parametrize("spelled", ["session ={}", "a=b;session={}", '__Host-session={}; session="{}"', "SESSION={}"])
async def test_a_session_is_seen_however_its_cookie_is_written(
    database: Database, client: Browsers, spelled: str
) -> None:
    await published(database)
    alix = await signed_in(client, await stranger(database, "Alix Unique"))
    cookie = spelled.replace("{}", str(alix.cookies["session"]))
    await client(headers={"cookie": cookie}).get("/referentiel/2.0.0")
    answer = await client().get("/referentiel/2.0.0")
    assert ("etag" in answer.headers, "Alix Unique" in answer.text) == (True, False)


async def test_a_cookie_that_is_no_session_changes_nothing(database: Database, client: Browsers) -> None:
    await published(database)
    visitor = client(headers={"cookie": "door=" + "d" * 43})
    answers = [await browser.get("/referentiel/2.0.0") for browser in (visitor, client(), visitor)]
    assert {answer.headers["etag"] for answer in answers} == {answers[0].headers["etag"]}


async def test_files_are_the_same_for_everybody(database: Database, client: Browsers) -> None:
    await published(database)
    alix = await signed_in(client, await stranger(database))
    answers = [await browser.get("/referentiel/2.0.0.json") for browser in (alix, client(), alix)]
    assert {(answer.content, answer.headers["etag"]) for answer in answers} == {
        (answers[0].content, answers[0].headers["etag"])
    }


# ── A version is published


async def through_the_application(day: Day) -> None:
    release = await prepare(day.database, day.room, by=day.dominique)
    browser = await day.browser(await publisher(day.database, "Maxime"))
    answer = await browser.post(f"/referentiel/preparations/{release.id}/confirmation")
    assert (answer.status_code, answer.headers["location"]) == (303, "/referentiel/2.0.1")


async def by_another_process(day: Day) -> None:
    other = Database(day.database.url)
    await publish(other, day.room, version="2.0.1", by=day.dominique)
    await other.close()


@pytest.mark.parametrize("publishing", [through_the_application, by_another_process])
async def test_a_publication_is_seen_within_a_second(
    database: Database, client: Browsers, clock: Clock, publishing: Callable[[Day], AsyncIterator[None]]
) -> None:
    day = await second(database, client, libelle="Mieux dit")
    browser = client()

    async def shown() -> tuple[int, int, int, int]:
        """Versions in the list, warnings on the first one's page, and whether the next one and its file are there."""
        listed = read(await browser.get("/referentiel")).one("ul", class_="gc-list").all("li")
        warned = read(await browser.get("/referentiel/2.0.0")).all(class_="fr-alert")
        next_one = [(await browser.get(f"/referentiel/2.0.1{kind}")).status_code for kind in ("", ".json")]
        return len(listed), len(warned), *next_one

    assert await shown() == (1, 0, 404, 404)
    file = await browser.get("/referentiel/2.0.0.json")
    await publishing(day)  # type: ignore[misc]
    # What is new is there at once: nobody kept that it was not.
    assert await shown() == (1, 0, 200, 200)
    clock.advance(seconds=1)
    assert await shown() == (2, 1, 200, 200)
    with counting(database) as sent:
        assert (await browser.get("/referentiel/2.0.0.json")).content == file.content
    assert sent == []


# ── What is never kept: a small application says what is asked of it


class Small:
    """An application that answers as told, with a shelf in front of it."""

    def __init__(self, database: Database) -> None:
        self.asked: list[str] = []
        self.cookies: list[str | None] = []
        self.answers = lambda: Response("bonjour", headers={"cache-control": "no-cache"})
        self.slow: str | None = None
        self.reached, self.gate = asyncio.Event(), asyncio.Event()
        self.app = Starlette(
            routes=[Route("/{rest:path}", self.answer, methods=["GET", "POST"])],
            middleware=[Middleware(Shelf, routes=ROUTES)],
        )
        self.app.state.database = database

    async def answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        self.cookies.append(request.headers.get("cookie"))
        answer = self.answers()
        if request.url.path == self.slow:
            self.reached.set()
            await self.gate.wait()
        return answer


@pytest.fixture
def small(database: Database) -> Small:
    return Small(database)


@pytest.fixture
async def browser(small: Small) -> AsyncIterator[httpx2.AsyncClient]:
    browsers = Browsers(small.app)
    yield browsers(raise_app_exceptions=False)
    await browsers.close()


def broken() -> Response:
    raise RuntimeError("something nobody foresaw")


def with_a_cookie() -> Response:
    response = Response("bonjour")
    response.set_cookie("door", "d" * 43)
    return response


NEVER_KEPT = {
    "a cookie": (200, with_a_cookie),
    "no content": (204, lambda: Response(status_code=204)),
    "a part": (206, lambda: Response("bon", status_code=206)),
    "elsewhere": (307, lambda: RedirectResponse("/")),
    "refused": (403, lambda: Response("non", status_code=403)),
    "not found": (404, lambda: Response("non", status_code=404)),
    "broken": (500, broken),
    "the database is away": (503, lambda: Response("non", status_code=503)),
}


@pytest.mark.parametrize("address", ["/referentiel/2.0.0", "/referentiel/2.0.0.csv", "/static/app.css"])
@pytest.mark.parametrize("why", NEVER_KEPT)
async def test_only_a_whole_answer_for_everybody_is_kept(
    small: Small, browser: httpx2.AsyncClient, address: str, why: str
) -> None:
    kept, (status, small.answers) = small.answers, NEVER_KEPT[why]
    for number in (1, 2):
        answer = await browser.get(address)
        assert (answer.status_code, "etag" in answer.headers, small.asked) == (status, False, [address] * number)
    small.answers = kept
    for _ in range(2):
        assert (await browser.get(address)).text == "bonjour"
    assert len(small.asked) == 3


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/sante",
        "/ateliers",
        "/laboratoires",
        "/referentiel/",
        "/referentiel/2.0",
        "/referentiel/2.0.0/",
        "/referentiel/2.0.0.xml",
        "/referentiel/2.0.0?a=b",
        "/referentiel/2.0.0.json?a=b",
        "/referentiel/2.0.0%0A",
        "/referentiel?v=2.0.0",
        "/static/",
        "/static//app.css",
        "/static/%2e/app.css",
        "/static/a/%2e%2e/app.css",
        "/static/.env",
    ],
)
async def test_only_the_addresses_it_declares_are_kept(small: Small, browser: httpx2.AsyncClient, address: str) -> None:
    for _ in range(2):
        answer = await browser.get(address)
        assert (answer.text, "etag" in answer.headers) == ("bonjour", False)
    assert len(small.asked) == 2


async def test_however_it_is_written_an_address_is_one(small: Small, browser: httpx2.AsyncClient) -> None:
    for address in ("/referentiel/2.0.0", "/referentiel/2%2E0.0", "/%72eferentiel/2.0.%30"):
        assert (await browser.get(address)).text == "bonjour"
    assert small.asked == ["/referentiel/2.0.0"]


async def test_a_page_for_everybody_is_drawn_for_nobody(small: Small, browser: httpx2.AsyncClient) -> None:
    cookie = "door=" + "d" * 43
    for address in ("/referentiel", "/referentiel?sans"):
        await browser.get(address, headers={"cookie": cookie})
    assert small.cookies == [None, cookie]


async def test_a_gesture_is_no_reading(small: Small, browser: httpx2.AsyncClient) -> None:
    for _ in range(2):
        assert (await browser.post("/referentiel/2.0.0")).text == "bonjour"
    assert (await browser.get("/referentiel/2.0.0")).headers["etag"]
    assert len(small.asked) == 3


async def test_those_who_come_at_the_same_time_are_one_question(small: Small, browser: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(browser.get("/referentiel/2.0.0") for _ in range(10)))
    assert ({answer.text for answer in answers}, len(small.asked)) == ({"bonjour"}, 1)
    small.answers = lambda: Response("non", status_code=503)
    answers = await asyncio.gather(*(browser.get("/referentiel/2.0.0.json") for _ in range(10)))
    assert ({answer.status_code for answer in answers}, len(small.asked)) == ({503}, 11)


async def test_a_page_drawn_before_a_publication_is_not_kept_after_it(
    database: Database, client: Browsers, small: Small, browser: httpx2.AsyncClient, clock: Clock
) -> None:
    day = await second(database, client, libelle="Mieux dit")
    small.slow = "/referentiel"
    slow = asyncio.create_task(browser.get("/referentiel"))
    await small.reached.wait()
    await by_another_process(day)
    clock.advance(seconds=1)
    assert (await browser.get("/referentiel/2.0.0")).status_code == 200  # from here on, one knows of it
    small.gate.set()
    assert (await slow).text == "bonjour"
    small.answers = lambda: Response("bonsoir", headers={"cache-control": "no-cache"})
    assert (await browser.get("/referentiel")).text == "bonsoir"
    assert (await browser.get("/referentiel")).headers["etag"]
    assert small.asked == ["/referentiel", "/referentiel/2.0.0", "/referentiel"]


async def test_memory_is_bounded_in_number(
    small: Small, browser: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "MOST", 3)
    addresses = [f"/referentiel/2.0.{n}.json" for n in range(5)]
    for address in [*addresses, *addresses[2:]]:
        await browser.get(address)
    assert small.asked == addresses
    await browser.get(addresses[0])
    assert small.asked == [*addresses, addresses[0]]


async def test_memory_is_bounded_in_weight(
    small: Small, browser: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "HEAVIEST", len("bonjour") * 2)
    addresses = [f"/referentiel/2.0.{n}.json" for n in range(3)]
    for address in [*addresses, *addresses[1:]]:
        await browser.get(address)
    assert small.asked == addresses
    small.answers = lambda: Response("bonjour" * 3)
    for _ in range(2):
        assert (await browser.get("/referentiel/3.0.0.json")).headers["etag"]  # too heavy: handed over, not kept
    assert small.asked == [*addresses, *["/referentiel/3.0.0.json"] * 2]
    await browser.get(addresses[2])
    assert len(small.asked) == 5


# ── The database is away


@pytest.fixture
def silent() -> Iterator[str]:
    """A PostgreSQL that takes the call and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"postgresql+psycopg://personne@127.0.0.1:{server.getsockname()[1]}/grille"


async def test_what_is_published_is_still_read_when_the_database_is_away(
    app: Starlette,
    database: Database,
    client: Browsers,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    silent: str,
) -> None:
    day = await second(database, client, libelle="Mieux dit")
    addresses = ["/referentiel", "/referentiel/2.0.0", "/referentiel/2.0.0.json"]
    browser = client(raise_app_exceptions=False)
    before = [(await browser.get(address)).content for address in addresses]
    app.state.database = away = Database(silent)
    monkeypatch.setattr(shelf, "PATIENCE", 0.05)
    for _ in range(3):
        clock.advance(seconds=1)
        assert [(await browser.get(address)).content for address in addresses] == before
    said = [record.message for record in caplog.records if record.name == "server.shelf"]
    assert said == ["the database does not say what is published"]
    # Once the database has been silent, one person waits for it, the others do not.
    monkeypatch.setattr(shelf, "PATIENCE", 600)
    clock.advance(seconds=1)
    patient = asyncio.create_task(browser.get("/referentiel"))
    await asyncio.sleep(0)
    assert (await browser.get("/referentiel")).content == before[0]
    assert not patient.done()
    patient.cancel()
    await asyncio.wait([patient])
    # It comes back, with one more version.
    app.state.database = database
    await away.close()
    await publish(database, day.room, version="2.0.1", by=day.dominique)
    clock.advance(seconds=1)
    assert len(read(await browser.get("/referentiel")).one("ul", class_="gc-list").all("li")) == 2


# ── Static files


async def test_only_its_own_fingerprint_keeps_a_file_for_ever(client: Browsers) -> None:
    content = (STATIC / "app.css").read_bytes()
    own = f"/static/app.css?v={fingerprint(content)}"
    assert static("app.css") == own
    for first in (own, "/static/app.css?v=abc"):
        browsers = Browsers(client.app)
        client.app.middleware_stack = None
        for address in (
            first,
            own,
            "/static/app.css",
            "/static/app.css?v=abc",
            f"{own}0",
            f"{own}&a",
            "/static/app.css?",
        ):
            answer = await browsers().get(address, headers=PLAIN)
            kept = "public, max-age=31536000, immutable" if address == own else "no-cache"
            assert (address, answer.status_code, answer.headers["cache-control"]) == (address, 200, kept)
            assert (answer.content, answer.headers["etag"]) == (content, f'"{fingerprint(content)}"')
            assert {name: answer.headers[name] for name in OUR_HEADERS} == OUR_HEADERS
            assert answer.headers["content-type"] == "text/css; charset=utf-8"
        await browsers.close()


async def test_a_static_file_travels_compressed(client: Browsers) -> None:
    for _ in range(2):
        async with client().stream("GET", static("app.css"), headers=GZIP) as answer:
            content = b"".join([piece async for piece in answer.aiter_raw()])
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
        assert gzip.decompress(content) == (STATIC / "app.css").read_bytes()
        assert len(content) < (STATIC / "app.css").stat().st_size / 3


async def test_a_static_file_is_read_once(client: Browsers, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await client().get("/static/room.js")).content
    (mount,) = [route for route in client.app.routes if getattr(route, "name", "") == "static"]
    monkeypatch.setattr(mount.app, "all_directories", [])
    assert (await client().get("/static/app.css")).status_code == 404
    assert (await client().get("/static/room.js")).content == before


@pytest.mark.parametrize(
    "address",
    (
        "/static/nulle-part.css /static/%2e%2e/app.py /static/..%2fapp.py /static/%2e%2e/%2e%2e/pyproject.toml "
        f"/static/vendor /static/ /static/a%00 /static//etc/passwd /static/{'a' * 300}"
    ).split(),
)
async def test_what_is_no_static_file_is_an_unknown_page(client: Browsers, address: str) -> None:
    for _ in range(2):
        answer = await client().get(address)
        refusal = read(answer).one(class_="gc-refusal").text
        assert (answer.status_code, refusal) == (404, "Cette page n'existe pas, ou plus.")
        assert {name: answer.headers[name] for name in OUR_HEADERS} == OUR_HEADERS
