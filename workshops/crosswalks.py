"""Crosswalks: what each indicator of a version became in the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshops.comparisons import Comparison, Contents
from workshops.indicators import Leaving
from workshops.sheet import Level
from workshops.words import N_, Word


class Fate(Word):
    """What becomes of an indicator from one version to the next."""

    SAME = "identique", N_("Identique")
    REWORDED = "reformule", N_("Reformulé")
    NARROWER = "plus_etroit", N_("Plus étroit")
    BROADER = "plus_large", N_("Plus large")
    SPLIT = "scinde", N_("Scindé en plusieurs")
    MERGED = "fusionne", N_("Fusionné avec un autre")
    NEW = "nouveau", N_("Nouveau dans cette version")
    REMOVED = "retire", N_("Retiré de cette version")


# What a person may say of a text that changed: nothing else knows whether it now counts less, or more.
TOLD = (Fate.REWORDED, Fate.NARROWER, Fate.BROADER)


@dataclass(frozen=True)
class Passage:
    """One line of the crosswalk: from what, to what. `fate` is None while only a person can say it, and nobody did."""

    fate: Fate | None
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    is_asked: bool = False  # a person may say it, or say otherwise

    @property
    def code(self) -> str:
        """The indicator it is about: of the former version, or the new one."""
        return (self.sources or self.targets)[0]


@dataclass(frozen=True)
class Heirs:
    """How an indicator left a workshop's table, and the codes of what it became."""

    how: Leaving
    codes: tuple[str, ...]


def crosswalk(
    before: Contents,
    after: Contents,
    comparison: Comparison,
    heirs: Mapping[str, Heirs],
    told: Mapping[str, Fate],
) -> list[Passage]:
    """Each indicator of either version has exactly one fate, computed where it can be.

    A text that differs by its wording, or by an addition, is reworded unless somebody says that it is narrower or
    broader; one whose meaning changed waits for somebody to say. What merged or split is deprecated first: its line says
    so then, and that it is removed later.
    """
    rows = [_passage(code, before, after, comparison, heirs.get(code), told.get(code)) for code in before.sheets]
    born = {code for row in rows if row.fate is Fate.SPLIT for code in row.targets}
    new = [code for code in after.sheets if code not in before.sheets and code not in born]
    return rows + [Passage(Fate.NEW, (), (code,)) for code in new]


def _passage(
    code: str, before: Contents, after: Contents, comparison: Comparison, heirs: Heirs | None, told: Fate | None
) -> Passage:
    if code not in after.sheets:
        return Passage(Fate.REMOVED, (code,), ())
    if code in comparison.deprecated and heirs:
        became = tuple(heir for heir in heirs.codes if heir in after.in_force)
        if became:
            return Passage(Fate.SPLIT if heirs.how is Leaving.SPLIT else Fate.MERGED, (code,), became)
    if before.sheets[code] == after.sheets[code]:
        return Passage(Fate.SAME, (code,), (code,))
    level = max(change.level for change in comparison.changed[code])
    guess = None if level is Level.MAJOR else Fate.REWORDED
    return Passage(told if told in TOLD else guess, (code,), (code,), is_asked=True)


def published(rows: list[Passage]) -> list[dict[str, Any]]:
    """The crosswalk as a version carries it."""
    return [
        {"sort": row.fate.value if row.fate else None, "de": list(row.sources), "vers": list(row.targets)}
        for row in rows
    ]
