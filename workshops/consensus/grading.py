"""Grading: each indicator gets one of seven grades, and its majority grade decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshops.consensus.grades import Grade, Missing, majority_judgment
from workshops.consensus.ratings import lower_median
from workshops.consensus.terms import BY_LAB, Method, Outcome, Said
from workshops.refusals import NotThus
from workshops.words import N_

GRADES = list(Grade)
MISSING: dict[str, str] = {"ignored": "ignores", "worst": "pire_mention", "median": "mention_mediane"}


def by_grade(counts: Mapping[str, int]) -> list[int]:
    """A tally as majority judgment reads it: how many of each grade, the worst first."""
    return [counts.get(grade.value, 0) for grade in GRADES]


@dataclass(frozen=True)
class Grading:
    """Kept when the majority grade is at least `least`, dropped at or below `lowest`, to be reworked between.

    The majority grade is the lower median; `missing` says what counts for those who judged others and not this one.
    Majority judgment then orders what is kept. Raises ValueError when `lowest` is not below `least`.
    """

    quorum: int = 1
    least: Grade = Grade.FAIR
    lowest: Grade = Grade.INSUFFICIENT
    missing: Missing = "ignored"

    method = Method.MAJORITY_JUDGMENT
    by_lab = BY_LAB

    def __post_init__(self) -> None:
        if GRADES.index(self.lowest) >= GRADES.index(self.least):
            raise ValueError("what is dropped is below what is kept")

    def check(self, ballot: str) -> None:
        """NotThus when it is not one of the seven grades."""
        if ballot not in GRADES:
            raise NotThus({"grade": N_("Choisissez une des sept mentions.")})

    def needs_reason(self, ballot: str) -> bool:
        """A grade says enough."""
        return False

    def is_reserved(self, ballot: str) -> bool:
        """Whether it is a grade below those that keep."""
        return GRADES.index(Grade(ballot)) < GRADES.index(self.least)

    def median(self, counts: Mapping[str, int], raters: int | None = None) -> Grade | None:
        """The majority grade of so many judgements, among so many raters; None when nobody judged."""
        if not sum(counts.values()):
            return None
        (rank,) = majority_judgment({"": by_grade(counts)}, missing=self.missing, raters=raters)
        return None if rank.median is None else GRADES[rank.median]

    def outcome(self, counts: Mapping[str, int], raters: int | None = None) -> Outcome:
        """The outcome of how many gave each grade."""
        grade = self.median(counts, raters)
        if grade is None or sum(counts.values()) < max(self.quorum, 1):
            return Outcome.UNDECIDED
        if GRADES.index(grade) >= GRADES.index(self.least):
            return Outcome.KEPT
        return Outcome.DROPPED if GRADES.index(grade) <= GRADES.index(self.lowest) else Outcome.REWORKED

    def ranks(self, tallies: Mapping[str, Mapping[str, int]], raters: int | None = None) -> dict[str, int]:
        """The rank of each of several that somebody judged, by name, among so many raters."""
        judged = {name: by_grade(counts) for name, counts in tallies.items() if sum(counts.values())}
        return {rank.name: rank.rank for rank in majority_judgment(judged, missing=self.missing, raters=raters)}

    def voice(self, ballots: Iterable[str]) -> str:
        """What several people say as one: their lower median grade."""
        return GRADES[lower_median([GRADES.index(Grade(ballot)) for ballot in ballots])].value

    @property
    def said(self) -> Said:
        """The rule as announced in the room."""
        return Said(
            N_(
                "Chacun donne une mention à chaque indicateur, d'« à rejeter » à « excellent ». Sa mention majoritaire est la "
                "médiane, la plus basse des deux quand elles sont deux. Il est retenu à partir de « %(least)s », écarté jusqu'à "
                "« %(lowest)s », à retravailler entre les deux. Les indicateurs sont ordonnés par jugement majoritaire."
            ),
            {"least": self.least.label.lower(), "lowest": self.lowest.label.lower()},
        )

    @property
    def summary(self) -> Said:
        """The rule in one line, for a phone."""
        return Said(
            N_("Retenu si sa mention majoritaire est au moins « %(least)s »."), {"least": self.least.label.lower()}
        )

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        return {
            "methode": "jugement_majoritaire",
            "mentions": [grade.value for grade in GRADES],
            "retenu_des": self.least.value,
            "ecarte_jusqu_a": self.lowest.value,
            "absents": MISSING[self.missing],
            "quorum": self.quorum,
        }
