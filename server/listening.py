"""Listening: what other processes on the same PostgreSQL committed, heard as it happens."""

import asyncio
import logging
from collections.abc import Callable

from server import postgresql
from server.database import CHANNEL, Database, News

SILENCE = 5.0  # seconds after which the line is tried
ANSWER = 5.0  # seconds it has to answer: a network that is cut without a word would keep us waiting for an hour
AGAIN = 1.0  # seconds before another attempt

log = logging.getLogger(__name__)


async def listen(database: Database, hear: Callable[[News], None], online: Callable[[bool], None]) -> None:
    """Hear for ever, whatever happens. `online` is told when the line is open, and when it is not: what was said
    meanwhile is lost, so that whoever listens must then look for itself.
    """
    address = postgresql.plain(database.url)
    failing = False
    while True:
        try:
            async with await postgresql.connect(address, autocommit=True) as line:
                await line.execute(f"LISTEN {CHANNEL}")
                online(True)
                failing = False
                await _hear(line, database.process, hear, online)
        except Exception as error:
            if not failing:
                log.warning("the other processes are not heard: %r", error)
            failing = True
        finally:
            online(False)
        await asyncio.sleep(AGAIN)


async def _hear(
    line: postgresql.Connection, myself: str, hear: Callable[[News], None], online: Callable[[bool], None]
) -> None:
    while True:
        async for notice in line.notifies(timeout=SILENCE):
            try:
                by, news = News.read(notice.payload)
            except (LookupError, TypeError, ValueError):
                # Another version of this code, or somebody at a console: it may have been anything.
                log.warning("what was said on the line cannot be read")
                online(True)
                continue
            if by != myself:
                hear(news)
        async with asyncio.timeout(ANSWER):
            await line.execute("SELECT 1")
