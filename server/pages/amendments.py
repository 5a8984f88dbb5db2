"""Amendments: propose another wording of somebody's indicator, answer it, take it back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server import amending, signatures
from server.forms import AmendmentForm, AnswerForm, read, typed, typed_sheet
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import block, is_partial, page
from workshops import agenda, amendments, changes, indicators, sheet, world
from workshops.amendments import Overtaken
from workshops.refusals import NotNow, NotThus, NotYours, Refusal

OWN = ("amendments/_own.html", "own")


async def new(request: Request) -> Response:
    """The current text, ready to be written otherwise."""
    viewer = signed_in(request)
    async with reading(request) as session:
        card = await indicators.card(session, request.path_params["indicator"])
        workshop = await agenda.get(session, card.indicator.workshop_id)
        await amendments.require_amending(session, workshop, card.indicator, viewer)
    values: dict[str, Any] = {"card": card, "workshop": workshop, "base": card.wording.number, "why": ""}
    values |= {"raw": sheet.write(card.sheet), "errors": {}, "differences": None, "key": world.new_id()}
    return page(request, "amendments/new.html", **values)


async def propose(request: Request) -> Response:
    """Only what differs is kept. A text that changed meanwhile is given back with the amendment put in it."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    raw = await typed_sheet(request)
    try:
        form, wanted = await read(request, AmendmentForm), sheet.read(raw)
        async with transaction(request) as session:
            await amendments.propose(session, indicator_id, wanted, base=form.base, why=form.why, by=viewer)
    except Overtaken as refusal:
        values = await _writing(request, indicator_id)
        current = values["card"].sheet
        mine = amendments.applied(current, refusal.changes)
        values |= {"base": values["card"].wording.number, "raw": sheet.write(mine)}
        return again(
            request, "amendments/new.html", refusal, **values, differences=changes.between(current, mine)
        )
    except (NotThus, NotNow, NotYours) as refusal:
        values = await _writing(request, indicator_id)
        return again(request, "amendments/new.html", refusal, **values, raw=raw, differences=None)
    return done(request, f"/indicateurs/{indicator_id}#amendments-{indicator_id}")


async def _writing(request: Request, indicator_id: str) -> dict[str, Any]:
    """The form as typed, on the indicator as it stands."""
    form = await typed(request)
    async with reading(request) as session:
        card = await indicators.card(session, indicator_id)
        workshop = await agenda.get(session, card.indicator.workshop_id)
    own = {"base": form.get("base", ""), "why": form.get("why", ""), "key": world.new_id()}
    return {"card": card, "workshop": workshop, **own}


async def own(request: Request) -> Response:
    """What the viewer may do about an amendment, asked for by a screen that was just shown it."""
    viewer = signed_in(request)
    amendment_id = request.path_params["amendment"]
    async with reading(request) as session:
        indicator = await indicators.get(session, await amendments.home(session, amendment_id))
        workshop = await agenda.get(session, indicator.workshop_id)
        member = await agenda.require_member(session, workshop, viewer)
        line = await amending.line(session, amendment_id, member)
    return HTMLResponse(block(*OWN, line=line, errors={}, form={}))


async def accept(request: Request) -> Response:
    """The amendment becomes a new wording."""
    viewer = signed_in(request)
    amendment_id = request.path_params["amendment"]
    try:
        async with transaction(request) as session:
            await amendments.accept(session, amendment_id, by=viewer)
    except NotNow as refusal:
        return await _again(request, amendment_id, refusal)
    return await _done(request, amendment_id)


async def decline(request: Request) -> Response:
    """The amendment is answered, and stays to be read with why not."""
    viewer = signed_in(request)
    amendment_id = request.path_params["amendment"]
    form = await read(request, AnswerForm)
    try:
        async with transaction(request) as session:
            await amendments.decline(session, amendment_id, answer=form.answer, by=viewer)
    except (NotThus, NotNow) as refusal:
        return await _again(request, amendment_id, refusal)
    return await _done(request, amendment_id)


async def withdraw(request: Request) -> Response:
    """Take back one's own amendment."""
    viewer = signed_in(request)
    amendment_id = request.path_params["amendment"]
    async with transaction(request) as session:
        await amendments.withdraw(session, amendment_id, by=viewer)
    return await _done(request, amendment_id)


async def _done(request: Request, amendment_id: str) -> Response:
    """The live frame shows the rest."""
    async with reading(request) as session:
        indicator_id = await amendments.home(session, amendment_id)
    return done(request, f"/indicateurs/{indicator_id}#amendments-{indicator_id}", html="")


async def _again(request: Request, amendment_id: str, refusal: Refusal) -> Response:
    """The amendment on a page of its own, beside the current text; htmx keeps its page, and what was typed."""
    if isinstance(refusal, NotNow) and is_partial(request):
        raise refusal
    form = await typed(request)
    async with reading(request) as session:
        card = await indicators.card(session, await amendments.home(session, amendment_id))
        workshop = await agenda.get(session, card.indicator.workshop_id)
        member = await agenda.seat(session, workshop.id, signed_in(request))
        line = await amending.line(session, amendment_id, member)
        cast = await signatures.cast(session, workshop.id)
    values: dict[str, Any] = {"card": card, "workshop": workshop, "line": line, "cast": cast, "form": form}
    return again(request, "amendments/answer.html", refusal, part=OWN, **values)
