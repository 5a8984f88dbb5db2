"""Frameworks: prepare a version, publish it, read it, compare two."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from server import citations, exports
from server.forms import PublishForm, read, sent
from server.gestures import again, done, reading, transaction
from server.i18n import gettext
from server.identity import signed_in
from server.templating import page
from workshops import agenda, comparisons, frameworks, indicators, labs, people, tallies, world
from workshops.consensus import Outcome, Rule
from workshops.indicators import Leaving
from workshops.lines import Exceptional
from workshops.people import Role
from workshops.refusals import NotFound, NotThus
from workshops.words import N_

CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}


async def prepare(request: Request) -> Response:
    """Exactly what would be frozen: kept and left out, tallies, differences, exceptions."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        workshop = await agenda.get(session, request.path_params["workshop"])
        frameworks.require_shown(workshop)
        published = await frameworks.from_workshop(session, workshop.id)
        draft = await frameworks.draft(session, workshop)
    if published:
        return RedirectResponse(f"/referentiel/{published.version}", status_code=303)
    form = {"version": draft.version, "note": ""}
    return page(
        request,
        "frameworks/prepare.html",
        **_prepared(draft),
        form=form,
        typed={},
        errors={},
        key=world.new_id(),
    )


def _prepared(draft: frameworks.Draft) -> dict[str, Any]:
    numbers = [(version, version) for version in frameworks.allowed(draft)]
    return {"draft": draft, "workshop": draft.workshop, "numbers": numbers}


async def publish(request: Request) -> Response:
    """Freeze it: a numbered, immutable version."""
    viewer = signed_in(request)
    workshop_id = request.path_params["workshop"]
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
    form = await read(request, PublishForm)
    exceptions = await _exceptions(request)
    reasons = await _reasons(request, exceptions)
    try:
        async with transaction(request) as session:
            version = (
                form.version
                or (await frameworks.draft(session, await agenda.get(session, workshop_id), exceptions)).version
            )
            await frameworks.publish(
                session,
                workshop_id,
                version=version,
                note=form.note,
                exceptions=exceptions,
                reasons=reasons,
                by=viewer,
            )
    except NotThus as refusal:
        return await _again(request, workshop_id, exceptions, refusal)
    async with reading(request) as session:
        published = await frameworks.from_workshop(session, workshop_id)
    version = published.version if published else form.version
    return done(request, f"/referentiel/{version}", version=version)


async def _exceptions(request: Request) -> dict[str, Exceptional]:
    """`decision-ACT-01` = keep or leave departs from the vote, `because-ACT-01` says why.

    `incomplete` on keeps every indicator the vote kept whose sheet is not finished, for the reason `because-incomplete`.
    """
    form = await sent(request)
    exceptions: dict[str, Exceptional] = {}
    for name, value in form.items():
        if name.startswith("decision-") and value in ("keep", "leave"):
            code = name.removeprefix("decision-")
            exceptions[code] = Exceptional(value == "keep", str(form.get(f"because-{code}", "")))
    if form.get("incomplete"):
        because = str(form.get("because-incomplete", ""))
        async with reading(request) as session:
            workshop = await agenda.get(session, request.path_params["workshop"])
            exceptions = (await frameworks.draft(session, workshop)).unfinished(because) | exceptions
    return exceptions


async def _reasons(request: Request, exceptions: dict[str, Exceptional]) -> dict[str, str]:
    """`reason-ACT-01` says why an indicator ends so; `reason-others`, why do all those that nobody explained."""
    form = await sent(request)
    reasons = {
        name.removeprefix("reason-"): str(value)
        for name, value in form.items()
        if name.startswith("reason-") and name != "reason-others" and value
    }
    common = str(form.get("reason-others", ""))
    if not common.strip():
        return reasons
    async with reading(request) as session:
        workshop = await agenda.get(session, request.path_params["workshop"])
        draft = await frameworks.draft(session, workshop, exceptions)
    return {line.code: common for line in draft.unexplained} | reasons


async def _again(request: Request, workshop_id: str, exceptions: dict[str, Exceptional], refusal: NotThus) -> Response:
    form = dict(await sent(request))
    async with reading(request) as session:
        workshop = await agenda.get(session, workshop_id)
        draft = await frameworks.draft(session, workshop, exceptions)
    if form.get("incomplete") and not str(form.get("because-incomplete", "")).strip():
        refusal.fields["because-incomplete"] = N_("Une exception s'explique par écrit.")
    return again(
        request,
        "frameworks/prepare.html",
        refusal,
        **_prepared(draft),
        form={"version": form.get("version", draft.version), "note": form.get("note", "")},
        typed=form,
        key=world.new_id(),
    )


async def latest(request: Request) -> Response:
    """The latest version, every version, and the one that came before this site."""
    async with reading(request) as session:
        versions = await frameworks.versions(session)
    return page(
        request,
        "frameworks/latest.html",
        versions=versions,
        first=indicators.commitment()["version_1"],
        source=indicators.commitment()["document"],
    )


async def show(request: Request) -> Response:
    """One published version, as it was frozen."""
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
        versions = await frameworks.versions(session)
        called = await labs.called(session)
    return page(
        request,
        "frameworks/show.html",
        framework=framework,
        content=framework.content,
        cite=citations.cite(framework.content, request.app.state.settings.public_url),
        tallies={item["code"]: tallies.read(item["decision"]) for item in framework.content["indicateurs"]},
        families=exports.by_family(framework.content),
        others=[other.version for other in versions if other.version != framework.version],
        latest=versions[0].version,
        rule=Rule.read(framework.content["atelier"]["regle"]) if "regle" in framework.content["atelier"] else None,
        labs=called,
        leavings={leaving.value: leaving for leaving in Leaving},
        outcomes={outcome.value: gettext(outcome.label) for outcome in Outcome},
    )


async def as_json(request: Request) -> Response:
    """The document whose fingerprint is published."""
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
    return _file(request, JSONResponse(framework.content), framework)


async def as_csv(request: Request) -> Response:
    """One line an indicator, one column a field of the sheet."""
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
    response = Response(exports.framework_csv(framework.content), media_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="referentiel-{framework.version}.csv"'
    return _file(request, response, framework)


def _file(request: Request, response: Response, framework: frameworks.Framework) -> Response:
    """A file that never changes: its tag is its fingerprint, anyone may read it from anywhere."""
    tag = f'"{framework.fingerprint}"'
    if request.headers.get("if-none-match") == tag:
        response = Response(status_code=304)
    response.headers.update({**CACHED, "ETag": tag, "Access-Control-Allow-Origin": "*"})
    return response


async def compare(request: Request) -> Response:
    """What one version did to another, word by word."""
    async with reading(request) as session:
        before = await frameworks.fetch(session, request.path_params["before"])
        after = await frameworks.fetch(session, request.path_params["after"])
    if before.version == after.version:
        raise NotFound(N_("Il faut deux versions différentes pour comparer."))
    return page(
        request,
        "frameworks/compare.html",
        before=before,
        after=after,
        comparison=comparisons.compare(before.sheets, after.sheets),
    )
