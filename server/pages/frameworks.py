"""Frameworks: read a published version, compare two."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import citations, evidences, identity
from server.datafiles.catalogue import EVERY, NAMED
from server.gestures import reading
from server.i18n import gettext
from server.templating import page
from workshops import comparisons, documents, frameworks, imports, indicators, labs, people, releases, tallies
from workshops.consensus import Outcome, Rule
from workshops.indicators import Leaving
from workshops.people import Role
from workshops.refusals import NotFound
from workshops.words import N_


async def latest(request: Request) -> Response:
    """The latest version, every version, and the one that came before this site."""
    async with reading(request) as session:
        versions = await frameworks.versions(session)
        candidates = await releases.in_review(session)
        imported = await imports.imported(session)
        viewer = identity.person(request)
        held = await people.roles(session, viewer) if viewer else frozenset()
    return page(
        request,
        "frameworks/latest.html",
        versions=versions,
        candidates=candidates,
        imported=imported,
        is_publisher=Role.PUBLISHER in held,
        first=indicators.commitment()["version_1"],
        source=indicators.commitment()["document"],
    )


async def show(request: Request) -> Response:
    """One published version, as it was frozen."""
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
        versions = await frameworks.numbers(session)
        called = await labs.called(session)
        content = framework.content
        cited = await evidences.of_version(session, content, is_latest=framework.version == versions[0])
    return page(
        request,
        "frameworks/show.html",
        framework=framework,
        content=content,
        cite=citations.cite(content, request.app.state.settings.public_url),
        tallies={item["code"]: tallies.read(item["decision"]) for item in content["indicateurs"]},
        families=documents.by_family(content),
        others=[other for other in versions if other != framework.version],
        latest=versions[0],
        workshops=documents.workshops(content),
        rules=_rules(content),
        named=NAMED,
        every=[(file.path(framework.version), gettext(file.title)) for file in EVERY],
        labs=called,
        cited=cited,
        leavings={leaving.value: leaving for leaving in Leaving},
        outcomes={outcome.value: gettext(outcome.label) for outcome in Outcome},
    )


def _rules(content: Mapping[str, Any]) -> list[tuple[Rule, list[str]]]:
    """The rules by which a version was decided, each with the titles of its workshops."""
    found: dict[Rule, list[str]] = {}
    for workshop in documents.workshops(content):
        if "regle" in workshop:
            found.setdefault(Rule.read(workshop["regle"]), []).append(workshop["titre"])
    return list(found.items())


async def compare(request: Request) -> Response:
    """What one version did to another, word by word."""
    async with reading(request) as session:
        before = await frameworks.fetch(session, request.path_params["before"])
        after = await frameworks.fetch(session, request.path_params["after"])
    if before.version == after.version:
        raise NotFound(N_("Il faut deux versions différentes pour comparer."))
    content = after.content
    follows = after.previous_version == before.version
    compared = documents.since(before.contents, content) if follows else None
    return page(
        request,
        "frameworks/compare.html",
        before=before,
        after=after,
        comparison=compared or comparisons.compare(before.contents, after.contents),
        passages=content.get("passage", []) if follows else [],
        level=content.get("niveau") if follows else None,
    )
