"""Fuzz: whatever is sent, by whoever, the server does it or says why not, and shows nobody's markup.

Four hundred requests in the suite, always the same; `make fuzz` sends five thousand, and `FUZZ_REQUESTS` as many as
one likes.
"""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import httpx2
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server import forms
from server.database import Database
from server.datafiles.catalogue import EVERY
from tests.browser import serving
from tests.cast import Browsers, act, all_vote, facilitator, move, session_of, workshop
from tests.server.pages.day import Day, begin
from tests.server.pages.everything import FORMS, GESTURES, PAGES, UNKNOWN, address, competing, everything
from tests.server.pages.reading import read
from tests.server.test_protection import OUR_HEADERS, SHARED, breaches
from workshops import guests, memberships, people
from workshops.agenda import Stage
from workshops.people import Person
from workshops.records import Record
from workshops.sheet import FIELDS

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "400"))
ROUTES = PAGES + 2 * GESTURES
WHO = ("nobody", "forged", "stranger", "guest", "noor", "dominique", *3 * ("alix", "sacha", "camille"))
WHO += ("elsewhere", "maël")  # Camille of another workshop, with her own cookie; somebody who asks a lab to take them
OPEN_STAGES = [stage for stage in Stage if stage is not Stage.CLOSED]

# Every mark is ours to find again: a page that has one as markup, or that computed it, is broken.
BROKEN = ("<zzfuzz", "<script>zzfuzz", '="javascript:', '="data:text', f"{1_000_003 * 49}")
HOSTILE = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "<zzfuzz onload=zzfuzz>",
    '"><zzfuzz>',
    '" zzfuzz="1',
    "' zzfuzz='1",
    "</textarea></title></script><zzfuzz>",
    "<script>zzfuzz</script>",
    "[a](javascript:zzfuzz)",
    "[a](data:text/html,<zzfuzz>)",
    '![a](https://zzfuzz.example/x "<zzfuzz>")',
    "<javascript:zzfuzz>",
    "javascript:zzfuzz",
    "{{ 1000003 * 49 }}",
    "{% print 1000003 * 49 %}",
    "${1000003*49}#{1000003*49}",
    "{0}{name}{__class__}%s%(name)s%n",
    "'; DROP TABLE vote; --",
    "' OR 1=1 --",
    "a\r\nZzfuzz: 1\r\n\r\n<zzfuzz>",
    "=1+1",
    "../../../etc/passwd",
    "\u202eerèilugérri\u202c \u200b\u2066",
    "👩‍💻🏳️‍🌈" * 30,
    "e\u0301" * 2000,
    "long " * 8000,
    "-1",
    "0",
    "1",
    "2147483648",
    "9" * 25,
    "9" * 5000,
    "1e309",
    "NaN",
    "-Infinity",
    "1,5",
    "٣",
    "true",
    "null",
    "[]",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "2026-11-23T00:00:00Z",
    "//mechant.example",
    "/\\mechant.example",
)
OUR_FORMS = [form for form in vars(forms).values() if isinstance(form, type) and issubclass(form, forms.Form)]
NAMES = sorted(
    {one.name for one in FIELDS}
    | {name for form in OUR_FORMS for name in form.model_fields}
    | {"key", "changer", "incomplete", "because-incomplete", "decision-ACT-01", "because-ACT-01", "decision-", "zzfuzz"}
)
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data; boundary=zzlimit",
    "multipart/form-data; boundary=zzlimit; charset=utf-16",
    "multipart/form-data; boundary=zzlimit; charset=idna",
    "multipart/form-data; boundary=zzlimit; charset=zlib",
    "multipart/form-data; boundary=other",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "text/xml",
    "",
)

# What a person may have typed, as one types it: on the free fields of a sheet, one field each.
TYPED = [typed for typed in HOSTILE if "zzfuzz" in typed or "1000003" in typed]
FREE = [
    one.name for one in FIELDS if one.kind in ("text", "line", "markdown") and one.longest > 100 and not one.pattern
]
LEAVING = {"signin.out", "account.close", "account.close_others"}
CURRENT = "zzcurrent"  # the number of the wording under vote

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.integers().map(str))
header_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)


# ── What is sent


@dataclass(frozen=True)
class Sent:
    """A request. What its address names is what is there (None), or something else."""

    who: str
    method: str
    route: Route
    named: dict[str, str | None]
    query: str
    headers: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    content_type: str
    stage: Stage | None

    def __repr__(self) -> str:
        told = {name: value for name, value in vars(self).items() if name != "route"}
        return f"{self.route.name} {told}"

    @property
    def body(self) -> bytes:
        if self.method in ("GET", "HEAD"):
            return b""
        if "boundary" in self.content_type:
            return b"".join(map(_part, self.fields)) + b"--zzlimit--\r\n"
        if "json" in self.content_type:
            return json.dumps(dict(self.fields)).encode()
        return "&".join(f"{_escaped(name)}={_escaped(said)}" for name, said in self.fields).encode()


def _part(named: tuple[str, str]) -> bytes:
    name, said = (part.encode("utf-8", "surrogatepass") for part in named)
    quoted = name.replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    return b'--zzlimit\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (quoted, said)


def _escaped(said: str) -> str:
    return quote_plus(said.encode("utf-8", "surrogatepass"))


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    route = draw(st.sampled_from(ROUTES))
    own = "GET" if route in PAGES else "POST"
    methods = st.sampled_from((own,) * 40 + ("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "GET", "POST", "zzfuzz"))
    named: dict[str, str | None] = {}
    for name in route.param_convertors:
        right = draw(st.sampled_from((True,) * 7 + (False,)))
        named[name] = None if right else draw(st.one_of(st.just(UNKNOWN[name]), texts))
    parameters = st.sampled_from(("suite", "state", "error", "changer", "zzfuzz"))
    asked = draw(st.lists(st.tuples(parameters, texts), max_size=2))
    return Sent(
        who=draw(st.sampled_from(WHO)),
        method=draw(methods),
        route=route,
        named=named,
        query="&".join(f"{name}={_escaped(said[:500])}" for name, said in asked),
        headers=draw(headers()),
        fields=tuple(draw(fields(route))),
        content_type=draw(st.sampled_from((CONTENT_TYPES[0],) * 8 + (CONTENT_TYPES[2],) * 4 + CONTENT_TYPES)),
        stage=draw(st.sampled_from((None, None, Stage.VOTING, *OPEN_STAGES))),
    )


@st.composite
def fields(draw: st.DrawFn, route: Route) -> list[tuple[str, str]]:
    """A form that holds, more or less."""
    sent: list[tuple[str, str]] = []
    for name, right in FORMS.get(route.name, {}).items():
        how = draw(st.sampled_from(("right",) * 5 + ("odd", "odd", "absent", "twice")))
        if how != "absent":
            right = CURRENT if name in ("wording", "base") else str(right)
            sent.append((name, draw(texts) if how == "odd" else right))
        if how == "twice":
            sent.append((name, draw(texts)))
    return sent + draw(st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=3))


@st.composite
def headers(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    """What browsers, htmx, programs and proxies add, and what they do not."""
    choices = {
        "accept": st.sampled_from(("text/html", "application/json", "*/*", "", "text/html;q=0, application/json")),
        "hx-request": st.sampled_from(("true", "false", "")),
        "hx-request-type": st.sampled_from(("partial", "full", "zzfuzz")),
        "idempotency-key": st.one_of(st.sampled_from(("k-1", "k-2", "k" * 100, "k" * 101)), header_texts),
        "x-personne": st.one_of(st.just("0nexistepas0"), header_texts),
        "sec-fetch-site": st.sampled_from(("same-origin", "same-origin", "none", "cross-site")),
        "origin": st.sampled_from(("http://testserver", "null", "http://mechant.example", "http://[")),
        "if-none-match": st.one_of(st.just("*"), header_texts),
        "accept-encoding": st.one_of(st.just("gzip"), header_texts),
        "range": st.just("bytes=0-1,5-"),
        "cookie": header_texts,
        "authorization": header_texts,
        "x-request-id": header_texts,
        "x-forwarded-for": header_texts,
        "content-length": st.sampled_from(("0", "1", "99999999")),
    }
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=5, unique=True))
    return tuple((name, draw(choices[name])) for name in names)


# ── The world it is sent to


@dataclass
class Ground:
    """A workshop where everything is, people with their cookies, and a way to send them anything."""

    app: Starlette
    database: Database
    client: Browsers
    day: Day
    ids: dict[str, str]
    people: dict[str, Person]
    cookies: dict[str, str] = field(default_factory=dict)
    number: int = 0

    async def prepare(self, request: Sent) -> None:
        """The workshop at the stage that was drawn."""
        if request.stage and request.stage is not self.day.room.stage:
            await self.day.move(request.stage)

    async def send(self, request: Sent) -> "Answer":
        self.number += 1
        named = {name: self.ids[name] if said is None else said for name, said in request.named.items()}
        path = request.route.path_format
        for name, said in named.items():
            path = path.replace(f"{{{name}}}", quote(said.encode("utf-8", "surrogatepass"), safe="")[:2000])
        cookie = self.cookies.get(request.who)
        given = [("host", "testserver"), ("content-type", request.content_type), *request.headers]
        given += [("cookie", f"session={cookie}")] if cookie else []
        current = str((await self.day.reread()).wording.number)
        body = request.body.replace(CURRENT.encode(), current.encode())
        return await answer(self.app, request.method, path, request.query, given, body, self.number)

    async def settle(self, request: Sent) -> None:
        """Who left comes back, or somebody in their place; a workshop that was closed gives way to another."""
        if request.route.name in LEAVING and request.who in self.people:
            self.cookies[request.who] = await session_of(self.database, self.people[request.who])
        if request.route.name == "account.erase":
            await self.begin_again()
        async with self.database.reading() as session:
            stage = await session.scalar(text("SELECT stage FROM workshop WHERE id = :id"), {"id": self.day.room.id})
        if stage == Stage.CLOSED.value:
            await self.begin_again()
        self.day.room.stage = Stage(stage) if stage != Stage.CLOSED.value else self.day.room.stage

    async def begin_again(self) -> None:
        self.day = await begin(self.database, self.client, Stage.VOTING)
        said = await self.day.say("Un avis.")
        assert self.day.card
        self.ids |= {"workshop": self.day.room.id, "indicator": self.day.card.id, "comment": said.id}
        self.ids |= {"code": self.day.room.code, **await competing(self.day)}
        await self.seat_everyone()

    async def seat_everyone(self) -> None:
        day = self.day
        guest = await act(self.database, guests.enter, day.room.id, name="Invitée", lab="ti-lab")
        names = ("noor", "alix", "sacha", "camille", "dominique", "stranger")
        self.people |= {name: getattr(day, name) for name in names}
        self.people["guest"] = guest
        self.cookies = {name: await session_of(self.database, person) for name, person in self.people.items()}
        self.cookies["forged"] = "A" * 43

    async def written(self) -> list[tuple[str, int]]:
        """How many of everything the domain keeps."""
        tables = [str(record.__tablename__) for record in Record.__subclasses__() if "workshops." in record.__module__]
        counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in sorted(tables))
        async with self.database.asking() as session:
            return [(row[0], row[1]) for row in await session.execute(text(counts))]


@pytest.fixture
async def ground(app: Starlette, database: Database, client: Browsers) -> Ground:
    world = await everything(database, client)
    other = await facilitator(database, "Camille d'ailleurs")
    await move(database, await workshop(database, by=other), Stage.VOTING, by=other)
    ground = Ground(app, database, client, world.day, world.ids, {"elsewhere": other})
    await ground.seat_everyone()
    async with database.reading() as session:
        asking = await memberships.get(session, world.ids["membership"])
        ground.people["maël"] = await people.get(session, asking.person_id)
    ground.cookies["maël"] = await session_of(database, ground.people["maël"])
    return ground


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def text(self) -> str:
        return (gzip.decompress(self.body) if "content-encoding" in self.headers else self.body).decode()


async def answer(
    app: Starlette, method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes, number: int
) -> Answer:
    """As uvicorn would ask: no client library cleans what is sent."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(name.encode(), said.encode("latin-1")) for name, said in headers],
        "client": (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    pieces = [body[:100], body[100:]]
    said: list[Message] = []

    async def receive() -> Message:
        if not pieces:
            await asyncio.Event().wait()  # it stays, until it has its answer
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        said.append(message)

    with suppress(Exception):  # Starlette answers, then tells the server that runs it
        await app(scope, receive, send)
    raw = [(name.decode(), value.decode("latin-1")) for name, value in said[0]["headers"]]
    return Answer(said[0]["status"], dict(raw), b"".join(message.get("body", b"") for message in said[1:]))


# ── Whatever is sent

# Kinds that say by themselves how their bytes are read.
WHOLE = {"application/zip", *(file.media for file in EVERY if not file.media.startswith("text/"))}



def often(requests: int) -> Any:
    """Always the same requests, in the same order: what they find is found again."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return hypothesis.settings(
        max_examples=requests, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=checks, report_multiple_bugs=False,
    )  # fmt: skip


@often(REQUESTS)
@given(request=requests())
async def test_the_server_does_it_or_says_why_not(ground: Ground, request: Sent) -> None:
    """No 5xx, our headers and nobody else's, no markup but ours; a refusal and a reading write nothing."""
    await ground.prepare(request)
    before = await ground.written()
    got = await ground.send(request)
    assert got.status < 500, got.body
    assert {name: got.headers.get(name) for name in OUR_HEADERS} in (OUR_HEADERS, SHARED)
    assert "zzfuzz" not in got.headers
    if got.body:
        assert got.kind in WHOLE or got.kind.endswith("; charset=utf-8"), got.kind
        assert got.kind != "application/json" or json.loads(got.text)
        assert not got.kind.startswith("text/html") or [mark for mark in BROKEN if mark in got.text] == []
    if got.status >= 400 or request.method in ("GET", "HEAD", "OPTIONS"):
        assert await ground.written() == before
    await ground.settle(request)


async def test_what_people_type_is_nobodys_markup(ground: Ground) -> None:
    """Every text that a form takes, typed by who may, then every page read by everybody."""
    day = ground.day
    browsers = {name: await day.browser(ground.people[name]) for name in ("alix", "sacha", "camille", "dominique")}
    card = f"/indicateurs/{ground.ids['indicator']}"
    room = f"/ateliers/{ground.ids['workshop']}"
    taken: set[str] = set()
    for number, typed in enumerate(TYPED):
        sheet = {"famille": "impact", **dict.fromkeys(FREE, typed)}
        for stage, who, path, form in (
            (None, "camille", "/ateliers", {**FORMS["workshops.convene"], "title": typed, "purpose": typed}),
            (None, "", f"/rejoindre/{ground.ids['code']}", {"name": typed[:60], "lab": "ti-lab"}),
            (Stage.PROPOSING, "alix", f"{room}/indicateurs", sheet),
            (None, "sacha", f"{card}/redaction", {**sheet, "base": str((await day.reread()).wording.number)}),
            (None, "alix", f"{card}/avis", {"field": "definition", "text": typed}),
            (None, "sacha", f"{card}/avis", {"field": "definition", "text": typed, "answers": ground.ids["comment"]}),
            (None, "camille", f"/avis/{(await day.say('Masqué.')).id}/masquage", {"because": typed}),
            (None, "alix", f"{card}/amendements", {**sheet, "libelle": f"{number}", "base": "", "why": typed}),
            (None, "camille", f"/amendements/{(await day.amend(str(number), by=day.alix)).id}/refus", {"answer": typed}),
            (Stage.VOTING, "alix", f"{card}/vote", {"wording": "", "choice": "drop", "reason": typed}),
        ):
            if stage and stage is not day.room.stage:
                await day.move(stage)
            if form.get("base") == "":
                form["base"] = str((await day.reread()).wording.number)
            if "wording" in form:
                form["wording"] = str((await day.reread()).wording.number)
            answer = await (browsers[who] if who else ground.client()).post(path, data=form)
            # Five amendments of one person may wait on an indicator, no more.
            expected = (303, 409, 422) if path.endswith("/amendements") else (303, 422)
            assert (path, typed, answer.status_code in expected) == (path, typed, True), answer.text
            assert breaches(answer) == []
            if answer.status_code == 303:
                taken.add(path.rpartition("/")[2])
    assert taken >= {"ateliers", ground.ids["code"], "indicateurs", "redaction", "avis", "masquage", "vote"}
    assert taken >= {"amendements", "refus"}
    given_up = f"/departages/{ground.ids['contest']}/abandon"
    answer = await browsers["camille"].post(given_up, data={"because": " ".join(TYPED)[:500]})
    assert (answer.status_code, breaches(answer)) == (303, []), answer.text
    await all_vote(day.database, day.room, by=day.sacha)
    await day.move(Stage.CLOSED)
    note = {"note": "\n\n".join(TYPED), "incomplete": "on", "because-incomplete": " ".join(TYPED)}
    note["reason-others"] = " ".join(TYPED)
    answer = await browsers["dominique"].post(f"{room}/referentiel", data=note)
    assert (answer.status_code, breaches(answer)) == (303, []), answer.text
    ground.ids |= {"before": "2.0.0", "after": answer.headers["location"].rpartition("/")[2]}
    ground.ids["version"] = ground.ids["after"]
    marked = 0
    for name in ("alix", "camille", "dominique", "nobody"):
        browser = await day.browser(ground.people.get(name))
        for route in PAGES:
            page = await browser.get(address(route, ground.ids))
            if page.headers.get("content-type", "").startswith("text/html"):
                marked += "zzfuzz" in page.text
                assert (route.name, strange(page)) == (route.name, [])
                assert (route.name, breaches(page)) == (route.name, [])
    assert marked > 10  # there was something to show


def strange(page: httpx2.Response) -> list[str]:
    """Elements and attributes that no template of ours has."""
    return [
        f"<{element.tag} {name}>"
        for element in read(page)
        for name in (element.tag, *element.attributes)
        if "zzfuzz" in name
    ] + [mark for mark in BROKEN if mark in page.text]


def test_what_is_strange_is_seen() -> None:
    page = '<p zzfuzz="1">a</p><zzfuzz>b</zzfuzz>'
    assert strange(httpx2.Response(200, text=page)) == ["<p zzfuzz>", "<zzfuzz zzfuzz>", "<zzfuzz"]


# ── The socket


@pytest.fixture
async def served(app: Starlette) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@often(max(REQUESTS // 10, 20))
@given(
    who=st.sampled_from(WHO),
    since=texts,
    view=texts,
    frames=st.lists(st.one_of(texts, st.binary(max_size=200), st.just(b"x" * 5000)), max_size=3),
)
async def test_the_socket_hears_anything_and_breaks_for_nothing(
    ground: Ground, served: str, who: str, since: str, view: str, frames: list[str | bytes]
) -> None:
    query = f"depuis={_escaped(since)[:2000]}&vue={_escaped(view)[:2000]}"
    cookie = ground.cookies.get(who, "")
    before, ended = await ground.written(), 200
    try:
        async with connect(
            f"{served.replace('http', 'ws')}/ateliers/{ground.ids['workshop']}/direct?{query}",
            origin=served,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"session={cookie}"},
            compression=None,
            proxy=None,
        ) as socket:
            for frame in frames:
                await socket.send(frame.encode("utf-8", "replace").decode() if isinstance(frame, str) else frame)
            await socket.send("ping")
            while await socket.recv() != "pong":
                pass
    except InvalidStatus as refused:
        ended = refused.response.status_code
    except ConnectionClosed as closed:
        ended = closed.rcvd.code if closed.rcvd else 0
    assert ended in (200, 400, 403, 404, 1007, 1008, 1009)
    assert await ground.written() == before
    assert errors(ground.app) == {}


def errors(app: Starlette) -> dict[str, float]:
    """What broke, by kind, since the server is up."""
    (counted,) = [metric for metric in app.state.metrics.registry.collect() if metric.name == "grille_errors"]
    return {sample.labels["type"]: sample.value for sample in counted.samples if sample.name.endswith("_total")}


# ── Twice


async def test_what_is_sent_twice_under_one_key_breaks_nothing(ground: Ground) -> None:
    """A double tap, an answer lost in a tunnel: whoever sends, whatever the form, the second answer is no failure."""
    broken = []
    for who in sorted(ground.people):
        for route in GESTURES:
            if route.name == "account.erase":
                continue  # there is nobody left to send it again
            form = tuple((name, str(said)) for name, said in FORMS.get(route.name, {}).items())
            key = (("idempotency-key", route.name),)
            named: dict[str, str | None] = dict.fromkeys(route.param_convertors)
            sent = Sent(who, "POST", route, named, "", key, form, CONTENT_TYPES[0], None)
            statuses = [(await ground.send(sent)).status for _ in range(2)]
            await ground.settle(sent)
            if max(statuses) >= 500:
                broken.append((who, route.name, statuses))
    assert broken == []
