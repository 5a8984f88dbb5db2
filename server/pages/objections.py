"""Objections: make one, read it, answer it, lift it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import hearings, identity, scenes
from server.forms import BecauseForm, ObjectionForm, TextForm, read, typed
from server.gestures import again, done, reading, transaction
from server.hearings import Hearing, Opened, seen_by
from server.identity import signed_in
from server.templating import block, is_partial, page, partial
from workshops import agenda, objections, world
from workshops.refusals import NotNow, NotThus, NotYours, Refusal

FORM = ("objections/_form.html", "objection_form")


async def state(request: Request) -> Response:
    """Object to one text or to the whole set. Whatever the refusal, what was typed comes back."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    form = ObjectionForm()
    try:
        form = await read(request, ObjectionForm)
        async with transaction(request) as session:
            await objections.state(session, workshop_id, text=form.text, indicator_id=form.indicator or None, by=viewer)
    except NotThus as refusal:
        return await _again(request, workshop_id, form.indicator, refusal)
    except (NotNow, NotYours) as refusal:
        if is_partial(request):
            raise  # a notice is enough: the form has not moved
        return await _again(request, workshop_id, form.indicator, refusal)
    return await _said(request, workshop_id, form.indicator)


async def _said(request: Request, workshop_id: str, about: str = "") -> Response:
    """The emptied form, and the person's own part; the list comes to everyone by the room."""
    html = None
    if is_partial(request):
        hearing = await _hearing(request, workshop_id)
        assert hearing
        html = block("consents/_own.html", "own", hearing=hearing, workshop=hearing.workshop, form={}, errors={})
        if about:  # the form was on an indicator: its own place is emptied, the person's part is elsewhere
            emptied = block(*FORM, workshop=hearing.workshop, about=about, form={}, errors={})
            html = emptied + partial(f"own-{hearing.key}", html, "outerHTML")
    return done(request, f"/ateliers/{workshop_id}#consent", html=html)


async def _again(request: Request, workshop_id: str, about: str, refusal: Refusal) -> Response:
    hearing = await _hearing(request, workshop_id)
    async with reading(request) as session:
        workshop = await agenda.get(session, workshop_id)
    card = next((each for each in hearing.cards if each.id == about), None) if hearing else None
    values: dict[str, Any] = {"workshop": workshop, "about": about, "card": card, "form": await typed(request)}
    return again(request, "objections/state.html", refusal, part=FORM, **values, key=world.new_id())


async def _hearing(request: Request, workshop_id: str) -> Hearing | None:
    async with reading(request) as session:
        hearing = await scenes.hearing(session, await agenda.get(session, workshop_id))
        return await seen_by(session, hearing, signed_in(request)) if hearing else None


async def show(request: Request) -> Response:
    """One objection: what it is about, its answer, and what the viewer may do with it."""
    opened = await _opened(request)
    return page(request, "objections/show.html", **_shown(opened), refused=None, form={}, errors={}, key=world.new_id())


async def _opened(request: Request) -> Opened:
    viewer = identity.person(request)
    async with reading(request) as session:
        objection = await objections.get(session, request.path_params["objection"])
        hearing = await scenes.hearing(session, await agenda.get(session, objection.workshop_id))
        assert hearing
        opened = await hearings.opened(session, hearing, objection.id, viewer)
    return opened


def _shown(opened: Opened) -> dict[str, Any]:
    return {"opened": opened, "heard": opened.heard, "workshop": opened.hearing.workshop}


async def lift(request: Request) -> Response:
    """Say, with a word, that one's objection holds no more."""
    viewer = signed_in(request)
    objection_id = request.path_params["objection"]
    try:
        form = await read(request, BecauseForm)
        async with transaction(request) as session:
            await objections.lift(session, objection_id, because=form.because, by=viewer)
    except NotThus as refusal:
        return await _refused(request, refusal)
    return await _said(request, next(iter(request.state.gestures)))


async def answer(request: Request) -> Response:
    """Answer an objection; another answer takes the place of the one before."""
    viewer = signed_in(request)
    objection_id = request.path_params["objection"]
    try:
        form = await read(request, TextForm)
        async with transaction(request) as session:
            await objections.answer(session, objection_id, text=form.text, by=viewer)
    except NotThus as refusal:
        return await _refused(request, refusal)
    workshop_id = next(iter(request.state.gestures))
    return done(request, f"/ateliers/{workshop_id}#objection-{objection_id}")


async def _refused(request: Request, refusal: NotThus) -> Response:
    """The objection's page, with what was typed and what is missing."""
    opened = await _opened(request)
    return again(
        request, "objections/show.html", refusal, **_shown(opened), form=await typed(request), key=world.new_id()
    )
