"""Memberships: who is of a lab, who asks to be, who answers."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server.forms import BecauseForm, read
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import invitations, labs, memberships, people
from workshops.invitations import IN_A_LAB
from workshops.people import Person
from workshops.refusals import NotThus


async def team(request: Request) -> Response:
    """A lab's members and requests, for those who answer for it."""
    viewer = signed_in(request)
    async with reading(request) as session:
        values = await _team(session, request.path_params["slug"], viewer)
    return page(request, "memberships/team.html", **values, errors={}, wrong="")


async def _team(session: AsyncSession, slug: str, viewer: Person) -> dict[str, Any]:
    lab = await labs.get(session, slug)
    await memberships.require_referent(session, slug, viewer)
    everyone = await memberships.team(session, slug)
    return {
        "lab": lab,
        "vouched": await people.vouched(session, [person.id for _membership, person in everyone]),
        "waiting": [line for line in everyone if line[0].waits],
        "members": [line for line in everyone if line[0].stands],
        "pending": await invitations.pending(session, lab_slug=slug),
        "roles": IN_A_LAB,
    }


async def ask(request: Request) -> Response:
    """Ask to be of a lab."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await memberships.ask(session, request.path_params["slug"], by=viewer)
    return done(request, "/compte#laboratoires")


async def approve(request: Request) -> Response:
    """Yes, this person is of the lab."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await memberships.approve(session, request.path_params["membership"], by=viewer)
    return await _done(request)


async def name_referent(request: Request) -> Response:
    """This member answers for the lab too."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await memberships.name_referent(session, request.path_params["membership"], by=viewer)
    return await _done(request)


async def decline(request: Request) -> Response:
    """No, and why."""
    return await _explain(request, memberships.decline)


async def end(request: Request) -> Response:
    """Leave a lab, or end somebody's membership and say why."""
    return await _explain(request, memberships.end)


async def _explain(request: Request, verb: Callable[..., Awaitable[object]]) -> Response:
    """What is done with a reason; without one, the team's page asks for it."""
    viewer = signed_in(request)
    membership_id = request.path_params["membership"]
    try:
        form = await read(request, BecauseForm)
        async with transaction(request) as session:
            await verb(session, membership_id, because=form.because, by=viewer)
    except NotThus as refusal:
        return await _again(request, viewer, membership_id, refusal)
    return await _done(request)


async def _done(request: Request) -> Response:
    """Back to one's own labs, or to the team. Read again: a sending already answered gave nothing back."""
    async with reading(request) as session:
        membership = await memberships.get(session, request.path_params["membership"])
    own = membership.person_id == signed_in(request).id
    return done(request, "/compte#laboratoires" if own else f"/laboratoires/{membership.lab_slug}/equipe")


async def _again(request: Request, viewer: Person, membership_id: str, refusal: NotThus) -> Response:
    """The team's page, with what is missing beside the person it is about."""
    async with reading(request) as session:
        membership = await memberships.get(session, membership_id)
        values = await _team(session, membership.lab_slug, viewer)
    return again(request, "memberships/team.html", refusal, **values, wrong=membership_id)
