"""The agenda: convene, join, move from stage to stage."""

import asyncio
from datetime import date
from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, facilitator, member_of, move, observer, reread, somebody, stranger, workshop
from workshops import agenda, attachments, journal, people, roles
from workshops.agenda import Stage, Start, Workshop
from workshops.journal import Kind, Sending
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours

ASKED: dict[str, Any] = {
    "title": "Atelier de novembre",
    "purpose": "Écrire la version 2.",
    "held_on": date(2026, 11, 23),
    "prepares": "2.0.0",
    "start": Start.EMPTY,
}
STAGES = list(Stage)


async def kinds(database: Database, workshop: Workshop) -> list[Kind]:
    return [entry.kind for entry in await ask(database, journal.since, workshop.id, 0)]


# ── Convene


async def test_a_facilitator_convenes_a_workshop_in_preparation(database: Database) -> None:
    camille = await facilitator(database)
    room = await act(database, agenda.convene, **ASKED, by=camille)
    room = await reread(database, room)
    assert (room.stage, room.start, room.gestures, room.held_on) == (
        Stage.PREPARING,
        Start.EMPTY,
        1,
        date(2026, 11, 23),
    )
    members = await ask(database, attachments.members, room.id)
    assert [(m.person_id, m.name, m.role) for m in members.values()] == [(camille.id, "Camille", Role.FACILITATOR)]
    (first,) = await ask(database, journal.since, room.id, 0)
    assert (first.number, first.kind, first.about, first.previous_hash) == (
        1,
        Kind.WORKSHOP_CONVENED,
        room.id,
        journal.GENESIS,
    )
    assert first.hash == room.head


async def test_a_title_is_one_line_and_a_purpose_may_have_several(database: Database) -> None:
    camille = await facilitator(database)
    texts = {"title": " Atelier \u202ede\n novembre\u200b ", "purpose": "\u00a0Un.\r\nDeux\x07.\n"}
    room = await act(database, agenda.convene, **{**ASKED, **texts}, by=camille)
    assert (room.title, room.purpose) == ("Atelier de novembre", "Un.\nDeux.")


async def test_two_taps_at_once_open_one_workshop(database: Database) -> None:
    """The second waits for the first; then it is the same sending, or, where both had begun, one too many."""
    camille = await facilitator(database)

    async def convene() -> None:
        async with database.transaction(Sending("k", "d" * 64)) as session:
            await agenda.convene(session, **ASKED, by=camille)

    answers = await asyncio.gather(*(convene() for _ in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} <= {type(None), NotNow}
    assert type(None) in {type(answer) for answer in answers}
    (room,) = await ask(database, agenda.calendar)
    assert room.gestures == 1


async def test_nobody_else_convenes(database: Database) -> None:
    for person in (await stranger(database), await somebody(database, "Dominique", Role.PUBLISHER)):
        with pytest.raises(NotYours):
            await act(database, agenda.convene, **ASKED, by=person)
    assert await ask(database, agenda.calendar) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"purpose": "\n"}, "purpose"),
        ({"purpose": "x" * 1001}, "purpose"),
        ({"prepares": "2.0"}, "prepares"),
        ({"prepares": "02.0.0"}, "prepares"),
        ({"prepares": "1.0.0"}, "prepares"),
    ],
)
async def test_each_field_that_does_not_hold_is_named(database: Database, wrong: dict[str, str], field: str) -> None:
    camille = await facilitator(database)
    with pytest.raises(NotThus) as refusal:
        await act(database, agenda.convene, **{**ASKED, **wrong}, by=camille)
    assert list(refusal.value.fields) == [field]


async def test_a_workshop_is_found_by_its_code_however_it_is_typed(database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    typed = f" {room.code[:3].lower()} {room.code[3:]} "
    assert await ask(database, agenda.find, typed) == room
    with pytest.raises(NotFound):
        await ask(database, agenda.find, "IIIIII")


async def test_the_calendar_begins_with_the_most_recent(database: Database) -> None:
    camille = await facilitator(database)
    for day in (3, 21, 12):
        await act(database, agenda.convene, **{**ASKED, "held_on": date(2026, 11, day)}, by=camille)
    assert [room.held_on.day for room in await ask(database, agenda.calendar)] == [21, 12, 3]


# ── Join


@pytest.mark.parametrize(("lab", "role"), [("ti-lab", Role.MEMBER), (None, Role.OBSERVER), ("", Role.OBSERVER)])
async def test_with_a_lab_one_takes_part_without_one_observes(database: Database, lab: str | None, role: Role) -> None:
    room = await workshop(database, by=await facilitator(database))
    alix = await stranger(database, "Alix")
    await act(database, agenda.join, room.id, name="  Alix   M. ", lab=lab, by=alix)
    member = await ask(database, agenda.seat, room.id, alix)
    assert member is not None
    assert (member.name, member.lab_slug, member.role) == ("Alix M.", lab or None, role)
    assert await kinds(database, room) == [Kind.WORKSHOP_CONVENED, Kind.MEMBER_JOINED]


async def test_joining_again_changes_a_name_and_a_lab_and_keeps_one_seat(database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    noor = await observer(database, room)
    before = await ask(database, agenda.seat, room.id, noor)
    await act(database, agenda.join, room.id, name="Noor B.", lab="siilab", by=noor)
    after = await ask(database, agenda.seat, room.id, noor)
    assert before is not None
    assert after is not None
    assert (after.id, after.name, after.lab_slug, after.role) == (before.id, "Noor B.", "siilab", Role.MEMBER)
    assert len(await ask(database, attachments.members, room.id)) == 2
    assert await kinds(database, room) == [Kind.WORKSHOP_CONVENED, Kind.MEMBER_JOINED, Kind.MEMBER_CHANGED]


async def test_joining_again_as_before_is_no_gesture(database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    alix = await member_of(database, room)
    before = await reread(database, room)
    seat = await ask(database, agenda.seat, room.id, alix)
    assert await act(database, agenda.join, room.id, name=" Alix\u200b ", lab="ti-lab", by=alix) == seat
    assert await reread(database, room) == before
    for changed in ({"name": "Alix", "lab": "siilab"}, {"name": "Alix M.", "lab": "siilab"}):
        await act(database, agenda.join, room.id, **changed, by=alix)
    entries = await ask(database, journal.since, room.id, before.gestures)
    assert seat is not None
    assert [(entry.kind, entry.by_id, entry.about) for entry in entries] == [
        (Kind.MEMBER_CHANGED, alix.id, seat.id)
    ] * 2


async def test_a_facilitator_who_joins_keeps_the_floor(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    await act(database, agenda.join, room.id, name="Camille", lab="erasme", by=camille)
    member = await ask(database, agenda.seat, room.id, camille)
    assert member is not None
    assert (member.role, member.lab_slug) == (Role.FACILITATOR, "erasme")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " ", "lab": "ti-lab"}, "name"),
        ({"name": "x" * 61, "lab": "ti-lab"}, "name"),
        ({"name": "\u200b\u202e", "lab": "ti-lab"}, "name"),
        ({"name": "-- !", "lab": "ti-lab"}, "name"),
        ({"name": "Alix", "lab": "lab-imaginaire"}, "lab"),
    ],
)
async def test_a_name_and_a_lab_must_hold(database: Database, given: dict[str, str], field: str) -> None:
    room = await workshop(database, by=await facilitator(database))
    alix = await stranger(database, "Alix")
    with pytest.raises(NotThus) as refusal:
        await act(database, agenda.join, room.id, **given, by=alix)
    assert list(refusal.value.fields) == [field]
    assert await ask(database, agenda.seat, room.id, alix) is None


async def test_one_does_not_join_a_closed_or_unknown_workshop(database: Database) -> None:
    camille, alix = await facilitator(database), await stranger(database, "Alix")
    room = await workshop(database, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await act(database, agenda.join, room.id, name="Alix", lab="ti-lab", by=alix)
    with pytest.raises(NotFound):
        await act(database, agenda.join, "nowhere", name="Alix", lab="ti-lab", by=alix)


# ── Move


async def test_the_facilitator_sets_any_stage_in_any_order(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    walk = [Stage.VOTING, Stage.PROPOSING, Stage.PREPARING, Stage.DISCUSSING, Stage.CLOSED]
    for stage in walk:
        room = await move(database, room, stage, by=camille)
        assert room.stage is stage
    entries = await ask(database, journal.since, room.id, 1)
    assert [(entry.kind, entry.about) for entry in entries] == [(Kind.STAGE_MOVED, stage.value) for stage in walk]


async def test_nobody_else_moves_it(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    others: list[Person] = [
        await member_of(database, room),
        await observer(database, room),
        await stranger(database),
        await facilitator(database, "Un autre animateur"),
        await somebody(database, "Dominique", Role.PUBLISHER),
    ]
    room = await reread(database, room)
    for person in others:
        with pytest.raises(NotYours):
            await act(database, agenda.move, room.id, Stage.VOTING, by=person)
    assert await reread(database, room) == room


async def test_a_double_click_is_one_gesture(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    again = await move(database, room, Stage.VOTING, by=camille)
    assert again == room
    assert await kinds(database, room) == [Kind.WORKSHOP_CONVENED, Kind.STAGE_MOVED]


async def test_closing_is_for_good(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.CLOSED, by=camille)
    for stage in STAGES[:-1]:
        with pytest.raises(NotNow):
            await act(database, agenda.move, room.id, stage, by=camille)
    assert await move(database, room, Stage.CLOSED, by=camille) == room


async def test_the_role_of_facilitator_is_given_once(database: Database) -> None:
    camille = await facilitator(database)
    await act(database, roles.grant, camille, Role.FACILITATOR, by=None)
    assert await ask(database, people.roles, camille) == {Role.FACILITATOR}
