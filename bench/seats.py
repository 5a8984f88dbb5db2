"""Seats: screens that only note when each frame came, and up to which gesture it is drawn.

Two thousand seats at ten frames a second are twenty thousand frames a second: a WebSocket library would spend more on
reading them than the server on sending them. The handshake is a real one; a frame is then read as RFC 6455 writes it
(a server masks nothing and, with compression not offered, sends texts in one piece), and of its payload only the mark.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from array import array

from bench.gestures import Browser

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MARK = b'data-geste="'
NEAR = 200  # the mark opens the frame
TEXT, CLOSE, PING = 1, 8, 9
PONG_MASKED = 0x8A


class Seat(asyncio.Protocol):
    """One screen: the mark and the instant of each frame since `forget`."""

    def __init__(self, request: bytes, nonce: str) -> None:
        self.request = request
        self.accepted = asyncio.get_running_loop().create_future()
        self.expected = base64.b64encode(hashlib.sha1((nonce + GUID).encode()).digest())
        self.mark = 0
        self.marks = array("q")
        self.times = array("d")
        self.last = b""  # the payload of the last frame
        self.bytes = 0
        self.code: int | None = None  # how the server closed it
        self.lost = False
        self._begun = b""
        self._seated = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.write(self.request)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self.accepted.done():
            self.accepted.set_exception(ConnectionResetError("closed before the handshake"))

    def data_received(self, received: bytes) -> None:
        if self._begun:
            received = self._begun + received
        if not self._seated:
            received = self._shake(received)
        at, end = 0, len(received)
        while self._seated and end - at >= 2:
            size, body = received[at + 1], at + 2
            if size == 126:
                size, body = int.from_bytes(received[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, body = int.from_bytes(received[at + 2 : at + 10], "big"), at + 10
            if body + size > end:
                break
            self._frame(received[at] & 0x0F, received, body, size)
            at = body + size
        self._begun = received[at:]

    def _shake(self, received: bytes) -> bytes:
        """The answer to the handshake; what comes after it is frames."""
        head, found, rest = received.partition(b"\r\n\r\n")
        if not found or self.accepted.done():
            return received
        if head[9:12] != b"101" or self.expected not in head:
            self.accepted.set_exception(ConnectionRefusedError(head.partition(b"\r\n")[0].decode()))
            self.transport.close()
            return b""
        self._seated = True
        self.accepted.set_result(time.monotonic())
        return rest

    def _frame(self, kind: int, received: bytes, body: int, size: int) -> None:
        if kind == TEXT:
            found = received.find(MARK, body, min(body + size, body + NEAR))
            if found >= 0:
                start = found + len(MARK)
                self.mark = int(received[start : received.index(b'"', start)])
                self.marks.append(self.mark)
                self.times.append(time.monotonic())
                self.last = received[body : body + size]
                self.bytes += size
        elif kind == PING:
            # Masked by zeros: the payload goes back as it came.
            self.transport.write(bytes((PONG_MASKED, 0x80 | size, 0, 0, 0, 0)) + received[body : body + size])
        elif kind == CLOSE:
            self.code = int.from_bytes(received[body : body + 2], "big")
            self.transport.close()

    def forget(self) -> None:
        """What came until now is not part of the measure."""
        del self.marks[:], self.times[:]
        self.bytes = 0

    def leave(self) -> None:
        self.transport.abort()


async def sit(browser: Browser, path: str, cookie: str = "") -> Seat:
    """Take a seat. ConnectionRefusedError when the server says something else than 101."""
    nonce = base64.b64encode(secrets.token_bytes(16)).decode()
    request = browser.sit(path, cookie, nonce)
    _, seat = await asyncio.get_running_loop().create_connection(
        lambda: Seat(request, nonce), browser.host, browser.port
    )
    async with asyncio.timeout(60):
        await seat.accepted
    return seat


def first_sight(seats: list[Seat], base: int, top: int) -> tuple["array[float]", int]:
    """For each gesture after `base`, up to `top`: when the last of these seats first showed it.

    Also how many (seat, gesture) pairs were never shown: 0, or the figure means nothing.
    """
    latest = array("d", bytes(8 * (top - base)))
    missing = 0
    for seat in seats:
        shown = base
        for mark, at in zip(seat.marks, seat.times, strict=True):
            for gesture in range(shown, min(mark, top)):
                if latest[gesture - base] < at:
                    latest[gesture - base] = at
            shown = max(shown, mark)
        missing += max(0, top - shown)
    return latest, missing
