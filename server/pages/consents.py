"""Consents: say one's position on the whole set, take it back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server import scenes
from server.forms import PositionForm, read
from server.gestures import again, done, reading, transaction
from server.hearings import Hearing, seen_by
from server.identity import signed_in
from server.templating import block, is_partial
from workshops import agenda, consents, world
from workshops.consents import Moved
from workshops.refusals import NotThus

OWN = ("consents/_own.html", "own")


async def own(request: Request) -> Response:
    """A member's own part, asked for by a screen that was just given a fresh one."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        workshop = await agenda.get(session, workshop_id)
        await agenda.require_member(session, workshop, viewer)
        consents.require_consent(workshop)
    return HTMLResponse(await _own(request, workshop_id))


async def give(request: Request) -> Response:
    """Consent, or abstain, in one tap; what was read before a text changed is asked again."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    try:
        form = await read(request, PositionForm)
        async with transaction(request) as session:
            await consents.give(session, workshop_id, form.choice, read=form.set or None, by=viewer)
    except (NotThus, Moved) as refusal:
        return await _again(request, workshop_id, refusal)
    return await _done(request, workshop_id)


async def _again(request: Request, workshop_id: str, refusal: NotThus | Moved) -> Response:
    """The person's own part with what does not hold. Raises NotNow where one does not consent."""
    async with reading(request) as session:
        consents.require_consent(await agenda.get(session, workshop_id))
    hearing = await _hearing(request, workshop_id)
    values: dict[str, Any] = {"hearing": hearing, "workshop": hearing.workshop, "form": {}, "key": world.new_id()}
    return again(request, "consents/own.html", refusal, part=OWN, **values)


async def take_back(request: Request) -> Response:
    """Have no position any more."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await consents.take_back(session, workshop_id, by=viewer)
    return await _done(request, workshop_id)


async def _done(request: Request, workshop_id: str) -> Response:
    """The person's own part as it now stands; the rest comes to everyone by the room."""
    html = await _own(request, workshop_id) if is_partial(request) else None
    return done(request, f"/ateliers/{workshop_id}#consent", html=html)


async def _own(request: Request, workshop_id: str) -> str:
    hearing = await _hearing(request, workshop_id)
    return block(*OWN, hearing=hearing, workshop=hearing.workshop, form={}, errors={})


async def _hearing(request: Request, workshop_id: str) -> Hearing:
    """Where the set stands, and the viewer in it."""
    async with reading(request) as session:
        hearing = await scenes.hearing(session, await agenda.get(session, workshop_id))
        assert hearing
        return await seen_by(session, hearing, signed_in(request))
