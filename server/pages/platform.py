"""The platform: who holds which role, and the journal of what was given and taken back."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import exports, identity, paging, registers
from server.gestures import done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import audit, invitations, labs, memberships, roles
from workshops.people import PLATFORM_ROLES

ON_A_PAGE = 200  # lines of the journal


async def administration(request: Request) -> Response:
    """Roles that stand, requests that wait, invitations that are open: for DITP's publishers."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await roles.require_administrator(session, viewer)
        names = await labs.called(session)
        return page(
            request,
            "platform/administration.html",
            standing=await roles.standing(session),
            waiting=[(each, who, names[each.lab_slug]) for each, who in await memberships.waiting(session)],
            pending=await invitations.pending(session),
            roles=PLATFORM_ROLES,
        )


async def withdraw_role(request: Request) -> Response:
    """Take a role back."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await roles.withdraw(session, request.path_params["granting"], by=viewer)
    return done(request, "/administration")


async def minutes(request: Request) -> Response:
    """The platform's journal: its public part for everyone, all of it for auditors and DITP. Its last page first."""
    viewer = identity.person(request)
    async with reading(request) as session:
        gestures = (await audit.head(session)).gestures
        at = paging.paged(paging.asked(request), gestures, ON_A_PAGE, last=True)
        sees_all = await roles.may_audit(session, viewer)
        scene = await registers.platform(session, sees_all=sees_all, first=at.offset + 1, last=at.offset + at.size)
    return page(request, "platform/minutes.html", scene=scene, gestures=gestures, number=at.number, pages=at.pages)


async def minutes_json(request: Request) -> Response:
    """The public part as data; a line that is not public keeps its place in the chain, and nothing else."""
    async with reading(request) as session:
        written = exports.platform(await audit.head(session), await audit.entries(session))
    headers = {"Cache-Control": "no-cache", "Content-Disposition": 'inline; filename="registre-plateforme.json"'}
    return JSONResponse(written, headers=headers)
