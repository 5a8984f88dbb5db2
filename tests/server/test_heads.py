"""Heads: a request whose head has no end is not read to the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from starlette.applications import Starlette

from server.heads import LONGEST, TOO_LONG
from server.settings import MAX_BODY, ROOT
from tests.browser import serving

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def line(app: Starlette) -> AsyncIterator[Line]:
    """A connection on which one may say anything."""
    async with serving(app) as address:
        line = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        yield line
        line[1].close()


async def answer(line: Line) -> int:
    """The status of one answer, read to its end."""
    head = await line[0].readuntil(b"\r\n\r\n")
    length = next((said for said in head.lower().split(b"\r\n") if said.startswith(b"content-length:")), b":0")
    await line[0].readexactly(int(length.partition(b":")[2]))
    return int(head.split()[1])


@pytest.mark.parametrize("opening", [b"GET /", b"GET / HTTP/1.1\r\nx: ", b"GET / HTTP/1.1\r\nhost: localhost\r\n"])
async def test_a_head_without_an_end_is_cut(line: Line, opening: bytes) -> None:
    more = b"x: x\r\n" * 700 if opening.endswith(b"\r\n") else b"x" * 4096
    line[1].write(opening)
    sent = 0
    said = asyncio.create_task(line[0].read())
    with suppress(ConnectionError):  # what is still on its way is not read, nor always our answer
        while not said.done() and sent < 100 * LONGEST:
            line[1].write(more)
            await line[1].drain()
            sent += len(more)
            await asyncio.sleep(0)
    (ended,) = await asyncio.gather(said, return_exceptions=True)
    assert ended == TOO_LONG or isinstance(ended, ConnectionError)
    assert LONGEST < sent < 100 * LONGEST


async def test_a_long_head_and_a_long_body_are_read_one_after_the_other(line: Line) -> None:
    for _ in range(3):
        line[1].write(b"GET /sante/vivant HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 8000 + b"\r\n\r\n")
        assert await answer(line) == 200
        body = b"name=" + b"x" * (MAX_BODY - 5)
        line[1].write(b"POST /nulle-part HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 4096):
            line[1].write(body[start : start + 4096])
            await line[1].drain()
        assert await answer(line) == 404


@pytest.mark.parametrize("file", ["Procfile", "server/cli/serving.py", "tests/browser.py"])
def test_whoever_starts_the_server_starts_it_so(file: str) -> None:
    assert "server.heads:Http" in (ROOT / file).read_text()
