"""Testimonials: how it went, said in one tap."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import floods, limits, witnessing
from server.floods import Doubted, Floods
from server.forms import FaceForm, ReceiptForm, read, texts
from server.gestures import again, as_json, done, reading, sending, sentence, transaction, wants_json
from server.i18n import gettext as _
from server.limits import Limits
from server.templating import page
from workshops import labs, surveys, testimonials, touchpoints
from workshops.labs import Lab
from workshops.refusals import NotFound, NotNow, NotThus, Refusal
from workshops.testimonials import Face
from workshops.touchpoints import Met
from workshops.words import N_


async def arrive(request: Request) -> Response:
    """Where the link of a touch-point leads: its lab and its project are named, one tap is enough."""
    return await _at_point(request, request.path_params["link"])


async def new(request: Request) -> Response:
    """The same of a lab that one chooses; `labo` names it, `point` a touch-point."""
    asked = request.query_params
    if asked.get("point"):
        return await _at_point(request, asked["point"])
    form = {"lab": asked.get("labo", "")}
    async with reading(request) as session:
        place = await _place(session, form)
    return _fresh(page(request, "testimonials/new.html", **place, **_asked(form), errors={}, refused=None))


async def _at_point(request: Request, link: str) -> Response:
    form = {"point": link}
    try:
        async with reading(request) as session:
            place = await _place(session, form)
    except NotFound as refusal:
        return _astray(request, refusal)
    if place["met"].is_open:
        return _fresh(page(request, "testimonials/new.html", **place, **_asked(form), errors={}, refused=None))
    closed = NotNow(N_("Ce point de recueil est fermé. Vous pouvez quand même parler de ce laboratoire."))
    return await _again(request, form, closed)


async def give(request: Request) -> Response:
    """Say how it went: saved at once. The same sending again leads to the same private page."""
    form = await texts(request)
    key = None
    try:
        asked, named = await read(request, FaceForm), await sending(request)
        key = witnessing.key_of(named, request.app.state.settings.secret_key)
        await _admit(request, form, key, named.key if named else "")
        async with transaction(request) as session:
            await testimonials.give(session, key=key, face=asked.face, token=asked.point, lab_slug=asked.lab)
    except NotFound as refusal:
        return _astray(request, refusal)
    except (NotNow, NotThus) as refusal:
        return await _again(request, form, refusal, key=key)
    except Doubted as doubted:
        said = {face.value: _(face.label) for face in Face}.get(form.get("face", ""))
        return await floods.ask(request, doubted, {_("Votre réponse"): said} if said else None)
    own = f"/temoignages/suivi/{key}"
    return done(request, own, suivi=request.app.state.settings.public_url + own)


async def _admit(request: Request, form: dict[str, str], key: str, named: str) -> None:
    """Nobody is counted for what was given already, nor for a link or a lab that does not exist. Raises Doubted."""
    async with reading(request) as session:
        met, lab = await _spoken_of(session, form)
        is_given = await testimonials.is_given(session, key)
    if lab and not is_given:
        await Floods.of(request).admit(request, met.point.token if met else lab.slug, named)


async def _again(request: Request, form: dict[str, str], refusal: Refusal, key: str | None = None) -> Response:
    """The question once more; a closed touch-point leaves its lab to speak of. `key`: what this sending opens already."""
    async with reading(request) as session:
        try:
            place = await _place(session, form)
        except NotFound as lost:
            return _astray(request, lost)
    if place["met"] and not place["met"].is_open:
        form = {**form, "point": "", "lab": place["lab"].slug}
        place["met"] = None
    is_used = isinstance(refusal, NotThus) and "key" in refusal.fields
    already = f"/temoignages/suivi/{key}" if is_used and key else None
    return _fresh(again(request, "testimonials/new.html", refusal, **place, **_asked(form, already)))


def _asked(form: dict[str, str], already: str | None = None) -> dict[str, Any]:
    """What the form holds, and the name of its sending: a new one each time that it is drawn."""
    return {"form": form, "key": witnessing.new_sending(), "faces": list(Face), "already": already}


async def _spoken_of(session: AsyncSession, form: dict[str, str]) -> tuple[Met | None, Lab | None]:
    """A touch-point and its lab, a lab alone, or neither. Raises NotFound for no such touch-point."""
    if form.get("point"):
        met = await touchpoints.met(session, form["point"])
        return met, met.lab
    slug = form.get("lab", "")
    return None, await labs.get(session, slug) if await labs.exists(session, slug) else None


async def _place(session: AsyncSession, form: dict[str, str]) -> dict[str, Any]:
    """What is spoken of, the labs to choose among without a touch-point, the surveys that one may answer there."""
    met, lab = await _spoken_of(session, form)
    names = [] if met else await labs.names(session)
    offered = await surveys.standing(session, met.point.id) if met and met.is_open else []
    return {"met": met, "lab": lab, "offered": offered, "labs": [(slug, name) for slug, name, _region in names]}


def _fresh(response: Response) -> Response:
    """A page that browsers do not draw again from memory: somebody else's tap would be the one before."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _astray(request: Request, refusal: Refusal) -> Response:
    """The link leads nowhere: say so, and show the way."""
    if wants_json(request):
        return as_json(refusal)
    return page(request, "testimonials/astray.html", status_code=refusal.status, sentence=sentence(refusal))


# ── Found again


async def door(request: Request) -> Response:
    """Type the code of a receipt."""
    return page(request, "testimonials/door.html", form={}, errors={}, refused=None)


async def enter(request: Request) -> Response:
    """To the private page that a code opens."""
    form = await texts(request)
    try:
        key = witnessing.typed((await read(request, ReceiptForm)).code)
        if key is None:
            raise NotThus({"code": N_("Ce code a seize lettres et chiffres : vérifiez qu'il est entier.")})
        async with reading(request) as session:
            await testimonials.own(session, key)
    except NotFound:
        await Limits.of(request).spend((limits.WRONG_KEYS, limits.who(request)))
        unknown = NotThus({"code": N_("Ce code n'ouvre aucun témoignage : vérifiez chaque caractère.")})
        unknown.status = NotFound.status
        return again(request, "testimonials/door.html", unknown, form=form)
    except NotThus as refusal:
        return again(request, "testimonials/door.html", refusal, form=form)
    return RedirectResponse(f"/temoignages/suivi/{key}", 303)
