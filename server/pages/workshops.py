"""Workshops: convene, join, be in the room, move the stage, project, read the minutes."""

from functools import lru_cache
from typing import Any

import segno
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from server import exports, gestures, identity, plot, registers, scenes, signatures
from server.forms import JoinForm, StageForm, WorkshopForm, read, typed
from server.gestures import again, asking, done, reading, sending, transaction
from server.identity import signed_in
from server.limits import Patience
from server.rooms import Rooms
from server.templating import Once, page
from workshops import agenda, comments, comparisons, frameworks, journal, labs, models, people, rules, schedule, world
from workshops.agenda import Start, Workshop
from workshops.consensus import ANNOUNCED
from workshops.guests import Guest
from workshops.people import Role
from workshops.refusals import NotFound, NotThus
from workshops.sheet import Level

DOORSTEP = Once("workshops/doorstep.html")


async def index(request: Request) -> Response:
    """Every workshop; a facilitator may open another."""
    viewer = identity.person(request)
    async with reading(request) as session:
        workshops = await agenda.calendar(session)
        roles = await people.roles(session, viewer) if viewer else frozenset()
    return page(request, "workshops/index.html", workshops=workshops, may_convene=Role.FACILITATOR in roles)


async def new(request: Request) -> Response:
    """One screen to open a workshop."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.FACILITATOR)
        values = await _convening(session)
        values["form"] |= await _to_start_from(request, session, values["starts"])
    chosen = request.query_params.get("modele")
    return page(request, "workshops/new.html", errors={}, chosen=chosen, **values)


async def convene(request: Request) -> Response:
    """Open a workshop, with its starting content on the table."""
    viewer = signed_in(request)
    try:
        form, rule = await read(request, WorkshopForm), rules.read(await typed(request))
        async with transaction(request) as session:
            workshop = await agenda.convene(session, **form.model_dump(exclude={"schedule"}), by=viewer)
            await frameworks.lay_table(session, workshop, by=viewer)
            with journal.as_part(session):
                await rules.announce(session, workshop.id, rule, by=viewer)
                await schedule.write(session, workshop.id, form.schedule, base=0, by=viewer)
    except NotThus as refusal:
        async with reading(request) as session:
            values = await _convening(session)
        values["form"] = rules.write(ANNOUNCED) | await typed(request)
        return again(request, "workshops/new.html", refusal, chosen=None, **values)
    workshop_id = next(iter(request.state.gestures))
    return done(request, f"/ateliers/{workshop_id}", atelier=workshop_id)


async def _convening(session: AsyncSession) -> dict[str, Any]:
    """What the form for a new workshop shows."""
    latest = await frameworks.latest_version(session)
    starts = [start for start in Start if latest or start is not Start.PREVIOUS]
    prepares = comparisons.bump(latest, Level.MINOR) if latest else frameworks.FIRST
    form = {
        **rules.write(ANNOUNCED),
        "title": "",
        "purpose": "",
        "held_on": world.now().date().isoformat(),
        "prepares": prepares,
        "start": (Start.PREVIOUS if latest else Start.COMMITMENT).value,
    }
    return {"starts": starts, "form": form, "models": list(models.known().values()), "key": world.new_id()}


async def _to_start_from(request: Request, session: AsyncSession, starts: list[Start]) -> dict[str, str]:
    """What a model, or another workshop, puts in the form; nothing when none is named."""
    copied, named = request.query_params.get("copie"), request.query_params.get("modele")
    if copied:
        workshop = await agenda.get(session, copied)
        day = await schedule.day(session, copied)
        same = {"title": workshop.title, "purpose": workshop.purpose, "schedule": day.text}
        same |= rules.write(workshop.announced)
        return {**same, "start": workshop.start.value} if workshop.start in starts else same
    if named:
        model = models.get(named)
        rule = rules.write(rules.read(model.rule))
        return {"title": model.title, "purpose": model.purpose, "schedule": model.schedule, **rule}
    return {}


async def door(request: Request) -> Response:
    """Type the code read on the projector."""
    code = request.query_params.get("code", "")
    if not code:
        return page(request, "workshops/door.html", code="", errors={})
    try:
        workshop = await _opened_by(request, code)
    except NotFound as refusal:
        return again(request, "workshops/door.html", NotThus({"code": refusal.sentence}), code=code)
    return RedirectResponse(f"/rejoindre/{workshop.code}", status_code=303)


async def doorstep(request: Request) -> Response:
    """Say a first name and a lab; whoever already has a seat goes straight to it."""
    workshop = await _opened_by(request, request.path_params["code"])
    values = await _doorstep(request, workshop)
    if values["member"] and "changer" not in request.query_params:
        return RedirectResponse(f"/ateliers/{workshop.id}", status_code=303)
    if identity.person(request):
        return page(request, "workshops/doorstep.html", **values, errors={})
    says = (workshop.id, workshop.code, workshop.title, workshop.purpose, workshop.is_open, tuple(values["labs"]))
    response = DOORSTEP.page(request, says, **values, errors={})
    identity.open_door(request, response)
    return response


async def join(request: Request) -> Response:
    """Sit down, and be remembered on this device."""
    viewer = identity.person(request)
    workshop = await _opened_by(request, request.path_params["code"])
    cookies = Response()
    try:
        form = await read(request, JoinForm)
        lab = form.lab or None
        if viewer:
            async with transaction(request) as session:
                await agenda.join(session, workshop.id, name=form.name, lab=lab, by=viewer)
        else:
            guest = Guest(form.name, lab, identity.door(request), await sending(request))
            await gestures.enter(request, cookies, workshop.id, guest)
    except NotThus as refusal:
        values = await _doorstep(request, workshop)
        return again(request, "workshops/doorstep.html", refusal, **{**values, "form": await typed(request)})
    answer = done(request, f"/ateliers/{workshop.id}", atelier=workshop.id)
    answer.raw_headers.extend(header for header in cookies.raw_headers if header[0] == b"set-cookie")
    return answer


async def _doorstep(request: Request, workshop: Workshop) -> dict[str, Any]:
    """The workshop a code opens, and what is already known of who knocks."""
    viewer = identity.person(request)
    async with asking(request) as session:
        member = await agenda.seat(session, workshop.id, viewer)
        lab = member.lab_slug if member else await people.lab_of(session, viewer) if viewer else None
        name = member.name if member else viewer.name if viewer else ""
        return {
            "workshop": workshop,
            "labs": [
                (slug, f"{name} ({region})" if region else name) for slug, name, region in await labs.names(session)
            ],
            "member": member,
            "form": {"name": name, "lab": lab or ""},
        }


async def _opened_by(request: Request, code: str) -> Workshop:
    """The workshop a code opens; wrong ones cost patience."""
    spelt = agenda.spelt(code)
    return await Patience.of(request).spend(request, spelt, lambda session: agenda.find(session, spelt))


async def room(request: Request) -> Response:
    """The room: the same page for a phone and a desk; read-only for whoever has no seat."""
    viewer = identity.person(request)
    workshop_id = request.path_params["workshop"]
    scene = await Rooms.of(request).now(workshop_id)
    async with asking(request) as session:
        member = await agenda.seat(session, workshop_id, viewer)
        if member and viewer:
            Patience.of(request).vouch(request, scene.workshop.code)
            scene = await scenes.seen_by(session, scene, viewer)
        roles = await people.roles(session, viewer) if viewer else frozenset()
    return page(
        request,
        "workshops/room.html",
        room=scene,
        workshop=scene.workshop,
        presence=request.app.state.hub.presence(workshop_id),
        seat=scenes.seat_name(member),
        member=member,
        fresh=frozenset(item.id for item in scene.items),
        may_publish=Role.PUBLISHER in roles,
        may_convene=Role.FACILITATOR in roles,
        **_ways_in(request, scene.workshop.code),
    )


async def screen(request: Request) -> Response:
    """The projector: the code, the stage, who is here, and every indicator with its tally."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    scene = await Rooms.of(request).now(workshop_id)
    async with asking(request) as session:
        await agenda.require_member(session, scene.workshop, viewer)
    Patience.of(request).vouch(request, scene.workshop.code)
    return page(
        request,
        "workshops/screen.html",
        room=scene,
        workshop=scene.workshop,
        presence=request.app.state.hub.presence(workshop_id),
        plot=scene.plot,
        seat="screen",
        fresh=frozenset(item.id for item in scene.items),
        **_ways_in(request, scene.workshop.code),
    )


def _ways_in(request: Request, code: str) -> dict[str, Any]:
    """How one enters: the address, short enough to copy, and its QR code."""
    address = f"{request.app.state.settings.public_url}/rejoindre/{code}"
    return {"address": address, "qr": _qr(address)}


@lru_cache(100)  # workshops: drawing one takes longer than the rest of its page
def _qr(address: str) -> Markup:
    svg = segno.make(address, error="m").svg_inline(
        scale=4, border=2, omitsize=True, svgclass="gc-qr__svg", lineclass=None
    )
    return Markup(svg)  # noqa: S704  made by segno from our own address


async def move(request: Request) -> Response:
    """The facilitator sets the stage; everyone's screen follows."""
    viewer = signed_in(request)
    form = await read(request, StageForm)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await agenda.move(session, workshop_id, form.stage, by=viewer)
    return done(request, f"/ateliers/{workshop_id}", html="")


async def state(request: Request) -> Response:
    """The room's public state, for programs."""
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        scene = await scenes.room(session, workshop_id)
        cast = await signatures.cast(session, workshop_id)
        threads = await comments.all_threads(session, scene.workshop)
    present = request.app.state.hub.presence(workshop_id).count
    return JSONResponse(exports.room(scene, threads, cast, present), headers={"Cache-Control": "no-cache"})


async def minutes(request: Request) -> Response:
    """The minutes: every gesture, in order, in words."""
    async with reading(request) as session:
        scene = await registers.minutes(session, request.path_params["workshop"])
    return page(
        request, "workshops/minutes.html", minutes=scene, workshop=scene.workshop, plot=plot.plot(scene.results)
    )


async def minutes_json(request: Request) -> Response:
    """The minutes as data: what `verify registre` checks."""
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        workshop = await agenda.get(session, workshop_id)
        entries = await journal.since(session, workshop_id, 0)
    filename = f"registre-{workshop.id}.json"
    return JSONResponse(
        exports.minutes(workshop, entries),
        headers={"Cache-Control": "no-cache", "Content-Disposition": f'inline; filename="{filename}"'},
    )
