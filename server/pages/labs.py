"""Labs: the directory and each identity card."""

from starlette.requests import Request
from starlette.responses import Response

from server.gestures import reading
from server.templating import page
from workshops import labs


async def index(request: Request) -> Response:
    """Every lab found in public sources."""
    async with reading(request) as session:
        found = await labs.directory(session)
    return page(request, "labs/index.html", labs=found)


async def show(request: Request) -> Response:
    """One lab, with the sources of what is said of it."""
    async with reading(request) as session:
        lab = await labs.get(session, request.path_params["slug"])
    return page(request, "labs/show.html", lab=lab)
