"""Contributions: what became of what one said."""

from starlette.requests import Request
from starlette.responses import Response

from server.gestures import reading
from server.identity import signed_in
from server.templating import page
from workshops import contributions


async def show(request: Request) -> Response:
    """All that the viewer proposed, amended, objected, said, with its fate; by device as by account."""
    viewer = signed_in(request)
    async with reading(request) as session:
        found = await contributions.of_person(session, viewer)
    by_workshop: dict[str, list[contributions.Contribution]] = {}
    for each in found:
        by_workshop.setdefault(each.workshop.id, []).append(each)
    return page(request, "contributions/show.html", groups=list(by_workshop.values()))
