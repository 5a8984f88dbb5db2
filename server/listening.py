"""Listening: what other processes on the same PostgreSQL committed, heard as it happens."""

import asyncio
import logging
from collections.abc import Callable

from server import postgresql
from server.database import CHANNEL, Database, News

SILENCE = 5.0  # seconds after which the line is tried
AGAIN = 1.0  # seconds before another attempt

log = logging.getLogger(__name__)


async def listen(database: Database, hear: Callable[[News], None], online: Callable[[bool], None]) -> None:
    """Hear for ever. `online` is told when the line is open, and when it is not: what was said meanwhile is lost,
    so that whoever listens must then look for itself.
    """
    address = postgresql.plain(database.url)
    failing = False
    while True:
        try:
            async with await postgresql.connect(address, autocommit=True) as line:
                await line.execute(f"LISTEN {CHANNEL}")
                online(True)
                failing = False
                await _hear(line, database.process, hear)
        except Exception as error:  # what is not understood (another version speaks otherwise) ends nothing either
            if not failing:
                log.warning("the other processes are not heard: %r", error)
            failing = True
        finally:
            online(False)
        await asyncio.sleep(AGAIN)


async def _hear(line: postgresql.Connection, myself: str, hear: Callable[[News], None]) -> None:
    while True:
        async for notice in line.notifies(timeout=SILENCE):
            by, news = News.read(notice.payload)
            if by != myself:
                hear(news)
        await line.execute("SELECT 1")
