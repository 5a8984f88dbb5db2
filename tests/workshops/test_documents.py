"""Documents: the text of a version is read the same whatever its age."""

from tests.cast import SHEET
from tests.documents import WORKSHOP, document, history, item
from workshops import documents
from workshops.sheet import Level
from workshops.vocabulary import Family


def test_a_version_is_read_family_by_family() -> None:
    families = ("activite", "impact", "activite")
    items = [{"code": f"ACT-{n:02d}", "fiche": {**SHEET, "famille": each}} for n, each in enumerate(families, 1)]
    found = [
        (family, [item["code"] for item in items]) for family, items in documents.by_family({"indicateurs": items})
    ]
    assert found == [
        (Family.ACTIVITY, ["ACT-01", "ACT-03"]),
        (Family.RESULTS, []),
        (Family.IMPACT, ["ACT-02"]),
    ]


def test_older_documents_name_the_only_workshop_there_was() -> None:
    told = document("2.0.0", [item("ACT-01")])
    older = {key: value for key, value in told.items() if key != "ateliers"}
    assert documents.workshops(told) == documents.workshops(older) == [WORKSHOP]
    assert documents.workshops({**older, "atelier": None}) == []


def test_what_is_deprecated_is_told_and_older_documents_have_none() -> None:
    first, second = history()
    older = {**first, "indicateurs": [{"code": each["code"], "fiche": each["fiche"]} for each in first["indicateurs"]]}
    assert documents.contents(older) == documents.contents(first)
    assert documents.contents(second).deprecated == {"ACT-01"}


def test_what_a_document_argues_lowers_the_level_of_its_changes() -> None:
    before = documents.contents(document("2.0.0", [item("ACT-01")]))
    after = document("2.0.1", [item("ACT-01", fiche={"definition": "Dit autrement."})])
    argued = {**after, "arguments": {"ACT-01": {"definition": "Le même sens."}}}
    assert documents.since(before, after).level is Level.MAJOR
    assert documents.since(before, argued).level is Level.PATCH
