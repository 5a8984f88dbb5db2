"""The agenda: people of several labs, on one subject, stage after stage."""

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, UniqueConstraint, bindparam, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import journal, labs, people, world
from workshops.consensus import ANNOUNCED, Rule
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.texts import clean, one_line
from workshops.words import N_, Word

LEADING = (Role.FACILITATOR, Role.COFACILITATOR)
VERSION = re.compile(r"(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})")


class Stage(Word):
    """What the workshop is doing now. CLOSED is for good: the minutes are sealed."""

    PREPARING = "preparing", N_("Préparation")
    PROPOSING = "proposing", N_("Propositions")
    DISCUSSING = "discussing", N_("Discussion")
    VOTING = "voting", N_("Vote")
    CLOSED = "closed", N_("Clôture")


class Start(Word):
    """What is on the table when a workshop opens."""

    COMMITMENT = "commitment", N_("Les 19 indicateurs de l'engagement n° 46")
    PREVIOUS = "previous", N_("La dernière version publiée")
    EMPTY = "empty", N_("Une page blanche")


class Workshop(Record, table=True):
    """A workshop. `gestures` numbers its journal, `head` is the last hash of the chain.

    `rule` is the announced rule as it is published, locked when the vote first opens; `salt`, which nobody is shown,
    makes the pseudonyms of its ballots.
    """

    __table_args__ = (one_of("stage", Stage), one_of("start", Start))

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    code: str = Field(default_factory=world.new_code, unique=True, max_length=6)
    title: str = Field(max_length=120)
    purpose: str = Field(max_length=1000)
    held_on: date
    prepares: str = Field(max_length=20)
    start: Start = Field(sa_type=Coded(Start))
    stage: Stage = Field(default=Stage.PREPARING, sa_type=Coded(Stage))
    rule: dict[str, Any] = Field(default_factory=ANNOUNCED.published, sa_type=JSON)
    rule_locked_at: datetime | None = Field(default=None, sa_type=Moment)
    round: int = 1
    salt: str = Field(default_factory=world.new_salt, max_length=32)
    gestures: int = 0
    head: str = Field(default=journal.GENESIS, max_length=64)

    @property
    def is_open(self) -> bool:
        return self.stage is not Stage.CLOSED

    @property
    def announced(self) -> Rule:
        """The rule of this workshop."""
        return Rule.read(self.rule)

    @property
    def hides(self) -> bool:
        """Whether results are not for everybody yet."""
        return self.is_open and self.announced.hides

    def require(self, *stages: Stage) -> None:
        """One of these stages, or NotNow."""
        require_stage(self.stage, *stages)


class Member(Record, table=True):
    """Somebody's place in a workshop; on paper, of somebody without a device, whose ballots are copied for them."""

    __table_args__ = (
        UniqueConstraint("workshop_id", "person_id"),
        UniqueConstraint("workshop_id", "door", name="uq_member_door"),
        one_of("role", Role),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    workshop_id: str = Field(foreign_key="workshop.id", max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    name: str = Field(max_length=people.NAME_LENGTH)
    role: Role = Field(sa_type=Coded(Role))
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", max_length=60)
    joined_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    door: str | None = Field(default=None, max_length=64)
    on_paper: bool = False


def require_stage(stage: Stage, *stages: Stage) -> None:
    """One of these stages, or NotNow."""
    if stage not in stages:
        raise NotNow(N_("L'atelier en est à l'étape « {stage} » : ce geste n'y est pas possible."), stage=stage.label)


async def hold(session: AsyncSession, person_ids: Collection[str]) -> list[Workshop]:
    """The workshops where these people have a seat, none of which goes on until the commit; always in the same order."""
    seated = select(Member.workshop_id).where(col(Member.person_id).in_(person_ids))
    held = select(Workshop).where(col(Workshop.id).in_(seated)).order_by(col(Workshop.id)).with_for_update()
    return list(await session.scalars(held.execution_options(populate_existing=True)))


async def convene(
    session: AsyncSession, *, title: str, purpose: str, held_on: date, prepares: str, start: Start, by: Person
) -> Workshop:
    """A facilitator opens a workshop, in preparation, and gets its code.

    Raises NotYours without the role, NotThus when a field does not hold.
    """
    await people.require(session, by, Role.FACILITATOR)
    await journal.answered(session, by.id)
    title, purpose = one_line(title), clean(purpose)
    _check_convening(title, purpose, prepares)
    workshop = Workshop(title=title, purpose=purpose, held_on=held_on, prepares=prepares, start=start, gestures=1)
    while await session.scalar(select(Workshop.id).where(col(Workshop.code) == workshop.code)):
        workshop.code = world.new_code()
    session.add(workshop)
    await session.flush()
    session.add(
        Member(
            workshop_id=workshop.id,
            person_id=by.id,
            name=by.name,
            role=Role.FACILITATOR,
            lab_slug=await people.lab_of(session, by),
        )
    )
    journal.record(session, workshop, Kind.WORKSHOP_CONVENED, by=by, about=workshop.id)
    try:
        await session.flush()
    except IntegrityError:
        raise NotNow(N_("Cet envoi est déjà en cours : l'atelier va apparaître dans la liste.")) from None
    return workshop


def _check_convening(title: str, purpose: str, prepares: str) -> None:
    wrong = {}
    if not title:
        wrong["title"] = N_("Donnez un titre à l'atelier.")
    elif len(title) > 120:
        wrong["title"] = N_("Cent vingt caractères au plus.")
    if not purpose:
        wrong["purpose"] = N_("Dites en une phrase à quoi sert l'atelier.")
    elif len(purpose) > 1000:
        wrong["purpose"] = N_("Mille caractères au plus.")
    if not VERSION.fullmatch(prepares):
        wrong["prepares"] = N_("Un numéro de version s'écrit 2.0.0.")
    elif int(prepares.split(".")[0]) < 2:
        wrong["prepares"] = N_("Le référentiel de 2019 est la version 1 : la première publiée ici est 2.0.0.")
    if wrong:
        raise NotThus(wrong)


async def join(session: AsyncSession, workshop_id: str, *, name: str, lab: str | None, by: Person) -> Member:
    """Somebody who has an account, or a place already, sits down in an open workshop (`guests.enter` is for others).

    With a lab one takes part, without one observes. Joining again changes one's name or lab, never the
    role of who leads; the same ones, nothing.
    """
    workshop = await take_floor(session, workshop_id, by=by)
    if (await people.get(session, by.id)).erased_at:
        raise NotYours(N_("Ce compte a été effacé."))
    if not workshop.is_open:
        raise closed()
    name, lab = people.clean_name(name), lab or None
    if lab and not await labs.exists(session, lab):
        raise no_such_lab()
    member = await seat(session, workshop_id, by)
    kind = Kind.MEMBER_CHANGED if member else Kind.MEMBER_JOINED
    if member and (member.name, member.lab_slug) == (name, lab):
        yield_floor(session, workshop)
        return member
    member = member or Member(workshop_id=workshop.id, person_id=by.id, name=name, role=role_with(lab))
    member.name, member.lab_slug = name, lab
    if member.role in (Role.MEMBER, Role.OBSERVER):
        member.role = role_with(lab)
    session.add(member)
    await session.flush()
    journal.record(session, workshop, kind, by=by, about=member.id)
    return member


async def appoint(session: AsyncSession, workshop_id: str, person: Person, *, by: Person) -> Member:
    """The facilitator shares the lead of an open workshop: the person co-facilitates, with a seat if they had none.

    Raises NotYours for anyone else, co-facilitators included. Who leads already goes on, and nothing changes.
    """
    workshop = await take_floor(session, workshop_id, by=by)
    await require_member(session, workshop, by, Role.FACILITATOR)
    if not workshop.is_open:
        raise closed()
    member = await seat(session, workshop_id, person)
    if member and member.role in LEADING:
        yield_floor(session, workshop)
        return member
    lab = await people.lab_of(session, person)
    member = member or Member(
        workshop_id=workshop.id, person_id=person.id, name=person.name, lab_slug=lab, role=Role.COFACILITATOR
    )
    member.role = Role.COFACILITATOR
    session.add(member)
    await session.flush()
    journal.record(session, workshop, Kind.LEAD_SHARED, by=by, about=member.id)
    return member


def role_with(lab: str | None) -> Role:
    """With a lab one takes part, without one observes."""
    return Role.MEMBER if lab else Role.OBSERVER


def closed() -> NotNow:
    return NotNow(N_("Cet atelier est clos : on peut encore le lire, plus le rejoindre."))


def no_such_lab() -> NotThus:
    return NotThus({"lab": N_("Choisissez votre laboratoire dans la liste.")})


async def move(session: AsyncSession, workshop_id: str, stage: Stage, *, by: Person) -> Workshop:
    """Whoever leads sets the stage. Any stage but back from CLOSED; the stage one is at changes nothing.

    Opening the vote locks the announced rule. Raises NotYours for anyone else, NotNow once closed.
    """
    workshop = await take_floor(session, workshop_id, by=by)
    await require_member(session, workshop, by, *LEADING)
    if workshop.stage is stage:
        yield_floor(session, workshop)
        return workshop
    if not workshop.is_open:
        raise NotNow(N_("L'atelier est clos : il ne se rouvre pas."))
    workshop.stage = stage
    if stage is Stage.VOTING and workshop.rule_locked_at is None:
        workshop.rule_locked_at = world.now()
    journal.record(session, workshop, Kind.STAGE_MOVED, by=by, about=stage.value)
    return workshop


_TAKE_FLOOR = (
    update(Workshop)
    .where(col(Workshop.id) == bindparam("workshop"))
    .values(gestures=Workshop.gestures + 1)
    .returning(Workshop)
    .execution_options(populate_existing=True)
)


async def take_floor(session: AsyncSession, workshop_id: str, *, by: Person) -> Workshop:
    """The first write of every verb: number the gesture and lock the workshop until the commit.

    So the order of the journal is the order of the commits. A sending already answered stops here (AlreadyDone).
    """
    workshop: Workshop | None = await session.scalar(_TAKE_FLOOR, {"workshop": workshop_id})
    if workshop is None:
        raise NotFound(N_("Cet atelier n'existe pas."))
    await journal.answered(session, by.id)
    return workshop


def yield_floor(session: AsyncSession, workshop: Workshop) -> None:
    """Nothing to do after all (a second click): the number taken is given back."""
    workshop.gestures -= 1
    session.info.setdefault("gestures", {})[workshop.id] = workshop.gestures


async def get(session: AsyncSession, workshop_id: str) -> Workshop:
    workshop = await session.get(Workshop, workshop_id)
    if workshop is None:
        raise NotFound(N_("Cet atelier n'existe pas."))
    return workshop


async def among(session: AsyncSession, workshop_ids: Collection[str]) -> dict[str, Workshop]:
    """Those of these workshops that exist, by id. One query."""
    found = await session.scalars(select(Workshop).where(col(Workshop.id).in_(workshop_ids)))
    return {workshop.id: workshop for workshop in found}


_OF_CODE = select(Workshop).where(col(Workshop.code) == bindparam("code"))


def spelt(code: str) -> str:
    """A code as it is kept: case and spaces do not matter."""
    return "".join(code.split()).upper()


async def find(session: AsyncSession, code: str) -> Workshop:
    """The workshop a code opens, however it is spelt."""
    workshop: Workshop | None = await session.scalar(_OF_CODE, {"code": spelt(code)})
    if workshop is None:
        raise NotFound(N_("Aucun atelier ne porte ce code."))
    return workshop


async def calendar(session: AsyncSession) -> list[Workshop]:
    """All workshops, the most recent first."""
    return list(await session.scalars(select(Workshop).order_by(col(Workshop.held_on).desc(), col(Workshop.id))))


_SEAT = select(Member).where(
    col(Member.workshop_id) == bindparam("workshop"), col(Member.person_id) == bindparam("person")
)


async def seat(session: AsyncSession, workshop_id: str, person: Person | None) -> Member | None:
    """A person's place in a workshop, if any."""
    return await seat_of(session, workshop_id, person.id) if person else None


async def seat_of(session: AsyncSession, workshop_id: str, person_id: str) -> Member | None:
    """The place of whoever has this id."""
    member: Member | None = await session.scalar(_SEAT, {"workshop": workshop_id, "person": person_id})
    return member


async def leading(session: AsyncSession, workshop_id: str) -> list[Member]:
    """Who leads a workshop, the facilitator first."""
    found = await session.scalars(
        select(Member)
        .where(col(Member.workshop_id) == workshop_id, col(Member.role).in_(LEADING))
        .order_by(col(Member.role).desc(), col(Member.joined_at))
    )
    return list(found)


async def labs_of(session: AsyncSession, workshop_id: str) -> dict[str, str | None]:
    """The lab that each person of a workshop speaks for, by person."""
    found = await session.execute(
        select(Member.person_id, Member.lab_slug).where(col(Member.workshop_id) == workshop_id)
    )
    return dict(found.all())


_SEATS = select(Member.person_id, Member.role, Member.lab_slug).where(
    col(Member.workshop_id) == bindparam("workshop"), col(Member.person_id).in_(bindparam("people", expanding=True))
)


def seats(connection: Connection, workshop_id: str, person_ids: Collection[str]) -> dict[str, tuple[Role, str | None]]:
    """The role and the lab of some people in a workshop, by person, for those who have a seat."""
    found = connection.execute(_SEATS, {"workshop": workshop_id, "people": list(person_ids)})
    return {row.person_id: (row.role, row.lab_slug) for row in found}


async def require_member(session: AsyncSession, workshop: Workshop, person: Person, *roles: Role) -> Member:
    """A person's place in the workshop, in one of these roles (any but observer when none is named), or NotYours."""
    member = await seat(session, workshop.id, person)
    require_role(member.role if member else None, *roles)
    assert member
    return member


def require_role(role: Role | None, *roles: Role) -> None:
    """One of these roles (any but observer when none is named), or NotYours. None: no seat."""
    if role is None:
        raise NotYours(N_("Il faut d'abord rejoindre l'atelier."))
    if roles and role not in roles:
        raise NotYours(N_("Ce geste revient au rôle « {role} »."), role=roles[0].label)
    if role is Role.OBSERVER:
        raise NotYours(
            N_("L'observation permet de tout lire, pas d'intervenir : choisissez un laboratoire pour participer.")
        )
