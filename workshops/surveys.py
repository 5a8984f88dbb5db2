"""Surveys: a few questions that a lab asks at a touch-point, for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, frameworks, indicators, labs, memberships, questionnaires, touchpoints, world
from workshops.audit import Deed
from workshops.people import Person
from workshops.questionnaires import Question
from workshops.records import Moment, Record
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.sheet import Sheet
from workshops.texts import clean, line, one_line
from workshops.vocabulary import Family
from workshops.words import N_, Word

TITLE_LENGTH, PURPOSE_LENGTH, BECAUSE_LENGTH = 120, 500, 200
LONGEST = timedelta(days=366)  # of a period


class State(Word):
    """Whether a survey takes answers."""

    COMING = "a_venir", N_("À venir")
    OPEN = "ouverte", N_("Ouverte")
    OVER = "terminee", N_("Terminée")
    CLOSED = "close", N_("Close avant son terme")
    RETIRED = "point_ferme", N_("Point de recueil fermé")


class Survey(Record, table=True):
    """What a lab asks. Its questions never change: an answer is to the words that somebody read.

    `code`: the impact indicator it is for, if it is for one. `questions`: {"questions": […]}, as `questionnaires.told`.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    lab_slug: str = Field(foreign_key="lab.slug", index=True, max_length=60)
    touchpoint_id: str = Field(foreign_key="touchpoint.id", index=True, max_length=12)
    project_id: str | None = Field(default=None, foreign_key="project.id", max_length=12)
    code: str | None = Field(default=None, max_length=10)
    title: str = Field(max_length=TITLE_LENGTH)
    purpose: str = Field(max_length=PURPOSE_LENGTH)
    questions: dict[str, Any] = Field(sa_type=JSON)
    opens_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)

    @property
    def asks(self) -> tuple[Question, ...]:
        """Its questions."""
        return questionnaires.read(self.questions["questions"])


class SurveyClosing(Record, table=True):
    """That a survey was closed before its period was over."""

    survey_id: str = Field(primary_key=True, foreign_key="survey.id", max_length=12)
    because: str = Field(default="", max_length=BECAUSE_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class SurveyResponse(Record, table=True):
    """That somebody began to answer. `key_hash`: the SHA-256 of the key that alone opens what they answered."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    survey_id: str = Field(foreign_key="survey.id", index=True, max_length=12)
    key_hash: str = Field(unique=True, max_length=64)
    begun_at: datetime = Field(default_factory=world.now, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class SurveyAnswer(Record, table=True):
    """That a question was answered. `text`: to a question that asks for one, until its time is over."""

    response_id: str = Field(primary_key=True, foreign_key="surveyresponse.id", max_length=12)
    place: int = Field(primary_key=True)
    text: str | None = Field(default=None, max_length=questionnaires.ANSWER_LENGTH)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class SurveyChoice(Record, table=True):
    """One choice, by its number from one, of an answer."""

    response_id: str = Field(primary_key=True, foreign_key="surveyresponse.id", max_length=12)
    place: int = Field(primary_key=True)
    choice: int = Field(primary_key=True)


@dataclass(frozen=True)
class Known:
    """A survey, and whether it takes answers."""

    survey: Survey
    closing: SurveyClosing | None
    is_retired: bool  # its touch-point takes nothing in any more, and no other took its place

    @property
    def state(self) -> State:
        if self.closing:
            return State.CLOSED
        if world.now() > self.survey.closes_at:
            return State.OVER
        if self.is_retired:
            return State.RETIRED
        return State.COMING if world.now() < self.survey.opens_at else State.OPEN

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN

    def require_open(self) -> None:
        """Raises NotNow unless it takes answers."""
        if self.state is State.COMING:
            raise NotNow(N_("Cette enquête n'est pas encore ouverte."))
        if not self.is_open:
            raise NotNow(N_("Cette enquête ne prend plus de réponses. Ce que vous aviez enregistré est gardé."))


# ── What a lab does


async def open(
    session: AsyncSession,
    lab_slug: str,
    *,
    point_id: str,
    title: str,
    purpose: str,
    code: str,
    opens_at: datetime | None,
    closes_at: datetime | None,
    questions: Sequence[Question],
    by: Person,
) -> Survey:
    """Somebody of a lab opens a survey at one of its touch-points, from one moment to another.

    Raises NotYours for whoever is not of the lab; NotThus for each field that does not hold: a touch-point of another
    lab, or closed; a period that is over, upside down or longer than a year; questions that `questionnaires` refuses.
    """
    register = await audit.take_floor(session, by=by)
    await labs.get(session, lab_slug)
    await memberships.require_of(session, lab_slug, by)
    points = await touchpoints.of(session, lab_slug)
    point = next((point for point, retirement in points if point.id == point_id and not retirement), None)
    title, purpose = one_line(title), clean(purpose)
    wrong = _wrong_texts(title, purpose) | _wrong_period(opens_at, closes_at)
    if point is None:
        wrong["point"] = N_("Choisissez un point de recueil ouvert de votre laboratoire.")
    if code and code not in await impacts(session):
        wrong["code"] = N_("Choisissez un indicateur d'impact dans la liste.")
    try:
        questions = questionnaires.checked(questions)
    except NotThus as refusal:
        wrong |= refusal.fields
    if wrong or point is None or opens_at is None or closes_at is None:
        raise NotThus(wrong)
    survey = Survey(
        lab_slug=lab_slug,
        touchpoint_id=point.id,
        project_id=point.project_id,
        code=code or None,
        title=title,
        purpose=purpose,
        questions={"questions": questionnaires.told(questions)},
        opens_at=opens_at,
        closes_at=closes_at,
        by_id=by.id,
    )
    session.add(survey)
    audit.record(session, register, Deed.SURVEY_OPENED, by=by, about=survey.id)
    await session.flush()
    return survey


def _wrong_texts(title: str, purpose: str) -> dict[str, str]:
    wrong = {}
    if not title:
        wrong["title"] = N_("Donnez un titre à l'enquête.")
    elif len(title) > TITLE_LENGTH:
        wrong["title"] = N_("Cent vingt caractères au plus.")
    if not purpose:
        wrong["purpose"] = N_("Dites à quoi serviront les réponses : c'est ce qui décide d'y répondre.")
    elif len(purpose) > PURPOSE_LENGTH:
        wrong["purpose"] = N_("Cinq cents caractères au plus.")
    return wrong


def _wrong_period(opens_at: datetime | None, closes_at: datetime | None) -> dict[str, str]:
    wrong = {}
    if opens_at is None:
        wrong["opens_on"] = N_("Dites à partir de quel jour on peut répondre.")
    elif opens_at < world.now() - timedelta(days=1):
        wrong["opens_on"] = N_("Ce jour est passé.")
    if closes_at is None:
        wrong["closes_on"] = N_("Dites jusqu'à quel jour on peut répondre.")
    elif closes_at <= world.now():
        wrong["closes_on"] = N_("Ce jour est passé.")
    elif opens_at and closes_at < opens_at:
        wrong["closes_on"] = N_("La fin vient avant le début.")
    elif opens_at and closes_at - opens_at > LONGEST:
        wrong["closes_on"] = N_("Un an au plus : ensuite, ouvrez-en une autre.")
    return wrong


async def close(session: AsyncSession, survey_id: str, *, because: str = "", by: Person) -> SurveyClosing:
    """Somebody of the lab closes a survey before its period is over; what was answered stays. Twice is once.

    Raises NotYours for whoever is not of the lab, NotNow once its period is over.
    """
    register = await audit.take_floor(session, by=by)
    survey = await locked(session, survey_id)
    await memberships.require_of(session, survey.lab_slug, by)
    before = await session.get(SurveyClosing, survey_id)
    if before:
        audit.yield_floor(session, register)
        return before
    if world.now() > survey.closes_at:
        raise NotNow(N_("La période de cette enquête est déjà passée."))
    closing = SurveyClosing(survey_id=survey_id, because=line(because, "because", BECAUSE_LENGTH), by_id=by.id)
    session.add(closing)
    audit.record(session, register, Deed.SURVEY_CLOSED, by=by, about=survey_id)
    return closing


async def forget_texts(session: AsyncSession, before: datetime) -> int:
    """Erase the texts that people answered before a moment: that they answered is still counted. How many were erased.

    Whoever calls says so in the journal.
    """
    old = (col(SurveyAnswer.text).is_not(None), col(SurveyAnswer.at) < before)
    erased = update(SurveyAnswer).where(*old).values(text=None).returning(col(SurveyAnswer.place))
    return len((await session.scalars(erased)).all())


# ── Questions


async def locked(session: AsyncSession, survey_id: str) -> Survey:
    """A survey, that nobody else closes nor begins to answer meanwhile. Raises NotFound."""
    found: Survey | None = await session.scalar(select(Survey).where(col(Survey.id) == survey_id).with_for_update())
    return _there(found)


def _there(survey: Survey | None) -> Survey:
    if survey is None:
        raise NotFound(N_("Cette enquête n'existe pas."))
    return survey


async def known(session: AsyncSession, survey_id: str) -> Known:
    """A survey and its state, or NotFound. Three queries."""
    survey = _there(await session.get(Survey, survey_id))
    closing = await session.get(SurveyClosing, survey_id)
    return Known(survey, closing, (await _leading(session, survey.lab_slug))[survey.touchpoint_id] is None)


async def of_lab(session: AsyncSession, lab_slug: str) -> list[Known]:
    """The surveys of a lab, the latest first. Two queries."""
    leading = await _leading(session, lab_slug)
    found = await session.execute(
        select(Survey, SurveyClosing)
        .outerjoin(SurveyClosing, col(SurveyClosing.survey_id) == col(Survey.id))
        .where(col(Survey.lab_slug) == lab_slug)
        .order_by(col(Survey.opens_at).desc(), col(Survey.id))
    )
    return [Known(survey, closing, leading[survey.touchpoint_id] is None) for survey, closing in found]


async def standing(session: AsyncSession, touchpoint_id: str) -> list[Survey]:
    """The surveys that take answers at a touch-point, those of the touch-points whose place it took too."""
    point = await touchpoints.get(session, touchpoint_id)
    leading = await _leading(session, point.lab_slug)
    return [
        each.survey
        for each in reversed(await of_lab(session, point.lab_slug))
        if each.is_open and leading[each.survey.touchpoint_id] == touchpoint_id
    ]


async def _leading(session: AsyncSession, lab_slug: str) -> dict[str, str | None]:
    """Where each touch-point of a lab leads now, by id: itself, the one that took its place, or nowhere."""
    points = await touchpoints.of(session, lab_slug)
    following = {point.id: retirement.replaced_by for point, retirement in points if retirement}

    def last(point_id: str | None) -> str | None:
        while point_id in following:
            point_id = following[point_id]
        return point_id

    return {point.id: last(point.id) for point, _retirement in points}


async def impacts(session: AsyncSession) -> dict[str, str]:
    """The impact indicators that a survey may be for, by code: those of the latest version, or of the commitment."""
    latest = await frameworks.latest(session)
    sheets: list[tuple[str, Sheet]] = list(latest.sheets.items()) if latest else indicators.commitment_texts()
    return {code: sheet["libelle"] for code, sheet in sheets if sheet["famille"] == Family.IMPACT}
