"""Indicators: what labs propose to measure, wording after wording."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, UniqueConstraint, bindparam, func, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, journal, world
from workshops.agenda import Member, Stage, Workshop
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet
from workshops.vocabulary import PREFIXES, Family
from workshops.words import N_, Word

REASON_LENGTH = 300


class Leaving(Word):
    """How an indicator left the table."""

    WITHDRAWN = "withdrawn", N_("Retiré")
    MERGED = "merged", N_("Fusionné")
    SPLIT = "split", N_("Scindé")


class Origin(Word):
    """Where an indicator comes from."""

    COMMITMENT = "engagement_46", N_("Engagement n° 46")
    WORKSHOP = "atelier", N_("Atelier")
    REFERENCE = "reference", N_("Version publiée")


class CodeCounter(Record, table=True):
    """The last code given in a family, over all workshops: a code is never given twice."""

    prefix: str = Field(primary_key=True, max_length=3)
    last: int


class Indicator(Record, table=True):
    """Something worth measuring. `wording` is the number of its current text."""

    __table_args__ = (UniqueConstraint("workshop_id", "code"), one_of("origin", Origin))

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    workshop_id: str = Field(foreign_key="workshop.id", max_length=12)
    code: str = Field(max_length=10)
    origin: Origin = Field(sa_type=Coded(Origin))
    author_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    wording: int = 1


class Wording(Record, table=True):
    """One numbered text of an indicator. Nothing changes it; votes are for it."""

    indicator_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    number: int = Field(primary_key=True)
    sheet: dict[str, Any] = Field(sa_type=JSON)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


class Departure(Record, table=True):
    """That an indicator left the table, how and why. Its texts, its votes and its comments stay where they are."""

    __table_args__ = (one_of("how", Leaving),)

    indicator_id: str = Field(primary_key=True, foreign_key="indicator.id", max_length=12)
    how: Leaving = Field(sa_type=Coded(Leaving))
    because: str = Field(max_length=REASON_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    gesture: int


@dataclass(frozen=True)
class Card:
    """An indicator as it stands: its current text, and how it left the table, if it did."""

    indicator: Indicator
    wording: Wording
    departure: Departure | None

    @property
    def id(self) -> str:
        return self.indicator.id

    @property
    def sheet(self) -> Sheet:
        return self.wording.sheet

    @property
    def family(self) -> Family:
        return Family(self.sheet["famille"])

    @property
    def is_open(self) -> bool:
        return self.departure is None

    @property
    def place(self) -> tuple[int, int, str]:
        """The order of the page, of the projector and of the framework: by family, then by code."""
        code = self.indicator.code
        return list(Family).index(self.family), len(code), code


class Stale(NotNow):
    """Somebody reworded meanwhile: `theirs` is now the current text, `yours` is what was sent. Nothing is lost."""

    def __init__(self, theirs: Wording, yours: Sheet) -> None:
        super().__init__(
            N_("Quelqu'un a publié une nouvelle rédaction pendant que vous écriviez. Les deux textes sont ci-dessous.")
        )
        self.theirs = theirs
        self.yours = yours
        self.told = {"redaction": theirs.number, "texte_actuel": theirs.sheet, "votre_texte": yours}


@cache
def commitment() -> dict[str, Any]:
    """The facts of commitment no. 46: its families and the indicators it announces for version 2."""
    document: dict[str, Any] = json.loads(
        resources.files("workshops.content").joinpath("engagement46.json").read_text("utf-8")
    )
    return document


async def propose(session: AsyncSession, workshop_id: str, sheet: Sheet, *, by: Person) -> Indicator:
    """A member puts an indicator on the table; its code is given for ever.

    Raises NotNow outside PROPOSING (the facilitator may also prepare), NotYours for a non-member.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await require_proposing(session, workshop, by)
    indicator = await lay(session, workshop, sheet, author_id=by.id, by=by)
    journal.record(session, workshop, Kind.INDICATOR_PROPOSED, by=by, about=indicator.id)
    return indicator


async def lay(
    session: AsyncSession, workshop: Workshop, sheet: Sheet, *, author_id: str | None, by: Person
) -> Indicator:
    """A new text on the table, in the gesture under way, with the next code of its family."""
    code = await _next_code(session, Family(sheet["famille"]))
    indicator = Indicator(workshop_id=workshop.id, code=code, origin=Origin.WORKSHOP, author_id=author_id)
    await _put(session, workshop, indicator, sheet, by=by)
    return indicator


async def seed(
    session: AsyncSession, workshop: Workshop, texts: list[tuple[str, Sheet]], origin: Origin, *, by: Person
) -> None:
    """Put the starting content on the table of a workshop just convened, in its first gesture: (code, sheet) pairs."""
    for code, sheet in texts:
        await _put(session, workshop, Indicator(workshop_id=workshop.id, code=code, origin=origin), sheet, by=by)


def commitment_texts() -> list[tuple[str, Sheet]]:
    """The nineteen indicators of the commitment, as (code, sheet): only what the commitment says."""
    return [(item["code"], dict(item["fiche"])) for item in commitment()["indicateurs"]]


async def reword(session: AsyncSession, indicator_id: str, sheet: Sheet, *, base: int, by: Person) -> Indicator:
    """A new wording takes the place of wording `base`. Former votes stay where they were cast.

    Its author or the facilitator may; a text without an author belongs to every member. A base that is no longer
    the current wording raises Stale; a text that changes nothing, NotThus.
    """
    indicator, workshop = await on_floor(session, indicator_id, by=by)
    await require_rewording(session, workshop, indicator, by)
    current = await wording(session, indicator, indicator.wording)
    if base != indicator.wording:
        session.expunge(current)  # it leaves whole: what stays in the session is emptied by the rollback
        raise Stale(current, sheet)
    if sheet == current.sheet:
        raise NotThus({"libelle": N_("Rien n'a changé : modifiez au moins un champ.")})
    write(session, workshop, indicator, sheet, by_id=by.id)
    journal.record(session, workshop, Kind.INDICATOR_REWORDED, by=by, about=indicator.id)
    return indicator


def write(session: AsyncSession, workshop: Workshop, indicator: Indicator, sheet: Sheet, *, by_id: str) -> None:
    """The next wording, by whoever wrote it, in the gesture under way. Former votes stay where they were cast."""
    indicator.wording += 1
    number = indicator.wording
    session.add(
        Wording(indicator_id=indicator.id, number=number, sheet=sheet, by_id=by_id, gesture=workshop.gestures)
    )


async def require_proposing(session: AsyncSession, workshop: Workshop, person: Person) -> None:
    """Whether a person may propose now, or the refusal that says why not."""
    member = await agenda.require_member(session, workshop, person)
    require_stage(workshop, member, Stage.PROPOSING)


async def require_rewording(session: AsyncSession, workshop: Workshop, indicator: Indicator, person: Person) -> None:
    """Whether a person may reword this indicator now, or the refusal that says why not."""
    member = await agenda.require_member(session, workshop, person)
    require_stage(workshop, member, Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)
    if not may_reword(indicator, member):
        raise NotYours(N_("Seules la personne qui a proposé l'indicateur et l'animation peuvent le réécrire."))
    await require_on_table(session, indicator.id)


def may_reword(indicator: Indicator, member: Member | None) -> bool:
    """The author, whoever leads; a text without an author belongs to every member."""
    if member is None or member.role is Role.OBSERVER:
        return False
    return indicator.author_id in (None, member.person_id) or member.role in agenda.LEADING


async def home(session: AsyncSession, indicator_id: str) -> str:
    """The id of an indicator's workshop; it never changes."""
    workshop_id = await session.scalar(select(Indicator.workshop_id).where(col(Indicator.id) == indicator_id))
    if workshop_id is None:
        raise NotFound(N_("Cet indicateur n'existe pas."))
    return workshop_id


_CURRENT = (
    select(Indicator.id, Indicator.wording, Departure.indicator_id)
    .outerjoin(Departure, col(Departure.indicator_id) == col(Indicator.id))
    .where(col(Indicator.id).in_(bindparam("indicators", expanding=True)))
)


def current_wordings(connection: Connection, indicator_ids: Collection[str]) -> dict[str, int | None]:
    """The number of the current wording of some indicators, None for one off the table. Their floor is taken."""
    found = connection.execute(_CURRENT, {"indicators": list(indicator_ids)})
    return {indicator_id: None if left else number for indicator_id, number, left in found}


def replaced_at(connection: Connection, read: Collection[tuple[str, int]]) -> dict[tuple[str, int], datetime]:
    """When these earlier wordings stopped being current: (indicator, number). One query, none for nothing."""
    following = [(indicator_id, number + 1) for indicator_id, number in read]
    found = connection.execute(_WRITTEN_AT, {"keys": following}).all() if following else []
    return {(row.indicator_id, row.number - 1): row.at for row in found}


_WRITTEN_AT = select(Wording.indicator_id, Wording.number, Wording.at).where(
    tuple_(col(Wording.indicator_id), col(Wording.number)).in_(bindparam("keys", expanding=True))
)


async def on_floor(session: AsyncSession, indicator_id: str, *, by: Person) -> tuple[Indicator, Workshop]:
    """An indicator still on the table, once its workshop's floor is taken."""
    indicator, workshop = await found_on_floor(session, indicator_id, by=by)
    await require_on_table(session, indicator_id)
    return indicator, workshop


async def found_on_floor(session: AsyncSession, indicator_id: str, *, by: Person) -> tuple[Indicator, Workshop]:
    """An indicator, read after its workshop is locked, never before."""
    workshop = await agenda.take_floor(session, await home(session, indicator_id), by=by)
    return await session.get_one(Indicator, indicator_id), workshop


async def require_on_table(session: AsyncSession, indicator_id: str) -> None:
    """That an indicator has not left the table, or NotNow."""
    if await session.get(Departure, indicator_id):
        raise off_table()


def off_table() -> NotNow:
    """What is said to whoever comes too late."""
    return NotNow(N_("Cet indicateur a quitté la table : sa page dit pourquoi, et ce qu'il est devenu."))


def require_stage(workshop: Workshop, member: Member, *stages: Stage) -> None:
    """One of the stages; whoever leads may also work while preparing."""
    if workshop.stage is Stage.PREPARING and member.role in agenda.LEADING:
        return
    workshop.require(*stages)


async def _put(session: AsyncSession, workshop: Workshop, indicator: Indicator, sheet: Sheet, *, by: Person) -> None:
    session.add(indicator)
    await session.flush()
    session.add(Wording(indicator_id=indicator.id, number=1, sheet=sheet, by_id=by.id, gesture=workshop.gestures))


async def _next_code(session: AsyncSession, family: Family) -> str:
    """The next code of a family. The row is locked, so that two workshops never give the same one."""
    prefix = PREFIXES[family]
    last = await session.scalar(
        update(CodeCounter)
        .where(col(CodeCounter.prefix) == prefix)
        .values(last=CodeCounter.last + 1)
        .returning(col(CodeCounter.last))
        .execution_options(synchronize_session=False)
    )
    return f"{prefix}-{last:02d}"


async def get(session: AsyncSession, indicator_id: str) -> Indicator:
    indicator = await session.get(Indicator, indicator_id)
    if indicator is None:
        raise NotFound(N_("Cet indicateur n'existe pas."))
    return indicator


async def wording(session: AsyncSession, indicator: Indicator, number: int) -> Wording:
    """One text of an indicator, or NotFound."""
    found = await session.get(Wording, (indicator.id, number))
    if found is None:
        raise NotFound(N_("Cette rédaction n'existe pas."))
    return found


async def history(session: AsyncSession, indicator: Indicator) -> list[Wording]:
    """Every text of an indicator, the first one first."""
    return list(
        await session.scalars(
            select(Wording).where(col(Wording.indicator_id) == indicator.id).order_by(col(Wording.number))
        )
    )


async def wordings(session: AsyncSession, workshop_id: str) -> list[Wording]:
    """Every text of every indicator of a workshop."""
    return list(
        await session.scalars(
            select(Wording)
            .join(Indicator, col(Indicator.id) == col(Wording.indicator_id))
            .where(col(Indicator.workshop_id) == workshop_id)
            .order_by(col(Wording.gesture))
        )
    )


async def cards(session: AsyncSession, workshop_id: str, only: Collection[str] | None = None) -> list[Card]:
    """The indicators of a workshop, or `only` these, in order, with their current text. One query."""
    return sorted(await _cards(session, among(workshop_id, only)), key=lambda card: card.place)


def among(workshop_id: str, only: Collection[str] | None = None) -> ColumnElement[bool]:
    """The condition that an indicator is of this workshop, and one of these if any are named."""
    here = col(Indicator.workshop_id) == workshop_id
    return here if only is None else here & col(Indicator.id).in_(list(only))


async def card(session: AsyncSession, indicator_id: str) -> Card:
    """One indicator with its current text, or NotFound."""
    for found in await _cards(session, col(Indicator.id) == indicator_id):
        return found
    raise NotFound(N_("Cet indicateur n'existe pas."))


async def _cards(session: AsyncSession, condition: ColumnElement[bool]) -> list[Card]:
    rows = await session.execute(
        select(Indicator, Wording, Departure)
        .join(
            Wording,
            (col(Wording.indicator_id) == col(Indicator.id)) & (col(Wording.number) == col(Indicator.wording)),
        )
        .outerjoin(Departure, col(Departure.indicator_id) == col(Indicator.id))
        .where(condition)
    )
    return [Card(*row) for row in rows]


async def count(session: AsyncSession, workshop_id: str) -> int:
    """How many indicators are on the table."""
    return int(
        await session.scalar(
            select(func.count())
            .select_from(Indicator)
            .outerjoin(Departure, col(Departure.indicator_id) == col(Indicator.id))
            .where(col(Indicator.workshop_id) == workshop_id, col(Departure.indicator_id).is_(None))
        )
        or 0
    )
