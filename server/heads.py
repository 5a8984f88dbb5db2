"""Heads: uvicorn's HTTP, that stops reading a request whose head has no end."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 64 * 1024  # bytes of an address and its headers, beyond those that came first
TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Http(HttpToolsProtocol):
    """What `uvicorn --http` is given. Until a head is whole nothing is asked of us, and httptools keeps all of it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.head: int | None = None  # bytes read of the one under way

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head = 0

    def on_headers_complete(self) -> None:
        self.head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        is_under_way = self.head is not None
        super().data_received(data)
        if is_under_way and self.head is not None:
            self.head += len(data)
            if self.head > LONGEST:
                self.transport.write(TOO_LONG)
                self.transport.close()
