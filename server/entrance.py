"""The entrance: guests who come in together share a commit, each with a session of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from server import sessions
from server.database import Database
from server.turnstile import Turnstile
from workshops import guests
from workshops.guests import Entered, Guest


@dataclass(frozen=True)
class Arrival:
    """A guest, the token their browser will carry, and what it is."""

    guest: Guest
    token: str
    browser: str = ""


class Entrance:
    """Each guest is answered once their place is on the disk."""

    def __init__(self, database: Database) -> None:
        self._turnstile: Turnstile[Arrival, Entered] = Turnstile(database, _admit, lambda number: None)

    @staticmethod
    def of(connection: HTTPConnection) -> "Entrance":
        """The one of this server."""
        entrance: Entrance = connection.app.state.entrance
        return entrance

    async def enter(self, workshop_id: str, arrival: Arrival) -> Entered:
        """The guest, seated and known by the token; or the refusal of `guests.enter`."""
        return await self._turnstile.go(workshop_id, arrival)


async def _admit(session: AsyncSession, workshop_id: str, arrivals: Sequence[Arrival]) -> list[Entered | Exception]:
    entered = await guests.enter_all(session, workshop_id, [arrival.guest for arrival in arrivals])
    await sessions.begin_all(
        session,
        {
            arrival.token: (result.person, arrival.browser)
            for arrival, result in zip(arrivals, entered, strict=True)
            if isinstance(result, Entered)
        },
    )
    return entered
