"""Votes: cast, change, confirm, take back."""

from starlette.requests import Request
from starlette.responses import Response

from server import gestures, scenes
from server.forms import BallotForm, read, typed
from server.gestures import again, done, reading, sending, transaction
from server.identity import signed_in
from server.scenes import Own
from server.templating import is_partial, own_ballot
from workshops import agenda, indicators, votes
from workshops.refusals import NotThus
from workshops.votes import Counted, Paper


async def cast(request: Request) -> Response:
    """Judge a wording: first vote, change or confirmation, in one tap."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    try:
        form = await read(request, BallotForm)
        paper = Paper(indicator_id, form.wording, form.choice, form.reason, viewer, await sending(request))
        counted = await gestures.vote(request, paper)
    except NotThus as refusal:
        return await _again(request, indicator_id, refusal)
    return await _done(request, indicator_id, counted)


async def take_back(request: Request) -> Response:
    """Have no vote on this indicator any more."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with transaction(request) as session:
        await votes.take_back(session, indicator_id, by=viewer)
    return await _done(request, indicator_id)


async def _done(request: Request, indicator_id: str, counted: Counted | None = None) -> Response:
    """The person's ballot as it now stands; the tally comes to everyone by the room."""
    workshop_id = next(iter(request.state.gestures))
    html = await _own_ballot(request, indicator_id, counted) if is_partial(request) else None
    return done(request, f"/ateliers/{workshop_id}#card-{indicator_id}", html=html)


async def _own_ballot(request: Request, indicator_id: str, counted: Counted | None) -> str:
    if counted and counted.vote.wording == counted.current:  # all there is to show is known
        return own_ballot(indicator_id, counted.current, Own(current=counted.vote))
    async with reading(request) as session:
        item = await scenes.item(session, indicator_id, signed_in(request))
    return own_ballot(indicator_id, item.number, item.own)


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
        id=item.id,
        number=item.number,
        own=item.own,
        workshop=workshop,
        seat=scenes.seat_name(member),
        form=await typed(request),
    )
