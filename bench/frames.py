"""Frames: what delivering one costs, against the same bytes sent by `websockets` alone; what a seat weighs."""

from bench import reference
from bench.crew import soon
from bench.crowd import Heard
from bench.reference import Reference
from bench.server import HOST
from bench.stand import Figures, Stand
from bench.votes import PATIENCE, Unsound
from bench.world import Room, World

SPACING = 1.2  # ticks between two votes: each has a frame of its own


def cost(stand: Stand) -> Figures:
    """CPU per delivered frame, for the application and for the reference, in the same run.

    A hundred votes, one a tick, in a room of N screens, then the same with one screen: the difference is the price of
    delivering, without the votes, the reading and the drawing. The reference sends a frame of that room, as many times,
    at the same pace, to N connections, then to one.
    """
    seats, rounds = stand.of((1000, 100), (50, 20))
    spacing = SPACING * stand.tick_ms / 1000
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        joined = stand.come(room, max(seats, rounds))
        world.move(room, "voting")
        stand.crew.watch()
        alone = _hub(stand, world, room, 1, rounds, spacing)
        stand.crew.each("known", [(own,) for own in joined])
        crowd = _hub(stand, world, room, seats, rounds, spacing)
        share = stand.crew.busiest()
    frame = crowd[2]
    with reference.running(frame, stand.folder) as raw:
        stand.crew.all("aim", HOST, raw.port)
        stand.crew.watch()
        raw_alone = _raw(stand, raw, 1, rounds, spacing)
        raw_crowd = _raw(stand, raw, seats, rounds, spacing)
    hub_cost = (crowd[0] - alone[0]) / (crowd[1] - alone[1])
    raw_cost = (raw_crowd[0] - raw_alone[0]) / (raw_crowd[1] - raw_alone[1])
    return {
        "frame_bytes": len(frame),
        "frame_hub_us": hub_cost * 1e6,
        "frame_reference_us": raw_cost * 1e6,
        "frame_ratio": hub_cost / raw_cost,
        "frame_delivered": crowd[1],
        "frame_reference_delivered": raw_crowd[1],
        "frame_client_share": max(share, stand.crew.busiest()),
    }


def _hub(stand: Stand, world: World, room: Room, seats: int, rounds: int, spacing: float) -> tuple[float, int, bytes]:
    """CPU seconds, delivered frames, and a frame, of so many votes in a room of so many screens."""
    stand.sit(world, room, seats)
    instants = [number * spacing for number in range(rounds)]
    plan = stand.votes(room.indicators[:1], instants, rounds, f"frames-{seats}")
    before, start = world.server.cpu, soon()
    sent = [vote for process in stand.crew.each("vote", [(start, own) for own in plan]) for vote in process]
    stand.crew.all("reach", max(vote.gesture for vote in sent), PATIENCE)
    spent = world.server.cpu - before
    found = _heard(stand)
    stand.crew.all("leave")
    return spent, found.frames, found.last


def _raw(stand: Stand, raw: Reference, seats: int, rounds: int, spacing: float) -> tuple[float, int]:
    stand.crew.each("sit", [("/", share) for share in stand.shares(seats)])
    stand.crew.all("forget")
    spent = raw.send(rounds, spacing)
    stand.crew.all("calm", 0.2)
    found = _heard(stand)
    stand.crew.all("leave")
    if found.frames != seats * rounds:
        raise Unsound(f"the reference delivered {found.frames} frames of {seats * rounds}")
    return spent, found.frames


def _heard(stand: Stand) -> Heard:
    """What all processes heard together."""
    heard: list[Heard] = stand.crew.all("heard")
    lost = sum(each.lost for each in heard)
    if lost:
        raise Unsound(f"{lost} screens were sent away: {[each.codes for each in heard]}")
    return Heard(
        seats=sum(each.seats for each in heard),
        frames=sum(each.frames for each in heard),
        bytes=sum(each.bytes for each in heard),
        lost=lost,
        codes={},
        last=max((each.last for each in heard), key=len),
    )


def memory(stand: Stand) -> Figures:
    """What a seat that listens adds to the server's own memory.

    People join on one server and sit on another: what joining left behind would hide what sitting takes.
    """
    seats, address = stand.of(1000, 100), stand.database.fresh()
    with stand.serving(address) as server:
        world = World(server)
        room = world.convene()
        joined = stand.come(room, seats)
        world.move(room, "voting")
    with stand.serving(address) as server:
        world = World(server)
        stand.crew.each("known", [(own,) for own in joined])
        stand.sit(world, room, stand.of(20, 10))
        stand.crew.all("leave")
        stand.crew.each("known", [(own,) for own in joined])
        before = server.memory
        stand.sit(world, room, seats)
        weight = (server.memory - before) / seats
        _heard(stand)
    return {"memory_seat_kib": weight / 1024, "memory_server_mib": before / 2**20}
