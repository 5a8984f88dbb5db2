"""Scores: what « Je donne mon avis » makes of answers, out of ten; nobody's answer is no score.

Weights, denominators and colours are those of its open source code (DINUM, MIT licence):
https://github.com/DISIC/jedonnemonavis.numerique.gouv.fr, commit 0ee9c3e,
webapp-backoffice/src/server/routers/answer/get-observatoire-stats.ts and src/utils/stats/intention-helpers.ts.
One thing differs: there, a contact that nobody answered about scores 0; here, it has no score.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workshops.words import N_, Word

FACES = ("good", "medium", "bad")
DEGREES = ("very_bad", "bad", "medium", "good", "very_good")  # from 1 to 5
THREE = dict(zip(FACES, (10.0, 5.0, 0.0), strict=True))
FIVE = dict(zip(DEGREES, (0.0, 2.5, 5.0, 7.5, 10.0), strict=True))
FEW = 30  # answers, below which a score is read with care

Counts = Mapping[str, int]


class Colour(Word):
    """How a score reads."""

    GOOD = "good", N_("Bien")
    MEDIUM = "medium", N_("À améliorer")
    BAD = "bad", N_("Insuffisant")


@dataclass(frozen=True)
class Score:
    """A score from 0 to 10, out of `n` answers; autonomy has no colour."""

    value: float
    n: int
    colour: Colour | None

    @property
    def is_small(self) -> bool:
        """Few answers: a handful more would change it."""
        return self.n < FEW


def satisfaction(answers: Counts) -> Score | None:
    """Mean of three faces: good 10, medium 5, bad 0. None without an answer."""
    return _mean(answers, THREE)


def comprehension(answers: Counts) -> Score | None:
    """Mean of five degrees of clarity: 10, 7.5, 5, 2.5, 0. None without an answer."""
    return _mean(answers, FIVE)


def contact(reached: Counts, satisfied: Counts) -> Score | None:
    """Mean of five degrees, out of those who answered and of those who reached nobody ("Non"), who count for 0.

    `reached`: by "Oui" and "Non". None when neither was answered.
    """
    n = sum(satisfied.get(grade, 0) for grade in FIVE) + reached.get("Non", 0)
    if not n:
        return None
    value = sum(weight * satisfied.get(grade, 0) for grade, weight in FIVE.items()) / n
    return Score(value, n, _colour(value, good=8.5, medium=7))


def reachability(reached: Counts) -> float | None:
    """The share, from 0 to 1, of those who reached somebody. None when nobody says whether they did."""
    n = reached.get("Oui", 0) + reached.get("Non", 0)
    return reached.get("Oui", 0) / n if n else None


def autonomy(unaided: int, reviews: int) -> Score | None:
    """Ten times the share of reviews whose author needed no help. None without a review."""
    if not reviews:
        return None
    return Score(10 * unaided / reviews, reviews, None)


def _mean(answers: Counts, weights: Mapping[str, float]) -> Score | None:
    n = sum(answers.get(grade, 0) for grade in weights)
    if not n:
        return None
    value = sum(weight * answers.get(grade, 0) for grade, weight in weights.items()) / n
    return Score(value, n, _colour(value))


def _colour(value: float, *, good: float = 8, medium: float = 5) -> Colour:
    if value >= good:
        return Colour.GOOD
    return Colour.MEDIUM if value >= medium else Colour.BAD
