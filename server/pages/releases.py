"""Releases: prepare the next version, have it reviewed, confirm it with somebody else."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import preparations
from server.forms import BecauseForm, PrepareForm, read, sent
from server.gestures import again, done, reading, transaction
from server.i18n import PARIS
from server.identity import signed_in
from server.templating import page
from workshops import (
    agenda,
    audit,
    corrections,
    crosswalks,
    drafts,
    frameworks,
    people,
    publications,
    releases,
    world,
)
from workshops.agenda import Workshop
from workshops.drafts import Choices, Draft
from workshops.lines import Exceptional
from workshops.people import Person, Role
from workshops.refusals import NotThus, Refusal
from workshops.words import N_

EMPTY = FormData()


async def index(request: Request) -> Response:
    """What is being prepared, what waits for a correction, which workshops may feed a version."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        waiting = await releases.standing(session)
        written = await corrections.standing(session)
        latest = await frameworks.latest(session)
        fed = await releases.feeding(session, [each.id for each in waiting])
        feeding = {id for ids in fed.values() for id in ids}
        ready = [each for each in await _ready(session) if each.id not in feeding]
        wrote = {each.by_id for each in waiting} | {each.by_id for each in written}
        names = await people.names(session, wrote)
    current = corrections.spent(latest.sheets if latest else {}, written)
    return page(
        request,
        "releases/index.html",
        waiting=waiting,
        corrections=[each for each in written if each.id not in current],
        latest=latest,
        ready=ready,
        names=names,
        viewer=viewer,
        key=world.new_id(),
    )


async def _ready(session: AsyncSession) -> list[Workshop]:
    """Closed workshops that fed no version."""
    fed = await frameworks.fed(session)
    return [each for each in await agenda.calendar(session) if not each.is_open and each.id not in fed]


async def new(request: Request) -> Response:
    """Exactly what would be frozen: kept and left out, tallies, differences, fates. `avec` names other workshops."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        workshop = await agenda.get(session, workshop_id)
        frameworks.require_shown(workshop)
        published = await frameworks.from_workshop(session, workshop_id)
        release = await releases.of_workshop(session, workshop_id)
    if published:
        return RedirectResponse(f"/referentiel/{published.version}", status_code=303)
    if release and "autre" not in request.query_params:
        return RedirectResponse(f"/referentiel/preparations/{release.id}", status_code=303)
    ids = [workshop_id, *request.query_params.getlist("avec")]
    return page(request, "releases/new.html", **await _prepared(request, ids, Choices()), typed=EMPTY, errors={})


async def patch(request: Request) -> Response:
    """The next version from corrections alone, without a workshop."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
    return page(request, "releases/patch.html", **await _prepared(request, [], Choices()), typed=EMPTY, errors={})


async def _prepared(request: Request, ids: list[str], choices: Choices) -> dict[str, Any]:
    """What a form that prepares a version shows."""
    async with reading(request) as session:
        found = [await agenda.get(session, id) for id in dict.fromkeys(ids)]
        for each in found:
            frameworks.require_shown(each)
        draft = await drafts.draft(session, found, choices)
        ready = await _ready(session)
    return {
        "draft": draft,
        "workshop": found[0] if found else None,
        "feeding": found,
        "others": [(each.id, each.title) for each in ready if each.id not in ids],
        "numbers": [(version, version) for version in draft.allowed],
        "fates": crosswalks.TOLD,
        "key": world.new_id(),
    }


async def prepare(request: Request) -> Response:
    """Write down the next version, from a workshop and those of `avec`: another person will confirm it."""
    return await _prepare(request, [request.path_params["workshop"]], "releases/new.html")


async def prepare_patch(request: Request) -> Response:
    """Write down the next version from corrections alone."""
    return await _prepare(request, [], "releases/patch.html")


async def _prepare(request: Request, ids: list[str], template: str) -> Response:
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
    form = await sent(request)
    ids = list(dict.fromkeys([*ids, *map(str, form.getlist("avec"))]))
    choices = Choices()
    try:
        typed = await read(request, PrepareForm)
        choices = await _choices(request, ids, typed)
        reasons = await _reasons(request, ids, choices)
        async with transaction(request) as session:
            await releases.prepare(session, ids, choices, reasons=reasons, review_until=_until(typed), by=viewer)
    except NotThus as refusal:
        return await _again(request, template, ids, choices, refusal)
    # Found again: the same sending, sent again, tells the same release.
    async with reading(request) as session:
        release_id = await _prepared_by(session, request.state.gestures)
    return done(request, f"/referentiel/preparations/{release_id}", preparation=release_id)


async def _prepared_by(session: AsyncSession, gestures: Mapping[str, int]) -> str:
    """By its own gestures: somebody else may have prepared these workshops anew since."""
    for workshop_id, number in gestures.items():
        release = await releases.of_gesture(session, workshop_id, number) if workshop_id != audit.PLATFORM else None
        if release:
            return release.id
    return (await audit.get(session, gestures[audit.PLATFORM])).about


async def _choices(request: Request, ids: list[str], typed: PrepareForm) -> Choices:
    """`decision-ACT-01` = keep or leave departs from the vote, `because-ACT-01` says why; `argument-ACT-01` why a text
    still means the same; `fate-ACT-01` what it becomes.

    `incomplete` on keeps every indicator the vote kept whose sheet is not finished, for the reason `because-incomplete`.
    """
    form = await sent(request)
    exceptions: dict[str, Exceptional] = {}
    for code, decision in _by_code(form, "decision-").items():
        if decision in ("keep", "leave"):
            exceptions[code] = Exceptional(decision == "keep", str(form.get(f"because-{code}", "")))
    if form.get("incomplete"):
        draft = await _draft(request, ids, Choices())
        exceptions = draft.unfinished(str(form.get("because-incomplete", ""))) | exceptions
    fates = {fate.value: fate for fate in crosswalks.TOLD}
    return Choices(
        version=typed.version,
        raised=typed.raised,
        note=typed.note,
        exceptions=exceptions,
        arguments=_by_code(form, "argument-"),
        fates={code: fates[said] for code, said in _by_code(form, "fate-").items() if said in fates},
    )


def _by_code(form: FormData, prefix: str) -> dict[str, str]:
    """The fields of a form that are about an indicator, by its code."""
    return {name.removeprefix(prefix): str(value) for name, value in form.items() if name.startswith(prefix)}


async def _reasons(request: Request, ids: list[str], choices: Choices) -> dict[str, str]:
    """`reason-ACT-01` says why an indicator ends so; `reason-others`, why do all those that nobody explained."""
    form = await sent(request)
    reasons = {code: said for code, said in _by_code(form, "reason-").items() if said and code != "others"}
    common = str(form.get("reason-others", ""))
    if not common.strip():
        return reasons
    draft = await _draft(request, ids, choices)
    return {line.code: common for line in draft.unexplained} | reasons


async def _draft(request: Request, ids: list[str], choices: Choices) -> Draft:
    async with reading(request) as session:
        return await drafts.draft(session, [await agenda.get(session, id) for id in ids], choices)


def _until(typed: PrepareForm) -> datetime | None:
    """The end of the last day of a review, in Paris."""
    if typed.review_until is None:
        return None
    return datetime.combine(typed.review_until, time(23, 59, 59), PARIS)


async def _again(request: Request, template: str, ids: list[str], choices: Choices, refusal: NotThus) -> Response:
    form = await sent(request)
    if form.get("incomplete") and not str(form.get("because-incomplete", "")).strip():
        refusal.fields["because-incomplete"] = N_("Une exception s'explique par écrit.")
    return again(request, template, refusal, **await _prepared(request, ids, choices), typed=form)


async def show(request: Request) -> Response:
    """A version that waits for its second person: the list of what must hold, its differences, its reviews."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        values = await _shown(session, request.path_params["release"])
    if values["published"]:
        return RedirectResponse(f"/referentiel/{values['published'].version}", status_code=303)
    return page(request, "releases/show.html", **values, viewer=viewer, errors={}, form={}, key=world.new_id())


async def _shown(session: AsyncSession, release_id: str) -> dict[str, Any]:
    release = await releases.get(session, release_id)
    line = await releases.line_of(session, release)
    abandoned = await releases.abandonment(session, release_id)
    wrote = [release.by_id, *([abandoned.by_id] if abandoned else [])]
    return {
        **await preparations.shown(session, release, line, wrote),
        "checklist": await publications.checklist(session, release),
        "abandoned": abandoned,
    }


async def confirm(request: Request) -> Response:
    """The second person: it is published, to the letter."""
    viewer = signed_in(request)
    release_id = request.path_params["release"]
    async with transaction(request) as session:
        await publications.confirm(session, release_id, sign=request.app.state.sign, by=viewer)
    async with reading(request) as session:
        published = await frameworks.from_release(session, release_id)
    assert published
    return done(request, f"/referentiel/{published.version}", version=published.version)


async def abandon(request: Request) -> Response:
    """Give a preparation up, saying why."""
    viewer = signed_in(request)
    release_id = request.path_params["release"]
    try:
        form = await read(request, BecauseForm)
        async with transaction(request) as session:
            await releases.abandon(session, release_id, because=form.because, by=viewer)
    except NotThus as refusal:
        return await _as_it_was(request, release_id, viewer, refusal)
    return done(request, f"/referentiel/preparations/{release_id}")


async def _as_it_was(request: Request, release_id: str, viewer: Person, refusal: Refusal) -> Response:
    async with reading(request) as session:
        values = await _shown(session, release_id)
    form = dict(await sent(request))
    return again(request, "releases/show.html", refusal, **values, viewer=viewer, form=form, key=world.new_id())
