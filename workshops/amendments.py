"""Amendments: another wording that somebody proposes for an indicator that is not theirs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, indicators, journal, world
from workshops.agenda import Member, Stage, Workshop
from workshops.indicators import Indicator, Wording
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import FIELDS, Sheet
from workshops.texts import clean, said
from workshops.words import N_, Word

WHY_LENGTH = 500
ANSWER_LENGTH = 1000
MOST_WAITING = 5  # of one person on one indicator: a contest stays a ballot that people can read, and send
STAGES = (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)

Changes = dict[str, Any]


class Fate(Word):
    """How an amendment ends."""

    ACCEPTED = "accepted", N_("Accepté")
    DECLINED = "declined", N_("Non retenu")
    WITHDRAWN = "withdrawn", N_("Retiré")


class Amendment(Record, table=True):
    """The fields somebody would write otherwise than wording `base` does: {field: new value, None when emptied}.

    `contest_id`: the contest it is, or was, put to.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    indicator_id: str = Field(foreign_key="indicator.id", index=True, max_length=12)
    base: int
    changes: Changes = Field(sa_type=JSON)
    why: str = Field(default="", max_length=WHY_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int
    contest_id: str | None = Field(default=None, foreign_key="contest.id", max_length=12)


class Ending(Record, table=True):
    """What became of an amendment, and why not; `wording` is the text that it made."""

    __table_args__ = (one_of("fate", Fate),)

    amendment_id: str = Field(primary_key=True, foreign_key="amendment.id", max_length=12)
    fate: Fate = Field(sa_type=Coded(Fate))
    answer: str = Field(default="", max_length=ANSWER_LENGTH)
    wording: int | None = None
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


@dataclass(frozen=True)
class Proposed:
    """An amendment, and how it ended if it did."""

    amendment: Amendment
    ending: Ending | None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.ending is None


class Overtaken(NotNow):
    """One of the very fields was rewritten meanwhile: nothing overwrites it in silence. `changes` is what was wanted."""

    def __init__(self, current: Wording, changes: Changes) -> None:
        super().__init__(
            N_("Le texte a changé entre-temps sur un champ que l'amendement modifie : il ne peut pas s'y appliquer.")
        )
        self.changes = changes
        self.told = {"redaction": current.number, "texte_actuel": current.sheet, "amendement": changes}


async def propose(
    session: AsyncSession, indicator_id: str, sheet: Sheet, *, base: int, why: str = "", by: Person
) -> Amendment:
    """A member proposes to write somebody else's indicator otherwise, starting from wording `base`.

    Only the fields that differ are kept. An author rewords rather than amends. Raises Overtaken when one of these
    fields is not in the current text what it was in `base`, NotThus when nothing differs, NotNow when five of theirs
    wait already; the same amendment again, while it waits, is the one before.
    """
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    await require_amending(session, workshop, indicator, by)
    why = _why(why)
    if not 1 <= base <= indicator.wording:
        raise NotThus({"base": N_("Cette rédaction n'existe pas.")})
    read = await indicators.wording(session, indicator, base)
    changes = differences(read.sheet, sheet)
    if not changes:
        raise NotThus({"libelle": N_("Rien n'a changé : modifiez au moins un champ.")})
    current = await indicators.wording(session, indicator, indicator.wording)
    _require_untouched(session, read.sheet, current, changes)
    theirs = [before for before in await waiting(session, indicator.id) if before.by_id == by.id]
    for before in theirs:
        if (before.base, before.changes) == (current.number, changes):
            agenda.yield_floor(session, workshop)
            return before
    if len(theirs) >= MOST_WAITING:
        raise NotNow(N_("Cinq de vos amendements attendent déjà une réponse ici : retirez-en un d'abord."))
    amendment = Amendment(
        indicator_id=indicator.id,
        base=current.number,
        changes=changes,
        why=why,
        by_id=by.id,
        gesture=workshop.gestures,
    )
    session.add(amendment)
    journal.record(session, workshop, Kind.AMENDMENT_PROPOSED, by=by, about=indicator.id)
    return amendment


async def accept(session: AsyncSession, amendment_id: str, *, by: Person) -> Amendment:
    """The author of the indicator, or who leads, makes it a new wording: the current text, with the amended fields.

    The text is by who proposed it, credited as a co-author. Former votes stay where they were cast. Raises Overtaken
    when one of these very fields changed since; accepting twice is once.
    """
    amendment, indicator, workshop = await _on_floor(session, amendment_id, by=by)
    await require_deciding(session, workshop, indicator, by)
    if await _has_ended(session, amendment, Fate.ACCEPTED):
        agenda.yield_floor(session, workshop)
        return amendment
    base = await indicators.wording(session, indicator, amendment.base)
    current = await indicators.wording(session, indicator, indicator.wording)
    _require_untouched(session, base.sheet, current, amendment.changes)
    indicators.write(
        session, workshop, indicator, applied(current.sheet, amendment.changes), by_id=amendment.by_id
    )
    end(session, workshop, amendment, Fate.ACCEPTED, wording=indicator.wording, by=by)
    journal.record(session, workshop, Kind.AMENDMENT_ACCEPTED, by=by, about=indicator.id)
    return amendment


async def decline(session: AsyncSession, amendment_id: str, *, answer: str, by: Person) -> Amendment:
    """The same people say why not, in writing: the answer stays beside the amendment. Declining twice is once."""
    amendment, indicator, workshop = await _on_floor(session, amendment_id, by=by)
    await require_deciding(session, workshop, indicator, by)
    answer = said(answer, "answer", ANSWER_LENGTH, N_("Dites pourquoi : la réponse reste à côté de l'amendement."))
    if await _has_ended(session, amendment, Fate.DECLINED):
        agenda.yield_floor(session, workshop)
        return amendment
    end(session, workshop, amendment, Fate.DECLINED, answer=answer, by=by)
    journal.record(session, workshop, Kind.AMENDMENT_DECLINED, by=by, about=indicator.id)
    return amendment


async def withdraw(session: AsyncSession, amendment_id: str, *, by: Person) -> Amendment:
    """Who proposed it takes it back while it waits for an answer; it stays to be read. Twice is once."""
    amendment, indicator, workshop = await _on_floor(session, amendment_id, by=by)
    await agenda.require_member(session, workshop, by)
    if amendment.by_id != by.id:
        raise NotYours(N_("On ne retire que son propre amendement."))
    workshop.require(*STAGES)
    if await _has_ended(session, amendment, Fate.WITHDRAWN):
        agenda.yield_floor(session, workshop)
        return amendment
    end(session, workshop, amendment, Fate.WITHDRAWN, by=by)
    journal.record(session, workshop, Kind.AMENDMENT_WITHDRAWN, by=by, about=indicator.id)
    return amendment


def end(
    session: AsyncSession,
    workshop: Workshop,
    amendment: Amendment,
    fate: Fate,
    *,
    answer: str = "",
    wording: int | None = None,
    by: Person,
) -> None:
    """Write down what becomes of an amendment, in the gesture under way."""
    session.add(
        Ending(
            amendment_id=amendment.id,
            fate=fate,
            answer=answer,
            wording=wording,
            by_id=by.id,
            gesture=workshop.gestures,
        )
    )


async def require_amending(session: AsyncSession, workshop: Workshop, indicator: Indicator, person: Person) -> None:
    """Whether a person may amend this indicator now, or the refusal that says why not."""
    await agenda.require_member(session, workshop, person)
    if indicator.author_id == person.id:
        raise NotYours(N_("C'est votre proposition : réécrivez-la, sans passer par un amendement."))
    workshop.require(*STAGES)
    await indicators.require_on_table(session, indicator.id)


async def require_deciding(session: AsyncSession, workshop: Workshop, indicator: Indicator, person: Person) -> None:
    """Whether a person may answer the amendments of this indicator now, or the refusal that says why not."""
    member = await agenda.require_member(session, workshop, person)
    if not may_decide(indicator, member):
        raise NotYours(N_("Seules la personne qui a proposé l'indicateur et l'animation répondent aux amendements."))
    workshop.require(*STAGES)


def may_decide(indicator: Indicator, member: Member | None) -> bool:
    """The author, whoever leads; for a text without an author, whoever leads alone."""
    if member is None or member.role is Role.OBSERVER:
        return False
    return indicator.author_id == member.person_id or member.role in agenda.LEADING


def differences(before: Sheet, after: Sheet) -> Changes:
    """The fields of `after` that are not those of `before`, in the order of the sheet; None for an emptied one."""
    return {
        field.name: after.get(field.name) for field in FIELDS if after.get(field.name) != before.get(field.name)
    }


def applied(sheet: Sheet, changes: Mapping[str, Any]) -> Sheet:
    """A sheet with these fields changed, in the declared order, empty fields left out."""
    merged = {**sheet, **changes}
    return {field.name: merged[field.name] for field in FIELDS if merged.get(field.name) is not None}


def overtaken(base: Sheet, current: Sheet, changes: Mapping[str, Any]) -> list[str]:
    """The fields of an amendment that the current text writes otherwise than its base did."""
    return [name for name in changes if base.get(name) != current.get(name)]


def _require_untouched(session: AsyncSession, base: Sheet, current: Wording, changes: Changes) -> None:
    if overtaken(base, current.sheet, changes):
        session.expunge(current)  # it leaves whole: what stays in the session is emptied by the rollback
        raise Overtaken(current, changes)


def _why(text: str) -> str:
    text = clean(text)
    if len(text) > WHY_LENGTH:
        raise NotThus({"why": N_("Cinq cents caractères au plus.")})
    return text


async def _on_floor(session: AsyncSession, amendment_id: str, *, by: Person) -> tuple[Amendment, Indicator, Workshop]:
    """An amendment of an indicator still on the table, read after the workshop is locked, never before."""
    indicator_id = await home(session, amendment_id)
    indicator, workshop = await indicators.on_floor(session, indicator_id, by=by)
    return await session.get_one(Amendment, amendment_id), indicator, workshop


async def _has_ended(session: AsyncSession, amendment: Amendment, fate: Fate) -> bool:
    """Whether it ended so already. Raises NotNow if it ended otherwise, or while a contest is to decide."""
    ending = await session.get(Ending, amendment.id)
    if ending and ending.fate is not fate:
        raise NotNow(N_("Cet amendement a déjà eu sa réponse."))
    if ending is None and amendment.contest_id:
        raise NotNow(N_("Un départage est ouvert sur cet amendement : c'est lui qui décidera."))
    return ending is not None


async def home(session: AsyncSession, amendment_id: str) -> str:
    """The id of an amendment's indicator; it never changes."""
    indicator_id = await session.scalar(select(Amendment.indicator_id).where(col(Amendment.id) == amendment_id))
    if indicator_id is None:
        raise NotFound(N_("Cet amendement n'existe pas."))
    return indicator_id


async def get(session: AsyncSession, amendment_id: str) -> Proposed:
    """One amendment, or NotFound."""
    for found in await _proposed(session, col(Amendment.id) == amendment_id):
        return found
    raise NotFound(N_("Cet amendement n'existe pas."))


async def proposed(session: AsyncSession, indicator_id: str) -> list[Proposed]:
    """The amendments of an indicator, in the order in which they were proposed. One query."""
    return await _proposed(session, col(Amendment.indicator_id) == indicator_id)


async def waiting(session: AsyncSession, indicator_id: str) -> list[Amendment]:
    """Those that wait for an answer."""
    return [each.amendment for each in await proposed(session, indicator_id) if each.is_open]


async def counts(session: AsyncSession, workshop_id: str, only: Collection[str] | None = None) -> dict[str, int]:
    """How many wait for an answer, for each indicator of a workshop, or `only` these. One query."""
    rows = await session.execute(
        select(Amendment.indicator_id, func.count())
        .join(Indicator, col(Indicator.id) == col(Amendment.indicator_id))
        .outerjoin(Ending, col(Ending.amendment_id) == col(Amendment.id))
        .where(indicators.among(workshop_id, only), col(Ending.amendment_id).is_(None))
        .group_by(col(Amendment.indicator_id))
    )
    return dict(rows.all())


async def all_proposed(session: AsyncSession, workshop_id: str) -> list[Proposed]:
    """The amendments of every indicator of a workshop, in order. One query."""
    here = select(Indicator.id).where(col(Indicator.workshop_id) == workshop_id)
    return await _proposed(session, col(Amendment.indicator_id).in_(here))


async def _proposed(session: AsyncSession, condition: ColumnElement[bool]) -> list[Proposed]:
    rows = await session.execute(
        select(Amendment, Ending)
        .outerjoin(Ending, col(Ending.amendment_id) == col(Amendment.id))
        .where(condition)
        .order_by(col(Amendment.gesture))
    )
    return [Proposed(amendment, ending) for amendment, ending in rows]


async def coauthors(session: AsyncSession, workshop_id: str) -> dict[str, list[str]]:
    """Whose amendments became part of each indicator of a workshop: ids of people by indicator, in order."""
    found: dict[str, list[Proposed]] = {}
    for each in await all_proposed(session, workshop_id):
        found.setdefault(each.amendment.indicator_id, []).append(each)
    credited = {indicator_id: credits_of(those) for indicator_id, those in found.items()}
    return {indicator_id: people for indicator_id, people in credited.items() if people}


def credits_of(those: Sequence[Proposed]) -> list[str]:
    """Who proposed what was accepted among these, each once, in the order of the texts it made."""
    accepted = sorted(
        (each.ending.wording or 0, each.amendment.by_id)
        for each in those
        if each.ending and each.ending.fate is Fate.ACCEPTED
    )
    return list(dict.fromkeys(person_id for _wording, person_id in accepted))
