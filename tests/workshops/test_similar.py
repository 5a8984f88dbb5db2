"""Similar: what is on the table already, however it is spelt."""

import time

import pytest

from workshops import indicators, similar
from workshops.indicators import Card, Departure, Indicator, Leaving, Origin, Wording


def card(code: str, title: str, *, left: bool = False) -> Card:
    indicator = Indicator(id=code, workshop_id="w", code=code, origin=Origin.WORKSHOP)
    families = {"ACT": "activite", "RES": "resultats", "IMP": "impact"}
    sheet = {"libelle": title, "famille": families[code[:3]], "definition": "Sans importance ici."}
    wording = Wording(indicator_id=code, number=1, sheet=sheet, by_id="p", gesture=1)
    departure = Departure(indicator_id=code, how=Leaving.MERGED, because="Un doublon.", by_id="p", gesture=2)
    return Card(indicator, wording, departure if left else None)


COMMITMENT = [card(code, sheet["libelle"]) for code, sheet in indicators.commitment_texts()]


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("Nombre d'agents FORMÉS à l’Innovation", "agent forme innovation"),
        ("Le nombre d’agent formé, l'innovation", "agent forme innovation"),
        ("Cœurs et nœuds, ex æquo", "coeur noeud ex aequo"),
        ("Parts des travaux jusqu'aux services", "travau service"),
        ("Bus, gaz", "bus gaz"),
        ("Taux de", ""),
        ("« … » !", ""),
    ],
)
def test_case_accents_ligatures_elisions_plurals_and_hollow_words_do_not_count(title: str, folded: str) -> None:
    assert similar.fold(title) == folded


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("Nb d’INTERVENTIONS du labo", ["ACT-05"]),
        ("projet accompagnés", ["ACT-04"]),
        ("Satisfaction des usagères et usagers", ["IMP-08"]),
        ("publications", ["ACT-07", "RES-03"]),
        ("publicatoin", ["ACT-07"]),
        ("engagés usagers démarches", ["ACT-02", "ACT-01", "ACT-03"]),
        ("Coopération avec les administrations", ["IMP-03", "IMP-02", "IMP-05"]),
        ("Nombre de projets abandonnés à temps", []),
        ("Nombre de", []),
        ("", []),
    ],
)
def test_what_resembles_a_title_comes_the_most_similar_first(typed: str, codes: list[str]) -> None:
    assert [found.indicator.code for found in similar.to(typed, COMMITMENT)] == codes


def test_five_at_most_equals_in_the_order_of_the_page_and_whatever_the_order_given() -> None:
    same = [card(code, "Agents formés") for code in ("IMP-12", "ACT-10", "ACT-9", "RES-11", "ACT-100", "IMP-13")]
    expected = ["ACT-9", "ACT-10", "ACT-100", "RES-11", "IMP-12"]
    for given in (same, same[::-1]):
        assert [found.indicator.code for found in similar.to("agent formé", given)] == expected


def test_what_left_the_table_is_not_proposed_again() -> None:
    table = [card("ACT-10", "Agents formés", left=True), card("ACT-11", "Agents formés")]
    assert [found.indicator.code for found in similar.to("Agents formés", table)] == ["ACT-11"]


def test_a_title_among_a_thousand_costs_less_than_folding_them_once() -> None:
    """Titles are folded once and for all: what each keystroke costs is the comparison alone."""
    table = [card(f"ACT-{n}", f"{COMMITMENT[n % 19].sheet['libelle']}, variante {n}") for n in range(1000)]

    def cost(title: str) -> float:
        start = time.perf_counter()
        assert len(similar.to(title, table)) == 5
        return time.perf_counter() - start

    similar.fold.cache_clear()
    cold = cost("Nombre d'agents engagés dans les projets")
    warm = min(cost(f"Nombre d'agents engagés dans {n} projets") for n in range(10))
    assert warm < cold
