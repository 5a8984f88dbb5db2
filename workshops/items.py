"""Items: an indicator of the version being prepared, decided in a workshop or carried from the version before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from workshops import changes, lines
from workshops import sheet as sheets
from workshops.corrections import Correction
from workshops.lines import Line
from workshops.provenance import Source
from workshops.sheet import Sheet
from workshops.vocabulary import Family

Published = Mapping[str, Any]

IN_FORCE, DEPRECATED = "en_vigueur", "deprecie"  # as they are published


@dataclass(frozen=True)
class Deprecation:
    """Why an indicator is on its way out, what takes its place, and the workshop that decided so."""

    because: str
    replaced_by: tuple[str, ...]
    workshop_id: str


@dataclass(frozen=True)
class Item:
    """An indicator of the version being prepared. `line`: what a workshop decided; `former`: as the version before has it.

    Without a line that keeps it, it is the former text that is carried; `deprecation` is that of this version.
    """

    code: str
    sheet: Sheet
    line: Line | None = None
    former: Published | None = None
    deprecation: Deprecation | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def is_carried(self) -> bool:
        return self.line is None

    @property
    def is_deprecated(self) -> bool:
        if self.deprecation:
            return True
        return self.is_carried and self.former is not None and is_deprecated(self.former)

    @property
    def place(self) -> tuple[int, int, str]:
        """The order of a version: by family, then by code."""
        return list(Family).index(Family(self.sheet["famille"])), len(self.code), self.code

    @property
    def missing(self) -> list[sheets.Field]:
        """What its sheet lacks and nobody wrote an exception for."""
        decision = {"exception": self.line.exception} if self.line else (self.former or {}).get("decision", {})
        return [] if decision.get("exception") else sheets.missing(self.sheet)

    def frozen(self, version: str, sources: Mapping[str, Source], evidence: Collection[str] = ()) -> dict[str, Any]:
        """As it is published in a version. `sources`: where each field of the text that was decided was written.

        `evidence`: the testimonials it cites, of which a version says an identifier and no word: their authors may
        withdraw them.
        """
        told = lines.frozen(self.line) if self.line else dict(self.former or {})
        return {
            **told,
            "statut": DEPRECATED if self.is_deprecated else IN_FORCE,
            "fiche": self.sheet,
            "provenance": {name: self._source(name, sources, version) for name in self.sheet},
            "depreciation": self._deprecated(version),
            "correction": self._corrected(),
            "temoignages": [{"id": id} for id in evidence],
        }

    def _source(self, name: str, sources: Mapping[str, Source], version: str) -> Source:
        if self.sheet[name] != self.decided.get(name):
            return {**sources.get(name, {}), "correction": self._because, "version": version}
        return sources[name]

    @property
    def _because(self) -> str:
        return "\n".join(correction.because for correction in self.corrections)

    def _deprecated(self, version: str) -> dict[str, Any] | None:
        if self.deprecation is None:
            return (self.former or {}).get("depreciation") if self.is_deprecated else None
        return {
            "depuis": version,
            "motif": self.deprecation.because,
            "remplace_par": list(self.deprecation.replaced_by),
            "atelier": self.deprecation.workshop_id,
        }

    def _corrected(self) -> dict[str, Any] | None:
        if not self.corrections:
            return None
        return {
            "motif": self._because,
            "champs": [change.field.name for change in changes.between(self.decided, self.sheet)],
        }

    @property
    def decided(self) -> Sheet:
        """The text before its corrections."""
        if self.line:
            return self.line.card.sheet
        found: Sheet = (self.former or {}).get("fiche", {})
        return found


def is_deprecated(item: Published) -> bool:
    """Whether a published indicator is on its way out; versions published before this was said have none."""
    return bool(item.get("statut", IN_FORCE) == DEPRECATED)
