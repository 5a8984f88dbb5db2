"""Home: what this is, and how the server is doing."""

import asyncio
from secrets import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from server import identity, migrating
from server.gestures import reading
from server.i18n import gettext as _
from server.metrics import CONTENT_TYPE
from server.templating import page
from workshops import agenda, frameworks, published, queues

SHOWN = 3  # open workshops, testimonials


async def show(request: Request) -> Response:
    """The front door: join, read, understand; and what waits for whoever moderates."""
    viewer = identity.person(request)
    async with reading(request) as session:
        latest = await frameworks.latest(session)
        workshops = await agenda.calendar(session)
        voices = await published.some(session, limit=SHOWN)
        waiting = await queues.waiting(session, by=viewer) if viewer else None
    opened = [workshop for workshop in workshops if workshop.is_open][:SHOWN]
    return page(request, "home/show.html", latest=latest, workshops=opened, voices=voices, waiting=waiting)


async def health(request: Request) -> Response:
    """200 when the database answers, 503 when it does not."""
    alive = await request.app.state.database.is_alive()
    body = {"etat": "ok" if alive else "panne", "base": "ok" if alive else "injoignable"}
    return JSONResponse(body, status_code=200 if alive else 503)


async def alive(request: Request) -> Response:
    """200 as long as this process answers, whatever the database does: restarting would not bring it back."""
    return JSONResponse({"etat": "ok"})


async def ready(request: Request) -> Response:
    """200 when visitors may be sent here: the database answers, at the schema of this code, and we are not leaving."""
    is_alive = await request.app.state.database.is_alive()
    schema = await _schema(request) if is_alive else "inconnu"
    stopping = request.app.state.stopping
    is_ready = schema == "ok" and not stopping
    body = {
        "etat": "ok" if is_ready else "arret" if stopping else "panne",
        "base": "ok" if is_alive else "injoignable",
        "schema": schema,
    }
    return JSONResponse(body, status_code=200 if is_ready else 503)


async def _schema(request: Request) -> str:
    """Whether the database has been through the migrations of this code, and no other."""
    try:
        async with asyncio.timeout(2), reading(request) as session:
            standing = await migrating.standing(session)
    except Exception:
        return "inconnu"
    return "ok" if standing == migrating.head() else "different"


async def metrics(request: Request) -> Response:
    """Every number of this process, for who has the token. Without the setting, there is no such page."""
    token = request.app.state.settings.metrics_token
    if not token:
        raise HTTPException(404)
    given = request.headers.get("authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token}".encode()):
        sentence = _("Il faut un jeton pour lire cette adresse.")
        return PlainTextResponse(sentence, 401, headers={"WWW-Authenticate": "Bearer"})
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE)
