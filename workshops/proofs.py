"""Proofs: a draft written out as the document that will be published."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import comparisons, crosswalks, licence, lines, provenance
from workshops.agenda import Workshop
from workshops.documents import LEVELS
from workshops.drafts import Draft
from workshops.provenance import Source
from workshops.sheet import Level


async def sources(session: AsyncSession, draft: Draft) -> dict[str, dict[str, Source]]:
    """By code, where each field of each text that was decided was written. Four queries a workshop."""
    document = draft.latest.content if draft.latest else None
    found = {code: provenance.read(item, document["version"]) for code, item in draft.former.items() if document}
    written: dict[str, dict[str, Source]] = {}
    for workshop in draft.workshops:
        written |= await provenance.of_workshop(session, workshop, draft.version, document)
    return found | {line.code: written[line.card.id] for line in draft.kept}


def told(draft: Draft, written: Mapping[str, Mapping[str, Source]]) -> dict[str, Any]:
    """The document of a draft, but for who publishes it, when, and what the registers say then."""
    previous = draft.latest
    changed = draft.comparison.changed
    return {
        "titre": "Référentiel d'évaluation des laboratoires d'innovation publique",
        "version": draft.version,
        "note": draft.choices.note.strip(),
        "licence": licence.NAME,
        "precedente": {"version": previous.version, "empreinte": previous.fingerprint} if previous else None,
        "niveau": _level(draft) if previous else None,
        "indicateurs": [
            item.frozen(draft.version, written[item.code], draft.evidence.get(item.code, ())) for item in draft.items
        ],
        "ecartes": [lines.left_out(line) for line in draft.left_out],
        "hors_table": [lines.departed(card, kin) for card, kin in draft.departed],
        "passage": crosswalks.published(draft.passages),
        "arguments": {
            code: {change.field.name: change.because for change in changed[code] if change.because}
            for code in draft.arguments
            if code in changed and any(change.because for change in changed[code])
        },
    }


def _level(draft: Draft) -> dict[str, str]:
    chosen = next(level for level in Level if comparisons.bump(_former(draft), level) == draft.version)
    return {"calcule": LEVELS[draft.level], "retenu": LEVELS[chosen], "motif": draft.choices.raised.strip()}


def _former(draft: Draft) -> str:
    assert draft.latest
    return draft.latest.version


def _workshop(found: Workshop) -> dict[str, Any]:
    """A workshop that fed a version, up to the gesture under way."""
    return {
        "id": found.id,
        "titre": found.title,
        "date": found.held_on.isoformat(),
        "geste": found.gestures,
        "registre": found.head,
        "regle": found.rule,
        "tour": found.round,
    }


def fed_by(workshops: Collection[Workshop]) -> dict[str, Any]:
    """The workshops of a version, in the order they closed, with their registers up to now; `atelier` is the last."""
    told = [_workshop(each) for each in workshops]
    return {"ateliers": told, "atelier": told[-1] if told else None}
