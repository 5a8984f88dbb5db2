"""The ballot box: the votes of a workshop that arrive during a commit wait for the next one, and share it."""

import asyncio

from sqlalchemy.exc import IntegrityError
from starlette.requests import HTTPConnection

from server.database import Database
from server.metrics import Metrics
from workshops import indicators, votes
from workshops.votes import Counted, Paper

MOST = 200  # papers that one commit takes
PACE = 0.015  # seconds from a commit to the next: those who vote in between share it
KNOWN = 10_000  # indicators whose workshop is remembered

Waiting = tuple[Paper, "asyncio.Future[Counted]"]


class BallotBox:
    """Each voter is answered once their vote is on the disk, in the order of the journal.

    A lone vote is committed at once. When many vote, each commit takes those who came since the one before.
    """

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self.database = database
        self.metrics = metrics
        self._waiting: dict[str, list[Waiting]] = {}
        self._counting: dict[str, asyncio.Task[None]] = {}
        self._homes: dict[str, str] = {}

    @staticmethod
    def of(connection: HTTPConnection) -> "BallotBox":
        """The one of this server."""
        box: BallotBox = connection.app.state.box
        return box

    async def cast(self, paper: Paper) -> Counted:
        """The vote, once counted; or the exception of `votes.cast`, AlreadyDone included."""
        workshop_id = await self._home(paper.indicator_id)
        answer: asyncio.Future[Counted] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workshop_id, []).append((paper, answer))
        if workshop_id not in self._counting:
            self._counting[workshop_id] = asyncio.create_task(self._count(workshop_id), name=f"box-{workshop_id}")
        return await answer

    async def _home(self, indicator_id: str) -> str:
        if indicator_id not in self._homes:
            async with self.database.reading() as session:
                home = await indicators.home(session, indicator_id)
            if len(self._homes) >= KNOWN:
                self._homes.clear()
            self._homes[indicator_id] = home
        return self._homes[indicator_id]

    async def _count(self, workshop_id: str) -> None:
        """Commit after commit, until nobody waits."""
        clock = asyncio.get_running_loop()
        try:
            while self._waiting[workshop_id]:
                began = clock.time()
                await self._commit(workshop_id, MOST)
                await asyncio.sleep(began + PACE - clock.time())
        finally:
            del self._counting[workshop_id]
            for _, answer in self._waiting.pop(workshop_id):
                answer.cancel()

    async def _commit(self, workshop_id: str, most: int) -> None:
        """One transaction for those who wait when its turn comes."""
        taken: list[Waiting] = []
        results: list[Counted | Exception] = []
        try:
            async with self.database.transaction() as session:
                waiting = self._waiting[workshop_id]
                taken, self._waiting[workshop_id] = waiting[:most], waiting[most:]
                if taken:
                    results = await votes.cast_all(session, workshop_id, [paper for paper, _ in taken])
        except IntegrityError as error:
            # One paper that the database refuses (its key was used elsewhere meanwhile) must not cost the others theirs.
            if len(taken) > 1:
                self._waiting[workshop_id] = taken + self._waiting[workshop_id]
                for _ in taken:
                    await self._commit(workshop_id, 1)
            else:
                _tell(taken, [error])
        except Exception as error:
            if not taken:  # no transaction could begin
                taken, self._waiting[workshop_id] = self._waiting[workshop_id], []
            _tell(taken, [error] * len(taken))
        except BaseException:  # the server stops: nobody is left waiting
            for _, answer in taken:
                answer.cancel()
            raise
        else:
            self.metrics.votes_per_commit.observe(len(taken))
            _tell(taken, results)


def _tell(taken: list[Waiting], results: list[Counted | Exception]) -> None:
    for (_, answer), result in zip(taken, results, strict=True):
        if answer.done():  # the voter's request is gone; the vote stays
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)
