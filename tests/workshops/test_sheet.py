"""The sheet: read from a form, written back to it, complete or not."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import COMPLETE, SHEET
from workshops import sheet
from workshops.refusals import NotThus
from workshops.sheet import BY_NAME, FIELDS, Field, Level, Need
from workshops.texts import clean

REQUIRED = {"libelle": "Un intitulé", "famille": "activite", "definition": "Une définition."}
NEEDED = "Ce champ est nécessaire."
TOO_LONG = "C'est trop long."
ONE_LINE = "Une seule ligne."
IN_THE_LIST = "Choisissez dans la liste."
HOURS = "Un nombre d'heures, positif ou nul."
SHAPE = "Une ligne au moins n'a pas la bonne forme."

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: clean(text) != "")
one_line = words.filter(lambda text: "\n" not in clean(text))
hours = st.one_of(st.integers(0, 999_999).map(str), st.from_regex(r"[0-9]{1,6}[.,][0-9]{1,2}", fullmatch=True))
SHAPES = {
    "indicateurs_lies": st.from_regex(r"[A-Z]{3}-[0-9]{2,4}", fullmatch=True),
    "equivalents": st.from_regex(r"https?://[a-z0-9./?=-]{1,20}", fullmatch=True),
}


def typed(field: Field) -> st.SearchStrategy[Any]:
    """What somebody may type in a field."""
    if field.words:
        codes = st.sampled_from([word.value for word in field.words])
        return st.lists(codes, min_size=1) if field.is_list else codes
    if field.kind == "lines":
        return st.lists(SHAPES.get(field.name, one_line), min_size=1, max_size=4).map("\r\n".join)
    return {"line": one_line, "number": hours}.get(field.kind, words)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    """A form somebody filled in, as far as they wished."""
    return {
        field.name: draw(typed(field))
        for field in FIELDS
        if field.need is Need.DRAFT or draw(st.booleans(), label=field.name)
    }


@given(forms())
def test_what_a_form_shows_reads_back_the_same(form: dict[str, Any]) -> None:
    read = sheet.read(form)
    assert sheet.read(sheet.write(read)) == read


@given(forms())
def test_a_sheet_is_clean_and_in_the_declared_order(form: dict[str, Any]) -> None:
    read = sheet.read(form)
    assert list(read) == [field.name for field in FIELDS if field.name in form]
    for value in read.values():
        for text in value if isinstance(value, list) else [str(value)]:
            assert text == unicodedata.normalize("NFC", text).strip()
            assert text != ""
            assert [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"] == []


def test_blanks_controls_and_line_ends_are_tidied() -> None:
    read = sheet.read(
        {
            **REQUIRED,
            "libelle": "  Agents \t engage\x00\u0301s ",
            "definition": "Un.\r\nDeux.\rTrois.\x07\n",
            "ventilations": "par territoire\n\n  par public \npar territoire",
            "methode_collecte": ["calcul", "comptage", "calcul"],
            "temps_collecte": "1,50",
            "frequence": "   ",
            "inconnu": "ignoré",
        }
    )
    assert read == {
        "libelle": "Agents engagés",
        "famille": "activite",
        "definition": "Un.\nDeux.\nTrois.",
        "ventilations": ["par territoire", "par public"],
        "methode_collecte": ["calcul", "comptage"],
        "temps_collecte": 1.5,
    }


def test_a_draft_needs_three_fields() -> None:
    with pytest.raises(NotThus) as refusal:
        sheet.read({"libelle": " "})
    assert refusal.value.fields == {"libelle": NEEDED, "famille": NEEDED, "definition": NEEDED}
    assert sheet.read(REQUIRED) == REQUIRED


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_field_says_what_does_not_hold(field: Field) -> None:
    wrong = {
        "line": [("a" * (field.longest + 1), TOO_LONG), ("une\ndeux", ONE_LINE)],
        "text": [("a" * (field.longest + 1), TOO_LONG)],
        "markdown": [("a" * (field.longest + 1), TOO_LONG)],
        "choice": [("autre chose", IN_THE_LIST)],
        "choices": [(["comptage", "autre chose"], IN_THE_LIST)],
        "lines": [("a" * (field.longest + 1), TOO_LONG), *([("ACT-1\nACT-01", SHAPE)] if field.pattern else [])],
        "number": [("douze", HOURS), ("-1", HOURS), ("1.234", HOURS), ("1e5", HOURS)],
    }
    for sent, problem in wrong[field.kind]:
        with pytest.raises(NotThus) as refusal:
            sheet.read({**REQUIRED, field.name: sent})
        assert refusal.value.fields == {field.name: problem}


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(NotThus) as refusal:
        sheet.read({**REQUIRED, "famille": "?", "temps_collecte": "?", "equivalents": "?"})
    assert refusal.value.fields == {"famille": IN_THE_LIST, "temps_collecte": HOURS, "equivalents": SHAPE}


# ── Complete or not


def names(fields: list[Field]) -> list[str]:
    return [field.name for field in fields]


def test_adoption_asks_for_more_than_a_draft() -> None:
    assert names(sheet.missing(COMPLETE)) == []
    assert names(sheet.missing(SHEET)) == [
        "nature",
        "question_evaluative",
        "sens",
        "source_donnee",
        "methode_collecte",
        "frequence",
        "agregation",
        "limites",
        "cout_collecte",
        "responsable",
    ]


@pytest.mark.parametrize(
    ("nature", "asked"),
    [("quantitatif", ["unite"]), ("qualitatif", ["preuves_admises"]), ("mixte", ["unite", "preuves_admises"])],
)
def test_the_nature_decides_between_a_unit_and_evidence(nature: str, asked: list[str]) -> None:
    without = {name: value for name, value in COMPLETE.items() if name != "unite"}
    assert names(sheet.missing({**without, "nature": nature})) == asked


# ── Levels


@pytest.mark.parametrize(
    ("name", "before", "after", "level"),
    [
        ("libelle", "Un", "Deux", Level.PATCH),
        ("definition", "Un", "Deux", Level.MAJOR),
        ("frequence", "Annuelle", None, Level.MINOR),
        ("ventilations", None, ["par âge"], Level.MINOR),
        ("ventilations", ["par âge"], ["par âge", "par lieu"], Level.MINOR),
        ("ventilations", ["par âge", "par lieu"], ["par âge"], Level.MAJOR),
        ("ventilations", ["par âge"], None, Level.MAJOR),
        ("source_donnee", ["registre"], None, Level.PATCH),
    ],
)
def test_the_level_of_a_change_is_that_of_its_field(name: str, before: Any, after: Any, level: Level) -> None:
    assert BY_NAME[name].change_level(before, after) is level
