"""Commands that keep the house: purge."""

from server import sweeping
from server.cli.desk import OK, Desk


async def purge(desk: Desk) -> int:
    """What a running server does by itself once an hour."""
    await sweeping.sweep(desk.database)
    print("Sessions, tentatives, liens et reçus périmés sont effacés.")
    return OK
