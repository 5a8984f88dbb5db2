"""Results: what the votes of a workshop say, one indicator after the other, by the announced rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import indicators, tallies
from workshops.agenda import LEADING, Member, Workshop
from workshops.consensus import (
    FEW_RATERS,
    Axis,
    Choice,
    Consistency,
    Flow,
    Grading,
    Method,
    Outcome,
    Panel,
    Rating,
    consistency,
    flow,
    panel,
)
from workshops.indicators import Card
from workshops.tallies import Tally

LAST = 1_000_000  # after every rank
ORDER = (Outcome.KEPT, Outcome.REWORKED, Outcome.DROPPED, Outcome.UNDECIDED)


@dataclass(frozen=True)
class Figures:
    """What the scores of one axis say. `counts`: how many gave each score, one to nine; `unsaid`, how many none."""

    axis: Axis
    counts: tuple[int, ...]
    unsaid: int
    rated: Rating

    @property
    def is_small(self) -> bool:
        """So few scores that only counts are told."""
        return self.rated.n < FEW_RATERS

    @property
    def _scores(self) -> list[int]:
        return [score for score, number in enumerate(self.counts, start=1) for _ in range(number)]

    @property
    def panel(self) -> Panel | None:
        """RAND/UCLA's reading, for a panel of eight to sixteen."""
        return panel(self._scores)

    @property
    def consistency(self) -> Consistency | None:
        """How close the scores are to each other; None for few of them."""
        return None if self.is_small else consistency(self._scores)


@dataclass(frozen=True)
class Result:
    """What the votes say of one indicator. `rank`: by majority judgment, for what somebody judged."""

    card: Card
    tally: Tally
    rank: int | None = None

    @property
    def code(self) -> str:
        return self.card.indicator.code

    @property
    def outcome(self) -> Outcome:
        return self.tally.outcome

    @cached_property
    def axes(self) -> tuple[Figures, ...]:
        """What each axis says; nothing for another method, nor while results are hidden."""
        if self.tally.is_hidden or self.tally.rule.method is not Method.TWO_AXES:
            return ()
        return tuple(self._figures(axis) for axis in Axis)

    def _figures(self, axis: Axis) -> Figures:
        counts, unsaid = self.tally.histogram(axis)
        return Figures(axis, tuple(counts), unsaid, self.tally.rated(axis))

    @property
    def is_placed(self) -> bool:
        """Whether it has a place on a picture of both axes: enough people rated each."""
        return bool(self.axes) and not any(figures.is_small for figures in self.axes)

    @property
    def flow(self) -> Flow | None:
        """What a Delphi study would do with it at the end of a round; None for few people or another method."""
        if self.tally.is_small or self.tally.rule.method is not Method.THREE_CHOICES:
            return None
        return flow(self.tally.of(Choice.KEEP), self.tally.total - self.tally.of(Choice.ABSTAIN))


async def results(session: AsyncSession, workshop: Workshop, *, member: Member | None = None) -> list[Result]:
    """What the votes say of everything on the table, as somebody may know it now. Three queries, or four."""
    counted = await tallies.tallies(session, workshop)
    raters = next((tally.raters for tally in counted.values()), None)
    none = Tally(workshop.announced, raters=raters)
    cards = [card for card in await indicators.cards(session, workshop.id) if card.is_open]
    found = [(card, counted.get(card.id, none)) for card in cards]
    if hides_from(workshop, member):
        found = [(card, tally.hidden) for card, tally in found]
    return ordered(found)


def hides_from(workshop: Workshop, member: Member | None) -> bool:
    """While the rule hides results, whoever leads sees them, unless the rule says that they do not either."""
    leads = member is not None and member.role in LEADING
    return workshop.hides and (not leads or workshop.announced.is_blind)


def ordered(found: Iterable[tuple[Card, Tally]]) -> list[Result]:
    """By rank under majority judgment, by outcome otherwise; then in the order of the page."""
    pairs = list(found)
    ranks = _ranks(pairs)
    return sorted((Result(card, tally, ranks.get(card.id)) for card, tally in pairs), key=_place)


def _place(result: Result) -> tuple[int, tuple[int, int, str]]:
    if isinstance(result.tally.rule.decision, Grading):
        return result.rank or LAST, result.card.place
    return ORDER.index(result.outcome), result.card.place


def _ranks(pairs: list[tuple[Card, Tally]]) -> dict[str, int]:
    """The rank of each indicator that somebody judged, by id."""
    for _card, tally in pairs:
        if isinstance(tally.rule.decision, Grading):
            return tally.rule.decision.ranks({card.id: tally.counts for card, tally in pairs}, tally.raters)
    return {}
