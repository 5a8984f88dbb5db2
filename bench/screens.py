"""Screens: whole pages kept alive by their frames, that come back when they are cut off, as a browser does."""

import asyncio
from collections import Counter

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from bench.gestures import Guest
from tests.room import Screen

AGAIN = 0.3  # seconds before coming back


class LiveScreen:
    """One person's page of a room, from its first load until `close`."""

    def __init__(self, url: str, path: str, guest: Guest) -> None:
        self.url = url
        self.cookie = guest.cookie
        self.browser = httpx2.AsyncClient(base_url=url, headers={"Cookie": guest.cookie})
        self.screen = Screen(self.browser, path)
        self.codes: Counter[int] = Counter()
        self.socket: ClientConnection | None = None
        self._life: asyncio.Task[None] | None = None

    async def open(self) -> "LiveScreen":
        await self.screen.load()
        self._life = asyncio.create_task(self._live())
        return self

    async def _live(self) -> None:
        while True:
            try:
                await self._sit()
            except ConnectionClosed as closed:
                self.codes[closed.rcvd.code if closed.rcvd else 1006] += 1
            except (OSError, TimeoutError, InvalidHandshake):
                pass  # nobody answers: the server is away
            self.socket = None
            await asyncio.sleep(AGAIN)

    async def _sit(self) -> None:
        """One stay, from the gesture the screen shows."""
        async with connect(
            f"{self.url.replace('http', 'ws', 1)}{self.screen.path}/direct?depuis={self.screen.geste}",
            origin=Origin(self.url),
            additional_headers={"Cookie": self.cookie},
            compression=None,
            max_size=None,
            proxy=None,
        ) as self.socket:
            while True:
                self.screen.take(str(await self.socket.recv()))

    def cut(self) -> None:
        """The network fails, without a word to anyone."""
        if self.socket is not None:
            self.socket.transport.abort()

    async def close(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        await self.browser.aclose()
