"""PostgreSQL: psycopg's connection, which waits for no answer for ever."""

import asyncio
from typing import Any

import psycopg
from psycopg import waiting
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.engine import make_url

CONNECT = 5  # seconds to get a connection
PATIENCE = 10.0  # seconds for the answer to one statement: ours take milliseconds
QUEUE = 30.0  # seconds for one's turn to ask: a whole room that arrives at once waits, and is not refused
IDLE = 15  # seconds after which PostgreSQL ends a transaction that says nothing: its process is lost, not its locks


def plain(url: str) -> str:
    """The address of a PostgreSQL as libpq takes it. Not as a URL: it would not have a space in a password."""
    address = make_url(url)
    given = {name: value if isinstance(value, str) else ",".join(value) for name, value in address.query.items()}
    return make_conninfo(**address.translate_connect_args(username="user", database="dbname"), **given)


async def connect(conninfo: str = "", **given: Any) -> "Connection":
    """A connection within a few seconds, or OperationalError. What the address says itself has the last word."""
    given = {"connect_timeout": CONNECT, **conninfo_to_dict(conninfo), **given}
    given["options"] = f"-c idle_in_transaction_session_timeout={IDLE}s {given.get('options', '')}"
    return await Connection.connect(**given)


class Connection(psycopg.AsyncConnection[Any]):
    """A server that is gone says so; one that is stuck, or beyond a network that is, says nothing, for hours.

    Whoever stops waiting leaves a connection that nobody may use again: what was asked may still be done.
    """

    def __del__(self, *_: object) -> None:
        """Whoever was cut off in the middle leaves it open: it is closed, without a word."""
        if hasattr(self, "pgconn"):
            self.pgconn.finish()

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """`timeout` is psycopg's own, for who waits for news rather than for an answer."""
        try:
            async with asyncio.timeout(PATIENCE if timeout is None else None):
                return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {PATIENCE:.0f} s") from None
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise
