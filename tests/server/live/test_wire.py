"""The wire: the bytes written to every seat are those a browser expects, and nothing is written after the end."""

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from server.live.wire import NAME, Wire, encode, wire_of


@pytest.mark.parametrize("text", ["", "pong", "<p>Écarté · 12 votes</p>", "é" * 126, "x" * 70_000])
def test_an_encoded_frame_is_what_a_client_reads(text: str) -> None:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    frame = encode(text)
    client.receive_data(frame.bytes)
    (read,) = client.events_received()
    assert isinstance(read, Frame)
    assert (read.opcode, read.fin, bytes(read.data).decode(), frame.text) == (Opcode.TEXT, True, text, text)


class Transport:
    """What a wire writes to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing


@pytest.mark.parametrize(
    ("greeted", "said_goodbye", "closing", "is_written"),
    [(True, False, False, True), (False, False, False, False), (True, True, False, False), (True, False, True, False)],
)
def test_a_frame_is_written_between_the_greeting_and_the_goodbye(
    greeted: bool, said_goodbye: bool, closing: bool, is_written: bool
) -> None:
    wire, transport = Wire.__new__(Wire), Transport()
    wire.transport, transport.closing = transport, closing  # type: ignore[assignment]
    wire.handshake_complete, wire.close_sent = greeted, said_goodbye
    frame = encode("<p>12</p>")
    wire.write(frame)
    assert transport.written == ([frame.bytes] if is_written else [])


@pytest.mark.parametrize("extensions", [None, {}, {NAME: object()}])
def test_without_it_the_room_says_how_to_be_served(extensions: dict[str, object] | None) -> None:
    with pytest.raises(RuntimeError, match=r"--ws server\.live\.wire:Wire"):
        wire_of({"type": "websocket"} if extensions is None else {"type": "websocket", "extensions": extensions})
