"""Turnout: who still has something to vote on."""

import pytest

from server.database import Database
from tests.cast import (
    SHEET,
    account,
    act,
    all_vote,
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
from workshops import accounts, agenda, attachments, indicators, lineage, turnout, votes
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice
from workshops.people import Person
from workshops.refusals import NotNow, NotYours


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


async def missing(database: Database, room: Workshop) -> list[tuple[str, str, int, bool]]:
    found = await ask(database, turnout.missing, await reread(database, room))
    return [(each.name, each.lab, each.number, each.has_voted) for each in found]


async def test_the_most_missing_come_first_then_labs_and_names(
    database: Database, camille: Person, room: Workshop
) -> None:
    alix = await member_of(database, room, "ti-lab")
    for lab, name in (("siilab", "Sacha"), ("ti-lab", "Zoé"), ("ti-lab", "Ali")):
        await member_of(database, room, lab, name)
    await observer(database, room)
    one = await card(database, room)
    await act(database, votes.cast, one.id, wording=1, choice=Choice.KEEP, by=alix)
    assert await missing(database, room) == [
        ("Sacha", "SIILAB", 19, False),
        ("Ali", "Ti Lab", 19, False),
        ("Zoé", "Ti Lab", 19, False),
        ("Alix", "Ti Lab", 18, True),
    ]


async def test_nobody_is_missing_once_all_have_voted_on_everything(database: Database, room: Workshop) -> None:
    alix = await member_of(database, room)
    await all_vote(database, room, by=alix)
    assert await missing(database, room) == []


async def test_a_vote_on_an_earlier_text_or_taken_back_is_missing(
    database: Database, camille: Person, room: Workshop
) -> None:
    alix = await member_of(database, room)
    await all_vote(database, room, by=alix)
    one, other, *_ = (await cards(database, room)).values()
    await act(database, indicators.reword, one.id, {**one.sheet, "definition": "Autre."}, base=1, by=camille)
    await act(database, votes.take_back, other.id, by=alix)
    assert await missing(database, room) == [("Alix", "Ti Lab", 2, True)]
    await act(database, votes.cast, one.id, wording=2, choice=Choice.KEEP, by=alix)
    assert await missing(database, room) == [("Alix", "Ti Lab", 1, True)]


async def test_a_withdrawn_indicator_is_asked_of_nobody(database: Database, camille: Person) -> None:
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix = await member_of(database, room)
    kept = await act(database, indicators.propose, room.id, SHEET, by=alix)
    gone = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await act(database, lineage.withdraw, gone.id, because="Un doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    assert await missing(database, room) == [("Alix", "Ti Lab", 1, False)]
    await act(database, votes.cast, kept.id, wording=1, choice=Choice.ABSTAIN, by=alix)
    assert await missing(database, room) == []


async def test_votes_elsewhere_do_not_count_here(database: Database, camille: Person, room: Workshop) -> None:
    other = await workshop(database, Stage.VOTING, by=camille)
    alix = await member_of(database, room)
    await act(database, agenda.join, other.id, name="Alix", lab="ti-lab", by=alix)
    await all_vote(database, other, by=alix)
    assert await missing(database, room) == [("Alix", "Ti Lab", 19, False)]
    assert await missing(database, other) == []


async def test_who_was_forgotten_or_has_another_seat_is_waited_for_no_more(
    database: Database, room: Workshop
) -> None:
    gone, robin = await account(database, "Parti"), await account(database, "Robin")
    guest = await member_of(database, room, "siilab", "Robin, en invité")
    for person in (gone, robin):
        await act(database, agenda.join, room.id, name=person.name, lab="ti-lab", by=person)
    assert len(await missing(database, room)) == 3
    await act(database, accounts.erase, by=gone)
    await act(database, attachments.attach, guest, by=robin)
    assert await missing(database, room) == [("Robin", "Ti Lab", 19, False)]


async def test_only_those_who_lead_remind_and_only_while_people_vote(
    database: Database, camille: Person, room: Workshop
) -> None:
    for person in (await member_of(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await ask(database, turnout.require_reminding, room, person)
    await ask(database, turnout.require_reminding, room, camille)
    closed = await move(database, room, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await ask(database, turnout.require_reminding, closed, camille)
