"""Commands that get ready and serve: run, migrate, demo."""

import asyncio
import json
import signal

import uvicorn

from server import logs, migrating, settings
from server.cli.desk import OK, Arguments, refuse, with_database
from server.cli.people import way_in
from server.database import Database
from server.demo import story
from server.demo.signin import CAST
from server.settings import Misconfigured, Settings
from workshops import labs
from workshops.agenda import Workshop


def prepare(chosen: Settings) -> None:
    """The schema and the labs, in any mode. Two processes that come at once do it one after the other."""
    with migrating.alone(chosen.database_url):
        migrating.upgrade(chosen.database_url)
        asyncio.run(with_database(chosen, _enter_labs))


async def _enter_labs(database: Database) -> None:
    async with database.transaction() as session:
        await labs.enter(session, labs.found())


def prepare_demo(chosen: Settings) -> Workshop:
    """The demonstration's world."""
    with migrating.alone(chosen.database_url):
        return asyncio.run(with_database(chosen, lambda database: story.tell(database, chosen)))


def run(given: Arguments) -> int:
    """Prepare, say where to go, serve."""
    chosen = settings.from_environment()
    prepare(chosen)
    workshop = prepare_demo(chosen) if chosen.demo else None
    print(_welcome(chosen, workshop), flush=True)
    logs.configure(as_json=chosen.logs_are_json)
    # Once it has left in good order, uvicorn sends itself again the signal that asked for it: that is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    uvicorn.run(
        "server.app:asgi",
        factory=True,
        host=chosen.host,
        port=chosen.port,
        workers=chosen.web_concurrency,
        http="server.heads:Http",
        ws="server.live.wire:Wire",
        ws_per_message_deflate=False,  # frames are small, and compressing them once per seat is not
        ws_max_size=4096,
        log_config=None,  # `logs` speaks for uvicorn too
        access_log=False,  # its lines hold addresses as they were typed, codes and tokens included
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
    """The demonstration's world, and a way in for four of its people."""
    try:
        chosen = settings.from_environment()
    except Misconfigured as refusal:
        raise Misconfigured(f"{refusal}\nLa démonstration demande DEMO=on.") from None
    if not chosen.demo:
        return refuse("La démonstration demande DEMO=on : elle laisse entrer tout le monde.")
    prepare(chosen)
    workshop = prepare_demo(chosen)
    links = asyncio.run(with_database(chosen, lambda database: _demo_links(database, chosen, workshop)))
    if given.json:
        print(json.dumps({"atelier": {"id": workshop.id, "code": workshop.code}, "liens": links}, ensure_ascii=False))
    else:
        print(f"{workshop.title}\n  {chosen.public_url}/ateliers/{workshop.id}, code {workshop.code}")
        print("Liens de connexion, à usage unique, valables quinze minutes :")
        print("\n".join(f"  {role:<12} {address}" for role, address in links.items()))
    return OK


async def _demo_links(database: Database, chosen: Settings, workshop: Workshop) -> dict[str, str]:
    roles = {
        "animation": story.CAMILLE,
        "edition": story.DOMINIQUE,
        "confirmation": story.MAXIME,
        "membre": story.ALIX,
    }
    async with database.transaction() as session:
        cast = await story.cast(session, chosen)
        return {
            role: await way_in(session, chosen, cast[persona], f"/ateliers/{workshop.id}")
            for role, persona in roles.items()
        }
