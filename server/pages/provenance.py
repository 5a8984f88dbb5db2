"""Provenance: one indicator of a version, field by field, down to who said what."""

from starlette.requests import Request
from starlette.responses import Response

from server import copies, identity, origins
from server.gestures import reading
from server.templating import page
from workshops import people
from workshops.people import Role


async def show(request: Request) -> Response:
    """An indicator in a version, or in a candidate: each field with its source, then how it was decided and what became of it.

    Not on the shelf: whoever agreed to be named may take it back, and the page must say so at once.
    """
    version = request.path_params.get("version") or request.path_params["candidate"]
    async with reading(request) as session:
        told = await origins.told(session, version, request.path_params["item"])
        viewer = identity.person(request)
        held = await people.roles(session, viewer) if viewer else frozenset()
    may_cite = Role.PUBLISHER in held and told.may_be_cited_on
    return copies.squeezed(
        request, page(request, "provenance/show.html", told=told, item=told.item, may_cite=may_cite)
    )
