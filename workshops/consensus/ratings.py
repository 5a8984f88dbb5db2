"""Ratings: one to nine on an axis, and whether people agree.

Disagreement is RAND/UCLA's (Fitch and others, The RAND/UCLA Appropriateness Method User's Manual, 2001): the interpercentile
range is wider than it would be, adjusted for asymmetry, if people disagreed. Agreement is by announced shares, as COMET
studies use them: enough high scores and few low ones, or the mirror.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from workshops.words import N_, Word

LOWEST, HIGHEST = 1, 9
LOW, HIGH = range(1, 4), range(7, 10)
MIDDLE = Fraction(LOWEST + HIGHEST, 2)


class Agreement(Word):
    """Whether scores agree that something is in, or out."""

    IN = "in", N_("Accord pour")
    OUT = "out", N_("Accord contre")
    NONE = "none", N_("Pas d'accord")


@dataclass(frozen=True)
class RatingRule:
    """What is announced before anybody rates: shares in percent, and RAND/UCLA's two constants.

    In: at least `most` % score 7 to 9, and less than `few` % score 1 to 3. Out is the mirror. `quorum`: scores without
    which nothing is said. Raises ValueError for shares out of 0 to 100.
    """

    most: int = 70
    few: int = 15
    quorum: int = 1
    range_when_symmetric: Fraction = Fraction("2.35")
    correction: Fraction = Fraction("1.5")

    def __post_init__(self) -> None:
        if not (0 < self.most <= 100 and 0 <= self.few <= 100):
            raise ValueError("a share is between 0 and 100 %")

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        return {
            "methode": "notation_1_9",
            "accord": {"au_moins_pourcent": self.most, "et_moins_de_pourcent": self.few},
            "quorum": self.quorum,
            "desaccord": {
                "ipr_symetrique": str(float(self.range_when_symmetric)),
                "correction": str(float(self.correction)),
                "centiles": "interpolation_lineaire",
            },
        }


ANNOUNCED_RATING = RatingRule()


@dataclass(frozen=True)
class Rating:
    """What the scores of one axis say. Figures are None when nobody gave a score; `n` counts those who did.

    `ipr` = P70 - P30; `ipras` = 2.35 + 1.5 x |5 - (P30 + P70) / 2|; `disagreement` when ipr > ipras, strictly.
    """

    n: int
    median: float | None
    p30: float | None
    p70: float | None
    iqr: float | None
    ipr: float | None
    ipras: float | None
    disagreement: bool
    consensus: Agreement


def rating(scores: Sequence[int | None], rule: RatingRule = ANNOUNCED_RATING) -> Rating:
    """What these scores say by this rule. None: somebody who does not say; they are not counted.

    Percentiles are linear interpolations between the two nearest scores, at rank p x (n - 1) from zero. Raises
    ValueError for a score that is not a whole number from 1 to 9.
    """
    given = sorted(_score(score) for score in scores if score is not None)
    if not given:
        return Rating(0, None, None, None, None, None, None, disagreement=False, consensus=Agreement.NONE)
    p30, p70 = percentile(given, 30), percentile(given, 70)
    asymmetry = abs(MIDDLE - (p30 + p70) / 2)
    ipras = rule.range_when_symmetric + rule.correction * asymmetry
    return Rating(
        n=len(given),
        median=float(percentile(given, 50)),
        p30=float(p30),
        p70=float(p70),
        iqr=float(percentile(given, 75) - percentile(given, 25)),
        ipr=float(p70 - p30),
        ipras=float(ipras),
        disagreement=p70 - p30 > ipras,
        consensus=_agreement(given, rule),
    )


def lower_median(values: Sequence[int]) -> int:
    """The middle value; of an even number, the lower of the two in the middle."""
    return sorted(values)[(len(values) - 1) // 2]


def percentile(ordered: Sequence[int], percent: int) -> Fraction:
    """The percentile of scores in ascending order, by linear interpolation, exactly."""
    rank = Fraction(percent * (len(ordered) - 1), 100)
    before = ordered[int(rank)]
    after = ordered[min(int(rank) + 1, len(ordered) - 1)]
    return before + (rank - int(rank)) * (after - before)


def _score(score: int) -> int:
    if isinstance(score, bool) or not isinstance(score, int) or not LOWEST <= score <= HIGHEST:
        raise ValueError(f"a score is a whole number from {LOWEST} to {HIGHEST}: {score!r}")
    return score


def _agreement(given: Sequence[int], rule: RatingRule) -> Agreement:
    n, low, high = len(given), sum(s in LOW for s in given), sum(s in HIGH for s in given)
    if n < rule.quorum:
        return Agreement.NONE
    if 100 * high >= rule.most * n and 100 * low < rule.few * n:
        return Agreement.IN
    if 100 * low >= rule.most * n and 100 * high < rule.few * n:
        return Agreement.OUT
    return Agreement.NONE
