"""Corrections: mend the typing errors of a published text, or of one that is being prepared."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server.forms import BecauseForm, read, typed_sheet
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import corrections, frameworks, people, releases, sheet, world
from workshops.canonical import digest
from workshops.people import Role
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.sheet import Sheet
from workshops.words import N_

DESK = "/referentiel/preparations"


async def edit(request: Request) -> Response:
    """A text with the corrections it already has, ready to be mended."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        text = await _text(session, request.path_params["item"], request.query_params.get("preparation", ""))
    return page(request, "corrections/edit.html", **_editing(request, text), raw=sheet.write(text), errors={}, form={})


async def _text(session: AsyncSession, code: str, release_id: str) -> Sheet:
    """The text to mend: that of a version being prepared, else of the last published one, as corrected so far."""
    if release_id:
        found = (await releases.get(session, release_id)).contents.sheets
    else:
        latest = await frameworks.latest(session)
        found = latest.contents.sheets if latest else {}
    if code not in found:
        raise NotFound(N_("Cet indicateur n'est pas dans cette version."))
    return corrections.apply(code, found[code], await corrections.standing(session))[0]


def _editing(request: Request, text: Sheet) -> dict[str, Any]:
    return {
        "code": request.path_params["item"],
        "preparation": request.query_params.get("preparation", ""),
        "text": text,
        "base": digest(text),
        "key": world.new_id(),
    }


async def write(request: Request) -> Response:
    """Write a correction down: it will be in the next version that is prepared."""
    viewer = signed_in(request)
    code, release_id = request.path_params["item"], request.query_params.get("preparation", "")
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
    raw = await typed_sheet(request)
    form = await read(request, CorrectionForm)
    try:
        after = sheet.read(raw)
        async with transaction(request) as session:
            before = await _text(session, code, release_id)
            if digest(before) != form.base:
                raise NotNow(N_("Quelqu'un a corrigé ce texte pendant que vous écriviez : relisez-le."))
            await corrections.correct(session, code, before, after, because=form.because, by=viewer)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            text = await _text(session, code, release_id)
        values = {**_editing(request, text), "raw": raw, "form": {"because": form.because}}
        values.setdefault("errors", {})
        return again(request, "corrections/edit.html", refusal, **values)
    return done(request, DESK)


class CorrectionForm(BecauseForm):
    base: str = ""


async def withdraw(request: Request) -> Response:
    """Take back a correction that is not published yet."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await corrections.withdraw(session, request.path_params["correction"], by=viewer)
    return done(request, DESK)
