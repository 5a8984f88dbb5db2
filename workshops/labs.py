"""Labs: the identity card of each public innovation lab, as far as its sources tell."""

import json
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from importlib import resources
from typing import Any

from sqlalchemy import JSON, Connection, bindparam
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops.records import Record
from workshops.refusals import NotFound
from workshops.words import N_


class Lab(Record, table=True):
    """What public sources say of a lab. `None` means "not found", never "does not exist"."""

    slug: str = Field(primary_key=True, max_length=60)
    name: str = Field(max_length=120)
    region: str | None = Field(default=None, max_length=120)
    city: str | None = Field(default=None, max_length=120)
    carriers: list[str] = Field(default_factory=list, sa_type=JSON)
    founded: int | None = None
    theme: str | None = None
    site: str | None = Field(default=None, max_length=255)
    sources: list[str] = Field(default_factory=list, sa_type=JSON)


def found() -> list[dict[str, Any]]:
    """The labs found in public sources on 23 November 2026, as they come with this project."""
    text = resources.files("workshops.content").joinpath("labs.json").read_text("utf-8")
    labs: list[dict[str, Any]] = json.loads(text)["labs"]
    return labs


async def enter(session: AsyncSession, facts: Iterable[Mapping[str, Any]]) -> None:
    """Enter labs in the directory, or bring their cards up to date."""
    for fact in facts:
        lab = await session.get(Lab, fact["slug"]) or Lab(slug=fact["slug"], name=fact["nom"])
        lab.name, lab.region, lab.city = fact["nom"], fact.get("region"), fact.get("ville")
        lab.carriers = list(fact.get("porteurs") or [])
        lab.founded, lab.theme, lab.site = fact.get("creation"), fact.get("thematique"), fact.get("site")
        lab.sources = list(fact.get("sources") or [])
        session.add(lab)
    await session.flush()


_AMONG = select(Lab.slug).where(col(Lab.slug).in_(bindparam("slugs", expanding=True)))


def among(connection: Connection, slugs: Collection[str]) -> frozenset[str]:
    """Those of these labs that are in the directory."""
    return frozenset(connection.execute(_AMONG, {"slugs": list(slugs)}).scalars())


async def exists(session: AsyncSession, slug: str) -> bool:
    """Whether a lab is in the directory."""
    return bool(await session.run_sync(lambda own: among(own.connection(), [slug])))


async def get(session: AsyncSession, slug: str) -> Lab:
    lab = await session.get(Lab, slug)
    if lab is None:
        raise NotFound(N_("Ce laboratoire n'est pas dans l'annuaire."))
    return lab


async def directory(session: AsyncSession) -> list[Lab]:
    """All labs, by name."""
    labs = list(await session.scalars(select(Lab).order_by(col(Lab.name))))
    return sorted(labs, key=lambda lab: _letters(lab.name))


_NAMES = select(Lab.slug, Lab.name, Lab.region)


async def names(session: AsyncSession) -> list[tuple[str, str, str | None]]:
    """The slug, name and region of all labs, by name: what a list to choose from shows."""
    found = (await session.execute(_NAMES)).all()
    return sorted(((slug, name, region) for slug, name, region in found), key=lambda lab: _letters(lab[1]))


async def called(session: AsyncSession) -> dict[str, str]:
    """The name of each lab, by slug."""
    return {slug: name for slug, name, _region in (await session.execute(_NAMES)).all()}


def _letters(name: str) -> str:
    """A name without case or accents: where a French reader looks for it."""
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))
