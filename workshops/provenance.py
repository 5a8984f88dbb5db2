"""Provenance: since which wording each field of an indicator says what it says."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import attachments, indicators, lineage
from workshops.agenda import Workshop
from workshops.indicators import Card, Indicator, Origin, Wording
from workshops.lineage import ALONE, Kin
from workshops.sheet import Sheet

# Where the text of one field was written, in the keys of the published document. It names a wording and a lab, never a
# person: `atelier`, `indicateur`, `redaction`, `geste`, `labo`, the first `version` that published it; `origine` for a
# text that nobody of the workshop wrote. A correction has its own: `correction`, `version`.
Source = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """How an indicator came to its text: its wordings, the first one first, and what it comes from.

    `parents`: the stories of those that left the table to become it, each with the gesture by which it left.
    """

    indicator: Indicator
    wordings: Sequence[Wording]
    parents: tuple[tuple[int, "Story"], ...] = ()


@dataclass(frozen=True)
class Published:
    """An indicator of a version: its text, and where each of its fields was written."""

    sheet: Sheet
    sources: Mapping[str, Source]


def fields(
    story: Story, labs: Mapping[str, str | None], version: str, former: Mapping[str, Published] | None = None
) -> dict[str, Source]:
    """For each filled field of the current text, the first wording since which its value has not changed.

    What the former version says already keeps its source: it was not written here (`former`: what `published` gives of
    it). What is taken over word for word from an indicator split into this one, or merged into it, was written there.
    `labs`: the lab of each person of the workshop; `version`: the one that publishes what is new.
    """
    return {name: _source(story, name, labs, version, former or {}) for name in story.wordings[-1].sheet}


def _source(
    story: Story, name: str, labs: Mapping[str, str | None], version: str, former: Mapping[str, Published]
) -> Source:
    value = story.wordings[-1].sheet[name]
    before = former.get(story.indicator.code)
    if before and before.sheet.get(name) == value:
        return before.sources[name]
    since = _since(story.wordings, name)
    for left, parent in story.parents:
        if left <= since.gesture and parent.wordings[-1].sheet.get(name) == value:
            return _source(parent, name, labs, version, former)
    return _written(story.indicator, since, labs, version)


def _since(wordings: Sequence[Wording], name: str) -> Wording:
    """The first of the last wordings that say the same in a field."""
    since = wordings[-1]
    for earlier in reversed(wordings):
        if earlier.sheet.get(name) != since.sheet[name]:
            break
        since = earlier
    return since


def _written(indicator: Indicator, wording: Wording, labs: Mapping[str, str | None], version: str) -> Source:
    """An accepted amendment is a wording by who proposed it: its lab is theirs. What a workshop starts from is nobody's."""
    is_given = wording.number == 1 and indicator.origin is not Origin.WORKSHOP
    source = {
        "atelier": indicator.workshop_id,
        "indicateur": indicator.id,
        "redaction": wording.number,
        "geste": wording.gesture,
        "labo": None if is_given else labs.get(wording.by_id),
        "version": version,
    }
    return {**source, "origine": indicator.origin.value} if is_given else source


def published(document: Mapping[str, Any]) -> dict[str, Published]:
    """The texts and the sources of a published document, by code."""
    version = document["version"]
    return {item["code"]: Published(item["fiche"], read(item, version)) for item in document["indicateurs"]}


def read(item: Mapping[str, Any], version: str) -> dict[str, Source]:
    """The sources of an indicator of a document. Older ones only say where it was decided, and on which wording."""
    decision = item.get("decision") or {}
    known = {
        "atelier": decision.get("atelier"),
        "indicateur": None,
        "redaction": decision.get("redaction"),
        "geste": None,
        "labo": None,
        "version": version,
    }
    told: Mapping[str, Source] = item.get("provenance") or {}
    return {name: told.get(name, known) for name in item["fiche"]}


async def of_workshop(
    session: AsyncSession,
    workshop: Workshop,
    version: str,
    former: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
) -> dict[str, dict[str, Source]]:
    """The sources of the current text of each indicator of a workshop, or of `only` these ids, by id. Four queries.

    `former`: the document that the version to come follows; `version`: its number.
    """
    cards = await indicators.cards(session, workshop.id)
    wordings = await indicators.wordings(session, workshop.id)
    kin = await lineage.kin(session, workshop.id)
    labs = {id: seat.lab_slug for id, seat in (await attachments.members(session, workshop.id)).items()}
    before = published(former) if former else {}
    told = stories(cards, wordings, kin)
    return {
        id: fields(story, labs, version, before) for id, story in told.items() if only is None or id in only
    }


def stories(cards: Iterable[Card], wordings: Iterable[Wording], kin: Mapping[str, Kin]) -> dict[str, Story]:
    """The story of each indicator of a workshop, by id."""
    texts: dict[str, list[Wording]] = {}
    for wording in sorted(wordings, key=lambda wording: wording.number):
        texts.setdefault(wording.indicator_id, []).append(wording)
    by_id = {card.id: card for card in cards}
    told: dict[str, Story] = {}

    def story(id: str) -> Story:
        if id not in told:
            parents = (by_id[relative.id] for relative in kin.get(id, ALONE).comes_from)
            left = tuple((parent.departure.gesture, story(parent.id)) for parent in parents if parent.departure)
            told[id] = Story(by_id[id].indicator, texts[id], left)
        return told[id]

    return {id: story(id) for id in by_id}


async def located(session: AsyncSession, places: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The ids of indicators known by their workshop and their code there. One query, none for nothing."""
    if not places:
        return {}
    found = await session.execute(
        select(Indicator.workshop_id, Indicator.code, Indicator.id).where(
            tuple_(col(Indicator.workshop_id), col(Indicator.code)).in_(list(places))
        )
    )
    return {(workshop_id, code): id for workshop_id, code, id in found}


async def written(session: AsyncSession, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], Wording]:
    """The wordings that sources name, by indicator and number: they say by whom, which no document does.

    One query, none for nothing.
    """
    if not keys:
        return {}
    found = await session.scalars(
        select(Wording).where(tuple_(col(Wording.indicator_id), col(Wording.number)).in_(list(keys)))
    )
    return {(wording.indicator_id, wording.number): wording for wording in found}
