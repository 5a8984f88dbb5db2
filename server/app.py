"""The application: the only file that knows everyone."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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

from server import gestures, protection, settings, templating
from server.database import Database
from server.demo.signin import demo_provider
from server.i18n import gettext as _
from server.identity import Identify, SignInNeeded
from server.limits import Patience
from server.live.hub import Hub
from server.protection import SameOrigin, SecurityHeaders, SmallBodies
from server.provider import Provider
from server.settings import MAX_BODY, Settings
from server.shelf import Shelf
from workshops.refusals import Refusal
from workshops.words import N_

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

    regex = r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}"


register_url_convertor("tag", Tag())
register_url_convertor("version", Version())

from server.routes import ROUTES  # noqa: E402  routes are read with the convertors above


def create_app(chosen: Settings) -> Starlette:
    """The whole server, for these settings. Nothing is shared between two of them."""
    hub = Hub(chosen.tick_ms)
    database = Database(chosen.database_url, after_commit=hub.ring)
    provider = Provider.configured(chosen)
    mounts = [Mount("/static", StaticFiles(directory=templating.STATIC), name="static")]
    if chosen.demo and provider is None:
        door, provider = demo_provider(chosen)
        mounts.append(Mount("/demo/connexion", door, name="demo"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await hub.close()
        await database.close()

    app = Starlette(
        routes=[*ROUTES, *mounts],
        middleware=[
            Middleware(Shelf, routes=ROUTES),
            Middleware(SecurityHeaders, https=chosen.is_https),
            Middleware(SmallBodies, limit=MAX_BODY),
            Middleware(SameOrigin),
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
    app.state.provider, app.state.patience = provider, Patience()
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
    log.warning("unreadable request: %s %s", request.method, request.url.path, exc_info=error)
    return await no_such_page(request, HTTPException(400))


async def out_of_order(request: Request, error: Exception) -> Response:
    """The database is down, or something broke: say so, having written nothing."""
    log.error("request failed: %s %s", request.method, request.url.path, exc_info=error)
    is_down = isinstance(error, (DBAPIError, PoolTimeout, OSError))
    status = 503 if is_down else 500
    sentence = (
        N_("La base de données ne répond pas. Rien n'a été enregistré à moitié : réessayez dans un instant.")
        if is_down
        else N_("Une erreur est survenue de notre côté. Rien n'a été enregistré à moitié.")
    )
    refusal = Refusal(sentence)
    refusal.status = status
    if "text/html" in Headers(scope=request.scope).get("accept", "text/html"):
        response = gestures.refused(request, refusal)
    else:
        response = JSONResponse({"refus": "panne", "raison": _(sentence)}, status_code=status)
    # This answer may be made outside of the middleware.
    response.headers.update(protection.headers(https=request.app.state.settings.is_https))
    return response


def asgi() -> Starlette:
    """What uvicorn runs: the application of the environment's settings."""
    return create_app(settings.from_environment())
