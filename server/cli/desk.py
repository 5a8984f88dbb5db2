"""The desk: what a command works with, and how it says no."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from server import maillinks, settings, signing
from server.database import Database
from server.settings import Settings
from workshops import agenda
from workshops.agenda import Workshop
from workshops.people import Identity, Person
from workshops.publications import Sign
from workshops.refusals import NotFound
from workshops.words import N_

Arguments = argparse.Namespace
Found = TypeVar("Found")
OK, REFUSED = 0, 1


@dataclass(frozen=True)
class Desk:
    """What a command on the database works with."""

    settings: Settings
    database: Database
    given: Arguments

    @property
    def sign(self) -> Sign | None:
        """How to sign a version, with the key of the settings if there is one."""
        return signing.signer(self.settings.signing_key)

    def address(self, path: str) -> str:
        return self.settings.public_url + path


def on_database(command: Callable[[Desk], Awaitable[int]]) -> Callable[[Arguments], int]:
    """A command that needs the settings and the database."""

    async def at_desk(given: Arguments) -> int:
        chosen = settings.from_environment()
        return await with_database(chosen, lambda database: command(Desk(chosen, database, given)))

    return lambda given: asyncio.run(at_desk(given))


async def with_database(chosen: Settings, act: Callable[[Database], Awaitable[Found]]) -> Found:
    """Open the database of the settings for one act."""
    database = Database(chosen.database_url)
    try:
        return await act(database)
    finally:
        await database.close()


def refuse(reason: str, code: int = REFUSED) -> int:
    """Say why not, where errors are said."""
    print(reason, file=sys.stderr)
    return code


# ── Who and what is named


async def person(session: AsyncSession, named: str) -> Person:
    """The one person of this id, or whose provider gives this e-mail or exact name."""
    found = list(
        await session.scalars(
            select(Person)
            .outerjoin(Identity, col(Identity.person_id) == col(Person.id))
            .where(
                or_(
                    col(Person.id) == named,
                    # Who comes as a guest or by a letter chooses a name freely: only a provider's word makes one.
                    and_(col(Identity.iss) != maillinks.ISSUER, col(Person.name) == named),
                    func.lower(col(Identity.email)) == named.lower(),
                )
            )
            .distinct()
            .order_by(col(Person.created_at), col(Person.id))
        )
    )
    if not found:
        raise NotFound(N_("Personne ne répond à « {name} »."), name=named)
    if len(found) > 1:
        ids = ", ".join(person.id for person in found)
        raise NotFound(N_("Plusieurs personnes répondent à « {name} » : {ids}. Précisez."), name=named, ids=ids)
    return found[0]


async def workshop(session: AsyncSession, named: str) -> Workshop:
    """The workshop of this id or code."""
    try:
        return await agenda.get(session, named)
    except NotFound:
        return await agenda.find(session, named)
