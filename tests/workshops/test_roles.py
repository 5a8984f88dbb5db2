"""Roles on the platform: DITP gives and takes them back, and the platform's journal says so."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server import exports
from server.database import Database
from tests.cast import account, act, ask, facilitator
from workshops import audit, journal, people, roles
from workshops.audit import Deed
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours


async def deeds(database: Database) -> list[tuple[Deed, str | None]]:
    return [(entry.kind, entry.by_id) for entry in await ask(database, audit.entries)]


async def test_a_publisher_gives_a_role_once(database: Database, dominique: Person) -> None:
    alix = await account(database, "Alix")
    for _ in range(2):
        await act(database, roles.grant, alix, Role.AUDITOR, by=dominique)
    assert await ask(database, people.roles, alix) == {Role.AUDITOR}
    assert (await deeds(database))[-1] == (Deed.ROLE_GRANTED, dominique.id)
    assert [kind for kind, _by in await deeds(database)].count(Deed.ROLE_GRANTED) == 2  # Dominique's, and this one


async def test_the_command_line_gives_the_first_role(database: Database, dominique: Person) -> None:
    assert await deeds(database) == [(Deed.ROLE_GRANTED, None)]


async def test_nobody_else_gives_or_takes_back(database: Database, dominique: Person) -> None:
    camille = await facilitator(database)
    ((granting, _who),) = await ask(database, roles.standing, Role.PUBLISHER)
    before = await deeds(database)
    with pytest.raises(NotYours):
        await act(database, roles.grant, camille, Role.PUBLISHER, by=camille)
    with pytest.raises(NotYours):
        await act(database, roles.withdraw, granting.id, by=camille)
    assert await deeds(database) == before


async def test_a_role_of_a_workshop_or_of_a_lab_is_not_given_here(database: Database, dominique: Person) -> None:
    for role in (Role.MEMBER, Role.OBSERVER, Role.COFACILITATOR, Role.REFERENT):
        with pytest.raises(NotThus):
            await act(database, roles.grant, dominique, role, by=dominique)


async def test_a_role_is_taken_back_and_may_be_given_again(database: Database, dominique: Person) -> None:
    alix = await account(database, "Alix")
    await act(database, roles.grant, alix, Role.MODERATOR, by=dominique)
    ((granting, _who),) = await ask(database, roles.standing, Role.MODERATOR)
    for _ in range(2):
        await act(database, roles.withdraw, granting.id, by=dominique)
    assert await ask(database, people.roles, alix) == frozenset()
    await act(database, roles.grant, alix, Role.MODERATOR, by=dominique)
    assert await ask(database, people.roles, alix) == {Role.MODERATOR}
    assert [kind for kind, _by in await deeds(database)][1:] == [
        Deed.ROLE_GRANTED,
        Deed.ROLE_WITHDRAWN,
        Deed.ROLE_GRANTED,
    ]
    with pytest.raises(NotFound):
        await act(database, roles.withdraw, "nothing", by=dominique)


async def test_the_last_publisher_keeps_the_key(database: Database, dominique: Person) -> None:
    ((own, _who),) = await ask(database, roles.standing, Role.PUBLISHER)
    with pytest.raises(NotNow):
        await act(database, roles.withdraw, own.id, by=dominique)
    alix = await account(database, "Alix", Role.PUBLISHER)
    await act(database, roles.withdraw, own.id, by=dominique)
    assert [who.id for _granting, who in await ask(database, roles.standing, Role.PUBLISHER)] == [alix.id]


async def test_given_by_two_people_at_once_it_is_given_once(database: Database, dominique: Person) -> None:
    alix = await account(database, "Alix")
    await asyncio.gather(*(act(database, roles.grant, alix, Role.AUDITOR, by=dominique) for _ in range(5)))
    assert len(await ask(database, roles.standing, Role.AUDITOR)) == 1


async def test_the_journal_of_the_platform_is_a_chain_that_a_stranger_checks(
    database: Database, dominique: Person
) -> None:
    alix = await account(database, "Alix")
    await act(database, roles.grant, alix, Role.AUDITOR, by=dominique)
    async with database.transaction() as session:
        register = await audit.take_floor(session, by=alix)
        audit.record(session, register, Deed.INVITATION_MADE, by=alix, about="reserved")
    written = exports.platform(await ask(database, audit.head), await ask(database, audit.entries))
    lines = written["gestes"]
    assert [line.get("reserve", False) for line in lines] == [False, False, True]
    assert set(lines[2]) == {"atelier", "numero", "precedent", "reserve", "empreinte"}
    assert written["derniere_empreinte"] == lines[-1]["empreinte"]
    assert journal.first_break(lines, reserves=True) is None
    assert journal.first_break(lines) == 3  # in a workshop's minutes nothing is reserved
    assert journal.first_break([lines[0], {**lines[1], "par": "x"}, lines[2]], reserves=True) == 2
    assert journal.first_break([lines[0], lines[2]], reserves=True) == 2


@pytest.mark.parametrize("change", ["UPDATE auditentry SET about = 'x'", "DELETE FROM auditentry"])
async def test_the_database_itself_keeps_that_journal(database: Database, dominique: Person, change: str) -> None:
    with pytest.raises(DBAPIError, match="ne se réécrit pas"):
        async with database.transaction() as session:
            await session.execute(text(change))
    assert len(await deeds(database)) == 1
