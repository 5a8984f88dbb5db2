"""HTTP/1.1 as thin as it can be: a keep-alive connection, and the few that a client process needs.

A full client library would cost more per request than the server does, and be what we measure.
"""

import asyncio
import re
import time
from dataclasses import dataclass

GESTURE = re.compile(rb"\r\nx-geste: *(\d+)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\r\n]+)=([^;\r\n]*)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CLOSING = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
IDLE = 4.0  # seconds: uvicorn closes a connection after five without a request
PATIENCE = 60.0  # seconds for one answer
BODILESS = (204, 304)


@dataclass(frozen=True)
class Answer:
    """What the server said, and when its last byte came."""

    status: int
    head: bytes
    body: bytes
    at: float

    @property
    def gesture(self) -> int | None:
        found = GESTURE.search(self.head)
        return int(found[1]) if found else None

    @property
    def cookies(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in COOKIE.findall(self.head)}


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.open = False
        self.used = 0.0
        self._read = bytearray()
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.open = True

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("closed before the answer"))

    def data_received(self, received: bytes) -> None:
        self._read += received
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or self._answer is None or self._answer.done():
            return
        head = bytes(self._read[: end + 2])
        status = int(head[9:12])
        body = self._body(head, status, end + 4)
        if body is not None:
            self._read.clear()
            if CLOSING.search(head):
                self.close()
            self._answer.set_result(Answer(status, head, body, time.monotonic()))

    def _body(self, head: bytes, status: int, start: int) -> bytes | None:
        """The body once it is whole."""
        length = LENGTH.search(head)
        if length:
            expected = start + (0 if status in BODILESS else int(length[1]))
            return bytes(self._read[start:expected]) if len(self._read) >= expected else None
        if CHUNKED.search(head):
            return bytes(self._read[start:]) if self._read.endswith(b"0\r\n\r\n") else None
        return b""

    async def ask(self, request: bytes) -> Answer:
        """Send a request, wait for the whole answer. ConnectionError when the server went away."""
        if not self.open:
            raise ConnectionResetError("closed before the request")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self.used = time.monotonic()

    def close(self) -> None:
        self.open = False
        self.transport.close()


class Pool:
    """The connections of one client process. As many as there are requests at the same time."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._free: list[Connection] = []
        self._busy: set[Connection] = set()

    async def connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, self.host, self.port)
        return connection

    async def ask(self, request: bytes) -> Answer:
        """Ask on a free connection. One that the server closed while it was idle is replaced: browsers do the same."""
        connection = self._fresh()
        if connection is not None:
            try:
                return await self._on(connection, request)
            except ConnectionResetError:
                pass  # closed under us: every form here carries its key, asking again is harmless
        return await self._on(await self.connect(), request)

    async def _on(self, connection: Connection, request: bytes) -> Answer:
        self._busy.add(connection)
        try:
            answer = await connection.ask(request)
        finally:
            self._busy.discard(connection)
        if connection.open:
            self._free.append(connection)
        return answer

    def cut(self) -> int:
        """The network fails: requests under way get no answer, whatever the server makes of them."""
        under_way = list(self._busy)
        for connection in under_way:
            connection.close()
        return len(under_way)

    def _fresh(self) -> Connection | None:
        oldest = time.monotonic() - IDLE
        while self._free:
            connection = self._free.pop()
            if connection.open and connection.used > oldest:
                return connection
            connection.close()
        return None

    def close(self) -> None:
        for connection in self._free:
            connection.close()
        self._free.clear()
