"""Responses: what people answer to a survey, without an account, step by step.

Like a note, an answer is no gesture: it takes no floor and has no line in any journal. Whoever holds its key answers.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import memberships, questionnaires, surveys, world
from workshops.people import Person
from workshops.questionnaires import Answer
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.surveys import Known, Survey, SurveyAnswer, SurveyChoice, SurveyResponse
from workshops.testimonials import hashed, require_long
from workshops.words import N_


@dataclass(frozen=True)
class Own:
    """What somebody answered, as they find it again."""

    known: Known
    response: SurveyResponse
    answers: Mapping[int, Answer]

    @property
    def survey(self) -> Survey:
        return self.known.survey

    @property
    def asked(self) -> list[int]:
        """The places of the questions they are asked."""
        return questionnaires.asked(self.survey.asks, self.answers)

    @property
    def missing(self) -> int | None:
        """The first question that must be answered and is not."""
        questions = self.survey.asks
        return next((n for n in self.asked if questions[n - 1].required and n not in self.answers), None)

    @property
    def resumes(self) -> int:
        """Where one goes on: after the last question that was answered."""
        last = max(self.answers, default=0)
        return next((place for place in self.asked if place > last), self.asked[-1])


async def begin(session: AsyncSession, survey_id: str, *, key: str) -> SurveyResponse:
    """Anyone begins to answer, under a key of their own; the same key twice is one response.

    Raises NotNow unless the survey takes answers, NotThus for a key that is too short or opens something else.
    """
    survey = await surveys.locked(session, survey_id)
    require_long(key)
    same = select(SurveyResponse).where(col(SurveyResponse.key_hash) == hashed(key))
    before: SurveyResponse | None = await session.scalar(same)
    if before and before.survey_id == survey.id:
        return before
    if before:
        raise NotThus({"key": N_("Cet envoi a déjà servi pour autre chose. Envoyez de nouveau.")})
    (await surveys.known(session, survey_id)).require_open()
    response = SurveyResponse(survey_id=survey_id, key_hash=hashed(key))
    session.add(response)
    await session.flush()
    return response


async def is_begun(session: AsyncSession, key: str) -> bool:
    """Whether a key opens a response already."""
    same = select(SurveyResponse.id).where(col(SurveyResponse.key_hash) == hashed(key))
    return await session.scalar(same) is not None


async def answer(session: AsyncSession, key: str, place: int, *, chosen: Sequence[str] = (), text: str = "") -> Own:
    """Whoever holds the key answers one question, again if they wish; the last one ends the response.

    An answer that makes another question pointless takes its answer away. What is missing keeps the response open. Raises
    NotFound for no such key or question, NotNow once it is ended or the survey takes no answer, NotThus for an answer that
    does not hold.
    """
    found = await own(session, key, locked=True)
    if place not in found.asked:
        raise NotFound(N_("Cette question n'existe pas, ou ne vous est pas posée."))
    question = found.survey.asks[place - 1]
    if found.response.ended_at:
        if questionnaires.answered(question, chosen, text) == found.answers.get(place, Answer()):
            return found
        raise NotNow(N_("Vous avez terminé : vos réponses ne changent plus."))
    found.known.require_open()
    given = questionnaires.answered(question, chosen, text)
    answers = {**found.answers, place: given}
    kept = {n: each for n, each in answers.items() if n != place or not given.is_empty}
    asked = questionnaires.asked(found.survey.asks, kept)
    kept = {n: each for n, each in kept.items() if n in asked}
    if kept.get(place) != found.answers.get(place):
        await _write(session, found.response.id, place, given, dropped=set(found.answers) - set(kept) | {place})
    now = Own(found.known, found.response, kept)
    if place == asked[-1] and now.missing is None:
        found.response.ended_at = world.now()
        session.add(found.response)
    await session.flush()
    return now


async def _write(session: AsyncSession, response_id: str, place: int, given: Answer, *, dropped: Collection[int]) -> None:
    for record in (SurveyChoice, SurveyAnswer):
        here = (col(record.response_id) == response_id, col(record.place).in_(dropped))
        await session.execute(delete(record).where(*here))
    if not given.is_empty:
        session.add(SurveyAnswer(response_id=response_id, place=place, text=given.text or None))
        session.add_all(SurveyChoice(response_id=response_id, place=place, choice=number) for number in given.chosen)


async def own(session: AsyncSession, key: str, *, locked: bool = False) -> Own:
    """What a key opens, or NotFound. `locked`: nobody else writes there meanwhile."""
    asked = select(SurveyResponse).where(col(SurveyResponse.key_hash) == hashed(key))
    response: SurveyResponse | None = await session.scalar(asked.with_for_update() if locked else asked)
    if response is None:
        raise NotFound(N_("Ce lien n'ouvre aucune réponse : vérifiez qu'il est entier."))
    chosen: dict[int, list[int]] = defaultdict(list)
    choices = select(SurveyChoice).where(col(SurveyChoice.response_id) == response.id)
    for each in await session.scalars(choices.order_by(col(SurveyChoice.choice))):
        chosen[each.place].append(each.choice)
    answers = await session.scalars(select(SurveyAnswer).where(col(SurveyAnswer.response_id) == response.id))
    given = {each.place: Answer(tuple(chosen[each.place]), each.text or "") for each in answers}
    return Own(await surveys.known(session, response.survey_id), response, given)


async def texts(session: AsyncSession, survey_id: str, *, by: Person) -> dict[int, list[str]]:
    """What people wrote, by question, for the lab alone; in alphabetical order, so that nothing says who wrote what else.

    Raises NotYours for whoever is not of the lab.
    """
    survey = (await surveys.known(session, survey_id)).survey
    await memberships.require_of(session, survey.lab_slug, by)
    found = await session.execute(
        select(SurveyAnswer.place, SurveyAnswer.text)
        .join(SurveyResponse, col(SurveyResponse.id) == col(SurveyAnswer.response_id))
        .where(col(SurveyResponse.survey_id) == survey_id, col(SurveyAnswer.text).is_not(None))
    )
    by_place: dict[int, list[str]] = defaultdict(list)
    for place, text in sorted(found, key=lambda row: (row[0], (row[1] or "").casefold())):
        by_place[place].append(text or "")
    return dict(by_place)
