"""Readings: what others published to read scores by, shown beside a result and deciding nothing."""

from collections.abc import Sequence
from fractions import Fraction

from workshops.consensus.ratings import HIGH, LOW, percentile
from workshops.words import N_, Word

HALF = Fraction(1, 2)
PANELS = {range(8, 11): (2, 3), range(11, 14): (3, 4), range(14, 17): (4, 5)}


class Panel(Word):
    """What RAND/UCLA's rule by panel size says of the scores of eight to sixteen people."""

    AGREEMENT = "agreement", N_("Accord du panel")
    DISAGREEMENT = "disagreement", N_("Désaccord du panel")
    INDETERMINATE = "indeterminate", N_("Panel partagé")


class Consistency(Word):
    """How close to each other scores are."""

    PERFECT = "perfect", N_("Cohérence parfaite")
    VERY_GOOD = "very_good", N_("Très bonne cohérence")
    GOOD = "good", N_("Bonne cohérence")
    SOME = "some", N_("Cohérence partielle")
    NONE = "none", N_("Aucune cohérence")


class Flow(Word):
    """What becomes of a proposal at the end of a round."""

    ACCEPTED = "accepted", N_("Accepté")
    FLAGGED = "flagged", N_("À revoir au tour suivant")
    REJECTED = "rejected", N_("Rejeté")


def panel(scores: Sequence[int]) -> Panel | None:
    """Agreement when few score outside the third of the scale that holds the median; disagreement when many score at
    each end; None for a panel of another size.

    The table is published in BMC Medical Informatics and Decision Making 12:93 (2012), table 7. A median between two
    thirds (3.5 or 6.5) belongs to the higher one, as the RAND/UCLA manual has it.
    """
    for sizes, (most_outside, least_at_each_end) in PANELS.items():
        if len(scores) in sizes:
            if min(sum(score in LOW for score in scores), sum(score in HIGH for score in scores)) >= least_at_each_end:
                return Panel.DISAGREEMENT
            third = third_of(scores)
            outside = sum(score not in third for score in scores)
            return Panel.AGREEMENT if outside <= most_outside else Panel.INDETERMINATE
    return None


def third_of(scores: Sequence[int]) -> range:
    """The third of the scale that holds the median."""
    median = percentile(sorted(scores), 50)
    if median >= HIGH.start - HALF:
        return HIGH
    return range(LOW.stop, HIGH.start) if median >= LOW.stop - HALF else LOW


def consistency(scores: Sequence[int]) -> Consistency | None:
    """Perfect when all score 7 to 9; else by how many are within one, two or three of the median; None without a score.

    Published in PMC9790819, table 2. "Median and IQR on the same integer" is read as: both quartiles are the median.
    """
    if not scores:
        return None
    given = sorted(scores)
    median = percentile(given, 50)

    def within(distance: int, percent: int) -> bool:
        return 100 * sum(abs(score - median) <= distance for score in given) >= percent * len(given)

    if all(score in HIGH for score in given):
        return Consistency.PERFECT
    if percentile(given, 25) == median == percentile(given, 75) or within(1, 80):
        return Consistency.VERY_GOOD
    if within(1, 50) or within(2, 80):
        return Consistency.GOOD
    return Consistency.SOME if within(2, 50) or within(3, 80) else Consistency.NONE


def flow(agreeing: int, people: int) -> Flow | None:
    """At least 80 % accepts, less than 50 % rejects, what is between comes back in the next round; None without a voice.

    Published by a Delphi study (Authorea 583602). Its threshold for 23 people is 18 votes, which is 78.3 %: shares are
    turned into votes by rounding to the nearest, half up, as it did. ValueError when more agree than there are people.
    """
    if not 0 <= agreeing <= people:
        raise ValueError("those who agree are among the people")
    if not people:
        return None
    if agreeing >= votes_for(80, people):
        return Flow.ACCEPTED
    return Flow.FLAGGED if agreeing >= votes_for(50, people) else Flow.REJECTED


def votes_for(percent: int, people: int) -> int:
    """A share in votes, to the nearest, half up."""
    return (2 * percent * people + 100) // 200
