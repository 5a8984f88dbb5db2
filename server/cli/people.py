"""Commands about people: a way in, a role."""

from sqlalchemy.ext.asyncio import AsyncSession

from server import identity
from server.cli import desk
from server.cli.desk import OK, Desk
from server.settings import Settings
from workshops import roles
from workshops.people import Person, Role

ROLES = {
    "animation": Role.FACILITATOR,
    "edition": Role.PUBLISHER,
    "moderation": Role.MODERATOR,
    "audit": Role.AUDITOR,
}
SPELT = {**ROLES, **{role.value: role for role in ROLES.values()}}


async def link(at: Desk) -> int:
    async with at.database.transaction() as session:
        print(await way_in(session, at.settings, await desk.person(session, at.given.person)))
    return OK


async def way_in(session: AsyncSession, chosen: Settings, person: Person, then: str = "") -> str:
    """A single-use address that makes whoever opens it this person."""
    address = f"{chosen.public_url}/connexion/lien/{await identity.link(session, person)}"
    return f"{address}?suite={then}" if then else address


async def grant(at: Desk) -> int:
    role = SPELT[at.given.role]
    async with at.database.transaction() as session:
        person = await desk.person(session, at.given.person)
        await roles.grant(session, person, role, by=None)
    print(f"{person.name} a le rôle « {role.label} ».")
    return OK
