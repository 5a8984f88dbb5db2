"""The archive: editions ready to be handed over, made again only when something changed, and not too often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, func, select
from starlette.requests import Request

from server.database import Database
from server.datasets import editions
from server.datasets.editions import Edition
from server.i18n import PARIS
from workshops import world
from workshops.agenda import Workshop
from workshops.audit import Register
from workshops.comments import Hiding
from workshops.frameworks import Framework
from workshops.imports import ImportedFramework
from workshops.maskings import Masking
from workshops.moderation import Decision
from workshops.refusals import NotFound
from workshops.releases import Release
from workshops.reviews import Review, ReviewHiding, ReviewReply
from workshops.testimonials import Tombstone
from workshops.words import N_

TODAY_EVERY = timedelta(minutes=1)
PAST_EVERY = timedelta(hours=1)
KEPT = 8  # days, on the disk

Toll = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Marks:
    """What tells that something public changed. What was hidden is gone at once; the rest may wait."""

    hidden: int
    said: int


@dataclass(frozen=True)
class _Kept:
    edition: Edition
    marks: Marks
    made_at: datetime


class Archive:
    """One edition is made at a time. So many days stay ready: who was asked for the longest ago leaves first."""

    def __init__(self, database: Database, site: str) -> None:
        self.database = database
        self.site = site
        self._kept: dict[date, _Kept] = {}
        self._making = asyncio.Lock()

    @staticmethod
    def of(request: Request) -> "Archive":
        """The one of this server."""
        archive: Archive = request.app.state.archive
        return archive

    async def today(self) -> Edition:
        """All that is public now, or was a minute ago."""
        return await self._edition(today(), TODAY_EVERY, _free)

    async def first(self) -> date | None:
        """The first day that something was public."""
        async with self.database.asking() as session:
            return await editions.first_day(session)

    async def past(self, day: date | None, toll: Toll) -> Edition:
        """All that was public at the end of a day that is over, and still is. Making it costs a `toll`.

        Raises NotFound for another day, saying which there are.
        """
        first, yesterday = await self.first(), today() - timedelta(days=1)
        if first is None or first > yesterday:
            raise NotFound(N_("Aucun jour n'est encore archivé : seul un jour fini l'est."))
        if day is None or not first <= day <= yesterday:
            raise NotFound(
                N_("Il n'y a pas de données pour ce jour : elles vont du {first} au {last}."),
                first=first.isoformat(),
                last=yesterday.isoformat(),
            )
        return await self._edition(day, PAST_EVERY, toll)

    async def _edition(self, day: date, every: timedelta, toll: Toll) -> Edition:
        marks = await self._marks()
        found = self._ready(day, every, marks)
        if found is None:
            await toll()
            async with self._making:
                # Whoever waited may find what the one before made.
                marks = await self._marks()
                found = self._ready(day, every, marks) or await self._make(day, marks)
        return found

    def _ready(self, day: date, every: timedelta, marks: Marks) -> Edition | None:
        # What was hidden, or withdrawn, stays on the disk of no day.
        self._kept = {day: kept for day, kept in self._kept.items() if kept.marks.hidden == marks.hidden}
        kept = self._kept.pop(day, None)
        if kept is None:
            return None
        self._kept[day] = kept
        age = world.now() - kept.made_at
        is_fresh = kept.marks == marks or timedelta() <= age < every
        return kept.edition if is_fresh else None

    async def _make(self, day: date, marks: Marks) -> Edition:
        async with self.database.reading() as session:
            edition = await editions.pack(session, day, self.site)
        self._kept.pop(day, None)
        self._kept[day] = _Kept(edition, marks, world.now())
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return edition

    async def _marks(self) -> Marks:
        """One query. Nothing that is counted is ever taken away."""
        hidden = [select(func.count()).select_from(record) for record in (Hiding, ReviewHiding, Tombstone, Masking)]
        hidden.append(select(func.count(col(Decision.ended_at))))  # published, then refused
        said = [select(func.count()).select_from(record) for record in (Framework, ImportedFramework, Release, Review, ReviewReply)]
        said += [select(func.coalesce(func.sum(col(each)), 0)) for each in (Workshop.gestures, Register.gestures)]
        asked = [each.scalar_subquery() for each in (*hidden, *said)]
        async with self.database.asking() as session:
            found = (await session.execute(select(*asked))).one()
        return Marks(sum(found[: len(hidden)]), sum(found[len(hidden) :]))


def today() -> date:
    """This day, in Paris."""
    return world.now().astimezone(PARIS).date()


async def _free() -> None:
    """Nothing to pay."""
