"""The socket: a seat in a room. It brings HTML; gestures go by forms."""

import asyncio
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.live.fragments import LISTS, LOBBY
from server.live.hub import Hub, Seat
from server.live.wire import Encoded, Wire, encode, wire_of
from workshops import agenda, indicators, labs
from workshops.refusals import NotFound

NO_SEAT = 1008
GRACE = 5.0  # seconds for a stuck browser to take its leave
PONG = encode("pong")


class Line:
    """A seat's way to its browser."""

    def __init__(self, websocket: WebSocket, wire: Wire) -> None:
        self.websocket = websocket
        self.wire = wire
        self._leaving: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return self.wire.waiting

    def write(self, frame: Encoded) -> None:
        self.wire.write(frame)

    def close(self, code: int) -> None:
        """Say why, behind what waits; a browser that takes nothing is cut off after a moment."""
        self._leaving = asyncio.create_task(self._leave(code))

    async def _leave(self, code: int) -> None:
        try:
            async with asyncio.timeout(GRACE):
                await self.websocket.close(code)
        except TimeoutError:
            self.wire.abort()
        except (WebSocketDisconnect, RuntimeError):
            pass  # it left first


async def room(websocket: WebSocket) -> None:
    """WS /ateliers/{workshop}/direct?depuis=N[&vue=ecran|indicator]: frames of what changed since gesture N.

    A frame is HTML: `<div data-geste="58" data-now="1764064800000"></div>` (up to which gesture it is drawn, and when,
    in milliseconds), then one `<hx-partial>` a block.
    """
    seat = await _seat(websocket)
    await websocket.accept()
    if seat is None:
        await websocket.close(NO_SEAT)
        return
    hub: Hub = websocket.app.state.hub
    hub.sit(seat)
    try:
        await _listen(websocket, seat)
    finally:
        hub.leave(seat)


async def _seat(websocket: WebSocket) -> Seat | None:
    """The seat of somebody who joined the workshop, for a screen of it; None for anyone else."""
    person = getattr(websocket.state, "person", None)
    workshop_id = websocket.path_params["workshop"]
    view = websocket.query_params.get("vue", LOBBY)
    async with websocket.app.state.database.asking() as session:
        member = await agenda.seat(session, workshop_id, person)
        if member is None or not await _is_here(session, view, workshop_id):
            return None
        lab = (await labs.get(session, member.lab_slug)).name if member.lab_slug else ""
    since = websocket.query_params.get("depuis", "0")
    cursor = int(since) if since.isdecimal() and len(since) < 10 else 0
    return Seat(workshop_id, member.person_id, lab, cursor, view, line=Line(websocket, wire_of(websocket.scope)))


async def _is_here(session: AsyncSession, view: str, workshop_id: str) -> bool:
    """Whether a view is one of the workshop: a room draws what its screens ask for, so they may not ask for anything."""
    try:
        return view in LISTS or await indicators.home(session, view) == workshop_id
    except NotFound:
        return False


async def _listen(websocket: WebSocket, seat: Seat) -> None:
    """Hear the browser leave. It has nothing to say but `ping`; the rest is ignored."""
    with suppress(WebSocketDisconnect):
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            if message.get("text") == "ping":
                seat.put(PONG)
