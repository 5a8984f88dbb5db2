"""Publications: a second person confirms what a first one prepared, and a version exists."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from workshops import (
    agenda,
    audit,
    comparisons,
    corrections,
    frameworks,
    items,
    journal,
    people,
    proofs,
    releases,
    reviews,
    sheet,
)
from workshops.agenda import Workshop
from workshops.audit import Deed
from workshops.canonical import canonical, timestamp
from workshops.documents import LEVELS_NAMED
from workshops.frameworks import Framework, FrameworkWorkshop
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.refusals import NotNow, NotYours
from workshops.releases import Release
from workshops.reviews import Reviewed
from workshops.words import N_, Word

WHOLE = "ensemble"  # what a review is about that names no indicator
PUBLISHED = (Kind.FRAMEWORK_PUBLISHED, Deed.VERSION_PUBLISHED)
Sign = Callable[[Mapping[str, Any]], str]


class Point(Word):
    """What must hold before a version is published."""

    OUTCOMES = "issues", N_("Chaque proposition a une issue, avec son motif")
    SHEETS = "fiches", N_("Chaque fiche retenue est complète, ou une exception écrite l'explique")
    LEVEL = "niveau", N_("Le numéro est celui que demandent les différences, ou plus haut avec un motif")
    CROSSWALK = "passage", N_("Chaque indicateur de la version précédente a un sort, et un seul")
    LATEST = "derniere", N_("Rien n'a été publié depuis cette préparation")
    CORRECTIONS = "corrections", N_("Aucune de ses corrections n'a été retirée")
    WINDOW = "periode", N_("La période de relecture est terminée")
    REPLIES = "reponses", N_("Chaque remarque de la relecture a une réponse")


@dataclass(frozen=True)
class Checked:
    """One point of the list: whether it holds, and else what it lacks (codes, or numbers)."""

    point: Point
    lacks: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.lacks


async def checklist(session: AsyncSession, release: Release) -> list[Checked]:
    """Every point, computed from what was prepared and from what happened since."""
    line = await releases.line_of(session, release)
    said = await reviews.of(session, line)
    base = await frameworks.fetch(session, release.base) if release.base else None
    gone = await releases.given_up(session, line)
    announced = [each for each in line if each.candidate and each.id not in gone]
    document = json.loads(release.document)
    found = _checklist(release, document, announced, base, await frameworks.latest_version(session), said)
    corrected = {item["code"] for item in document["indicateurs"] if item["correction"]}
    if corrected:
        taken_back = await corrections.withdrawn_since(session, release.at)
        found.append(Checked(Point.CORRECTIONS, tuple(sorted(corrected & taken_back))))
    return found


def _checklist(
    release: Release,
    document: Mapping[str, Any],
    announced: Sequence[Release],
    base: Framework | None,
    latest: str | None,
    said: Sequence[Reviewed],
) -> list[Checked]:
    found = [
        Checked(Point.OUTCOMES, tuple(_unexplained(document))),
        Checked(Point.SHEETS, tuple(_incomplete(document))),
        Checked(Point.LEVEL, tuple(_too_low(document, release))),
        Checked(Point.CROSSWALK, tuple(_without_fate(document, base.sheets if base else ()))),
        Checked(Point.LATEST, () if release.base == latest else (str(latest),)),
    ]
    # Those that it takes the place of count: what was announced to everybody is not shortened by preparing again.
    if announced:
        found.append(Checked(Point.WINDOW, tuple(each.name for each in announced if each.is_in_review)))
    if announced or said:
        found.append(Checked(Point.REPLIES, tuple(each.review.code or WHOLE for each in said if each.waits)))
    return found


def _unexplained(document: Mapping[str, Any]) -> list[str]:
    """What no reason tells the end of."""
    decided = [*document["indicateurs"], *document["ecartes"]]
    told = [item["code"] for item in decided if not (item["decision"]["resultat"] and _reason(item["decision"]))]
    return told + [item["code"] for item in document["hors_table"] if not item["motif"]]


def _reason(decision: Mapping[str, Any]) -> str:
    return str(decision.get("motif") or decision.get("exception", {}).get("motif", ""))


def _incomplete(document: Mapping[str, Any]) -> list[str]:
    return [
        item["code"]
        for item in document["indicateurs"]
        if not items.is_deprecated(item) and not item["decision"].get("exception") and sheet.missing(item["fiche"])
    ]


def _too_low(document: Mapping[str, Any], release: Release) -> list[str]:
    """The number, when it is lower than the level says, or higher without a reason."""
    level = document["niveau"]
    if level is None:
        return [] if release.version == frameworks.FIRST else [release.version]
    assert release.base
    wanted, chosen = LEVELS_NAMED[level["calcule"]], LEVELS_NAMED[level["retenu"]]
    is_right = comparisons.bump(release.base, chosen) == release.version and chosen >= wanted
    return [] if is_right and (chosen == wanted or level["motif"]) else [release.version]


def _without_fate(document: Mapping[str, Any], before: Iterable[str]) -> list[str]:
    """The codes of the version before that the crosswalk does not name once, and those of this one it does not reach."""
    rows = [row for row in document["passage"] if row["sort"]]
    sources = [code for row in rows for code in row["de"]]
    reached = {code for row in rows for code in row["vers"]} | set(sources)
    lost = [code for code in before if sources.count(code) != 1]
    return lost + [item["code"] for item in document["indicateurs"] if item["code"] not in reached]


async def confirm(session: AsyncSession, release_id: str, *, sign: Sign | None = None, by: Person) -> Framework:
    """A second publisher publishes what another prepared, to the letter; confirming again is nothing.

    `sign` makes the detached signature of a document. Raises NotYours without the role, or to who prepared it; NotNow when
    it was abandoned, or a point of the checklist does not hold.
    """
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    release = await releases.get(session, release_id)
    before = await frameworks.from_release(session, release_id)
    if before:
        audit.yield_floor(session, register)
        return before
    if release.by_id == by.id:
        raise NotYours(
            N_("Une version se publie à deux : une autre personne de l'édition confirme ce que vous avez préparé.")
        )
    if await releases.abandonment(session, release_id):
        raise NotNow(N_("Cette préparation est abandonnée : elle ne sera pas publiée."))
    await _require_ready(session, release)
    with journal.as_part(session):
        ids = await releases.workshop_ids(session, release_id)
        workshops = {id: await agenda.take_floor(session, id, by=by) for id in ids}
    # Before the document: it names the gesture that published it, and the head of the register up to there.
    fed, version = list(workshops.values()), release.version
    releases.record(session, register, fed, PUBLISHED, name=version, about=version, by=by)
    return await _publish(session, release, workshops, sign, by=by)


async def _require_ready(session: AsyncSession, release: Release) -> None:
    for each in await checklist(session, release):
        if not each.holds:
            raise NotNow(
                N_("Pas encore : « {point} » n'est pas acquis ({lacks})."),
                point=each.point.label,
                lacks=", ".join(each.lacks),
            )


async def _publish(
    session: AsyncSession, release: Release, workshops: Mapping[str, Workshop], sign: Sign | None, *, by: Person
) -> Framework:
    at = frameworks.after(await frameworks.latest(session))
    prepared = json.loads(release.document)
    ordered = [workshops[told["id"]] for told in prepared["ateliers"]]
    del prepared["sceaux"]
    document = frameworks.sealed(
        {
            **prepared,
            "version": release.version,
            "publie_le": timestamp(at),
            "confirme_par": by.id,
            "relecture": await _review(session, release),
            **proofs.fed_by(ordered),
        }
    )
    framework = Framework(
        version=release.version,
        previous_version=release.base,
        release_id=release.id,
        prepared_by=release.by_id,
        published_by=by.id,
        published_at=at,
        fingerprint=frameworks.fingerprint(document),
        signature=sign(document) if sign else None,
        document=canonical(document).decode(),
    )
    session.add(framework)
    session.add_all(FrameworkWorkshop(workshop_id=id, version=release.version) for id in workshops)
    try:
        await session.flush()
    except IntegrityError:
        raise NotNow(
            N_("Une autre version vient d'être publiée : relisez les différences avant de publier la vôtre.")
        ) from None
    return framework


async def _review(session: AsyncSession, release: Release) -> dict[str, Any] | None:
    """When the candidates could be reviewed, which they were, and how many reviews were left."""
    line = [each for each in await releases.line_of(session, release) if each.review_until]
    if not line:
        return None
    said, gone = await reviews.of(session, line), await releases.given_up(session, line)
    until = max(gone.get(each.id, each.review_until) for each in line if each.review_until)
    return {
        "du": timestamp(line[-1].at),
        "au": timestamp(until),
        "remarques": _visible(said),
        "candidates": [{"version": each.name, "empreinte": each.fingerprint} for each in reversed(line)],
    }


def _visible(said: Collection[Reviewed]) -> int:
    return sum(each.hiding is None for each in said)
