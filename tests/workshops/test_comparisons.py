"""Comparisons: golden differences between two versions, with the number each calls for."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import COMPLETE
from workshops import comparisons, sheet
from workshops.comparisons import Contents, compare
from workshops.sheet import FIELDS, Level, Sheet

WHOLE: Sheet = {
    **COMPLETE,
    "ventilations": ["par territoire", "par public"],
    "methode_collecte": ["comptage", "enquete"],
    "inclusions": "Les projets suspendus.",
    "preuves_admises": ["document"],
    "temps_collecte": 2,
}
NOTHING: dict[str, Any] = {}


def but(**changes: Any) -> Sheet:
    """The whole sheet, changed; None empties a field."""
    return {name: value for name, value in {**WHOLE, **changes}.items() if value is not None}


@dataclass(frozen=True)
class Golden:
    """What becomes of version 2.3.4, and the whole comparison in short."""

    says: str
    before: dict[str, Sheet]
    after: dict[str, Sheet]
    version: str | None
    changed: dict[str, dict[str, str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    deprecated: tuple[str, str] = ("", "")  # before, after: codes with spaces between
    argued: dict[str, str] = field(default_factory=dict)


def one(says: str, version: str | None, level: str, **changes: Any) -> Golden:
    """One sheet of which one field changes."""
    (name,) = changes
    return Golden(says, {"ACT-01": WHOLE}, {"ACT-01": but(**changes)}, version, {"ACT-01": {name: level}})


GOLDEN = [
    Golden("nothing", {"ACT-01": WHOLE}, {"ACT-01": WHOLE}, None),
    Golden("order of codes", {"ACT-01": WHOLE, "ACT-02": WHOLE}, {"ACT-02": WHOLE, "ACT-01": WHOLE}, None),
    one("a title", "2.3.5", "PATCH", libelle="Projets arrêtés à temps"),
    one("a short title, first", "2.3.5", "PATCH", libelle_court="Arrêtés"),
    one("a question", "2.3.5", "PATCH", question_evaluative="Sait-on s'arrêter ?"),
    one("how to read it", "2.3.5", "PATCH", sens="plus_bas_mieux"),
    one("a source", "2.3.5", "PATCH", source_donnee=["tableau de bord"]),
    one("its limits", "2.3.5", "PATCH", limites="À lire avec les raisons de l'arrêt."),
    one("what it costs", "2.3.5", "PATCH", cout_collecte="moyen"),
    one("hours, emptied", "2.3.5", "PATCH", temps_collecte=None),
    one("who answers for it", "2.3.5", "PATCH", responsable="SIILAB"),
    one("related codes", "2.3.5", "PATCH", indicateurs_lies=["ACT-02"]),
    one("an equivalent", "2.3.5", "PATCH", equivalents=["https://exemple.fr/notion"]),
    one("breakdowns in another order", "2.3.5", "PATCH", ventilations=["par public", "par territoire"]),
    one("one breakdown more", "2.4.0", "MINOR", ventilations=["par territoire", "par public", "par âge"]),
    one("one breakdown less", "3.0.0", "MAJOR", ventilations=["par territoire"]),
    one("a breakdown replaced", "3.0.0", "MAJOR", ventilations=["par territoire", "par âge"]),
    one("one method more", "2.4.0", "MINOR", methode_collecte=["comptage", "enquete", "calcul"]),
    one("one method less", "3.0.0", "MAJOR", methode_collecte=["comptage"]),
    one("one proof more", "2.4.0", "MINOR", preuves_admises=["document", "temoignage"]),
    one("no proof", "3.0.0", "MAJOR", preuves_admises=None),
    one("how often", "2.4.0", "MINOR", frequence="Trimestrielle"),
    one("another definition", "3.0.0", "MAJOR", definition="Projets arrêtés, quelle qu'en soit la raison."),
    one("another family", "3.0.0", "MAJOR", famille="resultats"),
    one("another nature", "3.0.0", "MAJOR", nature="mixte"),
    one("another unit", "3.0.0", "MAJOR", unite="%"),
    one("a numerator, first", "3.0.0", "MAJOR", numerateur="Projets arrêtés"),
    one("what counts, emptied", "3.0.0", "MAJOR", inclusions=None),
    one("how it adds up", "3.0.0", "MAJOR", agregation="mediane"),
    Golden("one more", {"ACT-01": WHOLE}, {"ACT-01": WHOLE, "ACT-02": WHOLE}, "2.4.0", lists={"added": ["ACT-02"]}),
    Golden(
        "one deprecated",
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        "2.4.0",
        lists={"deprecated": ["ACT-02"]},
        deprecated=("", "ACT-02"),
    ),
    Golden(
        "one back in force",
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        "2.4.0",
        lists={"reinstated": ["ACT-02"]},
        deprecated=("ACT-02", ""),
    ),
    Golden(
        "one still on its way out",
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        {"ACT-01": but(libelle="Autre"), "ACT-02": WHOLE},
        "2.3.5",
        {"ACT-01": {"libelle": "PATCH"}},
        deprecated=("ACT-02", "ACT-02"),
    ),
    Golden(
        "one removed, deprecated before",
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        {"ACT-01": WHOLE},
        "3.0.0",
        lists={"removed": ["ACT-02"]},
        deprecated=("ACT-02", ""),
    ),
    Golden(
        "a definition argued to mean the same",
        {"ACT-01": WHOLE},
        {"ACT-01": but(definition="Projets arrêtés avant leur terme, le besoin n'étant pas confirmé.")},
        "2.3.5",
        {"ACT-01": {"definition": "PATCH"}},
        argued={"ACT-01": "Une tournure plus courte."},
    ),
    Golden(
        "an argument is about a definition only",
        {"ACT-01": WHOLE},
        {"ACT-01": but(definition="Autrement.", unite="%")},
        "3.0.0",
        {"ACT-01": {"definition": "PATCH", "unite": "MAJOR"}},
        argued={"ACT-01": "Le sens reste."},
    ),
    Golden(
        "an argument is about its own indicator",
        {"ACT-01": WHOLE, "ACT-02": WHOLE},
        {"ACT-01": but(definition="Autrement."), "ACT-02": WHOLE},
        "3.0.0",
        {"ACT-01": {"definition": "MAJOR"}},
        argued={"ACT-02": "Le sens reste."},
    ),
    Golden(
        "a little of everything: the highest decides",
        {"ACT-01": WHOLE, "ACT-02": WHOLE, "ACT-03": WHOLE},
        {"ACT-01": but(libelle="Autre"), "ACT-02": but(frequence="Trimestrielle"), "ACT-03": WHOLE, "IMP-10": WHOLE},
        "2.4.0",
        {"ACT-01": {"libelle": "PATCH"}, "ACT-02": {"frequence": "MINOR"}},
        lists={"added": ["IMP-10"], "deprecated": ["ACT-03"]},
        deprecated=("", "ACT-03"),
    ),
]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.says)
def test_golden_differences(golden: Golden) -> None:
    before, after = (frozenset(codes.split()) for codes in golden.deprecated)
    found = compare(Contents(golden.before, before), Contents(golden.after, after), golden.argued)
    changed = {
        code: {change.field.name: change.level.name for change in changes} for code, changes in found.changed.items()
    }
    lists = {name: getattr(found, name) for name in ("added", "removed", "deprecated", "reinstated")}
    assert {name: codes for name, codes in lists.items() if codes} == golden.lists
    assert changed == golden.changed
    assert (None if found.level is None else comparisons.bump("2.3.4", found.level)) == golden.version


def test_there_is_a_golden_difference_for_every_field() -> None:
    told = {name for golden in GOLDEN for fields in golden.changed.values() for name in fields}
    alike = {"denominateur", "facteur", "population", "exclusions"}  # as numerateur and inclusions
    assert {each.name for each in FIELDS} - told == alike
    assert {sheet.BY_NAME[name].level for name in alike} == {Level.MAJOR}


def test_words_are_compared_one_by_one() -> None:
    after = but(libelle="Nombre de projets arrêtés à temps")
    ((change,),) = compare(Contents({"A": WHOLE}), Contents({"A": after})).changed.values()
    assert [(piece.state, piece.text) for piece in change.pieces] == [
        ("same", "Nombre de projets "),
        ("gone", "abandonnés"),
        ("new", "arrêtés"),
        ("same", " à temps"),
    ]


def test_an_argument_is_told_with_the_change_it_is_about() -> None:
    argued = compare(Contents({"A": WHOLE}), Contents({"A": but(definition="D", libelle="L")}), {"A": "Une coquille."})
    assert [(change.field.name, change.because) for change in argued.changed["A"]] == [
        ("libelle", ""),
        ("definition", "Une coquille."),
    ]


SHEETS = st.fixed_dictionaries(
    {"libelle": st.sampled_from("ab"), "famille": st.just("activite"), "definition": st.sampled_from("cd")},
    optional={"frequence": st.sampled_from(["Annuelle", "Trimestrielle"]), "ventilations": st.lists(st.sampled_from("xyz"))},
)
VERSIONS = st.dictionaries(st.sampled_from(["ACT-01", "ACT-02", "IMP-01"]), SHEETS)


@given(VERSIONS, VERSIONS)
def test_the_level_is_none_only_when_nothing_differs(before: dict[str, Sheet], after: dict[str, Sheet]) -> None:
    found = compare(Contents(before), Contents(after))
    assert (found.level is None) == (before == after)
    each = [found.level_of(code) for code in {*before, *after}]
    assert max((level for level in each if level is not None), default=None) == found.level
