"""Protection: what comes in is for us, from our own pages, and small; headers say what a page may do."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server import identity
from server.app import create_app
from server.database import Database
from server.protection import is_same_origin
from server.settings import MAX_BODY, ROOT, Settings
from server.templating import static
from tests.browser import serving
from tests.cast import (
    Browsers,
    act,
    facilitator,
    member_of,
    published,
    session_of,
    signed_in,
    stranger,
    workshop,
)
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import FORMS, GESTURES, PAGES, everything
from tests.server.pages.reading import plain, read

OUR_HEADERS = {
    "content-security-policy": "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
# What is published is for every site.
SHARED = OUR_HEADERS | {"cross-origin-resource-policy": "cross-origin"}
FOREIGN: list[Mapping[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    {"origin": "https://mechant.example"},
    {"origin": "http://testserver.mechant.example"},
    {"origin": "http://testserver:8080"},
    {"origin": "null"},
    {"origin": "http://["},
]
OWN: list[Mapping[str, str]] = [
    {},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": "http://testserver"},
    {"sec-fetch-site": "same-origin", "origin": "https://testserver"},
]
READABLE = "access-control-allow-origin"
NOT_OUR_NAME = "Ce site ne répond pas sous ce nom : vérifiez l'adresse."
UNREADABLE = "Cette demande n'a pas pu être lue."
TOO_LONG = "C'est trop long : 256 Kio au plus. Rien n'a été enregistré."


# ── What comes in is for us


@pytest.mark.parametrize(
    "name",
    [
        "testserver",
        "TESTSERVER:8000",
        "localhost:8000",
        "grille.localhost",
        "127.0.0.1",
        "192.168.1.20:8000",
        "[::1]:8000",
        "poste-12",
        "grille.local",
        "web.internal:80",
    ],
)
async def test_at_home_the_site_answers_to_any_private_name(client: Browsers, name: str) -> None:
    assert (await client().get("/sante/vivant", headers={"host": name})).status_code == 200
    assert (await client().get("/rejoindre", headers={"host": name})).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "mechant.example",
        "mechant.example:8000",
        "localhost.mechant.example",
        "127.0.0.1.mechant.example",
        "mechantlocalhost.example",
        "testserver@mechant.example",
        "testserver, mechant.example",
        "testserver:80:80",
        "testserver/mechant",
        "[::1",
        "",
    ],
)
async def test_a_name_that_a_stranger_may_buy_is_refused_even_at_home(client: Browsers, name: str) -> None:
    for path in ("/", "/rejoindre", "/referentiel", "/static/app.css", "/nulle-part"):
        answer = await client().get(path, headers={"host": name})
        assert (path, answer.status_code, plain(answer.text)) == (path, 400, NOT_OUR_NAME)
        assert {key: answer.headers.get(key) for key in OUR_HEADERS} == OUR_HEADERS


async def test_under_another_name_nothing_is_read_nor_written(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    camille = await world.day.browser(world.day.camille)
    before = await world.day.records()
    other = {"host": "mechant.example", "origin": "http://mechant.example", "x-forwarded-host": "testserver"}
    probes = {"home.health", "home.alive", "home.ready", "home.metrics"}
    for route in PAGES + GESTURES:
        method = "GET" if route in PAGES else "POST"
        # Once under our name: what is on the shelf is not for everyone either.
        if method == "GET" and not route.name.startswith(("signin.", "mailbox.")):
            await camille.get(world.at(route))
        answer = await camille.request(method, world.at(route), data=FORMS.get(route.name) or None, headers=other)
        assert (route.name, answer.status_code == 400) == (route.name, route.name not in probes)
    assert await world.day.records() == before


async def test_a_site_answers_to_its_own_names_alone(database: Database) -> None:
    settings = Settings(
        _env_file=None,
        secret_key="x" * 32,
        public_url="https://grille.example",
        allowed_hosts="www.grille.example, 10.0.0.7",
        database_url=database.url,
    )
    app = create_app(settings, database)
    browsers = Browsers(app)
    for name, status in (
        ("grille.example", 200),
        ("GRILLE.example:443", 200),
        ("www.grille.example", 200),
        ("10.0.0.7:8000", 200),
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("127.0.0.2", 400),
        ("10.0.0.8", 400),
        ("grille.example.mechant.example", 400),
        ("xgrille.example", 400),
    ):
        answer = await browsers().get("/rejoindre", headers={"host": name})
        assert (name, answer.status_code) == (name, status)
        # An orchestrator knows a machine by its address alone.
        probes = [await browsers().get(path, headers={"host": name}) for path in ("/sante", "/sante/vivant")]
        assert [probe.status_code for probe in probes] == [200, 200]
    await browsers.close()
    await app.state.hub.close()
    await app.state.rooms.close()


async def test_a_host_said_twice_or_not_at_all_is_no_host(app: Starlette) -> None:
    for hosts in ([], [b"testserver", b"testserver"], [b"testserver", b"mechant.example"]):
        answer = await asked(app, headers=[(b"host", host) for host in hosts])
        assert answer.status_code == 400


@pytest.mark.parametrize("query", [b"code=\xff", "code=é".encode()])
async def test_an_address_that_is_not_ascii_is_refused_in_words(app: Starlette, query: bytes) -> None:
    answer = await asked(app, query=query, headers=[(b"host", b"testserver")])
    assert (answer.status_code, plain(answer.text)) == (400, UNREADABLE)


async def asked(app: Starlette, *, query: bytes = b"", headers: list[tuple[bytes, bytes]]) -> httpx2.Response:
    """A request that no well-made client would send."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/rejoindre",
        "raw_path": b"/rejoindre",
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    said: list[Message] = []

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def hear(message: Message) -> None:
        said.append(message)

    await app(scope, nothing, hear)
    return httpx2.Response(said[0]["status"], headers=said[0]["headers"], content=said[1]["body"])


async def test_a_socket_under_another_name_is_refused(app: Starlette, database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    alix = await session_of(database, await member_of(database, room))
    async with serving(app) as address:
        port = int(address.rpartition(":")[2])
        for name, taken in (("localhost", True), ("mechant.example", False)):
            socket = connect(
                f"ws://{name}:{port}/ateliers/{room.id}/direct",
                host="127.0.0.1",
                port=port,
                origin=f"http://{name}:{port}",  # type: ignore[arg-type]
                additional_headers={"Cookie": f"session={alix}"},
                proxy=None,
            )
            if taken:
                async with socket:
                    continue
            with pytest.raises(InvalidStatus) as refused:
                await socket
            assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("trusted", "client", "scheme"), [("127.0.0.1", "203.0.113.9", "https"), ("10.0.0.1", "127.0.0.1", "http")]
)
async def test_only_the_proxies_that_are_named_say_who_asks(
    monkeypatch: pytest.MonkeyPatch, trusted: str, client: str, scheme: str
) -> None:
    """As uvicorn runs us, with `FORWARDED_ALLOW_IPS`."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)

    async def who(request: Request) -> Response:
        assert request.client
        return JSONResponse([request.client.host, request.url.scheme, request.url.hostname])

    served = uvicorn.Config(Starlette(routes=[Route("/", who)]), proxy_headers=True, log_config=None)
    served.load()
    claims = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "mechant.example"}
    transport = httpx2.ASGITransport(app=served.loaded_app, client=("127.0.0.1", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as proxy:
        assert (await proxy.get("/", headers=claims)).json() == [client, scheme, "testserver"]


def test_no_way_to_start_believes_more_proxies_than_the_setting() -> None:
    for file in ("Procfile", "server/cli/serving.py"):
        assert "forwarded" not in (ROOT / file).read_text()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "DEBUG"])
async def test_no_address_repeats_what_it_is_sent(client: Browsers, method: str) -> None:
    for path in ("/", "/ateliers", "/sante", "/static/app.css", "/referentiel"):
        answer = await client().request(method, path, headers={"x-secret": "secret-de-requete"})
        assert (path, answer.status_code, "secret-de-requete" in answer.text) == (path, 405, False)


# ── Writes come from our own pages


@pytest.mark.parametrize("headers", FOREIGN)
async def test_no_gesture_comes_from_another_site(
    database: Database, client: Browsers, headers: Mapping[str, str]
) -> None:
    world = await everything(database, client)
    camille = await world.day.browser(world.day.camille)
    before = await world.day.records()
    answers = {
        route.name: await camille.post(world.at(route), data=FORMS.get(route.name, {}), headers=headers)
        for route in GESTURES
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    said = {plain(answer.text) for answer in answers.values()}
    assert said == {"Cette demande vient d'un autre site : elle est refusée."}
    assert await world.day.records() == before


@pytest.mark.parametrize("headers", OWN)
async def test_gestures_come_from_our_pages_and_from_programs(
    database: Database, client: Browsers, headers: Mapping[str, str]
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    browser = await signed_in(client, camille)
    answer = await browser.post(f"/ateliers/{room.id}/etape", data={"stage": "voting"}, headers=headers)
    assert answer.status_code == 303


async def test_anyone_may_link_to_our_pages(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    answer = await client().get(f"/ateliers/{room.id}", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200


def test_a_browsers_word_is_taken_before_its_origin() -> None:
    says = Headers({"sec-fetch-site": "same-origin", "origin": "https://mechant.example", "host": "testserver"})
    assert is_same_origin(says)
    assert not is_same_origin(Headers({"origin": "http://testserver"}))  # no host to compare with


@pytest.mark.parametrize("site", ["", "cross-site", "same-site", "SAME-ORIGIN", "same-origin, cross-site"])
def test_a_browsers_word_is_one_of_two(site: str) -> None:
    assert not is_same_origin(Headers({"sec-fetch-site": site, "origin": "http://testserver", "host": "testserver"}))


def test_behind_tls_a_page_that_came_in_clear_is_not_ours() -> None:
    for origin, ours in (
        ("https://grille.example", True),
        ("http://grille.example", False),
        ("https://grille.example:8443", False),
        ("https://grille.example.mechant.example", False),
        ("https://grille.example@mechant.example", False),
        ("null", False),
        ("", False),
    ):
        said = Headers({"origin": origin, "host": "grille.example"})
        assert (origin, is_same_origin(said, https=True)) == (origin, ours)


# ── Headers


async def broken(request: Request) -> Response:
    raise RuntimeError("something nobody foresaw")


async def kinds_of_answers(world_app: Starlette, client: Browsers, path: str) -> dict[str, httpx2.Response]:
    """One of each: what the middlewares, the pages and the handlers of errors answer."""
    world_app.router.routes.append(Route("/casse", broken, methods=["GET", "POST"]))
    browser = client(raise_app_exceptions=False)
    html = {"accept": "text/html"}
    return {
        "page 200": await browser.get("/"),
        "JSON 200": await browser.get("/sante"),
        "file 200": await browser.get("/static/app.css"),
        "redirection 303": await browser.get("/ateliers/nouveau"),
        "redirection 307": await browser.get("/ateliers/"),
        "unreadable 400": await browser.post(path, data={"name": "a\0b"}),
        "refusal 403": await browser.post("/ateliers"),
        "cross-site 403": await browser.post("/ateliers", headers={"sec-fetch-site": "cross-site"}),
        "page 404": await browser.get("/nulle-part"),
        "file 404": await browser.get("/static/nulle-part"),
        "lab 404": await browser.get("/laboratoires/nulle-part", headers=HTMX),
        "method 405": await browser.put("/"),
        "body 413": await browser.post(path, data={"name": "x" * MAX_BODY}),
        "form 422": await browser.post(path, data={"name": ""}),
        "page 500": await browser.get("/casse", headers=html),
        "JSON 500": await browser.get("/casse", headers=JSON),
        "htmx 500": await browser.post("/casse", headers={**HTMX, **html}),
        "curl 500": await browser.get("/casse", headers={"accept": "*/*"}),
    }


async def test_every_kind_of_answer_carries_the_same_headers(
    app: Starlette, database: Database, client: Browsers
) -> None:
    room = await workshop(database, by=await facilitator(database))
    answers = await kinds_of_answers(app, client, f"/rejoindre/{room.code}")
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {name: int(name.rpartition(" ")[2]) for name in answers}
    for name, answer in answers.items():
        assert (name, {key: answer.headers.get(key) for key in OUR_HEADERS}) == (name, OUR_HEADERS)
        assert (name, "strict-transport-security" in answer.headers) == (name, False)


@pytest.fixture
async def https(database: Database) -> AsyncIterator[Browsers]:
    """The same server, behind TLS."""
    settings = Settings(
        _env_file=None,
        secret_key="x" * 32,
        public_url="https://grille.example",
        allowed_hosts="testserver",
        database_url=database.url,
    )
    app = create_app(settings)
    browsers = Browsers(app)
    yield browsers
    await browsers.close()
    await app.state.hub.close()
    await app.state.database.close()


async def test_behind_tls_every_answer_says_to_stay_there(database: Database, https: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    answers = await kinds_of_answers(https.app, https, f"/rejoindre/{room.code}")
    said = {name: answer.headers.get("strict-transport-security") for name, answer in answers.items()}
    assert said == dict.fromkeys(answers, "max-age=63072000; includeSubDomains")


async def test_every_address_carries_them(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    for person in (None, world.day.alix, world.day.camille, world.day.dominique):
        browser = await world.day.browser(person)
        for route in PAGES + [route for route in GESTURES if route.name != "signin.out"]:
            method = "GET" if route in PAGES else "POST"
            answer = await browser.request(method, world.at(route))
            expected = SHARED if READABLE in answer.headers else OUR_HEADERS
            assert (route.name, {key: answer.headers.get(key) for key in expected}) == (route.name, expected)
            assert (route.name, "server" in answer.headers) == (route.name, False)


async def test_what_is_published_may_be_read_and_shown_by_any_site(database: Database, client: Browsers) -> None:
    framework = await published(database)
    for path, shared in (
        (f"/referentiel/{framework.version}.json", True),
        (f"/referentiel/{framework.version}.csv", True),
        (f"/referentiel/{framework.version}", False),
    ):
        for _ in range(2):  # drawn, then from the shelf
            answer = await client().get(path, headers={"origin": "https://ailleurs.example"})
            said = [answer.headers.get(name) for name in ("cross-origin-resource-policy", READABLE)]
            assert (path, said) == (path, ["cross-origin", "*"] if shared else ["same-origin", None])
            assert "access-control-allow-credentials" not in answer.headers


async def test_pages_are_checked_again_and_files_are_kept(client: Browsers) -> None:
    browser = client()
    assert (await browser.get("/")).headers["cache-control"] == "private, no-cache"
    assert (await browser.get("/static/app.css")).headers["cache-control"] == "no-cache"
    kept = (await browser.get(static("app.css"))).headers["cache-control"]
    assert kept == "public, max-age=31536000, immutable"


# ── Cookies


async def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(database: Database, client: Browsers) -> None:
    token = await act(database, identity.link, await stranger(database))
    answer = await client().get(f"/connexion/lien/{token}")
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert (name.partition("=")[0], sorted(flags)) == (
        "session",
        ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax"],
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_behind_tls_the_session_is_for_this_host_alone_and_encrypted(database: Database, https: Browsers) -> None:
    token = await act(database, identity.link, await stranger(database))
    answer = await https().get(f"/connexion/lien/{token}")
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert (name.partition("=")[0], sorted(flags)) == (
        "__Host-session",
        ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax", "Secure"],
    )


# ── Bodies


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_256_kib_is_refused_and_nothing_is_written(
    database: Database, client: Browsers, chunked: bool
) -> None:
    world = await everything(database, client)
    alix = await world.day.browser(world.day.alix)
    before = await world.day.records()
    body = b"field=libelle&text=" + b"a" * MAX_BODY
    sent = {"content-type": "application/x-www-form-urlencoded"}

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    for headers in ({}, HTMX, JSON):
        content = in_pieces() if chunked else body
        path = f"/indicateurs/{world.day.card.id}/avis"
        answer = await alix.post(path, content=content, headers={**sent, **headers})
        said = answer.json()["raison"] if headers is JSON else read(answer).one(class_="gc-refusal").text
        assert (answer.status_code, plain(said)) == (413, TOO_LONG)
    assert await world.day.records() == before


async def test_a_body_of_256_kib_is_read(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    start = b"lab=ti-lab&name="
    body = start + b"a" * (MAX_BODY - len(start))
    sent = {"content-type": "application/x-www-form-urlencoded", **JSON}
    answer = await client().post(f"/rejoindre/{room.code}", content=body, headers=sent)
    assert (answer.status_code, set(answer.json()["champs"])) == (422, {"name"})


async def test_a_body_that_is_no_form_is_an_empty_form(database: Database, client: Browsers) -> None:
    """No address reads JSON, however deep, nor XML: there is nothing to attack there."""
    room = await workshop(database, by=await facilitator(database))
    for content, kind in (
        ("[" * 100_000, "application/json"),
        ('{"name": "Alix"}', "application/json"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "application/xml"),
        ("name=Alix", "text/plain"),
    ):
        answer = await client().post(f"/rejoindre/{room.code}", content=content, headers={"content-type": kind, **JSON})
        assert (kind, answer.status_code, set(answer.json()["champs"])) == (kind, 422, {"name"})


# ── Pages keep the promise of their policy


async def test_no_page_has_a_script_or_a_style_of_its_own(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    day = world.day
    for person in (None, day.alix, day.camille, day.dominique):
        browser = await day.browser(person)
        for route in PAGES:
            answer = await browser.get(world.at(route))
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert (route.name, breaches(answer)) == (route.name, [])


async def test_no_refused_form_has_a_script_or_a_style_of_its_own(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    day = world.day
    seen = set()
    for person in (None, day.alix, day.camille, day.dominique):
        browser = await day.browser(person)
        for route in GESTURES:
            for headers in ({}, HTMX):
                if route.name == "signin.out":
                    continue
                answer = await browser.post(world.at(route), data={"base": "1"}, headers=headers)
                if answer.status_code >= 400:
                    seen.add(route.name)
                    assert (route.name, breaches(answer)) == (route.name, [])
    assert {"workshops.convene", "indicators.propose", "indicators.reword", "comments.post", "votes.cast"} <= seen


def breaches(answer: httpx2.Response) -> list[str]:
    """What the browser would refuse to run or to apply."""
    found = []
    for element in read(answer):
        if element.tag == "style" or (element.tag == "script" and ("src" not in element.attributes or element.raw)):
            found.append(f"<{element.tag}>")
        if element.get("src").startswith(("http:", "https:", "//")):
            found.append(f"src={element['src']}")
        for name, said in element.attributes.items():
            if name == "style" or (name.startswith("on") and name != "open") or name.startswith("hx-on"):
                found.append(f"{element.tag} {name}")
            # What a field holds is text, wherever it was typed: no browser follows it.
            if name != "value" and said.strip().lower().startswith(("javascript:", "vbscript:")):
                found.append(f"{element.tag} {name}={said}")
    return found


def test_a_breach_is_seen() -> None:
    page = '<p style="x" onclick="y">a</p><script>z</script><style>b</style><a href=" javascript:1">c</a>'
    assert breaches(httpx2.Response(200, text=page)) == [
        "p style",
        "p onclick",
        "<script>",
        "<style>",
        "a href= javascript:1",
    ]
