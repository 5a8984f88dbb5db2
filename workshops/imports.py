"""Imports: frameworks that others wrote, kept as they came, with their source.

An imported framework is never one of our versions: it has no number, no workshop, no votes. It is what a file said.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, func, select

from workshops import audit, grids, roles, world
from workshops.audit import Deed
from workshops.canonical import canonical, digest, timestamp
from workshops.grids import Format, Grid, Judged, simple
from workshops.people import Person
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import one_line
from workshops.words import N_

LONGEST = {"title": 200, "source": 1000, "address": 500, "dated": 40}
LONGEST_NAME = 120
LONGEST_SLUG = 48
RESERVED = ("nouveau",)  # an address of its own, where one imports
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
# What would make it pass for one of ours: a version's number.
OUR_NUMBERS = re.compile(r"\bv(ersion)?\W{0,2}\d{1,2}\b|\b\d+\.\d+\.\d+\b", re.IGNORECASE)


class ImportedFramework(Record, table=True):
    """A framework that came in a file, and its source. Triggers refuse any change.

    `received`: the SHA-256 of the file as it came; `fingerprint`: that of `document`, the canonical text kept of it.
    `imported_by` names a person and does not depend on them; None is the command line.
    """

    slug: str = Field(primary_key=True, max_length=60)
    title: str = Field(max_length=200)
    source: str = Field(max_length=1000)
    source_address: str = Field(default="", max_length=500)
    dated: str = Field(default="", max_length=40)
    file_name: str = Field(default="", max_length=120)
    format: Format = Field(sa_type=Coded(Format))
    received: str = Field(unique=True, max_length=71)
    fingerprint: str = Field(max_length=71)
    document: str
    imported_by: str | None = Field(default=None, max_length=12)
    imported_at: datetime = Field(sa_type=Moment)

    __table_args__ = (one_of("format", Format),)

    @property
    def content(self) -> dict[str, Any]:
        """The published document, fingerprint included."""
        return {**json.loads(self.document), "empreinte": self.fingerprint}


@dataclass(frozen=True)
class Notice:
    """What a person says of a file: what it is, and where it comes from. `keeping`: columns kept as they are."""

    title: str = ""
    source: str = ""
    address: str = ""
    dated: str = ""
    keeping: tuple[str, ...] = ()

    @property
    def cleaned(self) -> "Notice":
        title, source, address, dated = map(one_line, (self.title, self.source, self.address, self.dated))
        return Notice(title, source, address, dated, tuple(filter(None, map(one_line, self.keeping))))


@dataclass(frozen=True)
class Deposit:
    """A file as it came: its name, the SHA-256 and the number of its bytes, and what was read of it."""

    name: str
    received: str
    weight: int
    grid: Grid


@dataclass(frozen=True)
class Rehearsal:
    """What an import would give: what would be kept, or every reason why nothing would be."""

    notice: Notice
    judged: Judged
    wrong: Mapping[str, str] = field(default_factory=dict)
    former: ImportedFramework | None = None

    @property
    def holds(self) -> bool:
        return not (self.wrong or self.judged.problems or self.former)

    def require(self) -> None:
        """NotNow for a file that was imported already, Malformed when something in it, or said of it, does not hold."""
        if self.former:
            raise NotNow(N_("Ce fichier est déjà importé : « {title} »."), title=self.former.title)
        if not self.holds:
            raise Malformed(self)


class Malformed(NotThus):
    """A file that cannot be imported: every line that does not hold."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        lines = {"file": N_("Le fichier a des erreurs : rien n'est importé.")} if rehearsal.judged.problems else {}
        super().__init__({**rehearsal.wrong, **lines})
        self.rehearsal = rehearsal


async def rehearse(session: AsyncSession, deposit: Deposit, notice: Notice) -> Rehearsal:
    """What importing this file would give, with every error at once. It changes nothing."""
    notice = notice.cleaned
    judged = grids.judge(deposit.grid, notice.keeping)
    return Rehearsal(notice, judged, _wrong(notice), await of_file(session, deposit.received))


async def keep(session: AsyncSession, deposit: Deposit, notice: Notice, *, by: Person | None) -> ImportedFramework:
    """A publisher imports a framework from a file, whole or not at all. None: the command line.

    Raises NotYours for anyone else, NotNow for a file that was imported already, Malformed when a line of the file, or
    what is said of it, does not hold.
    """
    register = await audit.take_floor(session, by=by)
    await roles.require_administrator(session, by)
    rehearsal = await rehearse(session, deposit, notice)
    rehearsal.require()
    at = world.now()
    document = _document(deposit, rehearsal, timestamp(at), by)
    said = rehearsal.notice
    imported = ImportedFramework(
        slug=await _free_slug(session, said),
        title=said.title,
        source=said.source,
        source_address=said.address,
        dated=said.dated,
        file_name=document["fichier"]["nom"],
        format=deposit.grid.format,
        received=deposit.received,
        fingerprint="sha256:" + digest(document),
        document=canonical(document).decode(),
        imported_by=by.id if by else None,
        imported_at=at,
    )
    session.add(imported)
    audit.record(session, register, Deed.FRAMEWORK_IMPORTED, by=by, about=imported.slug)
    await session.flush()
    return imported


def _wrong(notice: Notice) -> dict[str, str]:
    """What is missing or too long in what a person says of the file. A source is never left unsaid."""
    wrong = {name: N_("Ce champ est nécessaire.") for name in ("title", "source") if not getattr(notice, name)}
    wrong |= {name: N_("C'est trop long.") for name, most in LONGEST.items() if len(getattr(notice, name)) > most}
    if notice.address and not ADDRESS.fullmatch(notice.address):
        wrong["address"] = N_("Une adresse commence par https:// ou http://.")
    if OUR_NUMBERS.search(notice.title):
        wrong["title"] = N_("Ce n'est pas une de nos versions : donnez son titre sans numéro de version.")
    return wrong


def _document(deposit: Deposit, rehearsal: Rehearsal, at: str, by: Person | None) -> dict[str, Any]:
    notice = rehearsal.notice
    return {
        "titre": notice.title,
        "nature": "référentiel importé",
        "source": {"citation": notice.source, "adresse": notice.address or None, "date": notice.dated or None},
        "importe_le": at,
        "importe_par": by.id if by else None,
        "fichier": {
            "nom": one_line(deposit.name)[-LONGEST_NAME:],
            "format": deposit.grid.format.value,
            "encodage": deposit.grid.encoding,
            "octets": deposit.weight,
            "empreinte": deposit.received,
        },
        "indicateurs": list(rehearsal.judged.items),
    }


async def _free_slug(session: AsyncSession, notice: Notice) -> str:
    """An address made of the title and the date, that nobody has yet."""
    words = simple(notice.title).split("_")
    date = [] if notice.dated in notice.title else simple(notice.dated).split("_")
    while len("-".join(words + date)) > LONGEST_SLUG and len(words) > 1:
        words.pop()
    wanted = "-".join(words + date)[:LONGEST_SLUG].strip("-") or "referentiel"
    taken = {*RESERVED, *await session.scalars(select(ImportedFramework.slug))}
    return next(slug for slug in _numbered(wanted) if slug not in taken)


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    yield from (f"{slug}-{number}" for number in count(2))


# ── Questions


async def fetch(session: AsyncSession, slug: str) -> ImportedFramework:
    """An imported framework, or NotFound."""
    found = await session.get(ImportedFramework, slug)
    if found is None:
        raise NotFound(N_("Ce référentiel n'a pas été importé."))
    return found


async def of_file(session: AsyncSession, received: str) -> ImportedFramework | None:
    """What was imported from the very same file, if anything."""
    return await session.scalar(select(ImportedFramework).where(col(ImportedFramework.received) == received))


async def imported(session: AsyncSession) -> list[ImportedFramework]:
    """All of them, the last one imported first."""
    query = select(ImportedFramework).order_by(col(ImportedFramework.imported_at).desc(), col(ImportedFramework.slug))
    return list(await session.scalars(query))


async def number(session: AsyncSession) -> int:
    """How many there are: none ever leaves, hence it changes whenever there is one more."""
    return await session.scalar(select(func.count()).select_from(ImportedFramework)) or 0


async def titles(session: AsyncSession, slugs: Collection[str]) -> dict[str, str]:
    """The titles of those of these slugs that are imported frameworks."""
    query = select(ImportedFramework.slug, ImportedFramework.title).where(col(ImportedFramework.slug).in_(slugs))
    return {row.slug: row.title for row in await session.execute(query)}
