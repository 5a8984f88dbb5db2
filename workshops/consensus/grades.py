"""Grades: majority judgment, to order what people judged one by one.

The rule is Balinski and Laraki's (Majority Judgment, MIT Press, 2011): what is judged is worth its lower median grade;
of two with the same, one judgement of that grade is removed from each, and so on until they differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from math import lcm
from typing import Literal

from workshops.words import N_, Word

Missing = Literal["ignored", "worst", "median"]
Tally = Sequence[int]
Run = tuple[tuple[int, int], int]  # (a grade below, a grade above), how many such pairs


class Grade(Word):
    """The seven grades, the worst first: the place of a grade here is its index in a tally."""

    REJECTED = "rejected", N_("À rejeter")
    INSUFFICIENT = "insufficient", N_("Insuffisant")
    PASSABLE = "passable", N_("Passable")
    FAIR = "fair", N_("Assez bien")
    GOOD = "good", N_("Bien")
    VERY_GOOD = "very_good", N_("Très bien")
    EXCELLENT = "excellent", N_("Excellent")


@dataclass(frozen=True)
class Rank:
    """A place among those judged: equals share it, and the next one counts them (1, 1, 3).

    `median` is the index of the lower median grade; None when nobody judged it.
    """

    name: str
    rank: int
    median: int | None


def majority_judgment(
    tallies: Mapping[str, Sequence[int]], *, missing: Missing = "ignored", raters: int | None = None
) -> list[Rank]:
    """Order what was judged, best first; equals stay in the order given.

    `tallies`: by name, how many judgements of each grade, the worst first, as many grades for all. `raters`: how many
    people could judge; by default, those of the fullest tally. `missing`: what the judgements that lack count for:

    - "ignored": nothing. Tallies of different totals are compared as shares.
    - "worst": the worst grade.
    - "median": the candidate's own lower median, which they leave as it was; the worst grade when nobody judged it.

    The cost depends on how many grades there are, not on how many judgements. Raises ValueError when a count is
    negative, when tallies do not have the same number of grades, or when one has more judgements than raters.
    """
    if missing not in ("ignored", "worst", "median"):
        raise ValueError(f"unknown way to count what is missing: {missing!r}")
    _check(tallies, raters)
    most = raters if raters is not None else max(map(sum, tallies.values()), default=0)
    full = {name: _filled(tally, most, missing) for name, tally in tallies.items()}
    common = lcm(*(sum(tally) or 1 for tally in full.values()))
    merits = {name: _merit(tally, common) for name, tally in full.items()}
    ordered = sorted(full, key=lambda name: cmp_to_key(_compare)(merits[name]), reverse=True)
    ranks: list[Rank] = []
    for place, name in enumerate(ordered, start=1):
        ties = bool(ranks) and _compare(merits[name], merits[ranks[-1].name]) == 0
        ranks.append(Rank(name, ranks[-1].rank if ties else place, _median(full[name])))
    return ranks


def _check(tallies: Mapping[str, Tally], raters: int | None) -> None:
    if len({len(tally) for tally in tallies.values()}) > 1:
        raise ValueError("every tally has as many grades as the others")
    for name, tally in tallies.items():
        if not tally or min(tally) < 0:
            raise ValueError(f"a tally is at least one count, none of them negative: {name}")
        if raters is not None and sum(tally) > raters:
            raise ValueError(f"{name} has {sum(tally)} judgements, more than {raters} raters")


def _filled(tally: Tally, raters: int, missing: Missing) -> list[int]:
    """The tally with what its missing judgements count for."""
    filled, lacking = list(tally), raters - sum(tally)
    if missing != "ignored":
        filled[(_median(tally) or 0) if missing == "median" else 0] += lacking
    return filled


def _median(tally: Tally) -> int | None:
    """The index of the lower median grade: of an even number of judgements, the worse of the two in the middle."""
    total: int = sum(tally)
    left = (total + 1) // 2
    for grade, count in enumerate(tally):
        left -= count
        if total and left <= 0:
            return grade
    return None


@dataclass(frozen=True)
class _Merit:
    """The grades in the order in which the medians are removed: the one in the middle of an odd number, then pairs from
    the middle outwards, the lower one first. Pairs that are alike are told once, with their number.
    """

    middle: int | None
    runs: tuple[Run, ...]


def _merit(tally: Tally, total: int) -> _Merit:
    """The merit of a tally scaled to a total that all of them divide, so that equal shares are equal merits."""
    own = sum(tally)
    if not own:
        return _Merit(None, ())  # nobody judged it: below everything, of an odd number or of an even one
    scaled = [count * (total // own) for count in tally]
    below, above = _outwards(scaled, total // 2)
    return _Merit(_median(scaled) if total % 2 else None, tuple(_paired(below, above)))


def _outwards(tally: Tally, half: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The `half` worst judgements from the middle down, and the `half` best from the middle up: (grade, how many)."""
    sides: list[list[tuple[int, int]]] = []
    for grades in (range(len(tally)), reversed(range(len(tally)))):
        side, left = [], half
        for grade in grades:
            taken = min(tally[grade], left)
            if taken:
                side.append((grade, taken))
            left -= taken
        sides.append(side[::-1])
    return sides[0], sides[1]


def _paired(below: list[tuple[int, int]], above: list[tuple[int, int]]) -> Iterator[Run]:
    """Both sides walked together."""
    down, up = list(reversed(below)), list(reversed(above))
    while down:
        (low, n), (high, m) = down.pop(), up.pop()
        taken = min(n, m)
        yield (low, high), taken
        if n > taken:
            down.append((low, n - taken))
        if m > taken:
            up.append((high, m - taken))


def _compare(a: _Merit, b: _Merit) -> int:
    """Positive when `a` is better, negative when `b` is, zero when nothing tells them apart."""
    if a.middle != b.middle:
        return _sign(-1 if a.middle is None else a.middle, -1 if b.middle is None else b.middle)
    ours, theirs = list(reversed(a.runs)), list(reversed(b.runs))
    while ours and theirs:
        (mine, n), (other, m) = ours.pop(), theirs.pop()
        if mine != other:
            return 1 if mine > other else -1
        taken = min(n, m)
        if n > taken:
            ours.append((mine, n - taken))
        if m > taken:
            theirs.append((other, m - taken))
    return _sign(len(ours), len(theirs))  # nothing is left of either, unless nobody judged one of them


def _sign(a: int, b: int) -> int:
    return (a > b) - (a < b)
