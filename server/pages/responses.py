"""Responses: answering a survey, one question a screen, without an account."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import witnessing
from server.forms import sent
from server.gestures import again, done, reading, transaction
from server.i18n import gettext as _
from server.templating import page
from workshops import personal, responses, surveys, touchpoints
from workshops.questionnaires import ANSWER_LENGTH, Kind
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.responses import Own
from workshops.texts import clean
from workshops.words import N_

Page = Callable[[Request], Awaitable[Response]]

KEPT, REMOVED = "keep", "remove"  # what one wants done with personal data in a text


def _private(shown: Page) -> Page:
    """A page for whoever holds its address: nobody after them finds it again on the same screen."""

    @wraps(shown)
    async def kept(request: Request) -> Response:
        response = await shown(request)
        response.headers.update(witnessing.HEADERS)
        return response

    return kept


@_private
async def own(request: Request) -> Response:
    """Thanks, once it is ended; what is kept, if it cannot be ended any more; else where one was."""
    found = await _own(request)
    if found.known.is_open and not found.response.ended_at:
        return RedirectResponse(_address(request, found.resumes), status_code=303)
    return page(request, "responses/own.html", **await _thanks(request, found), refused=None)


@_private
async def step(request: Request) -> Response:
    """One question, with what was answered to it."""
    found = await _own(request)
    place = int(request.path_params["place"])
    if place > len(found.survey.asks):
        raise NotFound(N_("Cette question n'existe pas, ou ne vous est pas posée."))
    if found.response.ended_at or not found.known.is_open or place not in found.asked:
        return RedirectResponse(_address(request), status_code=303)
    missing = request.query_params.get("reste") == "oui"
    return page(request, "responses/step.html", **_step(request, found, place), errors={}, missing=missing)


@_private
async def answer(request: Request) -> Response:
    """Save one answer, then go to the next question. What cannot be saved comes back as it was typed."""
    place = int(request.path_params["place"])
    found = await _own(request)
    try:
        chosen, text = await _given(request, found, place)
        async with transaction(request) as session:
            found = await responses.answer(session, request.path_params["respondent"], place, chosen=chosen, text=text)
    except NotThus as refusal:
        typed = [str(each) for each in (await sent(request)).getlist("answer")]
        traced = personal.traces(typed[0]) if "personal" in refusal.fields and typed else []
        shown = {**_step(request, found, place), "chosen": typed, "text": typed[0] if typed else "", "traced": traced}
        return again(request, "responses/step.html", refusal, **shown, missing=False)
    except NotNow as refusal:
        return again(request, "responses/own.html", refusal, **await _thanks(request, found))
    to = _next(request, found, place)
    return done(request, to, suite=to)


async def _given(request: Request, found: Own, place: int) -> tuple[list[str], str]:
    """What was sent: numbers of choices, and a text. Raises NotThus when it tells personal data and nothing says what to do."""
    form = await sent(request)
    chosen = [] if form.get("skip") else [str(each) for each in form.getlist("answer")]
    is_text = place in found.asked and found.survey.asks[place - 1].kind is Kind.TEXT
    text = clean(chosen[0]) if chosen and is_text else ""
    # What is too long is refused anyway: a whole body of it would be long to look through.
    traces = personal.traces(text) if is_text and len(text) <= ANSWER_LENGTH else []
    if traces and form.get("personal") == REMOVED:
        text = personal.without(text)
    elif traces and form.get("personal") != KEPT:
        raise NotThus({"personal": N_("Votre réponse contient une donnée personnelle : dites ce qu'il faut en faire.")})
    return chosen, text


def _next(request: Request, found: Own, place: int) -> str:
    """The next question; one that was skipped and must be answered; or the end."""
    following = next((each for each in found.asked if each > place), None)
    if following:
        return _address(request, following)
    return _address(request, found.missing) + "?reste=oui" if found.missing else _address(request)


def _address(request: Request, place: int | None = None) -> str:
    base = f"/enquetes/reponses/{request.path_params['respondent']}"
    return f"{base}/{place}" if place else base


async def _own(request: Request) -> Own:
    async with reading(request) as session:
        return await responses.own(session, request.path_params["respondent"])


def _step(request: Request, found: Own, place: int) -> dict[str, Any]:
    """What one question's screen shows; `chosen` and `text` are what was answered before."""
    asked = found.asked
    at = asked.index(place) if place in asked else 0
    before = found.answers.get(place)
    return {
        "survey": found.survey,
        "question": found.survey.asks[place - 1],
        "action": _address(request, place),
        "number": at + 1,
        "count": len(asked),
        "back": _address(request, asked[at - 1]) if at else f"/enquetes/{found.survey.id}",
        "is_first": at == 0,
        "is_answered": before is not None and not before.is_empty,
        "chosen": [str(number) for number in before.chosen] if before else [],
        "text": before.text if before else "",
        "traced": [],
    }


async def _thanks(request: Request, found: Own) -> dict[str, Any]:
    async with reading(request) as session:
        point = await touchpoints.get(session, found.survey.touchpoint_id)
        met = await touchpoints.met(session, point.token)  # where its link leads now
        offered = await surveys.standing(session, met.point.id)
    others = [each for each in offered if each.id != found.survey.id]
    title = _("Merci") if found.response.ended_at else _("Cette enquête est finie")
    return {"survey": found.survey, "found": found, "lab": met.lab, "point": met.point, "title": title, "offered": others}
