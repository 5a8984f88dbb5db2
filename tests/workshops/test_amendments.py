"""Amendments: another wording is proposed, answered, and never takes the place of what came meanwhile."""

import pytest

from server.database import Database
from tests.cast import SHEET, act, ask, card, move, observer, reread, stranger, workshop
from workshops import amendments, indicators, journal, lineage, tallies, votes
from workshops.agenda import Stage, Workshop
from workshops.amendments import Amendment, Fate, Overtaken, Proposed
from workshops.consensus import Choice
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet
from workshops.tallies import Tally

CLEARER: Sheet = {**SHEET, "libelle": "Part des projets abandonnés à temps", "unite": "%"}


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille)


@pytest.fixture
async def ours(database: Database, room: Workshop, alix: Person) -> Indicator:
    """Alix's own proposal."""
    return await act(database, indicators.propose, room.id, SHEET, by=alix)


async def amend(
    database: Database, on: str, by: Person, sheet: Sheet = CLEARER, *, base: int = 1, why: str = ""
) -> Amendment:
    return await act(database, amendments.propose, on, sheet, base=base, why=why, by=by)


async def only(database: Database, on: str) -> Proposed:
    (found,) = await ask(database, amendments.proposed, on)
    return found


async def current(database: Database, on: str) -> tuple[int, Sheet]:
    found = await ask(database, indicators.card, on)
    return found.wording.number, found.sheet


# ── Propose


async def test_an_amendment_keeps_only_the_fields_that_differ(
    database: Database, room: Workshop, ours: Indicator, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha, why="  Un nombre seul ne dit rien. ")
    assert await only(database, ours.id) == Proposed(made, None)
    assert (made.base, made.changes) == (1, {"libelle": CLEARER["libelle"], "unite": "%"})
    assert (made.why, made.by_id) == ("Un nombre seul ne dit rien.", sacha.id)
    entry = (await ask(database, journal.since, room.id, made.gesture - 1))[0]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.AMENDMENT_PROPOSED, sacha.id, ours.id)
    assert await current(database, ours.id) == (1, SHEET)


async def test_a_field_may_be_emptied(database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person) -> None:
    born = await act(database, indicators.propose, room.id, CLEARER, by=alix)
    emptied = {name: value for name, value in CLEARER.items() if name != "unite"}
    made = await amend(database, born.id, sacha, emptied)
    assert made.changes == {"unite": None}
    await act(database, amendments.accept, made.id, by=camille)
    assert await current(database, born.id) == (2, emptied)


@pytest.mark.parametrize("stage", [Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING])
async def test_one_amends_from_the_proposals_to_the_vote(
    database: Database, room: Workshop, ours: Indicator, sacha: Person, camille: Person, stage: Stage
) -> None:
    await move(database, room, stage, by=camille)
    made = await amend(database, ours.id, sacha)
    assert [each.id for each in await ask(database, amendments.waiting, ours.id)] == [made.id]


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CLOSED])
async def test_neither_before_nor_after(
    database: Database, room: Workshop, ours: Indicator, sacha: Person, camille: Person, stage: Stage
) -> None:
    made = await amend(database, ours.id, sacha)
    await move(database, room, stage, by=camille)
    with pytest.raises(NotNow):
        await amend(database, ours.id, sacha, {**SHEET, "unite": "projets"})
    with pytest.raises(NotNow):
        await act(database, amendments.accept, made.id, by=camille)
    with pytest.raises(NotNow):
        await act(database, amendments.decline, made.id, answer="Non.", by=camille)
    with pytest.raises(NotNow):
        await act(database, amendments.withdraw, made.id, by=sacha)


async def test_an_author_rewords_rather_than_amends(database: Database, ours: Indicator, alix: Person) -> None:
    with pytest.raises(NotYours):
        await amend(database, ours.id, alix)


async def test_only_those_who_take_part_amend(database: Database, room: Workshop, ours: Indicator) -> None:
    for person in (await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await amend(database, ours.id, person)


async def test_nothing_changed_is_not_an_amendment(database: Database, ours: Indicator, sacha: Person) -> None:
    with pytest.raises(NotThus) as refused:
        await amend(database, ours.id, sacha, dict(SHEET))
    assert list(refused.value.fields) == ["libelle"]


@pytest.mark.parametrize("base", [0, -1, 2, 10**30])
async def test_one_starts_from_a_text_that_exists(
    database: Database, ours: Indicator, sacha: Person, base: int
) -> None:
    with pytest.raises(NotThus) as refused:
        await amend(database, ours.id, sacha, base=base)
    assert list(refused.value.fields) == ["base"]


async def test_why_is_short(database: Database, ours: Indicator, sacha: Person) -> None:
    with pytest.raises(NotThus) as refused:
        await amend(database, ours.id, sacha, why="x" * 501)
    assert list(refused.value.fields) == ["why"]


async def test_the_same_amendment_again_is_the_one_before(
    database: Database, room: Workshop, ours: Indicator, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    before = (await reread(database, room)).gestures
    assert await amend(database, ours.id, sacha) == made
    assert (await reread(database, room)).gestures == before


async def test_five_amendments_of_a_person_wait_on_an_indicator_and_no_more(
    database: Database, ours: Indicator, sacha: Person
) -> None:
    """Else one person alone makes a contest that nobody can grade."""
    texts: list[Sheet] = [{**SHEET, "libelle": f"Titre {number}"} for number in range(6)]
    first, *_others = [await amend(database, ours.id, sacha, text) for text in texts[:5]]
    with pytest.raises(NotNow):
        await amend(database, ours.id, sacha, texts[5])
    await act(database, amendments.withdraw, first.id, by=sacha)
    await amend(database, ours.id, sacha, texts[5])


async def test_an_indicator_off_the_table_is_not_amended(
    database: Database, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    await act(database, lineage.withdraw, ours.id, because="Un doublon.", by=alix)
    with pytest.raises(NotNow):
        await amend(database, ours.id, sacha)
    with pytest.raises(NotNow):
        await act(database, amendments.accept, made.id, by=camille)


async def test_a_text_reworded_elsewhere_meanwhile_is_amended_as_it_stands(
    database: Database, ours: Indicator, alix: Person, sacha: Person
) -> None:
    await act(database, indicators.reword, ours.id, {**SHEET, "definition": "Mieux."}, base=1, by=alix)
    made = await amend(database, ours.id, sacha, base=1)
    assert (made.base, made.changes) == (2, {"libelle": CLEARER["libelle"], "unite": "%"})


async def test_a_text_reworded_on_the_same_field_meanwhile_is_told(
    database: Database, ours: Indicator, alix: Person, sacha: Person
) -> None:
    theirs = {**SHEET, "libelle": "Un autre intitulé"}
    await act(database, indicators.reword, ours.id, theirs, base=1, by=alix)
    with pytest.raises(Overtaken) as refused:
        await amend(database, ours.id, sacha, base=1)
    wanted = {"libelle": CLEARER["libelle"], "unite": "%"}
    assert refused.value.told == {"redaction": 2, "texte_actuel": theirs, "amendement": wanted}
    assert await ask(database, amendments.proposed, ours.id) == []


# ── Accept


async def test_accepting_is_a_new_wording_by_who_proposed_it(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    await act(database, amendments.accept, made.id, by=alix)
    found = await ask(database, indicators.card, ours.id)
    assert (found.wording.number, found.sheet, found.wording.by_id) == (2, CLEARER, sacha.id)
    ending = (await only(database, ours.id)).ending
    assert ending is not None
    assert (ending.fate, ending.by_id, ending.wording) == (Fate.ACCEPTED, alix.id, 2)
    entry = (await ask(database, journal.since, room.id, ending.gesture - 1))[0]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.AMENDMENT_ACCEPTED, alix.id, ours.id)
    assert found.wording.gesture == entry.number
    assert await ask(database, amendments.coauthors, room.id) == {ours.id: [sacha.id]}


async def test_accepting_adds_to_what_was_written_elsewhere_since(
    database: Database, ours: Indicator, alix: Person, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    await act(database, indicators.reword, ours.id, {**SHEET, "definition": "Mieux."}, base=1, by=alix)
    await act(database, amendments.accept, made.id, by=alix)
    assert await current(database, ours.id) == (3, {**CLEARER, "definition": "Mieux."})


async def test_accepting_never_overwrites_what_came_since(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    theirs = {**SHEET, "unite": "projets"}
    await act(database, indicators.reword, ours.id, theirs, base=1, by=alix)
    before = (await reread(database, room)).gestures
    with pytest.raises(Overtaken) as refused:
        await act(database, amendments.accept, made.id, by=alix)
    assert (refused.value.told["redaction"], refused.value.told["texte_actuel"]) == (2, theirs)
    assert await current(database, ours.id) == (2, theirs)
    assert (await reread(database, room)).gestures == before
    assert (await only(database, ours.id)).is_open


async def test_former_votes_stay_on_the_former_text(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, ours.id, wording=1, choice=Choice.KEEP, by=sacha)
    made = await amend(database, ours.id, sacha)
    await act(database, amendments.accept, made.id, by=alix)
    assert await ask(database, tallies.tally, ours.id) == Tally(earlier=1)


async def test_the_facilitator_answers_too_and_alone_for_a_text_without_an_author(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person
) -> None:
    text = await card(database, room)
    made = await amend(database, text.id, sacha, {**text.sheet, "definition": "Autrement."})
    for person in (alix, sacha):
        with pytest.raises(NotYours):
            await act(database, amendments.accept, made.id, by=person)
        with pytest.raises(NotYours):
            await act(database, amendments.decline, made.id, answer="Non.", by=person)
    await act(database, amendments.accept, made.id, by=camille)
    assert (await current(database, text.id))[0] == 2


# ── Decline, withdraw


async def test_declining_says_why_not(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    for nothing in ("", " \n "):
        with pytest.raises(NotThus) as refused:
            await act(database, amendments.decline, made.id, answer=nothing, by=alix)
        assert list(refused.value.fields) == ["answer"]
    with pytest.raises(NotThus):
        await act(database, amendments.decline, made.id, answer="x" * 1001, by=alix)
    await act(database, amendments.decline, made.id, answer=" Une part cache le volume. ", by=alix)
    ending = (await only(database, ours.id)).ending
    assert ending is not None
    assert (ending.fate, ending.answer, ending.by_id) == (Fate.DECLINED, "Une part cache le volume.", alix.id)
    assert await current(database, ours.id) == (1, SHEET)
    assert await ask(database, amendments.coauthors, room.id) == {}


async def test_who_proposed_it_may_take_it_back(
    database: Database, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    made = await amend(database, ours.id, sacha)
    for person in (alix, camille):
        with pytest.raises(NotYours):
            await act(database, amendments.withdraw, made.id, by=person)
    await act(database, amendments.withdraw, made.id, by=sacha)
    ending = (await only(database, ours.id)).ending
    assert ending is not None
    assert ending.fate is Fate.WITHDRAWN


async def test_answering_twice_is_once_and_otherwise_is_too_late(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person
) -> None:
    answers = {
        Fate.ACCEPTED: lambda made: act(database, amendments.accept, made.id, by=alix),
        Fate.DECLINED: lambda made: act(database, amendments.decline, made.id, answer="Non.", by=alix),
        Fate.WITHDRAWN: lambda made: act(database, amendments.withdraw, made.id, by=sacha),
    }
    for number, (fate, answer) in enumerate(answers.items()):
        base, sheet = await current(database, ours.id)
        made = await amend(database, ours.id, sacha, {**sheet, "limites": f"Limite {number}."}, base=base)
        await answer(made)
        before = (await reread(database, room)).gestures
        await answer(made)
        for other in set(answers) - {fate}:
            with pytest.raises(NotNow):
                await answers[other](made)
        assert (await reread(database, room)).gestures == before


async def test_an_amendment_that_is_not_there_is_not_found(database: Database, camille: Person) -> None:
    with pytest.raises(NotFound):
        await act(database, amendments.accept, "0nexistepas0", by=camille)
    with pytest.raises(NotFound):
        await ask(database, amendments.get, "0nexistepas0")


async def test_each_coauthor_is_named_once(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    sheet = dict(SHEET)
    for number, person in enumerate((sacha, camille, sacha), start=1):
        sheet = {**sheet, "limites": f"Limite {number}."}
        made = await amend(database, ours.id, person, sheet, base=number)
        await act(database, amendments.accept, made.id, by=alix)
    assert await ask(database, amendments.coauthors, room.id) == {ours.id: [sacha.id, camille.id]}
