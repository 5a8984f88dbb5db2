"""Majority judgment: published cases, and the rule told one judgement at a time."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from workshops.consensus import Grade, Rank, majority_judgment

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in yaml.safe_load((Path(__file__).parent / "majority_judgment.yaml").read_text())
}


def named(tallies: Any) -> dict[str, list[int]]:
    return tallies if isinstance(tallies, dict) else {str(number): tally for number, tally in enumerate(tallies)}


def places(ranks: Sequence[Rank]) -> dict[str, int]:
    return {rank.name: rank.rank for rank in ranks}


def order(ranks: Sequence[Rank]) -> list[str]:
    return [rank.name for rank in ranks]


def tally_of(grades: Sequence[int], best: int) -> list[int]:
    return [grades.count(grade) for grade in range(best + 1)]


def removed(tally: Sequence[int]) -> list[int]:
    """The rule as it is told: take the lower median, remove one judgement of that grade, begin again."""
    left = sorted(grade for grade, count in enumerate(tally) for _ in range(count))
    return [left.pop((len(left) - 1) // 2) for _ in range(len(left))]


# ── Published cases


@pytest.mark.parametrize("case", ["mv-thousands", "mv-default-worst", "mv-default-median", "mv-median-default-42"])
def test_ranks_that_others_published(case: str) -> None:
    told = CASES[case]
    missing = {"mv-default-worst": "worst", "mv-thousands": "ignored"}.get(case, "median")
    ranks = majority_judgment(named(told["tallies"]), missing=missing, raters=told["participants"])  # type: ignore[arg-type]
    assert [places(ranks)[str(n)] for n in range(len(ranks))] == told["expected_ranks"]


def test_mv_default_passable() -> None:
    """A missing judgement that counts for a grade of its own choosing is a judgement of that grade."""
    told = CASES["mv-default-passable"]
    filled = [[*tally[:2], tally[2] + told["participants"] - sum(tally), *tally[3:]] for tally in told["tallies"]]
    ranks = places(majority_judgment(named(filled)))
    assert [ranks[str(n)] for n in range(len(ranks))] == told["expected_ranks"]


def test_mv_java_readme() -> None:
    told = CASES["mv-java-readme"]
    assert places(majority_judgment(told["tallies"])) == told["expected_ranks_by_name"]


@pytest.mark.parametrize("case", ["frwiki-abc", "poll-2011", "mv-thousands"])
def test_medians_that_others_published(case: str) -> None:
    expected = CASES[case]["expected_medians"]
    medians = {rank.name: rank.median for rank in majority_judgment(named(CASES[case]["tallies"]))}
    assert medians == (expected if isinstance(expected, dict) else {str(n): m for n, m in enumerate(expected)})


@pytest.mark.parametrize(
    ("case", "key"),
    [("frwiki-abc", "derived_order"), ("poll-2011", "derived_order"), ("fabre-2012", "expected_order_mj")],
)
def test_orders_that_others_published(case: str, key: str) -> None:
    told = CASES[case]
    found = order(majority_judgment(told["tallies"]))
    assert found == told[key]
    assert found[0] == told.get("expected_winner", found[0])


def test_fabre_2012_two_voters_in_a_hundred_change_the_winner() -> None:
    told = CASES["fabre-2012"]
    assert order(majority_judgment({**told["tallies"], **told["perturbed"]}))[0] == "Bayrou"


def test_frwiki_tie_5() -> None:
    told = CASES["frwiki-tie-5"]
    assert {name: removed(tally) for name, tally in told["tallies"].items()} == told["expected_majority_values"]
    assert order(majority_judgment(told["tallies"]))[0] == told["expected_winner"]


def test_balinski_laraki_15a() -> None:
    told = CASES["balinski-laraki-1.5-a"]
    assert removed(tally_of(told["grades"], 11)) == told["expected_majority_value"]


@pytest.mark.parametrize("case", ["mv-python-doctest", "mv-python-reverse-2"])
def test_ballots_that_others_published(case: str) -> None:
    told = CASES[case]
    best = max(map(max, told["candidates"].values()))
    tallies = {name: tally_of(grades, best) for name, grades in told["candidates"].items()}
    if told.get("best_grade") == "lowest number":
        tallies = {name: tally[::-1] for name, tally in tallies.items()}
    assert order(majority_judgment(tallies)) == told["expected_order"]


def test_every_published_case_is_tried() -> None:
    source = Path(__file__).read_text()
    spelt = source.replace("_", "-").replace("15a", "1.5-a")
    assert [case for case in CASES if case not in spelt] == []


# ── The rule

tallies = st.lists(st.integers(0, 6), min_size=4, max_size=4)
crowds = st.lists(tallies, min_size=1, max_size=5)


@given(crowds)
def test_it_is_the_rule_told_one_judgement_at_a_time(crowd: list[list[int]]) -> None:
    most = max(map(sum, crowd))
    full = {str(n): [tally[0] + most - sum(tally), *tally[1:]] for n, tally in enumerate(crowd)}
    expected = sorted(full, key=lambda name: removed(full[name]), reverse=True)
    ranks = majority_judgment(full)
    assert [removed(full[name]) for name in order(ranks)] == [removed(full[name]) for name in expected]
    for one in ranks:
        better = sum(removed(full[other]) > removed(full[one.name]) for other in full)
        assert one.rank == better + 1
        assert one.median == (removed(full[one.name])[0] if most else None)


@given(crowds, st.integers(1, 50))
@example([[0, 0, 0, 0], [0, 0, 0, 1]], 2)
def test_shares_are_compared_not_numbers(crowd: list[list[int]], times: int) -> None:
    """Twice as many people who say the same say the same."""
    ranks = majority_judgment(named(crowd))
    larger = {name: [count * times for count in tally] for name, tally in named(crowd).items()}
    assert majority_judgment(larger) == ranks
    one = {**named(crowd), "0": larger["0"]}
    assert places(majority_judgment(one)) == places(ranks)


@given(crowds)
def test_nobodys_own_median_is_moved_by_those_who_say_nothing(crowd: list[list[int]]) -> None:
    raters = max(map(sum, crowd)) + 3
    alone = {rank.name: rank.median for rank in majority_judgment(named(crowd))}
    filled = majority_judgment(named(crowd), missing="median", raters=raters)
    assert all(rank.median == (alone[rank.name] if alone[rank.name] is not None else 0) for rank in filled)


def test_equals_share_a_place_and_the_next_one_counts_them() -> None:
    assert majority_judgment({"b": [0, 2], "a": [0, 2], "c": [1, 1], "d": [2, 0]}) == [
        Rank("b", 1, 1),
        Rank("a", 1, 1),
        Rank("c", 3, 0),
        Rank("d", 4, 0),
    ]


def test_what_nobody_judged_comes_last() -> None:
    ranks = majority_judgment({"unseen": [0, 0, 0], "worst": [5, 0, 0]})
    assert ranks == [Rank("worst", 1, 0), Rank("unseen", 2, None)]
    assert majority_judgment({}) == []
    assert majority_judgment({"a": [0, 0], "b": [0, 0]}) == [Rank("a", 1, None), Rank("b", 1, None)]


@pytest.mark.parametrize(
    ("given_tallies", "raters"),
    [({"a": [1, -1]}, None), ({"a": [1, 1], "b": [1, 1, 1]}, None), ({"a": []}, None), ({"a": [2, 2]}, 3)],
)
def test_what_is_no_tally_is_an_error(given_tallies: Mapping[str, Sequence[int]], raters: int | None) -> None:
    with pytest.raises(ValueError, match=r"tally|judgements"):
        majority_judgment(given_tallies, raters=raters)


def test_an_unknown_way_to_count_what_is_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown way"):
        majority_judgment({"a": [1]}, missing="best")  # type: ignore[arg-type]


def test_a_nation_costs_what_a_room_costs() -> None:
    """As a ratio in one run: the work follows the grades, not the judgements."""
    room = {str(n): [n + g for g in range(7)] for n in range(10)}
    nation = {name: [count * 1_000_003 for count in tally] for name, tally in room.items()}

    def spent(tallies: Mapping[str, Sequence[int]]) -> float:
        runs = []
        for _ in range(20):
            began = time.perf_counter()
            majority_judgment(tallies)
            runs.append(time.perf_counter() - began)
        return min(runs)

    assert spent(nation) < 20 * spent(room)


def test_seven_grades_in_french() -> None:
    assert [grade.label for grade in Grade] == [
        "À rejeter",
        "Insuffisant",
        "Passable",
        "Assez bien",
        "Bien",
        "Très bien",
        "Excellent",
    ]
