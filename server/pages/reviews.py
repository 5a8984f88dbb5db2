"""Reviews: a release candidate as anyone reads it, and what anyone says of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import (
    copies,
    downloads,
    evidences,
    exports,
    identity,
    limits,
    paging,
    preparations,
)
from server.forms import BecauseForm, ReviewForm, VerdictForm, read, sent
from server.gestures import again, done, reading, sending, transaction
from server.i18n import gettext
from server.identity import signed_in
from server.limits import Limits
from server.templating import page
from workshops import (
    audit,
    documents,
    frameworks,
    people,
    releases,
    reviews,
    tallies,
    versions,
    world,
)
from workshops.people import Person, Role
from workshops.refusals import NotThus, Refusal
from workshops.releases import Release
from workshops.reviews import Reviewed
from workshops.sheet import FIELDS

ON_A_PAGE = 100  # reviews


async def show(request: Request) -> Response:
    """A candidate: what it changes, its texts, what was said of them, and a form to say more."""
    async with reading(request) as session:
        release = await _candidate(request, session)
        values = await _shown(session, release, identity.person(request))
    values |= _some(values["said"], paging.asked(request))
    asked = {name: request.query_params.get(name, "") for name in ("code", "field")}
    return copies.squeezed(
        request, page(request, "reviews/show.html", **values, **_viewing(request), form=asked, errors={})
    )


def _some(said: Sequence[Reviewed], number: int | None) -> dict[str, Any]:
    """The reviews of one page, the last one when none is asked: it is the latest that one comes for."""
    at = paging.paged(number, len(said), ON_A_PAGE, last=True)
    return {"said": said[at.offset : at.offset + at.size], "count": len(said), "pages": at.pages, "number": at.number}


def _viewing(request: Request) -> dict[str, Any]:
    return {"viewer": identity.person(request), "key": world.new_id(), "about": "", "ids": {}}


async def _candidate(request: Request, session: AsyncSession) -> Release:
    version, number = versions.parted(request.path_params["candidate"])
    return await releases.named(session, version, number or 0)


async def _shown(session: AsyncSession, release: Release, viewer: Person | None) -> dict[str, Any]:
    held = await people.roles(session, viewer) if viewer else frozenset()
    values = await preparations.shown(session, release, [release])
    document = values["document"]
    standing = await releases.standing_ids(session)
    return {
        **values,
        "cited": await evidences.of_version(session, document, is_latest=False),
        "latest": await frameworks.latest_version(session),
        "families": documents.by_family(document),
        "tallies": {item["code"]: tallies.read(item["decision"]) for item in document["indicateurs"]},
        "is_open": release.is_in_review and release.id in standing,
        "is_waiting": release.id in standing,
        "is_publisher": Role.PUBLISHER in held,
        "may_hide": bool(held & {Role.PUBLISHER, Role.MODERATOR}),
        "choices": [(item["code"], f"{item['code']} · {item['fiche']['libelle']}") for item in document["indicateurs"]],
        "parts": [(field.name, gettext(field.label)) for field in FIELDS],
    }


async def as_json(request: Request) -> Response:
    """The document of a candidate, hashed as a version is: to the letter what its fingerprint names."""
    async with reading(request) as session:
        release = await _candidate(request, session)
    return JSONResponse(release.content, headers=downloads.OPEN)


async def said(request: Request) -> Response:
    """Every review of a candidate, with its answer."""
    async with reading(request) as session:
        release = await _candidate(request, session)
        found = await reviews.of(session, [release])
    told = {"version": release.name, "remarques": [exports.review(each) for each in found]}
    return JSONResponse(told, headers=downloads.OPEN)


async def leave(request: Request) -> Response:
    """Say something of a field, of an indicator or of the whole; no account is needed."""
    viewer = identity.person(request)
    form = await read(request, ReviewForm)
    often = limits.REVIEWS_OF_A_PERSON if viewer else limits.REVIEWS_OF_A_NETWORK
    await Limits.of(request).spend((often, limits.who(request)))
    key = await sending(request)
    async with reading(request) as session:
        release = await _candidate(request, session)
    left: str | None = None
    try:
        async with transaction(request) as session:
            left = await _leave(session, release, form, key.key if key else None, viewer)
    except NotThus as refusal:
        return await _as_it_was(request, release, refusal)
    if left is None:  # this very sending was answered: its gesture tells of which review
        async with reading(request) as session:
            left = (await audit.get(session, request.state.gestures[audit.PLATFORM])).about
    return done(request, await _address(request, release, left), remarque=left)


async def _leave(
    session: AsyncSession, release: Release, form: ReviewForm, key: str | None, viewer: Person | None
) -> str:
    """Receipts are for people: of who is nobody, the review itself keeps the key."""
    review = await reviews.leave(
        session,
        release.id,
        code=form.code,
        field=form.field,
        text=form.text,
        name=form.name,
        sending=None if viewer else key,
        by=viewer,
    )
    return review.id


async def _as_it_was(request: Request, release: Release, refusal: Refusal, about: str = "") -> Response:
    """The page with what was typed: a remark, or `about` one, its reply or why it is hidden."""
    async with reading(request) as session:
        values = {**await _shown(session, release, identity.person(request)), **_viewing(request), "about": about}
    values |= _some(values["said"], _page_of(values["said"], about))
    if about:
        values["ids"] = {"verdict": f"verdict-{about}", "text": f"reply-{about}", "because": f"hide-{about}"}
    return again(request, "reviews/show.html", refusal, **values, form=dict(await sent(request)))


def _page_of(said: Sequence[Reviewed], review_id: str) -> int:
    """On which page a review is."""
    place = next((place for place, each in enumerate(said) if each.review.id == review_id), len(said) - 1)
    return max(0, place) // ON_A_PAGE + 1


async def reply(request: Request) -> Response:
    """DITP answers: what is done with it, and why."""
    viewer = signed_in(request)
    form = await read(request, VerdictForm)
    review_id = request.path_params["review"]
    try:
        async with transaction(request) as session:
            await reviews.reply(session, review_id, verdict=form.verdict, text=form.text, by=viewer)
    except NotThus as refusal:
        return await _as_it_was(request, await _candidate_of(request, review_id), refusal, review_id)
    return await _back(request, review_id)


async def hide(request: Request) -> Response:
    """Hide what insults or names somebody; the reason stays."""
    viewer = signed_in(request)
    form = await read(request, BecauseForm)
    review_id = request.path_params["review"]
    try:
        async with transaction(request) as session:
            await reviews.hide(session, review_id, because=form.because, by=viewer)
    except NotThus as refusal:
        return await _as_it_was(request, await _candidate_of(request, review_id), refusal, review_id)
    return await _back(request, review_id)


async def _back(request: Request, review_id: str) -> Response:
    """To the review, on the page of its candidate."""
    release = await _candidate_of(request, review_id)
    return done(request, await _address(request, release, review_id))


async def _address(request: Request, release: Release, review_id: str) -> str:
    """Where a review is read."""
    async with reading(request) as session:
        said = await reviews.of(session, [release])
    number = f"?page={_page_of(said, review_id)}" if len(said) > ON_A_PAGE else ""
    return f"/referentiel/{release.name}{number}#remarque-{review_id}"


async def _candidate_of(request: Request, review_id: str) -> Release:
    async with reading(request) as session:
        return await releases.get(session, (await reviews.get(session, review_id)).release_id)
