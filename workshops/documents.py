"""Documents: the whole text of a version, published or candidate, and how one reads it.

Keys are those of the public JSON. Older documents lack those that came later: whoever asks here need not know.
"""

from collections.abc import Mapping
from typing import Any

from workshops import comparisons, items
from workshops.comparisons import Comparison, Contents
from workshops.sheet import Level
from workshops.vocabulary import Family

Document = Mapping[str, Any]

LEVELS = {Level.PATCH: "correctif", Level.MINOR: "mineur", Level.MAJOR: "majeur"}  # as they are published
LEVELS_NAMED = {name: level for level, name in LEVELS.items()}


def contents(document: Document) -> Contents:
    """What it holds, as versions are compared."""
    found = document["indicateurs"]
    return Contents(
        {item["code"]: item["fiche"] for item in found},
        frozenset(item["code"] for item in found if items.is_deprecated(item)),
    )


def since(before: Contents, document: Document) -> Comparison:
    """What it did to the version before it, with what it argues."""
    argued = {code: "\n".join(fields.values()) for code, fields in document.get("arguments", {}).items()}
    return comparisons.compare(before, contents(document), argued)


def workshops(document: Document) -> list[dict[str, Any]]:
    """The workshops that fed it, in the order they closed; older documents name the only one there was."""
    alone = document.get("atelier")
    found: list[dict[str, Any]] = document.get("ateliers", [alone] if alone else [])
    return found


def by_family(document: Document) -> list[tuple[Family, list[dict[str, Any]]]]:
    """Its indicators, family by family."""
    found = document["indicateurs"]
    return [(family, [item for item in found if item["fiche"]["famille"] == family.value]) for family in Family]
