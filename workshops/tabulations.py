"""Tabulations: what the answers to a survey come to, in counts and in scores."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import scores, surveys
from workshops.questionnaires import GRADES, Feed, Question
from workshops.scores import Colour, Score
from workshops.surveys import Known, SurveyAnswer, SurveyChoice, SurveyResponse
from workshops.words import N_, Word

FEWEST = 5  # answers to a question, before how they are shared out is told: fewer would tell who said what


class Index(Word):
    """A score of « Je donne mon avis », as it is called."""

    SATISFACTION = "satisfaction", N_("Satisfaction")
    CLARITY = "clarte", N_("Clarté")
    CONTACT = "contact", N_("Contact avec l'administration")
    REACHED = "joignabilite", N_("Joignabilité")
    AUTONOMY = "autonomie", N_("Autonomie")


@dataclass(frozen=True)
class Count:
    """What was answered to one question: by how many people, and how many made each choice (None: they are too few)."""

    place: int
    question: Question
    n: int
    choices: tuple[int, ...] | None

    @property
    def is_few(self) -> bool:
        """Whether there are answers, too few to be told one from another."""
        return 0 < self.n < FEWEST


@dataclass(frozen=True)
class Reading:
    """One score, out of ten, or the share, from 0 to 1, of those who reached somebody. None: nobody answered, or too few."""

    index: Index
    n: int
    value: float | None = None
    colour: Colour | None = None

    @property
    def is_share(self) -> bool:
        return self.index is Index.REACHED

    @property
    def is_few(self) -> bool:
        return 0 < self.n < FEWEST


@dataclass(frozen=True)
class Results:
    """All that may be told of the answers to a survey."""

    known: Known
    begun: int
    ended: int
    counts: tuple[Count, ...]
    readings: tuple[Reading, ...]

    @property
    def is_small(self) -> bool:
        """Few people: one more would change much."""
        return self.begun < scores.FEW


async def results(session: AsyncSession, survey_id: str) -> Results:
    """The counts and the scores of a survey, as they stand, those of responses that were not ended too. Six queries."""
    known = await surveys.known(session, survey_id)
    mine = col(SurveyResponse.survey_id) == survey_id
    begun, ended = (
        await session.execute(select(func.count(), func.count(col(SurveyResponse.ended_at))).where(mine))
    ).one()
    people = await session.execute(
        select(SurveyAnswer.place, func.count())
        .join(SurveyResponse, col(SurveyResponse.id) == col(SurveyAnswer.response_id))
        .where(mine)
        .group_by(col(SurveyAnswer.place))
    )
    chosen = await session.execute(
        select(SurveyChoice.place, SurveyChoice.choice, func.count())
        .join(SurveyResponse, col(SurveyResponse.id) == col(SurveyChoice.response_id))
        .where(mine)
        .group_by(col(SurveyChoice.place), col(SurveyChoice.choice))
    )
    by_choice = {(place, choice): number for place, choice, number in chosen}
    by_place = dict(people.all())
    full = [
        Count(place, question, by_place.get(place, 0), _shared(by_choice, place, len(question.labels)))
        for place, question in enumerate(known.survey.asks, 1)
    ]
    return Results(known, begun, ended, tuple(map(told, full)), tuple(map(shown, readings(full))))


def _shared(by_choice: Mapping[tuple[int, int], int], place: int, choices: int) -> tuple[int, ...]:
    return tuple(by_choice.get((place, number), 0) for number in range(1, choices + 1))


def told(count: Count) -> Count:
    """A count as it may be told: how answers are shared out stays unsaid while they are few."""
    return Count(count.place, count.question, count.n, None) if count.is_few else count


def shown(reading: Reading) -> Reading:
    """A score as it may be shown: that of a few people would say what each of them answered."""
    return Reading(reading.index, reading.n) if reading.is_few else reading


def readings(counts: list[Count]) -> list[Reading]:
    """The scores that the questions asked give, exactly as « Je donne mon avis » computes them."""
    by_feed = {each.question.feeds: each for each in counts if each.question.feeds}
    graded = {feed: _graded(by_feed[feed]) if feed in by_feed else {} for feed in GRADES}
    found = []
    if Feed.SATISFACTION in by_feed:
        found.append(_reading(Index.SATISFACTION, scores.satisfaction(graded[Feed.SATISFACTION])))
    if Feed.CLARITY in by_feed:
        found.append(_reading(Index.CLARITY, scores.comprehension(graded[Feed.CLARITY])))
    if Feed.CONTACT in by_feed:
        found.append(_reading(Index.CONTACT, scores.contact(graded[Feed.REACHED], graded[Feed.CONTACT])))
    if Feed.REACHED in by_feed:
        reached = graded[Feed.REACHED]
        found.append(Reading(Index.REACHED, sum(reached.values()), scores.reachability(reached)))
    if Feed.HELP in by_feed:
        helped = by_feed[Feed.HELP]
        unaided = helped.choices[-1] if helped.choices else 0
        found.append(_reading(Index.AUTONOMY, scores.autonomy(unaided, helped.n)))
    return found


def _graded(count: Count) -> dict[str, int]:
    """How many gave each grade."""
    assert count.question.feeds
    return dict(zip(GRADES[count.question.feeds], count.choices or (), strict=False))


def _reading(index: Index, score: Score | None) -> Reading:
    return Reading(index, score.n, score.value, score.colour) if score else Reading(index, 0)
