"""Consensus: from a tally to an outcome, by the announced rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops.consensus import Outcome, ThreeChoices

KEPT, REWORKED, DROPPED, UNDECIDED = Outcome.KEPT, Outcome.REWORKED, Outcome.DROPPED, Outcome.UNDECIDED
counts = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("keep", "rework", "drop", "outcome"),
    [
        (0, 0, 0, UNDECIDED),
        (1, 0, 0, KEPT),
        (0, 1, 0, REWORKED),
        (0, 0, 1, DROPPED),
        (1, 0, 1, REWORKED),  # a tie
        (2, 1, 1, REWORKED),  # exactly half is not more than half
        (1, 1, 2, REWORKED),
        (3, 1, 1, KEPT),
        (1, 1, 3, DROPPED),
        (5, 4, 0, KEPT),
        (4, 5, 0, REWORKED),
        (0, 4, 5, DROPPED),
        (10**15 + 1, 0, 10**15, KEPT),  # integers, never floats
        (10**15, 0, 10**15, REWORKED),
    ],
)
def test_more_than_half_of_the_votes_that_say_something(keep: int, rework: int, drop: int, outcome: Outcome) -> None:
    assert ThreeChoices().decide(keep=keep, rework=rework, drop=drop) is outcome


@given(counts, counts, counts, counts)
def test_abstentions_decide_nothing(keep: int, rework: int, drop: int, abstain: int) -> None:
    decided = ThreeChoices().decide(keep=keep, rework=rework, drop=drop)
    assert ThreeChoices().decide(keep=keep, rework=rework, drop=drop, abstain=abstain) is decided


@given(counts, counts, counts)
def test_keeping_and_dropping_mirror_each_other(keep: int, rework: int, drop: int) -> None:
    mirror = {KEPT: DROPPED, DROPPED: KEPT}
    decided = ThreeChoices().decide(keep=keep, rework=rework, drop=drop)
    assert ThreeChoices().decide(keep=drop, rework=rework, drop=keep) is mirror.get(decided, decided)


@pytest.mark.parametrize(("keep", "abstain", "outcome"), [(4, 0, UNDECIDED), (4, 9, UNDECIDED), (5, 0, KEPT)])
def test_below_the_quorum_nothing_is_decided(keep: int, abstain: int, outcome: Outcome) -> None:
    assert ThreeChoices(quorum=5).decide(keep=keep, rework=0, drop=0, abstain=abstain) is outcome


def test_without_any_vote_a_quorum_of_none_decides_nothing_either() -> None:
    assert ThreeChoices(quorum=0).decide(keep=0, rework=0, drop=0) is UNDECIDED


@pytest.mark.parametrize("choice", ["keep", "rework", "drop", "abstain"])
def test_a_negative_count_is_an_error(choice: str) -> None:
    tally = {"keep": 1, "rework": 1, "drop": 1, "abstain": 1, choice: -1}
    with pytest.raises(ValueError, match="negative"):
        ThreeChoices().decide(**tally)


def test_the_rule_is_published_with_its_numbers() -> None:
    assert ThreeChoices(quorum=3).published() == {
        "methode": "trois_choix",
        "majorite": "absolue_des_exprimes",
        "quorum": 3,
    }
