"""Evidence: published testimonials, cited on an indicator by who takes part in a workshop, or by who publishes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, Row, Select, func
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, or_, select

from workshops import agenda, audit, frameworks, indicators, journal, people, published, world
from workshops.agenda import Member, Stage, Workshop
from workshops.audit import Deed
from workshops.indicators import Card, Indicator
from workshops.journal import Kind
from workshops.moderation import STANDING, Decision, Verdict
from workshops.people import Person, Role
from workshops.published import Voice
from workshops.records import Moment, Record, standing
from workshops.refusals import NotFound, NotThus, NotYours
from workshops.testimonials import End, Telling, Testimonial, Tombstone
from workshops.texts import said
from workshops.vocabulary import Family
from workshops.words import N_, Word

REASON_LENGTH = 300
STAGES = (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)


class Gone(Word):
    """Why a testimonial cannot be read any more where it was cited."""

    WITHDRAWN = "retire", N_("Retiré par son auteur")
    EXPIRED = "efface", N_("Effacé au terme de sa durée de conservation")
    UNPUBLISHED = "depublie", N_("N'est plus publié : la modération est revenue sur sa décision")
    TAKEN_BACK = "accord_repris", N_("N'est plus cité : son auteur a repris son accord")


class Citation(Record, table=True):
    """That somebody cited a testimonial on an indicator of a workshop or, by its `code`, of the published framework.

    `because` is erased with the testimonial, which it may quote (`withdrawals.bury`).
    """

    __table_args__ = (
        CheckConstraint("(indicator_id IS NULL) <> (code IS NULL)", name="place"),
        Index("uq_citation_indicator_standing", "indicator_id", "testimonial_id", unique=True, **standing("ended_at")),
        Index("uq_citation_code_standing", "code", "testimonial_id", unique=True, **standing("ended_at")),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    testimonial_id: str = Field(foreign_key="testimonial.id", index=True, max_length=12)
    indicator_id: str | None = Field(default=None, foreign_key="indicator.id", max_length=12)
    code: str | None = Field(default=None, max_length=10)
    because: str = Field(max_length=REASON_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)


@dataclass(frozen=True)
class Quoted:
    """A testimonial where it is cited: its `voice` as anyone reads it now, none once it is `gone`."""

    id: str
    voice: Voice | None = None
    gone: Gone | None = None


@dataclass(frozen=True)
class Cited:
    """A citation that nobody removed, with what it quotes. `because` says nothing once that is gone."""

    id: str
    because: str
    by_id: str
    quoted: Quoted


async def cite(session: AsyncSession, indicator_id: str, testimonial_id: str, *, because: str, by: Person) -> Citation:
    """Somebody who takes part cites a published testimonial whose author agreed to it. Twice is once.

    Raises NotNow before the proposals, once closed, or off the table; NotThus without a reason, or when that testimonial
    may not be cited.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    await agenda.require_member(session, workshop, by)
    workshop.require(*STAGES)
    before = await _standing(session, testimonial_id, col(Citation.indicator_id) == indicator.id)
    if before:
        agenda.yield_floor(session, workshop)
        return before
    citation = await _cited(session, testimonial_id, because, indicator_id=indicator.id, by_id=by.id)
    journal.record(session, workshop, Kind.EVIDENCE_CITED, by=by, about=indicator.id)
    return citation


async def require_citing(session: AsyncSession, indicator_id: str, person: Person) -> tuple[Card, Workshop]:
    """An indicator on which this person may cite now, and its workshop; or what `cite` would say."""
    card = await indicators.card(session, indicator_id)
    workshop = await agenda.get(session, card.indicator.workshop_id)
    await agenda.require_member(session, workshop, person)
    workshop.require(*STAGES)
    await indicators.require_on_table(session, indicator_id)
    return card, workshop


async def cite_in_framework(
    session: AsyncSession, code: str, testimonial_id: str, *, because: str, by: Person
) -> Citation:
    """A publisher cites one on an impact indicator of the latest version: beside it until the next version holds it.

    Raises NotYours without the role, NotFound without such an indicator there, NotThus as `cite` does. Twice is once.
    """
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    await impact(session, code)
    before = await _standing(session, testimonial_id, col(Citation.code) == code)
    if before:
        audit.yield_floor(session, register)
        return before
    citation = await _cited(session, testimonial_id, because, code=code, by_id=by.id)
    audit.record(session, register, Deed.EVIDENCE_CITED, by=by, about=citation.id)
    return citation


async def impact(session: AsyncSession, code: str) -> Mapping[str, Any]:
    """An impact indicator of the latest version, as it is published there, or NotFound."""
    latest = await frameworks.latest(session)
    for item in latest.content["indicateurs"] if latest else ():
        if item["code"] == code and item["fiche"]["famille"] == Family.IMPACT.value:
            found: Mapping[str, Any] = item
            return found
    raise NotFound(N_("La dernière version publiée n'a pas d'indicateur d'impact de ce code."))


async def _cited(session: AsyncSession, testimonial_id: str, because: str, **where: Any) -> Citation:
    because = said(because, "because", REASON_LENGTH, N_("Dites en une phrase ce que ce témoignage montre."))
    # Whoever withdraws it meanwhile waits for this row, then erases the reason too; or came first, and it is gone.
    kept = select(Telling.testimonial_id).where(col(Telling.testimonial_id) == testimonial_id).with_for_update(read=True)
    told = await session.scalar(kept)
    quoted = (await shown(session, [testimonial_id])).get(testimonial_id)
    if told is None or quoted is None or quoted.gone:
        raise NotThus({"testimonial": N_("Choisissez un témoignage publié, que son auteur permet de citer.")})
    citation = Citation(testimonial_id=testimonial_id, because=because, **where)
    session.add(citation)
    await session.flush()
    return citation


async def _standing(session: AsyncSession, testimonial_id: str, where: ColumnElement[bool]) -> Citation | None:
    found: Citation | None = await session.scalar(
        select(Citation).where(where, col(Citation.testimonial_id) == testimonial_id, col(Citation.ended_at).is_(None))
    )
    return found


async def remove(session: AsyncSession, citation_id: str, *, by: Person) -> Citation:
    """Who cited a testimonial, or leads the workshop, removes it from the indicator; a publisher, from a published one.

    Twice is once. Raises NotYours for anyone else, NotNow outside the stages in which one cites.
    """
    citation = await get(session, citation_id)
    if citation.code is not None:
        return await _remove_from_framework(session, citation, by=by)
    assert citation.indicator_id
    indicator, workshop = await indicators.found_on_floor(session, citation.indicator_id, by=by)
    member = await agenda.require_member(session, workshop, by)
    if not may_remove(citation, member):
        raise NotYours(N_("Seules la personne qui a cité ce témoignage et l'animation peuvent en retirer la citation."))
    workshop.require(*STAGES)
    await session.refresh(citation)
    if citation.ended_at:
        agenda.yield_floor(session, workshop)
        return citation
    citation.ended_at, citation.ended_by_id = world.now(), by.id
    session.add(citation)
    journal.record(session, workshop, Kind.EVIDENCE_REMOVED, by=by, about=indicator.id)
    return citation


def may_remove(citation: "Citation | Cited", member: Member) -> bool:
    """Who cited, or leads."""
    return citation.by_id == member.person_id or member.role in agenda.LEADING


async def _remove_from_framework(session: AsyncSession, citation: Citation, *, by: Person) -> Citation:
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    await session.refresh(citation)
    if citation.ended_at:
        audit.yield_floor(session, register)
        return citation
    citation.ended_at, citation.ended_by_id = world.now(), by.id
    session.add(citation)
    audit.record(session, register, Deed.EVIDENCE_REMOVED, by=by, about=citation.id)
    return citation


async def get(session: AsyncSession, citation_id: str) -> Citation:
    """A citation, or NotFound."""
    citation = await session.get(Citation, citation_id)
    if citation is None:
        raise NotFound(N_("Cette citation n'existe pas."))
    return citation


# ── What is cited, as it may be read now

_READ = (*published.SHOWN, col(Decision.verdict))


def _joined(asked: Select[Any]) -> Select[Any]:
    """A query that has testimonials, with all that says whether, and how, each may be read."""
    return published.joined(asked.outerjoin(Decision, STANDING))


def _quoted(row: Row[Any]) -> Quoted:
    if row.how:
        return Quoted(row.id, gone=Gone.WITHDRAWN if row.how is End.WITHDRAWN else Gone.EXPIRED)
    if row.verdict is not Verdict.PUBLISHED:
        return Quoted(row.id, gone=Gone.UNPUBLISHED)
    if not row.may_cite:
        return Quoted(row.id, gone=Gone.TAKEN_BACK)
    return Quoted(row.id, voice=published.voice(row))


async def shown(session: AsyncSession, testimonial_ids: Collection[str]) -> dict[str, Quoted]:
    """These testimonials as they may be read now, by id. One query, none for nothing."""
    if not testimonial_ids:
        return {}
    found = await session.execute(_joined(columns(*_READ)).where(col(Testimonial.id).in_(testimonial_ids)))
    return {row.id: _quoted(row) for row in found}


_CITED: Select[Any] = columns(Citation, *_READ).join(
    Testimonial, col(Testimonial.id) == col(Citation.testimonial_id)
)


async def of_workshop(
    session: AsyncSession, workshop_id: str, only: Collection[str] | None = None
) -> dict[str, tuple[Cited, ...]]:
    """What is cited on each indicator of a workshop, or `only` these, as it was cited. One query."""
    here = _joined(_CITED).join(Indicator, col(Indicator.id) == col(Citation.indicator_id))
    return await _by(session, here.where(indicators.among(workshop_id, only)), "indicator_id")


async def since(session: AsyncSession, codes: Collection[str] | None = None) -> dict[str, tuple[Cited, ...]]:
    """What publishers cited on each published indicator, by code, whatever version holds it by now. One query."""
    asked = _joined(_CITED).where(col(Citation.code).is_not(None))
    return await _by(session, asked if codes is None else asked.where(col(Citation.code).in_(codes)), "code")


async def _by(session: AsyncSession, asked: Select[Any], key: str) -> dict[str, tuple[Cited, ...]]:
    rows: Iterable[Any] = await session.execute(
        asked.where(col(Citation.ended_at).is_(None)).order_by(col(Citation.at), col(Citation.id))
    )
    found: dict[str, tuple[Cited, ...]] = {}
    for row in rows:
        citation, quoted = row.Citation, _quoted(row)
        place = getattr(citation, key)
        cited = Cited(citation.id, "" if quoted.gone else citation.because, citation.by_id, quoted)
        found[place] = (*found.get(place, ()), cited)
    return found


async def news(session: AsyncSession) -> str:
    """What changes whenever a cited testimonial, or what is cited, reads otherwise. One query.

    Each count goes one way only: citations and decisions come, never go; texts are masked, ended, taken back once.
    """
    cited = select(Citation.testimonial_id)
    buried = columns(func.count()).where(col(Tombstone.testimonial_id).in_(cited))
    counts = (
        columns(func.count(col(Citation.id))),
        columns(func.count(col(Citation.ended_at))),
        columns(func.sum(Testimonial.revision)).where(col(Testimonial.id).in_(cited)),
        columns(func.count()).where(col(Testimonial.id).in_(cited), col(Testimonial.may_cite)),
        columns(func.count()).where(col(Decision.testimonial_id).in_(cited)),
        buried,
        buried.where(col(Tombstone.how) == End.WITHDRAWN),
    )
    found = await session.execute(columns(*(each.scalar_subquery() for each in counts)))
    return ".".join(str(count or 0) for count in found.one())


# ── What a version holds


async def for_version(
    session: AsyncSession, on_table: Mapping[str, str], former: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """By code, the testimonials that the next version cites, those that may still be: what the version before cites
    (`former`) and no publisher removed, what they cited since, and what was cited in the workshop that decided
    (`on_table`: its indicators).

    Two queries at most.
    """
    found = await session.execute(
        _joined(_CITED)
        .where(or_(col(Citation.code).is_not(None), col(Citation.indicator_id).in_(on_table.values())))
        .order_by(col(Citation.at), col(Citation.id))
    )
    discussed, added, removed = _sorted(found)
    kept = await shown(session, {id for ids in former.values() for id in ids})
    cited: dict[str, tuple[str, ...]] = {}
    for code in {*on_table, *former}:
        quoted = [kept[id] for id in former.get(code, ()) if id in kept and (code, id) not in removed]
        quoted += added.get(code, []) + discussed.get(on_table.get(code, ""), [])
        cited[code] = tuple(dict.fromkeys(each.id for each in quoted if not each.gone))
    return cited


def _sorted(
    rows: Iterable[Any],
) -> tuple[dict[str, list[Quoted]], dict[str, list[Quoted]], set[tuple[str, str]]]:
    """What stands, by indicator and by code, and what publishers removed: (code, testimonial)."""
    discussed: dict[str, list[Quoted]] = {}
    added: dict[str, list[Quoted]] = {}
    removed: set[tuple[str, str]] = set()
    for row in rows:
        citation: Citation = row.Citation
        if citation.ended_at is None:
            found, place = (added, citation.code) if citation.code else (discussed, citation.indicator_id)
            found.setdefault(place or "", []).append(_quoted(row))
        elif citation.code:
            removed.add((citation.code, citation.testimonial_id))
    return discussed, added, removed


def frozen_in(item: Mapping[str, Any]) -> list[str]:
    """The testimonials that a published indicator cites; versions published before this was said have none."""
    return [cited["id"] for cited in item.get("temoignages", ())]
