"""Lineage: what becomes of the indicators that leave the table."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal
from workshops.agenda import Stage, Workshop
from workshops.indicators import REASON_LENGTH, Departure, Indicator, Leaving, Wording
from workshops.journal import Kind
from workshops.people import Person
from workshops.records import Record
from workshops.refusals import NotThus, NotYours
from workshops.sheet import Sheet
from workshops.texts import clean
from workshops.vocabulary import PREFIXES
from workshops.words import N_

STAGES = (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)
FEWEST, MOST = 2, 4  # what an indicator may be split into


class Lineage(Record, table=True):
    """That an indicator comes from another, near or far: the lines of those it comes from are its own too."""

    child_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    parent_id: str = Field(primary_key=True, foreign_key="indicator.id", index=True, max_length=12)
    gesture: int


@dataclass(frozen=True)
class Relative:
    """Another indicator, as one links to it; `how` the older of the two left the table."""

    id: str
    code: str
    how: Leaving


@dataclass(frozen=True)
class Kin:
    """What an indicator comes from and what it became, in one step; all its `ancestors` and `heirs`, near or far."""

    comes_from: tuple[Relative, ...] = ()
    became: tuple[Relative, ...] = ()
    ancestors: tuple[Relative, ...] = ()
    heirs: tuple[Relative, ...] = ()


ALONE = Kin()


async def withdraw(session: AsyncSession, indicator_id: str, *, because: str, by: Person) -> Indicator:
    """An author takes back a proposal, before the vote, saying why. It stays in the minutes; twice is once."""
    indicator, workshop = await indicators.found_on_floor(session, indicator_id, by=by)
    member = await agenda.require_member(session, workshop, by)
    if indicator.author_id != by.id:
        raise NotYours(N_("On ne retire que sa propre proposition."))
    left = await session.get(Departure, indicator_id)
    if left and left.how is Leaving.WITHDRAWN:
        agenda.yield_floor(session, workshop)
        return indicator
    await indicators.require_on_table(session, indicator_id)
    indicators.require_stage(workshop, member, Stage.PROPOSING, Stage.DISCUSSING)
    because, wrong = _judged(because)
    if wrong:
        raise NotThus(wrong)
    _leave(session, workshop, indicator, Leaving.WITHDRAWN, because, by)
    journal.record(session, workshop, Kind.INDICATOR_WITHDRAWN, by=by, about=indicator.id)
    return indicator


async def merge(session: AsyncSession, indicator_id: str, *, into: str, because: str, by: Person) -> Indicator:
    """Whoever leads makes one of two: the first leaves the table, the other comes from it, and from all it came from.

    No vote moves: on the kept one, they are votes on an earlier text. Merging again into the same is once.
    Raises NotNow before the proposals, once closed, or when either has left the table; NotThus without a reason, or
    when `into` is not another indicator of the workshop.
    """
    indicator, workshop = await indicators.found_on_floor(session, indicator_id, by=by)
    await require_leading(session, workshop, by)
    kept = await session.get(Indicator, into)
    if kept and kept.id in await _born_of(session, indicator, Leaving.MERGED):
        agenda.yield_floor(session, workshop)
        return kept
    await indicators.require_on_table(session, indicator_id)
    because, wrong = _judged(because)
    if kept is None or kept.workshop_id != workshop.id or kept.id == indicator_id:
        raise NotThus({"into": N_("Choisissez l'indicateur qui reste sur la table."), **wrong})
    await indicators.require_on_table(session, kept.id)
    if wrong:
        raise NotThus(wrong)
    _leave(session, workshop, indicator, Leaving.MERGED, because, by)
    await _descend(session, workshop, indicator, [kept])
    journal.record(session, workshop, Kind.INDICATOR_MERGED, by=by, about=indicator.id)
    return kept


async def split(
    session: AsyncSession, indicator_id: str, *, sheets: Sequence[Sheet], because: str, by: Person
) -> list[Indicator]:
    """Whoever leads makes several of one, two to four: it leaves the table; the new ones come from it, and from all it
    came from, and have its author. No vote moves: on each, they are votes on an earlier text.

    Splitting again into the same texts is once. Raises NotNow before the proposals, once closed, or when it has left
    the table; NotThus without a reason, or when two texts have the same title.
    """
    indicator, workshop = await indicators.found_on_floor(session, indicator_id, by=by)
    await require_leading(session, workshop, by)
    born = await _born_of(session, indicator, Leaving.SPLIT)
    if born and len(born) == len(sheets) and all(first.sheet in sheets for _, first in born.values()):
        agenda.yield_floor(session, workshop)
        return [indicator for indicator, _ in born.values()]
    await indicators.require_on_table(session, indicator_id)
    because, wrong = _judged(because)
    wrong |= _alike(sheets)
    if wrong:
        raise NotThus(wrong)
    _leave(session, workshop, indicator, Leaving.SPLIT, because, by)
    parts = [
        await indicators.lay(session, workshop, sheet, author_id=indicator.author_id, by=by) for sheet in sheets
    ]
    await _descend(session, workshop, indicator, parts)
    journal.record(session, workshop, Kind.INDICATOR_SPLIT, by=by, about=indicator.id)
    return parts


async def require_reshaping(session: AsyncSession, workshop: Workshop, indicator_id: str, person: Person) -> None:
    """Whether a person may merge or split this indicator now, or the refusal that says why not."""
    await require_leading(session, workshop, person)
    await indicators.require_on_table(session, indicator_id)


async def require_leading(session: AsyncSession, workshop: Workshop, person: Person) -> None:
    """Whether a person leads, at a stage when texts change."""
    await agenda.require_member(session, workshop, person, *agenda.LEADING)
    workshop.require(*STAGES)


def _judged(because: str) -> tuple[str, dict[str, str]]:
    """A reason made clean, and what is wrong with it."""
    because = clean(because)
    if not because:
        return because, {"because": N_("Dites pourquoi : le registre le gardera.")}
    return because, {"because": N_("Trois cents caractères au plus.")} if len(because) > REASON_LENGTH else {}


def _alike(sheets: Sequence[Sheet]) -> dict[str, str]:
    """What is wrong with the texts of a split, by the field of the one that repeats another."""
    if not FEWEST <= len(sheets) <= MOST:
        return {"libelle-2": N_("On scinde en deux, trois ou quatre indicateurs.")}
    titles = [sheet["libelle"].casefold() for sheet in sheets]
    return {
        f"libelle-{place}": N_("Donnez à chacun un intitulé différent.")
        for place, title in enumerate(titles, 1)
        if title in titles[: place - 1]
    }


def _leave(
    session: AsyncSession, workshop: Workshop, indicator: Indicator, how: Leaving, because: str, by: Person
) -> None:
    session.add(
        Departure(indicator_id=indicator.id, how=how, because=because, by_id=by.id, gesture=workshop.gestures)
    )


async def _descend(session: AsyncSession, workshop: Workshop, parent: Indicator, children: Sequence[Indicator]) -> None:
    """Write that these come from an indicator, and from all it comes from; what is written already stays."""
    before = await session.scalars(select(Lineage.parent_id).where(col(Lineage.child_id) == parent.id))
    ancestors = [parent.id, *before]
    known = await session.execute(
        select(Lineage.child_id, Lineage.parent_id).where(
            col(Lineage.child_id).in_([child.id for child in children]), col(Lineage.parent_id).in_(ancestors)
        )
    )
    written = {(child_id, parent_id) for child_id, parent_id in known}
    session.add_all(
        Lineage(child_id=child.id, parent_id=ancestor, gesture=workshop.gestures)
        for child in children
        for ancestor in ancestors
        if (child.id, ancestor) not in written
    )


async def _born_of(
    session: AsyncSession, indicator: Indicator, how: Leaving
) -> dict[str, tuple[Indicator, Wording]]:
    """What an indicator that left in this way became, each with its first text, by id."""
    found = await session.execute(
        select(Indicator, Wording)
        .join(Wording, (col(Wording.indicator_id) == col(Indicator.id)) & (col(Wording.number) == 1))
        .join(Lineage, col(Lineage.child_id) == col(Indicator.id))
        .join(Departure, (col(Departure.indicator_id) == col(Lineage.parent_id)) & _IS_NEXT)
        .where(col(Lineage.parent_id) == indicator.id, col(Departure.how) == how)
    )
    return {child.id: (child, first) for child, first in found}


# What an indicator became, it became in the gesture by which it left.
_IS_NEXT = col(Lineage.gesture) == col(Departure.gesture)


def ancestors(connection: Connection, indicator_ids: Collection[str]) -> dict[str, set[str]]:
    """All that each of these indicators comes from, for those that come from others. One query."""
    found: dict[str, set[str]] = {}
    for child_id, parent_id in connection.execute(_ANCESTORS, {"indicators": list(indicator_ids)}):
        found.setdefault(child_id, set()).add(parent_id)
    return found


_ANCESTORS = columns(col(Lineage.child_id), col(Lineage.parent_id)).where(
    col(Lineage.child_id).in_(bindparam("indicators", expanding=True))
)


async def relatives(session: AsyncSession, indicator_ids: Collection[str]) -> set[str]:
    """All that comes from these indicators, or that they come from. One query, none for no indicator."""
    if not indicator_ids:
        return set()
    line = select(Lineage.child_id, Lineage.parent_id).where(
        col(Lineage.child_id).in_(indicator_ids) | col(Lineage.parent_id).in_(indicator_ids)
    )
    return {id for pair in await session.execute(line) for id in pair}


async def departures(session: AsyncSession, workshop_id: str) -> list[Departure]:
    """How each indicator of a workshop that left its table did."""
    return list(
        await session.scalars(
            select(Departure)
            .join(Indicator, col(Indicator.id) == col(Departure.indicator_id))
            .where(col(Indicator.workshop_id) == workshop_id)
            .order_by(col(Departure.gesture))
        )
    )


async def kin(session: AsyncSession, workshop_id: str, only: Collection[str] | None = None) -> dict[str, Kin]:
    """What each indicator of a workshop, or `only` these, comes from and became, where there is something. One query."""
    child, parent = aliased(Indicator), aliased(Indicator)
    condition: ColumnElement[bool] = col(parent.workshop_id) == workshop_id
    if only is not None:
        condition &= col(Lineage.child_id).in_(list(only)) | col(Lineage.parent_id).in_(list(only))
    rows = await session.execute(
        columns(
            col(child.id), col(child.code), col(parent.id), col(parent.code), col(Departure.how), _IS_NEXT
        )
        .select_from(Lineage)
        .join(child, col(child.id) == col(Lineage.child_id))
        .join(parent, col(parent.id) == col(Lineage.parent_id))
        .join(Departure, col(Departure.indicator_id) == col(Lineage.parent_id))
        .where(condition)
    )
    found = [
        (Relative(child_id, code, how), Relative(parent_id, former, how), is_next)
        for child_id, code, parent_id, former, how, is_next in rows
    ]
    concerned = {id for heir, ancestor, _ in found for id in (heir.id, ancestor.id)}
    return {
        id: Kin(
            comes_from=_in_order(ancestor for heir, ancestor, is_next in found if is_next and heir.id == id),
            became=_in_order(heir for heir, ancestor, is_next in found if is_next and ancestor.id == id),
            ancestors=_in_order(ancestor for heir, ancestor, _ in found if heir.id == id),
            heirs=_in_order(heir for heir, ancestor, _ in found if ancestor.id == id),
        )
        for id in (concerned if only is None else concerned & set(only))
    }


def _in_order(relatives: Iterable[Relative]) -> tuple[Relative, ...]:
    """As on the page: by family, then by code."""
    families = list(PREFIXES.values())
    return tuple(sorted(relatives, key=lambda each: (families.index(each.code[:3]), len(each.code), each.code)))
