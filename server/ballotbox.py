"""The ballot box: votes of a workshop that come together are counted together."""

from starlette.requests import HTTPConnection

from server.database import Database
from server.metrics import Metrics
from server.turnstile import Turnstile
from workshops import indicators, votes
from workshops.votes import Counted, Paper

KNOWN = 10_000  # indicators whose workshop is remembered


class BallotBox:
    """Each voter is answered once their vote is on the disk."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self.database = database
        self._turnstile: Turnstile[Paper, Counted] = Turnstile(
            database, votes.cast_all, metrics.votes_per_commit.observe
        )
        self._homes: dict[str, str] = {}

    @staticmethod
    def of(connection: HTTPConnection) -> "BallotBox":
        """The one of this server."""
        box: BallotBox = connection.app.state.box
        return box

    async def cast(self, paper: Paper) -> Counted:
        """The vote, once counted; or the exception of `votes.cast`, AlreadyDone included."""
        return await self._turnstile.go(await self._home(paper.indicator_id), paper)

    async def _home(self, indicator_id: str) -> str:
        if indicator_id not in self._homes:
            async with self.database.asking() as session:
                home = await indicators.home(session, indicator_id)
            if len(self._homes) >= KNOWN:
                self._homes.clear()
            self._homes[indicator_id] = home
        return self._homes[indicator_id]
