"""Protection: writes come from our own pages, bodies are small, and headers say what a page may do."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import identity
from server.app import create_app
from server.database import Database
from server.protection import is_same_origin
from server.settings import MAX_BODY, Settings
from server.templating import static
from tests.cast import Browsers, act, facilitator, signed_in, stranger, workshop
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import FORMS, GESTURES, PAGES, everything
from tests.server.pages.reading import plain, read

OUR_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "manifest-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
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
TOO_LONG = "C'est trop long : 256 Kio au plus. Rien n'a été enregistré."


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
        _env_file=None, secret_key="x" * 32, public_url="https://grille.example", database_url=database.url
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
            if said.strip().lower().startswith(("javascript:", "vbscript:")):
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
