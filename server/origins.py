"""Origins: an indicator of a version, with where each of its fields comes from and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server import evidences
from server.evidences import OfItem
from workshops import (
    agenda,
    amendments,
    attachments,
    changes,
    comments,
    credits,
    frameworks,
    labs,
    lineage,
    provenance,
    releases,
    returns,
    tallies,
    versions,
)
from workshops.agenda import Workshop
from workshops.indicators import Wording
from workshops.lineage import ALONE, Relative
from workshops.provenance import Source
from workshops.refusals import NotFound
from workshops.sheet import FIELDS, Field
from workshops.tallies import Tally
from workshops.vocabulary import Family
from workshops.words import N_, Word

Document = Mapping[str, Any]


class Deed(Word):
    """What a version did to an indicator."""

    PUBLISHED = "publie", N_("Publié pour la première fois")
    REWORDED = "reecrit", N_("Réécrit")
    CORRECTED = "corrige", N_("Corrigé")
    DEPRECATED = "deprecie", N_("Déprécié")
    REMOVED = "retire", N_("Retiré")


@dataclass(frozen=True)
class Talk:
    """What was said of a field where an indicator was discussed: how many, and the first."""

    indicator_id: str
    count: int
    first: str


@dataclass(frozen=True)
class Passage:
    """One field of a published indicator, and where its text was written. `name` is there only with consent."""

    field: Field
    source: Source
    indicator_id: str | None
    workshop: Workshop | None
    wording: Wording | None
    lab: str
    name: str
    talks: tuple[Talk, ...]

    @property
    def number(self) -> int | None:
        number: int | None = self.source.get("redaction")
        return number

    @property
    def gesture(self) -> int | None:
        """That of the wording, even where an older document does not say it."""
        return self.wording.gesture if self.wording else self.source.get("geste")


@dataclass(frozen=True)
class Step:
    """What a version did to an indicator, after the version `before` it: `fields` that differ, what it `became`."""

    version: str
    before: str | None
    how: Deed
    fields: tuple[Field, ...] = ()
    became: tuple[str, ...] = ()

    @property
    def compares(self) -> bool:
        """Whether the one before has something to be compared with. A candidate's own page compares it."""
        return self.before is not None and self.how is not Deed.PUBLISHED and not versions.is_candidate(self.version)


@dataclass(frozen=True)
class Told:
    """One indicator of a version, and all that a reader may ask of it."""

    content: Document
    item: Document
    passages: tuple[Passage, ...]
    decided_in: Workshop | None
    decided_id: str | None
    tally: Tally | None
    comes_from: tuple[Relative, ...]
    credits: tuple[tuple[str, tuple[str, ...]], ...]
    steps: tuple[Step, ...]
    latest: str
    is_older: bool
    labs: Mapping[str, str]
    evidence: OfItem

    @property
    def version(self) -> str:
        return str(self.content["version"])

    @property
    def number(self) -> str:
        """The number of the version, or the one that a candidate is to bear: that of the sources new in it."""
        return versions.parted(self.version)[0]

    @property
    def is_candidate(self) -> bool:
        return versions.is_candidate(self.version)

    @property
    def may_be_cited_on(self) -> bool:
        """Whether publishers may cite a testimonial beside it."""
        is_latest = self.version == self.latest and not self.is_candidate
        return is_latest and self.item["fiche"]["famille"] == Family.IMPACT.value

    @property
    def has_ballots(self) -> bool:
        return self.decided_in is not None and returns.are_published(self.decided_in)


class NotInVersion(NotFound):
    """A version has no indicator of this code: here are those that it has."""

    def __init__(self, content: Document, code: str) -> None:
        version = content["version"]
        super().__init__(N_("La version {version} n'a pas d'indicateur de ce code. Voici les siens."), version=version)
        codes = [item["code"] for item in content["indicateurs"]]
        self.told = {"version": version, "codes": codes}
        self.links = [
            (f"{item['code']} {item['fiche']['libelle']}", f"/referentiel/{version}/{item['code']}")
            for item in content["indicateurs"]
        ]


async def document(session: AsyncSession, version: str) -> Document:
    """The document of a version, or of a candidate."""
    number, candidate = versions.parted(version)
    if candidate is not None:
        return (await releases.named(session, number, candidate)).content
    return (await frameworks.fetch(session, version)).content


async def told(session: AsyncSession, version: str, code: str) -> Told:
    """An indicator of a version, or NotInVersion. The number of queries depends on none of its texts."""
    content = await document(session, version)
    item = next((item for item in content["indicateurs"] if item["code"] == code), None)
    if item is None:
        raise NotInVersion(content, code)
    published = {each.version: each.content for each in reversed(await frameworks.versions(session))}
    latest = next(reversed(published), version)
    sources, decision = provenance.read(item, version), item.get("decision") or {}
    ids = await provenance.located(session, _places(code, [*sources.values(), decision]))
    home = decision.get("atelier") or ""
    decided_id = ids.get((home, code))
    called = await labs.called(session)
    passages, named = await _passages(session, code, sources, ids, decided_id, called)
    return Told(
        content=content,
        item=item,
        passages=passages,
        decided_in=(await agenda.among(session, [home])).get(home),
        decided_id=decided_id,
        tally=tallies.read(decision) if "regle" in decision else None,
        comes_from=await _comes_from(session, home, decided_id),
        credits=await _credits(session, item, passages, decided_id, called, named),
        steps=tuple(through([*{**published, version: content}.values()], code)),
        latest=latest,
        is_older=version in published and version != latest,
        labs=called,
        evidence=await evidences.of_item(session, item, is_latest=version == latest),
    )


async def _comes_from(session: AsyncSession, workshop_id: str, indicator_id: str | None) -> tuple[Relative, ...]:
    """What it was merged with, or split from, in the workshop that decided."""
    if indicator_id is None:
        return ()
    return (await lineage.kin(session, workshop_id, [indicator_id])).get(indicator_id, ALONE).comes_from


def _places(code: str, told: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Where an indicator may be found by its code: older documents say the workshop alone."""
    return {(each["atelier"], code) for each in told if each.get("atelier") and not each.get("indicateur")}


async def _passages(
    session: AsyncSession,
    code: str,
    sources: Mapping[str, Source],
    ids: Mapping[tuple[str, str], str],
    decided_id: str | None,
    called: Mapping[str, str],
) -> tuple[tuple[Passage, ...], dict[str, str]]:
    """Each field with its source, and the names of those who agreed, by the id that wrote."""
    at = {
        name: source.get("indicateur") or ids.get((source.get("atelier") or "", code))
        for name, source in sources.items()
    }
    keys = {(id, sources[name]["redaction"]) for name, id in at.items() if id and sources[name].get("redaction")}
    texts = await provenance.written(session, keys)
    said = await comments.on_fields(session, {id for id in (*at.values(), decided_id) if id})
    named = await credits.names(session, {text.by_id for text in texts.values()})
    homes = await agenda.among(session, {source["atelier"] for source in sources.values() if source.get("atelier")})
    found = []
    for field in (field for field in FIELDS if field.name in sources):
        source, id = sources[field.name], at[field.name]
        text = texts.get((id, source["redaction"])) if id else None
        found.append(
            Passage(
                field,
                source,
                id,
                homes.get(source.get("atelier") or ""),
                text,
                lab=called.get(source.get("labo") or "", source.get("labo") or ""),
                # Older documents name the wording that was adopted, not the one that wrote this field.
                name=named.get(text.by_id, "") if text and source.get("indicateur") and not source.get("origine") else "",
                talks=tuple(_talks(said, field.name, [id, decided_id])),
            )
        )
    return tuple(found), named


def _talks(
    said: Mapping[tuple[str, str], Sequence[str]], name: str, indicator_ids: Iterable[str | None]
) -> Iterable[Talk]:
    """Where the field was discussed: where its text was written, then where it was decided."""
    for id in dict.fromkeys(indicator_ids):
        if id and (id, name) in said:
            yield Talk(id, len(said[id, name]), said[id, name][0])


async def _credits(
    session: AsyncSession,
    item: Document,
    passages: Iterable[Passage],
    decided_id: str | None,
    called: Mapping[str, str],
    named: Mapping[str, str],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The labs that wrote the text or amended it, by name, each with its people who agreed to be named."""
    people: dict[str, dict[str, None]] = {}
    for passage in passages:
        if passage.lab or passage.name:
            people.setdefault(passage.lab, {}).update(dict.fromkeys([passage.name] if passage.name else []))
    for slug in item.get("coauteurs", []):
        people.setdefault(called.get(slug, slug), {})
    if decided_id and item.get("coauteurs"):
        authors = amendments.credits_of(await amendments.proposed(session, decided_id))
        names = {**await credits.names(session, authors), **named}
        seats = await attachments.members(session, item["decision"]["atelier"])
        for id in authors:
            lab = called.get(seats[id].lab_slug or "", "") if id in seats else ""
            if id in names:
                people.setdefault(lab, {})[names[id]] = None
    return tuple((lab, tuple(names)) for lab, names in people.items())


def through(documents: Sequence[Document], code: str) -> Iterable[Step]:
    """What each version did to an indicator, for those that did something, the oldest first."""
    before: Document | None = None
    for content in documents:
        former, item = _item(before, code), _item(content, code)
        step = _step(content, before, former, item, code)
        if step:
            yield step
        before = content


def _item(content: Document | None, code: str) -> Document | None:
    return next((item for item in content["indicateurs"] if item["code"] == code), None) if content else None


def _step(
    content: Document, before: Document | None, former: Document | None, item: Document | None, code: str
) -> Step | None:
    version, earlier = content["version"], before["version"] if before else None
    if item is None:
        if former is None:
            return None
        heirs = [to for line in content.get("passage") or [] if code in line["de"] for to in line["vers"] if to != code]
        return Step(version, earlier, Deed.REMOVED, became=tuple(heirs))
    if former is None:
        return Step(version, earlier, Deed.PUBLISHED)
    fields = tuple(change.field for change in changes.between(former["fiche"], item["fiche"]))
    if item.get("depreciation") and not former.get("depreciation"):
        return Step(version, earlier, Deed.DEPRECATED, fields, tuple(item["depreciation"]["remplace_par"]))
    if fields:
        return Step(version, earlier, Deed.CORRECTED if item.get("correction") else Deed.REWORDED, fields)
    return None
