"""Lineage: merge an indicator into another, split it into several."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.forms import MergeForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.rooms import Rooms
from server.templating import page
from workshops import agenda, changes, indicators, lineage, sheet, similar, world
from workshops.indicators import Card
from workshops.people import Person
from workshops.refusals import NotNow, NotThus, NotYours
from workshops.sheet import Sheet

PARTS = range(1, lineage.MOST + 1)
WRITTEN = ("libelle", "famille", "definition")  # of each part; it keeps the rest of the sheet


async def merging(request: Request) -> Response:
    """Choose the indicator that stays, the similar ones first; once one is chosen, both texts side by side."""
    card = await _reshaped(request, signed_in(request))
    form = {"into": request.query_params.get("avec", ""), "because": ""}
    return page(request, "lineage/merging.html", **await _merging(request, card, form), errors={})


async def merge(request: Request) -> Response:
    """Make one of two."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    form = await read(request, MergeForm)
    try:
        async with transaction(request) as session:
            await lineage.merge(session, indicator_id, into=form.into, because=form.because, by=viewer)
    except (NotThus, NotNow, NotYours) as refusal:
        async with reading(request) as session:
            card = await indicators.card(session, indicator_id)
        return again(request, "lineage/merging.html", refusal, **await _merging(request, card, await typed(request)))
    return done(request, f"/indicateurs/{form.into}", indicateur=form.into)


async def _merging(request: Request, card: Card, form: dict[str, Any]) -> dict[str, Any]:
    room = await Rooms.of(request).now(card.indicator.workshop_id)
    others = [item.card for item in room.items if item.id != card.id]
    alike = similar.to(card.sheet["libelle"], others)
    chosen = next((other for other in others if other.id == form.get("into")), None)
    return {
        "card": card,
        "workshop": room.workshop,
        "similar": alike,
        "others": alike + [other for other in others if other not in alike],
        "chosen": chosen,
        "changes": changes.between(card.sheet, chosen.sheet) if chosen else [],
        "form": form,
        "key": world.new_id(),
    }


async def splitting(request: Request) -> Response:
    """Two texts that begin as the one to be split, and room for two more."""
    card = await _reshaped(request, signed_in(request))
    typed = sheet.write(card.sheet)
    raw = {f"{name}-{part}": typed[name] for part in PARTS[: lineage.FEWEST] for name in WRITTEN}
    return page(request, "lineage/splitting.html", **await _splitting(request, card, raw), errors={})


async def split(request: Request) -> Response:
    """Make several of one."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with reading(request) as session:
        card = await indicators.card(session, indicator_id)
    form = await typed(request)
    try:
        sheets = _sheets(card.sheet, form)
        async with transaction(request) as session:
            await lineage.split(session, indicator_id, sheets=sheets, because=form.get("because", ""), by=viewer)
    except (NotThus, NotNow, NotYours) as refusal:
        return again(request, "lineage/splitting.html", refusal, **await _splitting(request, card, form))
    # Found by their lineage: the same sending, sent again, tells the same indicators.
    async with reading(request) as session:
        kin = await lineage.kin(session, card.indicator.workshop_id, [indicator_id])
    return done(request, f"/indicateurs/{indicator_id}", indicateurs=[part.id for part in kin[indicator_id].became])


def _sheets(before: Sheet, form: dict[str, Any]) -> list[Sheet]:
    """The text of each part: what was written of it, the rest as before. The last two may be left blank."""
    sheets: list[Sheet] = []
    wrong: dict[str, str] = {}
    for part in PARTS:
        written = {name: form.get(f"{name}-{part}", "") for name in WRITTEN}
        if part > lineage.FEWEST and not (written["libelle"].strip() or written["definition"].strip()):
            continue
        try:
            sheets.append(sheet.read({**sheet.write(before), **written}))
        except NotThus as refusal:
            wrong |= {f"{name}-{part}": sentence for name, sentence in refusal.fields.items()}
    if wrong:
        raise NotThus(wrong)
    return sheets


async def _splitting(request: Request, card: Card, form: dict[str, Any]) -> dict[str, Any]:
    async with reading(request) as session:
        workshop = await agenda.get(session, card.indicator.workshop_id)
    written = [field for field in sheet.FIELDS if field.name in WRITTEN]
    values: dict[str, Any] = {"card": card, "workshop": workshop, "parts": PARTS, "fewest": lineage.FEWEST}
    return values | {"written": written, "form": form, "key": world.new_id()}


async def _reshaped(request: Request, viewer: Person) -> Card:
    """The indicator that somebody may merge or split now."""
    async with reading(request) as session:
        card = await indicators.card(session, request.path_params["indicator"])
        workshop = await agenda.get(session, card.indicator.workshop_id)
        await lineage.require_reshaping(session, workshop, card.id, viewer)
    return card
