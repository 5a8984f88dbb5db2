"""Scores: those of « Je donne mon avis », case by case."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from workshops import scores
from workshops.scores import FIVE, THREE, Score

FACTS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "je_donne_mon_avis.yaml").read_text())
CASES: list[dict[str, Any]] = FACTS["cases"]


def scored(case: dict[str, Any]) -> Score | None:
    if "contact_reached" in case:
        return scores.contact(case["contact_reached"], case["contact_satisfaction"])
    return (scores.comprehension if "very_good" in case["answers"] else scores.satisfaction)(case["answers"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_has_the_score_and_the_colour_that_are_published(case: dict[str, Any]) -> None:
    score = scored(case)
    found = (score.value, score.colour.value if score.colour else None) if score else (None, None)
    assert found == (case["expected_score"], case.get("expected_colour"))


def test_weights_are_those_that_are_published() -> None:
    assert FACTS["weights"] == {"satisfaction": THREE, "comprehension_and_contact": FIVE}


@pytest.mark.parametrize(
    ("colours", "score"),
    [
        # Of a thousand answers, so many good and the others bad: on the edge, and just below it.
        ("satisfaction_comprehension", lambda good: scores.satisfaction({"good": good, "bad": 1000 - good})),
        ("satisfaction_comprehension", lambda good: scores.comprehension({"very_good": good, "very_bad": 1000 - good})),
        ("contact", lambda good: scores.contact({"Oui": good, "Non": 1000 - good}, {"very_good": good})),
    ],
    ids=["satisfaction", "comprehension", "contact"],
)
def test_colours_change_where_it_is_published(colours: str, score: Any) -> None:
    edges = FACTS["colours"][colours]
    good, medium = round(edges["good"] * 100), round(edges["medium"] * 100)
    found = [score(number).colour.value for number in (1000, good, good - 1, medium, medium - 1, 0)]
    assert found == ["good", "good", "medium", "medium", "bad", "bad"]


def test_who_reached_nobody_counts_for_nothing_in_contact_and_in_reachability() -> None:
    assert scores.contact({"Oui": 0, "Non": 5}, {}) == Score(0, 5, scores.Colour.BAD)
    assert scores.reachability({"Oui": 3, "Non": 1}) == 0.75


def test_autonomy_is_the_share_of_reviews_without_help() -> None:
    assert scores.autonomy(3, 4) == Score(7.5, 4, None)


def test_no_answer_is_no_score() -> None:
    nothing = {"satisfaction": {}, "comprehension": {}}
    assert [getattr(scores, name)(counts) for name, counts in nothing.items()] == [None, None]
    assert (scores.contact({}, {}), scores.contact({"Oui": 3}, {})) == (None, None)
    assert (scores.reachability({}), scores.autonomy(0, 0)) == (None, None)
