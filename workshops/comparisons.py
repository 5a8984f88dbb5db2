"""Comparisons: what one set of sheets did to another, and the number it calls for."""

from collections.abc import Mapping
from dataclasses import dataclass

from workshops import changes
from workshops.changes import Change
from workshops.sheet import Level, Sheet


@dataclass(frozen=True)
class Comparison:
    """What one version did to another."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[Change]]

    @property
    def level(self) -> Level | None:
        """The level of the whole (None: nothing differs). A removed indicator is major, an added one minor."""
        levels = [change.level for found in self.changed.values() for change in found]
        levels += [Level.MAJOR] * bool(self.removed) + [Level.MINOR] * bool(self.added)
        return max(levels, default=None)


def compare(before: Mapping[str, Sheet], after: Mapping[str, Sheet]) -> Comparison:
    """Added, removed and changed indicators, field by field."""
    return Comparison(
        added=[code for code in after if code not in before],
        removed=[code for code in before if code not in after],
        changed={
            code: changes.between(before[code], after[code])
            for code in after
            if code in before and before[code] != after[code]
        },
    )


def bump(version: str, level: Level) -> str:
    """The next number at a level (semver.org 2.0.0)."""
    major, minor, patch = map(int, version.split("."))
    return {
        Level.MAJOR: f"{major + 1}.0.0",
        Level.MINOR: f"{major}.{minor + 1}.0",
        Level.PATCH: f"{major}.{minor}.{patch + 1}",
    }[level]
