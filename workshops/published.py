"""Published: what anyone may read of testimonials, and find again in them."""

import asyncio
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, exists, func, or_

from workshops.answers import LabAnswer
from workshops.labs import Lab
from workshops.maskings import Masking
from workshops.moderation import STANDING, Decision, Verdict
from workshops.personal import MASK
from workshops.projects import Project
from workshops.refusals import NotFound
from workshops.testimonials import Capacity, End, Face, Telling, Testimonial, Tombstone
from workshops.words import N_
from workshops.world import PARIS

ON_A_PAGE = 20
MOST_WORDS, LONGEST_WORD = 8, 30  # of a search
SEARCHED = 2000  # testimonials that may hold the words, read one by one


@dataclass(frozen=True)
class Voice:
    """A published testimonial as anyone reads it. One that is no more (`end`) has no words.

    Pages say the `month` when it was published, never the day: an agent must not recognise somebody by it.
    """

    id: str
    face: Face
    capacity: Capacity | None
    clarity: int | None
    heard: int | None
    may_cite: bool
    lab_slug: str
    lab: str
    project_id: str | None
    project: str
    day: date
    happened: str
    changed: str
    name: str
    masked: bool
    answer: str
    end: End | None

    @property
    def month(self) -> date:
        return month_of(self.day)

    @property
    def withdrawn(self) -> bool:
        """Whether its words are no more: withdrawn by its author, or erased when its time was over."""
        return self.end is not None


@dataclass(frozen=True)
class Filters:
    """What one looks for. `since` and `until`: the first day of a month of publication, both included. `citable`: only
    those that may serve as evidence; `without`: but these."""

    lab: str = ""
    project: str = ""
    capacity: Capacity | None = None
    face: Face | None = None
    since: date | None = None
    until: date | None = None
    words: str = ""
    citable: bool = False
    without: Collection[str] = ()


EVERYTHING = Filters()


@dataclass(frozen=True)
class Found:
    """A page of what was found. `is_partial`: too many may hold the words, only the latest of these were read."""

    voices: list[Voice]
    count: int
    number: int
    is_partial: bool

    @property
    def pages(self) -> int:
        return _pages(self.count)


@dataclass(frozen=True)
class Scope:
    """Among what one may choose: labs as (slug, name), projects as (id, title, name of its lab), months, the latest first."""

    labs: list[tuple[str, str]]
    projects: list[tuple[str, str, str]]
    months: list[date]


def month_of(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


# ── Questions

_STANDS = STANDING & (col(Decision.verdict) == Verdict.PUBLISHED)
_LATEST = (col(Decision.at).desc(), col(Testimonial.id))
_SHOWN: dict[str, Any] = {
    **{
        name: getattr(Testimonial, name)
        for name in ("id", "face", "capacity", "clarity", "heard", "may_cite", "lab_slug", "project_id")
    },
    "lab": Lab.name,
    "project": func.coalesce(col(Project.title), ""),
    "at": Decision.at,
    "happened": func.coalesce(col(Telling.happened), ""),
    "changed": func.coalesce(col(Telling.changed), ""),
    "name": func.coalesce(col(Telling.name), ""),
    "masked": exists().where(col(Masking.testimonial_id) == col(Testimonial.id)),
    "answer": func.coalesce(col(LabAnswer.text), ""),
    "how": Tombstone.how,
}
SHOWN = tuple(shown.label(name) for name, shown in _SHOWN.items())  # what `voice` reads, of a query made by `joined`


def joined(decided: Select[Any]) -> Select[Any]:
    """A query that has testimonials and their decisions, with the rest of what one reads of them."""
    return (
        decided.join(Lab, col(Lab.slug) == col(Testimonial.lab_slug))
        .outerjoin(Project, col(Project.id) == col(Testimonial.project_id))
        .outerjoin(Telling, col(Telling.testimonial_id) == col(Testimonial.id))
        .outerjoin(LabAnswer, col(LabAnswer.testimonial_id) == col(Testimonial.id))
        .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
    )


_VOICES = joined(columns(*SHOWN).select_from(Testimonial).join(Decision, _STANDS))


def voice(row: Row[Any]) -> Voice:
    """What anyone reads, from a row that holds `SHOWN`, among other things or not."""
    told = {name: row._mapping[name] for name in _SHOWN}
    day = told.pop("at").astimezone(PARIS).date()
    return Voice(**told, day=day, end=end) if (end := told.pop("how")) is None else _buried(told, day, end)


def _buried(told: dict[str, Any], day: date, end: End) -> Voice:
    """Its words are erased already: what else it said goes with them, and whatever may be left."""
    nothing = {"capacity": None, "clarity": None, "heard": None, "happened": "", "changed": "", "name": "", "answer": ""}
    return Voice(**{**told, **nothing, "may_cite": False, "masked": False}, day=day, end=end)


async def get(session: AsyncSession, testimonial_id: str) -> Voice:
    """A testimonial that is published, or was until its author withdrew it. One query.

    Raises NotFound for any other, in the same words: nobody learns that something waits, or was refused.
    """
    found = (await named(session, [testimonial_id])).get(testimonial_id)
    if found is None:
        raise NotFound(N_("Ce témoignage n'existe pas, ou n'est pas publié."))
    return found


async def named(session: AsyncSession, ids: Collection[str]) -> dict[str, Voice]:
    """Those of these testimonials that are published, or were until they were withdrawn, by id. One query."""
    found = await session.execute(_VOICES.where(col(Testimonial.id).in_(ids)))
    return {row.id: voice(row) for row in found}


async def some(
    session: AsyncSession, filters: Filters = EVERYTHING, *, offset: int = 0, limit: int = ON_A_PAGE
) -> list[Voice]:
    """Published testimonials, the latest first. One query, or two when words are looked for."""
    if words := words_of(filters.words):
        ids, _is_partial = await _holding(session, filters, words)
        return await _in_order(session, ids[offset : offset + limit])
    # Which ones first: a database that sorts all of them with their words is slower by so many words.
    those = _found(filters, col(Testimonial.id)).order_by(*_LATEST).offset(offset).limit(limit)
    asked = _VOICES.where(col(Testimonial.id).in_(those)).order_by(*_LATEST)
    return [voice(row) for row in await session.execute(asked)]


async def count(session: AsyncSession, filters: Filters = EVERYTHING) -> int:
    """How many are published. One query."""
    if words := words_of(filters.words):
        return len((await _holding(session, filters, words))[0])
    total: int = (await session.execute(_found(filters, func.count()))).scalar_one()
    return total


async def found(session: AsyncSession, filters: Filters = EVERYTHING, *, number: int = 1) -> Found:
    """A page of what was found; one that does not exist is the nearest. Two queries."""
    if words := words_of(filters.words):
        ids, is_partial = await _holding(session, filters, words)
        number = _nearest(number, len(ids))
        shown = ids[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        return Found(await _in_order(session, shown), len(ids), number, is_partial)
    total = await count(session, filters)
    number = _nearest(number, total)
    return Found(await some(session, filters, offset=(number - 1) * ON_A_PAGE), total, number, False)


async def scope(session: AsyncSession) -> Scope:
    """Where and when testimonials were published: what there is to choose among. One query."""
    asked = (
        columns(
            col(Lab.slug),
            col(Lab.name),
            col(Project.id),
            col(Project.title),
            func.min(col(Decision.at)).label("first"),
            func.max(col(Decision.at)).label("last"),
        )
        .select_from(Testimonial)
        .join(Decision, _STANDS)
        .join(Lab, col(Lab.slug) == col(Testimonial.lab_slug))
        .outerjoin(Project, col(Project.id) == col(Testimonial.project_id))
        .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
        .where(col(Tombstone.testimonial_id).is_(None))
        .group_by(col(Lab.slug), col(Lab.name), col(Project.id), col(Project.title))
    )
    rows = (await session.execute(asked)).all()
    labs = sorted({(slug, name) for slug, name, *_ in rows}, key=lambda lab: folded(lab[1]))
    own = [(id, title, lab) for _slug, lab, id, title, *_ in rows if id]
    months = _months(min(row[4] for row in rows), max(row[5] for row in rows)) if rows else []
    return Scope(labs, sorted(own, key=lambda each: (folded(each[1]), each[0])), months)


def _months(first: datetime, last: datetime) -> list[date]:
    """All months from one moment to another, the latest first."""
    months = [month_of(first.astimezone(PARIS).date())]
    while months[-1] < month_of(last.astimezone(PARIS).date()):
        months.append(next_month(months[-1]))
    return months[::-1]


def _nearest(number: int, total: int) -> int:
    return min(max(number, 1), _pages(total))


def _pages(total: int) -> int:
    return max(1, ceil(total / ON_A_PAGE))


def _found(filters: Filters, *what: Any) -> Select[Any]:
    """Something of the testimonials that filters let through, words apart."""
    return (
        columns(*what)
        .select_from(Testimonial)
        .join(Decision, _STANDS)
        .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
        .where(*_conditions(filters))
    )


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [col(Tombstone.testimonial_id).is_(None)]
    for column, wanted in (
        (col(Testimonial.lab_slug), filters.lab),
        (col(Testimonial.project_id), filters.project),
        (col(Testimonial.capacity), filters.capacity),
        (col(Testimonial.face), filters.face),
    ):
        if wanted:
            asked.append(column == wanted)
    if filters.since:
        asked.append(col(Decision.at) >= _begins(filters.since))
    if filters.until:
        asked.append(col(Decision.at) < _begins(next_month(month_of(filters.until))))
    if filters.citable:
        asked.append(col(Testimonial.may_cite).is_(True))
    if filters.without:
        asked.append(col(Testimonial.id).not_in(filters.without))
    return asked


def _begins(month: date) -> datetime:
    return datetime.combine(month, time(), PARIS)


async def _in_order(session: AsyncSession, ids: Sequence[str]) -> list[Voice]:
    voices = await named(session, ids)
    return [voices[id] for id in ids if id in voices]


# ── Words. No copy of a text is kept to be searched: it would outlive the text.

MARKS = re.compile("[\u0300-\u036f]")
_NOT_PLAIN = re.compile("[^a-z0-9]|oe|ae")
_ACCENTED = re.compile("[aceinouy]")  # letters that French accents


def folded(text: str) -> str:
    """A text without case, accents nor ligatures."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae")
    return MARKS.sub("", unicodedata.normalize("NFD", text))


def words_of(text: str) -> list[str]:
    """The words that one looks for, folded; so many at most."""
    return list(dict.fromkeys(re.findall(r"[^\W_]+", folded(text))))[:MOST_WORDS]


async def _holding(session: AsyncSession, filters: Filters, words: Sequence[str]) -> tuple[list[str], bool]:
    """The ids of those that hold every word, the latest first, and whether there were too many to read them all.

    Databases do not agree on accents: they leave out what cannot hold the words, and the rest is read here. One query.
    """
    texts = (col(Telling.happened), col(Telling.changed), col(LabAnswer.text))
    asked = (
        _found(filters, col(Testimonial.id), *texts)
        .join(Telling, col(Telling.testimonial_id) == col(Testimonial.id))
        .outerjoin(LabAnswer, col(LabAnswer.testimonial_id) == col(Testimonial.id))
        .where(*(or_(*(text.ilike(_pattern(word)) for text in texts)) for word in words))
    )
    rows = list(await session.execute(asked.order_by(*_LATEST).limit(SEARCHED + 1)))
    ids = await asyncio.to_thread(_read, rows[:SEARCHED], words)
    return ids, len(rows) > SEARCHED


def _read(rows: Sequence[Sequence[str | None]], words: Sequence[str]) -> list[str]:
    held = [(id, folded("\n".join(text or "" for text in texts).replace(MASK, " "))) for id, *texts in rows]
    return [str(id) for id, text in held if all(word in text for word in words)]


def _pattern(word: str) -> str:
    """What a text that holds a word looks like to a database: an accented letter is any letter, a ligature any two."""
    loose = _ACCENTED.sub("_", _NOT_PLAIN.sub("%", word[:LONGEST_WORD]))
    return re.sub("%+", "%", f"%{loose}%")
