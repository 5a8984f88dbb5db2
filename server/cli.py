"""The command line: what an administrator does, and what anyone may check."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg
import uvicorn
from alembic.util import CommandError
from sqlalchemy import and_, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, func, select
from starlette.responses import JSONResponse

from server import checking, exports, gestures, identity, migrating, settings, watching
from server.arguments import WRONG_USE, Parser
from server.database import Database
from server.demo import story
from server.demo.signin import CAST
from server.settings import Misconfigured, Settings
from workshops import agenda, frameworks, journal, labs, people, world
from workshops.agenda import Stage, Workshop
from workshops.frameworks import Exceptional
from workshops.journal import Entry, Receipt
from workshops.people import Identity, Person, Role
from workshops.refusals import NotFound, NotThus, Refusal
from workshops.words import N_

Arguments = argparse.Namespace
Found = TypeVar("Found")
OK, REFUSED = 0, 1
RECEIPT_LIFE = timedelta(days=7)
ROLES = {"animation": Role.FACILITATOR, "edition": Role.PUBLISHER, "moderation": Role.MODERATOR}
PLATFORM_ROLES = {**ROLES, **{role.value: role for role in ROLES.values()}}


@dataclass(frozen=True)
class Desk:
    """What a command on the database works with."""

    settings: Settings
    database: Database
    given: Arguments

    def address(self, path: str) -> str:
        return self.settings.public_url + path


def main(argv: Sequence[str] | None = None) -> int:
    """0: done; 1: refused, or not in order; 2: not understood."""
    try:
        given = parser().parse_args(argv)
        return int(given.command(given))
    except NotThus as refusal:
        return _refuse("\n".join(gestures.errors(refusal).values()))
    except Refusal as refusal:
        return _refuse(gestures.sentence(refusal))
    except (DBAPIError, psycopg.Error, CommandError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        return _refuse(f"La base de données ne répond pas comme prévu : {reason}\nFaut-il un « migrate » d'abord ?")
    except KeyboardInterrupt:
        return OK


def _refuse(reason: str, code: int = REFUSED) -> int:
    print(reason, file=sys.stderr)
    return code


# ── What one may type


def parser() -> Parser:
    whole = Parser(prog="python -m server", description="Grille commune, en ligne de commande.")
    commands = whole.add_subparsers(title="commandes", metavar="COMMANDE", required=True)

    def add(name: str, command: Callable[[Arguments], int], words: str) -> Parser:
        added = commands.add_parser(name, help=words, description=words[:1].upper() + words[1:] + ".")
        added.set_defaults(command=command)
        return added

    add("run", run, "mettre la base à jour, puis lancer le serveur")
    add("migrate", migrate, "mettre la base de données et l'annuaire des laboratoires à jour")
    demo_ = add("demo", demo, "créer le monde de démonstration s'il n'existe pas, et donner ses liens de connexion")
    demo_.add_argument("--json", action="store_true", help="en JSON, pour un programme")
    link_ = add("link", on_database(link), "donner un lien de connexion à usage unique, valable quinze minutes")
    link_.add_argument("person", metavar="PERSONNE", help="identifiant, adresse électronique ou nom exact")
    publish_ = add("publish", on_database(publish), "publier ce qu'un atelier clos a décidé")
    publish_.add_argument("workshop", metavar="ATELIER", help="identifiant ou code de l'atelier")
    publish_.add_argument("--par", required=True, metavar="PERSONNE", help="qui publie ; il lui faut le rôle d'édition")
    publish_.add_argument(
        "--version", default="", help="numéro de version (par défaut, celui que les écarts demandent)"
    )
    publish_.add_argument("--note", default="", help="note de version")
    publish_.add_argument(
        "--incompletes", default="", metavar="MOTIF", help="garder aussi les fiches incomplètes, pour ce motif"
    )
    export_ = add(
        "export", on_database(export), "écrire dans un dossier les versions publiées et les registres scellés"
    )
    export_.add_argument("folder", metavar="DOSSIER", type=Path)
    verify_ = add("verify", verify, "vérifier un fichier téléchargé, sans base de données ni réglages")
    verify_.add_argument("kind", metavar="GENRE", choices=list(checking.CHECKS), help="registre, vote ou referentiel")
    verify_.add_argument("file", metavar="FICHIER", type=Path)
    watch_ = add("watch", on_database(watch), "suivre un atelier dans ce terminal, jusqu'à Ctrl-C")
    watch_.add_argument("workshop", metavar="ATELIER", help="identifiant ou code de l'atelier")
    watch_.add_argument("--depuis", type=int, metavar="N", help="reprendre après le geste N (par défaut, le dernier)")
    add(
        "purge",
        on_database(purge),
        "effacer les sessions, tentatives et liens expirés, et les reçus de plus de 7 jours",
    )
    grant_ = add("grant", on_database(grant), "donner un rôle à une personne")
    grant_.add_argument("person", metavar="PERSONNE", help="identifiant, adresse électronique ou nom exact")
    grant_.add_argument("role", metavar="ROLE", choices=list(PLATFORM_ROLES), help=", ".join(ROLES))
    return whole


def on_database(command: Callable[[Desk], Awaitable[int]]) -> Callable[[Arguments], int]:
    """A command that needs the settings and the database."""

    async def at_desk(given: Arguments) -> int:
        chosen = settings.from_environment()
        return await _with_database(chosen, lambda database: command(Desk(chosen, database, given)))

    return lambda given: asyncio.run(at_desk(given))


# ── Getting ready


def prepare(chosen: Settings) -> None:
    """The schema and the labs, in any mode. Two processes that come at once do it one after the other."""
    with migrating.alone(chosen.database_url):
        migrating.upgrade(chosen.database_url)
        asyncio.run(_with_database(chosen, _enter_labs))


async def _with_database(chosen: Settings, act: Callable[[Database], Awaitable[Found]]) -> Found:
    database = Database(chosen.database_url)
    try:
        return await act(database)
    finally:
        await database.close()


async def _enter_labs(database: Database) -> None:
    async with database.transaction() as session:
        await labs.enter(session, labs.found())


def prepare_demo(chosen: Settings) -> Workshop:
    """The demonstration's world."""
    with migrating.alone(chosen.database_url):
        return asyncio.run(_with_database(chosen, lambda database: story.tell(database, chosen)))


def run(given: Arguments) -> int:
    """Prepare, say where to go, serve."""
    chosen = settings.from_environment()
    prepare(chosen)
    workshop = prepare_demo(chosen) if chosen.demo else None
    print(_welcome(chosen, workshop), flush=True)
    uvicorn.run(
        "server.app:asgi",
        factory=True,
        host=chosen.host,
        port=chosen.port,
        ws="server.live.wire:Wire",
        ws_per_message_deflate=False,  # frames are small, and compressing them once per seat is not
        ws_max_size=4096,
        access_log=chosen.demo,
        proxy_headers=True,
        timeout_graceful_shutdown=5,
    )
    return OK


def _welcome(chosen: Settings, workshop: Workshop | None) -> str:
    if workshop is None:
        return f"Grille commune : {chosen.public_url}"
    cast = "\n".join(f"    {persona.name:<18}{persona.role}" for persona in CAST)
    return (
        f"Grille commune, démonstration : {chosen.public_url}\n"
        f"  l'atelier : {chosen.public_url}/ateliers/{workshop.id} (code {workshop.code})\n"
        f"  à la connexion, choisissez qui vous êtes :\n{cast}\n"
    )


def migrate(given: Arguments) -> int:
    """The schema and the labs."""
    prepare(settings.from_environment())
    print("La base de données est à jour.")
    return OK


def demo(given: Arguments) -> int:
    """The demonstration's world, and a way in for three of its people."""
    try:
        chosen = settings.from_environment()
    except Misconfigured as refusal:
        raise Misconfigured(f"{refusal}\nLa démonstration demande DEMO=on.") from None
    if not chosen.demo:
        return _refuse("La démonstration demande DEMO=on : elle laisse entrer tout le monde.")
    prepare(chosen)
    workshop = prepare_demo(chosen)
    links = asyncio.run(_with_database(chosen, lambda database: _demo_links(database, chosen, workshop)))
    if given.json:
        print(json.dumps({"atelier": {"id": workshop.id, "code": workshop.code}, "liens": links}, ensure_ascii=False))
    else:
        print(f"{workshop.title}\n  {chosen.public_url}/ateliers/{workshop.id}, code {workshop.code}")
        print("Liens de connexion, à usage unique, valables quinze minutes :")
        print("\n".join(f"  {role:<10} {address}" for role, address in links.items()))
    return OK


async def _demo_links(database: Database, chosen: Settings, workshop: Workshop) -> dict[str, str]:
    roles = {"animation": story.CAMILLE, "edition": story.DOMINIQUE, "membre": story.ALIX}
    async with database.transaction() as session:
        cast = await story.cast(session, chosen)
        return {
            role: await _way_in(session, chosen, cast[persona], f"/ateliers/{workshop.id}")
            for role, persona in roles.items()
        }


async def _way_in(session: AsyncSession, chosen: Settings, person: Person, then: str = "") -> str:
    """A single-use address that makes whoever opens it this person."""
    address = f"{chosen.public_url}/connexion/lien/{await identity.link(session, person)}"
    return f"{address}?suite={then}" if then else address


# ── People


async def link(desk: Desk) -> int:
    async with desk.database.transaction() as session:
        print(await _way_in(session, desk.settings, await _person(session, desk.given.person)))
    return OK


async def grant(desk: Desk) -> int:
    role = PLATFORM_ROLES[desk.given.role]
    async with desk.database.transaction() as session:
        person = await _person(session, desk.given.person)
        await people.grant(session, person, role, by=None)
    print(f"{person.name} a le rôle « {role.label} ».")
    return OK


async def _person(session: AsyncSession, named: str) -> Person:
    """The one person of this id, or whose provider gives this e-mail or exact name."""
    found = list(
        await session.scalars(
            select(Person)
            .outerjoin(Identity, col(Identity.person_id) == col(Person.id))
            .where(
                or_(
                    col(Person.id) == named,
                    # A guest chooses a first name freely: only a provider's word makes a name.
                    and_(col(Identity.id).is_not(None), col(Person.name) == named),
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


# ── Workshops and versions


async def _workshop(session: AsyncSession, named: str) -> Workshop:
    """The workshop of this id or code."""
    try:
        return await agenda.get(session, named)
    except NotFound:
        return await agenda.find(session, named)


async def publish(desk: Desk) -> int:
    """As the page does: the number the differences call for, and one reason for all unfinished sheets."""
    async with desk.database.transaction() as session:
        workshop = await _workshop(session, desk.given.workshop)
        by = await _person(session, desk.given.par)
        exceptions = await _unfinished(session, workshop, desk.given.incompletes)
        version = desk.given.version or (await frameworks.draft(session, workshop, exceptions)).version
        framework = await frameworks.publish(
            session, workshop.id, version=version, note=desk.given.note, exceptions=exceptions, by=by
        )
    print(f"Version {version} publiée : {desk.address(f'/referentiel/{version}')}\n{framework.fingerprint}")
    return OK


async def _unfinished(session: AsyncSession, workshop: Workshop, because: str) -> dict[str, Exceptional]:
    """Each indicator that the votes kept and whose sheet is not complete, when there is a reason to keep it."""
    if not because:
        return {}
    return (await frameworks.draft(session, workshop)).unfinished(because)


async def export(desk: Desk) -> int:
    """Every published version and every sealed register, byte for byte as the site gives them."""
    files: dict[str, bytes] = {}
    async with desk.database.reading() as session:
        for framework in await frameworks.versions(session):
            name = f"referentiel-{framework.version}"
            files[f"{name}.json"] = _as_json(framework.content)
            files[f"{name}.csv"] = exports.framework_csv(framework.content).encode()
        for workshop in await agenda.calendar(session):
            if workshop.stage is Stage.CLOSED:
                entries = await journal.since(session, workshop.id, 0)
                files[f"registre-{workshop.id}.json"] = _as_json(exports.minutes(workshop, entries))
    return _write(desk.given.folder, files)


def _write(folder: Path, files: Mapping[str, bytes]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
            print(folder / name)
    except OSError as error:
        return _refuse(f"{folder} : {error.strerror}")
    return OK


def _as_json(content: object) -> bytes:
    return bytes(JSONResponse(content).body)


def verify(given: Arguments) -> int:
    """Needs nothing but the file."""
    try:
        problem = checking.check(given.kind, given.file)
    except checking.Unreadable as error:
        return _refuse(str(error), WRONG_USE)
    if problem:
        return _refuse(f"À revoir : {problem}.")
    print("conforme")
    return OK


async def watch(desk: Desk) -> int:
    async with desk.database.reading() as session:
        workshop = await _workshop(session, desk.given.workshop)
    since = workshop.gestures if desk.given.depuis is None else desk.given.depuis
    say = partial(print, flush=True)
    say(f"{workshop.title}, à partir du geste {since}. Ctrl-C pour partir.")
    try:
        await watching.watch(desk.database, desk.settings, workshop, since, say)
    except watching.Dismissed as reason:
        return _refuse(str(reason))


async def purge(desk: Desk) -> int:
    """A receipt is as old as its gesture."""
    old = select(Entry.workshop_id).where(
        col(Entry.workshop_id) == col(Receipt.workshop_id),
        col(Entry.number) == col(Receipt.number),
        col(Entry.at) < world.now() - RECEIPT_LIFE,
    )
    async with desk.database.transaction() as session:
        await identity.sweep(session)
        await session.execute(delete(Receipt).where(old.exists()))
    print("Sessions, tentatives, liens et reçus périmés sont effacés.")
    return OK
