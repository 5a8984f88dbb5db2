"""The shelf: what is published, ready to be handed over.

A version is immutable, so its answers are drawn once, by the pages themselves, and kept: nobody waits for the database
to read what does not change. Pages say which version is the latest, which candidates are open to review and what citizens told, as long as they want it
read; so they leave the shelf when that changes, whoever did it: the database is asked, at most once a second, when somebody
reads. When it does not answer, what is on the shelf is still given; only the news waits.

What is kept depends on the address alone. Pages show who is asking, so who carries a session gets their own.
"""

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import copies, downloads
from server.copies import Asked, Copy, Header
from server.database import Database
from server.templating import fingerprint
from workshops import evidence, frameworks, imports, releases, world

PAGES = ("frameworks.latest", "frameworks.show", "frameworks.compare", "feeds.versions", "imports.show")
FILES = (
    "files.as_json",
    "files.json_schema",
    "files.as_csv",
    "files.table_schema",
    "files.as_xlsx",
    "files.as_ods",
    "files.as_jsonld",
    "files.passage_csv",
    "files.passage_schema",
    "files.passage_jsonld",
    "annexes.pdf",
    "citations.as_bibtex",
    "citations.badge",
    "imports.as_json",
)
# A path written in one way only: no empty segment, none that begins with a dot.
STATIC = re.compile(r"/static(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")

SESSION = b"session"  # anywhere in the cookies: to doubt is to let the page decide
EVERY = timedelta(seconds=1)
PATIENCE = 2.0  # seconds the database is given to answer
MOST, HEAVIEST = 2500, 16 * 1024 * 1024  # copies, and bytes of their bodies, on one board: all of /static, twice

FOR_EVER = downloads.FOR_EVER.encode()
# Anybody may keep the page, nobody may show it without asking: who has signed in since is somebody else.
ASK_AGAIN = b"public, no-cache"

log = logging.getLogger(__name__)

News = tuple[str | None, ...]


class Answer:
    """What the application answered, as it was sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def hear(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def headers(self) -> list[Header]:
        return [(name.lower(), said) for name, said in self.messages[0]["headers"]]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def may_be_kept(self) -> bool:
        return self.messages[0]["status"] == 200 and b"set-cookie" not in dict(self.headers)

    async def repeat(self, send: Send) -> None:
        for message in self.messages:
            await send(message)


class Board(dict[str, Copy]):
    """Copies by address. So many, and so many bytes, at most: who came first leaves first."""

    # What a client has already is the shelf's business: the application is asked for the whole.
    unsaid = frozenset({b"if-none-match", b"if-modified-since", b"if-range", b"range"})

    def __init__(self) -> None:
        super().__init__()
        self.weight = 0

    def copied(self, path: str, headers: Sequence[Header], body: bytes) -> dict[str, Copy]:
        """What an answer is kept as, by address."""
        raise NotImplementedError

    def put(self, address: str, copy: Copy) -> None:
        self.take(address)
        if copy.weight > HEAVIEST:
            return
        while self and (len(self) >= MOST or self.weight + copy.weight > HEAVIEST):
            self.take(next(iter(self)))
        self[address] = copy
        self.weight += copy.weight

    def take(self, address: str) -> None:
        if address in self:
            self.weight -= self.pop(address).weight


class Files(Board):
    """The files of a version: they never change, and their page says so."""

    def copied(self, path: str, headers: Sequence[Header], body: bytes) -> dict[str, Copy]:
        return {path: copies.make(headers, body)}


class Pages(Board):
    """Pages as they are for who is nobody, between two publications."""

    unsaid = Board.unsaid | {b"cookie"}  # for everybody, hence drawn for nobody

    def copied(self, path: str, headers: Sequence[Header], body: bytes) -> dict[str, Copy]:
        return {path: copies.under(copies.make(headers, body, vary=(b"Cookie",)), ASK_AGAIN)}


class Statics(Board):
    """Static files; the address that bears a file's own fingerprint may be kept for ever."""

    def copied(self, path: str, headers: Sequence[Header], body: bytes) -> dict[str, Copy]:
        mark = fingerprint(body)
        copy = copies.make(headers, body, tag=b'"%s"' % mark.encode())
        return {path: copy, f"{path}?v={mark}": copies.under(copy, FOR_EVER)}


class Shelf:
    """Answers what it holds; asks the application for what it may hold; lets everything else through."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        named = {route.name: route.path_regex for route in routes if isinstance(route, Route)}
        self._page_at = [named[name] for name in PAGES]
        self._file_at = [named[name] for name in FILES]
        self.pages, self.files, self.statics = Pages(), Files(), Statics()
        self._coming: dict[str, asyncio.Event] = {}
        self._news: News | None = None  # nobody asked yet
        self._asked_at = world.now() - EVERY
        self._asking: asyncio.Event | None = None
        self._unanswered = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        asked = copies.read(scope)
        board = self._board(scope, asked)
        if board is None:
            await self.app(scope, receive, send)
            return
        if board is self.pages:
            await self._keep_up(scope["app"].state.database)
            # Another board, when they changed: what was being drawn for the former one is put where nobody looks.
            board = self.pages
        copy = _found(board, scope)
        if copy:
            scope["shelved"] = True
            await copy.hand_over(asked, send)
        else:
            await self._fetch(board, asked, scope, receive, send)

    def _board(self, scope: Scope, asked: Asked) -> Board | None:
        """Where what is asked is, or would be. With a query it is nowhere, unless it is a static file."""
        path = scope["path"]
        if path.startswith("/static/"):
            return self.statics if path in self.statics or STATIC.fullmatch(path) else None
        if scope["query_string"]:
            return None
        if path in self.files or _is_among(self._file_at, path):
            return self.files
        if (path in self.pages or _is_among(self._page_at, path)) and SESSION not in asked.cookies:
            return self.pages
        return None

    # ── What is not there yet

    async def _fetch(self, board: Board, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the application, once for all who ask at the same time, and keep what may be kept."""
        path = scope["path"]
        if path in self._coming:
            await self._coming[path].wait()
            copy = _found(board, scope)
            # Nothing to keep, or too much: everyone asks for themselves.
            await (copy.hand_over(asked, send) if copy else self.app(scope, receive, send))
            return
        made: dict[str, Copy] = {}
        self._coming[path] = asyncio.Event()
        try:
            answer = await self._answer(board, scope, receive)
            if answer.may_be_kept:
                made = await asyncio.to_thread(board.copied, path, answer.headers, answer.body)
                for address, copy in made.items():
                    board.put(address, copy)
        finally:
            self._coming.pop(path).set()
        copy = _found(made, scope)
        if copy:
            scope["shelved"] = True
        await (copy.hand_over(asked, send) if copy else answer.repeat(send))

    async def _answer(self, board: Board, scope: Scope, receive: Receive) -> Answer:
        answer = Answer()
        headers = [header for header in scope["headers"] if header[0] not in board.unsaid]
        asked = {**scope, "method": "GET", "headers": headers, "extensions": {}}
        await self.app(asked, receive, answer.hear)
        scope["route"] = asked.get("route")
        return answer

    # ── What is published

    async def _keep_up(self, database: Database) -> None:
        """Empty the pages' board when what they say besides their version has changed.

        One asks, the others wait for the same answer. When the last question had none, nobody else waits for the next.
        """
        if self._asking:
            if not self._unanswered:
                await self._asking.wait()
            return
        now = world.now()
        # A clock that is set back is no reason to stop asking.
        if timedelta() <= now - self._asked_at < EVERY:
            return
        self._asked_at, self._asking = now, asyncio.Event()
        try:
            async with asyncio.timeout(PATIENCE), database.reading() as session:
                news = await _news(session)
        except Exception as error:
            if not self._unanswered:
                log.warning("the database does not say what is published", exc_info=error)
            self._unanswered = True
        else:
            self._unanswered = False
            if news != self._news:
                self._news, self.pages = news, Pages()
        finally:
            self._asking.set()
            self._asking = None


async def _news(session: AsyncSession) -> News:
    """The latest version, how many frameworks were imported, how what is cited reads, and the candidates to review."""
    candidates = (each.name for each in await releases.in_review(session))
    latest, imported = await frameworks.latest_version(session), str(await imports.number(session))
    return latest, imported, await evidence.news(session), *candidates


def _found(shelved: Mapping[str, Copy], scope: Scope) -> Copy | None:
    """With a fingerprint that is not its own, a static file is the one of today, to be asked for again."""
    path, query = scope["path"], scope["query_string"]
    return (shelved.get(f"{path}?{query.decode('latin-1')}") if query else None) or shelved.get(path)


def _is_among(addresses: Sequence[re.Pattern[str]], path: str) -> bool:
    return any(address.fullmatch(path) for address in addresses)
