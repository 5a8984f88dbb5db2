"""Mailbox: signing in by a link sent to one's address."""

from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import identity, limits, maillinks, sessions
from server.forms import MailForm, NameForm, read, typed
from server.gestures import again, reading, sentence, transaction
from server.limits import Limits, TooMany
from server.mail import Post
from server.maillinks import Elsewhere
from server.provider import SignInFailed
from server.templating import page
from workshops.refusals import NotNow, NotThus
from workshops.words import N_


async def new(request: Request) -> Response:
    """Say which mailbox one reads; nothing is asked besides."""
    form = {"address": "", "suite": identity.local_path(request.query_params.get("suite"))}
    return page(request, "mailbox/new.html", form=form, errors={}, refused=None)


async def ask(request: Request) -> Response:
    """Send a link to that mailbox. Nobody is looked up, so the answer is the same whoever reads it."""
    settings = request.app.state.settings
    form = await typed(request)
    if not settings.sends_mail:
        return again(request, "mailbox/new.html", _unavailable(), form=form)
    try:
        asked = await read(request, MailForm)
        address = maillinks.clean(asked.address)
    except NotThus as refusal:
        return again(request, "mailbox/new.html", refusal, form=form)
    next_path = identity.local_path(asked.suite)
    in_console = not settings.smtp_url
    response = page(request, "mailbox/sent.html", address=address, next_path=next_path, in_console=in_console)
    browser = identity.await_letter(request, response, maillinks.LIFE)
    try:
        await Limits.of(request).spend(
            (limits.LETTERS_OF_A_NETWORK, limits.network(request)),
            (limits.LETTERS_OF_A_BROWSER, browser),
            (limits.LETTERS_TO_AN_ADDRESS, address),
        )
    except TooMany as refusal:
        return _too_many(request, refusal, form)
    async with transaction(request) as session:
        token = await maillinks.make(session, address, browser=browser, next_path=next_path)
    Post.of(request).send(maillinks.letter(settings, address, token))
    return response


async def confirm(request: Request) -> Response:
    """One button. What fetches links by itself, a filter or a preview, signs nobody in and uses nothing."""
    try:
        async with reading(request) as session:
            link = await maillinks.find(session, _token(request), browser=identity.awaits_letter(request))
            is_new = await maillinks.is_new(session, link)
    except (Elsewhere, SignInFailed) as failure:
        return await _closed(request, failure)
    response = page(
        request, "mailbox/confirm.html", address=link.address, is_new=is_new, token=_token(request), form={}, errors={}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def enter(request: Request) -> Response:
    """Come in by the link, in the browser that asked for it."""
    form = await read(request, NameForm)
    browser = identity.awaits_letter(request)
    try:
        async with transaction(request) as session:
            person, next_path = await maillinks.use(session, _token(request), browser=browser, name=form.name)
            response = RedirectResponse(next_path, 303)
            await sessions.begin(request, session, response, person, account=True)
    except (Elsewhere, SignInFailed) as failure:
        return await _closed(request, failure)
    except NotThus as refusal:
        async with reading(request) as session:
            link = await maillinks.find(session, _token(request), browser=browser)
        told: dict[str, Any] = {"address": link.address, "is_new": True, "token": _token(request)}
        return again(request, "mailbox/confirm.html", refusal, form=await typed(request), **told)
    return response


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token


async def _closed(request: Request, failure: Elsewhere | SignInFailed) -> Response:
    """The link does not open: another browser asked for it, or it is over. Trying many is not for long."""
    is_elsewhere = isinstance(failure, Elsewhere)
    if not is_elsewhere:
        await Limits.of(request).spend((limits.WRONG_LINKS, limits.who(request)))
    return page(
        request,
        "mailbox/closed.html",
        status_code=failure.status,
        sentence=sentence(failure),
        is_elsewhere=is_elsewhere,
    )


def _unavailable() -> NotNow:
    return NotNow(N_("Ce site n'envoie pas de courriel : la connexion par courriel n'y est pas proposée."))


def _too_many(request: Request, refusal: TooMany, form: dict[str, str]) -> Response:
    """The form once more, and when to come back."""
    told = NotNow(
        N_("Trop de liens ont été demandés. Réessayez dans {minutes} min, ou cherchez les courriels déjà reçus."),
        minutes=ceil(refusal.seconds / 60),
    )
    told.status = refusal.status_code
    response = again(request, "mailbox/new.html", told, form=form)
    response.headers.update(refusal.headers or {})
    return response
