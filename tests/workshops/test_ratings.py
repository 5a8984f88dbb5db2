"""Ratings and consent: figures that others published, strict inequalities, and what nobody said."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops.consensus import Agreement, Consent, Outcome, Rating, RatingRule, TwoAxes, rating

scores = st.lists(st.integers(1, 9), min_size=1, max_size=40)


def test_bmjopen_2012_row() -> None:
    """BMJ Open 2012;2:e001431, table 1; the three scores below 7 whose columns were lost change none of these figures."""
    for lost in ([1, 2, 3], [6, 6, 6], [1, 4, 6]):
        found = rating([7] * 5 + [8] * 5 + [9] * 2 + lost)
        assert (found.n, found.median, found.p30, found.p70, found.ipr, found.ipras, found.disagreement) == (
            15,
            7.0,
            7.0,
            8.0,
            1.0,
            6.1,
            False,
        )


@pytest.mark.parametrize(
    ("given_scores", "p30", "p70", "ipr", "ipras", "disagreement"),
    [
        pytest.param([1, 1, 1, 5, 5, 5, 9, 9, 9], 2.6, 7.4, 4.8, 2.35, True, id="derived-1"),
        pytest.param([7, 7, 8, 8, 8, 9, 9, 9, 9], 8.0, 9.0, 1.0, 7.6, False, id="derived-2"),
        pytest.param([5] * 9, 5.0, 5.0, 0.0, 2.35, False, id="derived-3"),
    ],
)
def test_percentiles_are_linear_interpolations(
    given_scores: list[int], p30: float, p70: float, ipr: float, ipras: float, disagreement: bool
) -> None:
    found = rating(given_scores)
    assert (found.p30, found.p70, found.ipr, found.ipras, found.disagreement) == (p30, p70, ipr, ipras, disagreement)


@pytest.mark.parametrize(
    ("n", "high", "low", "most", "expected"),
    [
        pytest.param(20, 14, 2, 70, Agreement.IN, id="comet-70-15 in"),
        pytest.param(20, 14, 3, 70, Agreement.NONE, id="comet-70-15 three of twenty is not less than 15 %"),
        pytest.param(20, 13, 0, 70, Agreement.NONE, id="comet-70-15 65 %"),
        pytest.param(20, 10, 2, 50, Agreement.IN, id="comet-70-15 half is enough in the first round"),
        pytest.param(20, 2, 14, 70, Agreement.OUT, id="comet-70-15 out"),
    ],
)
def test_enough_high_scores_and_few_low_ones(n: int, high: int, low: int, most: int, expected: Agreement) -> None:
    given_scores = [8] * high + [2] * low + [5] * (n - high - low)
    assert rating(given_scores, RatingRule(most=most)).consensus is expected


@given(scores)
def test_high_and_low_mirror_each_other(given_scores: list[int]) -> None:
    mirror = {Agreement.IN: Agreement.OUT, Agreement.OUT: Agreement.IN}
    one, other = rating(given_scores), rating([10 - score for score in given_scores])
    assert other.consensus is mirror.get(one.consensus, one.consensus)
    assert (other.disagreement, other.ipr, other.ipras) == (one.disagreement, one.ipr, one.ipras)
    assert other.median == 10 - (one.median or 0)


@given(scores)
def test_the_median_is_the_usual_one_and_the_order_of_people_is_nothing(given_scores: list[int]) -> None:
    found = rating(given_scores)
    assert found.median == statistics.median(given_scores)
    assert rating(given_scores[::-1]) == found


def test_who_does_not_say_is_not_counted() -> None:
    assert rating([None, 8, None, 8, 8]) == rating([8, 8, 8])
    nobody = rating([None, None])
    assert (nobody.n, nobody.median, nobody.ipras, nobody.disagreement, nobody.consensus) == (
        0,
        None,
        None,
        False,
        Agreement.NONE,
    )
    assert rating([]) == nobody


def test_below_the_quorum_nobody_agrees() -> None:
    rule = RatingRule(quorum=4)
    assert rating([8] * 3, rule).consensus is Agreement.NONE
    assert rating([8] * 4, rule).consensus is Agreement.IN


@pytest.mark.parametrize("score", [0, 10, -1, 7.5, True, "7"])
def test_a_score_is_a_whole_number_from_one_to_nine(score: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        rating([score])  # type: ignore[list-item]


@pytest.mark.parametrize("wrong", [{"most": 0}, {"most": 101}, {"few": -1}])
def test_a_share_is_a_share(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="share"):
        RatingRule(**wrong)  # type: ignore[arg-type]


def test_the_rule_is_published_with_its_numbers() -> None:
    assert RatingRule().published() == {
        "methode": "notation_1_9",
        "accord": {"au_moins_pourcent": 70, "et_moins_de_pourcent": 15},
        "quorum": 1,
        "desaccord": {"ipr_symetrique": "2.35", "correction": "1.5", "centiles": "interpolation_lineaire"},
    }


# ── Who counts, and what two axes decide


def test_a_lab_is_one_voice_the_lower_median_of_its_members() -> None:
    rule = TwoAxes()
    assert rule.voice(["9/3", "3/7"]) == "3/3"
    assert rule.voice(["8/-", "2/-", "9/4"]) == "8/4"
    assert rule.voice(["-/-"]) == "-/-"


IN, OUT, SPLIT, NOBODY = rating([8] * 5), rating([2] * 5), rating([2, 5, 8]), rating([])


@pytest.mark.parametrize(
    ("relevance", "measurability", "outcome"),
    [
        (IN, IN, Outcome.KEPT),
        (IN, OUT, Outcome.REWORKED),
        (IN, SPLIT, Outcome.REWORKED),
        (SPLIT, IN, Outcome.REWORKED),
        (SPLIT, OUT, Outcome.REWORKED),
        (OUT, IN, Outcome.DROPPED),
        (OUT, OUT, Outcome.DROPPED),
        (IN, NOBODY, Outcome.UNDECIDED),
        (NOBODY, OUT, Outcome.UNDECIDED),
    ],
)
def test_both_axes_keep_and_relevance_alone_drops(relevance: Rating, measurability: Rating, outcome: Outcome) -> None:
    assert TwoAxes().decide(relevance=relevance, measurability=measurability) is outcome


def test_each_axis_has_its_own_quorum() -> None:
    rule = TwoAxes(measurability=RatingRule(quorum=6))
    assert rule.decide(relevance=IN, measurability=IN) is Outcome.UNDECIDED
    assert rule.decide(relevance=IN, measurability=rating([8] * 6, rule.measurability)) is Outcome.KEPT
    assert rule.published()["axes"]["mesurabilite"]["quorum"] == 6


# ── Consent


@pytest.mark.parametrize(
    ("voices", "standing", "quorum", "outcome"),
    [
        (5, 0, 1, Outcome.KEPT),
        (5, 1, 1, Outcome.REWORKED),
        (0, 0, 0, Outcome.UNDECIDED),
        (4, 0, 5, Outcome.UNDECIDED),
        (4, 1, 5, Outcome.REWORKED),
    ],
)
def test_a_set_is_adopted_when_no_objection_is_left(voices: int, standing: int, quorum: int, outcome: Outcome) -> None:
    assert Consent(quorum).decide(voices=voices, standing=standing) is outcome


def test_a_negative_count_of_people_or_objections_is_an_error() -> None:
    for counts in ({"voices": -1, "standing": 0}, {"voices": 1, "standing": -1}):
        with pytest.raises(ValueError, match="negative"):
            Consent().decide(**counts)
    assert Consent(3).published() == {"methode": "consentement", "quorum": 3}
