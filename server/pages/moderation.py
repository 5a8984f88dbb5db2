"""Moderation: the testimonials that wait, one of them read whole, what is decided of it, and by which rules."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from server import judging, paging
from server.forms import BaseForm, DecisionForm, passages, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import contacts, labs, moderation, queues, withdrawals, world
from workshops.moderation import Reason, Verdict
from workshops.people import Person
from workshops.refusals import NotNow, NotThus, NotYours, Refusal

ON_A_PAGE = 50


async def index(request: Request) -> Response:
    """What waits for whoever asks, what has waited longest first."""
    viewer = signed_in(request)
    async with reading(request) as session:
        count = await queues.waiting(session, by=viewer) or 0
        at = paging.paged(paging.asked(request), count, ON_A_PAGE)
        found = await queues.of(session, by=viewer, offset=at.offset, limit=at.size)
        cases = await judging.cases(session, found)
        own = await moderation.labs_of(session, viewer)
        names = await labs.called(session) if own else {}
    return page(
        request,
        "moderation/index.html",
        cases=cases,
        count=count,
        number=at.number,
        pages=at.pages,
        own=sorted((names[slug], slug) for slug in own),
    )


async def rules(request: Request) -> Response:
    """How testimonials are moderated, for those who write them."""
    return page(request, "moderation/rules.html", reasons=list(Reason))


async def show(request: Request) -> Response:
    """One testimonial, whole, with what may be done of it."""
    viewer = signed_in(request)
    async with reading(request) as session:
        values = await _case(session, viewer, request.path_params["testimonial"])
    return page(request, "moderation/show.html", **values, form={}, ticked=None, errors={}, refused=None)


async def _case(session: AsyncSession, viewer: Person, testimonial_id: str) -> dict[str, Any]:
    judged = await moderation.seen(session, testimonial_id, by=viewer)
    (case,) = await judging.cases(session, [judged])
    hindered = {verdict: await moderation.hindrance(session, judged, verdict, by=viewer) for verdict in Verdict}
    others = await queues.of(session, by=viewer, limit=2)
    return {
        "case": case,
        "past": await judging.past(session, testimonial_id),
        "has_contact": testimonial_id in await contacts.among(session, [testimonial_id]),
        "may_publish": hindered[Verdict.PUBLISHED] is None,
        "may_refuse": hindered[Verdict.REFUSED] is None,
        "why_not": next((why for why in hindered.values() if isinstance(why, NotYours)), None),
        "following": next((each.testimonial.id for each in others if each.testimonial.id != testimonial_id), None),
        "reasons": list(Reason),
        "key": world.new_id(),
    }


async def decide(request: Request) -> Response:
    """Publish it, or refuse it for one of the reasons."""
    viewer = signed_in(request)
    testimonial_id = request.path_params["testimonial"]
    try:
        form = await read(request, DecisionForm)
        async with transaction(request) as session:
            await moderation.decide(
                session,
                testimonial_id,
                verdict=form.verdict,
                reason=form.reason,
                note=form.note,
                base=form.base,
                by=viewer,
            )
    except (NotThus, NotNow, NotYours) as refusal:
        return await _again(request, viewer, refusal)
    return done(request, f"/moderation/{testimonial_id}#suite")


async def mask(request: Request) -> Response:
    """Take passages out of it, for good and in sight."""
    viewer = signed_in(request)
    testimonial_id = request.path_params["testimonial"]
    try:
        form = await read(request, BaseForm)
        async with transaction(request) as session:
            await withdrawals.mask(session, testimonial_id, await passages(request), base=form.base, by=viewer)
    except (NotThus, NotNow, NotYours) as refusal:
        return await _again(request, viewer, refusal)
    response = done(request, f"/moderation/{testimonial_id}#texte")
    response.background = BackgroundTask(request.app.state.database.scrub)
    return response


async def _again(request: Request, viewer: Person, refusal: Refusal) -> Response:
    """The testimonial as it stands now, with what was typed. Raises NotYours for whoever may not even read it."""
    async with reading(request) as session:
        values = await _case(session, viewer, request.path_params["testimonial"])
    ticked = await passages(request) if request.url.path.endswith("/masquage") else None
    return again(request, "moderation/show.html", refusal, **values, form=await typed(request), ticked=ticked)
