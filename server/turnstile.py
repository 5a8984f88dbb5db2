"""The turnstile: gestures of a workshop that arrive during a commit wait for the next one, and share it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from server.database import Database

MOST = 200  # gestures that one commit takes
PACE = 0.01  # seconds from a commit to the next: those who come in between share it

Asked = TypeVar("Asked")
Done = TypeVar("Done")
# What makes several gestures of one workshop in one transaction: one result each, or the exception it would raise alone.
Verb = Callable[[AsyncSession, str, Sequence[Asked]], Awaitable[Sequence[Done | Exception]]]


class Turnstile(Generic[Asked, Done]):
    """Each is answered once their gesture is on the disk, in the order of the journal.

    A lone gesture is committed at once. When many come, each commit takes those who came since the one before.
    """

    def __init__(self, database: Database, verb: Verb[Asked, Done], passed: Callable[[int], object]) -> None:
        """`passed` is told how many shared a commit."""
        self.database = database
        self.verb = verb
        self.passed = passed
        self._waiting: dict[str, list[tuple[Asked, asyncio.Future[Done]]]] = {}
        self._working: dict[str, asyncio.Task[None]] = {}

    async def go(self, workshop_id: str, asked: Asked) -> Done:
        """The gesture, once it is done; or the exception it would raise alone."""
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workshop_id, []).append((asked, answer))
        if workshop_id not in self._working:
            self._working[workshop_id] = asyncio.create_task(self._work(workshop_id), name=f"turnstile-{workshop_id}")
        return await answer

    async def _work(self, workshop_id: str) -> None:
        """Commit after commit, until nobody waits."""
        clock = asyncio.get_running_loop()
        try:
            while self._waiting[workshop_id]:
                began = clock.time()
                await self._commit(workshop_id, MOST)
                await asyncio.sleep(began + PACE - clock.time())
        finally:
            del self._working[workshop_id]
            for _, answer in self._waiting.pop(workshop_id):
                answer.cancel()

    async def _commit(self, workshop_id: str, most: int) -> None:
        """One transaction for those who wait when its turn comes."""
        taken: list[tuple[Asked, asyncio.Future[Done]]] = []
        results: Sequence[Done | Exception] = []
        try:
            async with self.database.transaction() as session:
                waiting = self._waiting[workshop_id]
                taken, self._waiting[workshop_id] = waiting[:most], waiting[most:]
                if taken:
                    results = await self.verb(session, workshop_id, [asked for asked, _ in taken])
        except IntegrityError as error:
            # One that the database refuses (its key was used elsewhere meanwhile) must not cost the others theirs.
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
            self.passed(len(taken))
            _tell(taken, results)


def _tell(taken: Sequence[tuple[Asked, asyncio.Future[Done]]], results: Sequence[Done | Exception]) -> None:
    for (_, answer), result in zip(taken, results, strict=True):
        if answer.done():  # whoever asked is gone; what they did stays
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)
