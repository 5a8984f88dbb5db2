"""Invitations: links by which a role is handed on, until they expire."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, audit, journal, labs, memberships, people, roles, world
from workshops.agenda import Workshop
from workshops.audit import Deed
from workshops.labs import Lab
from workshops.people import PLATFORM_ROLES, Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.words import N_

LIFE = timedelta(days=7)
IN_A_LAB = (Role.REFERENT, Role.MEMBER)


class Invitation(Record, table=True):
    """A role for whoever opens the link first: in a workshop, in a lab, or on the platform. We keep the link's hash."""

    __table_args__ = (one_of("role", Role),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    token_hash: str = Field(unique=True, max_length=64)
    role: Role = Field(sa_type=Coded(Role))
    workshop_id: str | None = Field(default=None, foreign_key="workshop.id", index=True, max_length=12)
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", index=True, max_length=60)
    by_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    created_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    accepted_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    accepted_at: datetime | None = Field(default=None, sa_type=Moment)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def is_open(self) -> bool:
        """Neither used, nor withdrawn, nor too old."""
        return self.accepted_at is None and self.withdrawn_at is None and world.now() < self.expires_at


async def invite(
    session: AsyncSession,
    role: Role,
    *,
    token_hash: str,
    workshop_id: str | None = None,
    lab_slug: str | None = None,
    by: Person,
) -> Invitation:
    """Whoever may give a role may hand it on by a link, for seven days, to one person.

    A facilitator: co-facilitation of their workshop. A referent of a lab, or DITP: member or referent of it. DITP: a
    role on the platform. Raises NotYours for anyone else, NotThus for a role that is not had there.
    """
    register = await audit.take_floor(session, by=by)
    invitation = Invitation(
        token_hash=token_hash,
        role=role,
        workshop_id=workshop_id,
        lab_slug=lab_slug,
        by_id=by.id,
        expires_at=world.now() + LIFE,
    )
    await _require_right(session, invitation, by)
    session.add(invitation)
    audit.record(session, register, Deed.INVITATION_MADE, by=by, about=invitation.id)
    return invitation


async def accept(session: AsyncSession, token_hash: str, *, by: Person) -> Invitation:
    """The first person with an account who says yes has the role; the same one, twice, once.

    Whoever invited must still hold the right: an invitation gives no more than its author may. Raises NotFound for a
    link nobody gave, NotNow for one that is over, NotYours for a guest.
    """
    register = await audit.take_floor(session, by=by)
    invitation = await find(session, token_hash)
    if invitation.accepted_by_id == by.id:
        audit.yield_floor(session, register)
        return invitation
    if not invitation.is_open:
        raise over()
    if not await people.has_account(session, by):
        raise NotYours(N_("Il faut un compte pour accepter cette invitation : connectez-vous."))
    author = await people.get(session, invitation.by_id)
    try:
        await _require_right(session, invitation, author)
    except Refusal:
        raise over() from None
    invitation.accepted_by_id, invitation.accepted_at = by.id, world.now()
    audit.record(session, register, Deed.INVITATION_ACCEPTED, by=by, about=invitation.id)
    await session.flush()
    await _give(session, invitation, by, author)
    return invitation


async def withdraw(session: AsyncSession, invitation_id: str, *, by: Person) -> Invitation:
    """Its author, or whoever could have made it, takes back an invitation that nobody used."""
    register = await audit.take_floor(session, by=by)
    invitation = await get(session, invitation_id)
    if invitation.by_id != by.id:
        await _require_right(session, invitation, by)
    if invitation.accepted_at:
        raise NotNow(N_("Cette invitation a déjà été acceptée."))
    if invitation.withdrawn_at:
        audit.yield_floor(session, register)
        return invitation
    invitation.withdrawn_at = world.now()
    audit.record(session, register, Deed.INVITATION_WITHDRAWN, by=by, about=invitation.id)
    return invitation


async def withdraw_all(session: AsyncSession, *, by: Person) -> None:
    """Whatever a person had offered and nobody took is offered no more."""
    open_ones = (col(Invitation.by_id) == by.id, col(Invitation.accepted_at).is_(None))
    await session.execute(update(Invitation).where(*open_ones).values(withdrawn_at=world.now()))


async def _require_right(session: AsyncSession, invitation: Invitation, person: Person) -> None:
    """Whether a person may give this role there."""
    if invitation.workshop_id and invitation.lab_slug:
        raise NotThus({"role": N_("Une invitation est pour un atelier ou pour un laboratoire, pas pour les deux.")})
    if invitation.workshop_id:
        _require_among(invitation.role, (Role.COFACILITATOR,))
        workshop = await agenda.get(session, invitation.workshop_id)
        await agenda.require_member(session, workshop, person, Role.FACILITATOR)
        if not workshop.is_open:
            raise NotNow(N_("Cet atelier est clos."))
    elif invitation.lab_slug:
        _require_among(invitation.role, IN_A_LAB)
        await labs.get(session, invitation.lab_slug)
        await memberships.require_referent(session, invitation.lab_slug, person)
    else:
        await roles.require_administrator(session, person)
        _require_among(invitation.role, PLATFORM_ROLES)


def _require_among(role: Role, among: tuple[Role, ...]) -> None:
    if role not in among:
        raise NotThus({"role": N_("Ce rôle ne se donne pas ici.")})


async def _give(session: AsyncSession, invitation: Invitation, person: Person, author: Person) -> None:
    with journal.as_part(session):
        if invitation.workshop_id:
            await agenda.appoint(session, invitation.workshop_id, person, by=author)
        elif invitation.lab_slug:
            await memberships.enrol(session, person, invitation.lab_slug, invitation.role, by=author)
        else:
            await roles.grant(session, person, invitation.role, by=author)


def over() -> NotNow:
    return NotNow(N_("Cette invitation n'est plus valable : demandez-en une autre à la personne qui vous l'a donnée."))


def _unknown() -> NotFound:
    return NotFound(N_("Cette invitation n'existe pas : vérifiez que le lien est complet."))


async def get(session: AsyncSession, invitation_id: str) -> Invitation:
    invitation = await session.get(Invitation, invitation_id)
    if invitation is None:
        raise _unknown()
    return invitation


async def find(session: AsyncSession, token_hash: str) -> Invitation:
    """The invitation of a link."""
    found: Invitation | None = await session.scalar(
        select(Invitation).where(col(Invitation.token_hash) == token_hash)
    )
    if found is None:
        raise _unknown()
    return found


async def place(session: AsyncSession, invitation: Invitation) -> Workshop | Lab | None:
    """Where an invitation gives its role; None: on the platform."""
    if invitation.workshop_id:
        return await agenda.get(session, invitation.workshop_id)
    return await labs.get(session, invitation.lab_slug) if invitation.lab_slug else None


async def pending(
    session: AsyncSession, *, workshop_id: str | None = None, lab_slug: str | None = None
) -> list[tuple[Invitation, Person]]:
    """The invitations that are open there, with who made them; the latest first. Neither: those for the platform."""
    found = await session.execute(
        select(Invitation, Person)
        .join(Person, col(Person.id) == col(Invitation.by_id))
        .where(
            col(Invitation.workshop_id) == workshop_id if workshop_id else col(Invitation.workshop_id).is_(None),
            col(Invitation.lab_slug) == lab_slug if lab_slug else col(Invitation.lab_slug).is_(None),
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.expires_at) > world.now(),
        )
        .order_by(col(Invitation.created_at).desc(), col(Invitation.id))
    )
    return [(invitation, person) for invitation, person in found]
