"""The socket: a seat in a room. It brings HTML; gestures go by forms."""

import asyncio
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.live.fragments import LOBBY
from server.live.hub import Seat
from workshops import agenda, labs

NO_SEAT = 1008
GONE = 1000
GRACE = 5.0  # seconds for a stuck browser to take its leave


async def room(websocket: WebSocket) -> None:
    """WS /ateliers/{workshop}/direct?depuis=N[&vue=indicator]: frames of what changed since gesture N.

    A frame is HTML: `<div data-geste="58"></div>` (up to which gesture it is drawn), then one `<hx-partial>` a block.
    """
    seat = await _seat(websocket)
    await websocket.accept()
    if seat is None:
        await websocket.close(NO_SEAT)
        return
    hub = websocket.app.state.hub
    hub.sit(seat, websocket.app.state.database)
    try:
        await _serve(websocket, seat)
    finally:
        hub.leave(seat)


async def _seat(websocket: WebSocket) -> Seat | None:
    """The seat of somebody who joined the workshop; None for anyone else."""
    person = getattr(websocket.state, "person", None)
    workshop_id = websocket.path_params["workshop"]
    async with websocket.app.state.database.reading() as session:
        member = await agenda.seat(session, workshop_id, person)
        if member is None:
            return None
        lab = (await labs.get(session, member.lab_slug)).name if member.lab_slug else ""
    since = websocket.query_params.get("depuis", "0")
    cursor = int(since) if since.isdecimal() and len(since) < 10 else 0
    return Seat(workshop_id, member.person_id, lab, cursor, websocket.query_params.get("vue", LOBBY))


async def _serve(websocket: WebSocket, seat: Seat) -> None:
    """Send frames until the seat is dismissed or the browser leaves.

    A seat whose network is stuck is dismissed in the middle of a frame: it is given a moment to hear why.
    """
    at_work = [
        asyncio.create_task(task) for task in (_send(websocket, seat), _listen(websocket, seat), seat.dismissed())
    ]
    try:
        await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)
    with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(GRACE):
            await websocket.close(seat.closing or GONE)


async def _send(websocket: WebSocket, seat: Seat) -> None:
    """Frame after frame, at the pace of the browser."""
    while True:
        await websocket.send_text(await seat.next())


async def _listen(websocket: WebSocket, seat: Seat) -> None:
    """Hear the browser leave. It has nothing to say but `ping`; the rest is ignored."""
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        if message.get("text") == "ping":
            seat.put("pong")
