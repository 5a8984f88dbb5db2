"""Signing in and out: through the provider, or by a link."""

import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import identity, limits, sessions
from server.gestures import transaction
from server.limits import Limits
from server.protection import is_same_origin
from server.provider import Attempt, Proof, Provider, SignInFailed, new_token
from server.templating import page
from workshops.words import N_

logger = logging.getLogger(__name__)


async def start(request: Request) -> Response:
    """Leave for the provider; `suite` says where to come back on this site, `ajouter` to sign in that way too."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        next_path = identity.local_path(request.query_params.get("suite"))
        return page(request, "signin/unavailable.html", next_path=next_path)
    await Limits.of(request).spend((limits.SIGN_INS, limits.who(request)))
    # Another site may send somebody here, not choose what comes of it.
    adds = "ajouter" in request.query_params and is_same_origin(request.headers)
    viewer = identity.person(request) if adds else None
    attempt = provider.attempt(identity.local_path(request.query_params.get("suite")), viewer.id if viewer else None)
    try:
        address = await provider.address(attempt)
    except SignInFailed as failure:
        return _failed(request, failure, attempt.next_path)
    response = RedirectResponse(identity.without_host(request.app.state.settings, address), 303)
    async with transaction(request) as session:
        await identity.remember(request, session, response, attempt)
    return response


async def back(request: Request) -> Response:
    """Back from the provider, proved or not: the attempt is over either way."""
    try:
        async with transaction(request) as session:
            attempt = await identity.resume(request, session, request.query_params.get("state", ""))
    except SignInFailed as failure:
        return _failed(request, failure)
    return await _enter(request, attempt)


async def _enter(request: Request, attempt: Attempt) -> Response:
    provider: Provider = request.app.state.provider
    try:
        proof = await provider.prove(request.query_params, attempt)
    except SignInFailed as failure:
        return _failed(request, failure, attempt.next_path)
    response = RedirectResponse(attempt.next_path, 303)
    if attempt.person_id:
        return await _add(request, attempt, proof, response)
    async with transaction(request) as session:
        person = await identity.recognise(session, proof)
        await sessions.begin(request, session, response, person, account=True, id_token=proof.id_token)
    return response


async def _add(request: Request, attempt: Attempt, proof: Proof, response: Response) -> Response:
    """The proof is one more way in to the account that asked, if its session still runs here."""
    viewer = identity.signed_in(request)
    if viewer.id != attempt.person_id:
        failure = SignInFailed(N_("Ce navigateur a changé de compte entre-temps. Recommencez depuis « Mon compte »."))
        return _failed(request, failure, attempt.next_path)
    async with transaction(request) as session:
        await identity.adopt(session, viewer, proof)
    return response


async def by_link(request: Request) -> Response:
    """Come in by a link an administrator gave. What only looks at it (HEAD) uses nothing."""
    response = RedirectResponse(identity.local_path(request.query_params.get("suite")), 303)
    if request.method == "HEAD":
        return response
    try:
        async with transaction(request) as session:
            person = await identity.redeem(session, request.path_params["token"])
            await sessions.begin(request, session, response, person, account=True)
    except SignInFailed as failure:
        await Limits.of(request).spend((limits.WRONG_LINKS, limits.who(request)))
        return _failed(request, failure)
    return response


async def out(request: Request) -> Response:
    """Sign out here, then at the provider when it knows this browser."""
    async with transaction(request) as session:
        id_token = await sessions.end(request, session)
    state = new_token()
    address = await _farewell(request, id_token, state)
    response = _leave(request, address)
    sessions.forget(request, response)
    if address != "/":
        identity.expect_farewell(request, response, state)
    return response


async def gone(request: Request) -> Response:
    """Back from the provider, signed out there too; a return that this browser did not leave for changes nothing."""
    response = RedirectResponse("/", 303)
    if not identity.take_farewell(request, response, request.query_params.get("state", "")):
        logger.warning("sign-out: a return that answers no sign-out of this browser")
    return response


async def _farewell(request: Request, id_token: str | None, state: str) -> str:
    """Where one goes after signing out. A provider that is down keeps nobody from leaving."""
    provider: Provider | None = request.app.state.provider
    if provider is None or id_token is None:
        return "/"
    try:
        address = await provider.farewell(id_token, state)
    except SignInFailed as failure:
        logger.warning("sign-out: %s (%s)", failure.sentence, failure.cause)
        return "/"
    return identity.without_host(request.app.state.settings, address or "/")


def _leave(request: Request, address: str) -> Response:
    """Go on to `address`. Under `form-action 'self'` a form may not redirect to another site: a page takes one there."""
    if address.startswith("/"):
        return RedirectResponse(address, 303)
    response = page(request, "signin/out.html", address=address)
    response.headers["Refresh"] = f"0; url={address}"
    return response


def _failed(request: Request, failure: SignInFailed, next_path: str = "/") -> Response:
    logger.warning("sign-in: %s (%s)", failure.sentence, failure.cause)
    return page(
        request, "signin/failed.html", status_code=failure.status, sentence=failure.sentence, next_path=next_path
    )
