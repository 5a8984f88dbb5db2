"""Feeds: what is published, for readers that come back by themselves."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from server import downloads, feeds
from server.gestures import reading
from workshops import frameworks, labs, projects, published
from workshops.published import Filters

LAST = 50  # testimonials


async def versions(request: Request) -> Response:
    """The versions of the framework, the last one first."""
    async with reading(request) as session:
        published = await frameworks.versions(session)
    atom = feeds.atom(published, request.app.state.settings.public_url)
    return Response(atom, media_type=feeds.MEDIA_TYPE, headers=downloads.ANYWHERE)


async def testimonials(request: Request) -> Response:
    """The testimonials published last, of a lab (`labo`) or a project (`projet`) if one is asked."""
    asked = {name: said for name in ("labo", "projet") if (said := request.query_params.get(name, ""))}
    async with reading(request) as session:
        lab = await labs.get(session, asked["labo"]) if "labo" in asked else None
        project = await projects.get(session, asked["projet"]) if "projet" in asked else None
        filters = Filters(lab=lab.slug if lab else "", project=project.id if project else "")
        voices = await published.some(session, filters, limit=LAST)
    place = ", ".join([*([project.title] if project else []), *([lab.name] if lab else [])])
    atom = feeds.testimonials(voices, request.app.state.settings.public_url, place, asked)
    headers = {**downloads.OPEN, "ETag": f'"{hashlib.sha256(atom).hexdigest()[:32]}"'}
    if downloads.has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(atom, media_type=feeds.MEDIA_TYPE, headers=headers)
