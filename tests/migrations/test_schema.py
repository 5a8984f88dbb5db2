"""Migrations: they make what the models say, and the seals that models cannot say."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col, select

import server.identity
import server.live.attendance
import server.maillinks
import server.tries
import workshops.comments
import workshops.evidence
import workshops.retention
import workshops.surveys
import workshops.votes
import workshops.withdrawals
from server import gridfiles, migrating
from server.database import Database
from tests.cast import act, all_vote, ask, card, facilitator, member_of, move, published, reread, workshop
from tests.documents import history
from workshops import frameworks, imports, indicators, lineage, recount, returns, roles, rules, tallies, votes
from workshops.agenda import Stage
from workshops.canonical import canonical
from workshops.consensus import ANNOUNCED, Choice, Rule
from workshops.imports import Notice
from workshops.indicators import CodeCounter, Leaving
from workshops.people import Role
from workshops.records import Record

__all__ = ["server", "workshops"]  # imported for their tables

FRAMEWORK = "Une version publiée du référentiel ne se modifie pas et ne se supprime pas."
RELEASE = "Une version préparée ne se modifie pas et ne se supprime pas : on en prépare une nouvelle."
ENTRY = "Le registre d'un atelier ne se réécrit pas : on ne peut qu'y ajouter un geste."
IMPORTED = "Un référentiel importé ne se modifie pas et ne se supprime pas."
WORDING = "Une rédaction ne se modifie pas et ne se supprime pas : on en écrit une nouvelle."


async def look(database: Database, question: Callable[[Connection], Any]) -> Any:
    async with database.engine.connect() as connection:
        return await connection.run_sync(question)


async def test_a_migrated_database_is_what_the_models_say(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, Record.metadata)

    assert await look(database, differences) == []


async def test_its_checks_are_those_of_the_models(database: Database) -> None:
    def checks(connection: Connection) -> dict[str, set[str]]:
        found = inspect(connection)
        return {table: {str(c["name"]) for c in found.get_check_constraints(table)} for table in Record.metadata.tables}

    assert await look(database, checks) == {
        name: {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        for name, table in Record.metadata.tables.items()
    }


async def test_the_codes_of_the_commitment_are_reserved(database: Database) -> None:
    async with database.reading() as session:
        counters = await session.execute(select(CodeCounter.prefix, CodeCounter.last).order_by(col(CodeCounter.prefix)))
        assert counters.all() == [("ACT", 7), ("IMP", 9), ("RES", 3)]


async def test_going_down_leaves_nothing_and_up_again_works(database: Database) -> None:
    def left(connection: Connection) -> tuple[list[str], int]:
        functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        count = 0 if database.is_sqlite else connection.scalar(text(functions))
        return inspect(connection).get_table_names(), count or 0

    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "base")
    assert await look(database, left) == (["alembic_version"], 0)
    await asyncio.to_thread(migrating.upgrade, database.url)
    assert await look(database, lambda c: set(inspect(c).get_table_names())) == {
        "alembic_version",
        *Record.metadata.tables,
    }


async def test_what_was_withdrawn_when_nobody_asked_why_says_so(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    one = (await card(database, room)).id
    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "0008-1")
    withdrawn = "INSERT INTO withdrawal SELECT indicator_id, by_id, at, gesture FROM wording WHERE indicator_id = :one"
    async with database.engine.begin() as connection:
        await connection.execute(text(withdrawn), {"one": one})
    await asyncio.to_thread(migrating.upgrade, database.url)
    left = (await card(database, room)).departure
    assert left is not None
    assert (left.how, left.because, left.by_id) == (
        Leaving.WITHDRAWN,
        "Retiré avant que le motif ne soit demandé.",
        camille.id,
    )


async def test_a_database_of_before_the_announced_rules_goes_up_and_means_the_same(database: Database) -> None:
    """Version 0004: votes on two wordings, one taken back, a withdrawal, a published version, a vote under way."""
    camille = await facilitator(database)
    closed = await workshop(database, Stage.VOTING, by=camille)
    await all_vote(database, closed, by=await member_of(database, closed))
    closed = await move(database, closed, Stage.CLOSED, by=camille)
    room = await workshop(database, Stage.VOTING, by=camille)
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    one, two, three = [await card(database, room, code) for code in ("ACT-01", "ACT-02", "ACT-03")]
    for person in (alix, sacha):
        for each in (one, two):
            await act(database, votes.cast, each.id, wording=1, choice=Choice.KEEP, by=person)
    await act(database, votes.take_back, two.id, by=sacha)
    await act(database, indicators.reword, one.id, {**one.sheet, "libelle": "Autrement"}, base=1, by=camille)
    await act(database, votes.cast, one.id, wording=2, choice=Choice.DROP, reason="Doublon.", by=alix)
    later = await workshop(database, Stage.PROPOSING, by=camille)
    before = {each.id: await ask(database, tallies.tallies, each) for each in (closed, room, later)}

    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "0004")
    version = history()[0]
    row = {
        "version": "2.0.0",
        "workshop_id": closed.id,
        "published_by": camille.id,
        "published_at": "2026-11-23 09:00:00+00:00",
        "fingerprint": version["empreinte"],
        "document": canonical(frameworks.unsigned(version)).decode(),
    }
    columns = ", ".join(row)
    published = f"INSERT INTO framework ({columns}) VALUES (:{', :'.join(row)})"
    withdrawn = "INSERT INTO withdrawal SELECT indicator_id, by_id, at, gesture FROM wording WHERE indicator_id = :three"
    async with database.engine.begin() as connection:
        await connection.execute(text(withdrawn), {"three": three.id})
        await connection.execute(text(published), row)
    assert await look(database, lambda c: "round" in {each["name"] for each in inspect(c).get_columns("vote")}) is False
    await asyncio.to_thread(migrating.upgrade, database.url)

    now = {each.id: await reread(database, each) for each in (closed, room, later)}
    assert {id: await ask(database, tallies.tallies, each) for id, each in now.items()} == before
    assert {each.announced for each in now.values()} == {ANNOUNCED}
    assert len({each.salt for each in now.values()}) == len(now)
    assert [now[each.id].rule_locked_at is None for each in (closed, room, later)] == [False, False, True]
    (cast,) = (await ask(database, votes.standing, sacha, [one.id, two.id])).values()
    assert [(vote.round, vote.wording, vote.choice, vote.lab_slug) for vote in cast] == [(1, 1, "keep", "siilab")]
    assert [each.how for each in await ask(database, lineage.departures, room.id)] == [Leaving.WITHDRAWN]
    assert (await ask(database, frameworks.fetch, "2.0.0")).content == version
    assert (await ask(database, frameworks.from_workshop, closed.id)).version == "2.0.0"
    assert list(recount.differences(await ask(database, returns.document, closed.id))) == []
    # What the room does next is as if it had begun here.
    await act(database, votes.cast, one.id, wording=2, choice=Choice.KEEP, by=sacha)
    assert (await ask(database, tallies.tally, one.id)).counts == {"keep": 1, "drop": 1}


async def test_another_rule_than_the_one_of_before_does_not_go_down(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    await act(database, rules.announce, room.id, Rule(quorum=2), by=camille)
    with pytest.raises(RuntimeError, match="une autre règle"):
        await asyncio.to_thread(command.downgrade, migrating.config(database.url), "0004")
    await asyncio.to_thread(migrating.upgrade, database.url)
    assert (await reread(database, room)).announced == Rule(quorum=2)


def forbidden(table: str, column: str, *, is_sqlite: bool) -> Iterator[str]:
    """Every way to change or remove what a table holds."""
    yield f"UPDATE {table} SET {column} = {column}"
    yield f"DELETE FROM {table}"
    if is_sqlite:
        yield f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    else:
        yield f"TRUNCATE {table} CASCADE"


@pytest.mark.parametrize(
    ("table", "column", "refusal"),
    [
        ("framework", "document", FRAMEWORK),
        ("importedframework", "document", IMPORTED),
        ("release", "document", RELEASE),
        ("entry", "about", ENTRY),
        ("wording", "sheet", WORDING),
    ],
)
async def test_what_is_sealed_stays(database: Database, table: str, column: str, refusal: str) -> None:
    await published(database)
    deposit = gridfiles.deposit("grille.csv", b"code,libelle\nA1,Agents")
    await act(database, imports.keep, deposit, Notice("Grille de 2019", "DITP"), by=None)

    async def rows() -> list[Any]:
        async with database.engine.connect() as connection:
            return sorted(map(repr, await connection.execute(text(f"SELECT * FROM {table}"))))

    before = await rows()
    assert before != []
    for statement in forbidden(table, column, is_sqlite=database.is_sqlite):
        async with database.engine.connect() as connection:
            with pytest.raises(IntegrityError) as refused:
                await connection.execute(text(statement))
        assert str(refused.value.orig).splitlines()[0] == refusal, statement
    assert await rows() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workshop SET stage = 'napping'",
        "UPDATE workshop SET start = 'rumour'",
        "UPDATE member SET role = 'king'",
        "UPDATE granting SET role = 'king'",
        "UPDATE indicator SET origin = 'rumour'",
    ],
)
async def test_a_word_that_is_not_one_is_refused(database: Database, statement: str) -> None:
    camille = await facilitator(database)
    await workshop(database, by=camille)
    await act(database, roles.grant, camille, Role.MODERATOR, by=None)
    async with database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match=r"ck_\w+_\w+"):
            await connection.execute(text(statement))


async def test_two_processes_prepare_a_database_one_after_the_other(database_url: str) -> None:
    """The second one waits in the doorway, and finds the work done."""
    order: list[str] = []

    def prepare(name: str) -> None:
        with migrating.alone(database_url):
            order.append(f"{name} enters")
            migrating.upgrade(database_url)
            order.append(f"{name} leaves")

    await asyncio.gather(asyncio.to_thread(prepare, "one"), asyncio.to_thread(prepare, "other"))
    first, second = order[0].split()[0], order[2].split()[0]
    assert order == [f"{first} enters", f"{first} leaves", f"{second} enters", f"{second} leaves"]
