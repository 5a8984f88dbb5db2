"""Exports: records as the data other programs read."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from server import exports
from tests.cast import COMPLETE, SHEET, counted
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import ANNOUNCED
from workshops.journal import GENESIS, Entry, Kind, first_break, sign
from workshops.sheet import FIELDS
from workshops.vocabulary import Family

VOTES = {"texte_actuel": {"keep": 3, "rework": 1, "drop": 0, "abstain": 2}, "texte_anterieur": 4}


def content(*sheets: dict[str, Any], **decision: Any) -> dict[str, Any]:
    """A published document of these sheets."""
    return {
        "version": "2.0.0",
        "indicateurs": [
            {
                "code": f"ACT-{n:02d}",
                "fiche": sheet,
                "decision": {"regle": ANNOUNCED.published(), "resultat": "kept", "votes": VOTES, **decision},
            }
            for n, sheet in enumerate(sheets, 1)
        ],
    }


def rows(document: dict[str, Any]) -> list[dict[str, str]]:
    table = exports.framework_csv(document)
    assert table.startswith("\ufeffversion,")
    return list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline="")))


def test_a_version_is_one_line_an_indicator_and_one_column_a_field() -> None:
    table = rows(content(SHEET, COMPLETE))
    assert [row["code"] for row in table] == ["ACT-01", "ACT-02"]
    names = [field.name for field in FIELDS]
    votes = ["votes_keep", "votes_rework", "votes_drop", "votes_abstain"]
    said = ["votes", "exception", "motif", "reserves", "reponse"]
    assert list(table[0]) == ["version", "code", *names, "resultat", "methode", *votes, *said]
    assert (table[0]["methode"], table[0]["votes"]) == ("trois_choix", "keep:3;rework:1;drop:0;abstain:2")
    assert [table[0][name] for name in votes] == ["3", "1", "0", "2"]
    assert {name: table[0][name] for name in names} == {**dict.fromkeys(names, ""), **SHEET}


def test_a_version_without_an_indicator_is_a_line_of_names() -> None:
    assert rows(content()) == []


def test_commas_quotes_and_lines_stay_in_their_cell() -> None:
    definition = 'Ceci, « cela » et "le reste" ;\nà la ligne.'
    (row,) = rows(content({**SHEET, "definition": definition}))
    assert row["definition"] == definition


def test_numbers_and_lists_take_one_cell() -> None:
    (row,) = rows(content({**SHEET, "temps_collecte": 2.5, "ventilations": ["par an", "par lieu"]}))
    assert (row["temps_collecte"], row["ventilations"]) == ("2.5", "par an;par lieu")


def test_an_exception_says_why() -> None:
    (row,) = rows(content(SHEET, exception={"retenu": True, "motif": "Urgent."}))
    assert row["exception"] == "Urgent."


@pytest.mark.parametrize("start", exports.FORMULA)
def test_no_text_is_a_formula(start: str) -> None:
    formula = f"{start}cmd|' /C calc'!A0"
    (row,) = rows(content({**SHEET, "libelle": formula, "ventilations": [formula]}, exception={"motif": formula}))
    assert (row["libelle"], row["ventilations"], row["exception"]) == (f"'{formula}",) * 3


def test_a_number_is_not_taken_for_a_formula() -> None:
    (row,) = rows(content({**SHEET, "temps_collecte": -1}))
    assert row["temps_collecte"] == "-1"


def test_a_version_is_read_family_by_family() -> None:
    document = content(SHEET, {**SHEET, "famille": "impact"}, {**SHEET, "famille": "activite"})
    found = [(family, [item["code"] for item in items]) for family, items in exports.by_family(document)]
    assert found == [
        (Family.ACTIVITY, ["ACT-01", "ACT-03"]),
        (Family.RESULTS, []),
        (Family.IMPACT, ["ACT-02"]),
    ]


def test_a_tally_separates_this_text_from_the_earlier_ones() -> None:
    assert counted(keep=3, rework=1, abstain=2, earlier=4).published() == VOTES


def test_minutes_hold_all_that_their_hashes_are_made_of() -> None:
    room = Workshop(
        id="abc",
        title="T",
        purpose="P",
        held_on=date(2026, 11, 23),
        prepares="2.0.0",
        start=Start.EMPTY,
        stage=Stage.CLOSED,
    )
    at = datetime(2026, 11, 23, 9, 0, 0, 120_000, tzinfo=UTC)
    entry = Entry(
        workshop_id="abc",
        number=1,
        kind=Kind.WORKSHOP_CONVENED,
        by_id="alix",
        about="abc",
        at=at,
        previous_hash=GENESIS,
        hash="",
    )
    entry.hash = room.head = sign(entry)
    document = exports.minutes(room, [entry])
    assert document == {
        "atelier": {"id": "abc", "titre": "T", "date": "2026-11-23"},
        "etape": "closed",
        "origine": GENESIS,
        "derniere_empreinte": entry.hash,
        "gestes": [
            {
                "atelier": "abc",
                "numero": 1,
                "genre": "workshop_convened",
                "par": "alix",
                "objet": "abc",
                "le": "2026-11-23T09:00:00.120Z",
                "precedent": GENESIS,
                "empreinte": entry.hash,
            }
        ],
    }
    assert first_break(document["gestes"]) is None
