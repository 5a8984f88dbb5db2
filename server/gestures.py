"""Gestures: a form's transaction, and the answer that carries its number."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from server import forms, sessions, templating
from server.ballotbox import BallotBox
from server.entrance import Arrival, Entrance
from server.i18n import gettext as _
from server.provider import new_token
from workshops.guests import Guest
from workshops.journal import AlreadyDone, Sending
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.votes import Counted, Paper
from workshops.words import N_

NAMES = {NotFound: "introuvable", NotYours: "pas_permis", NotNow: "pas_maintenant", NotThus: "a_corriger"}
LONGEST_WAIT = timedelta(days=1)  # a receipt lives no longer
TITLES = {
    403: N_("Ce geste ne vous est pas ouvert"),
    404: N_("Introuvable"),
    409: N_("Pas à ce moment"),
    422: N_("À corriger"),
}


@asynccontextmanager
async def transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """One transaction for one form: begin, commit, ring. The same `Idempotency-Key` twice is one gesture."""
    async with request.app.state.database.transaction(await sending(request)) as session:
        yield session
    request.state.gestures = session.info.get("gestures", {})


async def vote(request: Request, paper: Paper) -> Counted | None:
    """Put a paper in the ballot box; None when this very sending was already counted."""
    try:
        counted = await BallotBox.of(request).cast(paper)
    except AlreadyDone as done:
        request.state.gestures = {done.workshop_id: done.number}
        return None
    request.state.gestures = {counted.workshop_id: counted.vote.gesture}
    return counted


async def enter(request: Request, response: Response, workshop_id: str, guest: Guest) -> None:
    """Seat a guest: `response` gets the cookie by which this browser is them from now on."""
    arrival = Arrival(guest, new_token(), sessions.browser(request))
    entered = await Entrance.of(request).enter(workshop_id, arrival)
    request.state.gestures = {workshop_id: entered.number}
    sessions.welcome(request, response, entered.person, arrival.token)


@asynccontextmanager
async def reading(request: Request) -> AsyncIterator[AsyncSession]:
    """A session to show a page: it changes nothing."""
    async with request.app.state.database.reading() as session:
        yield session


@asynccontextmanager
async def asking(request: Request) -> AsyncIterator[AsyncSession]:
    """A session for questions whose answers need not be of the same moment: it costs less."""
    async with request.app.state.database.asking() as session:
        yield session


async def sending(request: Request) -> Sending | None:
    """The key of this sending and the digest of what it carries; None without a key."""
    form = await forms.sent(request)
    key = request.headers.get("idempotency-key") or str(form.get("key", ""))
    if not key:
        return None
    if len(key) > 100:
        raise NotThus({"key": N_("Cent caractères au plus.")})
    fields = sorted((name, forms.told(request, value)) for name, value in form.multi_items() if name != "key")
    text = request.url.path + "?" + urlencode(fields)
    return Sending(key, hashlib.sha256(text.encode()).hexdigest())


def waited(request: Request) -> timedelta:
    """How long ago this was said, on a device that the network had left: it tells milliseconds in `X-Attente`."""
    said = request.headers.get("x-attente", "")
    if not (said.isascii() and said.isdigit() and len(said) < 12):
        return timedelta()
    return min(timedelta(milliseconds=int(said)), LONGEST_WAIT)


def wants_json(request: Request) -> bool:
    """Whether the client is a program."""
    return "application/json" in request.headers.get("accept", "")


def done(request: Request, to: str, *, html: str | None = None, **more: Any) -> Response:
    """The answer to a gesture: JSON for a program, the touched blocks for htmx, a redirection for a plain form."""
    number = next(iter(request.state.gestures.values()), None)
    headers = {} if number is None else {"X-Geste": str(number)}
    if wants_json(request):
        return JSONResponse({"geste": number, **more}, headers=headers)
    if html is not None and templating.is_partial(request):
        return HTMLResponse(html, headers=headers)
    return RedirectResponse(to, status_code=303, headers=headers)


def sentence(refusal: Refusal) -> str:
    """What the person reads."""
    return _(refusal.sentence).format(**{name: _(str(value)) for name, value in refusal.values.items()})


def errors(refusal: NotThus) -> dict[str, str]:
    """The sentence beside each field."""
    return {field: _(reason).format(**refusal.values) for field, reason in refusal.fields.items()}


def as_json(refusal: Refusal) -> JSONResponse:
    """A refusal for a program."""
    name = next((name for kind, name in NAMES.items() if isinstance(refusal, kind)), "refus")
    body: dict[str, Any] = {"refus": name, "raison": sentence(refusal), **refusal.told}
    if isinstance(refusal, NotThus):
        body["champs"] = errors(refusal)
    return JSONResponse(body, status_code=refusal.status)


def again(
    request: Request, template: str, refusal: Refusal, *, part: tuple[str, str] | None = None, **values: Any
) -> Response:
    """The form once more, with what was typed and a sentence beside each field (or JSON for a program).

    `part`: the (template, block) that htmx puts back in its page, when that is less than the whole.
    """
    if wants_json(request):
        return as_json(refusal)
    values["errors"] = errors(refusal) if isinstance(refusal, NotThus) else {}
    values["refused"] = None if isinstance(refusal, NotThus) else sentence(refusal)
    if part and templating.is_partial(request):
        return templating.redraw(request, *part, status_code=refusal.status, **values)
    return templating.page(request, template, status_code=refusal.status, **values)


def refused(request: Request, refusal: Exception) -> Response:
    """Any refusal a page did not draw itself: JSON, a notice that leaves forms as they are, or a page."""
    assert isinstance(refusal, Refusal)
    if wants_json(request):
        return as_json(refusal)
    said = {
        "status": refusal.status,
        "title": _(TITLES.get(refusal.status, N_("Refusé"))),
        "sentence": sentence(refusal),
        "reference": refusal.told.get("reference", ""),
        "links": refusal.links,
        "versions": refusal.told.get("versions", ()),
    }
    if isinstance(refusal, NotThus):
        said["sentence"] = " ".join(errors(refusal).values()) or said["sentence"]
    if templating.is_partial(request):
        html = templating.block("refused.html", "refusal", **said)
        headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
        return HTMLResponse(html, status_code=refusal.status, headers=headers)
    return templating.page(request, "refused.html", status_code=refusal.status, **said)
