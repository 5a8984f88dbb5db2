"""Handwritten: copy the paper ballots of a room, one person after the other."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server.forms import typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, consents, handwritten, indicators, labs, world
from workshops.agenda import Workshop
from workshops.consensus import Axis, Method, score
from workshops.handwritten import Ballot
from workshops.refusals import NotNow, NotThus
from workshops.votes import Vote


async def new(request: Request) -> Response:
    """A blank ballot with every indicator, or somebody's as it was copied (`membre`), and who was copied already."""
    viewer = signed_in(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        await handwritten.require_entering(session, workshop, viewer)
        values = await _ballot(session, workshop)
        form = await _copied(session, workshop, request.query_params.get("membre", ""))
    return page(
        request,
        "handwritten/new.html",
        **values,
        form=form,
        copied=request.query_params.get("fait", ""),
        refused=None,
        errors={},
        key=world.new_id(),
    )


async def _ballot(session: AsyncSession, workshop: Workshop) -> dict[str, Any]:
    """What a paper asks, and the papers that were copied."""
    by_consent = workshop.announced.method is Method.CONSENT
    return {
        "workshop": workshop,
        "set": await consents.fingerprint(session, workshop) if by_consent else "",
        "cards": [card for card in await indicators.cards(session, workshop.id) if card.is_open],
        "writers": await handwritten.writers(session, workshop),
        "labs": [(slug, name) for slug, name, _region in await labs.names(session)],
        "named": await labs.called(session),
    }


async def _copied(session: AsyncSession, workshop: Workshop, member_id: str) -> dict[str, str]:
    """What was copied for somebody, as the form shows it; nothing for nobody."""
    if not member_id:
        return {}
    member = await handwritten.get(session, workshop, member_id)
    form = {"lab": member.lab_slug or "", "initials": member.name}
    for vote in await handwritten.votes_of(session, workshop, member):
        form |= _written(workshop, vote)
    return form


def _written(workshop: Workshop, vote: Vote) -> dict[str, str]:
    """A vote as the form shows it."""
    about = vote.indicator_id
    if workshop.announced.method is Method.TWO_AXES:
        scores = {axis: score(vote.choice, axis) for axis in Axis}
        return {f"{axis.value}-{about}": "-" if given is None else str(given) for axis, given in scores.items()}
    return {f"choice-{about}": vote.choice, f"reason-{about}": vote.reason}


async def enter(request: Request) -> Response:
    """One person's paper: what holds is counted, or all of it comes back as typed."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    form = await typed(request)
    who: dict[str, Any] = {"lab": str(form.get("lab", "")), "initials": str(form.get("initials", "")), "by": viewer}
    try:
        async with transaction(request) as session:
            workshop = await agenda.get(session, workshop_id)
            if workshop.announced.method is Method.CONSENT:
                said: dict[str, Any] = {"position": str(form.get("choice", "")), "text": str(form.get("text", ""))}
                read = str(form.get("set", "")) or None
                await handwritten.enter_position(session, workshop_id, **who, **said, read=read)
            else:
                round = _number(form.get("round"))
                await handwritten.enter(session, workshop_id, **who, ballots=_ballots(form), round=round)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            values = await _ballot(session, await agenda.get(session, workshop_id))
        return again(request, "handwritten/new.html", refusal, **values, form=form, copied="", key=world.new_id())
    return done(request, f"/ateliers/{workshop_id}/papier?fait=oui")


def _ballots(form: Mapping[str, Any]) -> list[Ballot]:
    """What was ticked, indicator by indicator: `wording-…`, then `choice-…` and `reason-…`, or a score on each axis."""
    ballots = []
    for name, value in form.items():
        about, number = name.removeprefix("wording-"), _number(value)
        if about == name or number is None:
            continue
        scores = [str(form.get(f"{axis.value}-{about}", "")).strip() for axis in Axis]
        choice = str(form.get(f"choice-{about}", "")) or ("/".join(scores) if any(scores) else "")
        if choice:
            ballots.append(Ballot(about, number, choice, str(form.get(f"reason-{about}", ""))))
    return ballots


def _number(said: Any) -> int | None:
    """The number of a text or of a round, as a hidden field says it."""
    return int(said) if re.fullmatch("[0-9]{1,6}", str(said)) else None


async def withdraw(request: Request) -> Response:
    """Take back all that was copied for somebody."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with transaction(request) as session:
        await handwritten.withdraw(session, workshop_id, request.path_params["member"], by=viewer)
    return done(request, f"/ateliers/{workshop_id}/papier")
