"""Frames: what delivering one costs, against the same bytes sent by `websockets` alone; what a seat weighs."""

from bench import reference
from bench.crew import soon
from bench.crowd import Heard
from bench.gestures import Guest
from bench.reference import Reference
from bench.server import HOST
from bench.stand import Figures, Stand
from bench.votes import PATIENCE, Unsound
from bench.world import Room, World

SPACINGS = (2, 4, 8)  # ticks between two votes: enough for each to be drawn alone, even in a crowd
SAME = 0.05  # share by which the numbers of drawings may differ


def cost(stand: Stand) -> Figures:
    """CPU per delivered frame, for the application and for the reference, in the same run.

    Votes so far apart that each is drawn alone, in a room of one screen, then of N: the difference is the price of
    delivering, without the votes, the reading and the drawing, of which there must be as many in both. The reference
    sends a frame of that room, as many times, at the same pace, to one connection, then to N.
    """
    seats, rounds = stand.of((1000, 60), (50, 20))
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        joined = stand.come(room, max(seats, rounds))
        world.move(room, "voting")
        stand.crew.watch()
        for ticks in SPACINGS:
            spacing = ticks * stand.tick_ms / 1000
            alone = _hub(stand, world, room, joined, 1, rounds, spacing)
            crowd = _hub(stand, world, room, joined, seats, rounds, spacing)
            if abs(crowd[1] / seats - alone[1]) <= SAME * alone[1]:
                break
        else:
            raise Unsound(f"{alone[1]} frames drawn for one screen, {crowd[1] / seats:.0f} for {seats}")
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
        "frame_spacing_ticks": ticks,
        "frame_ratio": hub_cost / raw_cost,
        "frame_delivered": crowd[1],
        "frame_reference_delivered": raw_crowd[1],
        "frame_client_share": max(share, stand.crew.busiest()),
    }


def _hub(
    stand: Stand, world: World, room: Room, joined: list[list[Guest]], seats: int, rounds: int, spacing: float
) -> tuple[float, int, bytes]:
    """CPU seconds, delivered frames, and a frame, of so many votes in a room of so many screens."""
    stand.crew.each("known", [(own,) for own in joined])
    stand.sit(world, room, seats)
    instants = [number * spacing for number in range(rounds)]
    plan = stand.votes(room.indicators[:1], instants, rounds, f"frames-{seats}-{spacing}")
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
