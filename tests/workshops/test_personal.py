"""Personal data: what is found in a text, and what is left alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops import personal
from workshops.personal import MASK, Sort

# The examples of registries, which belong to nobody: the IBAN registry (SWIFT, ISO 13616) and ISO 13616's own for the
# United Kingdom; the numbers that ARCEP keeps for fiction (01 99 00…, 06 39 98…); INSEE's key on made up numbers.
FOUND = [
    ("Écrivez-moi à lou.martin+labo@exemple.fr, merci.", Sort.EMAIL, "lou.martin+labo@exemple.fr"),
    ("lou (at) exemple.fr", Sort.EMAIL, "lou (at) exemple.fr"),
    ("mél : LOU@EXEMPLE.GOUV.FR.", Sort.EMAIL, "LOU@EXEMPLE.GOUV.FR"),
    ("Appelez le 06 39 98 12 34.", Sort.PHONE, "06 39 98 12 34"),
    ("0199001234", Sort.PHONE, "0199001234"),
    ("(01.99.00.12.34)", Sort.PHONE, "01.99.00.12.34"),
    ("+33 6 39 98 12 34 le soir", Sort.PHONE, "+33 6 39 98 12 34"),
    ("+33 (0)6-39-98-12-34", Sort.PHONE, "+33 (0)6-39-98-12-34"),
    ("0033639981234", Sort.PHONE, "0033639981234"),
    ("à La Réunion : +262 692 12 34 56", Sort.PHONE, "+262 692 12 34 56"),
    ("Mon numéro : 2 55 08 14 168 025 38", Sort.NIR, "2 55 08 14 168 025 38"),
    ("255081416802538", Sort.NIR, "255081416802538"),
    ("sans la clé 2550814168025", Sort.NIR, "2550814168025"),
    ("FR14 2004 1010 0505 0001 3M02 606", Sort.IBAN, "FR14 2004 1010 0505 0001 3M02 606"),
    ("le GB82WEST12345698765432, voilà", Sort.IBAN, "GB82WEST12345698765432"),
    ("FR14 2004 1010 0505 0001 3M02 606 est le mien", Sort.IBAN, "FR14 2004 1010 0505 0001 3M02 606"),
]

LEFT_ALONE = [
    "Nous étions 12 à 14 h 30, salle 204, le 23/11/2026.",
    "Le dossier 2026-000123 a coûté 1 234 567,89 euros à la commune.",
    "Article L. 311-1, page 1998, rubrique 3.2.1.",
    "Un mail @ la maison",
    "Le numéro 255081416802539 n'a pas la bonne clé.",
    "FR15 2004 1010 0505 0001 3M02 606 non plus.",
    "SIRET 33500016000040 ne désigne personne.",
    "Comptez 10 20 30 40 50 60 70 80 90 fois.",
    "Le 3939 ou le 116 117 répondent.",
    "",
]


@pytest.mark.parametrize(("text", "sort", "passage"), FOUND)
def test_what_reaches_somebody_is_found(text: str, sort: Sort, passage: str) -> None:
    assert [(trace.sort, text[trace.start : trace.end]) for trace in personal.traces(text)] == [(sort, passage)]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert [text[trace.start : trace.end] for trace in personal.traces(text)] == []


def test_several_are_found_in_order_and_taken_out_together() -> None:
    text = "lou@exemple.fr ou 06 39 98 12 34, NIR 2 55 08 14 168 025 38."
    assert [trace.sort for trace in personal.traces(text)] == [Sort.EMAIL, Sort.PHONE, Sort.NIR]
    assert personal.without(text) == "[retiré] ou [retiré], NIR [retiré]."


@given(st.text())
def test_what_is_found_stands_in_the_text_and_nothing_is_found_twice(text: str) -> None:
    found = personal.traces(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(0 <= trace.start < trace.end <= len(text) for trace in found)


@given(st.lists(st.sampled_from("0123456789 +.-@FR()at"), max_size=300).map("".join))
def test_a_text_made_of_what_numbers_are_made_of_is_read_at_once(text: str) -> None:
    """No pattern of ours goes back and forth: a long run of digits costs what it is long."""
    personal.traces(text * 20)


def test_nobody_types_a_mask() -> None:
    assert personal.unmarked(f"Je cite {MASK}.") == "Je cite [masqué]."
    assert personal.masked("Élodie, oui, Élodie", ["Élodie"]) == f"{MASK}, oui, {MASK}"
    assert personal.masked("rien", [""]) == "rien"
