"""The journal: every gesture in order, chained, once."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from server import exports
from server.database import Database, News
from tests.cast import act, ask, card, facilitator, member_of, reread, workshop
from workshops import agenda, comments, indicators, journal, votes
from workshops.agenda import Stage, Workshop
from workshops.consensus import Choice
from workshops.journal import GENESIS, Kind, Sending, Touch
from workshops.people import Person
from workshops.refusals import NotNow, NotThus

SENT, ELSE = "a" * 64, "b" * 64


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


async def minutes(database: Database, room: Workshop) -> dict[str, Any]:
    room = await reread(database, room)
    return exports.minutes(room, await ask(database, journal.since, room.id, 0))


async def vote(
    database: Database, room: Workshop, by: Person, code: str = "ACT-01", key: tuple[str, str] | None = None
) -> Mapping[str, int]:
    """Vote with a key; the number of the gesture, by workshop."""
    text = await card(database, room, code)
    async with database.transaction(Sending(*key) if key else None) as session:
        await votes.cast(session, text.id, wording=text.wording.number, choice=Choice.KEEP, by=by)
    found: Mapping[str, int] = session.info["gestures"]
    return found


# ── The chain


async def test_each_gesture_is_one_line_numbered_signed_and_chained(
    database: Database, room: Workshop, alix: Person
) -> None:
    await vote(database, room, alix)
    written = await minutes(database, room)
    gestures = written["gestes"]
    assert [(g["numero"], g["genre"]) for g in gestures] == [
        (1, "workshop_convened"),
        (2, "stage_moved"),
        (3, "member_joined"),
        (4, "vote_cast"),
    ]
    assert [g["precedent"] for g in gestures] == [GENESIS, *(g["empreinte"] for g in gestures[:-1])]
    assert written["derniere_empreinte"] == gestures[-1]["empreinte"]
    assert journal.first_break(gestures) is None


@pytest.mark.parametrize("key", ["atelier", "numero", "genre", "par", "objet", "le", "precedent", "empreinte"])
async def test_one_altered_field_is_found(database: Database, room: Workshop, alix: Person, key: str) -> None:
    gestures = (await minutes(database, room))["gestes"]
    gestures[1][key] = 7 if key == "numero" else gestures[1][key][:-1] + "!"
    assert journal.first_break(gestures) == 2


async def test_a_missing_swapped_repeated_or_resigned_gesture_is_found(
    database: Database, room: Workshop, alix: Person
) -> None:
    first, second, third = (await minutes(database, room))["gestes"]
    assert journal.first_break([first, third]) == 2
    assert journal.first_break([second, third]) == 1
    assert journal.first_break([first, third, second]) == 2
    assert journal.first_break([first, first, second, third]) == 2
    entries = await ask(database, journal.since, room.id, 0)
    entries[1].about = "closed"
    resigned = {**second, "objet": "closed", "empreinte": journal.sign(entries[1])}
    assert journal.first_break([first, resigned, third]) == 3


async def test_an_empty_chain_holds() -> None:
    assert journal.first_break([]) is None


async def test_one_reads_what_came_after(database: Database, room: Workshop, alix: Person) -> None:
    assert [entry.number for entry in await ask(database, journal.since, room.id, 1)] == [2, 3]
    assert await ask(database, journal.since, room.id, 3) == []


async def test_one_reads_what_was_touched_since_whatever_the_number_of_gestures(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    first, second = await card(database, room), await card(database, room, "ACT-02")
    since = (await reread(database, room)).gestures
    for choice in (Choice.KEEP, Choice.ABSTAIN, Choice.KEEP):
        for voted in (first, second):
            await act(database, votes.cast, voted.id, wording=1, choice=choice, by=alix)
    await act(database, agenda.move, room.id, Stage.CLOSED, by=camille)
    assert await ask(database, journal.touched, room.id, since, since + 5) == [
        Touch(Kind.VOTE_CAST, second.id, since + 4),
        Touch(Kind.VOTE_CAST, first.id, since + 5),
    ]
    assert await ask(database, journal.touched, room.id, since + 5, since + 7) == [
        Touch(Kind.VOTE_CAST, second.id, since + 6),
        Touch(Kind.STAGE_MOVED, "closed", since + 7),
    ]


async def test_a_refused_gesture_leaves_no_trace(database: Database, room: Workshop, alix: Person) -> None:
    before = await minutes(database, room)
    with pytest.raises(NotNow):
        await act(database, indicators.propose, room.id, {"famille": "impact"}, by=alix)
    assert await minutes(database, room) == before
    assert (await vote(database, room, alix)) == {room.id: 4}


# ── The bell


async def test_the_bell_rings_after_the_commit_and_only_then(database: Database, room: Workshop, alix: Person) -> None:
    rung: list[News] = []
    database.after_commit = rung.append
    await vote(database, room, alix, key=("k", SENT))
    assert rung == [News({room.id: 4})]
    await vote(database, room, alix, key=("k", SENT))
    text = await card(database, room)
    with pytest.raises(NotThus):
        await act(database, votes.cast, text.id, wording=9, choice=Choice.KEEP, by=alix)
    assert rung == [News({room.id: 4})]


# ── The same sending twice


async def test_the_same_key_twice_is_one_gesture(database: Database, room: Workshop, alix: Person) -> None:
    assert await vote(database, room, alix, key=("k", SENT)) == {room.id: 4}
    await vote(database, room, alix, "ACT-02")
    assert await vote(database, room, alix, key=("k", SENT)) == {room.id: 4}
    assert (await reread(database, room)).gestures == 5


async def test_the_same_key_at_once_is_one_gesture(database: Database, room: Workshop, alix: Person) -> None:
    answers = await asyncio.gather(*(vote(database, room, alix, key=("k", SENT)) for _ in range(8)))
    assert answers == [{room.id: 4}] * 8
    kinds = [entry.kind for entry in await ask(database, journal.since, room.id, 3)]
    assert kinds == [Kind.VOTE_CAST]


async def test_the_same_key_for_something_else_is_refused(database: Database, room: Workshop, alix: Person) -> None:
    await vote(database, room, alix, key=("k", SENT))
    with pytest.raises(NotThus) as refusal:
        await vote(database, room, alix, "ACT-02", key=("k", ELSE))
    assert list(refusal.value.fields) == ["key"]
    assert (await reread(database, room)).gestures == 4


async def test_a_key_belongs_to_a_person(database: Database, room: Workshop, alix: Person) -> None:
    sacha = await member_of(database, room, "siilab")
    assert await vote(database, room, alix, key=("k", SENT)) == {room.id: 5}
    assert await vote(database, room, sacha, key=("k", SENT)) == {room.id: 6}


async def test_every_verb_answers_a_key_once(database: Database, room: Workshop, camille: Person, alix: Person) -> None:
    text = await card(database, room)
    await vote(database, room, alix)
    rewritten = {**text.sheet, "libelle": "Agents"}
    gestures: list[Any] = [
        lambda s: comments.post(s, text.id, field="definition", text="Qui compte ?", by=alix),
        lambda s: indicators.reword(s, text.id, rewritten, base=1, by=alix),
        lambda s: votes.take_back(s, text.id, by=alix),
        lambda s: agenda.join(s, room.id, name="Alix M.", lab="ti-lab", by=alix),
        lambda s: agenda.move(s, room.id, Stage.DISCUSSING, by=camille),
    ]
    for number, gesture in enumerate(gestures, start=5):
        for _ in range(2):
            async with database.transaction(Sending(f"key {number}", SENT)) as session:
                await gesture(session)
            assert session.info["gestures"] == {room.id: number}
    assert (await reread(database, room)).gestures == 9


async def test_a_workshop_convened_twice_with_a_key_is_one(database: Database) -> None:
    camille = await facilitator(database, "Une autre")
    for _ in range(2):
        async with database.transaction(Sending("k", SENT)) as session:
            opened = await agenda.convene(
                session,
                title="Atelier",
                purpose="Essayer.",
                held_on=camille.created_at.date(),
                prepares="2.0.0",
                start=agenda.Start.EMPTY,
                by=camille,
            )
        assert session.info["gestures"] == {opened.id: 1}
    assert [found.id for found in await ask(database, agenda.calendar)] == [opened.id]
