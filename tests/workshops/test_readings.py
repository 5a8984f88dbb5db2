"""Readings: what others published, case by case, and what we take from it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from workshops.consensus import (
    FEW_RATERS,
    MOST_ROUNDS,
    Agreement,
    Consistency,
    Flow,
    Method,
    Panel,
    Rule,
    consistency,
    flow,
    panel,
    rating,
)
from workshops.consensus.ratings import HIGH
from workshops.consensus.readings import third_of, votes_for

FACTS: dict[str, dict[str, Any]] = {
    fact["id"]: fact for fact in yaml.safe_load((Path(__file__).parent / "readings.yaml").read_text())
}
SIZES = [(size, row) for row in FACTS["panel-size-rule"]["rows"] for size in row["sizes"]]


# ── RAND/UCLA by panel size


@pytest.mark.parametrize(("size", "row"), SIZES, ids=[f"panel-size-rule {size}" for size, _ in SIZES])
def test_a_panel_agrees_while_few_are_outside_the_third_of_its_median(size: int, row: dict[str, Any]) -> None:
    outside = row["most_outside"]
    assert panel([8] * (size - outside) + [5] * outside) is Panel.AGREEMENT
    assert panel([8] * (size - outside - 1) + [5] * (outside + 1)) is Panel.INDETERMINATE


@pytest.mark.parametrize(("size", "row"), SIZES, ids=[f"panel-size-rule {size}" for size, _ in SIZES])
def test_a_panel_disagrees_when_enough_are_at_each_end(size: int, row: dict[str, Any]) -> None:
    ends = row["least_at_each_end"]
    assert panel([1] * ends + [9] * ends + [5] * (size - 2 * ends)) is Panel.DISAGREEMENT
    assert panel([1] * ends + [9] * (ends - 1) + [5] * (size - 2 * ends + 1)) is Panel.INDETERMINATE


def test_a_panel_of_another_size_has_no_reading() -> None:
    assert {panel([8] * size) for size in (0, 1, 7, 17, 40)} == {None}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        # The median of ten is 6.5: what counts as outside is 6 and below.
        ([5, 5, 5, 5, 6, 7, 7, 7, 7, 7], Panel.INDETERMINATE),
        # Were 3.5 of the lower third, five would be outside; of the middle one, five are too.
        ([3, 3, 3, 3, 3, 4, 4, 4, 4, 4], Panel.INDETERMINATE),
        ([3, 3, 4, 4, 4, 4, 4, 4], Panel.AGREEMENT),
        ([1, 3, 3, 3, 3, 3, 4, 4], Panel.AGREEMENT),
        ([6, 6, 7, 7, 7, 7, 7, 7], Panel.AGREEMENT),
    ],
)
def test_the_third_is_the_one_that_holds_the_median(scores: list[int], expected: Panel) -> None:
    assert panel(scores) is expected


def test_a_median_between_two_thirds_belongs_to_the_higher_one() -> None:
    """Eight people, a median of 6.5 or 3.5, and nothing else to tell: half of them are always outside."""
    for below, above, third in ((6, 7, HIGH), (3, 4, range(4, 7))):
        assert third_of([below] * 4 + [above] * 4) == third


# ── Consistency


@pytest.mark.parametrize(
    "case", FACTS["consistency-labels"]["cases"], ids=lambda case: f"consistency-labels {case['expected']}"
)
def test_consistency_labels(case: dict[str, Any]) -> None:
    assert consistency(case["scores"]) is Consistency(case["expected"])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([5] * 6 + [1, 9, 1, 9], Consistency.VERY_GOOD, id="consistency-labels both quartiles are the median"),
        pytest.param([5, 5, 6, 4, 5, 1, 9, 1, 9, 9], Consistency.GOOD, id="consistency-labels half within one"),
        pytest.param([5, 5, 3, 7, 3, 7, 3, 7, 1, 9], Consistency.GOOD, id="consistency-labels four fifths within two"),
        pytest.param([5, 3, 7, 3, 7, 1, 9, 1, 9, 1], Consistency.SOME, id="consistency-labels half within two"),
        pytest.param([5, 2, 8, 2, 8, 2, 8, 2, 1, 9], Consistency.SOME, id="consistency-labels four fifths within three"),
    ],
)  # fmt: skip
def test_each_label_has_its_distance(scores: list[int], expected: Consistency) -> None:
    assert consistency(scores) is expected


def test_nobody_is_neither_consistent_nor_not() -> None:
    assert consistency([]) is None


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_the_order_of_people_changes_no_reading(scores: list[int]) -> None:
    assert (panel(scores[::-1]), consistency(scores[::-1])) == (panel(scores), consistency(scores))


# ── Accepted, flagged, rejected


def test_80_50() -> None:
    """18 of 23 is 78.3 %, and was accepted: a share in votes is rounded to the nearest."""
    fact = FACTS["80-50"]
    assert [votes_for(80, people) for people in fact["people"]] == fact["votes_to_accept"]
    assert (flow(18, 23), flow(17, 23)) == (Flow.ACCEPTED, Flow.FLAGGED)


@pytest.mark.parametrize(
    ("agreeing", "people", "expected"),
    [
        (16, 20, Flow.ACCEPTED),
        (15, 20, Flow.FLAGGED),
        (10, 20, Flow.FLAGGED),
        (9, 20, Flow.REJECTED),
        (12, 23, Flow.FLAGGED),
        (11, 23, Flow.REJECTED),
        (0, 5, Flow.REJECTED),
        (0, 0, None),
    ],
)
def test_less_than_half_is_rejected(agreeing: int, people: int, expected: Flow | None) -> None:
    assert flow(agreeing, people) is expected


@pytest.mark.parametrize(("agreeing", "people"), [(-1, 3), (4, 3)])
def test_those_who_agree_are_among_the_people(agreeing: int, people: int) -> None:
    with pytest.raises(ValueError, match="among"):
        flow(agreeing, people)


# ── What our announced rule takes from the literature


def test_threshold_survey() -> None:
    """Agreement is a share announced beforehand, near the median of the thresholds that a hundred studies chose."""
    rule = Rule(method=Method.TWO_AXES)
    assert abs(rule.most - FACTS["threshold_survey"]["median_threshold_percent"]) <= 5
    agreement = rule.published()["axes"]["pertinence"]["accord"]
    assert agreement == {"au_moins_pourcent": rule.most, "et_moins_de_pourcent": rule.few}


def test_iqr_sd_warning() -> None:
    """No spread decides: all may say the same without agreeing, and agree from 7 to 9."""
    same, spread = rating([5] * 12), rating([7] * 6 + [9] * 6)
    assert (same.iqr, same.consensus) == (0.0, Agreement.NONE)
    assert (spread.iqr, spread.consensus) == (2.0, Agreement.IN)


def test_rounds_example() -> None:
    """Three rounds among twelve people can be announced, and each figure may be shown."""
    fact = FACTS["rounds_example"]
    assert Rule.read(Rule(method=Method.TWO_AXES, rounds=fact["rounds"]).published()).rounds == fact["rounds"] <= MOST_ROUNDS
    assert fact["people"] >= FEW_RATERS
