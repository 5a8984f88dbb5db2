"""Feeds: what is published, for readers that come back by themselves."""

from starlette.requests import Request
from starlette.responses import Response

from server import downloads, feeds
from server.gestures import reading
from workshops import frameworks


async def versions(request: Request) -> Response:
    """The versions of the framework, the last one first."""
    async with reading(request) as session:
        published = await frameworks.versions(session)
    atom = feeds.atom(published, request.app.state.settings.public_url)
    return Response(atom, media_type=feeds.MEDIA_TYPE, headers=downloads.ANYWHERE)
