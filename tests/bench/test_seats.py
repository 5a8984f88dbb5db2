"""Seats: the bench's own reader of frames says what the server sent, however the network cuts it."""

import asyncio
import time

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench import seats
from bench.gestures import Browser
from bench.seats import Seat

HOST = "127.0.0.1"
SIZES = (0, 40, 300, 70_000)  # a length on seven bits, then on two bytes, then on eight


def drawn(gesture: int, size: int) -> str:
    return f'<div data-geste="{gesture}"></div>' + "é" * size


async def test_a_seat_notes_each_frame_answers_pings_and_says_how_it_was_closed() -> None:
    answered, over = [], asyncio.Event()

    async def room(connection: ServerConnection) -> None:
        for number, size in enumerate(SIZES, 1):
            await connection.send(drawn(number, size))
            answered.append(await (await connection.ping(b"toujours ?")))
        await connection.send("pong")
        await connection.close(1013)
        over.set()

    before = time.monotonic()
    async with serve(room, HOST, 0, compression=None) as server:
        seat = await seats.sit(Browser(HOST, server.sockets[0].getsockname()[1]), "/")
        async with asyncio.timeout(10):
            await over.wait()
    assert list(seat.marks) == [1, 2, 3, 4]
    assert seat.last.decode() == drawn(4, SIZES[-1])
    assert seat.bytes == sum(len(drawn(number, size).encode()) for number, size in enumerate(SIZES, 1))
    assert list(seat.times) == sorted(seat.times)
    assert before < seat.times[0]
    assert (len(answered), seat.code) == (4, 1013)


async def test_a_server_that_refuses_the_socket_is_heard() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, HOST, 0) as server:
        with pytest.raises(ConnectionRefusedError, match="403"):
            await seats.sit(Browser(HOST, server.sockets[0].getsockname()[1]), "/")


@pytest.mark.parametrize("step", [1, 3, 50, 4096])
async def test_frames_in_pieces_are_whole_frames(step: int) -> None:
    nonce = "dGhlIHNhbXBsZSBub25jZQ=="
    seat = Seat(b"", nonce)
    # The key and the answer of RFC 6455, 1.3.
    said = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    for number, size in enumerate((5, 200, 600), 1):
        text = drawn(number, size).encode()
        said += bytes((0x81, len(text))) if len(text) < 126 else b"\x81\x7e" + len(text).to_bytes(2, "big")
        said += text
    for at in range(0, len(said), step):
        seat.data_received(said[at : at + step])
    assert list(seat.marks) == [1, 2, 3]
    assert seat.last.decode() == drawn(3, 600)


async def test_a_gesture_is_seen_once_the_last_screen_shows_it_or_a_later_one() -> None:
    quick, slow, gone = Seat(b"", ""), Seat(b"", ""), Seat(b"", "")
    quick.marks.extend([11, 12, 13])
    quick.times.extend([1.0, 2.0, 3.0])
    slow.marks.extend([10, 13])
    slow.times.extend([1.5, 4.0])
    latest, missing = seats.first_sight([quick, slow], base=10, top=13)
    assert (list(latest), missing) == ([4.0, 4.0, 4.0], 0)
    gone.marks.append(12)
    gone.times.append(1.0)
    latest, missing = seats.first_sight([quick, gone], base=10, top=13)
    assert (list(latest), missing) == ([1.0, 2.0, 3.0], 1)
