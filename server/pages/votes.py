"""Votes: cast, change, confirm, take back."""

from starlette.requests import Request
from starlette.responses import Response

from server import scenes
from server.forms import BallotForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import block, is_partial
from workshops import agenda, indicators, votes
from workshops.refusals import NotThus


async def cast(request: Request) -> Response:
    """Judge a wording: first vote, change or confirmation, in one tap."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    try:
        form = await read(request, BallotForm)
        async with transaction(request) as session:
            await votes.cast(
                session, indicator_id, wording=form.wording, choice=form.choice, reason=form.reason, by=viewer
            )
    except NotThus as refusal:
        return await _again(request, indicator_id, refusal)
    return await _done(request, indicator_id)


async def take_back(request: Request) -> Response:
    """Have no vote on this indicator any more."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with transaction(request) as session:
        await votes.take_back(session, indicator_id, by=viewer)
    return await _done(request, indicator_id)


async def _done(request: Request, indicator_id: str) -> Response:
    """The person's ballot as it now stands; the tally comes to everyone by the room."""
    workshop_id = next(iter(request.state.gestures))
    html = await _own_ballot(request, indicator_id) if is_partial(request) else None
    return done(request, f"/ateliers/{workshop_id}#card-{indicator_id}", html=html)


async def _own_ballot(request: Request, indicator_id: str) -> str:
    async with reading(request) as session:
        item = await scenes.item(session, indicator_id, signed_in(request))
    return block("indicators/_ballot_form.html", "ballot_form", item=item)


async def _again(request: Request, indicator_id: str, refusal: NotThus) -> Response:
    """The ballot with what was typed and what is missing; without a script, a page of its own."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await indicators.get(session, indicator_id)
        item = await scenes.item(session, indicator_id, viewer)
        workshop = await agenda.get(session, item.card.indicator.workshop_id)
        member = await agenda.seat(session, workshop.id, viewer)
    return again(
        request,
        "indicators/ballot.html",
        refusal,
        part=("indicators/_ballot_form.html", "ballot_form"),
        item=item,
        workshop=workshop,
        seat=scenes.seat_name(member),
        form=await typed(request),
    )
