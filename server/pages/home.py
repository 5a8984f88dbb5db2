"""Home: what this is, and the health of the server."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.gestures import reading
from server.templating import page
from workshops import agenda, frameworks


async def show(request: Request) -> Response:
    """The front door: join, read, understand."""
    async with reading(request) as session:
        latest = await frameworks.latest(session)
        workshops = await agenda.calendar(session)
    return page(
        request, "home/show.html", latest=latest, workshops=[workshop for workshop in workshops if workshop.is_open][:3]
    )


async def health(request: Request) -> Response:
    """200 when the database answers, 503 when it does not."""
    alive = await request.app.state.database.is_alive()
    body = {"etat": "ok" if alive else "panne", "base": "ok" if alive else "injoignable"}
    return JSONResponse(body, status_code=200 if alive else 503)
