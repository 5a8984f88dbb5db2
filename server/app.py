"""The application: the only file that knows everyone."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from server import gestures, logs, observing, protection, settings, signing, sweeping, templating
from server.annex import Printer
from server.ballotbox import BallotBox
from server.database import Database, News
from server.datasets.archive import Archive
from server.demo.signin import demo_provider
from server.entrance import Entrance
from server.floods import Floods
from server.i18n import gettext as _
from server.identity import Identify, SignInNeeded
from server.known import Known
from server.limits import Limits, Patience
from server.listening import listen
from server.live.attendance import Register
from server.live.hub import Hub
from server.mail import Post
from server.metrics import Metrics
from server.observing import Observe
from server.protection import KnownHosts, SameOrigin, SecurityHeaders, SmallBodies
from server.provider import Provider
from server.rooms import Rooms
from server.settings import MAX_BODY, Misconfigured, Settings
from server.shelf import Shelf
from workshops import versions
from workshops.refusals import Refusal
from workshops.words import N_

STARTUP_FAILURE = 3  # uvicorn's
RETRY = 3  # seconds after which to ask again a database that is away

log = logging.getLogger(__name__)


class Tag(Convertor[str]):
    """An id as the domain makes them; anything else is an unknown address."""

    regex = "[0-9a-z]{1,12}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class Version(Tag):
    """A version's number: 2.0.0."""

    regex = versions.PLAIN


class Number(Tag):
    """The number of a wording."""

    regex = "[1-9][0-9]{0,3}"


class Candidate(Tag):
    """A candidate's number: 2.1.0-rc.1."""

    regex = versions.PLAIN + versions.CANDIDATE


class Coded(Tag):
    """An indicator's code: ACT-01."""

    regex = "[A-Z]{3}-[0-9]{2,6}"


register_url_convertor("tag", Tag())
register_url_convertor("coded", Coded())
register_url_convertor("number", Number())
register_url_convertor("candidate", Candidate())
register_url_convertor("version", Version())

from server.routes import ROUTES  # noqa: E402  routes are read with the convertors above


def create_app(chosen: Settings, database: Database | None = None) -> Starlette:
    """The whole server, for these settings. Nothing is shared between two of them, but a `database` given."""
    database = database or Database(chosen.database_url)
    metrics, rooms = Metrics(), Rooms(database)
    hub = Hub(database, rooms, metrics, chosen.tick_ms)
    known = Known(hears=database.is_sqlite)

    def hear(news: News) -> None:
        known.forget(news)
        hub.ring(news)

    def online(hears: bool) -> None:
        known.listen(hears)
        hub.look()

    database.after_commit, database.on_commit = hear, metrics.commit
    provider = Provider.configured(chosen)
    mounts = [Mount("/static", StaticFiles(directory=templating.STATIC), name="static")]
    if chosen.demo and provider is None:
        door, provider = demo_provider(chosen)
        mounts.append(Mount("/demo/connexion", door, name="demo"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        works: list[Coroutine[Any, Any, Any]] = [sweeping.keep_swept(database, chosen.delays)]
        if not database.is_sqlite:
            works += [listen(database, hear, online), Register(hub).keep()]
        tasks = [asyncio.create_task(work) for work in works]
        yield
        app.state.stopping = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await hub.close()
        await rooms.close()
        await app.state.post.close()
        await database.close()

    app = Starlette(
        routes=[*ROUTES, *mounts],
        middleware=[
            Middleware(KnownHosts, chosen.hosts, at_home=chosen.is_at_home, https=chosen.is_https),
            Middleware(Shelf, routes=ROUTES),
            Middleware(SecurityHeaders, https=chosen.is_https),
            Middleware(SmallBodies, limit=MAX_BODY),
            Middleware(SameOrigin, https=chosen.is_https),
            Middleware(Identify),
        ],
        exception_handlers={
            SignInNeeded: sign_in_first,
            Refusal: gestures.refused,
            HTTPException: no_such_page,
            DataError: unreadable,
            DBAPIError: out_of_order,
            PoolTimeout: out_of_order,
            Exception: out_of_order,
        },
        lifespan=lifespan,
    )
    app.state.settings, app.state.database, app.state.hub = chosen, database, hub
    app.state.rooms, app.state.box, app.state.known = rooms, BallotBox(database, metrics), known
    app.state.entrance, app.state.archive = Entrance(database), Archive(database, chosen.public_url)
    app.state.sign = signing.signer(chosen.signing_key)
    app.state.limits = Limits(database, chosen.secret_key)
    app.state.floods = Floods(app.state.limits, chosen.secret_key)
    app.state.provider, app.state.patience, app.state.post = provider, Patience(app.state.limits), Post(chosen, metrics)
    app.state.printer = Printer()
    app.state.metrics, app.state.stopping = metrics, False
    app.middleware_stack = Observe(app.build_middleware_stack(), metrics)
    return app


async def sign_in_first(request: Request, refusal: Exception) -> Response:
    """A page asks to sign in and comes back; a gesture is refused."""
    if request.method == "GET" and not gestures.wants_json(request) and not templating.is_partial(request):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/connexion?suite={quote(path)}", status_code=303)
    return gestures.refused(request, refusal)


PLAIN = {
    404: N_("Cette page n'existe pas, ou plus."),
    405: N_("Cette adresse ne reçoit pas ce genre de demande."),
    413: N_("C'est trop long : 256 Kio au plus. Rien n'a été enregistré."),
    429: N_("Trop d'essais. Attendez une minute, puis recommencez."),
}


async def no_such_page(request: Request, error: Exception) -> Response:
    """An address nobody answers, or a request nobody can read."""
    assert isinstance(error, HTTPException)
    sentence = PLAIN.get(error.status_code, N_("Cette demande n'a pas pu être lue."))
    refusal = Refusal(sentence)
    refusal.status = error.status_code
    response = gestures.refused(request, refusal)
    response.headers.update(error.headers or {})
    return response


async def unreadable(request: Request, error: Exception) -> Response:
    """What was asked fits in no column (a NUL in an address): the request is at fault, not the database."""
    log.warning(
        "unreadable request: %s %s", request.scope.get("method", "WS"), observing.address(request.scope), exc_info=error
    )
    return await no_such_page(request, HTTPException(400))


async def out_of_order(request: Request, error: Exception) -> Response:
    """The database is down, or something broke: say so, having written nothing."""
    request.app.state.metrics.error(error)
    log.error(
        "request failed: %s %s", request.scope.get("method", "WS"), observing.address(request.scope), exc_info=error
    )
    is_down = isinstance(error, (DBAPIError, PoolTimeout, OSError))
    status = 503 if is_down else 500
    sentence = (
        N_("La base de données ne répond pas. Rien n'a été enregistré à moitié : réessayez dans un instant.")
        if is_down
        else N_("Une erreur est survenue de notre côté. Rien n'a été enregistré à moitié.")
    )
    refusal = Refusal(sentence)
    refusal.status, refusal.told = status, {"reference": logs.request_id.get()}
    if "text/html" in Headers(scope=request.scope).get("accept", "text/html"):
        response = gestures.refused(request, refusal)
    else:
        response = JSONResponse({"refus": "panne", "raison": _(sentence), **refusal.told}, status_code=status)
    if is_down:
        response.headers["Retry-After"] = str(RETRY)
    # This answer may be made outside of the middleware.
    response.headers.update(protection.headers(https=request.app.state.settings.is_https))
    return response


def asgi() -> Starlette:
    """What uvicorn runs: the application of the environment's settings.

    The code it ends with tells uvicorn that starting this worker again would change nothing.
    """
    try:
        chosen = settings.from_environment()
    except Misconfigured as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(STARTUP_FAILURE)
    logs.configure(as_json=chosen.logs_are_json)
    app = create_app(chosen)
    # What is loaded by now stays for good: searching it for garbage would stop a full room for a tenth of a second.
    gc.collect()
    gc.freeze()
    return app
