"""Frameworks: the public, frozen sets of indicators."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import (
    agenda,
    amendments,
    comparisons,
    conclusions,
    indicators,
    journal,
    lineage,
    lines,
    objections,
    people,
    tallies,
    votes,
    world,
)
from workshops.agenda import VERSION, Start, Workshop
from workshops.canonical import canonical, digest, timestamp
from workshops.comparisons import Comparison
from workshops.indicators import Card, Origin
from workshops.journal import Kind
from workshops.lineage import ALONE, Kin
from workshops.lines import Exceptional, Line
from workshops.people import Person, Role
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.sheet import Level, Sheet
from workshops.tallies import Tally
from workshops.words import N_

FIRST = "2.0.0"
NOTE_LENGTH = 2000
REASON_LENGTH = 500
SIGNED_OUT = ("empreinte", "signature")


class Framework(Record, table=True):
    """One published version: a copy of everything, and its fingerprint. Triggers refuse any change.

    `document` is the canonical text that was hashed; `workshop_id` names a workshop, it does not depend on it.
    """

    version: str = Field(primary_key=True, max_length=20)
    previous_version: str | None = Field(default=None, unique=True, max_length=20)
    workshop_id: str = Field(unique=True, max_length=12)
    published_by: str = Field(max_length=12)
    published_at: datetime = Field(sa_type=Moment)
    fingerprint: str = Field(max_length=71)
    document: str

    @property
    def content(self) -> dict[str, Any]:
        """The published document, fingerprint included."""
        return {**json.loads(self.document), "empreinte": self.fingerprint}

    @property
    def sheets(self) -> dict[str, Sheet]:
        """The frozen sheets, by code, in order."""
        return {item["code"]: item["fiche"] for item in json.loads(self.document)["indicateurs"]}


@dataclass(frozen=True)
class Draft:
    """Exactly what would be frozen, and what would be left out."""

    workshop: Workshop
    lines: list[Line]
    latest: Framework | None
    exceptions: Mapping[str, Exceptional] = field(default_factory=dict)
    departed: Sequence[tuple[Card, Kin]] = ()

    @property
    def kept(self) -> list[Line]:
        return [line for line in self.lines if line.kept]

    @property
    def left_out(self) -> list[Line]:
        return [line for line in self.lines if not line.kept]

    def unfinished(self, because: str) -> dict[str, Exceptional]:
        """One reason for keeping every indicator that the votes kept and whose sheet is not complete."""
        return {line.code: Exceptional(True, because) for line in self.lines if line.is_unfinished}

    @property
    def unexplained(self) -> list[Line]:
        """Those that end without a written reason. An exception has its own."""
        return [line for line in self.lines if not (line.exception or line.because)]

    @property
    def kept_sheets(self) -> dict[str, Sheet]:
        """The sheets that would be frozen, by code, in order."""
        return {line.code: line.card.sheet for line in self.kept}

    @cached_property
    def comparison(self) -> Comparison:
        """The differences with the latest published version."""
        return comparisons.compare(self.latest.sheets if self.latest else {}, self.kept_sheets)

    @property
    def version(self) -> str:
        """The number the differences call for."""
        if self.latest is None:
            return FIRST
        return comparisons.bump(self.latest.version, self.comparison.level or Level.PATCH)


async def lay_table(session: AsyncSession, workshop: Workshop, *, by: Person) -> None:
    """Put on the table what a workshop just convened starts from."""
    if workshop.start is Start.COMMITMENT:
        await indicators.seed(session, workshop, indicators.commitment_texts(), Origin.COMMITMENT, by=by)
    elif workshop.start is Start.PREVIOUS:
        previous = await latest(session)
        if previous is None:
            raise NotThus(
                {"start": N_("Aucune version n'est encore publiée : partez de l'engagement ou d'une page blanche.")}
            )
        await indicators.seed(session, workshop, list(previous.sheets.items()), Origin.REFERENCE, by=by)


async def publish(
    session: AsyncSession,
    workshop_id: str,
    *,
    version: str,
    note: str,
    exceptions: Mapping[str, Exceptional],
    reasons: Mapping[str, str] | None = None,
    by: Person,
) -> Framework:
    """A publisher freezes what a closed workshop decided, as the next version. It is a copy; nothing changes it.

    `reasons`: by code, why an indicator ends as it does, for those whose reason nobody wrote. Raises NotYours without
    the role, NotNow before closing or a second time, NotThus when an exception or an outcome has no reason, nothing
    is kept, or the number is lower than the differences call for.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await people.require(session, by, Role.PUBLISHER)
    if workshop.is_open:
        raise NotNow(N_("On publie ce qu'un atelier a décidé une fois qu'il est clos."))
    if await from_workshop(session, workshop.id):
        raise NotNow(N_("Cet atelier a déjà donné une version : rien ne la modifie."))
    await conclusions.write_all(session, workshop, reasons or {}, by=by)
    prepared = await draft(session, workshop, exceptions)
    _check(prepared, version, note)
    # Before the document: it names the gesture that published it, and the head of the register up to there.
    journal.record(session, workshop, Kind.FRAMEWORK_PUBLISHED, by=by, about=version)
    at = world.now()
    document = _document(prepared, version, note.strip(), timestamp(at))
    framework = Framework(
        version=version,
        previous_version=prepared.latest.version if prepared.latest else None,
        workshop_id=workshop.id,
        published_by=by.id,
        published_at=at,
        fingerprint=fingerprint(document),
        document=canonical(document).decode(),
    )
    session.add(framework)
    try:
        await session.flush()
    except IntegrityError:
        raise NotNow(
            N_("Une autre version vient d'être publiée : relisez les différences avant de publier la vôtre.")
        ) from None
    return framework


def _check(prepared: Draft, version: str, note: str) -> None:
    wrong = {
        f"because-{code}": N_("Une exception s'explique par écrit.")
        for code, exception in prepared.exceptions.items()
        if not exception.because.strip() or len(exception.because) > REASON_LENGTH
    }
    known = {line.code for line in prepared.lines}
    wrong |= {
        f"because-{code}": N_("Cet indicateur n'est pas sur la table de l'atelier.")
        for code in prepared.exceptions
        if code not in known
    }
    wrong |= {
        f"reason-{line.code}": N_("Dites par écrit pourquoi il finit ainsi.") for line in prepared.unexplained
    }
    if len(note) > NOTE_LENGTH:
        wrong["note"] = N_("C'est trop long.")
    if not prepared.kept:
        wrong["version"] = N_("Aucun indicateur n'est retenu : il n'y a rien à publier.")
    elif prepared.latest and prepared.comparison.level is None:
        wrong["version"] = N_("Rien ne change par rapport à la dernière version publiée.")
    elif version not in allowed(prepared):
        wrong["version"] = N_("Ce numéro n'est pas possible : les différences demandent au moins {version}.")
    if wrong:
        raise NotThus(wrong, version=prepared.version)


def allowed(prepared: Draft) -> list[str]:
    """The numbers a person may choose: the computed one, or a higher level."""
    if prepared.latest is None:
        return [FIRST]
    level = prepared.comparison.level or Level.PATCH
    return [comparisons.bump(prepared.latest.version, higher) for higher in Level if higher >= level]


def _document(prepared: Draft, version: str, note: str, at: str) -> dict[str, Any]:
    workshop, previous = prepared.workshop, prepared.latest
    return {
        "titre": "Référentiel d'évaluation des laboratoires d'innovation publique",
        "version": version,
        "publie_le": at,
        "note": note,
        "licence": "Licence Ouverte 2.0",
        "precedente": {"version": previous.version, "empreinte": previous.fingerprint} if previous else None,
        "atelier": {
            "id": workshop.id,
            "titre": workshop.title,
            "date": workshop.held_on.isoformat(),
            "geste": workshop.gestures,
            "registre": workshop.head,
            "regle": workshop.rule,
            "tour": workshop.round,
        },
        "indicateurs": [lines.frozen(line, workshop) for line in prepared.kept],
        "ecartes": [lines.left_out(line) for line in prepared.left_out],
        "hors_table": [lines.departed(card, kin) for card, kin in prepared.departed],
    }


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 of the RFC 8785 form of a document without its own fingerprint and signature."""
    return "sha256:" + digest({key: value for key, value in document.items() if key not in SIGNED_OUT})


def verify(document: Mapping[str, Any]) -> bool:
    """Whether a downloaded document is, to the letter, the one its fingerprint names."""
    return document.get("empreinte") == fingerprint(document)


def require_shown(workshop: Workshop) -> None:
    """What would be published says what the votes decide: NotNow, to whomever, while the announced rule hides it."""
    if workshop.hides:
        raise NotNow(N_("La règle cache les résultats jusqu'à la clôture : l'aperçu de ce qui sera publié l'attend aussi."))


async def draft(
    session: AsyncSession, workshop: Workshop, exceptions: Mapping[str, Exceptional] | None = None
) -> Draft:
    """What would be published now, with these exceptions."""
    counted = await tallies.tallies(session, workshop)
    chosen = dict(exceptions or {})
    concluded = await conclusions.of_workshop(session, workshop.id)
    said = await votes.all_reasons(session, workshop)
    kin, credits = await lineage.kin(session, workshop.id), await _credits(session, workshop)
    standing = [each for each in await objections.stated(session, workshop) if each.stands]
    found, departed = [], []
    for card in await indicators.cards(session, workshop.id):
        if not card.is_open:
            departed.append((card, kin.get(card.id, ALONE)))
            continue
        line = Line(card, counted.get(card.id, Tally(workshop.announced)))
        exception = chosen.get(line.code)
        if exception and exception.kept == line.follows:
            del chosen[line.code]  # no departure from the rule: not an exception
            exception = None
        reasons, held = tuple(said.get(card.id, ())), tuple(each for each in standing if each.is_about(card.id))
        line = replace(line, exception=exception, conclusion=concluded.get(card.id), said=reasons, held=held)
        found.append(replace(line, kin=kin.get(card.id, ALONE), credits=credits.get(card.id, ())))
    return Draft(workshop, found, await latest(session), chosen, departed)


async def _credits(session: AsyncSession, workshop: Workshop) -> dict[str, tuple[str, ...]]:
    """The labs whose amendments became part of each indicator, each once; never a name."""
    labs = await agenda.labs_of(session, workshop.id)
    credited = await amendments.coauthors(session, workshop.id)
    found = {id: tuple(dict.fromkeys(filter(None, map(labs.get, people)))) for id, people in credited.items()}
    return {id: named for id, named in found.items() if named}


async def latest(session: AsyncSession) -> Framework | None:
    """The last published version, if any."""
    version = await latest_version(session)
    return await session.get_one(Framework, version) if version else None


async def versions(session: AsyncSession) -> list[Framework]:
    """Every published version, the last one first."""
    found = list(await session.scalars(select(Framework)))
    return sorted(found, key=lambda framework: _order(framework.version), reverse=True)


async def fetch(session: AsyncSession, version: str) -> Framework:
    """A published version, or NotFound."""
    framework = await session.get(Framework, version) if VERSION.fullmatch(version) else None
    if framework is None:
        raise NotFound(N_("Cette version du référentiel n'est pas publiée."))
    return framework


async def from_workshop(session: AsyncSession, workshop_id: str) -> Framework | None:
    """The version a workshop led to, if it was published."""
    return await session.scalar(select(Framework).where(col(Framework.workshop_id) == workshop_id))


_VERSIONS = select(Framework.version)


async def latest_version(session: AsyncSession) -> str | None:
    """The number of the last published version, without its content."""
    numbers = list(await session.scalars(_VERSIONS))
    return max(numbers, key=_order, default=None)


def _order(version: str) -> tuple[int, ...]:
    """Versions in the order of their numbers, not of their letters."""
    return tuple(map(int, version.split(".")))
