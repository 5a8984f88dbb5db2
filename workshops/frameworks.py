"""Frameworks: the public, frozen sets of indicators."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import chains, documents, indicators, seals, world
from workshops.agenda import VERSION, Start, Workshop
from workshops.canonical import digest
from workshops.comparisons import Contents
from workshops.indicators import Origin
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.sheet import Sheet
from workshops.versions import order
from workshops.words import N_

FIRST = "2.0.0"


class Framework(Record, table=True):
    """One published version: a copy of everything, and its fingerprint. Triggers refuse any change.

    `document` is the canonical text that was hashed. One person prepared it, another published it; neither release nor
    workshop is needed to read it. `signature` is a detached JWS, where the site has a key.
    """

    version: str = Field(primary_key=True, max_length=20)
    previous_version: str | None = Field(default=None, unique=True, max_length=20)
    release_id: str | None = Field(default=None, unique=True, max_length=12)
    prepared_by: str | None = Field(default=None, max_length=12)
    published_by: str = Field(max_length=12)
    published_at: datetime = Field(sa_type=Moment)
    fingerprint: str = Field(max_length=71)
    signature: str | None = Field(default=None, max_length=1000)
    document: str

    @property
    def content(self) -> dict[str, Any]:
        """The published document, with its fingerprint, and its signature if it has one."""
        signed = {"signature": self.signature} if self.signature else {}
        return {**json.loads(self.document), "empreinte": self.fingerprint, **signed}

    @property
    def sheets(self) -> dict[str, Sheet]:
        """The frozen sheets, by code, in order."""
        return {item["code"]: item["fiche"] for item in json.loads(self.document)["indicateurs"]}

    @property
    def contents(self) -> Contents:
        """What it holds, as versions are compared."""
        return documents.contents(json.loads(self.document))


class FrameworkWorkshop(Record, table=True):
    """That a workshop fed a version: it does so once."""

    workshop_id: str = Field(primary_key=True, max_length=12)
    version: str = Field(index=True, max_length=20)


async def lay_table(session: AsyncSession, workshop: Workshop, *, by: Person) -> None:
    """Put on the table what a workshop just convened starts from. What is on its way out is there: it may be kept."""
    if workshop.start is Start.COMMITMENT:
        await indicators.seed(session, workshop, indicators.commitment_texts(), Origin.COMMITMENT, by=by)
    elif workshop.start is Start.PREVIOUS:
        previous = await latest(session)
        if previous is None:
            raise NotThus(
                {"start": N_("Aucune version n'est encore publiée : partez de l'engagement ou d'une page blanche.")}
            )
        await indicators.seed(session, workshop, list(previous.sheets.items()), Origin.REFERENCE, by=by)


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 of the RFC 8785 form of a document without its own fingerprint and signature."""
    return "sha256:" + digest(unsigned(document))


def unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a document that is hashed, and signed."""
    return {key: value for key, value in document.items() if key not in seals.OUTSIDE}


def verify(document: Mapping[str, Any]) -> bool:
    """Whether a downloaded document is, to the letter, the one its fingerprint names."""
    return document.get("empreinte") == fingerprint(document)


def require_shown(workshop: Workshop) -> None:
    """What would be published says what the votes decide: NotNow, to whomever, while the announced rule hides it."""
    if workshop.hides:
        raise NotNow(
            N_("La règle cache les résultats jusqu'à la clôture : l'aperçu de ce qui sera publié l'attend aussi.")
        )


async def latest(session: AsyncSession) -> Framework | None:
    """The last published version, if any."""
    version = await latest_version(session)
    return await session.get_one(Framework, version) if version else None


async def versions(session: AsyncSession) -> list[Framework]:
    """Every published version, the last one first."""
    found = list(await session.scalars(select(Framework)))
    return sorted(found, key=lambda framework: order(framework.version), reverse=True)


async def fetch(session: AsyncSession, version: str) -> Framework:
    """A published version; else NotFound, which tells those that are."""
    framework = await session.get(Framework, version) if VERSION.fullmatch(version) else None
    if framework is None:
        raise NotPublished(await numbers(session))
    return framework


class NotPublished(NotFound):
    """No such version; `versions` are those there are, the last one first."""

    def __init__(self, versions: Sequence[str]) -> None:
        super().__init__(N_("Cette version du référentiel n'est pas publiée."))
        self.versions = list(versions)
        self.told = {"versions": self.versions}


async def from_workshop(session: AsyncSession, workshop_id: str) -> Framework | None:
    """The version a workshop led to, if it was published."""
    return await session.scalar(
        select(Framework)
        .join(FrameworkWorkshop, col(FrameworkWorkshop.version) == col(Framework.version))
        .where(col(FrameworkWorkshop.workshop_id) == workshop_id)
    )


async def fed(session: AsyncSession) -> set[str]:
    """The workshops that fed a version."""
    return set(await session.scalars(select(FrameworkWorkshop.workshop_id)))


async def from_release(session: AsyncSession, release_id: str) -> Framework | None:
    """The version a release became, if it was published."""
    return await session.scalar(select(Framework).where(col(Framework.release_id) == release_id))


_VERSIONS = select(Framework.version)


async def numbers(session: AsyncSession) -> list[str]:
    """The number of every published version, the last one first, without their content."""
    return sorted(await session.scalars(_VERSIONS), key=order, reverse=True)


async def latest_version(session: AsyncSession) -> str | None:
    """The number of the last published version, without its content."""
    return max(await session.scalars(_VERSIONS), key=order, default=None)


def after(latest: Framework | None) -> datetime:
    """Now, or the date of the version before where a clock was set back: the dates of a chain never decrease."""
    return max(world.now(), latest.published_at) if latest else world.now()


async def chain(session: AsyncSession) -> list[chains.Link]:
    """The chain of the next version: every version before it, the oldest first."""
    return chains.chain([framework.content for framework in reversed(await versions(session))])


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with a seal on each of its parts: what was altered can then be named."""
    return {**document, "sceaux": seals.seals(document)}
