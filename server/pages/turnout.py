"""Turnout: whom to remind, while people vote."""

from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from server.gestures import reading
from server.identity import signed_in
from server.templating import page
from workshops import agenda, turnout


async def show(request: Request) -> Response:
    """Who has not voted on everything, and the sentence to read aloud."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await turnout.require_reminding(session, workshop, viewer)
        missing = await turnout.missing(session, workshop)
    by_lab = sorted(missing, key=lambda each: (each.lab, each.name))
    labs = [(lab, [each.name for each in people]) for lab, people in groupby(by_lab, key=lambda each: each.lab)]
    return page(request, "turnout/show.html", workshop=workshop, missing=missing, labs=labs)
