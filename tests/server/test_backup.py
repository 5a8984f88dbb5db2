"""Backup: one moment of a living database, and an empty place where it lives again."""

import asyncio
import os
import resource
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from server import backup, exports, migrating, postgresql
from server.app import create_app
from server.backup import Impossible
from server.database import Database
from server.settings import ROOT, Settings
from tests.cast import Browsers, act, ask, cards, facilitator, member_of, session_of, stranger, workshop
from tests.server.pages.everything import everything
from workshops import agenda, frameworks, journal, tallies, votes
from workshops.agenda import Stage, Workshop
from workshops.consensus import Choice
from workshops.journal import Entry, Kind
from workshops.records import Record
from workshops.votes import Vote

SEALED = {
    "framework": "UPDATE framework SET version = '9.9.9'",
    "entry": "DELETE FROM entry",
    "wording": "UPDATE wording SET number = 46",
}


async def save(url: str, file: Path, **given: Any) -> None:
    await asyncio.to_thread(backup.save, url, file, **given)


async def restore(url: str, file: Path) -> None:
    """As the command line does: the schema is brought up to date afterwards."""
    await asyncio.to_thread(backup.restore, url, file)
    await asyncio.to_thread(migrating.upgrade, url)


@pytest.fixture(params=["migrated", "bare"])
def empty_place(request: pytest.FixtureRequest, databases: Callable[[], str], database_url: str, tmp_path: Path) -> str:
    """Where nobody has ever come: an installation, or nothing at all."""
    if request.param == "migrated":
        return databases()
    if migrating.backend(database_url) == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'new.db'}"
    url = databases()
    with psycopg.connect(postgresql.plain(url), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


async def told(url: str, settings: Settings) -> dict[str, bytes]:
    """Everything that the site publishes from a database, byte for byte."""
    app = create_app(settings.model_copy(update={"database_url": url}))
    database, browsers = app.state.database, Browsers(app)
    browser, found = browsers(), {}
    try:
        rooms = await ask(database, _rooms)
        versions = [framework.version for framework in await ask(database, frameworks.versions)]
        addresses = ["/laboratoires", "/referentiel"]
        addresses += [
            f"/ateliers/{room.id}{part}" for room in rooms for part in (".json", "/registre.json", "/registre")
        ]
        addresses += [f"/referentiel/{version}{part}" for version in versions for part in (".json", ".csv", "")]
        for address in addresses:
            answer = await browser.get(address)
            assert (address, answer.status_code) == (address, 200)
            found[address] = answer.content
        async with database.reading() as session:
            for table in Record.metadata.sorted_tables:
                rows = await session.execute(text(f'SELECT * FROM "{table.name}"'))
                found[table.name] = "\n".join(sorted(map(str, rows))).encode()
    finally:
        await browsers.close()
        await database.close()
    return found


async def _rooms(session: Any) -> list[Workshop]:
    return list(await session.scalars(select(Workshop)))


async def in_order(database: Database, room: Workshop) -> None:
    """The chain holds, and the tallies are what one counts by hand."""
    room = await ask(database, agenda.get, room.id)
    minutes = exports.minutes(room, await ask(database, journal.since, room.id, 0))
    assert journal.first_break(minutes["gestes"]) is None
    assert (len(minutes["gestes"]), minutes["derniere_empreinte"]) == (room.gestures, room.head)
    on_table = {each.id: each.wording.number for each in (await cards(database, room)).values()}
    cast = [
        vote
        for vote in await ask(database, _votes)
        if vote.indicator_id in on_table and vote.wording == on_table[vote.indicator_id] and vote.taken_back_at is None
    ]
    by_hand = Counter((vote.indicator_id, vote.choice) for vote in cast)
    found = await ask(database, tallies.tallies, room)
    counts = {(id, choice): number for id, tally in found.items() for choice, number in tally.counts.items()}
    assert counts == by_hand


async def _votes(session: Any) -> list[Vote]:
    return list(await session.scalars(select(Vote)))


# ── A world, saved and restored


async def test_a_restored_base_publishes_the_same_bytes(
    database: Database, client: Browsers, settings: Settings, empty_place: str, tmp_path: Path
) -> None:
    world = await everything(database, client)
    await session_of(database, world.day.alix)
    before = await told(database.url, settings)
    assert {"/referentiel/2.0.0.json", "/referentiel/2.0.1.csv", f"/ateliers/{world.day.room.id}.json"} <= set(before)
    assert min(len(before[name]) for name in ("vote", "comment", "hiding", "framework", "session")) > 0
    file = tmp_path / "grille.sauvegarde"
    await save(database.url, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await restore(empty_place, file)
    assert await told(empty_place, settings) == before
    restored = Database(empty_place)
    try:
        await in_order(restored, world.day.room)
        # What was sealed is sealed there too, and life goes on from there.
        for table, attempt in SEALED.items():
            with pytest.raises(DBAPIError, match=r"ne se (modifie|réécrit) pas"):
                await act(restored, lambda session, words=attempt: session.execute(text(words)))
            assert await ask(restored, lambda session, name=table: session.scalar(text(f"SELECT count(*) FROM {name}")))
        await act(restored, votes.cast, world.day.card.id, wording=2, choice=Choice.KEEP, by=world.day.alix)
        await in_order(restored, world.day.room)
    finally:
        await restored.close()


async def test_a_backup_taken_while_people_vote_is_one_moment(
    database: Database, databases: Callable[[], str], tmp_path: Path
) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    people = [await member_of(database, room, name=f"Votant {number}") for number in range(4)]
    texts = list((await cards(database, room)).values())
    stop, rounds = asyncio.Event(), asyncio.Condition()
    cast = 0

    async def keep_voting(by: Any) -> None:
        nonlocal cast
        while not stop.is_set():
            for each in texts:
                choice = Choice.KEEP if cast % 3 else Choice.ABSTAIN
                await act(database, votes.cast, each.id, wording=1, choice=choice, by=by)
                async with rounds:
                    cast += 1
                    rounds.notify_all()

    voting = [asyncio.create_task(keep_voting(person)) for person in people]
    files = [tmp_path / f"{number}" for number in range(3)]
    bounds = []
    for file in files:
        async with rounds:
            more = cast + 5
            await rounds.wait_for(lambda wanted=more: cast >= wanted)
        begun = (await ask(database, agenda.get, room.id)).gestures
        await save(database.url, file)
        bounds.append((begun, (await ask(database, agenda.get, room.id)).gestures))
    stop.set()
    await asyncio.gather(*voting)
    place = databases()
    await restore(place, files[1])
    restored = Database(place)
    await in_order(restored, room)
    found = (await ask(restored, agenda.get, room.id)).gestures
    votes_written = Counter(entry.kind for entry in await ask(restored, _entries))[Kind.VOTE_CAST]
    await restored.close()
    begun, ended = bounds[1]
    assert begun <= found <= ended < (await ask(database, agenda.get, room.id)).gestures
    assert votes_written > 0


async def _entries(session: Any) -> list[Entry]:
    return list(await session.scalars(select(Entry)))


# ── Refused, with a sentence and without a trace


async def refused(act: Awaitable[None]) -> str:
    with pytest.raises(Impossible) as refusal:
        await act
    return str(refusal.value)


async def test_a_file_that_exists_is_kept_unless_one_insists(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "grille.sauvegarde"
    file.write_text("précieux")
    assert await refused(save(database.url, file)) == (
        f"{file} existe déjà. Choisissez un autre nom, ou ajoutez --force pour le remplacer."
    )
    assert file.read_text() == "précieux"
    await save(database.url, file, over=True)
    assert file.read_bytes() != "précieux".encode()
    assert os.listdir(tmp_path) == [file.name]


async def test_a_base_where_somebody_came_is_never_replaced(
    database: Database, databases: Callable[[], str], tmp_path: Path
) -> None:
    await stranger(database)
    file = tmp_path / "grille.sauvegarde"
    await save(database.url, file)
    occupied = Database(databases())
    await stranger(occupied, "Quelqu'un")
    assert (await refused(restore(occupied.url, file))).startswith("Cette base n'est pas vide : rien n'y est restauré.")
    names = await ask(occupied, lambda session: session.scalar(text("SELECT name FROM person")))
    assert names == "Quelqu'un"
    await occupied.close()


async def test_a_folder_that_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    for folder in (tmp_path / "absent", tmp_path / "fichier"):
        said = await refused(save(database.url, folder / "grille.sauvegarde"))
        assert said.startswith(f"{folder} : ")
    assert os.listdir(tmp_path) == ["fichier"]


async def test_a_disk_that_is_full_leaves_no_half_file(database: Database, tmp_path: Path) -> None:
    await workshop(database, by=await facilitator(database))
    said = await command_line("backup", str(tmp_path / "grille.sauvegarde"), url=database.url, largest=8192)
    assert (said.returncode, said.stdout) == (1, "")
    assert "échoué" in said.stderr or "pg_dump n'a pas abouti" in said.stderr
    assert "Traceback" not in said.stderr
    assert os.listdir(tmp_path) == []


async def command_line(
    *words: str, url: str, largest: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which may write no file larger than this."""

    def narrow() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "server", *words],
        cwd=ROOT,
        env={**os.environ, "DEMO": "on", "DATABASE_URL": url, **environment},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=narrow,
    )


async def test_from_the_command_line(database: Database, databases: Callable[[], str], tmp_path: Path) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    file = tmp_path / "grille.sauvegarde"
    saved = await command_line("backup", str(file), url=database.url)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout == f"Base sauvegardée dans {file} ({file.stat().st_size} octets).\n"
    place = databases()
    again = await command_line("restore", str(file), url=place)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == f"Base restaurée depuis {file} et mise au schéma courant.\n"
    twice = await command_line("restore", str(file), url=place)
    assert (twice.returncode, twice.stdout) == (1, "")
    assert twice.stderr.startswith("Cette base n'est pas vide")
    restored = Database(place)
    assert (await ask(restored, agenda.get, room.id)).title == room.title
    await restored.close()


@pytest.mark.parametrize(("content", "said"), [(None, "ne se lit pas"), (b"", "n'est pas"), (b"bonjour", "n'est pas")])
async def test_what_is_not_a_backup_is_refused(
    database: Database, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    assert said in await refused(restore(database.url, file))


async def test_a_backup_of_the_other_kind_of_database_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "other"
    file.write_bytes(b"PGDMP\x01\x0e" if database.is_sqlite else b"SQLite format 3\x00")
    theirs, ours = ("PostgreSQL", "SQLite") if database.is_sqlite else ("SQLite", "PostgreSQL")
    assert await refused(restore(database.url, file)) == (
        f"{file} est une sauvegarde {theirs} ; la base des réglages est {ours}."
    )


async def test_a_backup_cut_short_is_refused(database: Database, databases: Callable[[], str], tmp_path: Path) -> None:
    await stranger(database)
    file = tmp_path / "grille.sauvegarde"
    await save(database.url, file)
    whole = file.read_bytes()
    place = databases()
    for length in (len(whole) // 2, len(whole) - 4096 if database.is_sqlite else len(whole) - 100):
        file.write_bytes(whole[:length])
        said = await refused(restore(place, file))
        assert "ne se lit pas" in said or "est abîmé" in said or "pg_restore n'a pas abouti" in said
    empty = Database(place)
    assert await ask(empty, lambda session: session.scalar(text("SELECT count(*) FROM person"))) == 0
    await empty.close()


async def test_a_backup_of_a_later_version_is_refused_and_a_stranger_s_too(
    database: Database, databases: Callable[[], str], tmp_path: Path
) -> None:
    later, foreign = tmp_path / "later", tmp_path / "foreign"
    await act(database, lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await save(database.url, later)
    await act(database, lambda session: session.execute(text("DROP TABLE alembic_version")))
    await save(database.url, foreign)
    place = databases()
    assert await refused(restore(place, later)) == (
        f"{later} vient d'une version plus récente de Grille commune (schéma 9999, inconnu ici) : "
        "mettez d'abord le programme à jour."
    )
    assert await refused(restore(place, foreign)) == f"{foreign} ne contient pas une base de Grille commune."


# ── SQLite only


@pytest.fixture
def sqlite_only(database_url: str) -> None:
    if migrating.backend(database_url) != "sqlite":
        pytest.skip("SQLite's own")


@pytest.mark.usefixtures("sqlite_only")
async def test_a_base_in_service_is_not_a_backup(database: Database, tmp_path: Path) -> None:
    await stranger(database)
    file = Path(make_url(database.url).database or "")
    assert "est une base en service" in await refused(restore(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}", file))


@pytest.mark.usefixtures("sqlite_only")
async def test_there_must_be_a_base_to_save(tmp_path: Path) -> None:
    said = await refused(save(f"sqlite+aiosqlite:///{tmp_path / 'absent.db'}", tmp_path / "file"))
    assert said == f"Il n'y a pas de base à sauvegarder : {tmp_path / 'absent.db'} n'existe pas."
    assert await refused(save("sqlite+aiosqlite:///:memory:", tmp_path / "file")) == (
        "Une base en mémoire n'a rien à sauvegarder ni à restaurer."
    )
    assert os.listdir(tmp_path) == []


# ── PostgreSQL only


@pytest.fixture
def postgresql_only(database_url: str) -> None:
    if migrating.backend(database_url) != "postgresql":
        pytest.skip("PostgreSQL's own")


def tool(folder: Path, name: str, script: str) -> None:
    """A program of this name, first on the path."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.usefixtures("postgresql_only")
async def test_without_its_tools_postgresql_is_not_saved(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "file"
    assert await refused(save(database.url, file)) == (
        "pg_dump est introuvable : installez les outils de PostgreSQL (paquet postgresql-client)."
    )
    tool(tmp_path, "pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.24"')
    said = await refused(save(database.url, file))
    assert said.startswith("pg_dump est en version 9 et le serveur en version ")
    assert not file.exists()


@pytest.mark.usefixtures("postgresql_only")
async def test_the_password_is_on_no_command_line(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tmp_path, "pg_dump", f'test "$1" = --version && echo "pg_dump (PostgreSQL) 99" && exit\n'
         f'echo "$@" > {tmp_path}/words; echo "$PGPASSWORD" > {tmp_path}/secret; echo refused >&2; exit 1')  # fmt: skip
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    url = make_url(database.url).set(password="mot/de passe").render_as_string(hide_password=False)
    assert await refused(save(url, tmp_path / "file")) == "pg_dump n'a pas abouti : refused"
    assert (tmp_path / "secret").read_text() == "mot/de passe\n"
    words = (tmp_path / "words").read_text()
    assert f"dbname={make_url(url).database}" in words
    assert "passe" not in words


# ── An older schema


async def test_a_restored_base_is_brought_to_the_schema_of_this_code(
    database: Database, empty_place: str, tmp_path: Path
) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "0001")
    file = tmp_path / "old"
    await save(database.url, file)
    await restore(empty_place, file)
    restored = Database(empty_place)
    assert await ask(restored, migrating.standing) == migrating.head()
    await in_order(restored, room)
    await restored.close()
