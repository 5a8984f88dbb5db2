"""Columns: the tables of a version, and what an independent reader makes of them."""

import csv
import io
from pathlib import Path
from typing import Any

import frictionless
import pytest

from server import tables
from server.datafiles import columns, drawing, table_schema
from server.datafiles.columns import INDICATORS, PASSAGE
from server.tables import Table
from tests.cast import COMPLETE, SHEET
from tests.documents import Document, document, history, item
from workshops.crosswalks import Fate
from workshops.sheet import FIELDS

HOME = "https://referentiel.example"
FORMULA = '=HYPERLINK("https://x.example";"clic")'
# The headers that were published first stay, in their order; what came later follows.
FIRST = ["version", "code", *(field.name for field in FIELDS)]
DECIDED = ["resultat", "methode", "votes_keep", "votes_rework", "votes_drop", "votes_abstain", "votes"]
SAID = ["exception", "motif", "reserves", "reponse"]
LATER = ["statut", "deprecie_depuis", "remplace_par", "atelier", "redaction"]


def rows(content: Document) -> list[dict[str, str]]:
    written = drawing.draw(".csv", content, HOME).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(written, newline="")))


def crossing(content: Document) -> list[tuple[str, ...]]:
    written = drawing.draw("/passage.csv", content, HOME).decode("utf-8-sig")
    return [tuple(row) for row in csv.reader(io.StringIO(written, newline=""))]


def old() -> Document:
    """A document of before reasons, reservations and deprecations were published."""
    votes = {"texte_actuel": {"keep": 3, "rework": 1, "drop": 0, "abstain": 2}, "texte_anterieur": 4}
    decision = {"regle": {"methode": "trois_choix"}, "resultat": "kept", "votes": votes}
    return {
        "titre": "Référentiel",
        "version": "1.9.0",
        "publie_le": "2026-11-01T09:00:00.000Z",
        "licence": "Licence Ouverte 2.0",
        "precedente": None,
        "indicateurs": [{"code": "ACT-01", "fiche": SHEET, "decision": decision}],
        "empreinte": "sha256:" + "0" * 64,
    }


def imported() -> Document:
    """An indicator that no workshop decided."""
    return {**old(), "indicateurs": [{"code": "ACT-01", "fiche": SHEET}]}


def nasty() -> Document:
    """Every text of a sheet that could run, each cell at its longest."""
    texts = {field.name: FORMULA for field in FIELDS if field.kind in ("line", "text", "markdown")}
    lists = {field.name: [FORMULA, "+b"] for field in FIELDS if field.kind == "lines" and not field.pattern}
    longest = {"libelle": ("=" + "é" * 200)[:140], "definition": "-" + "d" * 1999}
    others = {"indicateurs_lies": ["ACT-02", "RES-101"], "equivalents": ["https://x.example/a", "http://y.example"]}
    choices = {"methode_collecte": ["comptage", "enquete"], "preuves_admises": ["document"], "temps_collecte": 0.5}
    return document("2.0.0", [item("ACT-01", fiche={**texts, **lists, **longest, **others, **choices})])


# ── Indicators


def test_a_version_is_one_line_an_indicator_and_one_column_a_field() -> None:
    _, second = history()
    table = rows(second)
    assert [row["code"] for row in table] == ["ACT-01", "ACT-02", "RES-01", "IMP-01", "IMP-10"]
    assert list(table[0]) == [*FIRST, *DECIDED, *SAID, *LATER]
    assert {name: table[1][name] for name in [*DECIDED, *SAID, *LATER]} == {
        "resultat": "kept",
        "methode": "trois_choix",
        "votes_keep": "9",
        "votes_rework": "2",
        "votes_drop": "1",
        "votes_abstain": "1",
        "votes": "keep:9;rework:2;drop:1;abstain:1",
        "exception": "",
        "motif": "Retenu par la règle annoncée.",
        "reserves": "'=Trop lourd à compter",
        "reponse": "Le comptage se fait déjà.",
        "statut": "en_vigueur",
        "deprecie_depuis": "",
        "remplace_par": "",
        "atelier": "atelier00001",
        "redaction": "2",
    }
    assert {name: table[1][name] for name in ("libelle", "temps_collecte", "ventilations")} == {
        "libelle": "'+ Nombre d'agents formés",
        "temps_collecte": "2.5",
        "ventilations": "par territoire;par versant",
    }


def test_a_deprecated_indicator_says_since_when_and_what_replaces_it() -> None:
    _, second = history()
    assert [(row["statut"], row["deprecie_depuis"], row["remplace_par"]) for row in rows(second)[:2]] == [
        ("deprecie", "2.1.0", "ACT-02"),
        ("en_vigueur", "", ""),
    ]


def test_an_exception_says_why() -> None:
    kept = item("ACT-01")
    exceptional = {**kept, "decision": {**kept["decision"], "exception": {"retenu": True, "motif": "Urgent."}}}
    (row,) = rows(document("2.0.0", [exceptional]))
    assert row["exception"] == "Urgent."


def test_older_versions_have_the_same_columns() -> None:
    (row,) = rows(old())
    assert {name: row[name] for name in ["libelle", *DECIDED, *SAID, *LATER]} == {
        "libelle": SHEET["libelle"],
        "resultat": "kept",
        "methode": "trois_choix",
        "votes_keep": "3",
        "votes_rework": "1",
        "votes_drop": "0",
        "votes_abstain": "2",
        "votes": "keep:3;rework:1;drop:0;abstain:2",
        **dict.fromkeys([*SAID, *LATER], ""),
        "statut": "en_vigueur",
    }


def test_an_indicator_that_nobody_voted_on_has_no_decision() -> None:
    (row,) = rows(imported())
    assert {row[name] for name in DECIDED} == {""}


@pytest.mark.parametrize("table", [INDICATORS, PASSAGE], ids=lambda table: table.name)
def test_each_column_has_a_sentence_and_an_example(table: Table) -> None:
    unsaid = [column.name for column in table.columns if not column.says.endswith(("…", ".", "?"))]
    assert unsaid == []
    assert [column.name for column in table.columns if not column.example] == []


# ── The crosswalk


def test_the_crosswalk_has_a_line_for_each_pair() -> None:
    first, second = history()
    assert crossing(second) == [
        ("version_precedente", "code_precedent", "sort", "version", "code", "libelle"),
        ("2.0.0", "ACT-01", "fusionne", "2.1.0", "ACT-02", "'+ Nombre d'agents formés"),
        ("2.0.0", "ACT-02", "plus_large", "2.1.0", "ACT-02", "'+ Nombre d'agents formés"),
        ("2.0.0", "RES-01", "reformule", "2.1.0", "RES-01", "Solutions toujours utilisées"),
        ("2.0.0", "IMP-01", "identique", "2.1.0", "IMP-01", COMPLETE["libelle"]),
        ("2.0.0", "", "nouveau", "2.1.0", "IMP-10", "Confiance des usagers"),
    ]
    assert [line[:3] for line in crossing(first)[1:]] == [("", "", "nouveau")] * 4
    assert crossing(old())[1:] == []


def test_what_was_split_has_a_line_for_each_part_and_what_is_gone_has_one() -> None:
    passage = [
        {"sort": Fate.SPLIT.value, "de": ["ACT-01"], "vers": ["ACT-02", "ACT-03"]},
        {"sort": Fate.REMOVED.value, "de": ["RES-01"], "vers": []},
    ]
    _, second = history()
    parts = crossing({**second, "passage": passage})[1:]
    assert [(line[1], line[2], line[4]) for line in parts] == [
        ("ACT-01", "scinde", "ACT-02"),
        ("ACT-01", "scinde", "ACT-03"),
        ("RES-01", "retire", ""),
    ]


# ── What frictionless says of them

TABLES = {".csv": (INDICATORS, ".tableschema.json"), "/passage.csv": (PASSAGE, "/passage.tableschema.json")}
DOCUMENTS = {"first": history()[0], "second": history()[1], "old": old(), "imported": imported(), "nasty": nasty()}


def judged(folder: Path, written: bytes, table: Table, content: Document, ending: str) -> list[list[Any]]:
    """What frictionless refuses of a file, by its schema."""
    (folder / "table.csv").write_bytes(written)
    described = frictionless.Schema.from_descriptor(table_schema.schema(table, content, HOME, ending))
    resource = frictionless.Resource(path="table.csv", basepath=str(folder), schema=described, encoding="utf-8-sig")
    return frictionless.validate(resource).flatten(["type", "fieldName", "note"])


@pytest.mark.parametrize("told", DOCUMENTS)
@pytest.mark.parametrize("ending", TABLES)
def test_each_table_holds_by_its_own_schema(tmp_path: Path, ending: str, told: str) -> None:
    content, (table, described) = DOCUMENTS[told], TABLES[ending]
    assert judged(tmp_path, drawing.draw(ending, content, HOME), table, content, described) == []


def test_a_table_that_was_changed_does_not_hold(tmp_path: Path) -> None:
    _, second = history()
    wrong = [
        {**row, "famille": "loisirs", "temps_collecte": "deux", "code": "ACT-01"} for row in columns.indicators(second)
    ]
    for row in wrong:
        row["fiche"] = {
            **row["fiche"],
            "famille": "loisirs",
            "temps_collecte": "deux",
            "methode_collecte": ["pifometre"],
        }
    found = judged(tmp_path, tables.as_csv(INDICATORS, wrong).encode(), INDICATORS, second, ".tableschema.json")
    assert {(kind, field) for kind, field, _ in found} >= {
        ("constraint-error", "famille"),
        ("constraint-error", "methode_collecte"),
        ("type-error", "temps_collecte"),
        ("unique-error", "code"),
    }


# ── What schema.data.gouv.fr asks of a schema


@pytest.mark.parametrize("ending", TABLES)
def test_a_schema_says_what_it_is(ending: str) -> None:
    _, second = history()
    table, described = TABLES[ending]
    said = table_schema.schema(table, second, HOME, described)
    assert {key: said[key] for key in said if key not in ("fields", "missingValues", "primaryKey")} == {
        "$schema": tables.TABLE_SCHEMA,
        "name": f"referentiel-laboratoires-{table.name}",
        "title": table.title,
        "description": said["description"],
        "countryCode": "FR",
        "homepage": f"{HOME}/referentiel/2.1.0",
        "path": f"{HOME}/referentiel/2.1.0{described}",
        "version": "2.1.0",
        "created": "2027-03-01",
        "lastModified": "2027-03-01",
        "licenses": [
            {
                "name": "etalab-2.0",
                "title": "Licence Ouverte 2.0",
                "path": "https://spdx.org/licenses/etalab-2.0.html",
            }
        ],
        "contributors": [
            {
                "title": "Laboratoires d’innovation publique réunis en atelier",
                "path": f"{HOME}/laboratoires",
                "role": "author",
            },
            {
                "title": "Direction interministérielle de la transformation publique (DITP)",
                "path": HOME,
                "role": "publisher",
            },
            {"title": "siilab", "path": f"{HOME}/laboratoires/siilab", "role": "contributor"},
        ],
        "resources": [{"title": said["resources"][0]["title"], "path": f"{HOME}/referentiel/2.1.0{ending}"}],
    }
    assert len(said["fields"]) == len(table.columns)
    assert [sorted({"name", "title", "description", "type", "example"} - set(field)) for field in said["fields"]] == [
        []
    ] * len(table.columns)
