"""JSON Schema: what it accepts, and what it refuses of a document."""

from copy import deepcopy
from functools import reduce
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from server.datafiles import json_schema
from tests.documents import Document, document, history, item
from tests.server.datafiles.test_columns import HOME, imported, nasty, old
from workshops.consensus import ANNOUNCED
from workshops.sheet import FIELDS, Need

FIRST, SECOND = history()


def refused(content: Document, by: Document = SECOND) -> list[str]:
    """Where a document does not hold, by the schema of a version."""
    schema = json_schema.schema(by, HOME)
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(content)
    return sorted(error.json_path for error in found)


def changed(path: str, value: Any) -> Document:
    """A document with something else at this place."""
    copy = deepcopy(SECOND)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    inside: Any = reduce(lambda each, step: each[step], steps, copy)
    inside[last] = value
    return copy


def test_it_is_a_schema_of_the_2020_dialect_at_the_address_of_its_version() -> None:
    schema = json_schema.schema(SECOND, HOME)
    Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["$id"]) == (
        "https://json-schema.org/draft/2020-12/schema",
        f"{HOME}/referentiel/2.1.0.schema.json",
    )


def test_the_sheet_is_its_declaration() -> None:
    sheet = json_schema.schema(SECOND, HOME)["$defs"]["fiche"]
    assert list(sheet["properties"]) == [field.name for field in FIELDS]
    assert sheet["required"] == [field.name for field in FIELDS if field.need is Need.DRAFT]
    for field in FIELDS:
        said = sheet["properties"][field.name]
        words = (said["items"] if field.is_list else said).get("oneOf", [])
        assert [word["const"] for word in words] == [word.value for word in field.words or ()]


def test_each_property_has_a_french_title() -> None:
    schema = json_schema.schema(SECOND, HOME)
    objects = [schema, *schema["$defs"].values()]
    titles = [said.get("title") for each in objects for said in each.get("properties", {}).values()]
    assert len(titles) > 80
    assert None not in titles


@pytest.mark.parametrize(
    "content", [FIRST, SECOND, old(), imported(), nasty()], ids=["first", "second", "old", "imported", "nasty"]
)
def test_published_documents_hold(content: Document) -> None:
    assert refused(content) == []
    assert refused({**content, "signature": "e30..c2ln", "cle_a_venir": {"x": 1}}) == []


def test_every_way_of_deciding_holds() -> None:
    decision = item("ACT-01")["decision"]
    votes = {"texte_actuel": {"consent": 4, "abstain": 1}, "texte_anterieur": 0, "objections": 0}
    consent = {**decision, "regle": {**ANNOUNCED.published(), "methode": "consentement"}, "votes": votes}
    assert refused(document("2.0.0", [item("ACT-01", decision=consent)])) == []


BROKEN = [
    ("version", "deux"),
    ("publie_le", "hier"),
    ("empreinte", "sha256:abc"),
    ("precedente", {"version": "2.0.0"}),
    ("indicateurs", []),
    ("niveau/retenu", "énorme"),
    ("passage/0/sort", "disparu"),
    ("passage/0/de", ["ACT-1"]),
    ("indicateurs/0/code", "act-01"),
    ("indicateurs/0/statut", "oublie"),
    ("indicateurs/0/depreciation/depuis", 2),
    ("indicateurs/0/decision/votes/texte_actuel/keep", -1),
    ("indicateurs/0/decision/resultat", "adopted"),
    ("indicateurs/0/fiche/libelle", ""),
    ("indicateurs/0/fiche/libelle", "x" * 141),
    ("indicateurs/0/fiche/famille", "loisirs"),
    ("indicateurs/0/fiche/temps_collecte", "deux heures"),
    ("indicateurs/0/fiche/methode_collecte", ["comptage", "comptage"]),
    ("indicateurs/0/fiche/equivalents", ["ftp://x.example"]),
    ("sceaux", {"/note": "abc"}),
]


@pytest.mark.parametrize(("path", "value"), BROKEN)
def test_a_broken_document_is_refused(path: str, value: Any) -> None:
    assert refused(SECOND) == []
    assert refused(changed(path, value)) != []


@pytest.mark.parametrize("key", ["titre", "version", "publie_le", "licence", "precedente", "indicateurs", "empreinte"])
def test_a_document_without_its_keys_is_refused(key: str) -> None:
    assert refused({name: said for name, said in SECOND.items() if name != key}) == ["$"]


def test_a_sheet_has_no_other_field_than_its_own() -> None:
    assert refused(changed("indicateurs/0/fiche/couleur", "bleu")) == ["$.indicateurs[0].fiche"]
    sheet = {name: said for name, said in SECOND["indicateurs"][0]["fiche"].items() if name != "definition"}
    assert refused(changed("indicateurs/0/fiche", sheet)) == ["$.indicateurs[0].fiche"]


def test_a_testimonial_is_an_identifier_and_no_word() -> None:
    assert "temoignages" not in SECOND["indicateurs"][0]  # older documents do not say it
    for cited in ([], [{"id": "t3m01gnage00"}]):
        assert refused(changed("indicateurs/3/temoignages", cited)) == []
    for cited, where in (
        ([{"id": "t3m01gnage00", "texte": "On m'a bien reçu."}], "[0]"),
        ([{}], "[0]"),
        (["t3m01gnage00"], "[0]"),
        ({}, ""),
    ):
        assert refused(changed("indicateurs/3/temoignages", cited)) == [f"$.indicateurs[3].temoignages{where}"]
