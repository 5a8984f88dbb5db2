"""Corrections: typing errors of a published text, mended without a workshop because they change no meaning."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, changes, comparisons, people, world
from workshops.audit import Deed
from workshops.canonical import digest
from workshops.people import Person, Role
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotThus
from workshops.sheet import Level, Sheet
from workshops.texts import clean
from workshops.words import N_

BECAUSE_LENGTH = 500


class Correction(Record, table=True):
    """A sheet that takes the place of another, told by the SHA-256 of its canonical form, wherever that one is prepared.

    It belongs to a text, as a vote does: once published, the text is another, and the correction applies no more.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    code: str = Field(max_length=10)
    base: str = Field(max_length=64, index=True)
    sheet: dict[str, Any] = Field(sa_type=JSON)
    because: str = Field(max_length=BECAUSE_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
    withdrawn_by_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)


async def correct(
    session: AsyncSession, code: str, before: Sheet, after: Sheet, *, because: str, by: Person
) -> Correction:
    """A publisher mends a text; the reason is published with it, and argues that no meaning changes.

    Raises NotYours without the role, NotThus without a reason, when nothing changes, or for a field whose change is more
    than its wording: that one goes through a workshop.
    """
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    because = clean(because)
    _check(before, after, because)
    correction = Correction(code=code, base=digest(before), sheet=after, because=because, by_id=by.id)
    session.add(correction)
    audit.record(session, register, Deed.CORRECTION_WRITTEN, by=by, about=correction.id)
    return correction


def _check(before: Sheet, after: Sheet, because: str) -> None:
    found = comparisons.argue(changes.between(before, after), because or "?")
    wrong = {
        change.field.name: N_("Ce changement est plus qu'une correction : il passe par un atelier.")
        for change in found
        if change.level > Level.PATCH
    }
    if not found:
        wrong["libelle"] = N_("Rien n'a changé : modifiez au moins un champ.")
    if not because:
        wrong["because"] = N_("Dites ce que vous corrigez, et pourquoi le sens ne change pas.")
    elif len(because) > BECAUSE_LENGTH:
        wrong["because"] = N_("Cinq cents caractères au plus.")
    if wrong:
        raise NotThus(wrong)


async def withdraw(session: AsyncSession, correction_id: str, *, by: Person) -> Correction:
    """A publisher takes back a correction that is not published yet; twice is once. What is published stays."""
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    correction = await session.get(Correction, correction_id)
    if correction is None:
        raise NotFound(N_("Cette correction n'existe pas."))
    if correction.withdrawn_at:
        audit.yield_floor(session, register)
        return correction
    correction.withdrawn_at, correction.withdrawn_by_id = world.now(), by.id
    audit.record(session, register, Deed.CORRECTION_WITHDRAWN, by=by, about=correction.id)
    return correction


async def standing(session: AsyncSession) -> list[Correction]:
    """Those nobody took back, in the order they were written."""
    found = await session.scalars(
        select(Correction)
        .where(col(Correction.withdrawn_at).is_(None))
        .order_by(col(Correction.at), col(Correction.id))
    )
    return list(found)


async def withdrawn_since(session: AsyncSession, moment: datetime) -> set[str]:
    """The codes of the indicators that a correction was taken back from since then."""
    return set(await session.scalars(select(Correction.code).where(col(Correction.withdrawn_at) > moment)))


async def among(session: AsyncSession, ids: Collection[str]) -> list[Correction]:
    """Those of these ids."""
    return list(await session.scalars(select(Correction).where(col(Correction.id).in_(list(ids)))))


def apply(code: str, sheet: Sheet, written: Iterable[Correction]) -> tuple[Sheet, tuple[Correction, ...]]:
    """A text as corrected, and by what: in the order they were written, each to the text it was written for.

    So a correction may take an earlier one back: that one, met before, does not apply to the text it gives back.
    """
    used: list[Correction] = []
    for correction in written:
        if correction.code == code and correction.base == digest(sheet):
            used.append(correction)
            sheet = correction.sheet
    return sheet, tuple(used)


def spent(published: Mapping[str, Sheet], written: Iterable[Correction]) -> set[str]:
    """The corrections that no longer apply to what is published: the text they were written for is another now."""
    written = list(written)
    used = {correction.id for code, sheet in published.items() for correction in apply(code, sheet, written)[1]}
    return {correction.id for correction in written} - used
