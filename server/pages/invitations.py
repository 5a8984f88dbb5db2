"""Invitations: hand a role on by a link, accept one, take one back."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server import cookies, identity
from server.forms import InvitationForm, read
from server.gestures import done, reading, transaction, wants_json
from server.identity import signed_in
from server.provider import new_token
from server.templating import page
from workshops import agenda, invitations, people
from workshops.agenda import Workshop
from workshops.invitations import Invitation
from workshops.labs import Lab
from workshops.people import Role
from workshops.refusals import NotNow
from workshops.words import N_


async def for_workshop(request: Request) -> Response:
    """Who may lead a workshop with its facilitator: the invitations that are open, and one more."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        workshop = await agenda.get(session, workshop_id)
        await agenda.require_member(session, workshop, viewer, Role.FACILITATOR)
        pending = await invitations.pending(session, workshop_id=workshop_id)
        leading = await agenda.leading(session, workshop_id)
    return page(request, "invitations/for_workshop.html", workshop=workshop, pending=pending, leading=leading)


async def make(request: Request) -> Response:
    """An invitation; its link is shown once, since only its hash is kept."""
    viewer = signed_in(request)
    form = await read(request, InvitationForm)
    token, invitation = new_token(), None
    async with transaction(request) as session:
        invitation = await invitations.invite(
            session,
            form.role,
            token_hash=cookies.digest(token),
            workshop_id=form.workshop or None,
            lab_slug=form.lab or None,
            by=viewer,
        )
        place = await invitations.place(session, invitation)
    if invitation is None:  # the same sending again: of the link, only the hash was kept
        raise NotNow(N_("Cette invitation est déjà faite, et son lien ne se montre qu'une fois. Faites-en une autre."))
    address = f"{request.app.state.settings.public_url}/invitation/{token}"
    if wants_json(request):
        return done(request, address, invitation=invitation.id, lien=address)
    response = page(request, "invitations/made.html", **_told(invitation, place), address=address)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Geste"] = str(next(iter(request.state.gestures.values())))
    return response


async def show(request: Request) -> Response:
    """What an invitation offers, and from whom; nothing is taken by looking."""
    async with reading(request) as session:
        values = await _offered(request, session)
    return page(request, "invitations/show.html", **values)


async def _offered(request: Request, session: AsyncSession) -> dict[str, Any]:
    viewer = identity.person(request)
    invitation = await invitations.find(session, cookies.digest(request.path_params["offer"]))
    place = await invitations.place(session, invitation)
    return {
        **_told(invitation, place),
        "author": await people.get(session, invitation.by_id),
        "viewer": viewer,
        "has_account": viewer is not None and await people.has_account(session, viewer),
        "is_mine": viewer is not None and invitation.accepted_by_id == viewer.id,
        "token": request.path_params["offer"],
    }


async def accept(request: Request) -> Response:
    """Take the role."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await invitations.accept(session, cookies.digest(request.path_params["offer"]), by=viewer)
    async with reading(request) as session:
        invitation = await invitations.find(session, cookies.digest(request.path_params["offer"]))
    return done(request, _home(invitation))


async def withdraw(request: Request) -> Response:
    """Take back an invitation that nobody used."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await invitations.withdraw(session, request.path_params["invitation"], by=viewer)
    async with reading(request) as session:
        invitation = await invitations.get(session, request.path_params["invitation"])
    return done(request, _desk(invitation))


def _told(invitation: Invitation, place: Workshop | Lab | None) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "workshop": place if isinstance(place, Workshop) else None,
        "lab": place if isinstance(place, Lab) else None,
        "desk": _desk(invitation),
    }


def _home(invitation: Invitation) -> str:
    """Where the role is used."""
    return f"/ateliers/{invitation.workshop_id}" if invitation.workshop_id else "/compte"


def _desk(invitation: Invitation) -> str:
    """Where it was made."""
    if invitation.workshop_id:
        return f"/ateliers/{invitation.workshop_id}/invitations"
    return f"/laboratoires/{invitation.lab_slug}/equipe" if invitation.lab_slug else "/administration"


