"""Observing: each request bears an id, and is counted and told in one line."""

import asyncio
import logging
import re
import secrets
from time import perf_counter

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.i18n import gettext as _
from server.logs import request_id
from server.metrics import NOWHERE, Metrics

HEADER = b"x-request-id"
SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

log = logging.getLogger(__name__)


def route(scope: Scope) -> str:
    """The name of the route that answers: "votes.cast"; "shelf" when no page had to."""
    return "shelf" if scope.get("shelved") else getattr(scope.get("route"), "name", None) or NOWHERE


def address(scope: Scope) -> str:
    """The address as `routes` declares it, `/rejoindre/{code}`: codes and tokens stay out of the logs."""
    return getattr(scope.get("route"), "path", None) or NOWHERE


def named(scope: Scope) -> bytes:
    """The id of a request: the one it came with when that looks like one, so that a proxy's log tells the same."""
    given = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return given if SANE.fullmatch(given) else secrets.token_hex(6).encode()


class Observe:
    """Outside of everything else: the answers to what broke are seen too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = named(scope)
        request_id.set(own.decode())  # for good: the server that runs us speaks of a request after we have answered it
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, own)]
            await send(message)

        began = perf_counter()
        try:
            await self.app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server leaves, and has waited as long as it may: uvicorn would say 500, as if asking again were vain.
            if status is None:
                sentence = _("Le serveur redémarre : réessayez dans un instant. Rien ne compte deux fois.")
                await PlainTextResponse(sentence, 503, headers={"Retry-After": "3"})(scope, receive, send_with_id)
            raise
        finally:
            seconds = perf_counter() - began
            self.metrics.request(scope["method"], route(scope), status, seconds)
            # What is answered from memory is counted, not told: the line would cost more than the answer.
            if log.isEnabledFor(logging.INFO) and not scope.get("shelved"):
                told = {"route": route(scope), "status": status, "ms": round(seconds * 1000, 2)}
                said = scope["method"], address(scope)
                # As `log.info` would, but for the search of who calls, which is half of its time.
                log.handle(log.makeRecord(log.name, logging.INFO, "", 0, "%s %s", said, None, extra=told))

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self.metrics.error(error)
            raise
