"""Lineage: an indicator leaves the table with a reason, and what it becomes says where it comes from."""

import pytest

from server.database import Database
from tests.cast import (
    SHEET,
    act,
    ask,
    card,
    cards,
    move,
    observer,
    reread,
    stranger,
    workshop,
)
from workshops import agenda, belongings, indicators, journal, lineage
from workshops.agenda import Stage, Workshop
from workshops.indicators import Leaving
from workshops.journal import Kind
from workshops.lineage import ALONE, Kin
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet

WHY = "Deux fois la même chose."
PARTS: list[Sheet] = [
    {**SHEET, "libelle": "Projets arrêtés", "nature": "quantitatif"},
    {**SHEET, "libelle": "Raisons d'un arrêt", "famille": "resultats"},
]


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille)


async def ids(database: Database, room: Workshop) -> dict[str, str]:
    return {code: found.id for code, found in (await cards(database, room)).items()}


async def merge(database: Database, one: str, into: str, by: Person, because: str = WHY) -> None:
    await act(database, lineage.merge, one, into=into, because=because, by=by)


async def split(database: Database, one: str, by: Person, sheets: list[Sheet] = PARTS, because: str = WHY) -> list[str]:
    born = await act(database, lineage.split, one, sheets=sheets, because=because, by=by)
    return [part.id for part in born]


async def family_of(database: Database, room: Workshop) -> dict[str, tuple[list[str], list[str], int, int]]:
    """What each comes from and became, by code, and how many ancestors and heirs it has."""
    codes = {id: code for code, id in (await ids(database, room)).items()}
    found: dict[str, Kin] = await ask(database, lineage.kin, room.id)
    return {
        codes[id]: ([r.code for r in kin.comes_from], [r.code for r in kin.became], len(kin.ancestors), len(kin.heirs))
        for id, kin in found.items()
    }


# ── Merge


async def test_of_two_the_facilitator_makes_one(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    table, since = await ids(database, room), (await reread(database, room)).gestures
    await merge(database, table["ACT-02"], table["ACT-01"], camille, because="  Deux fois\nla même chose. ")
    left = (await card(database, room, "ACT-02")).departure
    assert left is not None
    assert (left.how, left.because, left.by_id, left.gesture) == (
        Leaving.MERGED, "Deux fois\nla même chose.", camille.id, since + 1,
    )  # fmt: skip
    assert (await card(database, room, "ACT-01")).is_open
    assert await ask(database, indicators.count, room.id) == 18
    assert await family_of(database, room) == {"ACT-01": (["ACT-02"], [], 1, 0), "ACT-02": ([], ["ACT-01"], 0, 1)}
    (entry,) = await ask(database, journal.since, room.id, since)
    assert (entry.kind, entry.by_id, entry.about) == (Kind.INDICATOR_MERGED, camille.id, table["ACT-02"])
    with pytest.raises(NotNow):
        await act(database, indicators.reword, table["ACT-02"], SHEET, base=1, by=alix)


async def test_the_kept_one_carries_the_lineage_of_the_one_that_left(
    database: Database, room: Workshop, camille: Person
) -> None:
    table = await ids(database, room)
    await merge(database, table["ACT-03"], table["ACT-02"], camille)
    await merge(database, table["ACT-02"], table["ACT-01"], camille)
    await merge(database, table["ACT-04"], table["ACT-01"], camille)
    assert await family_of(database, room) == {
        "ACT-01": (["ACT-02", "ACT-04"], [], 3, 0),
        "ACT-02": (["ACT-03"], ["ACT-01"], 1, 1),
        "ACT-03": ([], ["ACT-02"], 0, 2),
        "ACT-04": ([], ["ACT-01"], 0, 1),
    }
    some = await ask(database, lineage.kin, room.id, [table["ACT-03"], table["IMP-01"]])
    assert [[heir.code for heir in kin.heirs] for kin in some.values()] == [["ACT-01", "ACT-02"]]
    line = {table["ACT-01"], table["ACT-02"], table["ACT-03"]}
    assert await ask(database, lineage.relatives, [table["ACT-02"]]) == line
    assert await ask(database, lineage.relatives, [table["IMP-01"]]) == set()
    assert await ask(database, lineage.relatives, []) == set()


async def test_merging_again_into_the_same_is_once(database: Database, room: Workshop, camille: Person) -> None:
    table = await ids(database, room)
    await merge(database, table["ACT-02"], table["ACT-01"], camille)
    before = await reread(database, room)
    await merge(database, table["ACT-02"], table["ACT-01"], camille, because="")
    assert await reread(database, room) == before
    with pytest.raises(NotNow):
        await merge(database, table["ACT-02"], table["ACT-03"], camille)


async def test_one_merges_into_another_indicator_of_the_same_table(
    database: Database, room: Workshop, camille: Person
) -> None:
    table = await ids(database, room)
    elsewhere = await workshop(database, Stage.PROPOSING, by=camille, title="Un autre atelier")
    choose = "Choisissez l'indicateur qui reste sur la table."
    for into in ("", "nothing", table["ACT-01"], (await card(database, elsewhere)).id):
        with pytest.raises(NotThus) as refusal:
            await merge(database, table["ACT-01"], into, camille)
        assert refusal.value.fields == {"into": choose}
    await merge(database, table["ACT-02"], table["ACT-01"], camille)
    with pytest.raises(NotNow):
        await merge(database, table["ACT-03"], table["ACT-02"], camille)
    with pytest.raises(NotFound):
        await merge(database, "nothing", table["ACT-01"], camille)


# ── Split


async def test_of_one_the_facilitator_makes_several(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    whole = await act(database, indicators.propose, room.id, SHEET, by=alix)
    since = (await reread(database, room)).gestures
    one, other = await split(database, whole.id, camille)
    table = await cards(database, room)
    assert (table["ACT-08"].is_open, table["ACT-08"].sheet) == (False, SHEET)
    assert {table[code].id: table[code].sheet for code in ("ACT-09", "RES-04")} == {one: PARTS[0], other: PARTS[1]}
    for code in ("ACT-09", "RES-04"):
        assert (table[code].indicator.author_id, table[code].wording.by_id) == (alix.id, camille.id)
    assert await family_of(database, room) == {
        "ACT-08": ([], ["ACT-09", "RES-04"], 0, 2),
        "ACT-09": (["ACT-08"], [], 1, 0),
        "RES-04": (["ACT-08"], [], 1, 0),
    }
    (entry,) = await ask(database, journal.since, room.id, since)
    assert (entry.kind, entry.about, table["ACT-09"].wording.gesture) == (Kind.INDICATOR_SPLIT, whole.id, entry.number)


async def test_splitting_again_into_the_same_texts_is_once(database: Database, room: Workshop, camille: Person) -> None:
    whole = (await card(database, room)).id
    born = await split(database, whole, camille)
    before = await reread(database, room)
    assert set(await split(database, whole, camille)) == set(born)
    assert await reread(database, room) == before
    with pytest.raises(NotNow):
        await split(database, whole, camille, [*PARTS, {**SHEET, "libelle": "Un troisième"}])


async def test_a_part_may_join_another_and_nothing_is_written_twice(
    database: Database, room: Workshop, camille: Person
) -> None:
    one, other = await split(database, (await card(database, room)).id, camille)
    await merge(database, one, other, camille)
    assert await family_of(database, room) == {
        "ACT-01": ([], ["ACT-08", "RES-04"], 0, 2),
        "ACT-08": (["ACT-01"], ["RES-04"], 1, 1),
        "RES-04": (["ACT-01", "ACT-08"], [], 2, 0),
    }


async def test_parts_are_two_to_four_and_have_titles_of_their_own(
    database: Database, room: Workshop, camille: Person
) -> None:
    whole = (await card(database, room)).id
    many = "On scinde en deux, trois ou quatre indicateurs."
    different = "Donnez à chacun un intitulé différent."
    named = [{**SHEET, "libelle": f"Partie {n}"} for n in range(5)]
    shouted = {**SHEET, "libelle": "PARTIE 0"}
    for sheets, wrong in (
        (named[:1], {"libelle-2": many}),
        (named, {"libelle-2": many}),
        ([named[0], named[1], shouted], {"libelle-3": different}),
    ):
        with pytest.raises(NotThus) as refusal:
            await split(database, whole, camille, sheets)
        assert refusal.value.fields == wrong
    assert len(await split(database, whole, camille, named[:4])) == 4


# ── Both


async def test_leaving_has_a_written_reason(database: Database, room: Workshop, camille: Person, alix: Person) -> None:
    table, own = await ids(database, room), await act(database, indicators.propose, room.id, SHEET, by=alix)
    before = await reread(database, room)
    for because, sentence in (
        (" \u200b\n", "Dites pourquoi : le registre le gardera."),
        ("x" * 301, "Trois cents caractères au plus."),
    ):
        with pytest.raises(NotThus) as withdrawing:
            await act(database, lineage.withdraw, own.id, because=because, by=alix)
        with pytest.raises(NotThus) as merging:
            await merge(database, table["ACT-02"], "", camille, because)
        with pytest.raises(NotThus) as splitting:
            await split(database, table["ACT-02"], camille, because=because)
        assert withdrawing.value.fields == splitting.value.fields == {"because": sentence}
        assert merging.value.fields == {"into": "Choisissez l'indicateur qui reste sur la table.", "because": sentence}
    assert await reread(database, room) == before


async def test_whoever_leads_merges_and_splits_and_nobody_else(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    table, inconnu = await ids(database, room), await stranger(database)
    for person in (alix, await observer(database, room), inconnu):
        with pytest.raises(NotYours):
            await merge(database, table["ACT-02"], table["ACT-01"], person)
        with pytest.raises(NotYours):
            await split(database, table["ACT-02"], person)
    await act(database, agenda.appoint, room.id, inconnu, by=camille)
    await merge(database, table["ACT-02"], table["ACT-01"], inconnu)
    await split(database, table["ACT-01"], inconnu)


@pytest.mark.parametrize("stage", list(Stage))
async def test_from_the_proposals_to_the_vote(
    database: Database, room: Workshop, camille: Person, stage: Stage
) -> None:
    table = await ids(database, room)
    room = await move(database, room, stage, by=camille)
    if stage in (Stage.PREPARING, Stage.CLOSED):
        with pytest.raises(NotNow):
            await merge(database, table["ACT-02"], table["ACT-01"], camille)
        with pytest.raises(NotNow):
            await split(database, table["ACT-01"], camille)
        with pytest.raises(NotNow):
            await ask(database, lineage.require_reshaping, room, table["ACT-01"], camille)
    else:
        await merge(database, table["ACT-02"], table["ACT-01"], camille)
        await split(database, table["ACT-01"], camille)
        with pytest.raises(NotNow):
            await ask(database, lineage.require_reshaping, room, table["ACT-01"], camille)


async def test_how_each_left_is_told_in_order_and_is_ones_own_to_take_away(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    table, own = await ids(database, room), await act(database, indicators.propose, room.id, SHEET, by=alix)
    await act(database, lineage.withdraw, own.id, because="Trop tôt.", by=alix)
    await split(database, table["ACT-01"], camille)
    await merge(database, table["ACT-02"], table["ACT-03"], camille)
    found = await ask(database, lineage.departures, room.id)
    assert [(left.indicator_id, left.how, left.because) for left in found] == [
        (own.id, Leaving.WITHDRAWN, "Trop tôt."),
        (table["ACT-01"], Leaving.SPLIT, WHY),
        (table["ACT-02"], Leaving.MERGED, WHY),
    ]
    assert (await ask(database, belongings.of, alix))["retraits"] == [
        {"indicateur": own.id, "comment": "withdrawn", "motif": "Trop tôt."}
    ]
    theirs = await split(database, (await act(database, indicators.propose, room.id, SHEET, by=alix)).id, camille)
    await merge(database, theirs[0], theirs[1], camille)
    with pytest.raises(NotNow):
        await act(database, lineage.withdraw, theirs[0], because="Trop tard.", by=alix)
    assert (await ask(database, lineage.kin, room.id, [own.id])).get(own.id, ALONE) is ALONE
