"""Conclusions: why each indicator ends as it does, and what is answered to the reservations that remain."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal, world
from workshops.agenda import Stage, Workshop
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotThus
from workshops.texts import clean
from workshops.words import N_

LONGEST = 500


class Conclusion(Record, table=True):
    """The written reason of an outcome, and the answer to what was said against it. The last one written holds."""

    indicator_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    because: str = Field(default="", max_length=LONGEST)
    answer: str = Field(default="", max_length=LONGEST)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


async def conclude(
    session: AsyncSession, indicator_id: str, *, because: str, answer: str = "", by: Person
) -> Conclusion:
    """Whoever leads writes why an indicator ends so, from the vote on; written again, it takes the place of the former.

    The same words again are nothing. Raises NotYours for anyone else, NotNow before the vote, NotThus without a word.
    """
    workshop = await agenda.take_floor(session, await indicators.home(session, indicator_id), by=by)
    await agenda.require_member(session, workshop, by, *agenda.LEADING)
    workshop.require(Stage.VOTING, Stage.CLOSED)
    because, answer = clean(because), clean(answer)
    _check(because, answer)
    before = await session.get(Conclusion, indicator_id)
    if before and (before.because, before.answer) == (because, answer):
        agenda.yield_floor(session, workshop)
        return before
    written = _write(session, workshop, before, indicator_id, because, answer, by=by)
    journal.record(session, workshop, Kind.INDICATOR_CONCLUDED, by=by, about=indicator_id)
    return written


def _check(because: str, answer: str) -> None:
    wrong = {}
    if not because and not answer:
        wrong["because"] = N_("Dites pourquoi l'indicateur finit ainsi, ou ce que vous répondez aux réserves.")
    for field, text in (("because", because), ("answer", answer)):
        if len(text) > LONGEST:
            wrong[field] = N_("Cinq cents caractères au plus.")
    if wrong:
        raise NotThus(wrong)


async def write_all(session: AsyncSession, workshop: Workshop, reasons: Mapping[str, str], *, by: Person) -> None:
    """Write reasons by code, as part of the gesture under way: for what nobody explained. An empty one writes nothing."""
    written = {code: clean(because) for code, because in reasons.items() if clean(because)}
    wrong = {
        f"reason-{code}": N_("Cinq cents caractères au plus.") for code, text in written.items() if len(text) > LONGEST
    }
    if wrong:
        raise NotThus(wrong)
    found = await session.execute(
        select(Indicator.code, Indicator.id).where(
            col(Indicator.workshop_id) == workshop.id, col(Indicator.code).in_(list(written))
        )
    )
    before = await of_workshop(session, workshop.id)
    for code, indicator_id in found:
        former = before.get(indicator_id)
        if former and former.because:
            continue  # whoever led the workshop said why
        _write(session, workshop, former, indicator_id, written[code], former.answer if former else "", by=by)
    await session.flush()


def _write(
    session: AsyncSession,
    workshop: Workshop,
    before: Conclusion | None,
    indicator_id: str,
    because: str,
    answer: str,
    *,
    by: Person,
) -> Conclusion:
    written = Conclusion(
        indicator_id=indicator_id, because=because, answer=answer, by_id=by.id, gesture=workshop.gestures
    )
    if before:
        return before.sqlmodel_update(written)
    session.add(written)
    return written


async def get(session: AsyncSession, indicator_id: str) -> Conclusion | None:
    """What was written of an indicator's end, if anything."""
    return await session.get(Conclusion, indicator_id)


async def of_workshop(session: AsyncSession, workshop_id: str) -> dict[str, Conclusion]:
    """What was written of each indicator's end, by indicator. One query."""
    found = await session.scalars(
        select(Conclusion)
        .join(Indicator, col(Indicator.id) == col(Conclusion.indicator_id))
        .where(col(Indicator.workshop_id) == workshop_id)
    )
    return {conclusion.indicator_id: conclusion for conclusion in found}
