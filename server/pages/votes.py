"""Votes: cast, change, confirm, take back."""

from starlette.requests import Request
from starlette.responses import Response

from server import exports, gestures, scenes
from server.forms import BallotForm, read, typed
from server.gestures import again, done, reading, sending, transaction
from server.identity import signed_in
from server.templating import cast_ballot, is_partial, own_ballot
from workshops import agenda, votes
from workshops.refusals import NotThus
from workshops.votes import Counted, Outdated, Paper

TAKEN_BACK = '{"taken-back": {"target": "body"}}'  # told to the page: other ballots may have asked about the same vote


async def cast(request: Request) -> Response:
    """Judge a wording: first vote, change or confirmation, in one tap."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    try:
        form = await read(request, BallotForm)
        paper = Paper(
            indicator_id,
            form.wording,
            form.ballot,
            form.reason,
            viewer,
            await sending(request),
            form.round,
            gestures.waited(request),
        )
        counted = await gestures.vote(request, paper)
    except (NotThus, Outdated) as refusal:
        return await _again(request, indicator_id, refusal)
    return await _done(request, indicator_id, counted)


async def take_back(request: Request) -> Response:
    """Have no vote on this indicator any more."""
    viewer = signed_in(request)
    indicator_id = request.path_params["indicator"]
    async with transaction(request) as session:
        await votes.take_back(session, indicator_id, by=viewer)
    answer = await _done(request, indicator_id)
    answer.headers["HX-Trigger"] = TAKEN_BACK
    return answer


async def _done(request: Request, indicator_id: str, counted: Counted | None = None) -> Response:
    """The person's ballot as it now stands; the tally comes to everyone by the room."""
    workshop_id = next(iter(request.state.gestures))
    html = await _own_ballot(request, indicator_id, counted) if is_partial(request) else None
    return done(request, f"/ateliers/{workshop_id}#card-{indicator_id}", html=html)


async def _own_ballot(request: Request, indicator_id: str, counted: Counted | None) -> str:
    if counted and counted.is_all:  # all there is to show is known
        return cast_ballot(indicator_id, counted.vote, counted.rule)
    async with reading(request) as session:
        item = await scenes.item(session, indicator_id, signed_in(request))
    return own_ballot(item)


async def _again(request: Request, indicator_id: str, refusal: NotThus | Outdated) -> Response:
    """The ballot with what was typed and what is missing, or what changed; without a script, a page of its own."""
    viewer = signed_in(request)
    async with reading(request) as session:
        item = await scenes.item(session, indicator_id, viewer)
        if isinstance(refusal, Outdated):
            item = await scenes.too_late(session, item, refusal.paper)
            refusal.told = {**refusal.told, "ecarts": exports.changed(item.own.changed if item.own else ())}
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
