"""Protection: writes come from our own pages, bodies are small, and headers say what a page may do."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.i18n import gettext as _

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
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
    "X-Frame-Options": "DENY",
}


def headers(*, https: bool) -> dict[str, str]:
    """What every answer carries; HSTS when we are behind TLS."""
    return {**HEADERS, "Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if https else dict(HEADERS)


def is_same_origin(headers: Headers) -> bool:
    """Whether a browser says the request comes from one of our pages; a client that is no browser says nothing.

    `Sec-Fetch-Site` decides when present; otherwise the host of `Origin` must be the one asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    return _host(origin) == headers.get("host")


def _host(origin: str) -> str | None:
    """The host an `Origin` names; none when it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


class SameOrigin:
    """Refuses writes and sockets that another site's page sends with our visitor's cookie.

    A socket must carry an `Origin`, and it must be ours: browsers send no `Sec-Fetch-Site` everywhere there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not is_same_origin(Headers(scope=scope)):
            refusal = PlainTextResponse(_("Cette demande vient d'un autre site : elle est refusée."), status_code=403)
            await refusal(scope, receive, send)
        elif scope["type"] == "websocket" and not self._may_sit(HTTPConnection(scope)):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await self.app(scope, receive, send)

    @staticmethod
    def _may_sit(connection: HTTPConnection) -> bool:
        origin = connection.headers.get("origin")
        return origin is not None and _host(origin) == connection.headers.get("host")


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


class SecurityHeaders:
    """Puts the same headers on every answer."""

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
                for name, value in self.headers.items():
                    sent.setdefault(name, value)
                kept = "no-cache" if scope["path"].startswith("/static/") else "private, no-cache"
                sent.setdefault("Cache-Control", "no-store" if "set-cookie" in sent else kept)
            await send(message)

        await self.app(scope, receive, send_with_headers)
