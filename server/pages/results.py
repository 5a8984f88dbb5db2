"""Results: what the votes say, and the ballots they were counted from."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import exports, identity, plot
from server.gestures import reading
from server.templating import page
from workshops import agenda, results, returns


async def show(request: Request) -> Response:
    """Every indicator in the order of the rule, with its pictures; hidden results are told to whom the rule says."""
    viewer = identity.person(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        member = await agenda.seat(session, workshop.id, viewer)
        found = await results.results(session, workshop, member=member)
        own = await returns.own(session, workshop, viewer) if viewer else []
    return page(
        request,
        "results/show.html",
        workshop=workshop,
        rule=workshop.announced,
        results=found,
        plot=plot.plot(found),
        are_hidden=results.hides_from(workshop, member),
        own=own,
        has_ballots=returns.are_published(workshop),
    )


async def ballots_json(request: Request) -> Response:
    """The ballots of a closed vote, under pseudonyms: what `verify vote` counts again."""
    async with reading(request) as session:
        document = await returns.document(session, request.path_params["workshop"])
    return _file(JSONResponse(document), document, "json")


async def ballots_csv(request: Request) -> Response:
    """The same ballots, one line each."""
    async with reading(request) as session:
        document = await returns.document(session, request.path_params["workshop"])
    return _file(Response(exports.ballots_csv(document), media_type="text/csv; charset=utf-8"), document, "csv")


def _file(response: Response, document: returns.Document, extension: str) -> Response:
    name = f"bulletins-{document['atelier']['id']}.{extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-cache"
    return response
