"""Contests: read competing texts, grade them, decide."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import amending, identity, scenes, signatures
from server.forms import BecauseForm, read, typed, typed_grades
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, contests, indicators
from workshops.refusals import NotNow, NotThus, Refusal


async def start(request: Request) -> Response:
    """Whoever leads puts the current text and its amendments to majority judgment."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with transaction(request) as session:
        await contests.start(session, indicator_id, by=viewer)
    async with reading(request) as session:
        last = (await contests.of(session, indicator_id))[-1]
    return done(request, f"/departages/{last.id}", departage=last.id)


async def show(request: Request) -> Response:
    """The texts, and one's own ballot; the results once it is closed."""
    values = await _scene(request, request.path_params["contest"])
    return page(request, "contests/show.html", **values, errors={}, form={})


async def grade(request: Request) -> Response:
    """A whole ballot: a grade for each text."""
    viewer = signed_in(request)
    contest_id = request.path_params["contest"]
    ballot = await typed_grades(request)
    try:
        async with transaction(request) as session:
            await contests.grade(session, contest_id, ballot, by=viewer)
    except (NotThus, NotNow) as refusal:
        return await _again(request, contest_id, refusal)
    return done(request, f"/departages/{contest_id}#ballot")


async def close(request: Request) -> Response:
    """Whoever leads counts the ballots: the best text becomes the current one."""
    viewer = signed_in(request)
    contest_id = request.path_params["contest"]
    try:
        async with transaction(request) as session:
            await contests.close(session, contest_id, by=viewer)
    except NotNow as refusal:
        return await _again(request, contest_id, refusal)
    return done(request, f"/departages/{contest_id}")


async def abandon(request: Request) -> Response:
    """Whoever leads gives it up, with a reason."""
    viewer = signed_in(request)
    contest_id = request.path_params["contest"]
    form = await read(request, BecauseForm)
    try:
        async with transaction(request) as session:
            await contests.abandon(session, contest_id, because=form.because, by=viewer)
    except (NotThus, NotNow) as refusal:
        return await _again(request, contest_id, refusal)
    return done(request, f"/departages/{contest_id}")


async def _again(request: Request, contest_id: str, refusal: Refusal) -> Response:
    form = await typed(request)
    return again(request, "contests/show.html", refusal, **await _scene(request, contest_id), form=form)


async def _scene(request: Request, contest_id: str) -> dict[str, Any]:
    """A contest as the viewer sees it."""
    viewer = identity.person(request)
    async with reading(request) as session:
        contest = await contests.get(session, contest_id)
        card = await indicators.card(session, contest.indicator_id)
        workshop = await agenda.get(session, card.indicator.workshop_id)
        member = await agenda.seat(session, workshop.id, viewer)
        scene = await amending.contesting(session, contest_id, viewer)
        cast = await signatures.cast(session, workshop.id)
    seat = scenes.seat_name(member)
    is_on = workshop.stage in contests.STAGES and card.is_open and contest.is_open
    return {"scene": scene, "card": card, "workshop": workshop, "cast": cast, "seat": seat, "is_on": is_on}
