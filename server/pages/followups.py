"""Followups: a testimonial as its author completes it and finds it again, by a private link."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from server import limits, witnessing
from server.forms import AppealForm, TakeBackForm, TellForm, read, texts
from server.gestures import again, as_json, done, reading, sentence, transaction, wants_json
from server.limits import Limits
from server.templating import page
from server.witnessing import Revealing
from workshops import answers, moderation, personal, surveys, testimonials, touchpoints, withdrawals
from workshops.moderation import Verdict
from workshops.refusals import NotFound, NotNow, NotThus, Refusal
from workshops.testimonials import Capacity, Face, Own
from workshops.words import N_

Page = Callable[[Request], Awaitable[Response]]

CONSENTS = ("may_publish", "may_cite", "wants_contact")


def _private(shown: Page) -> Page:
    """A page for whoever holds its address. A key that opens nothing is told so; whatever was written again or erased
    leaves nothing of what it was."""

    @wraps(shown)
    async def kept(request: Request) -> Response:
        try:
            response = await shown(request)
        except NotFound as refusal:
            await Limits.of(request).spend((limits.WRONG_KEYS, limits.who(request)))
            response = _lost(request, refusal)
        if request.method == "POST" and response.status_code < 400:
            response.background = BackgroundTask(request.app.state.database.scrub)
        response.headers.update(witnessing.HEADERS)
        return response

    return kept


def _lost(request: Request, refusal: NotFound) -> Response:
    if wants_json(request):
        return as_json(refusal)
    return page(request, "followups/lost.html", status_code=refusal.status, sentence=sentence(refusal))


@_private
async def own(request: Request) -> Response:
    """One's own testimonial: the rest to tell while there is only a face, then where it stands.

    `corriger` asks to write again, `fini` to leave it there.
    """
    asked = request.query_params
    async with reading(request) as session:
        values = await _followed(request, session)
    own: Own = values["own"]
    writes = own.may_correct and ("corriger" in asked or (own.testimonial.told_at is None and "fini" not in asked))
    values |= {"writes": writes, "form": _as_told(own), "found": [], "errors": {}, "refused": None}
    return page(request, "followups/own.html", **values)


@_private
async def tell(request: Request) -> Response:
    """Write what happened, and what may be done with it; to send nothing is to leave it there."""
    form, is_told = await texts(request), True
    try:
        told = witnessing.told(await read(request, TellForm), request.app.state.settings)
        whose = limits.TELLINGS, _key(request)
        if not await Limits.of(request).allows(*whose):
            raise await Limits.of(request).too_many(*whose)
        async with transaction(request) as session:
            is_told = (await testimonials.tell(session, _key(request), told)).told_at is not None
        await Limits.of(request).count(*whose)
    except NotThus as refusal:
        found = refusal.found if isinstance(refusal, Revealing) else []
        return await _as_it_was(request, refusal, form, writes=True, found=found)
    except NotNow as refusal:
        return await _as_it_was(request, refusal, form)
    return _back(request, "" if is_told else "?fini=1")


@_private
async def take_back(request: Request) -> Response:
    """Take back leave to cite it, or to write to its author."""
    form = await texts(request)
    try:
        taken = await read(request, TakeBackForm)
        async with transaction(request) as session:
            await testimonials.take_back(session, _key(request), evidence=taken.evidence, contact=taken.contact)
    except NotThus as refusal:
        return await _as_it_was(request, refusal, form)
    return _back(request)


@_private
async def withdraw(request: Request) -> Response:
    """Withdraw it: its words are erased."""
    async with transaction(request) as session:
        await withdrawals.withdraw(session, _key(request))
    return _back(request)


@_private
async def appeal(request: Request) -> Response:
    """Ask that somebody else judges it again."""
    form = await texts(request)
    try:
        asked = await read(request, AppealForm)
        async with transaction(request) as session:
            await moderation.appeal(session, _key(request), text=asked.appeal)
    except (NotNow, NotThus) as refusal:
        return await _as_it_was(request, refusal, form)
    return _back(request)


def _key(request: Request) -> str:
    """The key of the address, however somebody copied it. Raises NotFound when it cannot be one."""
    key = witnessing.typed(request.path_params["key"])
    if key is None:
        raise NotFound(N_("Ce lien n'ouvre aucun témoignage : vérifiez qu'il est entier."))
    return key


def _back(request: Request, asked: str = "") -> Response:
    to = f"/temoignages/suivi/{_key(request)}"
    return done(request, to + asked, suivi=request.app.state.settings.public_url + to)


async def _as_it_was(
    request: Request, refusal: Refusal, form: dict[str, str], *, writes: bool = False, **more: Any
) -> Response:
    """The page with what was typed, even where nothing may be written any more."""
    async with reading(request) as session:
        values = await _followed(request, session)
    if writes:
        try:
            testimonials.require_correctable(values["own"])
        except NotNow as late:  # there is no form to put right any more
            refusal, writes, more = late, False, {}
    form = {**dict.fromkeys(CONSENTS, ""), **form}
    return again(request, "followups/own.html", refusal, **{"found": [], **values, **more}, writes=writes, form=form)


async def _followed(request: Request, session: AsyncSession) -> dict[str, Any]:
    """All that its author may know. Raises NotFound without the key."""
    key, settings = _key(request), request.app.state.settings
    own = await testimonials.own(session, key)
    testimonial = own.testimonial
    judged = await moderation.get(session, testimonial.id)
    lab, project = await testimonials.place(session, testimonial)
    point = await touchpoints.get(session, testimonial.touchpoint_id) if testimonial.touchpoint_id else None
    decided = await moderation.decisions(session, testimonial.id)
    return {
        "at": f"/temoignages/suivi/{key}",
        "link": f"{settings.public_url}/temoignages/suivi/{key}",
        "code": witnessing.code(key),
        "own": own,
        "judged": judged,
        "was_published": any(each.verdict is Verdict.PUBLISHED for each in decided),
        "answer": (await answers.of(session, [testimonial.id])).get(testimonial.id),
        "lab": lab,
        "project": project,
        "another": f"/t/{point.token}" if point else f"/temoignages/nouveau?labo={testimonial.lab_slug}",
        "offered": await surveys.standing(session, testimonial.touchpoint_id) if testimonial.touchpoint_id else [],
        "mask": personal.MASK,
        "faces": list(Face),
        "capacities": list(Capacity),
        "writes_letters": settings.sends_mail,
    }


def _as_told(own: Own) -> dict[str, Any]:
    """The form as it was filled. The address is not shown again: it is sealed."""
    testimonial, telling = own.testimonial, own.telling
    return {
        "face": testimonial.face.value,
        "happened": telling.happened if telling else "",
        "changed": telling.changed if telling else "",
        "name": telling.name if telling else "",
        "capacity": testimonial.capacity.value if testimonial.capacity else "",
        "clarity": str(testimonial.clarity or ""),
        "heard": str(testimonial.heard or ""),
        "may_publish": testimonial.may_publish,
        "may_cite": testimonial.may_cite,
        "wants_contact": own.has_contact,
        "email": "",
    }
