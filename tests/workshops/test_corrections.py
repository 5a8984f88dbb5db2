"""Corrections: a typing error is mended without a workshop, and published through the same door."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import COMPLETE, act, ask, confirm, prepare, published
from workshops import corrections, frameworks, publications
from workshops.frameworks import Framework
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet

TYPO = {"limites": "Un arrêt tardif compte autant qu'un arrêt précoces."}
MENDED: Sheet = {**COMPLETE, **TYPO, "limites": "Un arrêt tardif compte autant qu'un arrêt précoce."}


@pytest.fixture
async def first(database: Database) -> Framework:
    return await published(database, **TYPO)


async def correct(database: Database, by: Person, before: Sheet, after: Sheet, because: str = "Un accord.") -> Any:
    return await act(database, corrections.correct, "ACT-08", before, after, because=because, by=by)


async def test_corrections_alone_make_a_patch(database: Database, first: Framework, dominique: Person) -> None:
    before = first.sheets["ACT-08"]
    await correct(database, dominique, before, MENDED)
    second = await confirm(database, await prepare(database, by=dominique))
    assert (second.version, second.sheets["ACT-08"]) == ("2.0.1", MENDED)
    document = second.content
    assert (document["atelier"], document["ateliers"]) == (None, [])
    (item,) = document["indicateurs"]
    (former,) = first.content["indicateurs"]
    assert item["correction"] == {"motif": "Un accord.", "champs": ["limites"]}
    assert item["provenance"]["limites"] == {
        **former["provenance"]["limites"],
        "correction": "Un accord.",
        "version": "2.0.1",
    }
    assert item["provenance"]["libelle"] == former["provenance"]["libelle"]
    assert item["decision"] == former["decision"]
    # It was for the former text: it applies no more.
    written = await ask(database, corrections.standing)
    assert corrections.spent(second.sheets, written) == {each.id for each in written}


async def test_corrections_follow_one_another(database: Database, first: Framework, dominique: Person) -> None:
    before = first.sheets["ACT-08"]
    again = {**MENDED, "libelle": "Nombre de projets abandonnés à temps."}
    await correct(database, dominique, before, MENDED)
    await correct(database, dominique, MENDED, again, "Un point.")
    found, used = corrections.apply("ACT-08", before, await ask(database, corrections.standing))
    assert (found, [each.because for each in used]) == (again, ["Un accord.", "Un point."])
    assert corrections.apply("ACT-09", before, await ask(database, corrections.standing)) == (before, ())


async def test_a_definition_is_corrected_with_its_reason(
    database: Database, first: Framework, dominique: Person
) -> None:
    before = first.sheets["ACT-08"]
    after = {**before, "definition": before["definition"].replace("confirmé", "confirmé.")}
    await correct(database, dominique, before, after, "Un point manquait.")
    second = await confirm(database, await prepare(database, by=dominique))
    assert (second.version, second.content["arguments"]) == ("2.0.1", {"ACT-08": {"definition": "Un point manquait."}})


@pytest.mark.parametrize(
    ("changes", "because", "field"),
    [
        ({"unite": "jours"}, "Une coquille.", "unite"),
        ({"frequence": "Trimestrielle"}, "Une coquille.", "frequence"),
        ({"famille": "impact"}, "Une coquille.", "famille"),
        ({}, "Une coquille.", "libelle"),
        ({"libelle": "Autre"}, " ", "because"),
        ({"libelle": "Autre"}, "x" * 501, "because"),
    ],
)
async def test_what_is_more_than_a_correction_goes_through_a_workshop(
    database: Database, first: Framework, dominique: Person, changes: dict[str, str], because: str, field: str
) -> None:
    before = first.sheets["ACT-08"]
    with pytest.raises(NotThus) as refusal:
        await correct(database, dominique, before, {**before, **changes}, because)
    assert list(refusal.value.fields) == [field]
    assert await ask(database, corrections.standing) == []


async def test_a_correction_taken_back_is_in_no_version(
    database: Database, first: Framework, dominique: Person, camille: Person
) -> None:
    before = first.sheets["ACT-08"]
    with pytest.raises(NotYours):
        await correct(database, camille, before, MENDED)
    written = await correct(database, dominique, before, MENDED)
    with pytest.raises(NotYours):
        await act(database, corrections.withdraw, written.id, by=camille)
    for _ in range(2):
        await act(database, corrections.withdraw, written.id, by=dominique)
    with pytest.raises(NotFound):
        await act(database, corrections.withdraw, "0nexistepas0", by=dominique)
    with pytest.raises(NotThus) as refusal:
        await prepare(database, by=dominique)
    assert refusal.value.fields == {"version": "Rien ne change par rapport à la dernière version publiée."}
    assert await ask(database, frameworks.latest_version) == "2.0.0"


async def test_a_correction_takes_an_earlier_one_back(database: Database, first: Framework, dominique: Person) -> None:
    before = first.sheets["ACT-08"]
    await correct(database, dominique, before, MENDED)
    await confirm(database, await prepare(database, by=dominique))
    await correct(database, dominique, MENDED, before, "Elle était juste.")
    third = await confirm(database, await prepare(database, by=dominique))
    assert (third.version, third.sheets["ACT-08"]) == ("2.0.2", before)


async def test_what_was_prepared_with_a_correction_taken_back_since_is_not_published(
    database: Database, first: Framework, dominique: Person
) -> None:
    written = await correct(database, dominique, first.sheets["ACT-08"], MENDED)
    release = await prepare(database, by=dominique)
    await act(database, corrections.withdraw, written.id, by=dominique)
    lacking = [each for each in await ask(database, publications.checklist, release) if not each.holds]
    assert [(each.point, each.lacks) for each in lacking] == [(publications.Point.CORRECTIONS, ("ACT-08",))]
    with pytest.raises(NotNow):
        await confirm(database, release)
