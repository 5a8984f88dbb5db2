"""Processes: a server that is killed, or asked to leave, in the middle of everything."""

import asyncio
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import psycopg
from sqlalchemy.engine import make_url

from bench.checks import VOTES, Kept
from bench.crowd import until
from bench.gestures import Ballot, guests
from bench.server import HOST, Server
from bench.soak import RESTART, Trial
from bench.wire import Answer
from server import postgresql
from tests.faults.conftest import PATIENCE, Begin, Ground, Hosted, comes, settled


@contextmanager
def floor_taken(trial: Trial) -> Iterator[None]:
    """Somebody else is writing in the workshop: whatever is sent there waits."""
    address = make_url(trial.address)
    if address.get_backend_name() == "sqlite":
        writer = sqlite3.connect(str(address.database), isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            writer.close()
    else:
        with psycopg.connect(postgresql.plain(trial.address)) as connection:
            connection.execute("SELECT 1 FROM workshop WHERE id = %s FOR UPDATE", [trial.room.id])
            yield


async def received(trial: Trial) -> None:
    """What was sent before this is in the server's hands."""
    for _ in range(3):
        answer = await trial.crowd.pool.ask(trial.crowd.browser.get("/sante/vivant"))
        assert answer.status == 200


async def is_closed(trial: Trial) -> bool:
    """The server takes nobody any more."""
    try:
        _, writer = await asyncio.open_connection(HOST, trial.server.port)
    except OSError:
        return True
    writer.close()
    return False


async def test_a_server_killed_at_any_instant_loses_nothing(ground: Ground, begin: Begin) -> None:
    chance = Random(46)
    async with begin(ground, people=10) as trial:
        for _ in range(3):
            await trial.acknowledged(chance.randrange(1, 40))
            await trial.kill()
        await trial.acknowledged(20)
        assert trial.again > 0  # somebody was waiting for an answer
        await settled(trial)


async def test_a_server_that_is_asked_to_leave_answers_first_what_it_has_begun(ground: Ground, begin: Begin) -> None:
    async with begin(ground, people=0, screens=3, served=Server) as trial:
        voters = await trial.crowd.come(trial.room.code, guests(12, start=100))
        about = trial.room.indicators[0]
        cast = {guest.name: Ballot(about, "keep", f"partir-{guest.name}") for guest in voters}
        process = trial.server.process
        assert process is not None
        with floor_taken(trial):
            asked = [
                asyncio.create_task(trial.crowd.pool.ask(trial.crowd.browser.vote(guest, cast[guest.name])))
                for guest in voters
            ]
            await asyncio.sleep(0)
            await received(trial)
            process.send_signal(signal.SIGTERM)
            await comes(lambda: is_closed(trial))
            assert await until(lambda: all(screen.codes[RESTART] == 1 for screen in trial.screens), PATIENCE)
            assert not any(each.done() for each in asked)
        answers: list[Answer] = await asyncio.gather(*asked)
        assert {answer.status for answer in answers} == {200}
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
        for guest, answer in zip(voters, answers, strict=True):
            assert answer.gesture is not None
            trial.kept.append(Kept(guest.name, VOTES, about, "keep", answer.gesture))
        await asyncio.to_thread(trial.server.start)
        await settled(trial)


async def test_a_server_that_leaves_waits_for_nobody_for_ever(ground: Ground, begin: Begin) -> None:
    """What could not be done within the delay is not done; asked again with its key, it is done once.

    By the Procfile, uvicorn ends by the very signal that it was sent; by `run`, as anything that went well.
    """
    async with begin(ground, people=0, served=Hosted) as trial:
        (guest,) = await trial.crowd.come(trial.room.code, guests(1, start=100))
        about, process = trial.room.indicators[0], trial.server.process
        assert process is not None
        cast = Ballot(about, "keep", "partir")
        with floor_taken(trial):
            asked = asyncio.create_task(trial.crowd.pool.ask(trial.crowd.browser.vote(guest, cast)))
            await asyncio.sleep(0)
            await received(trial)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, PATIENCE) == -signal.SIGTERM
        answer = await asked
        assert (answer.status, b"retry-after: 3" in answer.head.lower()) == (503, True)
        await asyncio.to_thread(trial.server.start)
        await trial.insist(
            guest, f"/indicateurs/{about}/vote", cast.fields, cast.key, Kept(guest.name, VOTES, about, "keep")
        )
        await settled(trial)
