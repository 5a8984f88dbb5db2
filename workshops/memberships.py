"""Memberships: who is of which lab, as its referents or DITP confirmed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, labs, people, world
from workshops.audit import Deed, Register
from workshops.people import Identity, Person, Role
from workshops.records import Coded, Moment, Record, one_of, standing
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.texts import one_line
from workshops.words import N_

REASON_LENGTH = 300


class Membership(Record, table=True):
    """A person of a lab: asked, then approved or not, until it ends. One that stands per person and lab."""

    __table_args__ = (
        one_of("role", Role),
        Index("uq_membership_standing", "person_id", "lab_slug", unique=True, **standing("ended_at")),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", max_length=12)
    lab_slug: str = Field(foreign_key="lab.slug", index=True, max_length=60)
    role: Role = Field(default=Role.MEMBER, sa_type=Coded(Role))
    asked_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    approved_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    because: str = Field(default="", max_length=REASON_LENGTH)

    @property
    def stands(self) -> bool:
        """Approved, and not ended."""
        return self.approved_at is not None and self.ended_at is None

    @property
    def waits(self) -> bool:
        """Asked, and not answered."""
        return self.approved_at is None and self.ended_at is None


async def ask(session: AsyncSession, lab_slug: str, *, by: Person) -> Membership:
    """Anyone with an account asks to be of a lab; asking again while the answer waits, or once in, changes nothing.

    Raises NotFound for a lab that is not in the directory, NotYours for a guest.
    """
    register = await audit.take_floor(session, by=by)
    await labs.get(session, lab_slug)
    if not await people.has_account(session, by):
        raise NotYours(N_("Il faut un compte pour faire partie d'un laboratoire : connectez-vous."))
    found = await current(session, by, lab_slug)
    if found:
        audit.yield_floor(session, register)
        return found
    membership = Membership(person_id=by.id, lab_slug=lab_slug)
    session.add(membership)
    audit.record(session, register, Deed.MEMBERSHIP_ASKED, by=by, about=membership.id)
    return membership


async def approve(session: AsyncSession, membership_id: str, *, by: Person) -> Membership:
    """A referent of the lab, or DITP, says yes; twice is once. Nobody approves themselves, but DITP."""
    register, membership = await _to_decide(session, membership_id, by=by)
    if membership.stands:
        audit.yield_floor(session, register)
        return membership
    _require_open(membership)
    membership.approved_at, membership.approved_by_id = world.now(), by.id
    audit.record(session, register, Deed.MEMBERSHIP_APPROVED, by=by, about=membership.id)
    return membership


async def decline(session: AsyncSession, membership_id: str, *, because: str, by: Person) -> Membership:
    """A referent of the lab, or DITP, says no, and why: the person reads it, and may ask again."""
    register, membership = await _to_decide(session, membership_id, by=by)
    if membership.stands:
        raise NotNow(N_("Cette personne fait déjà partie du laboratoire."))
    because = _reason(because)
    if membership.ended_at:
        audit.yield_floor(session, register)
        return membership
    _end(membership, by, because)
    audit.record(session, register, Deed.MEMBERSHIP_DECLINED, by=by, about=membership.id)
    return membership


async def end(session: AsyncSession, membership_id: str, *, because: str = "", by: Person) -> Membership:
    """One leaves a lab, or takes a request back; a referent or DITP ends somebody else's membership, and says why."""
    register = await audit.take_floor(session, by=by)
    membership = await get(session, membership_id)
    if membership.person_id != by.id:
        await require_referent(session, membership.lab_slug, by)
        because = _reason(because)
    if membership.ended_at:
        audit.yield_floor(session, register)
        return membership
    # Whoever was never of the lab leaves no public trace of having asked.
    kind = Deed.MEMBERSHIP_ENDED if membership.stands else Deed.MEMBERSHIP_RETRACTED
    _end(membership, by, one_line(because)[:REASON_LENGTH])
    audit.record(session, register, kind, by=by, about=membership.id)
    return membership


async def name_referent(session: AsyncSession, membership_id: str, *, by: Person) -> Membership:
    """A referent of the lab, or DITP, makes a member a referent too."""
    register, membership = await _to_decide(session, membership_id, by=by)
    _require_open(membership)
    if not membership.stands:
        raise NotNow(N_("Acceptez d'abord cette personne dans le laboratoire."))
    if membership.role is Role.REFERENT:
        audit.yield_floor(session, register)
        return membership
    membership.role = Role.REFERENT
    audit.record(session, register, Deed.REFERENT_NAMED, by=by, about=membership.id)
    return membership


async def enrol(session: AsyncSession, person: Person, lab_slug: str, role: Role, *, by: Person) -> None:
    """Make somebody a member or a referent of a lab at once, as an invitation promised (`by`: who invited)."""
    register = await audit.take_floor(session, by=by)
    membership = await current(session, person, lab_slug)
    if membership is None:
        membership = Membership(person_id=person.id, lab_slug=lab_slug)
        session.add(membership)
    promoted = role is Role.REFERENT and membership.role is not Role.REFERENT
    if membership.stands and not promoted:
        audit.yield_floor(session, register)
        return
    if not membership.stands:
        membership.approved_at, membership.approved_by_id = world.now(), by.id
    membership.role = Role.REFERENT if promoted else membership.role
    kind = Deed.REFERENT_NAMED if promoted else Deed.MEMBERSHIP_APPROVED
    audit.record(session, register, kind, by=by, about=membership.id)


async def _to_decide(session: AsyncSession, membership_id: str, *, by: Person) -> tuple[Register, Membership]:
    register = await audit.take_floor(session, by=by)
    membership = await get(session, membership_id)
    await require_referent(session, membership.lab_slug, by)
    return register, membership


def _require_open(membership: Membership) -> None:
    if membership.ended_at:
        raise NotNow(N_("Cette demande est close : la personne peut en faire une autre."))


def _end(membership: Membership, by: Person, because: str) -> None:
    membership.ended_at, membership.ended_by_id, membership.because = world.now(), by.id, because


def _reason(because: str) -> str:
    because = one_line(because)
    if not because:
        raise NotThus({"because": N_("Dites pourquoi : la personne concernée le lira.")})
    if len(because) > REASON_LENGTH:
        raise NotThus({"because": N_("Trois cents caractères au plus.")})
    return because


async def get(session: AsyncSession, membership_id: str) -> Membership:
    membership = await session.get(Membership, membership_id)
    if membership is None:
        raise NotFound(N_("Cette adhésion n'existe pas."))
    return membership


async def current(session: AsyncSession, person: Person, lab_slug: str) -> Membership | None:
    """One's membership of a lab, or the request that waits."""
    found: Membership | None = await session.scalar(
        select(Membership).where(
            col(Membership.person_id) == person.id,
            col(Membership.lab_slug) == lab_slug,
            col(Membership.ended_at).is_(None),
        )
    )
    return found


async def is_of(session: AsyncSession, lab_slug: str, person: Person | None) -> bool:
    """Whether a person is of a lab: accepted, and not gone since."""
    own = await current(session, person, lab_slug) if person else None
    return own is not None and own.stands


async def require_of(session: AsyncSession, lab_slug: str, person: Person) -> None:
    """Somebody of the lab, or NotYours."""
    if not await is_of(session, lab_slug, person):
        raise NotYours(N_("Cela revient aux membres de ce laboratoire."))


async def may_decide(session: AsyncSession, lab_slug: str, person: Person | None) -> bool:
    """Whether a person answers for a lab: a referent of it, or DITP."""
    if person is None:
        return False
    own = await current(session, person, lab_slug)
    if own and own.stands and own.role is Role.REFERENT:
        return True
    return Role.PUBLISHER in await people.roles(session, person)


async def require_referent(session: AsyncSession, lab_slug: str, person: Person) -> None:
    """A referent of the lab or DITP, or NotYours."""
    if not await may_decide(session, lab_slug, person):
        raise NotYours(N_("Cela revient à une personne référente du laboratoire, ou à la DITP."))


async def team(session: AsyncSession, lab_slug: str) -> list[tuple[Membership, Person]]:
    """Who is of a lab or asks to be, referents first, then as they came."""
    found = await session.execute(
        select(Membership, Person)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.lab_slug) == lab_slug, col(Membership.ended_at).is_(None))
        .order_by(col(Membership.asked_at), col(Membership.id))
    )
    return sorted(((m, person) for m, person in found), key=lambda line: line[0].role is not Role.REFERENT)


async def of(session: AsyncSession, person: Person) -> list[Membership]:
    """Every membership of a person, ended ones too, the latest first."""
    return list(
        await session.scalars(
            select(Membership)
            .where(col(Membership.person_id) == person.id)
            .order_by(col(Membership.asked_at).desc(), col(Membership.id))
        )
    )


async def among(session: AsyncSession, ids: Collection[str]) -> list[Membership]:
    """Those of these ids, ended or not."""
    return list(await session.scalars(select(Membership).where(col(Membership.id).in_(ids))))


async def told(session: AsyncSession, person: Person) -> list[Membership]:
    """What a person is told of their memberships: the last one of each lab, ended or not, the latest first."""
    latest: dict[str, Membership] = {}
    for membership in await of(session, person):
        latest.setdefault(membership.lab_slug, membership)
    return list(latest.values())


async def suggested(session: AsyncSession, person: Person) -> str | None:
    """The lab that a person's provider names; else the one where most people of the same establishment (SIRET) are.

    None when there is nothing to go by, or when the person is of that lab, or asks to be.
    """
    own = {each.lab_slug for each in await of(session, person) if not each.ended_at}
    slug = await people.lab_of(session, person)
    if slug is None:
        mine = select(Identity.siret).where(col(Identity.person_id) == person.id, col(Identity.siret).is_not(None))
        slug = await session.scalar(
            select(Membership.lab_slug)
            .join(Identity, col(Identity.person_id) == col(Membership.person_id))
            .where(
                col(Identity.siret).in_(mine),
                col(Membership.approved_at).is_not(None),
                col(Membership.ended_at).is_(None),
                col(Membership.person_id) != person.id,
            )
            .group_by(col(Membership.lab_slug))
            .order_by(func.count().desc(), col(Membership.lab_slug))
            .limit(1)
        )
    return None if slug in own else slug


async def waiting(session: AsyncSession) -> list[tuple[Membership, Person]]:
    """Every request that waits for an answer, the oldest first."""
    found = await session.execute(
        select(Membership, Person)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Membership.approved_at).is_(None), col(Membership.ended_at).is_(None))
        .order_by(col(Membership.asked_at), col(Membership.id))
    )
    return [(membership, person) for membership, person in found]
