"""Citations: a version in a bibliography, and its badge on somebody else's page."""

from starlette.requests import Request
from starlette.responses import Response

from server import badges, citations, downloads
from server.gestures import reading
from workshops import frameworks
from workshops.frameworks import Framework


async def as_bibtex(request: Request) -> Response:
    """The version as an entry of a bibliography."""
    framework = await _published(request)
    address = f"{request.app.state.settings.public_url}/referentiel/{framework.version}"
    entry = citations.bibtex(framework.content, address)
    name = f"referentiel-{framework.version}.bib"
    return downloads.held(request, framework.fingerprint) or downloads.file(
        framework.fingerprint, entry, "application/x-bibtex; charset=utf-8", name
    )


async def badge(request: Request) -> Response:
    """« suit la version 2.0.0 »: any site may show it."""
    framework = await _published(request)
    name = f"suit-la-version-{framework.version}.svg"
    return downloads.held(request, framework.fingerprint) or downloads.file(
        framework.fingerprint, badges.svg(framework.version), "image/svg+xml; charset=utf-8", name, inline=True
    )


async def _published(request: Request) -> Framework:
    async with reading(request) as session:
        return await frameworks.fetch(session, request.path_params["version"])
