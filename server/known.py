"""Known: the people whose running session this process has read, so as not to ask the database at each request."""

from datetime import datetime, timedelta

from server.database import News
from workshops import world
from workshops.people import Person

FRESH = timedelta(minutes=10)  # after which a session is read again, in case its end was told to nobody
MOST = 20_000


class Known:
    """Sessions by the hash of their token. One that ends here is forgotten before its end is answered; one that ends
    in another process, as soon as that is heard.

    `hears` is false while this process cannot hear of sessions that end in others: nothing is then taken for known.
    """

    def __init__(self, hears: bool = True) -> None:
        self._hears = hears
        self._people: dict[str, tuple[Person, datetime, datetime]] = {}
        self._ended = 0

    def get(self, token_hash: str) -> Person | None:
        """The person of a session known to run."""
        found = self._people.get(token_hash)
        if found is None:
            return None
        person, known_at, expires_at = found
        now = world.now()
        # A clock set back makes nothing last longer.
        if known_at <= now < min(expires_at, known_at + FRESH):
            return person
        del self._people[token_hash]
        return None

    def before_reading(self) -> int:
        """To be given back to `keep`: what is read while a session ends is not kept."""
        return self._ended

    def keep(self, token_hash: str, person: Person, expires_at: datetime, since: int) -> None:
        """This session was read, and runs."""
        if not self._hears or since != self._ended:
            return
        if len(self._people) >= MOST:
            self._people.clear()
        self._people[token_hash] = (person, world.now(), expires_at)

    def forget(self, news: News) -> None:
        """These sessions ended."""
        for token_hash in news.ended:
            self._ended += 1
            self._people.pop(token_hash, None)

    def drop(self, token_hash: str) -> None:
        """This session's person changed: to be read again."""
        self._ended += 1
        self._people.pop(token_hash, None)

    def listen(self, hears: bool) -> None:
        """Whether the ends of sessions are heard from now on; what ended meanwhile nobody knows."""
        self._hears = hears
        self._ended += 1
        self._people.clear()
