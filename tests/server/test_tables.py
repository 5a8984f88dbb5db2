"""Tables: what is published as rows."""

import csv
import io
from typing import Any

import pytest

from server import tables
from server.tables import DICTIONARY, Column, Table

FRUIT = Table(
    "fruits",
    "Fruits",
    "Un fruit par ligne.",
    (
        Column("nom", "Nom", "Comment on l'appelle.", limits={"required": True, "unique": True}, example="figue"),
        Column("poids", "Poids", "En grammes.", "number", {"minimum": 0}),
        Column("varietes", "Variétés", "Les siennes.", read=lambda row: row["kinds"]),
        Column("mur", "Mûr", "S'il se mange.", "boolean", {"enum": [True, False]}),
    ),
    ("nom",),
)
FIG = {"nom": "figue", "poids": 42.5, "kinds": ["noire", "verte"], "mur": True}


def lines(*rows: dict[str, Any]) -> list[list[str]]:
    written = tables.as_csv(FRUIT, rows)
    assert written.startswith("\ufeff")
    assert written.count("\r\n") >= len(rows) + 1
    return list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))


def test_a_table_is_one_line_of_names_then_one_a_row() -> None:
    assert lines() == [["nom", "poids", "varietes", "mur"]]
    assert lines(FIG)[1:] == [["figue", "42.5", "noire;verte", "true"]]
    assert lines({"nom": "prune", "kinds": [], "mur": False})[1:] == [["prune", "", "", "false"]]


def test_where_an_item_of_a_list_ends_is_never_in_doubt() -> None:
    assert lines({**FIG, "kinds": ["noire; verte", "=A1"]})[1][2] == "noire\\; verte;'=A1"


def test_commas_quotes_and_lines_stay_in_their_cell() -> None:
    said = 'Ceci, « cela » et "le reste" ;\nà la ligne.'
    assert lines({**FIG, "nom": said})[1][0] == said


@pytest.mark.parametrize("start", tables.FORMULA)
def test_no_text_is_a_formula(start: str) -> None:
    formula = f"{start}cmd|' /C calc'!A0"
    assert lines({**FIG, "nom": formula, "kinds": [formula, formula]})[1] == [
        f"'{formula}",
        "42.5",
        f"'{formula};'{formula}",
        "true",
    ]


def test_a_number_is_not_taken_for_a_formula() -> None:
    assert lines({**FIG, "poids": -1})[1][1] == "-1"


def test_a_cell_of_a_workbook_keeps_its_type() -> None:
    values = ["=1", -1, 2.5, True, None, ["=1", "b"]]
    assert [tables.typed(value) for value in values] == ["=1", -1, 2.5, True, None, "=1;b"]


def test_a_table_is_described_from_its_columns() -> None:
    assert tables.schema(FRUIT) == {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "fields": [
            {
                "name": "nom",
                "title": "Nom",
                "description": "Comment on l’appelle.",
                "type": "string",
                "format": "default",
                "example": "figue",
                "constraints": {"required": True, "unique": True},
            },
            {
                "name": "poids",
                "title": "Poids",
                "description": "En grammes.",
                "type": "number",
                "format": "default",
                "constraints": {"minimum": 0},
            },
            {
                "name": "varietes",
                "title": "Variétés",
                "description": "Les siennes.",
                "type": "string",
                "format": "default",
            },
            {
                "name": "mur",
                "title": "Mûr",
                "description": "S’il se mange.",
                "type": "boolean",
                "format": "default",
                "constraints": {"enum": [True, False]},
            },
        ],
        "missingValues": [""],
        "primaryKey": ["nom"],
    }
    assert "primaryKey" not in tables.schema(Table("x", "X", "Un x.", FRUIT.columns))


def test_the_dictionary_has_a_line_for_each_column() -> None:
    rows = list(tables.dictionary([FRUIT, DICTIONARY]))
    assert [(row["tableau"], row["colonne"]) for row in rows] == [
        (table.name, column.name) for table in (FRUIT, DICTIONARY) for column in table.columns
    ]
    assert rows[0] == {
        "tableau": "fruits",
        "colonne": "nom",
        "intitule": "Nom",
        "description": "Comment on l’appelle.",
        "type": "string",
        "obligatoire": True,
        "valeurs": [],
        "exemple": "figue",
    }
    assert list(rows[0]) == [column.name for column in DICTIONARY.columns]
