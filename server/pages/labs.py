"""Labs: the directory and each identity card."""

from starlette.requests import Request
from starlette.responses import Response

from server import identity
from server.gestures import reading
from server.templating import page
from workshops import labs, memberships, people


async def index(request: Request) -> Response:
    """Every lab found in public sources."""
    async with reading(request) as session:
        found = await labs.directory(session)
    return page(request, "labs/index.html", labs=found)


async def show(request: Request) -> Response:
    """One lab, with the sources of what is said of it."""
    viewer = identity.person(request)
    async with reading(request) as session:
        lab = await labs.get(session, request.path_params["slug"])
        decides = await memberships.may_decide(session, lab.slug, viewer)
        own = await memberships.current(session, viewer, lab.slug) if viewer else None
        may_ask = viewer is not None and own is None and await people.has_account(session, viewer)
    return page(request, "labs/show.html", lab=lab, decides=decides, own=own, may_ask=may_ask)
