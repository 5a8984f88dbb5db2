"""Protection: what comes in is for us, from our own pages, and small; headers say what a page may do."""

import re
from collections.abc import Awaitable, Collection
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.i18n import gettext as _

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
# Names that the Internet's directory gives to nobody: no stranger's page can be one of them.
PRIVATE = (".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")
# A probe names a machine by its address; numbers ask for their token.
FOR_PROBES = ("/sante", "/sante/vivant", "/sante/pret", "/metriques")


def headers(*, https: bool) -> dict[str, str]:
    """What every answer carries; HSTS when we are behind TLS."""
    return {**HEADERS, "Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if https else dict(HEADERS)


# ── For us


def named(host: bytes) -> str | None:
    """The name in a `Host`, without its port; None when it is no host."""
    found = HOST.fullmatch(host.decode("latin-1").lower())
    return found[1].strip("[]") if found else None


def is_private(name: str) -> bool:
    """Whether a name is of this machine or of its network: an address, a bare name, or one that nobody may buy."""
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(PRIVATE)
    return True


class KnownHosts:
    """Answers to our own names alone: under another, what a page says of its address would be a stranger's choice.

    On somebody's own machine (`at_home`), any private name does. An address that is not ASCII is no address either.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], *, at_home: bool, https: bool) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.at_home = at_home
        self.headers = headers(https=https)
        self.answers_to = lru_cache(256)(self._answers_to)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine of its own: what is on the shelf is answered for the price of this one more step."""
        if scope["type"] not in ("http", "websocket"):
            return self.app(scope, receive, send)
        if not scope["query_string"].isascii():
            return self._refuse(_("Cette demande n'a pas pu être lue."), scope, receive, send)
        if self._is_ours(scope) or scope["path"] in FOR_PROBES:
            return self.app(scope, receive, send)
        return self._refuse(_("Ce site ne répond pas sous ce nom : vérifiez l'adresse."), scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        """One `Host`, that is one of ours."""
        host = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None:
                    return False
                host = value
        return host is not None and self.answers_to(host)

    def _answers_to(self, host: bytes) -> bool:
        name = named(host)
        return name is not None and (name in self.hosts or (self.at_home and is_private(name)))

    async def _refuse(self, sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _close(receive, send)
        else:
            await PlainTextResponse(sentence, 400, self.headers)(scope, receive, send)


async def _close(receive: Receive, send: Send) -> None:
    """Refuse a socket before it opens: 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


# ── From our own pages


def is_same_origin(headers: Headers, *, https: bool = False) -> bool:
    """Whether a browser says the request comes from one of our pages; a client that is no browser says nothing.

    `Sec-Fetch-Site` decides when present; otherwise `Origin` must be the host asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or _is_us(origin, headers, https)


def _is_us(origin: str, headers: Headers, https: bool) -> bool:
    """Whether an `Origin` is the host asked; behind TLS, over TLS: a page that came in clear may be anybody's."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.netloc == headers.get("host") and (parts.scheme == "https" or not https)


class SameOrigin:
    """Refuses writes and sockets that another site's page sends with our visitor's cookie.

    A socket must carry an `Origin`, and it must be ours: browsers send no `Sec-Fetch-Site` everywhere there.
    """

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not self._may_write(scope):
            refusal = PlainTextResponse(_("Cette demande vient d'un autre site : elle est refusée."), status_code=403)
            await refusal(scope, receive, send)
        elif scope["type"] == "websocket" and not self._may_sit(scope):
            await _close(receive, send)
        else:
            await self.app(scope, receive, send)

    def _may_write(self, scope: Scope) -> bool:
        return is_same_origin(Headers(scope=scope), https=self.https)

    def _may_sit(self, scope: Scope) -> bool:
        said = Headers(scope=scope)
        origin = said.get("origin")
        return origin is not None and _is_us(origin, said, self.https)


# ── Small


class SmallBodies:
    """Stops reading a body that is too long; the refusal is worded by the application, like any other."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def receive_a_little() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_a_little if scope["type"] == "http" else receive, send)


# ── What a page may do


class SecurityHeaders:
    """Puts the same headers on every answer; what any site may read, any site may show."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.headers = headers(https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                if sent.get("access-control-allow-origin") == "*":
                    sent["Cross-Origin-Resource-Policy"] = "cross-origin"
                for name, value in self.headers.items():
                    sent.setdefault(name, value)
                kept = "no-cache" if scope["path"].startswith("/static/") else "private, no-cache"
                sent.setdefault("Cache-Control", "no-store" if "set-cookie" in sent else kept)
            await send(message)

        await self.app(scope, receive, send_with_headers)
