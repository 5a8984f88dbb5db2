"""Conclusions: write why an indicator ends as it does."""

from starlette.requests import Request
from starlette.responses import Response

from server import scenes
from server.forms import ConclusionForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import block, is_partial
from workshops import conclusions, world
from workshops.refusals import NotThus


async def conclude(request: Request) -> Response:
    """Write the reason of an outcome, and the answer to the reservations."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    try:
        form = await read(request, ConclusionForm)
        async with transaction(request) as session:
            await conclusions.conclude(session, indicator_id, because=form.because, answer=form.answer, by=viewer)
    except NotThus as refusal:
        async with reading(request) as session:
            detail = await scenes.detail(session, indicator_id)
        values = {"item": detail.item, "workshop": detail.workshop, "form": await typed(request), "key": world.new_id()}
        part = ("indicators/_conclusion_form.html", "conclusion_form")
        return again(request, "conclusions/conclude.html", refusal, part=part, **values)
    html = await _form(request, indicator_id) if is_partial(request) else None
    return done(request, f"/indicateurs/{indicator_id}#conclusion-{indicator_id}", html=html)


async def _form(request: Request, indicator_id: str) -> str:
    async with reading(request) as session:
        detail = await scenes.detail(session, indicator_id)
    return block(
        "indicators/_conclusion_form.html",
        "conclusion_form",
        item=detail.item,
        form=detail.concluding,
        errors={},
        key=world.new_id(),
    )
