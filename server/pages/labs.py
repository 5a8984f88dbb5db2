"""Labs: the directory and each identity card."""

from starlette.requests import Request
from starlette.responses import Response

from server import identity
from server.gestures import reading
from server.templating import page
from workshops import handling, labs, memberships, people, projects


async def index(request: Request) -> Response:
    """Every lab found in public sources."""
    async with reading(request) as session:
        found = await labs.directory(session)
    return page(request, "labs/index.html", labs=found)


async def show(request: Request) -> Response:
    """One lab, with the sources of what is said of it; what citizens say, and how that was handled."""
    viewer = identity.person(request)
    async with reading(request) as session:
        lab = await labs.get(session, request.path_params["slug"])
        decides = await memberships.may_decide(session, lab.slug, viewer)
        own = await memberships.current(session, viewer, lab.slug) if viewer else None
        may_ask = viewer is not None and own is None and await people.has_account(session, viewer)
        entered = await projects.of(session, lab.slug)
        handled, by_project = await handling.whole(session, lab.slug)
    return page(
        request,
        "labs/show.html",
        lab=lab,
        decides=decides,
        own=own,
        may_ask=may_ask,
        projects=entered,
        handled=handled,
        by_project=by_project,
    )
