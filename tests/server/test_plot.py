"""The plot: a place for each, its code where it can be read, the same picture for the same votes."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.plot import MARK, Box, Mark, Plot, plot
from workshops.consensus import Method, Outcome, Rule
from workshops.results import Result
from workshops.tallies import Tally

AXES = Rule(method=Method.TWO_AXES)


def result(number: int, relevance: int, measurability: int, people: int = 6, rule: Rule = AXES) -> Result:
    """An indicator whose raters all said the same."""
    counts = Counter({f"{relevance}/{measurability}": people})
    code = f"ACT-{number:02}"
    card: Any = SimpleNamespace(indicator=SimpleNamespace(code=code), place=(0, len(code), code))
    return Result(card, Tally(rule, counts, people))


def drawn(*results: Result) -> Plot:
    found = plot(results)
    assert found is not None
    return found


def dot(mark: Mark) -> Box:
    return Box(mark.x - MARK, mark.y - MARK, 2 * MARK, 2 * MARK)


def test_what_is_relevant_is_above_and_what_is_measurable_to_the_right() -> None:
    low, high = sorted(drawn(result(1, 2, 3), result(2, 8, 9)).marks, key=lambda mark: mark.codes)
    assert (high.x > low.x, high.y < low.y) == (True, True)
    assert (low.outcome, high.outcome) == (Outcome.DROPPED, Outcome.KEPT)
    for score, x, y in Plot.scores:
        (mark,) = drawn(result(1, score, score)).marks
        assert (mark.x, mark.y) == (x, y)


def test_the_hatched_corners_hold_what_they_say() -> None:
    for relevance in range(1, 10):
        for measurability in range(1, 10):
            (mark,) = drawn(result(1, relevance, measurability)).marks
            spot = Box(mark.x, mark.y, 0.1, 0.1)
            assert spot.touches(Plot.high) == (relevance >= 7 and measurability >= 7)
            assert spot.touches(Plot.low) == (relevance <= 3)


def test_those_who_share_a_place_and_an_outcome_share_a_mark() -> None:
    marks = drawn(result(2, 8, 8), result(1, 8, 8), result(3, 8, 8)).marks
    assert [mark.codes for mark in marks] == [("ACT-01", "ACT-02", "ACT-03")]
    assert [code for _base, code in marks[0].lines] == ["ACT-01", "ACT-02", "ACT-03"]


def test_another_outcome_at_the_same_place_stands_beside() -> None:
    reworked = Result(result(2, 8, 8).card, Tally(AXES, {"8/8": 4, "2/8": 2}, 6))
    one, other = drawn(result(1, 8, 8), reworked).marks
    assert {one.outcome, other.outcome} == {Outcome.KEPT, Outcome.REWORKED}
    assert not dot(one).touches(dot(other))


def test_few_scores_have_no_place() -> None:
    found = drawn(result(1, 8, 8), result(2, 8, 8, people=4))
    assert ([each.code for each in found.placed], [each.code for each in found.others]) == (["ACT-01"], ["ACT-02"])


def test_there_is_no_picture_of_anything_else() -> None:
    hidden = Result(result(1, 8, 8).card, result(1, 8, 8).tally.hidden)
    choices = Result(result(1, 8, 8).card, Tally(Rule(), {"keep": 6}, 6))
    assert (plot([]), plot([hidden]), plot([choices])) == (None, None, None)


@dataclass(frozen=True)
class Segment:
    """The line from a mark to its label."""

    start: tuple[float, float]
    end: tuple[float, float]

    def crosses(self, other: "Segment") -> bool:
        return all(one.side(two.start) * one.side(two.end) < 0 for one, two in ((self, other), (other, self)))

    def side(self, point: tuple[float, float]) -> float:
        (ax, ay), (bx, by), (x, y) = self.start, self.end, point
        return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


many = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=19)


@settings(derandomize=True, max_examples=200)  # a crowd may have no solution: always the same ones
@given(many)
def test_each_code_is_readable_and_the_picture_is_always_the_same(places: list[tuple[int, int]]) -> None:
    results = [result(number, *place) for number, place in enumerate(places, start=1)]
    found = drawn(*results)
    assert sorted(code for mark in found.marks for code in mark.codes) == [each.code for each in results]
    boxes = [dot(mark) for mark in found.marks] + [mark.label for mark in found.marks]
    assert [pair for pair in combinations(boxes, 2) if pair[0].touches(pair[1])] == []
    assert [mark for mark in found.marks if not mark.label.is_inside] == []
    lines = [Segment((mark.x, mark.y), mark.end) for mark in found.marks if mark.leads]
    assert [pair for pair in combinations(lines, 2) if pair[0].crosses(pair[1])] == []
    assert drawn(*reversed(results)).marks == found.marks


def test_when_nothing_is_free_a_code_stays_beside_its_mark() -> None:
    crowd = [result(number, 1 + number % 9, 1 + number // 9 % 9) for number in range(81)]
    for mark in drawn(*crowd).marks:
        assert mark.label.x == pytest.approx(mark.x + MARK + 1) or mark.label.is_inside
