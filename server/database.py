"""The database: one engine; `transaction` begins, commits, then rings. Nobody else commits."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server import postgresql, sqlite
from workshops import world
from workshops.journal import AlreadyDone, Sending
from workshops.withdrawals import WORDS

CHANNEL = "grille"
MOST_ENDED = 50  # sessions that one notification tells: some 90 bytes each
RESTED = 1.0  # seconds after which a connection is asked whether it still answers, before it is used
SCRUBS, SCRUB_PAUSE = 5, 0.2  # times that a busy file is tried, and seconds in between
NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', :told)")  # sent by PostgreSQL with the commit, or not at all

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """What a commit changed that others may be waiting for.

    `gestures`: the last one of each workshop touched; `ended`: the person of each session that ended, by its hash.
    """

    gestures: Mapping[str, int] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.gestures or self.ended)

    def parts(self) -> Iterator["News"]:
        """The same in pieces that a notification can hold: PostgreSQL takes 8,000 bytes."""
        ended = list(self.ended.items())
        yield News(self.gestures, dict(ended[:MOST_ENDED]))
        for first in range(MOST_ENDED, len(ended), MOST_ENDED):
            yield News({}, dict(ended[first : first + MOST_ENDED]))

    def written(self, by: str) -> str:
        """For the other processes."""
        return json.dumps({"par": by, "gestes": dict(self.gestures), "fermees": dict(self.ended)})

    @staticmethod
    def read(written: str) -> tuple[str, "News"]:
        """Which process tells, and what."""
        told = json.loads(written)
        return told["par"], News(told["gestes"], told["fermees"])


Bell = Callable[[News], None]


class Database:
    """Where records live. After each commit, `after_commit` is told what changed; so are the other processes."""

    def __init__(self, url: str, after_commit: Bell = lambda news: None) -> None:
        self.url = url
        self.after_commit = after_commit
        self.on_commit: Callable[[float, Mapping[str, int]], None] = lambda seconds, kinds: None
        self.process = world.new_id()
        self.is_sqlite = url.startswith("sqlite")
        self._ending = sqlite.Ending()
        self.engine = _sqlite(url, self._ending) if self.is_sqlite else _postgresql(url)
        # Each statement of PostgreSQL's default level sees its own moment; a page shows one.
        self._past = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        # SQLite is in autocommit until `begin` below: its dialect would put our connections in a mode of its own.
        alone: dict[str, Any] = {"begins": False} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._present = self.engine.execution_options(**alone)
        # SQLite has one writer: waiting for one's turn here is fair, busy_timeout is not.
        self._turn = asyncio.Lock() if self.is_sqlite else None
        self._is_soiled = True  # what was erased before this process may have left something

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one consistent past and changes nothing."""
        async with AsyncSession(self._past, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[AsyncSession]:
        """A session for questions that need not agree on a moment: each is one trip, with nothing to begin or end."""
        async with AsyncSession(self._present, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def transaction(self, sending: Sending | None = None) -> AsyncIterator[AsyncSession]:
        """All of it or nothing, then the bell. `sending`: what a device may send again.

        A sending already answered (AlreadyDone) ends the block quietly: `session.info["gestures"]` holds the
        number it was given the first time.
        """
        if self._turn is None:
            async with self._transaction(sending) as session:
                yield session
        else:
            async with self._turn, self._transaction(sending) as session:
                yield session

    @asynccontextmanager
    async def _transaction(self, sending: Sending | None) -> AsyncIterator[AsyncSession]:
        began = perf_counter()
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            if sending:
                session.info["sending"] = sending
            if self.is_sqlite:
                await session.connection(execution_options={"writing": True})
            try:
                yield session
                news = News(session.info.get("gestures", {}), session.info.get("ended", {}))
                if news and not self.is_sqlite:
                    for part in news.parts():
                        await session.execute(NOTIFY, {"told": part.written(self.process)})
                await session.flush()  # what the database refuses, it refuses here: no doubt about that
                try:
                    await session.commit()
                except BaseException:
                    # The answer may be lost and the commit kept: whoever has heard looks again, which harms nothing.
                    self.after_commit(news)
                    raise
            except AlreadyDone as done:
                await session.rollback()
                session.info["gestures"] = {done.workshop_id: done.number}
                return
            except BaseException:
                await session.rollback()
                raise
        self.on_commit(perf_counter() - began, session.info.get("kinds", {}))
        self.after_commit(news)

    async def is_alive(self) -> bool:
        """Whether the database answers, within two seconds."""
        try:
            async with asyncio.timeout(2), self.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception:
            return False
        return True

    async def scrub(self, *, whole: bool = False) -> bool:
        """After words were erased and committed: nothing of them is left in the file either. Whether that is done.

        It never fails. What cannot be done now, for people who read or write without a pause, the next sweep does;
        so it does with what only the `whole` file written anew forgets, and that takes the writer's turn for longer.
        """
        self._is_soiled = self._is_soiled or not whole
        try:
            done = await (self._scrub_sqlite(whole) if self.is_sqlite else self._scrub_postgresql())
        except Exception:
            log.exception("nothing could be scrubbed this time")
            return False
        if done and whole:
            self._is_soiled = False
        return done

    async def scrub_if_soiled(self) -> None:
        """The whole file, if something was erased since the last time, or before this process."""
        if self._is_soiled:
            await self.scrub(whole=True)

    async def _scrub_sqlite(self, whole: bool) -> bool:
        file = make_url(self.url).database
        assert self._turn is not None
        for attempt in range(SCRUBS):
            if attempt:
                await asyncio.sleep(SCRUB_PAUSE)
            async with self._turn:
                if not file or await asyncio.to_thread(sqlite.scrub, file, whole=whole):
                    return True
        return False

    async def _scrub_postgresql(self) -> bool:
        """Room is given back, not overwritten: docs/exploitation.md says what that leaves."""
        async with self.asking() as session:
            for table in WORDS:
                await session.execute(text(f"VACUUM (SKIP_LOCKED) {table}"))
        return True

    async def close(self) -> None:
        await self.engine.dispose()
        await self._ending.ended()


def _postgresql(url: str) -> AsyncEngine:
    """A PostgreSQL engine: nobody waits long, for a connection or for an answer."""
    engine = create_async_engine(
        url,
        connect_args={"async_creator_fn": postgresql.connect},
        pool_size=20,
        max_overflow=10,
        pool_timeout=postgresql.QUEUE,
    )

    @event.listens_for(engine.sync_engine, "checkin")
    def rest(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def wake(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        """A connection that rested may have died meanwhile: it is asked. One that just answered is not."""
        if monotonic() - record.info.get("rests_since", monotonic()) > RESTED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    return engine


def _sqlite(url: str, ending: sqlite.Ending) -> AsyncEngine:
    """An SQLite engine that begins its own transactions: deferred to read, immediate to write."""
    file = make_url(url).database or ":memory:"
    if file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, async_creator=lambda: sqlite.connect(file, ending), pool_size=10, max_overflow=20)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("begins", True):
            connection.exec_driver_sql(sqlite.TAKE_TURN if options.get("writing", False) else "BEGIN")

    return engine
