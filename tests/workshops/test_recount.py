"""Recount: a file that was made by hand, and each way in which it may not say what it contains."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from workshops import tallies
from workshops.consensus import Method, Rule, Voices
from workshops.recount import Count, Difference, count_of, differences

Document = dict[str, Any]
GRADES = Rule(method=Method.MAJORITY_JUDGMENT)
MISSING = Rule(method=Method.MAJORITY_JUDGMENT, missing="worst")
CONSENT = Rule(method=Method.CONSENT, quorum=2)


def paper(name: str, ballot: str, **more: Any) -> Document:
    return {"voix": name, "bulletin": ballot, **more}


def item(code: str, papers: list[Document], votes: Document, result: str, **more: Any) -> Document:
    return {
        "code": code,
        "tour": 1,
        "bulletins": papers,
        "votes": {"texte_actuel": votes, "texte_anterieur": 0, **more.pop("told", {})},
        "resultat": result,
        "tours_precedents": [],
        **more,
    }


def file(rule: Rule, *items: Document) -> Document:
    return {"regle": rule.published(), "indicateurs": list(items)}


def choices() -> Document:
    return file(
        Rule(),
        item("A", [paper("1", "keep"), paper("2", "keep"), paper("3", "drop")], {"keep": 2, "drop": 1}, "kept"),
        item("B", [], {"keep": 0}, "undecided"),
    )


def graded(rule: Rule = GRADES, **told: Any) -> Document:
    return file(
        rule,
        item("A", [paper("1", "good"), paper("2", "good")], {"good": 2}, "kept", rang=1, told=told),
        item("B", [paper("3", "fair"), paper("4", "fair")], {"fair": 2}, "kept", rang=2, told=told),
        item("C", [], {}, "undecided", rang=None, told=told),
    )


def by_lab() -> Document:
    papers = [paper("1", "keep", groupe="a"), paper("2", "drop", groupe="a"), paper("3", "drop", groupe="a")]
    papers += [paper("4", "keep", groupe="b"), paper("5", "keep", groupe=None)]
    return file(
        Rule(voices=Voices.LABS), item("A", papers, {"keep": 1, "drop": 1}, "reworked", told={"personnes": 5})
    )


def few() -> Document:
    papers = [{"groupe": "a", "bulletin": "keep"}, {"groupe": "b", "bulletin": "keep"}]
    return file(Rule(voices=Voices.LABS), item("A", papers, {"keep": 2}, "kept", told={"personnes": 3}))


def rounds() -> Document:
    told = choices()
    told["regle"] = Rule(rounds=3).published()
    for each in told["indicateurs"]:
        each["tour"] = 3
        each["tours_precedents"] = [
            {"tour": 1, "redaction": 1, "decompte": {"drop": 1}, "bulletins": [paper("8", "drop")]},
            {"tour": 2, "redaction": None, "decompte": {}, "bulletins": []},
        ]
    return told


@pytest.mark.parametrize("told", [choices, graded, lambda: graded(MISSING, votants=2), by_lab, few, rounds])
def test_a_file_in_order_differs_nowhere(told: Callable[[], Document]) -> None:
    assert list(differences(told())) == []


def altered(told: Document, path: tuple[Any, ...], value: Any) -> Document:
    changed = copy.deepcopy(told)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


A = ("indicateurs", 0)


@pytest.mark.parametrize(
    ("told", "path", "value", "found"),
    [
        (choices, (*A, "resultat"), "dropped", [Difference("A", "resultat", "dropped", "kept")]),
        (choices, (*A, "votes", "texte_actuel", "abstain"), 1,
         [Difference("A", "votes", {"keep": 2, "drop": 1, "abstain": 1}, {"keep": 2, "drop": 1})]),
        (choices, (*A, "bulletins", 0, "bulletin"), "drop",
         [Difference("A", "votes", {"keep": 2, "drop": 1}, {"keep": 1, "drop": 2}), Difference("A", "resultat", "kept", "dropped")]),
        (choices, (*A, "bulletins", 0, "voix"), "2", [Difference("A", "voix", "2", 2)]),
        (choices, ("regle", "quorum"), 4, [Difference("A", "resultat", "kept", "undecided")]),
        (choices, ("indicateurs", 1, "code"), "A", [Difference("A", "code", 1, 2)]),
        (graded, (*A, "rang"), 2, [Difference("A", "rang", 2, 1)]),
        (graded, ("indicateurs", 2, "rang"), 3, [Difference("C", "rang", 3, None)]),
        (lambda: graded(MISSING, votants=2), (*A, "votes", "votants"), 1,
         [Difference("A", "votants", 1, 2)]),
        (lambda: graded(MISSING, votants=1), (*A, "votes", "votants"), 3,
         [Difference("A", "votants", 3, 2), Difference("B", "votants", 1, 2), Difference("C", "votants", 1, 2)]),
        (by_lab, (*A, "votes", "personnes"), 6, [Difference("A", "personnes", 6, 5)]),
        (by_lab, (*A, "bulletins", 4, "groupe"), "b", []),
        (by_lab, (*A, "bulletins", 1, "groupe"), "b",
         [Difference("A", "votes", {"keep": 1, "drop": 1}, {"drop": 2}), Difference("A", "resultat", "reworked", "dropped")]),
        (rounds, (*A, "tours_precedents", 0, "decompte"), {"keep": 1},
         [Difference("A", "decompte", {"keep": 1}, {"drop": 1})]),
    ],
)  # fmt: skip
def test_what_a_file_announces_and_does_not_contain_is_found(
    told: Callable[[], Document], path: tuple[Any, ...], value: Any, found: list[Difference]
) -> None:
    assert list(differences(altered(told(), path, value))) == found


@pytest.mark.parametrize(
    ("told", "path", "value"),
    [
        (choices, (*A, "bulletins", 0, "bulletin"), "maybe"),
        (choices, (*A, "bulletins", 0, "bulletin"), ["keep"]),
        (choices, (*A, "bulletins", 0), {"bulletin": "keep"}),
        (choices, (*A, "votes", "texte_actuel", "keep"), -1),
        (choices, (*A, "votes", "texte_actuel", "keep"), 10**9),
        (choices, (*A, "votes", "texte_actuel", "keep"), True),
        (choices, (*A, "votes", "texte_anterieur"), None),
        (choices, ("regle",), Rule(method=Method.CONSENT).published()),
        (choices, ("regle", "majorite"), "simple"),
        (choices, ("regle", "methode"), "tirage"),
        (choices, (*A, "code"), 1),
        (graded, (*A, "votes"), {}),
        (by_lab, (*A, "bulletins", 0), {"groupe": "a", "bulletin": "keep"}),
        (few, (*A, "votes", "personnes"), 5),
        (few, (*A, "votes", "personnes"), 1),
        (few, (*A, "bulletins", 1, "groupe"), "a"),
        (rounds, (*A, "tours_precedents", 0, "tour"), 3),
        (rounds, (*A, "tour"), 4),
        (rounds, (*A, "tours_precedents"), []),
        (rounds, (*A, "tour"), 2),
    ],
)
def test_what_no_vote_would_publish_cannot_be_read(
    told: Callable[[], Document], path: tuple[Any, ...], value: Any
) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        list(differences(altered(told(), path, value)))


def test_a_vote_that_nobody_took_part_in_is_in_order() -> None:
    told = file(MISSING, item("A", [], {}, "undecided", rang=None))
    assert list(differences(told)) == []


def test_a_lab_says_the_lower_median_of_its_ballots() -> None:
    assert count_of(Rule(voices=Voices.LABS), by_lab()["indicateurs"][0]["bulletins"]) == Count({"drop": 1, "keep": 1}, 5)


@pytest.mark.parametrize(
    ("rule", "votes", "expected"),
    [
        (Rule(), {"texte_actuel": {"keep": 2, "drop": 1}}, "kept"),
        (Rule(method=Method.TWO_AXES), {"texte_actuel": {"8/8": 3}}, "kept"),
        (Rule(method=Method.TWO_AXES), {"texte_actuel": {"2/8": 3}}, "dropped"),
        (GRADES, {"texte_actuel": {"good": 2}}, "kept"),
        (MISSING, {"texte_actuel": {"good": 2}, "votants": 9}, "dropped"),
        (CONSENT, {"texte_actuel": {"consent": 2, "abstain": 1}, "objections": 0}, "kept"),
        (CONSENT, {"texte_actuel": {"consent": 2, "abstain": 1}, "objections": 1}, "reworked"),
        (CONSENT, {"texte_actuel": {"consent": 1, "abstain": 5}, "objections": 0}, "undecided"),
    ],
)
def test_published_votes_have_one_outcome(rule: Rule, votes: Document, expected: str) -> None:
    decision = {"regle": rule.published(), "votes": {**votes, "texte_anterieur": 0}}
    assert tallies.read(decision).outcome.value == expected


@pytest.mark.parametrize(
    "votes",
    [
        {"texte_actuel": {"consent": 2}, "objections": 0},
        {"texte_actuel": {"consent": 2, "object": 1}, "objections": 0},
        {"texte_actuel": {"consent": 2, "abstain": 0, "keep": 1}, "objections": 0},
        {"texte_actuel": {"consent": -1, "abstain": 0}, "objections": 0},
        {"texte_actuel": {"consent": True, "abstain": 0}, "objections": 0},
        {"texte_actuel": {"consent": 2, "abstain": 0}},
    ],
)
def test_what_no_set_would_publish_cannot_be_read(votes: Document) -> None:
    with pytest.raises((KeyError, ValueError)):
        tallies.read({"regle": CONSENT.published(), "votes": {**votes, "texte_anterieur": 0}})
