"""One's account: what is kept of a person, where they are signed in, and how to leave."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from server import identity, sessions
from server.gestures import done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import accounts, attachments, belongings, credits, labs, memberships, people, queues
from workshops.canonical import timestamp
from workshops.people import Person, Role


async def show(request: Request) -> Response:
    """Who one is here: roles, labs, devices, data."""
    viewer = signed_in(request)
    async with reading(request) as session:
        values = await _account(request, session, viewer)
    return page(request, "account/show.html", **values)


async def _account(request: Request, session: AsyncSession, viewer: Person) -> dict[str, Any]:
    here = await sessions.here(request, session)
    guest = await people.get(session, here.guest_id) if here and here.guest_id else None
    roles = await people.roles(session, viewer)
    names = await labs.called(session)
    return {
        "identities": await people.identities(session, viewer),
        "roles": [role for role in Role if role in roles],
        "may_administer": Role.PUBLISHER in roles,
        "waiting": await queues.waiting(session, by=viewer),
        "memberships": [(each, names[each.lab_slug]) for each in await memberships.told(session, viewer)],
        "suggested": await _suggested(session, viewer),
        "credit": await credits.given(session, viewer),
        "sessions": await sessions.of(session, viewer),
        "here": here.id if here else None,
        "guest": guest,
        "guest_seats": await attachments.seats_of(session, guest) if guest else [],
        "guest_did": await accounts.done_by(session, guest) if guest else {},
    }


async def _suggested(session: AsyncSession, viewer: Person) -> tuple[str, str] | None:
    slug = await memberships.suggested(session, viewer)
    return (slug, (await labs.get(session, slug)).name) if slug else None


async def close(request: Request) -> Response:
    """Sign out one of one's devices."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        here = await sessions.here(request, session)
        await sessions.close(session, viewer, request.path_params["session"])
    response = done(request, "/compte#appareils")
    if here and here.id == request.path_params["session"]:
        response = RedirectResponse("/", 303)
        sessions.forget(request, response)
    return response


async def close_others(request: Request) -> Response:
    """Sign out everywhere but here."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        here = await sessions.here(request, session)
        await sessions.close_all(session, [viewer.id], but=here)
    return done(request, "/compte#appareils")


async def attach(request: Request) -> Response:
    """What this device did as a guest is the account's from now on."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        here = await sessions.here(request, session)
        if here and here.guest_id:
            await attachments.attach(session, await people.get(session, here.guest_id), by=viewer)
            await sessions.forget_guest(request, session)
    return done(request, "/compte")


async def leave_guest(request: Request) -> Response:
    """That guest was somebody else, on a device that several people use: never mentioned again."""
    signed_in(request)
    async with transaction(request) as session:
        await sessions.forget_guest(request, session)
    return done(request, "/compte")


async def remove_identity(request: Request) -> Response:
    """One way to sign in less."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await accounts.remove_identity(session, request.path_params["identity"], by=viewer)
    return done(request, "/compte")


async def credit(request: Request) -> Response:
    """Agree to be named beside one's texts in published versions."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await credits.give(session, by=viewer)
    return done(request, "/compte#citation")


async def withdraw_credit(request: Request) -> Response:
    """Be named there no more."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await credits.withdraw(session, by=viewer)
    return done(request, "/compte#citation")


async def data(request: Request) -> Response:
    """All that is kept of oneself, as a file."""
    viewer = signed_in(request)
    async with reading(request) as session:
        kept = await belongings.of(session, await people.get(session, viewer.id))
        kept["appareils"] = [
            {"appareil": each.browser, "ouvert_le": timestamp(each.created_at), "vu_le": timestamp(each.seen_at)}
            for each in await sessions.of(session, viewer)
        ]
    headers = {"Content-Disposition": 'attachment; filename="mes-donnees.json"', "Cache-Control": "no-store"}
    return JSONResponse(kept, headers=headers)


async def farewell(request: Request) -> Response:
    """What erasing one's account does, before it is done."""
    viewer = signed_in(request)
    async with reading(request) as session:
        did = await accounts.done_by(session, viewer)
    return page(request, "account/farewell.html", did=did, nobody=accounts.NOBODY)


async def erase(request: Request) -> Response:
    """Forget who one is; what one wrote in public stays, under nobody's name."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await identity.forget(session, await accounts.erase(session, by=viewer))
    request.state.person = None
    response = page(request, "account/erased.html", nobody=accounts.NOBODY)
    sessions.forget(request, response)
    return response
