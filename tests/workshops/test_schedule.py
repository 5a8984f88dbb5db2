"""The schedule: what is planned, and the timer of the point under way."""

import asyncio
from datetime import timedelta

import pytest

from server.database import Database
from tests.cast import act, ask, member_of, move, observer, stranger, workshop
from tests.conftest import NINE, Clock
from workshops import agenda, journal, schedule
from workshops.agenda import Stage, Workshop
from workshops.journal import Kind, Sending
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.schedule import Day, Point, Stale

MORNING = "10 Accueil\n20 Vote\n5 Suite"


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, by=camille)


async def day(database: Database, room: Workshop) -> Day:
    return await ask(database, schedule.day, room.id)


async def kinds(database: Database, room: Workshop) -> list[Kind]:
    """What happened to the schedule, in order."""
    entries = await ask(database, journal.since, room.id, 0)
    return [entry.kind for entry in entries if entry.kind in schedule.KINDS]


async def write(database: Database, room: Workshop, by: Person, text: str = MORNING) -> None:
    await act(database, schedule.write, room.id, text, base=(await day(database, room)).number, by=by)


async def extend(database: Database, room: Workshop, minutes: int, by: Person) -> None:
    running = (await day(database, room)).running
    assert running
    await act(database, schedule.extend, room.id, minutes, base=running.set_by, by=by)


# ── Writing


@pytest.mark.parametrize(
    ("line", "point"),
    [
        ("10 Accueil", (10, "Accueil")),
        ("10 min Accueil et règle du vote", (10, "Accueil et règle du vote")),
        ("10min. Accueil", (10, "Accueil")),
        ("  5   :  Pause ", (5, "Pause")),
        ("480 – Toute la journée", (480, "Toute la journée")),
        ("2 minutes de silence", (2, "minutes de silence")),
        ("15 3 tours de table", (15, "3 tours de table")),
    ],
)
def test_a_line_is_minutes_then_a_title(line: str, point: tuple[int, str]) -> None:
    assert schedule.read(line) == (Point(1, *point),)


@pytest.mark.parametrize("line", ["Accueil", "10", "10Accueil", "0 Accueil", "481 Accueil", "1000 Accueil", "-5 A", "1h A"])
def test_a_line_that_does_not_hold_is_named(line: str) -> None:
    with pytest.raises(NotThus) as refused:
        schedule.read(f"10 Accueil\n\n{line}\n20 Vote")
    assert (list(refused.value.fields), refused.value.values) == (["schedule"], {"line": 3})


def test_a_title_and_a_day_have_an_end() -> None:
    assert len(schedule.read("5 " + "x" * 120)) == 1
    assert len(schedule.read("5 Pause\n" * 60)) == 60
    for text in ("5 " + "x" * 121, "5 Pause\n" * 61):
        with pytest.raises(NotThus):
            schedule.read(text)


async def test_whoever_leads_writes_what_everybody_reads(database: Database, camille: Person, room: Workshop) -> None:
    await write(database, room, camille, "\n10 min  Accueil\r\n20 Vote\n")
    found = await day(database, room)
    assert found.points == (Point(1, 10, "Accueil"), Point(2, 20, "Vote"))
    assert (found.text, found.minutes, found.next, found.running) == ("10 Accueil\n20 Vote", 30, found.points[0], None)
    assert await kinds(database, room) == [Kind.SCHEDULE_WRITTEN]


async def test_the_same_text_is_no_gesture_and_an_empty_one_takes_all_away(
    database: Database, camille: Person, room: Workshop
) -> None:
    await act(database, schedule.write, room.id, "", base=0, by=camille)
    assert await kinds(database, room) == []
    await write(database, room, camille)
    await act(database, schedule.write, room.id, "10 min Accueil\n20 Vote\n\n5 Suite", base=0, by=camille)
    assert await kinds(database, room) == [Kind.SCHEDULE_WRITTEN]
    await write(database, room, camille, " ")
    assert (await day(database, room)).points == ()


async def test_two_who_write_at_once_lose_nothing(database: Database, camille: Person, room: Workshop) -> None:
    robin = await stranger(database, "Robin")
    await act(database, agenda.appoint, room.id, robin, by=camille)
    await act(database, schedule.write, room.id, "10 Accueil", base=0, by=robin)
    with pytest.raises(Stale) as refused:
        await act(database, schedule.write, room.id, "15 Café", base=0, by=camille)
    stands = await day(database, room)
    assert refused.value.theirs == stands
    assert refused.value.told == {"base": stands.number, "texte_actuel": "10 Accueil", "votre_texte": "15 Café"}
    await act(database, schedule.write, room.id, "15 Café", base=stands.number, by=camille)
    assert (await day(database, room)).text == "15 Café"


# ── The timer


async def test_a_point_ends_so_many_minutes_after_it_started(
    database: Database, camille: Person, room: Workshop, clock: Clock
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    found = await day(database, room)
    assert found.running
    assert (found.running.title, found.running.ends_at, found.here) == ("Accueil", NINE + timedelta(minutes=10), 1)
    assert found.next == Point(2, 20, "Vote")
    clock.advance(minutes=3)
    await act(database, schedule.start, room.id, 2, by=camille)
    found = await day(database, room)
    assert found.running
    assert (found.running.title, found.running.ends_at) == ("Vote", NINE + timedelta(minutes=23))


async def test_starting_what_is_under_way_is_once(database: Database, camille: Person, room: Workshop) -> None:
    await write(database, room, camille)
    for _ in range(2):
        await act(database, schedule.start, room.id, 1, by=camille)
    assert await kinds(database, room) == [Kind.SCHEDULE_WRITTEN, Kind.TIMER_STARTED]
    running = (await day(database, room)).running
    assert running
    await act(database, schedule.stop, room.id, running.timer_id, by=camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    assert (await kinds(database, room))[2:] == [Kind.TIMER_STOPPED, Kind.TIMER_STARTED]


async def test_time_is_given_again_and_again(database: Database, camille: Person, room: Workshop, clock: Clock) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    await extend(database, room, 5, camille)
    await extend(database, room, 120, camille)
    running = (await day(database, room)).running
    assert running
    assert running.ends_at == NINE + timedelta(minutes=135)


async def test_time_given_once_it_is_over_counts_from_then(
    database: Database, camille: Person, room: Workshop, clock: Clock
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    clock.advance(minutes=17)
    await extend(database, room, 5, camille)
    running = (await day(database, room)).running
    assert running
    assert running.ends_at == NINE + timedelta(minutes=22)


async def test_two_who_give_time_at_once_give_it_once(database: Database, camille: Person, room: Workshop) -> None:
    robin = await stranger(database, "Robin")
    await act(database, agenda.appoint, room.id, robin, by=camille)
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    seen = (await day(database, room)).running
    assert seen
    given = [act(database, schedule.extend, room.id, 5, base=seen.set_by, by=each) for each in (camille, robin, robin)]
    await asyncio.gather(*given)
    assert (await kinds(database, room)).count(Kind.TIMER_EXTENDED) == 1


@pytest.mark.parametrize("minutes", [0, -5, 121])
async def test_time_is_given_within_reason(
    database: Database, camille: Person, room: Workshop, minutes: int
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    with pytest.raises(NotThus):
        await extend(database, room, minutes, camille)


async def test_a_second_click_on_stop_leaves_the_next_point_alone(
    database: Database, camille: Person, room: Workshop
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    seen = (await day(database, room)).running
    assert seen
    await act(database, schedule.stop, room.id, seen.timer_id, by=camille)
    stopped = await day(database, room)
    assert (stopped.running, stopped.here, stopped.next) == (None, 1, Point(2, 20, "Vote"))
    await act(database, schedule.start, room.id, 2, by=camille)
    await act(database, schedule.stop, room.id, seen.timer_id, by=camille)
    found = await day(database, room)
    assert found.running
    assert found.running.title == "Vote"
    assert (await kinds(database, room)).count(Kind.TIMER_STOPPED) == 1


async def test_nothing_runs_before_it_is_started(database: Database, camille: Person, room: Workshop) -> None:
    await write(database, room, camille)
    with pytest.raises(NotNow):
        await act(database, schedule.extend, room.id, 5, base=0, by=camille)
    for place in (0, 4):
        with pytest.raises(NotFound):
            await act(database, schedule.start, room.id, place, by=camille)


@pytest.mark.parametrize(
    ("text", "place", "then"),
    [
        ("5 Café\n10 Accueil\n20 Vote", 2, "Vote"),  # it moved
        ("15 Accueil\n20 Vote", 1, "Vote"),  # it is longer
        ("20 Vote\n5 Suite", 0, "Vote"),  # it is gone
        ("10 Accueil\n10 Accueil", 1, "Accueil"),
        ("", 0, None),
    ],
)
async def test_a_schedule_written_again_knows_where_the_day_is(
    database: Database, camille: Person, room: Workshop, text: str, place: int, then: str | None
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    await write(database, room, camille, text)
    found = await day(database, room)
    assert found.running
    assert (found.running.title, found.running.minutes, found.running.place) == ("Accueil", 10, place)
    assert (found.next.title if found.next else None) == then


# ── Who, and when


async def test_only_those_who_lead_touch_it(database: Database, camille: Person, room: Workshop) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    seen = (await day(database, room)).running
    assert seen
    before = await kinds(database, room)
    for person in (await member_of(database, room), await observer(database, room), await stranger(database)):
        for verb, given, named in (
            (schedule.write, ["10 Autre"], {"base": 0}),
            (schedule.start, [2], {}),
            (schedule.extend, [5], {"base": seen.set_by}),
            (schedule.stop, [seen.timer_id], {}),
        ):
            with pytest.raises(NotYours):
                await act(database, verb, room.id, *given, **named, by=person)
    assert await kinds(database, room) == before


async def test_a_closed_workshop_keeps_its_schedule_as_it_was(
    database: Database, camille: Person, room: Workshop
) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    seen = (await day(database, room)).running
    assert seen
    await move(database, room, Stage.CLOSED, by=camille)
    for verb, given, named in (
        (schedule.write, ["10 Autre"], {"base": 0}),
        (schedule.start, [2], {}),
        (schedule.extend, [5], {"base": seen.set_by}),
        (schedule.stop, [seen.timer_id], {}),
    ):
        with pytest.raises(NotNow):
            await act(database, verb, room.id, *given, **named, by=camille)
    assert (await day(database, room)).text == MORNING


async def test_the_same_sending_twice_is_one_gesture(database: Database, camille: Person, room: Workshop) -> None:
    for _ in range(2):
        async with database.transaction(Sending("k", "d")) as session:
            await schedule.write(session, room.id, MORNING, base=0, by=camille)
    assert await kinds(database, room) == [Kind.SCHEDULE_WRITTEN]


async def test_each_gesture_on_a_timer_tells_its_point(database: Database, camille: Person, room: Workshop) -> None:
    await write(database, room, camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    await extend(database, room, 5, camille)
    running = (await day(database, room)).running
    assert running
    await act(database, schedule.stop, room.id, running.timer_id, by=camille)
    told = sorted(await ask(database, schedule.gestures, room.id))
    assert [(title, minutes) for _, title, minutes in told] == [("Accueil", 10), ("Accueil", 5), ("Accueil", 0)]
    entries = [e.number for e in await ask(database, journal.since, room.id, 0) if e.kind in schedule.KINDS[1:]]
    assert [number for number, _, _ in told] == entries
