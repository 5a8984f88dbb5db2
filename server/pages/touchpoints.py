"""Touch-points: a lab makes them, prints them, closes or replaces them; what came through them stays."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server import posters, prints
from server.annex import NotPrinted
from server.forms import BecauseForm, Form, PointForm, ReplacementForm, read, typed
from server.gestures import again, done, reading, transaction
from server.i18n import gettext as _
from server.identity import signed_in
from server.posters import A4, A6, Paper
from server.templating import page
from workshops import audit, handling, labs, memberships, projects, touchpoints, world
from workshops.people import Person
from workshops.refusals import NotNow, NotThus
from workshops.touchpoints import Met, Sort
from workshops.words import N_

BROKEN = N_("L'affiche n'a pas pu être fabriquée. Le code QR et le lien court marchent déjà.")


async def index(request: Request) -> Response:
    """The touch-points of one's lab, and a form for the next one."""
    viewer = signed_in(request)
    async with reading(request) as session:
        values = await _points(request, session, viewer)
    return page(request, "touchpoints/index.html", **values, form=PointForm().model_dump(), errors={})


async def _points(request: Request, session: AsyncSession, viewer: Person) -> dict[str, Any]:
    lab = await labs.get(session, request.path_params["slug"])
    await memberships.require_of(session, lab.slug, viewer)
    known = await projects.of(session, lab.slug)
    points = await touchpoints.of(session, lab.slug)
    return {
        "lab": lab,
        "points": points,
        "names": {point.id: point.name for point, _retirement in points},
        "titles": {project.id: project.title for project in known},
        "handled": await handling.by_touchpoint(session, lab.slug),
        "sorts": list(Sort),
        "link": posters.address(request.app.state.settings.public_url, ""),
        "key": world.new_id(),
    }


async def make(request: Request) -> Response:
    """One more, on a project of the lab or on a new one."""
    viewer, slug = signed_in(request), request.path_params["slug"]
    try:
        form = await read(request, PointForm)
        async with transaction(request) as session:
            await touchpoints.make(session, slug, **form.model_dump(), by=viewer)
    except NotThus as refusal:
        async with reading(request) as session:
            values = await _points(request, session, viewer)
        values["form"] = {**PointForm().model_dump(), **await typed(request)}
        return again(request, "touchpoints/index.html", refusal, **values)
    # Read again: a sending already answered gave nothing back.
    async with reading(request) as session:
        made = (await audit.get(session, request.state.gestures[audit.PLATFORM])).about
    return done(request, f"/points/{made}", point=made)


async def show(request: Request) -> Response:
    """One touch-point: its link, what to print, what came through it, how to close it."""
    viewer = signed_in(request)
    async with reading(request) as session:
        values = await _shown(request, session, viewer)
    return page(request, "touchpoints/show.html", **values, closing={}, replacing={}, errors={}, wrong="")


async def _shown(request: Request, session: AsyncSession, viewer: Person) -> dict[str, Any]:
    met = await _own(session, request.path_params["touchpoint"], viewer)
    link = posters.address(request.app.state.settings.public_url, met.point.token)
    next_one = met.retirement.replaced_by if met.retirement else None
    return {
        "met": met,
        "successor": await touchpoints.get(session, next_one) if next_one else None,
        "handled": await handling.of(session, touchpoint_id=met.point.id),
        "link": link,
        "qr": posters.inline(link),
        "key": world.new_id(),
    }


async def _own(session: AsyncSession, touchpoint_id: str, viewer: Person) -> Met:
    """A touch-point of the viewer's lab."""
    met = await touchpoints.met_by_id(session, touchpoint_id)
    await memberships.require_of(session, met.lab.slug, viewer)
    return met


async def retire(request: Request) -> Response:
    """It takes nothing more in."""
    return await _end(request, touchpoints.retire, BecauseForm, "closing")


async def replace(request: Request) -> Response:
    """Another takes its place: printed posters lead to it."""
    return await _end(request, touchpoints.replace, ReplacementForm, "replacing")


async def _end(request: Request, verb: Callable[..., Awaitable[object]], fields: type[Form], which: str) -> Response:
    """What ends a touch-point, then its page; what does not hold comes back with what was typed."""
    viewer, touchpoint_id = signed_in(request), request.path_params["touchpoint"]
    try:
        form = await read(request, fields)
        async with transaction(request) as session:
            await verb(session, touchpoint_id, **form.model_dump(), by=viewer)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            values = await _shown(request, session, viewer)
        values |= {"closing": {}, "replacing": {}, which: await typed(request), "wrong": which}
        return again(request, "touchpoints/show.html", refusal, **values)
    return done(request, f"/points/{touchpoint_id}")


async def qr(request: Request) -> Response:
    """The QR code alone, for a document of one's own."""
    viewer = signed_in(request)
    async with reading(request) as session:
        met = await _own(session, request.path_params["touchpoint"], viewer)
    drawn = posters.picture(posters.address(request.app.state.settings.public_url, met.point.token))
    return _file(drawn, "image/svg+xml", f"qr-{met.lab.slug}-{met.point.token}.svg")


async def poster_a4(request: Request) -> Response:
    """A poster for a wall."""
    return await _poster(request, A4)


async def poster_a6(request: Request) -> Response:
    """A poster for a counter."""
    return await _poster(request, A6)


async def _poster(request: Request, paper: Paper) -> Response:
    viewer, base = signed_in(request), request.app.state.settings.public_url
    async with reading(request) as session:
        met = await _own(session, request.path_params["touchpoint"], viewer)

    def draw() -> str:
        return posters.draw(met, paper, public_url=base)

    try:
        printed = await prints.pdf(request, draw, met.point.at, what=f"touch-point {met.point.id}")
    except NotPrinted as missing:
        return _without(request, met, missing)
    return _file(printed, "application/pdf", f"affiche-{paper.name.lower()}-{met.lab.slug}-{met.point.token}.pdf")


def _without(request: Request, met: Met, missing: NotPrinted) -> Response:
    """What there is besides a poster."""
    at, desk = f"/points/{met.point.id}", f"/laboratoires/{met.lab.slug}/points"
    return prints.without(
        request,
        missing,
        BROKEN,
        kicker=met.lab.name,
        crumbs=[(_("Points de recueil"), desk), (met.point.name, at)],
        links=[(_("Le point de recueil et son lien court"), at), (_("Le code QR, à poser dans un document"), f"{at}/qr.svg")],
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}
    return Response(content, media_type=media_type, headers=headers)
