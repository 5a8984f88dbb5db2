"""A line: what is between a server and its PostgreSQL, and may fail there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from sqlalchemy.engine import make_url

from bench.server import HOST, free_port

COMMIT, LISTEN = b"COMMIT\0", b"LISTEN grille"
NEWS = b'"fermees"'  # what a commit that changes something for others tells them; a process that says it lives does not
CHUNK = 65536


class Line:
    """Carries bytes both ways, unless it is frozen, deaf, or about to lose a commit."""

    def __init__(self, to: str) -> None:
        there = make_url(to)
        self.there = (there.host, there.port)
        self.port = free_port()
        self.address = there.set(host=HOST, port=self.port).render_as_string(hide_password=False)
        self.losing: Literal["question", "answer"] | None = None
        self.lost = 0
        self.calls: set[Call] = set()
        self.is_deaf = False
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def __aenter__(self) -> "Line":
        self.door = await asyncio.start_server(self._answer, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.door.close()
        for call in list(self.calls):
            call.cut()
        await self.door.wait_closed()
        await asyncio.gather(*(call.life for call in self.calls), return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        life = asyncio.current_task()
        assert life is not None
        call = Call(self, life, reader, writer)
        self.calls.add(call)
        try:
            await call.carry()
        finally:
            self.calls.discard(call)

    def freeze(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self.flowing.clear()

    def thaw(self) -> None:
        """What waited goes on."""
        self.flowing.set()

    def deafen(self) -> None:
        """Whoever listens to the other processes is cut off, and may not listen again."""
        self.is_deaf = True
        for call in self.calls:
            if call.listens:
                call.cut()

    def lose(self, what: Literal["question", "answer"]) -> None:
        """The next commit of somebody's, or its answer, does not arrive; the connection is lost with it."""
        self.losing = what


class Call:
    """One connection through the line."""

    def __init__(
        self, line: Line, life: "asyncio.Task[None]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.line, self.life = line, life
        self.near = (reader, writer)
        self.listens = False
        self.has_news = False
        self.is_committing = False

    def cut(self) -> None:
        self.near[1].transport.abort()

    async def carry(self) -> None:
        """Until one of both hangs up, or the line does."""
        try:
            far = await asyncio.open_connection(*self.line.there)
        except OSError:  # PostgreSQL is away: so is this line
            self.cut()
            return
        ways = [
            asyncio.create_task(self._pass(self.near[0], far[1], self._asked)),
            asyncio.create_task(self._pass(far[0], self.near[1], self._answered)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far[1].transport.abort()
            self.cut()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]
    ) -> None:
        with suppress(OSError):
            while said := await reader.read(CHUNK):
                await self.line.flowing.wait()
                if not passes(said):
                    return
                writer.write(said)
                await writer.drain()

    def _asked(self, said: bytes) -> bool:
        """Whether this goes to PostgreSQL."""
        self.listens = self.listens or LISTEN in said
        self.has_news = self.has_news or NEWS in said
        self.is_committing = self.has_news and COMMIT in said
        self.has_news = self.has_news and COMMIT not in said
        if self.is_committing and self.line.losing == "question":
            return self._lose()
        return not (self.listens and self.line.is_deaf)

    def _answered(self, said: bytes) -> bool:
        """Whether this goes back."""
        return self._lose() if self.is_committing and self.line.losing == "answer" else True

    def _lose(self) -> bool:
        self.line.losing = None
        self.line.lost += 1
        return False
