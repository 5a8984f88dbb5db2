"""Watching: a seat in a terminal. Frames come by the socket, words by the database."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

from sqlmodel import col, select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from server import i18n, registers, sessions
from server.database import Database
from server.registers import Minute
from server.settings import Settings
from workshops.agenda import Member, Workshop
from workshops.people import Role

Say = Callable[[str], None]
AGAIN = 1.0  # seconds before coming back
NO_SEAT = 1008
GESTURE = re.compile(r'data-geste="(\d+)"')
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  read, not listened to


class Dismissed(Exception):
    """The room will not have us: coming back would change nothing."""


async def watch(database: Database, settings: Settings, workshop: Workshop, since: int, say: Say) -> NoReturn:
    """Sit in the facilitator's place and say what happens, until one leaves."""
    async with _session(database, workshop) as token:
        cursor = since
        while True:
            cursor = await _sit(database, settings, workshop, cursor, token, say)
            await asyncio.sleep(AGAIN)


@asynccontextmanager
async def _session(database: Database, workshop: Workshop) -> AsyncIterator[str]:
    """A session of the facilitator's, for as long as one watches."""
    async with database.transaction() as session:
        facilitator = (
            await session.scalars(
                select(Member.person_id).where(
                    col(Member.workshop_id) == workshop.id, col(Member.role) == Role.FACILITATOR
                )
            )
        ).first()
        assert facilitator is not None, "a workshop has a facilitator from its first gesture"
        token = sessions.open_session(session, facilitator, browser="watch")
    try:
        yield token
    finally:
        async with database.transaction() as session:
            await sessions.close_by_token(session, token)


async def _sit(database: Database, settings: Settings, workshop: Workshop, cursor: int, token: str, say: Say) -> int:
    """One stay in the room; the last gesture seen."""
    place = _place(settings)
    cookie = ("__Host-session" if settings.is_https else "session") + f"={token}"
    try:
        async with connect(
            f"ws://{place}/ateliers/{workshop.id}/direct?depuis={cursor}",
            origin=Origin(f"http://{place}"),
            additional_headers={"Cookie": cookie},
            max_size=None,
            proxy=None,
        ) as room:
            async for frame in room:
                cursor = await _told(database, workshop, cursor, str(frame), say)
        say("La salle s'est fermée ; on revient.")
    except ConnectionClosed as closed:
        if closed.rcvd and closed.rcvd.code == NO_SEAT:
            raise Dismissed("Le serveur refuse cette place dans l'atelier.") from None
        say("La connexion est perdue ; on revient.")
    except (OSError, TimeoutError, InvalidHandshake) as error:
        say(f"Personne ne répond à {place} ({error}) ; on réessaie.")
    return cursor


def _place(settings: Settings) -> str:
    """Where the server listens, as a browser's `Host` would say it."""
    host = ANYWHERE.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    return host if settings.port == 80 else f"{host}:{settings.port}"


async def _told(database: Database, workshop: Workshop, cursor: int, frame: str, say: Say) -> int:
    """Say a frame's number, then the lines of the minutes since the one before."""
    found = GESTURE.search(frame)
    if found is None:
        return cursor
    upto = int(found[1])
    say(f"── geste {upto}")
    if upto > cursor:
        async with database.reading() as session:
            minutes = await registers.minutes(session, workshop.id)
        for line in minutes.lines:
            if cursor < line.entry.number <= upto:
                say(sentence(line))
    return max(cursor, upto)


def sentence(line: Minute) -> str:
    """« 58  10:42:07  Camille (Ti Lab) a voté · ACT-01 »"""
    who = f"{line.name} ({line.lab})" if line.lab else line.name
    about = "".join(f" · {word}" for word in (line.code, line.more) if word)
    return f"{line.entry.number:>5}  {i18n.clock(line.entry.at)}  {who} {i18n.gettext(line.entry.kind.label)}{about}"
