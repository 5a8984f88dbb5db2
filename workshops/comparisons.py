"""Comparisons: what one set of sheets did to another, and the number it calls for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workshops import changes
from workshops.changes import Change
from workshops.sheet import Level, Sheet


@dataclass(frozen=True)
class Contents:
    """What a version holds: its sheets, by code, in order; which of them are deprecated, on their way out."""

    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    deprecated: frozenset[str] = frozenset()

    @property
    def in_force(self) -> list[str]:
        return [code for code in self.sheets if code not in self.deprecated]


@dataclass(frozen=True)
class Comparison:
    """What one version did to another: codes, and for each text reworded its fields."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[Change]] = field(default_factory=dict)
    deprecated: list[str] = field(default_factory=list)
    reinstated: list[str] = field(default_factory=list)

    @property
    def level(self) -> Level | None:
        """The level of the whole (None: nothing differs): the highest of what follows, and of each field's change.

        Removing an indicator is major. Adding one, deprecating one or taking it back in force is minor: nobody who
        follows the former version counts otherwise.
        """
        levels = [change.level for found in self.changed.values() for change in found]
        levels += [Level.MAJOR] * bool(self.removed)
        levels += [Level.MINOR] * bool(self.added or self.deprecated or self.reinstated)
        return max(levels, default=None)

    def level_of(self, code: str) -> Level | None:
        """What happens to one indicator does to the version."""
        only = {code: self.changed[code]} if code in self.changed else {}
        lists = ([code] if code in found else [] for found in (self.added, self.removed))
        added, removed = lists
        moved = [code] if code in (*self.deprecated, *self.reinstated) else []
        return Comparison(added, removed, only, moved).level


def compare(before: Contents, after: Contents, argued: Mapping[str, str] | None = None) -> Comparison:
    """Added, removed, deprecated, reinstated and changed indicators, these field by field.

    `argued`: by code, why a change of a field that may be argued (`Field.arguable`) leaves its meaning as it was.
    """
    kept = [code for code in after.sheets if code in before.sheets]
    return Comparison(
        added=[code for code in after.sheets if code not in before.sheets],
        removed=[code for code in before.sheets if code not in after.sheets],
        changed={
            code: argue(changes.between(before.sheets[code], after.sheets[code]), (argued or {}).get(code, ""))
            for code in kept
            if before.sheets[code] != after.sheets[code]
        },
        deprecated=[code for code in kept if code in after.deprecated and code not in before.deprecated],
        reinstated=[code for code in kept if code in before.deprecated and code not in after.deprecated],
    )


def argue(found: list[Change], because: str) -> list[Change]:
    """The same changes, at the level of those that may be argued, once somebody wrote why."""
    return [
        replace(change, level=change.field.arguable, because=because)
        if because and change.field.arguable is not None
        else change
        for change in found
    ]


def bump(version: str, level: Level) -> str:
    """The next number at a level (semver.org 2.0.0)."""
    major, minor, patch = map(int, version.split("."))
    return {
        Level.MAJOR: f"{major + 1}.0.0",
        Level.MINOR: f"{major}.{minor + 1}.0",
        Level.PATCH: f"{major}.{minor}.{patch + 1}",
    }[level]
