"""Roles on the platform: who gives them, who takes them back."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import audit, people, world
from workshops.audit import Deed
from workshops.people import PLATFORM_ROLES, Granting, Person, Role
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.words import N_


async def grant(session: AsyncSession, person: Person, role: Role, *, by: Person | None) -> None:
    """DITP's publishers give roles on the platform; giving one twice changes nothing. None: the command line.

    Raises NotYours for anyone else, NotThus for a role that is had elsewhere.
    """
    register = await audit.take_floor(session, by=by)
    await require_administrator(session, by)
    if role not in PLATFORM_ROLES:
        raise NotThus({"role": N_("Ce rôle se donne dans un atelier ou dans un laboratoire.")})
    if role in await people.roles(session, person):
        audit.yield_floor(session, register)
        return
    granting = Granting(person_id=person.id, role=role, by_id=by.id if by else None)
    session.add(granting)
    audit.record(session, register, Deed.ROLE_GRANTED, by=by, about=granting.id)
    await session.flush()


async def withdraw(session: AsyncSession, granting_id: str, *, by: Person | None) -> Granting:
    """A publisher takes a role back; twice is once. The last publisher keeps theirs: somebody must hold the key."""
    register = await audit.take_floor(session, by=by)
    await require_administrator(session, by)
    granting = await session.get(Granting, granting_id)
    if granting is None:
        raise NotFound(N_("Ce rôle n'a pas été donné."))
    if granting.ended_at:
        audit.yield_floor(session, register)
        return granting
    if granting.role is Role.PUBLISHER:
        await require_another_publisher(session, granting.person_id)
    granting.ended_at, granting.ended_by_id = world.now(), by.id if by else None
    audit.record(session, register, Deed.ROLE_WITHDRAWN, by=by, about=granting.id)
    return granting


async def require_another_publisher(session: AsyncSession, leaving_id: str) -> None:
    """Somebody else of DITP must hold the key, or NotNow."""
    if [person.id for _granting, person in await standing(session, Role.PUBLISHER)] == [leaving_id]:
        raise NotNow(N_("C'est la dernière personne de l'édition : donnez d'abord ce rôle à quelqu'un d'autre."))


async def require_administrator(session: AsyncSession, person: Person | None) -> None:
    """A publisher, or the command line (None); NotYours for anyone else."""
    if person is not None:
        await people.require(session, person, Role.PUBLISHER)


async def may_audit(session: AsyncSession, person: Person | None) -> bool:
    """Whether a person reads the whole journal of the platform: an auditor, or DITP."""
    return person is not None and bool(await people.roles(session, person) & {Role.AUDITOR, Role.PUBLISHER})


async def grantings(session: AsyncSession, ids: Collection[str]) -> list[Granting]:
    """Those of these ids, ended or not."""
    return list(await session.scalars(select(Granting).where(col(Granting.id).in_(ids))))


async def standing(session: AsyncSession, *roles: Role) -> list[tuple[Granting, Person]]:
    """Who holds these roles on the platform now, or any role when none is named; the oldest first."""
    found = await session.execute(
        select(Granting, Person)
        .join(Person, col(Person.id) == col(Granting.person_id))
        .where(col(Granting.ended_at).is_(None), col(Granting.role).in_(roles or PLATFORM_ROLES))
        .order_by(col(Granting.at), col(Granting.id))
    )
    return [(granting, person) for granting, person in found]
