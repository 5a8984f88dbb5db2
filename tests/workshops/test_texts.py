"""Texts: what a person typed, made clean."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops import people, texts
from workshops.refusals import NotThus

# Anything at all, and more of what deceives than chance would give.
deceiving = st.sampled_from(["\r", "\n", "\t", "\0", "\ud800", "\u0301", "\u0958", "\u2028", *texts.INVISIBLE])
typed = st.lists(st.one_of(deceiving, st.characters()), max_size=30).map("".join)


@given(typed)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    for cleaned in (texts.clean, texts.one_line):
        once = cleaned(text)
        assert cleaned(once) == once


@given(typed)
def test_what_is_clean_deceives_nobody_and_fits_in_a_file(text: str) -> None:
    clean = texts.clean(text)
    assert clean == unicodedata.normalize("NFC", clean).strip()
    assert set(clean) & texts.INVISIBLE == set()
    assert {c for c in clean if unicodedata.category(c) in ("Cc", "Cs")} <= {"\n", "\t"}
    assert clean.encode().decode() == clean


@given(typed)
def test_one_line_has_single_spaces(text: str) -> None:
    line = texts.one_line(text)
    assert line == " ".join(line.split())
    assert line.splitlines() == ([line] if line else [])


@pytest.mark.parametrize(
    ("text", "clean", "line"),
    [
        ("  Un.\r\nDeux.\rTrois.\n", "Un.\nDeux.\nTrois.", "Un. Deux. Trois."),
        ("e\u0301te\u0301", "été", "été"),
        ("a\0b\x07c\x7f\x85", "abc", "abc"),
        ("un\t deux", "un\t deux", "un deux"),
        ("moi\u202egnp.exe", "moignp.exe", "moignp.exe"),
        ("Al\u061cix", "Alix", "Alix"),
        ("\u2066A\u200bl\u2060i\ufeffx\u2069", "Alix", "Alix"),
        ("a\ud83d", "a", "a"),
        ("👩\u200d🔬 क\u094d\u200cष", "👩\u200d🔬 क\u094d\u200cष", "👩\u200d🔬 क\u094d\u200cष"),  # joiners make letters
        ("\u200b \u202e\n", "", ""),
    ],
)
def test_what_is_kept_and_what_is_not(text: str, clean: str, line: str) -> None:
    assert (texts.clean(text), texts.one_line(text)) == (clean, line)


# ── Names


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "-", "« »", "🙂", "\u0301"])
def test_a_name_has_a_letter_or_a_digit(name: str) -> None:
    with pytest.raises(NotThus) as refusal:
        people.clean_name(name)
    assert refusal.value.fields == {"name": "Indiquez votre prénom."}


@pytest.mark.parametrize(
    ("name", "clean"),
    [(" Jean\u00a0 -\nMarc ", "Jean - Marc"), ("E\u0301lodie 🙂", "Élodie 🙂"), ("李", "李"), ("7", "7")],
)
def test_a_name_is_one_clean_line(name: str, clean: str) -> None:
    assert people.clean_name(name) == clean


@given(typed)
def test_a_clean_name_is_the_same_name(name: str) -> None:
    try:
        clean = people.clean_name(name)
    except NotThus:
        return
    assert (people.clean_name(clean), len(clean) <= people.NAME_LENGTH) == (clean, True)


def test_what_xml_cannot_say_is_no_text() -> None:
    """A file of a version would never be drawn, nor the zip that holds it."""
    assert texts.clean("un\ufffe deux\uffff") == "un deux"
