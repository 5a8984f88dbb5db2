"""The hub: seats, ticks, presence, slow seats, what nobody rang for."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from server import signatures
from server.database import Database
from server.live.hub import LATE, QUIET, RESTART, SLOW, Hub
from server.live.hub import Seat as HubSeat
from server.live.wire import encode
from server.metrics import Metrics
from server.rooms import Rooms
from server.scenes import Presence
from tests.cast import COMPLETE, act, member_of, publish, publisher, reread, workshop
from tests.room import Line, parse
from workshops import agenda, guests, indicators, votes
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice
from workshops.people import Person


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, by=camille)


class Seat(HubSeat):
    """A seat whose frames a test reads."""

    __slots__ = ("screen",)

    def __init__(self, workshop_id: str, person_id: str, lab: str, cursor: int) -> None:
        self.screen = Line()
        super().__init__(workshop_id, person_id, lab, cursor, line=self.screen)


@pytest.fixture
async def hub(database: Database) -> object:
    hub = Hub(database, Rooms(database), Metrics(), tick_ms=10)
    database.after_commit = hub.ring
    yield hub
    await hub.close()


async def next_frame(seat: Seat) -> str:
    async with asyncio.timeout(10):
        return await seat.screen.frames.get()


def gesture(frame: str) -> int:
    return int(parse(frame).children[0].attributes["data-geste"])  # type: ignore[union-attr,arg-type]


def parts(frame: str) -> list[str]:
    return [str(part.attributes["hx-target"]) for part in parse(frame).children[1:]]  # type: ignore[union-attr]


async def test_a_first_frame_tells_who_is_here(hub: Hub, database: Database, room: Workshop) -> None:
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    frame = await next_frame(seat)
    assert gesture(frame) == room.gestures
    assert parts(frame) == ["#presence", "#banner"]
    assert "1 personne présente" in frame


async def test_a_gesture_reaches_every_seat_as_the_same_frame(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    seats = [Seat(room.id, f"person {number}", "", cursor=room.gestures) for number in range(3)]
    for seat in seats:
        hub.sit(seat)
    for seat in seats:
        await next_frame(seat)
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=camille)
    frames = [await next_frame(seat) for seat in seats]
    assert frames[0] is frames[1] is frames[2]
    assert gesture(frames[0]) == room.gestures + 1
    assert parts(frames[0]) == ["#stage"]


async def test_gestures_of_the_same_tick_come_in_one_frame(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    await next_frame(seat)
    hub.tick = 0.5
    for stage in (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING):
        await act(database, agenda.move, room.id, stage, by=camille)
    drawn = [await next_frame(seat)]
    while gesture(drawn[-1]) < room.gestures + 3:
        drawn.append(await next_frame(seat))
    assert len(drawn) <= 2  # the first at once, the others together
    assert 'data-stage="voting"' in drawn[-1]


async def test_a_seat_that_comes_late_catches_up_from_its_cursor(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=camille)
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    frame = await next_frame(seat)
    assert gesture(frame) == room.gestures + 1
    assert 'data-stage="proposing"' in frame


async def test_what_nobody_rang_for_is_found_by_itself(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    """Another process committed: no bell rang here."""
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    await next_frame(seat)
    database.after_commit = lambda news: None
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=camille)
    assert gesture(await next_frame(seat)) == room.gestures + 1


async def test_people_are_counted_once_whatever_their_screens(hub: Hub, database: Database, room: Workshop) -> None:
    for person, lab in (("alix", "Ti Lab"), ("alix", "Ti Lab"), ("sacha", "SIILAB"), ("noor", "")):
        hub.sit(Seat(room.id, person, lab, cursor=1))
    assert hub.presence(room.id) == Presence(3, (("SIILAB", 1), ("Ti Lab", 1)))


async def test_whoever_changes_lab_is_counted_there(hub: Hub, database: Database, room: Workshop) -> None:
    alix = await member_of(database, room, "ti-lab")
    here = await reread(database, room)
    seat = Seat(room.id, alix.id, "Ti Lab", cursor=here.gestures)
    hub.sit(seat)
    await next_frame(seat)
    await act(database, agenda.join, room.id, name="Alix", lab="erasme", by=alix)
    frame = await next_frame(seat)
    assert hub.presence(room.id) == Presence(1, (("Erasme", 1),))
    assert "Erasme" in frame


async def test_people_who_arrive_one_after_the_other_are_all_told(hub: Hub, database: Database, room: Workshop) -> None:
    """Whoever sits down while the room is being looked at is not forgotten."""
    first = Seat(room.id, "person 0", "", cursor=room.gestures)
    hub.sit(first)
    for number in range(1, 12):
        await asyncio.sleep(0.003 * (number % 4))
        hub.sit(Seat(room.id, f"person {number}", "", cursor=room.gestures))
    while "12 personnes présentes" not in await next_frame(first):
        pass


async def test_a_room_that_fills_tells_its_screens_once_a_second(
    hub: Hub, database: Database, room: Workshop
) -> None:
    first = Seat(room.id, "person 0", "", cursor=room.gestures)
    hub.sit(first)
    await next_frame(first)
    began = asyncio.get_running_loop().time()
    for number in range(1, 31):
        guest = await act(database, guests.enter, room.id, name=f"Personne {number}", lab=None)
        hub.sit(Seat(room.id, guest.id, "", cursor=room.gestures + number))
        await asyncio.sleep(0.02)
    told = [await next_frame(first)]
    while "31 personnes présentes" not in told[-1] or gesture(told[-1]) < room.gestures + 30:
        told.append(await next_frame(first))
    seconds = asyncio.get_running_loop().time() - began
    assert len(told) <= seconds / QUIET + 1


async def test_a_gesture_of_a_room_that_fills_does_not_wait_for_the_second(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    await next_frame(seat)
    hub.rooms[room.id]._told_at = float("inf")  # that second does not end
    await act(database, guests.enter, room.id, name="Alix", lab=None)
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=camille)
    while "#stage" not in parts(frame := await next_frame(seat)):
        pass
    assert gesture(frame) == room.gestures + 2


async def test_who_came_while_others_were_not_told_is_told_again(hub: Hub, database: Database, room: Workshop) -> None:
    """One comes, one leaves: the count is what it was, but for the one who came meanwhile."""
    alix, sacha = (Seat(room.id, name, "", cursor=room.gestures) for name in ("alix", "sacha"))
    hub.sit(alix)
    hub.sit(sacha)
    while "2 personnes présentes" not in await next_frame(alix):
        pass
    noor = Seat(room.id, "noor", "", cursor=room.gestures)
    hub.sit(noor)
    assert "3 personnes présentes" in await next_frame(noor)
    hub.leave(sacha)
    while "2 personnes présentes" not in await next_frame(noor):
        pass


async def test_whoever_signs_out_is_asked_to_come_back(hub: Hub, database: Database, room: Workshop) -> None:
    alix, sacha = (Seat(room.id, name, "", cursor=room.gestures) for name in ("alix", "sacha"))
    hub.sit(alix)
    hub.sit(sacha)
    hub.dismiss("alix")
    assert (alix.screen.closed, sacha.screen.closed) == (RESTART, None)


async def test_who_leaves_is_not_here_any_more(hub: Hub, database: Database, room: Workshop) -> None:
    alix, sacha = (Seat(room.id, name, "Ti Lab", cursor=room.gestures) for name in ("alix", "sacha"))
    hub.sit(alix)
    hub.sit(sacha)
    await next_frame(alix)
    hub.leave(sacha)
    while "1 personne présente" not in await next_frame(alix):
        pass
    hub.leave(alix)
    assert hub.presence(room.id) == Presence()
    assert hub.rooms == {}


async def test_a_slow_seat_is_asked_to_come_back(room: Workshop) -> None:
    seat = Seat(room.id, "alix", "", cursor=1)
    seat.screen.waiting = LATE
    seat.put(encode("a frame"))
    assert (seat.screen.frames.qsize(), seat.screen.closed) == (1, None)
    seat.screen.waiting += 1
    seat.put(encode("one too many"))
    seat.put(encode("and another"))
    assert (seat.screen.frames.qsize(), seat.screen.closed, seat.closing) == (1, SLOW, SLOW)


async def test_a_room_survives_a_database_that_goes_away(
    hub: Hub, database: Database, room: Workshop, camille: Person, caplog: pytest.LogCaptureFixture
) -> None:
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    await next_frame(seat)
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    hub.readings.database = away
    hub.rooms[room.id].bell.set()
    async with asyncio.timeout(10):
        while "could not be drawn" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    hub.readings.database = database
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=camille)
    frame = await next_frame(seat)
    assert gesture(frame) == room.gestures + 1


async def test_an_elsewhere_published_version_is_announced_here(
    hub: Hub, database: Database, room: Workshop, camille: Person
) -> None:
    other = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY, title="Ailleurs")
    alix = await member_of(database, other)
    ours = await act(database, indicators.propose, other.id, COMPLETE, by=alix)
    await act(database, agenda.move, other.id, Stage.VOTING, by=camille)
    await act(database, votes.cast, ours.id, wording=1, choice=Choice.KEEP, by=alix)
    await act(database, agenda.move, other.id, Stage.CLOSED, by=camille)
    seat = Seat(room.id, "camille", "", cursor=room.gestures)
    hub.sit(seat)
    assert "est publiée" not in await next_frame(seat)
    await publish(database, await reread(database, other), by=await publisher(database))
    assert "La version 2.0.0 du référentiel est publiée." in await next_frame(seat)


async def test_a_screen_that_cannot_be_drawn_harms_no_other(hub: Hub, database: Database, room: Workshop) -> None:
    alix = await member_of(database, room, "ti-lab")
    here = await reread(database, room)
    seats = [Seat(room.id, f"person {number}", "", cursor=number) for number in range(1, here.gestures + 1)]
    odd = [Seat(room.id, f"odd {number}", "", cursor=here.gestures) for number in range(20)]
    for number, seat in enumerate(odd):
        seat.view = f"nulle-part-{number}"
    for seat in (*odd, *seats):
        hub.sit(seat)
    for seat in seats:
        await next_frame(seat)
    await act(database, agenda.join, room.id, name="Alix", lab="erasme", by=alix)
    for seat in seats:
        while gesture(await next_frame(seat)) < here.gestures + 1:
            pass


async def test_who_comes_while_somebody_changes_lab_is_counted_on_every_screen(
    hub: Hub, database: Database, room: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone catches up with a change of lab that the other screens have had; meanwhile somebody sits down."""
    alix = await member_of(database, room, "ti-lab")
    before = await reread(database, room)
    await act(database, agenda.join, room.id, name="Alix", lab="erasme", by=alix)
    seat = Seat(room.id, alix.id, "Erasme", cursor=before.gestures + 1)
    hub.sit(seat)
    await next_frame(seat)
    late = Seat(room.id, "noor", "", cursor=before.gestures + 1)
    hub.sit(late)
    assert "2 personnes présentes" in await next_frame(seat)
    await next_frame(late)
    late.cursor = before.gestures  # its last frame was lost with its connection; it is back
    cast, sacha = signatures.cast, Seat(room.id, "sacha", "", cursor=before.gestures + 1)

    async def meanwhile(session: AsyncSession, workshop_id: str) -> signatures.Cast:
        if sacha not in hub.rooms[room.id].seats:
            hub.sit(sacha)
        return await cast(session, workshop_id)

    monkeypatch.setattr(signatures, "cast", meanwhile)
    hub.look()
    assert "3 personnes présentes" in await next_frame(seat)
