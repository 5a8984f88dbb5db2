"""Releases: a version one person has prepared, word for word, until another confirms it."""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from workshops import (
    agenda,
    audit,
    conclusions,
    documents,
    drafts,
    frameworks,
    journal,
    people,
    proofs,
    world,
)
from workshops.agenda import Workshop
from workshops.audit import Deed, Register
from workshops.canonical import canonical, timestamp
from workshops.comparisons import Contents
from workshops.drafts import Choices
from workshops.frameworks import Framework
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import clean
from workshops.versions import called
from workshops.words import N_

SHORTEST, LONGEST = timedelta(days=1), timedelta(days=366)  # of a review
BECAUSE_LENGTH = 500
PREPARED = (Kind.FRAMEWORK_PREPARED, Deed.VERSION_PREPARED)
REPLACED = N_("Une préparation plus récente la remplace.")


class Release(Record, table=True):
    """A version as one person prepared it: its whole text, which nothing changes. Triggers refuse to.

    `version` is the number it will bear, `base` the version it was compared with. `candidate` numbers those of a version
    that are open to review until `review_until`.
    """

    __table_args__ = (UniqueConstraint("version", "candidate"),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    version: str = Field(max_length=20)
    candidate: int | None = None
    base: str | None = Field(default=None, max_length=20)
    review_until: datetime | None = Field(default=None, sa_type=Moment)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    fingerprint: str = Field(max_length=71)
    document: str

    @property
    def name(self) -> str:
        """What it is called before it is published: 2.1.0-rc.1, or 2.1.0 where nobody reviews it."""
        return called(self.version, self.candidate)

    @property
    def content(self) -> dict[str, Any]:
        """The document, with its fingerprint."""
        return {**json.loads(self.document), "empreinte": self.fingerprint}

    @property
    def contents(self) -> Contents:
        """What it holds, as versions are compared."""
        return documents.contents(json.loads(self.document))

    @property
    def is_in_review(self) -> bool:
        """Whether one may still leave a review."""
        return self.review_until is not None and world.now() < self.review_until


@dataclass(frozen=True)
class Open:
    """A candidate that one may review now: what it is called, and until when."""

    name: str
    review_until: datetime


class ReleaseWorkshop(Record, table=True):
    """That a workshop feeds a release."""

    release_id: str = Field(primary_key=True, foreign_key="release.id", max_length=12)
    workshop_id: str = Field(primary_key=True, foreign_key="workshop.id", index=True, max_length=12)


class Abandonment(Record, table=True):
    """That a release will not be published, and why. `replaced_by`: the one that took its place, if any did."""

    release_id: str = Field(primary_key=True, foreign_key="release.id", max_length=12)
    because: str = Field(max_length=BECAUSE_LENGTH)
    replaced_by: str | None = Field(default=None, max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def prepare(
    session: AsyncSession,
    workshop_ids: Collection[str],
    choices: Choices,
    *,
    reasons: Mapping[str, str] | None = None,
    review_until: datetime | None = None,
    by: Person,
) -> Release:
    """A publisher writes down the next version, from closed workshops, or from corrections alone.

    `reasons`: by code, why an indicator ends as it does, for those whose reason nobody wrote. With `review_until` it is
    a candidate that anyone may review until then. The preparations that these workshops fed are replaced.
    Raises NotYours without the role, NotNow before a closing or once a workshop fed a version, NotThus for whatever
    `drafts.check` finds.
    """
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    _check_window(review_until)
    with journal.as_part(session):
        found = [await agenda.take_floor(session, id, by=by) for id in sorted(set(workshop_ids))]
        for workshop in found:
            await _require_ready(session, workshop)
            await conclusions.write_all(session, workshop, reasons or {}, by=by)
        prepared = await drafts.draft(session, found, choices)
        drafts.check(prepared)
        id = world.new_id()
        await _replace(session, found, id, by=by)
        candidate = await _next_candidate(session, prepared.version) if review_until else None
        release = Release(
            id=id,
            version=prepared.version,
            candidate=candidate,
            base=prepared.latest.version if prepared.latest else None,
            review_until=review_until,
            by_id=by.id,
            at=frameworks.after(prepared.latest),
            fingerprint="",
            document="",
        )
    record(session, register, prepared.workshops, PREPARED, name=release.name, about=release.id, by=by)
    document = {
        **proofs.told(prepared, await proofs.sources(session, prepared)),
        "version": release.name,
        "publie_le": timestamp(release.at),
        "prepare_par": by.id,
        "confirme_par": None,
        "chaine": await frameworks.chain(session),
        "relecture": _window(release),
        **proofs.fed_by(prepared.workshops),
    }
    sealed = frameworks.sealed(document)
    release.document, release.fingerprint = canonical(sealed).decode(), frameworks.fingerprint(sealed)
    session.add(release)
    await session.flush()
    session.add_all(ReleaseWorkshop(release_id=release.id, workshop_id=workshop.id) for workshop in found)
    return release


def record(
    session: AsyncSession,
    register: Register,
    workshops: Sequence[Workshop],
    done: tuple[Kind, Deed],
    *,
    name: str,
    about: str,
    by: Person,
) -> None:
    """One gesture, in the register of each workshop and in the platform's. A sending has one receipt: the first's."""
    kind, deed = done
    for workshop in workshops[:1]:
        journal.record(session, workshop, kind, by=by, about=name)
    with journal.as_part(session) if workshops else nullcontext():
        for workshop in workshops[1:]:
            journal.record(session, workshop, kind, by=by, about=name)
        audit.record(session, register, deed, by=by, about=about)


def _window(release: Release) -> dict[str, Any] | None:
    if release.review_until is None:
        return None
    return {"du": timestamp(release.at), "au": timestamp(release.review_until)}


def _check_window(until: datetime | None) -> None:
    if until is not None and not SHORTEST <= until - world.now() <= LONGEST:
        raise NotThus({"review_until": N_("Une relecture dure un jour au moins, un an au plus.")})


async def _require_ready(session: AsyncSession, workshop: Workshop) -> None:
    if workshop.is_open:
        raise NotNow(N_("On publie ce qu'un atelier a décidé une fois qu'il est clos."))
    if await frameworks.from_workshop(session, workshop.id):
        raise NotNow(N_("Cet atelier a déjà donné une version : rien ne la modifie."))


async def _replace(session: AsyncSession, found: Collection[Workshop], successor: str, *, by: Person) -> None:
    """End the preparations that these workshops fed; without workshops, those without.

    Candidates that were given up before have a successor too: what was said of them is still to be answered.
    """
    ids = {workshop.id for workshop in found}
    waiting = await standing_ids(session)
    orphans = {each.release_id: each for each in await _orphans(session)}
    fed = await feeding(session, [*waiting, *orphans])
    ended = [id for id in (*waiting, *orphans) if (ids & set(fed[id]) if ids else not fed[id])]
    for id in ended:
        if id in orphans:
            orphans[id].replaced_by = successor
        else:
            session.add(Abandonment(release_id=id, because=REPLACED, replaced_by=successor, by_id=by.id))


async def _orphans(session: AsyncSession) -> list[Abandonment]:
    """The candidates that were given up, and that nothing took the place of."""
    found = await session.scalars(
        select(Abandonment)
        .join(Release, col(Release.id) == col(Abandonment.release_id))
        .where(col(Abandonment.replaced_by).is_(None), col(Release.candidate).is_not(None))
    )
    return list(found)


async def given_up(session: AsyncSession, line: Collection[Release]) -> dict[str, datetime]:
    """Those of a line that somebody gave up, saying why, rather than replaced, and when: their review ended there."""
    found = await session.execute(
        select(Abandonment.release_id, Abandonment.at).where(
            col(Abandonment.release_id).in_([each.id for each in line]), col(Abandonment.because) != REPLACED
        )
    )
    return {release_id: at for release_id, at in found}  # noqa: C416  rows are not pairs


async def _next_candidate(session: AsyncSession, version: str) -> int:
    last = await session.scalar(select(func.max(Release.candidate)).where(col(Release.version) == version))
    return (last or 0) + 1


async def abandon(session: AsyncSession, release_id: str, *, because: str, by: Person) -> Release:
    """A publisher gives up a preparation, saying why; twice is once. Raises NotNow once it is published."""
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    release = await get(session, release_id)
    if await session.get(Abandonment, release_id):
        audit.yield_floor(session, register)
        return release
    if await frameworks.from_release(session, release_id):
        raise NotNow(N_("Cette version est publiée : rien ne la modifie."))
    because = clean(because)
    if not because or len(because) > BECAUSE_LENGTH:
        raise NotThus({"because": N_("Dites pourquoi, en cinq cents caractères au plus.")})
    session.add(Abandonment(release_id=release_id, because=because, by_id=by.id))
    audit.record(session, register, Deed.VERSION_ABANDONED, by=by, about=release_id)
    return release


async def get(session: AsyncSession, release_id: str) -> Release:
    """A preparation, or NotFound."""
    release = await session.get(Release, release_id)
    if release is None:
        raise NotFound(N_("Cette préparation n'existe pas."))
    return release


async def named(session: AsyncSession, version: str, candidate: int) -> Release:
    """A release candidate by its number, whatever became of it, or NotFound."""
    found = await session.scalar(
        select(Release).where(col(Release.version) == version, col(Release.candidate) == candidate)
    )
    if found is None:
        raise frameworks.NotPublished(await frameworks.numbers(session))
    return found


async def names(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """What those of these ids are called, without their documents."""
    asked = select(Release.id, Release.version, Release.candidate).where(col(Release.id).in_(ids))
    return {id: called(version, candidate) for id, version, candidate in await session.execute(asked)}


async def abandonment(session: AsyncSession, release_id: str) -> Abandonment | None:
    """Why a preparation will not be published, if it will not."""
    return await session.get(Abandonment, release_id)


_STANDING = (
    select(Release.id)
    .outerjoin(Abandonment, col(Abandonment.release_id) == col(Release.id))
    .outerjoin(Framework, col(Framework.release_id) == col(Release.id))
    .where(col(Abandonment.release_id).is_(None), col(Framework.version).is_(None))
)
_LAST_FIRST = (col(Release.at).desc(), col(Release.id))


async def standing(session: AsyncSession) -> list[Release]:
    """Those that wait: neither published nor abandoned, the last one first."""
    asked = select(Release).where(col(Release.id).in_(_STANDING)).order_by(*_LAST_FIRST)
    return list(await session.scalars(asked))


async def standing_ids(session: AsyncSession) -> list[str]:
    """Those that wait, without their documents."""
    return list(await session.scalars(_STANDING.order_by(*_LAST_FIRST)))


async def is_pending(session: AsyncSession, release_id: str) -> bool:
    """Whether a release waits, or one that took its place does. Two queries."""
    waiting = await standing_ids(session)
    replaced = await session.execute(select(Abandonment.release_id, Abandonment.replaced_by))
    followed: dict[str, str | None] = dict(replaced.all())
    last: str | None = release_id
    while last in followed:
        last = followed[last]
    return last in waiting


async def in_review(session: AsyncSession) -> list[Open]:
    """The candidates that one may review now, the last one first, without their documents."""
    found = await session.execute(
        select(Release.version, Release.candidate, Release.review_until)
        .where(col(Release.id).in_(_STANDING), col(Release.review_until) > world.now())
        .order_by(*_LAST_FIRST)
    )
    return [Open(called(version, candidate), until) for version, candidate, until in found if until]


async def of_workshop(session: AsyncSession, workshop_id: str) -> Release | None:
    """The preparation that a workshop feeds now, if any."""
    return await session.scalar(_fed_by(workshop_id).where(col(Release.id).in_(_STANDING)))


async def of_gesture(session: AsyncSession, workshop_id: str, number: int) -> Release | None:
    """The preparation that a gesture of a workshop was: its document names the gesture."""
    found = await session.scalars(
        select(Release)
        .join(ReleaseWorkshop, col(ReleaseWorkshop.release_id) == col(Release.id))
        .where(col(ReleaseWorkshop.workshop_id) == workshop_id)
    )
    named = {"id": workshop_id, "geste": number}
    return next((each for each in found if any(named.items() <= told.items() for told in each.content["ateliers"])), None)


def _fed_by(workshop_id: str) -> SelectOfScalar[Release]:
    """The last of the preparations that a workshop fed."""
    fed = select(ReleaseWorkshop.release_id).where(col(ReleaseWorkshop.workshop_id) == workshop_id)
    return select(Release).where(col(Release.id).in_(fed)).order_by(*_LAST_FIRST).limit(1)


async def workshop_ids(session: AsyncSession, release_id: str) -> list[str]:
    """The workshops that feed a release."""
    return (await feeding(session, [release_id]))[release_id]


async def feeding(session: AsyncSession, release_ids: Collection[str]) -> dict[str, list[str]]:
    """The workshops that feed each of these releases. One query."""
    found = await session.execute(
        select(ReleaseWorkshop.release_id, ReleaseWorkshop.workshop_id)
        .where(col(ReleaseWorkshop.release_id).in_(release_ids))
        .order_by(col(ReleaseWorkshop.workshop_id))
    )
    fed: dict[str, list[str]] = {id: [] for id in release_ids}
    for release_id, workshop_id in found:
        fed[release_id].append(workshop_id)
    return fed


async def line_of(session: AsyncSession, release: Release) -> list[Release]:
    """A release and all those it takes the place of, the last one first: their reviews are about one version.

    Where workshops that were prepared apart are prepared together, there are several.
    """
    found, ids = [release], [release.id]
    while ids:
        former = await session.scalars(
            select(Release)
            .join(Abandonment, col(Abandonment.release_id) == col(Release.id))
            .where(col(Abandonment.replaced_by).in_(ids))
        )
        before = list(former)
        found += before
        ids = [each.id for each in before]
    return sorted(found, key=lambda each: (each.id == release.id, each.at, each.candidate or 0), reverse=True)
