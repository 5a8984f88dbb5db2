"""Tallies: how many said what of each indicator's current text, by the announced rule."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, union_all
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from workshops import agenda, indicators, rolls
from workshops.agenda import Workshop
from workshops.consensus import (
    ANNOUNCED,
    FEW_RATERS,
    MOST,
    Axis,
    Choice,
    Grade,
    Grading,
    Method,
    Outcome,
    Rating,
    Rule,
    ThreeChoices,
    TwoAxes,
    Voices,
    by_grade,
    histogram,
    whole,
)
from workshops.indicators import Indicator
from workshops.lineage import Lineage
from workshops.rolls import Roll
from workshops.votes import Vote

Ballots = dict[str | None, Counter[str]]  # by lab, how many of each ballot; by None where persons count


@dataclass(frozen=True)
class Tally:
    """What was said of the current text in the current round, and how many people's vote is still on an earlier
    one, or on what the indicator comes from.

    `counts`: voices by ballot, as the rule counts them; `people`: how many persons they are. `raters`: how many judged
    at least one indicator, where the rule counts those who are missing; `on_paper`: how many of these people voted by
    paper; `roll`: where the whole set stands, under consent. Hidden, it only says how many people voted.
    """

    rule: Rule = ANNOUNCED
    counts: Mapping[str, int] = field(default_factory=dict)
    people: int = 0
    earlier: int = 0
    raters: int | None = None
    is_hidden: bool = False
    on_paper: int = 0
    roll: Roll | None = None

    @property
    def total(self) -> int:
        """Voices on the current text: people, or labs."""
        return sum(self.counts.values())

    @property
    def is_small(self) -> bool:
        """So few people, or labs, that a share or a spread would say who said what: only counts are shown."""
        return min(self.people, self.total) < FEW_RATERS

    @cached_property
    def outcome(self) -> Outcome:
        """What the announced rule makes of it; under consent, of the set that it belongs to."""
        if self.roll:
            return self.roll.outcome
        return self.rule.outcome(self.counts, self.raters)

    def of(self, ballot: str) -> int:
        """How many said this."""
        return self.counts.get(ballot, 0)

    def rated(self, axis: Axis) -> Rating:
        """What the scores of one axis say."""
        return self._rated[axis]

    @cached_property
    def _rated(self) -> dict[Axis, Rating]:
        """Both axes: a card and the projector's picture read the same figures."""
        assert isinstance(self.rule.decision, TwoAxes)
        return {axis: self.rule.decision.rated(self.counts, axis) for axis in Axis}

    def histogram(self, axis: Axis) -> tuple[list[int], int]:
        """How many gave each score of an axis, and how many did not say."""
        return histogram(self.counts, axis)

    @property
    def by_grade(self) -> list[int]:
        """How many gave each grade, the worst first."""
        return by_grade(self.counts)

    @property
    def median(self) -> Grade | None:
        """The majority grade."""
        assert isinstance(self.rule.decision, Grading)
        return self.rule.decision.median(self.counts, self.raters)

    def published(self) -> dict[str, Any]:
        """The tally as a published version, the ballots' file and the room's state write it.

        Every choice and every grade is told, nobody's too; of two axes, the ballots that were cast. Where labs count,
        how many persons they are.
        """
        if self.roll:
            return self.roll.published()
        said: list[str] = []
        if isinstance(self.rule.decision, ThreeChoices):
            said = [choice.value for choice in Choice]
        elif isinstance(self.rule.decision, Grading):
            said = [grade.value for grade in Grade]
        counts = {ballot: self.of(ballot) for ballot in said or sorted(self.counts)}
        told: dict[str, Any] = {"texte_actuel": counts, "texte_anterieur": self.earlier}
        if self.rule.voices is Voices.LABS:
            told["personnes"] = self.people
        if self.raters is not None:
            told["votants"] = self.raters
        if self.on_paper:
            told["sur_papier"] = self.on_paper
        return told

    @property
    def hidden(self) -> "Tally":
        """What may be told while the rule hides results."""
        return replace(self, counts={}, is_hidden=True, roll=None)


def read(decision: Mapping[str, Any]) -> Tally:
    """The tally that a published decision tells, with its rule. Raises KeyError, TypeError or ValueError for none."""
    rule, votes = Rule.read(decision["regle"]), decision["votes"]
    if rule.method is Method.CONSENT:
        return Tally(rule, roll=rolls.read(rule, votes))
    cast = counts(rule, votes["texte_actuel"])
    people, raters = votes.get("personnes", sum(cast.values())), votes.get("votants")
    earlier, on_paper = whole(votes["texte_anterieur"]), whole(votes.get("sur_papier", 0))
    return Tally(rule, cast, whole(people), earlier, raters if raters is None else whole(raters), on_paper=on_paper)


def counts(rule: Rule, told: Mapping[str, Any]) -> dict[str, int]:
    """Voices by ballot as a file tells them, without what nobody said. Raises ValueError for what nobody could say."""
    found = {ballot: whole(number) for ballot, number in told.items() if number != 0}
    for ballot in found:
        rule.check(ballot)
    if sum(found.values()) > MOST:
        raise ValueError("too many votes to be those of a workshop")
    return found


def counted(rule: Rule, ballots: Ballots) -> dict[str, int]:
    """Voices by ballot: those of persons, or one a lab. Somebody without a lab has no voice where labs count."""
    if rule.voices is Voices.PERSONS:
        return dict(sum(ballots.values(), Counter[str]()))
    voices = (rule.decision.voice(cast.elements()) for lab, cast in ballots.items() if lab is not None)  # type: ignore[union-attr]
    return dict(Counter(voices))


async def tallies(session: AsyncSession, workshop: Workshop, only: Collection[str] | None = None) -> dict[str, Tally]:
    """The tally of each indicator of a workshop, or of `only` these: those that have votes. Two or three queries.

    Under consent, of every indicator on the table, with the roll of their set.
    """
    condition = indicators.among(workshop.id, only)
    rule = workshop.announced
    roll = await rolls.roll(session, workshop)
    if roll:
        return {card.id: Tally(rule, roll=roll) for card in await indicators.cards(session, workshop.id, only)}
    cast, paper = await _ballots(session, condition, col(Vote.wording) == col(Indicator.wording), rule, workshop.round)
    earlier = await _earlier(session, condition, workshop.round)
    raters = await _raters(session, workshop, rule)
    return {
        indicator_id: _tally(
            rule, cast.get(indicator_id, {}), earlier.get(indicator_id, 0), raters, paper[indicator_id]
        )
        for indicator_id in {*cast, *earlier}
    }


async def tally(session: AsyncSession, indicator_id: str) -> Tally:
    """The tally of one indicator."""
    workshop = await agenda.get(session, await indicators.home(session, indicator_id))
    found = await tallies(session, workshop, [indicator_id])
    return found.get(indicator_id, Tally(workshop.announced))


async def former(session: AsyncSession, workshop: Workshop, only: Collection[str] | None = None) -> dict[str, Tally]:
    """What the group said in the round before, of the last text it judged then. No query in the first round."""
    if workshop.round == 1:
        return {}
    condition, rule = indicators.among(workshop.id, only), workshop.announced
    last, paper = await _ballots(session, condition, _last_judged(workshop.round - 1), rule, workshop.round - 1)
    return {indicator_id: _tally(rule, ballots, 0, None, paper[indicator_id]) for indicator_id, ballots in last.items()}


def _last_judged(round: int) -> ColumnElement[bool]:
    """The condition that a vote is on the last text that was judged in a round."""
    other = aliased(Vote)
    last = (
        select(func.max(other.wording))
        .where(other.indicator_id == Vote.indicator_id, other.round == round, col(other.taken_back_at).is_(None))
        .correlate(Vote)
        .scalar_subquery()
    )
    return col(Vote.wording) == last


def _tally(rule: Rule, ballots: Ballots, earlier: int, raters: int | None, on_paper: int) -> Tally:
    people = sum(cast.total() for cast in ballots.values())
    return Tally(rule, counted(rule, ballots), people, earlier, raters, on_paper=on_paper)


async def _ballots(
    session: AsyncSession, condition: ColumnElement[bool], text: ColumnElement[bool], rule: Rule, round: int
) -> tuple[dict[str, Ballots], Counter[str]]:
    """The ballots of each indicator, on some text, in some round, by lab where labs count; how many came by paper."""
    by_lab = [col(Vote.lab_slug)] if rule.voices is Voices.LABS else []
    rows = await session.execute(
        columns(col(Vote.indicator_id), col(Vote.choice), func.count(), func.count(col(Vote.entered_by_id)), *by_lab)
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(condition, text, col(Vote.round) == round, col(Vote.taken_back_at).is_(None))
        .group_by(col(Vote.indicator_id), col(Vote.choice), *by_lab)
    )
    found: dict[str, Ballots] = {}
    paper: Counter[str] = Counter()
    for indicator_id, choice, number, copied, *lab in rows:
        found.setdefault(indicator_id, {}).setdefault(lab[0] if lab else None, Counter())[choice] += number
        paper[indicator_id] += copied
    return found, paper


async def _earlier(session: AsyncSession, condition: ColumnElement[bool], round: int) -> dict[str, int]:
    """How many people's vote is on an earlier text, of an earlier round, or on what the indicator comes from, and not
    on the current text."""
    standing = col(Vote.taken_back_at).is_(None)
    own = (
        select(Vote.indicator_id, Vote.person_id)
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(condition, standing, (col(Vote.wording) < col(Indicator.wording)) | (col(Vote.round) < round))
    )
    inherited = (
        select(Lineage.child_id, Vote.person_id)
        .join(Vote, col(Vote.indicator_id) == col(Lineage.parent_id))
        .join(Indicator, col(Indicator.id) == col(Lineage.child_id))
        .where(condition, standing)
    )
    before, same = union_all(own, inherited).subquery(), aliased(Vote)
    rows = await session.execute(
        select(before.c.indicator_id, func.count(distinct(before.c.person_id)))
        .join(Indicator, col(Indicator.id) == before.c.indicator_id)
        .outerjoin(
            same,
            (col(same.indicator_id) == before.c.indicator_id)
            & (col(same.person_id) == before.c.person_id)
            & (col(same.wording) == col(Indicator.wording))
            & (col(same.round) == round)
            & (col(same.taken_back_at).is_(None)),
        )
        .where(col(same.person_id).is_(None))
        .group_by(before.c.indicator_id)
    )
    return dict(rows.all())


async def _raters(session: AsyncSession, workshop: Workshop, rule: Rule) -> int | None:
    """How many voices judged anything in the current round, where the rule counts those who are missing."""
    if not isinstance(rule.decision, Grading) or rule.missing == "ignored":
        return None
    whose = col(Vote.lab_slug) if rule.voices is Voices.LABS else col(Vote.person_id)
    return await session.scalar(
        select(func.count(distinct(whose)))
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(
            indicators.among(workshop.id),
            col(Vote.wording) == col(Indicator.wording),
            col(Vote.round) == workshop.round,
            col(Vote.taken_back_at).is_(None),
        )
    )
