"""Axes: relevance and measurability, each rated from one to nine.

A ballot is written "7/5": the score of each axis, in the order of `Axis`; "-" for somebody who does not say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshops.consensus.ratings import (
    ANNOUNCED_RATING,
    HIGHEST,
    LOW,
    LOWEST,
    Agreement,
    Rating,
    RatingRule,
    lower_median,
    rating,
)
from workshops.consensus.terms import BY_LAB, Method, Outcome, Said
from workshops.refusals import NotThus
from workshops.words import N_, Word

UNSAID = "-"


class Axis(Word):
    """What is rated: whether it is worth measuring, and whether it can be."""

    RELEVANCE = "relevance", N_("Pertinence")
    MEASURABILITY = "measurability", N_("Mesurabilité")


SCORES = (UNSAID, *map(str, range(LOWEST, HIGHEST + 1)))
Counts = Mapping[str, int]


def written(scores: Mapping[Axis, int | None]) -> str:
    """The ballot that says these scores; None: does not say."""
    return "/".join(UNSAID if (score := scores.get(axis)) is None else str(score) for axis in Axis)


def score(ballot: str, axis: Axis) -> int | None:
    """The score that a ballot gives to an axis, None when it does not say."""
    said = ballot.split("/")[list(Axis).index(axis)]
    return None if said == UNSAID else int(said)


def histogram(counts: Counts, axis: Axis) -> tuple[list[int], int]:
    """How many gave each score of an axis, one to nine, and how many did not say."""
    scores, unsaid = [0] * (HIGHEST - LOWEST + 1), 0
    for ballot, number in counts.items():
        given = score(ballot, axis)
        if given is None:
            unsaid += number
        else:
            scores[given - LOWEST] += number
    return scores, unsaid


@dataclass(frozen=True)
class TwoAxes:
    """Relevance and measurability, each rated from one to nine by its own rule.

    Undecided while an axis lacks its quorum; kept when people agree on both; dropped when they agree that it is not
    relevant; to be reworked otherwise: what is relevant and hard to measure is a text to improve.
    """

    relevance: RatingRule = ANNOUNCED_RATING
    measurability: RatingRule = ANNOUNCED_RATING

    method = Method.TWO_AXES
    by_lab = BY_LAB

    def check(self, ballot: str) -> None:
        """NotThus naming each axis that lacks its score."""
        said = (ballot.split("/") + [""] * len(Axis))[: len(Axis)]
        wrong = {
            axis.value: N_("Donnez une note de 1 à 9, ou dites que vous ne vous prononcez pas.")
            for axis, given in zip(Axis, said, strict=True)
            if given not in SCORES
        }
        if wrong or ballot.count("/") != len(Axis) - 1:
            raise NotThus(wrong or {Axis.RELEVANCE.value: N_("Une note par axe, pas davantage.")})

    def needs_reason(self, ballot: str) -> bool:
        """Scores say enough."""
        return False

    def is_reserved(self, ballot: str) -> bool:
        """Whether it gives a low score to an axis."""
        return any(score(ballot, axis) in LOW for axis in Axis)

    def rated(self, counts: Counts, axis: Axis) -> Rating:
        """What an axis's scores say, by how many gave each ballot."""
        scores, _unsaid = histogram(counts, axis)
        given = [value for value, number in enumerate(scores, start=LOWEST) for _ in range(number)]
        return rating(given, self.relevance if axis is Axis.RELEVANCE else self.measurability)

    def outcome(self, counts: Counts) -> Outcome:
        """The outcome of how many gave each ballot."""
        return self.decide(**{axis.value: self.rated(counts, axis) for axis in Axis})

    def voice(self, ballots: Iterable[str]) -> str:
        """What several people say as one: on each axis the lower median of those who say."""
        cast = list(ballots)
        given = {axis: [found for ballot in cast if (found := score(ballot, axis)) is not None] for axis in Axis}
        return written({axis: lower_median(scores) if scores else None for axis, scores in given.items()})

    def decide(self, *, relevance: Rating, measurability: Rating) -> Outcome:
        """The outcome of the two axes."""
        if relevance.n < max(self.relevance.quorum, 1) or measurability.n < max(self.measurability.quorum, 1):
            return Outcome.UNDECIDED
        if relevance.consensus is measurability.consensus is Agreement.IN:
            return Outcome.KEPT
        return Outcome.DROPPED if relevance.consensus is Agreement.OUT else Outcome.REWORKED

    @property
    def said(self) -> Said:
        """The rule as announced in the room."""
        return Said(
            N_(
                "Chacun note la pertinence et la mesurabilité de 1 à 9, ou ne se prononce pas. On s'accorde sur un axe quand "
                "au moins %(most)s %% des notes vont de 7 à 9 et moins de %(few)s %% de 1 à 3. Un indicateur est retenu "
                "si l'on s'accorde sur les deux axes, écarté si l'on s'accorde, à l'inverse, à ne pas le trouver "
                "pertinent, à retravailler sinon."
            ),
            {"most": self.relevance.most, "few": self.relevance.few},
        )

    @property
    def summary(self) -> Said:
        """The rule in one line, for a phone."""
        return Said(
            N_(
                "Retenu si, sur les deux axes, au moins %(most)s %% des notes vont de 7 à 9 et moins de %(few)s %% de 1 à 3."
            ),
            {"most": self.relevance.most, "few": self.relevance.few},
        )

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        axes = {"pertinence": self.relevance.published(), "mesurabilite": self.measurability.published()}
        return {"methode": "deux_axes", "axes": axes}
