"""The schedule: what is planned for the day, point after point, and the timer of the one under way."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, bindparam, func, literal, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, journal, world
from workshops.agenda import Workshop
from workshops.journal import Kind
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import clean, one_line
from workshops.words import N_

KINDS = (Kind.SCHEDULE_WRITTEN, Kind.TIMER_STARTED, Kind.TIMER_EXTENDED, Kind.TIMER_STOPPED)
TITLE_LENGTH = 120
MOST_POINTS = 60
LONGEST_POINT = 480  # minutes
LONGEST_EXTENSION = 120  # minutes
LINE = re.compile(r"(\d{1,3})(?: ?min\b\.?)?(?: ?[:–-])? (.+)")


class Schedule(Record, table=True):
    """What is planned, as (minutes, title) pairs. Nothing changes it: the last one written stands."""

    workshop_id: str = Field(primary_key=True, foreign_key="workshop.id", max_length=12)
    gesture: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    points: list[Any] = Field(sa_type=JSON)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class Timer(Record, table=True):
    """A point of the schedule that was started, as it read then; the last one started is under way, unless stopped."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    workshop_id: str = Field(foreign_key="workshop.id", index=True, max_length=12)
    place: int
    minutes: int
    title: str = Field(max_length=TITLE_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


class Extension(Record, table=True):
    """Minutes given to a timer after it was started."""

    timer_id: str = Field(primary_key=True, foreign_key="timer.id", max_length=12)
    gesture: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    minutes: int
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class Stop(Record, table=True):
    """That a timer was stopped before another point was started."""

    timer_id: str = Field(primary_key=True, foreign_key="timer.id", max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


@dataclass(frozen=True)
class Point:
    """One point of the schedule; places count from 1."""

    place: int
    minutes: int
    title: str


@dataclass(frozen=True)
class Running:
    """The timer under way: when it ends, and the number of the last gesture that set it (started or extended).

    `place`: where its point stands, 0 when the schedule was written again without it.
    """

    timer_id: str
    place: int
    title: str
    minutes: int
    ends_at: datetime
    set_by: int


@dataclass(frozen=True)
class Day:
    """What is planned and what is under way. `number`: the gesture that wrote the schedule, 0 for none.

    `here`: how many points are behind, the one started last included.
    """

    number: int = 0
    points: tuple[Point, ...] = ()
    running: Running | None = None
    here: int = 0

    @property
    def next(self) -> Point | None:
        """The point to start now."""
        return self.points[self.here] if self.here < len(self.points) else None

    @property
    def minutes(self) -> int:
        """How long it all takes."""
        return sum(point.minutes for point in self.points)

    @property
    def text(self) -> str:
        """The schedule as it is written."""
        return "\n".join(f"{point.minutes} {point.title}" for point in self.points)


class Stale(NotNow):
    """Somebody wrote the schedule meanwhile: `theirs` stands now, `yours` is what was sent. Nothing is lost."""

    def __init__(self, theirs: Day, yours: str) -> None:
        super().__init__(
            N_("Quelqu'un a changé le déroulé pendant que vous écriviez. Les deux textes sont ci-dessous.")
        )
        self.theirs = theirs
        self.told = {"base": theirs.number, "texte_actuel": theirs.text, "votre_texte": yours}


async def write(session: AsyncSession, workshop_id: str, text: str, *, base: int, by: Person) -> None:
    """Whoever leads writes the schedule of an open workshop, a line a point: « 10 Accueil » is ten minutes.

    `base` is the number of the schedule they started from: another one meanwhile raises Stale. The same text changes
    nothing. Raises NotThus naming the first line that does not hold.
    """
    workshop = await _led(session, workshop_id, by)
    points, now = read(text), await day(session, workshop_id)
    if points == now.points:
        agenda.yield_floor(session, workshop)
        return
    if base != now.number:
        raise Stale(now, text)
    pairs = [(point.minutes, point.title) for point in points]
    session.add(Schedule(workshop_id=workshop.id, gesture=workshop.gestures, points=pairs, by_id=by.id))
    journal.record(session, workshop, Kind.SCHEDULE_WRITTEN, by=by, about=workshop.id)
    await session.flush()


async def start(session: AsyncSession, workshop_id: str, place: int, *, by: Person) -> None:
    """Whoever leads starts a point; the one under way is over. Starting it twice is once."""
    workshop = await _led(session, workshop_id, by)
    now = await day(session, workshop_id)
    point = next((point for point in now.points if point.place == place), None)
    if point is None:
        raise NotFound(N_("Ce point n'est pas au déroulé."))
    if now.running and (now.running.place, now.running.title, now.running.minutes) == (place, point.title, point.minutes):
        agenda.yield_floor(session, workshop)
        return
    timer = Timer(
        workshop_id=workshop.id,
        place=place,
        minutes=point.minutes,
        title=point.title,
        by_id=by.id,
        gesture=workshop.gestures,
    )
    session.add(timer)
    journal.record(session, workshop, Kind.TIMER_STARTED, by=by, about=timer.id)
    await session.flush()


async def extend(session: AsyncSession, workshop_id: str, minutes: int, *, base: int, by: Person) -> None:
    """Whoever leads gives the point under way more minutes, counted from now when its time is over.

    `base` is the gesture that had set the timer they saw: two who extend at once, or a second click, extend once.
    """
    workshop = await _led(session, workshop_id, by)
    now = await day(session, workshop_id)
    if now.running is None:
        raise NotNow(N_("Aucun point n'est en cours : lancez-en un d'abord."))
    if not 1 <= minutes <= LONGEST_EXTENSION:
        raise NotThus({"minutes": N_("De 1 à 120 minutes.")})
    if now.running.set_by != base:
        agenda.yield_floor(session, workshop)
        return
    timer_id = now.running.timer_id
    session.add(Extension(timer_id=timer_id, gesture=workshop.gestures, minutes=minutes, by_id=by.id))
    journal.record(session, workshop, Kind.TIMER_EXTENDED, by=by, about=timer_id)
    await session.flush()


async def stop(session: AsyncSession, workshop_id: str, timer_id: str, *, by: Person) -> None:
    """Whoever leads stops the timer they saw. One that is over already stays so, and the one after it goes on."""
    workshop = await _led(session, workshop_id, by)
    now = await day(session, workshop_id)
    if now.running is None or now.running.timer_id != timer_id:
        agenda.yield_floor(session, workshop)
        return
    session.add(Stop(timer_id=timer_id, by_id=by.id, gesture=workshop.gestures))
    journal.record(session, workshop, Kind.TIMER_STOPPED, by=by, about=timer_id)
    await session.flush()


async def _led(session: AsyncSession, workshop_id: str, person: Person) -> Workshop:
    """The floor of an open workshop, taken by somebody who leads it."""
    workshop = await agenda.take_floor(session, workshop_id, by=person)
    await agenda.require_member(session, workshop, person, *agenda.LEADING)
    if not workshop.is_open:
        raise NotNow(N_("L'atelier est clos : son déroulé ne change plus."))
    return workshop


def read(text: str) -> tuple[Point, ...]:
    """The points that a text says, a line each; blank lines do not count. Raises NotThus for the first wrong line."""
    points: list[Point] = []
    for number, line in enumerate(clean(text).split("\n"), 1):
        line = one_line(line)
        if not line:
            continue
        said = LINE.fullmatch(line)
        if said is None or not 1 <= int(said[1]) <= LONGEST_POINT:
            sentence = N_("Ligne {line} : commencez par la durée, de 1 à 480 minutes, puis le titre, comme « 10 Accueil ».")
            raise NotThus({"schedule": sentence}, line=number)
        if len(said[2]) > TITLE_LENGTH:
            raise NotThus({"schedule": N_("Ligne {line} : cent vingt caractères au plus pour un titre.")}, line=number)
        points.append(Point(len(points) + 1, int(said[1]), said[2]))
    if len(points) > MOST_POINTS:
        raise NotThus({"schedule": N_("Soixante points au plus.")})
    return tuple(points)


_WRITTEN = (
    select(func.max(col(Schedule.gesture)))
    .where(col(Schedule.workshop_id) == col(Workshop.id))
    .correlate(Workshop)
    .scalar_subquery()
)
_STARTED = (
    select(func.max(col(Timer.gesture)))
    .where(col(Timer.workshop_id) == col(Workshop.id))
    .correlate(Workshop)
    .scalar_subquery()
)
_DAY = (
    select(Schedule, Timer, Stop, Extension)
    .select_from(Workshop)
    .outerjoin(Schedule, (col(Schedule.workshop_id) == col(Workshop.id)) & (col(Schedule.gesture) == _WRITTEN))
    .outerjoin(Timer, (col(Timer.workshop_id) == col(Workshop.id)) & (col(Timer.gesture) == _STARTED))
    .outerjoin(Stop, col(Stop.timer_id) == col(Timer.id))
    .outerjoin(Extension, col(Extension.timer_id) == col(Timer.id))
    .where(col(Workshop.id) == bindparam("workshop"))
    .order_by(col(Extension.gesture))
)


async def day(session: AsyncSession, workshop_id: str) -> Day:
    """What is planned and what is under way. One query: every screen of the room asks."""
    rows = (await session.execute(_DAY, {"workshop": workshop_id})).all()
    if not rows:
        return Day()
    written, timer, stopped, _ = rows[0]
    pairs = written.points if written else []
    points = tuple(Point(place, minutes, title) for place, (minutes, title) in enumerate(pairs, 1))
    number = written.gesture if written else 0
    if timer is None:
        return Day(number, points)
    place = _place(points, timer)
    running = None if stopped else _running(timer, place, [extension for *_, extension in rows if extension])
    # When the point is gone, what now stands there comes next.
    return Day(number, points, running, place or min(timer.place - 1, len(points)))


def _running(timer: Timer, place: int, extensions: list[Extension]) -> Running:
    ends_at, set_by = timer.at + timedelta(minutes=timer.minutes), timer.gesture
    for extension in extensions:
        # What is given once the time is over is given from then on.
        ends_at = max(ends_at, extension.at) + timedelta(minutes=extension.minutes)
        set_by = extension.gesture
    return Running(timer.id, place, timer.title, timer.minutes, ends_at, set_by)


def _place(points: tuple[Point, ...], timer: Timer) -> int:
    """Where the point that was started stands, even if the schedule was written again; 0 when it is gone."""
    same = [point.place for point in points if point.title == timer.title]
    if timer.place in same:
        return timer.place
    return same[0] if same else 0


async def gestures(session: AsyncSession, workshop_id: str) -> list[tuple[int, str, int]]:
    """What each gesture on a timer was about: its number, the point, the minutes given (none when stopped). One query."""
    here = col(Timer.workshop_id) == workshop_id
    found = await session.execute(
        union_all(
            select(col(Timer.gesture), col(Timer.title), col(Timer.minutes)).where(here),
            select(col(Extension.gesture), col(Timer.title), col(Extension.minutes))
            .join(Timer, col(Timer.id) == col(Extension.timer_id))
            .where(here),
            select(col(Stop.gesture), col(Timer.title), literal(0))
            .join(Timer, col(Timer.id) == col(Stop.timer_id))
            .where(here),
        )
    )
    return [(gesture, title, minutes) for gesture, title, minutes in found]
