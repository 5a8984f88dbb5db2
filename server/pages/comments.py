"""Comments: post on a field, answer, hide."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import scenes
from server.forms import BecauseForm, CommentForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import block, is_partial
from workshops import agenda, comments, indicators, world
from workshops.refusals import NotNow, NotThus, NotYours, Refusal

COMMENT = ("indicators/_comment_form.html", "comment_form")
ANSWER = ("indicators/_answer_form.html", "answer_form")


async def post(request: Request) -> Response:
    """Say something of a field of the current wording, or answer."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    try:
        form = await read(request, CommentForm)
        async with transaction(request) as session:
            await comments.post(
                session, indicator_id, field=form.field, text=form.text, answers=form.answers or None, by=viewer
            )
    except NotThus as refusal:
        return await _again(request, indicator_id, refusal)
    except (NotNow, NotYours) as refusal:
        if is_partial(request):
            raise  # a notice is enough: the form has not moved
        return await _again(request, indicator_id, refusal)
    return await _done(request, indicator_id, form.answers)


async def _done(request: Request, indicator_id: str, answers: str) -> Response:
    """The emptied form, and the thread as it now stands."""
    async with reading(request) as session:
        item = await scenes.item(session, indicator_id)
    values: dict[str, Any] = {"item": item, "answers": answers, "key": world.new_id(), "form": {}, "errors": {}}
    html = block(*(ANSWER if answers else COMMENT), **values)
    return done(request, f"/indicateurs/{indicator_id}#comments-{indicator_id}", html=html)


async def _again(request: Request, indicator_id: str, refusal: Refusal) -> Response:
    form = await typed(request)
    async with reading(request) as session:
        indicator = await indicators.get(session, indicator_id)
        member = await agenda.seat(session, indicator.workshop_id, signed_in(request))
        item = await scenes.item(session, indicator_id)
        workshop = await agenda.get(session, indicator.workshop_id)
    return again(
        request,
        "indicators/said.html",
        refusal,
        part=ANSWER if form.get("answers") else COMMENT,
        item=item,
        workshop=workshop,
        member=member,
        answers=form.get("answers", ""),
        form=form,
        key=world.new_id(),
    )


async def hide(request: Request) -> Response:
    """Whoever leads hides a comment, with a reason; the trace stays."""
    viewer = signed_in(request)
    comment_id = request.path_params["comment"]
    form = await read(request, BecauseForm)
    async with transaction(request) as session:
        await comments.hide(session, comment_id, because=form.because, by=viewer)
    async with reading(request) as session:
        about = (await comments.get(session, comment_id)).indicator_id
    return done(request, f"/indicateurs/{about}#comments-{about}", html="")
