"""Sweeping: what time has closed is forgotten, and what citizens wrote when it is over, by hand or once an hour."""

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import NoReturn

from sqlmodel import col, delete

from server import identity, maillinks, tries
from server.database import Database
from workshops import retention, world
from workshops.journal import Receipt
from workshops.retention import Applied, Delays, Matter

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


async def retain(database: Database, delays: Delays) -> Applied:
    """Erase what citizens wrote whose time is over, then nothing of it is left in the file."""
    counts: Counter[Matter] = Counter()
    while True:
        async with database.transaction() as session:
            applied = await retention.apply(session, delays, now=world.now())
        if not applied:
            break
        counts.update(applied.counts)
    await (database.scrub(whole=True) if counts else database.scrub_if_soiled())
    return Applied({matter: counts[matter] for matter in Matter if counts[matter]})


async def keep_swept(database: Database, delays: Delays) -> NoReturn:
    """Sweep now, then every hour, whatever happens: several processes at once find nothing left to do."""
    while True:
        for work in (partial(sweep, database), partial(retain, database, delays)):
            try:
                await work()
            except Exception:
                log.exception("nothing could be swept this time")
        await asyncio.sleep(EVERY.total_seconds())
