"""Sweeping: what time has closed is forgotten, by hand or once an hour."""

import asyncio
import logging
from datetime import timedelta
from typing import NoReturn

from sqlmodel import col, delete

from server import identity, maillinks, tries
from server.database import Database
from workshops import world
from workshops.journal import Receipt

RECEIPT_LIFE = timedelta(hours=24)
EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


async def sweep(database: Database) -> None:
    """Forget sessions, attempts, links and counts that are over, and receipts of more than a day."""
    async with database.transaction() as session:
        await identity.sweep(session)
        await maillinks.sweep(session)
        await tries.sweep(session)
        await session.execute(delete(Receipt).where(col(Receipt.at) < world.now() - RECEIPT_LIFE))


async def keep_swept(database: Database) -> NoReturn:
    """Sweep now, then every hour, whatever happens: several processes at once find nothing left to do."""
    while True:
        try:
            await sweep(database)
        except Exception:
            log.exception("nothing could be swept this time")
        await asyncio.sleep(EVERY.total_seconds())
