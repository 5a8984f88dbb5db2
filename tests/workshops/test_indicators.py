"""Indicators: propose, reword, withdraw; their codes are given for ever."""

import asyncio
from typing import Any

import pytest

from server.database import Database
from tests.cast import (
    COMPLETE,
    SHEET,
    act,
    ask,
    card,
    cards,
    member_of,
    move,
    observer,
    reread,
    stranger,
    workshop,
)
from workshops import indicators, journal, lineage
from workshops.agenda import Stage, Start, Workshop
from workshops.indicators import Origin, Stale
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.vocabulary import Family

COMMITMENT = [
    *(f"ACT-{n:02d}" for n in range(1, 8)),
    *(f"RES-{n:02d}" for n in range(1, 4)),
    *(f"IMP-{n:02d}" for n in range(1, 10)),
]
OTHER = {**SHEET, "libelle": "Un autre intitulé"}


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille)


async def last(database: Database, room: Workshop) -> tuple[int, Kind, str]:
    entry = (await ask(database, journal.since, room.id, 0))[-1]
    return entry.number, entry.kind, entry.about


# ── What is on the table


async def test_a_workshop_may_start_from_the_commitment(database: Database, room: Workshop) -> None:
    table = await cards(database, room)
    assert list(table) == COMMITMENT
    assert {(c.indicator.origin, c.indicator.author_id, c.wording.number) for c in table.values()} == {
        (Origin.COMMITMENT, None, 1)
    }
    assert {code: c.sheet for code, c in table.items()} == dict(indicators.commitment_texts())
    assert await ask(database, indicators.count, room.id) == 19


async def test_or_from_a_blank_page(database: Database, camille: Person) -> None:
    empty = await workshop(database, by=camille, start=Start.EMPTY)
    assert await cards(database, empty) == {}
    assert await ask(database, indicators.count, empty.id) == 0


async def test_cards_come_by_family_then_code_even_after_ninety_nine(database: Database, camille: Person) -> None:
    async with database.transaction() as session:
        for counter in [await session.get_one(indicators.CodeCounter, prefix) for prefix in ("ACT", "RES", "IMP")]:
            counter.last = 98
    empty = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    for family in (Family.IMPACT, Family.ACTIVITY, Family.RESULTS, Family.ACTIVITY):
        await act(database, indicators.propose, empty.id, {**SHEET, "famille": family.value}, by=camille)
    assert list(await cards(database, empty)) == ["ACT-99", "ACT-100", "RES-99", "IMP-99"]


# ── Propose


async def test_a_member_proposes_and_the_code_comes_after_the_commitment(
    database: Database, room: Workshop, alix: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    found = await card(database, room, "ACT-08")
    assert (found.id, found.sheet, found.wording.number, found.wording.by_id) == (proposed.id, SHEET, 1, alix.id)
    assert (found.indicator.origin, found.indicator.author_id) == (Origin.WORKSHOP, alix.id)
    assert await last(database, room) == (4, Kind.INDICATOR_PROPOSED, proposed.id)
    assert found.wording.gesture == 4


async def test_a_code_is_never_given_twice(database: Database, room: Workshop, camille: Person, alix: Person) -> None:
    elsewhere = await workshop(database, Stage.PROPOSING, by=camille, title="Un autre atelier")
    first = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await act(database, lineage.withdraw, first.id, because="Un doublon.", by=alix)
    second = await act(database, indicators.propose, elsewhere.id, SHEET, by=await member_of(database, elsewhere))
    third = await act(database, indicators.propose, room.id, SHEET, by=alix)
    assert [first.code, second.code, third.code] == ["ACT-08", "ACT-09", "ACT-10"]


async def test_workshops_that_propose_at_once_never_share_a_code(database: Database, camille: Person) -> None:
    rooms = [await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY) for _ in range(4)]
    authors = [await member_of(database, room) for room in rooms]
    proposed = await asyncio.gather(
        *(
            act(database, indicators.propose, room.id, SHEET, by=author)
            for room, author in zip(rooms, authors, strict=True)
            for _ in range(5)
        )
    )
    assert sorted(indicator.code for indicator in proposed) == sorted(f"ACT-{n:02d}" for n in range(8, 28))


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.DISCUSSING, Stage.VOTING, Stage.CLOSED])
async def test_proposing_has_its_stage(
    database: Database, room: Workshop, camille: Person, alix: Person, stage: Stage
) -> None:
    await move(database, room, stage, by=camille)
    with pytest.raises(NotNow):
        await act(database, indicators.propose, room.id, SHEET, by=alix)
    if stage is Stage.PREPARING:  # the facilitator prepares
        assert (await act(database, indicators.propose, room.id, SHEET, by=camille)).code == "ACT-08"


async def test_only_members_propose(database: Database, room: Workshop) -> None:
    for person in (await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, indicators.propose, room.id, SHEET, by=person)
    with pytest.raises(NotFound):
        await act(database, indicators.propose, "nowhere", SHEET, by=person)
    assert list(await cards(database, room)) == COMMITMENT


# ── Reword


async def test_a_text_without_an_author_belongs_to_every_member(
    database: Database, room: Workshop, alix: Person, sacha: Person
) -> None:
    before = await card(database, room)
    for base, (person, text) in enumerate([(alix, SHEET), (sacha, COMPLETE)], start=1):
        await act(database, indicators.reword, before.id, text, base=base, by=person)
    after = await card(database, room)
    history = await ask(database, indicators.history, after.indicator)
    assert [(w.number, w.sheet, w.by_id) for w in history] == [
        (1, before.sheet, before.wording.by_id),
        (2, SHEET, alix.id),
        (3, COMPLETE, sacha.id),
    ]
    assert after.wording == history[-1]
    assert await last(database, room) == (6, Kind.INDICATOR_REWORDED, before.id)


async def test_a_proposal_belongs_to_its_author_and_the_facilitator(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    for person in (sacha, await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, indicators.reword, proposed.id, OTHER, base=1, by=person)
    await act(database, indicators.reword, proposed.id, OTHER, base=1, by=alix)
    await act(database, indicators.reword, proposed.id, SHEET, base=2, by=camille)
    assert (await card(database, room, "ACT-08")).wording.number == 3


async def test_a_stale_base_loses_nothing(database: Database, room: Workshop, alix: Person, sacha: Person) -> None:
    text = await card(database, room)
    await act(database, indicators.reword, text.id, OTHER, base=1, by=alix)
    with pytest.raises(Stale) as refusal:
        await act(database, indicators.reword, text.id, COMPLETE, base=1, by=sacha)
    assert refusal.value.status == 409
    assert (refusal.value.theirs.number, refusal.value.theirs.sheet) == (2, OTHER)
    assert refusal.value.yours == COMPLETE
    assert refusal.value.told == {"redaction": 2, "texte_actuel": OTHER, "votre_texte": COMPLETE}
    assert (await card(database, room)).sheet == OTHER


@pytest.mark.parametrize("base", [0, 2, -1])
async def test_a_base_that_never_was_is_stale_too(database: Database, room: Workshop, alix: Person, base: int) -> None:
    text = await card(database, room)
    with pytest.raises(Stale):
        await act(database, indicators.reword, text.id, OTHER, base=base, by=alix)


async def test_of_those_who_reword_at_once_one_is_first_and_the_others_keep_their_text(
    database: Database, room: Workshop, alix: Person
) -> None:
    text = await card(database, room)
    sheets = [{**SHEET, "libelle": f"Intitulé {n}"} for n in range(6)]
    answers: list[Any] = await asyncio.gather(
        *(act(database, indicators.reword, text.id, sheet, base=1, by=alix) for sheet in sheets),
        return_exceptions=True,
    )
    stale = [answer for answer in answers if isinstance(answer, Stale)]
    first = (await card(database, room)).sheet
    assert len(stale) == 5
    assert [answer.theirs.sheet for answer in stale] == [first] * 5
    assert [answer.yours for answer in stale] == [sheet for sheet in sheets if sheet != first]


async def test_a_rewording_changes_something(database: Database, room: Workshop, alix: Person) -> None:
    text = await card(database, room)
    with pytest.raises(NotThus) as refusal:
        await act(database, indicators.reword, text.id, dict(text.sheet), base=1, by=alix)
    assert refusal.value.fields == {"libelle": "Rien n'a changé : modifiez au moins un champ."}


@pytest.mark.parametrize("stage", list(Stage))
async def test_rewording_has_its_stages(
    database: Database, room: Workshop, camille: Person, alix: Person, stage: Stage
) -> None:
    text = await card(database, room)
    await move(database, room, stage, by=camille)
    if stage in (Stage.PREPARING, Stage.CLOSED):
        with pytest.raises(NotNow):
            await act(database, indicators.reword, text.id, SHEET, base=1, by=alix)
    else:
        assert (await act(database, indicators.reword, text.id, SHEET, base=1, by=alix)).wording == 2


# ── Withdraw


async def test_an_author_takes_a_proposal_back_and_it_stays_in_the_minutes(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    for person in (sacha, camille):
        with pytest.raises(NotYours):
            await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=person)
    await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)
    found = await card(database, room, "ACT-08")
    assert (found.is_open, found.sheet) == (False, SHEET)
    assert await ask(database, indicators.count, room.id) == 19
    assert await last(database, room) == (6, Kind.INDICATOR_WITHDRAWN, proposed.id)
    with pytest.raises(NotNow):
        await act(database, indicators.reword, proposed.id, OTHER, base=1, by=alix)


async def test_taking_back_twice_is_once_even_when_the_vote_is_open(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)
    for stage in (Stage.PROPOSING, Stage.VOTING, Stage.CLOSED):
        before = await move(database, room, stage, by=camille)
        assert await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix) == proposed
        for person in (sacha, camille):
            with pytest.raises(NotYours):
                await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=person)
        assert await reread(database, room) == before


async def test_whether_one_may_propose_or_reword_is_asked_before_writing(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    noor, inconnu = await observer(database, room), await stranger(database)

    async def asked(question: Any, *given: Any) -> dict[str, type[Exception] | None]:
        answers: dict[str, type[Exception] | None] = {}
        for person in (camille, alix, sacha, noor, inconnu):
            try:
                answers[person.name] = await ask(database, question, *given, person)
            except (NotYours, NotNow) as refusal:
                answers[person.name] = type(refusal)
        return answers

    outside = {"Noor": NotYours, "Inconnu": NotYours}
    assert await asked(indicators.require_proposing, room) == {"Camille": None, "Alix": None, "Sacha": None, **outside}
    assert await asked(indicators.require_rewording, room, proposed) == {
        **{"Camille": None, "Alix": None, "Sacha": NotYours},
        **outside,
    }
    room = await move(database, room, Stage.PREPARING, by=camille)
    assert await asked(indicators.require_proposing, room) == {
        **{"Camille": None, "Alix": NotNow, "Sacha": NotNow},
        **outside,
    }
    room = await move(database, room, Stage.PROPOSING, by=camille)
    await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)
    assert await asked(indicators.require_rewording, room, proposed) == {
        **{"Camille": NotNow, "Alix": NotNow, "Sacha": NotYours},
        **outside,
    }


async def test_nobody_withdraws_a_text_of_the_commitment_nor_anything_once_the_vote_is_open(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    with pytest.raises(NotYours):
        await act(database, lineage.withdraw, (await card(database, room)).id, because="Un doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    with pytest.raises(NotNow):
        await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)


async def test_what_does_not_exist_is_not_found(database: Database, room: Workshop, alix: Person) -> None:
    with pytest.raises(NotFound):
        await act(database, indicators.reword, "nothing", SHEET, base=1, by=alix)
    for question in (indicators.get, indicators.card):
        with pytest.raises(NotFound):
            await ask(database, question, "nothing")
    with pytest.raises(NotFound):
        await ask(database, indicators.wording, (await card(database, room)).indicator, 2)
