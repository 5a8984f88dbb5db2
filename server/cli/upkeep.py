"""Commands that keep the house: back up, restore, purge."""

from server import backup, settings, sweeping
from server.cli.desk import OK, Arguments, Desk, refuse
from server.cli.serving import prepare
from server.i18n import gettext
from workshops.retention import Matter


def save(given: Arguments) -> int:
    """The server may go on: what is saved is one moment of it."""
    chosen = settings.from_environment()
    try:
        backup.save(chosen.database_url, given.file, over=given.force)
    except backup.Impossible as reason:
        return refuse(str(reason))
    print(f"Base sauvegardée dans {given.file} ({given.file.stat().st_size} octets).")
    return OK


def restore(given: Arguments) -> int:
    """Into an empty place, and only there: nothing that lives is ever replaced."""
    chosen = settings.from_environment()
    try:
        backup.restore(chosen.database_url, given.file)
    except backup.Impossible as reason:
        return refuse(str(reason))
    prepare(chosen)
    print(f"Base restaurée depuis {given.file} et mise au schéma courant.")
    return OK


async def purge(desk: Desk) -> int:
    """What a running server does by itself once an hour."""
    await sweeping.sweep(desk.database)
    print("Sessions, tentatives, liens et reçus périmés sont effacés.")
    delays = desk.settings.delays
    applied = await sweeping.retain(desk.database, delays)
    for matter in Matter:
        print(f"{gettext(matter.label)}, au-delà de {delays.of(matter)} jours : {applied.counts.get(matter, 0)}.")
    return OK
