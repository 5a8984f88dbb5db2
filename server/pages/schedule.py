"""The schedule: write it, start a point, give it time, stop it."""

from starlette.requests import Request
from starlette.responses import Response

from server.forms import ExtendForm, ScheduleForm, StartForm, StopForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, schedule, world
from workshops.refusals import NotNow, NotThus
from workshops.schedule import Stale


async def edit(request: Request) -> Response:
    """What is planned, as lines to change."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await agenda.require_member(session, workshop, viewer, *agenda.LEADING)
        day = await schedule.day(session, workshop.id)
    form = {"schedule": day.text, "base": day.number}
    return page(
        request, "schedule/edit.html", workshop=workshop, day=day, form=form, errors={}, stale=None, key=world.new_id()
    )


async def write(request: Request) -> Response:
    """The day's points; a stale base shows both texts and loses nothing."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    try:
        form = await read(request, ScheduleForm)
        async with transaction(request) as session:
            await schedule.write(session, workshop_id, form.schedule, base=form.base, by=viewer)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            workshop = await agenda.get(session, workshop_id)
            day = await schedule.day(session, workshop_id)
        stale = refusal.theirs if isinstance(refusal, Stale) else None
        form_again = {"schedule": "", "base": day.number, **await typed(request)}
        if stale:
            form_again["base"] = stale.number
        return again(
            request,
            "schedule/edit.html",
            refusal,
            workshop=workshop,
            day=day,
            form=form_again,
            stale=stale,
            key=world.new_id(),
        )
    return done(request, f"/ateliers/{workshop_id}")


async def start(request: Request) -> Response:
    """A point begins: every screen counts down."""
    viewer = signed_in(request)
    form = await read(request, StartForm)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await schedule.start(session, workshop_id, form.place, by=viewer)
    return done(request, f"/ateliers/{workshop_id}", html="")


async def extend(request: Request) -> Response:
    """The point under way gets more time."""
    viewer = signed_in(request)
    form = await read(request, ExtendForm)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await schedule.extend(session, workshop_id, form.minutes, base=form.base, by=viewer)
    return done(request, f"/ateliers/{workshop_id}", html="")


async def stop(request: Request) -> Response:
    """The point under way is over."""
    viewer = signed_in(request)
    form = await read(request, StopForm)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await schedule.stop(session, workshop_id, form.timer, by=viewer)
    return done(request, f"/ateliers/{workshop_id}", html="")
