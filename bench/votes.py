"""Votes: bursts that every screen sees, acknowledgements, the most that one workshop takes, two processes."""

import time
from array import array
from itertools import pairwise
from math import log2, nan
from random import Random

from bench.crew import soon
from bench.crowd import Heard, Sent
from bench.gestures import ballot
from bench.stand import Figures, Stand, percentile
from bench.world import Room, World

PATIENCE = 60.0  # seconds for the last screen to follow
STEADY = 100  # votes per second of the measure of acknowledgements
LISTENING = 100  # screens in the room meanwhile


class Unsound(Exception):
    """The figures of this measure would mean nothing."""


def bursts(stand: Stand) -> Figures:
    """N people all vote once within ten seconds, for the same indicator, and everybody watches."""
    figures: Figures = {}
    sizes = stand.of((100, 500, 1000, 2000), (25, 50, 100))
    for people in sizes:
        figures |= {f"burst_{people}_{name}": value for name, value in _burst(stand, people).items()}
    for fewer, more in pairwise(sizes):
        ratio = figures[f"burst_{more}_cpu_s"] / figures[f"burst_{fewer}_cpu_s"]
        figures[f"burst_{more}_growth"] = ratio ** (1 / log2(more / fewer))
    return figures


def _burst(stand: Stand, people: int) -> Figures:
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        stand.come(room, people)
        world.move(room, "voting")
        base = stand.sit(world, room, people)
        seconds = stand.of(10.0, 4.0)
        plan = stand.votes(room.indicators[:1], stand.instants(people, seconds, "burst"), people, f"burst-{people}")
        stand.crew.watch()
        database, before, began = stand.database_cpu(), server.cpu, time.monotonic()
        sent = _cast(stand, plan)
        top = _acknowledged(sent, base)
        stand.crew.all("reach", top, PATIENCE)
        wall, spent = time.monotonic() - began, server.cpu - before
        seen, missing = _seen(stand, sent, base, top)
        heard: list[Heard] = stand.crew.all("heard")
        return {
            "visible_p95_ms": percentile(seen) * 1000,
            "visible_max_ms": max(seen) * 1000,
            "ack_p95_ms": percentile([vote.at - vote.due for vote in sent]) * 1000,
            "late_p95_ms": percentile([vote.left - vote.due for vote in sent]) * 1000,
            "cpu_s": spent,
            "core": spent / wall,
            "database_cpu_s": stand.database_cpu() - database,
            "frames": sum(each.frames for each in heard),
            "frame_bytes": sum(each.bytes for each in heard) / max(1, sum(each.frames for each in heard)),
            "missing": missing,
            "lost_seats": sum(each.lost for each in heard),
            "client_share": stand.crew.busiest(),
        }


def acknowledgements(stand: Stand) -> Figures:
    """A hundred votes a second, at instants drawn in advance: how long each waits for its answer."""
    seconds = stand.of(10, 4)
    people = STEADY * seconds
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        stand.come(room, people)
        world.move(room, "voting")
        base = stand.sit(world, room, LISTENING)
        stand.crew.watch()
        plan = stand.votes(room.indicators, stand.instants(people, seconds, "ack"), people, "ack")
        sent = _cast(stand, plan)
        _acknowledged(sent, base)
        waits = [vote.at - vote.due for vote in sent]
        return {
            "ack_p50_ms": percentile(waits, 0.5) * 1000,
            "ack_p95_ms": percentile(waits) * 1000,
            "ack_max_ms": max(waits) * 1000,
            "ack_client_share": stand.crew.busiest(),
        }


def sustained(stand: Stand) -> Figures:
    """The most votes a second that one workshop takes: people who wait for their answer, more and more of them."""
    best: Figures = {"sustained_votes_s": 0.0}
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        people = stand.of(400, 60)
        stand.come(room, people)
        world.move(room, "voting")
        stand.sit(world, room, stand.of(10, 2))
        for waiting in stand.of((16, 64, 128), (8, 32)):
            stand.crew.watch()
            figures = _sustained(stand, world, room, people, waiting)
            best = max(best, figures, key=lambda figures: figures["sustained_votes_s"])
    return best


def _sustained(stand: Stand, world: World, room: Room, people: int, waiting: int) -> Figures:
    """So many waiting people, each with a vote of their own: no two votes under way are the same person's."""
    seconds, before = stand.of(10.0, 2.0), world.gesture(room)
    spent = world.server.cpu
    start = soon()
    chance = Random(f"{stand.seed} sustained {waiting}")
    given = []
    for process, share in enumerate(stand.shares(people)):
        # Round after round: everybody votes for an indicator, then for the next; then again, changing their mind.
        turns = [
            (who, ballot(room.indicators[turn % len(room.indicators)], f"s{waiting}-{process}-{turn}-{who}", chance))
            for turn in range(stand.of(200, 60))
            for who in range(share)
        ]
        given.append((start, seconds, stand.shares(waiting)[process], turns))
    done: list[Sent] = [vote for process in stand.crew.each("sustain", given) for vote in process]
    spent = world.server.cpu - spent
    _acknowledged(done, before)
    after = world.gesture(room)
    if after - before != len(done):
        raise Unsound(f"{len(done)} votes acknowledged, {after - before} gestures in the journal")
    in_time = [vote for vote in done if vote.at <= start + seconds]
    return {
        "sustained_votes_s": len(in_time) / seconds,
        "sustained_waiting": waiting,
        "sustained_p95_ms": percentile([vote.at - vote.due for vote in in_time]) * 1000,
        "sustained_core": spent / (max(vote.at for vote in done) - start),
        "sustained_client_share": stand.crew.busiest(),
    }


def two_processes(stand: Stand) -> Figures:
    """Two servers on one PostgreSQL: everybody votes on the first, every screen is on the second."""
    if stand.database.name != "postgresql":
        return {}
    address = stand.database.fresh()
    with stand.serving(address) as first, stand.serving(address) as second:
        world = World(first)
        room = world.convene()
        people, seconds = stand.of((200, 10.0), (40, 4.0))
        stand.come(room, people)
        world.move(room, "voting")
        stand.aim(second)
        base = stand.sit(world, room, people)
        stand.aim(first)
        stand.crew.watch()
        plan = stand.votes(room.indicators[:1], stand.instants(people, seconds, "two"), people, "two")
        sent = _cast(stand, plan)
        top = _acknowledged(sent, base)
        stand.crew.all("reach", top, PATIENCE)
        seen, missing = _seen(stand, sent, base, top)
        return {
            "two_visible_p95_ms": percentile(seen) * 1000,
            "two_missing": missing,
            "two_client_share": stand.crew.busiest(),
        }


def _cast(stand: Stand, plan: list[list[object]]) -> list[Sent]:
    """Everybody votes as planned."""
    start = soon()
    return [vote for process in stand.crew.each("vote", [(start, own) for own in plan]) for vote in process]


def _acknowledged(sent: list[Sent], base: int) -> int:
    """Every vote was acknowledged, each as a gesture of its own; the last of them."""
    refused = [vote.status for vote in sent if vote.status != 200 or vote.gesture is None]
    if refused:
        raise Unsound(f"{len(refused)} votes of {len(sent)} were not acknowledged: {sorted(set(refused))}")
    gestures = {vote.gesture for vote in sent}
    if len(gestures) != len(sent):
        raise Unsound(f"{len(sent)} votes were acknowledged as {len(gestures)} gestures")
    return max((gesture for gesture in gestures if gesture is not None), default=base)


def _seen(stand: Stand, sent: list[Sent], base: int, top: int) -> tuple[list[float], int]:
    """From each click to the last screen, and how many (vote, screen) never met: then no time means anything."""
    latest, missing = array("d", bytes(8 * (top - base))), 0
    for sight, lacking in stand.crew.all("sight", base, top):
        missing += lacking
        for number, at in enumerate(array("d", sight)):
            latest[number] = max(latest[number], at)
    if missing:
        return [nan], missing
    return [latest[vote.gesture - base - 1] - vote.due for vote in sent if vote.gesture is not None], 0
