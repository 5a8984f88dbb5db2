"""Indicators: propose, read, reword, withdraw."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server import identity, scenes, signatures
from server.forms import BaseForm, BecauseForm, asked_sheet, read, typed, typed_sheet
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.rooms import Rooms
from server.templating import own_ballot, page, redraw
from workshops import agenda, changes, indicators, journal, lineage, sheet, similar, world
from workshops.indicators import Card, Stale
from workshops.refusals import NotNow, NotThus, NotYours


async def new(request: Request) -> Response:
    """A blank sheet: three fields, the rest folded. Asked for again with a title, it says what resembles it."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await indicators.require_proposing(session, workshop, viewer)
    raw = asked_sheet(request)
    found = await _resembling(request, workshop.id, str(raw.get("libelle", "")))
    values: dict[str, Any] = {"workshop": workshop, "raw": raw, "errors": {}, "similar": found}
    return page(request, "indicators/new.html", **values, key=world.new_id())


async def alike(request: Request) -> Response:
    """The proposals that resemble a title, while it is being typed."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await agenda.require_member(session, workshop, viewer)
    found = await _resembling(request, workshop.id, request.query_params.get("libelle", ""))
    return redraw(request, "indicators/_similar.html", "similar", similar=found)


async def _resembling(request: Request, workshop_id: str, title: str) -> list[Card]:
    if not title:
        return []
    room = await Rooms.of(request).now(workshop_id)
    return similar.to(title, [item.card for item in room.items])


async def propose(request: Request) -> Response:
    """Put an indicator on the table. Whatever the refusal, what was typed comes back."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    raw = await typed_sheet(request)
    try:
        proposed = sheet.read(raw)
        async with transaction(request) as session:
            await indicators.propose(session, workshop_id, proposed, by=viewer)
    except (NotThus, NotNow, NotYours) as refusal:
        async with reading(request) as session:
            workshop = await agenda.get(session, workshop_id)
        found = await _resembling(request, workshop_id, str(raw.get("libelle", "")))
        values: dict[str, Any] = {"workshop": workshop, "raw": raw, "similar": found}
        return again(request, "indicators/new.html", refusal, **values, key=world.new_id())
    # Found by its gesture: the same sending, sent again, tells the same indicator.
    async with reading(request) as session:
        gesture = await journal.get(session, workshop_id, request.state.gestures[workshop_id])
        born = await indicators.get(session, gesture.about)
    return done(request, f"/ateliers/{workshop_id}#card-{born.id}", indicateur=born.id, code=born.code)


async def show(request: Request) -> Response:
    """One indicator: its sheet, its votes, what was said of it, its history."""
    viewer = identity.person(request)
    indicator_id = request.path_params["indicator"]
    async with reading(request) as session:
        indicator = await indicators.get(session, indicator_id)
        member = await agenda.seat(session, indicator.workshop_id, viewer)
        detail = await scenes.detail(session, indicator_id, viewer if member else None)
    return page(
        request,
        "indicators/show.html",
        detail=detail,
        room=detail,
        item=detail.item,
        workshop=detail.workshop,
        presence=request.app.state.hub.presence(detail.workshop.id),
        member=member,
        seat=scenes.seat_name(member),
        may_reword=indicators.may_reword(indicator, member),
        is_author=viewer is not None and indicator.author_id == viewer.id,
        form={},
        errors={},
        key=world.new_id(),
    )


async def ballot(request: Request) -> Response:
    """A member's own ballot, asked for by a screen that was just given a fresh one."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with reading(request) as session:
        indicator = await indicators.get(session, indicator_id)
        workshop = await agenda.get(session, indicator.workshop_id)
        await agenda.require_member(session, workshop, viewer)
        item = await scenes.item(session, indicator_id, viewer)
    return HTMLResponse(own_ballot(item))


async def edit(request: Request) -> Response:
    """The current text, ready to be rewritten, with the number it starts from."""
    viewer = signed_in(request)
    async with reading(request) as session:
        card = await indicators.card(session, request.path_params["indicator"])
        workshop = await agenda.get(session, card.indicator.workshop_id)
        await indicators.require_rewording(session, workshop, card.indicator, viewer)
    values: dict[str, Any] = {"card": card, "workshop": workshop, "base": card.wording.number}
    values |= {"raw": sheet.write(card.sheet), "errors": {}, "stale": None, "key": world.new_id()}
    return page(request, "indicators/edit.html", **values)


async def reword(request: Request) -> Response:
    """A new wording; a stale base shows both texts and loses nothing."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    raw = await typed_sheet(request)
    try:
        form, reworded = await read(request, BaseForm), sheet.read(raw)
        async with transaction(request) as session:
            await indicators.reword(session, indicator_id, reworded, base=form.base, by=viewer)
    except Stale as refusal:
        values = await _editing(request, indicator_id, raw, refusal.theirs.number)
        stale = {"theirs": refusal.theirs, "changes": changes.between(refusal.theirs.sheet, refusal.yours)}
        return again(request, "indicators/edit.html", refusal, **values, stale=stale)
    except (NotThus, NotNow, NotYours) as refusal:
        base = (await request.form()).get("base", "")
        values = await _editing(request, indicator_id, raw, base)
        return again(request, "indicators/edit.html", refusal, **values, stale=None)
    return done(request, f"/indicateurs/{indicator_id}")


async def _editing(request: Request, indicator_id: str, raw: dict[str, Any], base: object) -> dict[str, Any]:
    """The form as typed, on the indicator as it stands."""
    async with reading(request) as session:
        card = await indicators.card(session, indicator_id)
        workshop = await agenda.get(session, card.indicator.workshop_id)
    return {"card": card, "workshop": workshop, "base": base, "raw": raw, "key": world.new_id()}


async def wording(request: Request) -> Response:
    """One text of an indicator, whole, as it was."""
    number = int(request.path_params["number"])
    async with reading(request) as session:
        card = await indicators.card(session, request.path_params["indicator"])
        text = await indicators.wording(session, card.indicator, number)
        before = await indicators.wording(session, card.indicator, number - 1) if number > 1 else None
        workshop = await agenda.get(session, card.indicator.workshop_id)
        cast = await signatures.cast(session, workshop.id)
    return page(
        request,
        "indicators/wording.html",
        card=card,
        text=text,
        workshop=workshop,
        name=cast.name(text.by_id),
        lab=cast.lab(text.by_id),
        changes=changes.between(before.sheet, text.sheet) if before else [],
    )


async def withdraw(request: Request) -> Response:
    """Take back one's own proposal, saying why."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    form = await read(request, BecauseForm)
    try:
        async with transaction(request) as session:
            await lineage.withdraw(session, indicator_id, because=form.because, by=viewer)
    except NotThus as refusal:
        async with reading(request) as session:
            card = await indicators.card(session, indicator_id)
            workshop = await agenda.get(session, card.indicator.workshop_id)
        values: dict[str, Any] = {"card": card, "workshop": workshop, "form": await typed(request)}
        return again(request, "indicators/withdraw.html", refusal, **values, key=world.new_id())
    return done(request, f"/indicateurs/{indicator_id}")
