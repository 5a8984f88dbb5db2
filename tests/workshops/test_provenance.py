"""Provenance: since which wording each field of an indicator says what it says."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import SHEET, act, ask, card, facilitator, member_of, stranger, workshop
from tests.documents import document, item
from tests.server.pages.test_queries import counting
from workshops import amendments, attachments, indicators, lineage, people, provenance
from workshops.agenda import Stage, Start, Workshop
from workshops.indicators import Indicator, Origin, Wording
from workshops.people import Identity, Person
from workshops.provenance import Published, Source, Story, fields
from workshops.sheet import Sheet

LABS = {"alix": "ti-lab", "sacha": "siilab", "camille": None}
A: Sheet = {"libelle": "Projets arrêtés", "famille": "activite", "definition": "Ceux qui s'arrêtent."}


def story(
    *texts: tuple[str, int, dict[str, Any]],
    code: str = "ACT-08",
    origin: Origin = Origin.WORKSHOP,
    parents: tuple[tuple[int, Story], ...] = (),
) -> Story:
    """An indicator whose wordings are (by whom, in which gesture, what differs from `A`)."""
    indicator = Indicator(id=code.lower(), workshop_id="atelier00001", code=code, origin=origin, wording=len(texts))
    wordings = [
        Wording(indicator_id=indicator.id, number=n, sheet={**A, **changed}, by_id=by, gesture=gesture)
        for n, (by, gesture, changed) in enumerate(texts, 1)
    ]
    return Story(indicator, wordings, parents)


def source(number: int, gesture: int, lab: str | None, indicator: str = "act-08", **more: str) -> Source:
    return {
        "atelier": "atelier00001",
        "indicateur": indicator,
        "redaction": number,
        "geste": gesture,
        "labo": lab,
        "version": "2.1.0",
        **more,
    }


def former(code: str, **changed: Any) -> tuple[dict[str, Published], Source]:
    """A published indicator that says `A`, and the source of all its fields."""
    published = {**source(4, 40, "silab"), "atelier": "atelier00000", "version": "2.0.0"}
    sheet = {**A, **changed}
    return {code: Published(sheet, dict.fromkeys(sheet, published))}, published


# ── From wordings alone


def test_a_first_text_is_its_author_s() -> None:
    told = fields(story(("alix", 3, {})), LABS, "2.1.0")
    assert told == dict.fromkeys(A, source(1, 3, "ti-lab"))


def test_a_field_is_from_the_wording_since_which_it_has_not_changed() -> None:
    told = fields(
        story(
            ("alix", 3, {}),
            ("sacha", 5, {"definition": "Arrêtés tôt.", "unite": "projets"}),
            ("camille", 9, {"definition": "Arrêtés tôt.", "unite": "jours"}),
        ),
        LABS,
        "2.1.0",
    )
    assert told == {
        "libelle": source(1, 3, "ti-lab"),
        "famille": source(1, 3, "ti-lab"),
        "definition": source(2, 5, "siilab"),
        "unite": source(3, 9, None),
    }


def test_what_was_changed_and_put_back_is_from_who_put_it_back() -> None:
    told = fields(story(("alix", 3, {}), ("sacha", 5, {"definition": "Autre."}), ("camille", 7, {})), LABS, "2.1.0")
    assert told["definition"] == source(3, 7, None)


def test_a_field_that_was_emptied_has_no_source() -> None:
    told = fields(story(("alix", 3, {"unite": "jours"}), ("alix", 5, {})), LABS, "2.1.0")
    assert list(told) == ["libelle", "famille", "definition"]


def test_the_text_of_the_commitment_is_nobody_s() -> None:
    told = fields(
        story(("camille", 1, {}), ("alix", 5, {"unite": "jours"}), origin=Origin.COMMITMENT), LABS, "2.1.0"
    )
    nobody = source(1, 1, None, origine="engagement_46")
    assert told == {**dict.fromkeys(A, nobody), "unite": source(2, 5, "ti-lab")}


# ── From the version before


def test_what_was_published_and_says_the_same_keeps_its_source() -> None:
    before, published = former("ACT-08")
    told = fields(
        story(("camille", 1, {}), ("alix", 5, {"definition": "Autre."}), origin=Origin.REFERENCE), LABS, "2.1.0", before
    )
    assert told == {"libelle": published, "famille": published, "definition": source(2, 5, "ti-lab")}


def test_a_published_text_that_came_back_was_not_written_here() -> None:
    before, published = former("ACT-08")
    told = fields(
        story(("camille", 1, {}), ("alix", 5, {"definition": "Autre."}), ("alix", 6, {}), origin=Origin.REFERENCE),
        LABS,
        "2.1.0",
        before,
    )
    assert told == dict.fromkeys(A, published)


def test_a_text_taken_from_an_older_version_than_the_last_is_nobody_s() -> None:
    """Another workshop published meanwhile: what this one started from is not what the last version says."""
    before, _published = former("ACT-08", definition="Ce que l'autre atelier a écrit.")
    told = fields(story(("camille", 1, {}), origin=Origin.REFERENCE), LABS, "2.2.0", before)
    assert told["definition"] == {**source(1, 1, None, origine="reference"), "version": "2.2.0"}


def test_the_same_words_under_another_code_are_another_text() -> None:
    before, _published = former("ACT-09")
    assert fields(story(("alix", 3, {})), LABS, "2.1.0", before) == dict.fromkeys(A, source(1, 3, "ti-lab"))


# ── From the indicators that it comes from


def test_what_a_part_says_as_the_whole_did_was_written_there() -> None:
    whole = story(("alix", 3, {}), ("sacha", 5, {"unite": "jours"}), code="ACT-01")
    part = story(("camille", 9, {"unite": "jours", "definition": "Une partie."}), parents=((9, whole),))
    assert fields(part, LABS, "2.1.0") == {
        "libelle": source(1, 3, "ti-lab", "act-01"),
        "famille": source(1, 3, "ti-lab", "act-01"),
        "definition": source(1, 9, None),
        "unite": source(2, 5, "siilab", "act-01"),
    }


def test_what_was_taken_over_after_a_merger_was_written_there() -> None:
    merged = story(("sacha", 2, {"definition": "Mieux dit."}), code="ACT-09")
    kept = story(("alix", 3, {}), ("alix", 8, {"definition": "Mieux dit."}), parents=((7, merged),))
    told = fields(kept, LABS, "2.1.0")
    assert told["definition"] == source(1, 2, "siilab", "act-09")
    # Both said so before they met: each had written it.
    assert told["famille"] == source(1, 3, "ti-lab")


def test_words_found_before_a_merger_are_one_s_own() -> None:
    merged = story(("sacha", 2, {"definition": "Mieux dit."}), code="ACT-09")
    kept = story(("alix", 3, {}), ("alix", 5, {"definition": "Mieux dit."}), parents=((7, merged),))
    assert fields(kept, LABS, "2.1.0")["definition"] == source(2, 5, "ti-lab")


def test_a_part_of_a_published_indicator_keeps_what_was_published() -> None:
    before, published = former("ACT-01")
    whole = story(("camille", 1, {}), code="ACT-01", origin=Origin.REFERENCE)
    part = story(("camille", 9, {"libelle": "Une partie"}), parents=((9, whole),))
    told = fields(part, LABS, "2.1.0", before)
    assert told == {"libelle": source(1, 9, None), "famille": published, "definition": published}


# ── From a document


def test_a_document_says_the_sources_of_its_fields() -> None:
    told = provenance.published(document("2.0.0", [item("ACT-01")]))
    assert told["ACT-01"].sources["definition"] == item("ACT-01")["provenance"]["definition"]


def test_an_older_document_says_where_it_was_decided() -> None:
    older = item("ACT-01")
    del older["provenance"]
    known = {
        "atelier": "atelier00001",
        "indicateur": None,
        "redaction": 2,
        "geste": None,
        "labo": None,
        "version": "2.0.0",
    }
    assert provenance.read(older, "2.0.0") == dict.fromkeys(older["fiche"], known)


def test_an_imported_indicator_says_its_version_alone() -> None:
    told = provenance.read({"code": "ACT-01", "fiche": A}, "2.0.0")
    nowhere: Source = dict.fromkeys(("atelier", "indicateur", "redaction", "geste", "labo"))
    assert told == {name: {**nowhere, "version": "2.0.0"} for name in A}


def test_a_correction_stays_the_source_of_what_it_corrected() -> None:
    corrected = item("ACT-01")
    corrected["provenance"]["libelle"] = {"correction": "Une coquille.", "version": "2.0.1"}
    before = provenance.published(document("2.0.1", [corrected]))
    text = Wording(indicator_id="act-01", number=1, sheet=corrected["fiche"], by_id="camille", gesture=1)
    here = Indicator(id="act-01", workshop_id="atelier00002", code="ACT-01", origin=Origin.REFERENCE)
    assert fields(Story(here, [text]), LABS, "2.1.0", before) == corrected["provenance"]


# ── From a workshop


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)


async def told(database: Database, room: Workshop, id: str) -> dict[str, tuple[Any, ...]]:
    """By field: the indicator, the wording and the gesture, the lab."""
    found = await ask(database, provenance.of_workshop, room, "2.0.0")
    return {
        name: (source["indicateur"], source["redaction"], source["geste"], source["labo"])
        for name, source in found[id].items()
    }


async def test_the_words_of_an_accepted_amendment_are_the_lab_s_that_proposed_it(
    database: Database, room: Workshop, alix: Person, sacha: Person
) -> None:
    one = await act(database, indicators.propose, room.id, SHEET, by=alix)
    amended = {**SHEET, "definition": "Arrêtés tôt."}
    proposed = await act(database, amendments.propose, one.id, amended, base=1, by=sacha)
    await act(database, indicators.reword, one.id, {**SHEET, "libelle": "Arrêts"}, base=1, by=alix)
    await act(database, amendments.accept, proposed.id, by=alix)
    written = (await ask(database, indicators.history, one))[-1]
    assert await told(database, room, one.id) == {
        "libelle": (one.id, 2, written.gesture - 1, "ti-lab"),
        "famille": (one.id, 1, proposed.gesture - 1, "ti-lab"),
        "definition": (one.id, 3, written.gesture, "siilab"),
    }


async def test_a_part_and_what_was_merged_into_it(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    whole = await act(database, indicators.propose, room.id, SHEET, by=alix)
    other = await act(database, indicators.propose, room.id, {**SHEET, "definition": "Mieux."}, by=sacha)
    part, _other_part = await act(
        database,
        lineage.split,
        whole.id,
        sheets=[{**SHEET, "libelle": "Une partie"}, {**SHEET, "libelle": "L'autre"}],
        because="Deux choses.",
        by=camille,
    )
    await act(database, lineage.merge, other.id, into=part.id, because="La même chose.", by=camille)
    reworded = {**SHEET, "libelle": "Une partie", "definition": "Mieux."}
    await act(database, indicators.reword, part.id, reworded, base=1, by=camille)
    assert {name: where[::3] for name, where in (await told(database, room, part.id)).items()} == {
        "libelle": (part.id, None),
        "famille": (whole.id, "ti-lab"),
        "definition": (other.id, "siilab"),
    }


async def test_a_guest_who_has_an_account_since_keeps_the_lab_s_credit(
    database: Database, room: Workshop, alix: Person
) -> None:
    one = await act(database, indicators.propose, room.id, SHEET, by=alix)
    known = await stranger(database, "Alix Durand")
    async with database.transaction() as session:
        session.add(Identity(iss="https://fournisseur.example", sub="alix", person_id=known.id))
    await act(database, attachments.attach, await ask(database, people.get, alix.id), by=known)
    assert {where[3] for where in (await told(database, room, one.id)).values()} == {"ti-lab"}


async def test_only_those_asked_for(database: Database, room: Workshop, alix: Person) -> None:
    ones = [
        await act(database, indicators.propose, room.id, {**SHEET, "libelle": f"N° {n}"}, by=alix) for n in range(2)
    ]
    found = await ask(database, provenance.of_workshop, room, "2.0.0", only=[ones[1].id])
    assert list(found) == [ones[1].id]


async def test_the_commitment_and_the_version_before(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    alix = await member_of(database, room)
    one = await card(database, room, "ACT-01")
    await act(database, indicators.reword, one.id, {**one.sheet, "unite": "jours"}, base=1, by=alix)
    found = await ask(database, provenance.of_workshop, room, "2.0.0")
    assert {name: source.get("origine") for name, source in found[one.id].items()} == {
        **dict.fromkeys(one.sheet, "engagement_46"),
        "unite": None,
    }
    before = document("2.0.0", [item("ACT-01", fiche={"libelle": one.sheet["libelle"]})])
    found = await ask(database, provenance.of_workshop, room, "2.1.0", before)
    assert found[one.id]["libelle"] == before["indicateurs"][0]["provenance"]["libelle"]


async def test_as_many_questions_for_one_indicator_as_for_many(
    database: Database, room: Workshop, alix: Person
) -> None:
    sent = []
    for n in range(6):
        one = await act(database, indicators.propose, room.id, {**SHEET, "libelle": f"N° {n}"}, by=alix)
        await act(database, indicators.reword, one.id, {**SHEET, "libelle": f"n° {n}"}, base=1, by=alix)
        if n in (0, 5):
            with counting(database) as statements:
                await ask(database, provenance.of_workshop, room, "2.0.0")
            sent.append([each.split()[0] for each in statements].count("SELECT"))
    assert sent == [4, 4]
