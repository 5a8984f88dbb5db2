"""Provenance: one indicator of a version, field by field, down to who said what."""

from starlette.requests import Request
from starlette.responses import Response

from server import (
    copies,
    origins,
)
from server.gestures import reading
from server.templating import page


async def show(request: Request) -> Response:
    """An indicator in a version, or in a candidate: each field with its source, then how it was decided and what became of it.

    Not on the shelf: whoever agreed to be named may take it back, and the page must say so at once.
    """
    version = request.path_params.get("version") or request.path_params["candidate"]
    async with reading(request) as session:
        told = await origins.told(session, version, request.path_params["item"])
    return copies.squeezed(request, page(request, "provenance/show.html", told=told, item=told.item))
