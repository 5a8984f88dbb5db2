"""Rules: read the announced one, announce it, open a round."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import identity, scenes
from server.forms import RoundForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, rules, world
from workshops.refusals import NotNow, NotThus


async def show(request: Request) -> Response:
    """How the workshop decides; whoever leads may say it until the vote opens."""
    viewer = identity.person(request)
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        member = await agenda.seat(session, workshop.id, viewer)
    seat = scenes.seat_name(member)
    may_announce = seat == "facilitator" and workshop.is_open and workshop.rule_locked_at is None
    return page(
        request,
        "rules/show.html",
        workshop=workshop,
        rule=workshop.announced,
        may_announce=may_announce,
        form=rules.write(workshop.announced),
        errors={},
        key=world.new_id(),
    )


async def announce(request: Request) -> Response:
    """Say how the workshop will decide. Once the vote has opened, what was typed comes back with the reason."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    form = await typed(request)
    try:
        async with transaction(request) as session:
            await rules.announce(session, workshop_id, rules.read(form), by=viewer)
    except (NotThus, NotNow) as refusal:
        async with reading(request) as session:
            workshop = await agenda.get(session, workshop_id)
        values: dict[str, Any] = {"workshop": workshop, "rule": workshop.announced, "may_announce": workshop.rule_locked_at is None}
        form = rules.write(workshop.announced) | form
        return again(request, "rules/show.html", refusal, **values, form=form, key=world.new_id())
    return done(request, f"/ateliers/{workshop_id}/regle")


async def open_round(request: Request) -> Response:
    """Everybody answers once more, having seen what the group said."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    form = await read(request, RoundForm)
    async with transaction(request) as session:
        await rules.open_round(session, workshop_id, form.round, by=viewer)
    return done(request, f"/ateliers/{workshop_id}", html="")
