"""Frameworks: read a published version, compare two."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server import citations, exports, identity
from server.datafiles.catalogue import EVERY, NAMED
from server.gestures import reading
from server.i18n import gettext
from server.templating import page
from workshops import comparisons, frameworks, imports, indicators, labs, people, releases, tallies
from workshops.consensus import Outcome, Rule
from workshops.crosswalks import Fate
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
    return page(
        request,
        "frameworks/show.html",
        framework=framework,
        content=framework.content,
        cite=citations.cite(framework.content, request.app.state.settings.public_url),
        tallies={item["code"]: tallies.read(item["decision"]) for item in framework.content["indicateurs"]},
        families=exports.by_family(framework.content),
        others=[other for other in versions if other != framework.version],
        latest=versions[0],
        workshops=exports.workshops_of(framework.content),
        rules=_rules(framework.content),
        named=NAMED,
        every=EVERY,
        fates={fate.value: fate for fate in Fate},
        labs=called,
        leavings={leaving.value: leaving for leaving in Leaving},
        outcomes={outcome.value: gettext(outcome.label) for outcome in Outcome},
    )


def _rules(content: Mapping[str, Any]) -> list[tuple[Rule, list[str]]]:
    """The rules by which a version was decided, each with the titles of its workshops."""
    found: dict[Rule, list[str]] = {}
    for workshop in exports.workshops_of(content):
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
    follows = after.previous_version == before.version
    argued = after.content.get("arguments", {}) if follows else {}
    because = {code: "\n".join(fields.values()) for code, fields in argued.items()}
    return page(
        request,
        "frameworks/compare.html",
        before=before,
        after=after,
        comparison=comparisons.compare(before.contents, after.contents, because),
        passages=after.content.get("passage", []) if follows else [],
        fates={fate.value: fate for fate in Fate},
        level=after.content.get("niveau") if follows else None,
    )
