"""Notes: what one writes for oneself about a workshop one leads."""

from starlette.requests import Request
from starlette.responses import Response

from server.forms import NoteForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, notes
from workshops.notes import Stale
from workshops.refusals import NotNow, NotThus


async def edit(request: Request) -> Response:
    """One's own text."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await agenda.require_member(session, workshop, viewer, *agenda.LEADING)
        note = await notes.own(session, workshop.id, viewer)
    form = {"text": note.text, "base": note.number}
    return page(request, "notes/edit.html", workshop=workshop, note=note, form=form, errors={}, stale=None)


async def write(request: Request) -> Response:
    """Keep it; a text kept from another screen meanwhile is shown beside it."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    try:
        form = await read(request, NoteForm)
        async with transaction(request) as session:
            await notes.write(session, workshop_id, form.text, base=form.base, by=viewer)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            workshop = await agenda.get(session, workshop_id)
            note = await notes.own(session, workshop_id, viewer)
        stale = refusal.theirs if isinstance(refusal, Stale) else None
        form_again = {"text": "", "base": note.number, **await typed(request)}
        if stale:
            form_again["base"] = stale.number
        return again(request, "notes/edit.html", refusal, workshop=workshop, note=note, form=form_again, stale=stale)
    return done(request, f"/ateliers/{workshop_id}/notes")
