"""People: who acts, and who may do what on the whole platform."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, bindparam, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import world
from workshops.records import Coded, Moment, Record, one_of, standing
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.texts import one_line
from workshops.words import N_, Word

NAME_LENGTH = 60
NAMELESS = "Sans nom"  # a provider that gives no name lets people in all the same


class Role(Word):
    """Facilitator, co-facilitator, member and observer are had in a workshop; referent and member in a lab; publisher,
    moderator, auditor, and facilitator again (who may convene), on the platform.
    """

    FACILITATOR = "facilitator", N_("Animation")
    MEMBER = "member", N_("Participation")
    OBSERVER = "observer", N_("Observation")
    PUBLISHER = "publisher", N_("Édition (DITP)")
    MODERATOR = "moderator", N_("Modération")
    AUDITOR = "auditor", N_("Audit")
    COFACILITATOR = "cofacilitator", N_("Co-animation")
    REFERENT = "referent", N_("Référence du laboratoire")


class Person(Record, table=True):
    """Somebody. A guest of one workshop has no identity; an agent who signs in has at least one.

    `terms`: the version of the terms of use that they accepted. Once erased, nobody any more: the name says so.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    name: str = Field(max_length=NAME_LENGTH)
    created_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    terms: str | None = Field(default=None, max_length=10)
    erased_at: datetime | None = Field(default=None, sa_type=Moment)


class Identity(Record, table=True):
    """How an OpenID provider knows a person: `sub` is only meaningful beside its `iss`."""

    __table_args__ = (UniqueConstraint("iss", "sub"),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    iss: str = Field(max_length=255)
    sub: str = Field(max_length=255)
    email: str | None = Field(default=None, max_length=254)
    lab_slug: str | None = Field(default=None, foreign_key="lab.slug", max_length=60)
    siret: str | None = Field(default=None, max_length=14)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)


class Granting(Record, table=True):
    """A role on the whole platform, given by someone at some time (`by_id` empty: the command line), until it ends."""

    __table_args__ = (
        one_of("role", Role),
        Index("uq_granting_standing", "person_id", "role", unique=True, **standing("ended_at")),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    role: Role = Field(sa_type=Coded(Role))
    by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    ended_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


TERMS = "2026-11"  # the version of the terms of use
PLATFORM_ROLES = (Role.FACILITATOR, Role.PUBLISHER, Role.MODERATOR, Role.AUDITOR)


def clean_name(name: str) -> str:
    """One line, no more than sixty characters, not empty."""
    name = one_line(name)
    if not any(map(str.isalnum, name)):
        raise NotThus({"name": N_("Indiquez votre prénom.")})
    if len(name) > NAME_LENGTH:
        raise NotThus({"name": N_("Soixante caractères au plus.")})
    return name


async def welcome(session: AsyncSession, name: str) -> Person:
    """A guest gives a first name; that is all we ask, beside the terms of use."""
    person = Person(name=clean_name(name), terms=TERMS)
    session.add(person)
    await session.flush()
    return person


async def recognise(
    session: AsyncSession,
    *,
    iss: str,
    sub: str,
    name: str,
    email: str | None,
    lab_slug: str | None = None,
    siret: str | None = None,
) -> Person:
    """The person behind an identity; at the first sign-in, a new one."""
    known = select(Identity).where(col(Identity.iss) == iss, col(Identity.sub) == sub)
    found = await session.scalar(known)
    if found is None:
        person = Person(name=one_line(name)[:NAME_LENGTH].strip() or NAMELESS)
        identity = Identity(iss=iss, sub=sub, email=email, lab_slug=lab_slug, siret=siret, person_id=person.id)
        try:
            async with session.begin_nested():
                session.add(person)
                await session.flush()
                session.add(identity)
            return person
        except IntegrityError:
            # Two tabs of the same newcomer: the other one was first.
            found = (await session.scalars(known)).one()
    seen = {"email": email, "siret": siret or found.siret}
    await session.execute(update(Identity).where(col(Identity.id) == found.id).values(seen))
    return await get(session, found.person_id)


async def get(session: AsyncSession, person_id: str) -> Person:
    person = await session.get(Person, person_id)
    if person is None:
        raise NotFound(N_("Cette personne n'existe pas."))
    return person


_ROLES = select(Granting.role).where(col(Granting.person_id) == bindparam("person"), col(Granting.ended_at).is_(None))


async def roles(session: AsyncSession, person: Person) -> frozenset[Role]:
    """The roles a person holds on the platform."""
    return frozenset(await session.scalars(_ROLES, {"person": person.id}))


async def require(session: AsyncSession, person: Person, *accepted: Role) -> None:
    """One of the accepted roles on the platform, or NotYours."""
    if not accepted or await roles(session, person) & frozenset(accepted):
        return
    raise NotYours(N_("Il faut pour cela le rôle « {role} »."), role=accepted[0].label)


async def identities(session: AsyncSession, person: Person) -> list[Identity]:
    """How providers know a person."""
    return list(await session.scalars(select(Identity).where(col(Identity.person_id) == person.id)))


async def vouched(session: AsyncSession, person_ids: Collection[str]) -> dict[str, list[str]]:
    """By what addresses providers and mailboxes know some people, by person: a name anybody may choose."""
    found = await session.execute(
        select(Identity.person_id, Identity.email, Identity.iss, Identity.sub)
        .where(col(Identity.person_id).in_(person_ids))
        .order_by(col(Identity.id))
    )
    known: dict[str, list[str]] = {}
    for person_id, email, iss, sub in found:
        known.setdefault(person_id, []).append(f"{email or sub} ({iss})")
    return known


async def accept_terms(session: AsyncSession, person: Person, version: str) -> None:
    """A person accepts the terms of use that they read. NotNow when others came meanwhile."""
    if version != TERMS:
        raise NotNow(N_("Ces conditions ont changé depuis : relisez-les avant de les accepter."))
    await session.execute(update(Person).where(col(Person.id) == person.id).values(terms=version))


async def has_account(session: AsyncSession, person: Person) -> bool:
    """Whether some provider knows this person: a guest has only a first name."""
    known = select(Identity.id).where(col(Identity.person_id) == person.id).limit(1)
    return await session.scalar(known) is not None


async def lab_of(session: AsyncSession, person: Person) -> str | None:
    """The slug of the lab a person's identity provider gave, if any."""
    return await session.scalar(
        select(Identity.lab_slug).where(col(Identity.person_id) == person.id, col(Identity.lab_slug).is_not(None))
    )


async def names(session: AsyncSession, person_ids: set[str]) -> dict[str, str]:
    """The names of some people, by id."""
    if not person_ids:
        return {}
    found = await session.scalars(select(Person).where(col(Person.id).in_(person_ids)))
    return {person.id: person.name for person in found}
