"""The wire: uvicorn's WebSocket, on which a frame encoded once is written as it is to every seat."""

from dataclasses import dataclass
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

NAME = "grille.wire"  # among the scope's extensions


@dataclass(frozen=True)
class Encoded:
    """A frame of the room, and the bytes that carry it: they are the same for everyone."""

    text: str
    bytes: bytes


def encode(text: str) -> Encoded:
    """An unmasked, uncompressed text frame (RFC 6455, section 5.2)."""
    return Encoded(text, Frame(Opcode.TEXT, text.encode()).serialize(mask=False, extensions=[]))


class Wire(WebSocketsSansIOProtocol):
    """What `uvicorn --ws` is given. ASGI knows one `send` a seat, which encodes for each and waits for each; this
    writes to the transport, and says how much is waiting there.
    """

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, object], self.scope["extensions"])[NAME] = self

    @property
    def waiting(self) -> int:
        """Bytes that the network has not taken yet."""
        return self.transport.get_write_buffer_size()

    def write(self, frame: Encoded) -> None:
        """Send a frame, behind those that wait; on a wire that is closing, nothing."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame.bytes)

    def abort(self) -> None:
        """Cut, without sending what waits."""
        self.transport.abort()


def wire_of(scope: Scope) -> Wire:
    """The wire of a socket's scope."""
    wire = scope.get("extensions", {}).get(NAME)
    if not isinstance(wire, Wire):
        raise RuntimeError("The live room is served by uvicorn with `--ws server.live.wire:Wire`.")
    return wire
