"""Crosswalks: what each indicator of a version became, one fate each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import COMPLETE, SHEET
from workshops import crosswalks
from workshops.comparisons import Contents, compare
from workshops.crosswalks import Fate, Heirs, Passage
from workshops.indicators import Leaving
from workshops.sheet import Sheet

RETITLED = {**COMPLETE, "libelle": "Autre"}
REDEFINED = {**COMPLETE, "definition": "Autre chose."}


def walk(
    before: dict[str, Sheet],
    after: dict[str, Sheet],
    gone: str = "",
    heirs: dict[str, Heirs] | None = None,
    **told: Fate,
) -> list[tuple[str | None, str, str]]:
    """(fate, from, to), where `gone` is what the version deprecates; told: ACT_01=Fate.…"""
    one, other = Contents(before), Contents(after, frozenset(gone.split()))
    said = {code.replace("_", "-"): fate for code, fate in told.items()}
    rows = crosswalks.crosswalk(one, other, compare(one, other), heirs or {}, said)
    return [(row.fate.value if row.fate else None, " ".join(row.sources), " ".join(row.targets)) for row in rows]


def test_what_the_texts_tell_is_not_asked() -> None:
    before = {"ACT-01": COMPLETE, "ACT-02": COMPLETE, "ACT-03": COMPLETE}
    after = {"ACT-01": COMPLETE, "ACT-02": RETITLED, "IMP-10": SHEET}
    assert walk(before, after) == [
        ("identique", "ACT-01", "ACT-01"),
        ("reformule", "ACT-02", "ACT-02"),
        ("retire", "ACT-03", ""),
        ("nouveau", "", "IMP-10"),
    ]


def test_a_change_of_meaning_waits_for_somebody_to_say() -> None:
    before, after = {"ACT-01": COMPLETE}, {"ACT-01": REDEFINED}
    assert walk(before, after) == [(None, "ACT-01", "ACT-01")]
    for fate in (Fate.NARROWER, Fate.BROADER, Fate.REWORDED):
        assert walk(before, after, ACT_01=fate) == [(fate.value, "ACT-01", "ACT-01")]
    for fate in (Fate.SAME, Fate.NEW, Fate.REMOVED, Fate.MERGED, Fate.SPLIT):
        assert walk(before, after, ACT_01=fate) == [(None, "ACT-01", "ACT-01")]


def test_a_change_of_wording_may_be_said_to_be_more() -> None:
    assert walk({"ACT-01": COMPLETE}, {"ACT-01": RETITLED}, ACT_01=Fate.NARROWER) == [
        ("plus_etroit", "ACT-01", "ACT-01")
    ]


def test_what_does_not_change_is_the_same_whatever_one_says() -> None:
    assert walk({"ACT-01": COMPLETE}, {"ACT-01": COMPLETE}, ACT_01=Fate.NARROWER) == [("identique", "ACT-01", "ACT-01")]


def test_what_merged_or_split_is_told_as_it_is_deprecated() -> None:
    before = {"ACT-01": COMPLETE, "ACT-02": COMPLETE, "ACT-03": COMPLETE}
    after = {**before, "ACT-08": SHEET, "ACT-09": SHEET}
    heirs = {
        "ACT-01": Heirs(Leaving.MERGED, ("ACT-02",)),
        "ACT-03": Heirs(Leaving.SPLIT, ("ACT-08", "ACT-09")),
    }
    assert walk(before, after, "ACT-01 ACT-03", heirs) == [
        ("fusionne", "ACT-01", "ACT-02"),
        ("identique", "ACT-02", "ACT-02"),
        ("scinde", "ACT-03", "ACT-08 ACT-09"),
    ]


def test_an_heir_that_is_not_kept_inherits_nothing() -> None:
    before = {"ACT-01": COMPLETE, "ACT-02": COMPLETE}
    heirs = {"ACT-01": Heirs(Leaving.MERGED, ("ACT-02",))}
    assert walk(before, before, "ACT-01 ACT-02", heirs) == [
        ("identique", "ACT-01", "ACT-01"),
        ("identique", "ACT-02", "ACT-02"),
    ]


def test_the_published_crosswalk_says_where_nobody_said() -> None:
    rows = [Passage(Fate.MERGED, ("ACT-01",), ("ACT-02",)), Passage(None, ("ACT-03",), ("ACT-03",))]
    assert crosswalks.published(rows) == [
        {"sort": "fusionne", "de": ["ACT-01"], "vers": ["ACT-02"]},
        {"sort": None, "de": ["ACT-03"], "vers": ["ACT-03"]},
    ]


CODES = ["ACT-01", "ACT-02", "RES-01", "IMP-01"]
TEXTS = st.sampled_from([COMPLETE, RETITLED, REDEFINED, SHEET])
SETS = st.dictionaries(st.sampled_from(CODES), TEXTS)


@given(
    SETS,
    SETS,
    st.sets(st.sampled_from(CODES)),
    st.dictionaries(
        st.sampled_from(CODES),
        st.builds(Heirs, st.sampled_from([Leaving.MERGED, Leaving.SPLIT]), st.sets(st.sampled_from(CODES)).map(tuple)),
    ),
    st.dictionaries(st.sampled_from(CODES), st.sampled_from(list(Fate))),
)
def test_each_indicator_has_exactly_one_fate(
    before: dict[str, Sheet],
    after: dict[str, Sheet],
    gone: set[str],
    heirs: dict[str, Heirs],
    told: dict[str, Fate],
) -> None:
    one, other = Contents(before), Contents(after, frozenset(gone & set(after)))
    rows = crosswalks.crosswalk(one, other, compare(one, other), heirs, told)
    assert sorted(code for row in rows for code in row.sources) == sorted(before)
    reached = {code for row in rows for code in row.targets}
    assert reached | {code for row in rows for code in row.sources if row.fate in (Fate.MERGED, Fate.SPLIT)} == set(after)
    assert {row.targets for row in rows if row.fate is Fate.REMOVED} <= {()}


@pytest.mark.parametrize("fate", list(Fate))
def test_each_fate_has_a_label(fate: Fate) -> None:
    assert fate.label not in ("", fate.value)
