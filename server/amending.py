"""Amending: what screens show of the amendments of an indicator, and of a contest between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.i18n import gettext as _
from workshops import amendments, changes, contests, indicators
from workshops.agenda import Member
from workshops.amendments import Amendment, Fate, Proposed
from workshops.changes import Change
from workshops.consensus import FEW_RATERS
from workshops.contests import Candidate, Contest, Result
from workshops.indicators import Indicator, Wording
from workshops.people import Person
from workshops.sheet import BY_NAME, Sheet


@dataclass(frozen=True)
class Line:
    """An amendment and what it changes. `may`: what the viewer may do about it, None when drawn without a viewer."""

    amendment: Amendment
    ending: amendments.Ending | None
    changes: tuple[Change, ...]
    is_overtaken: bool
    may: tuple[str, ...] | None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody may still answer it or take it back, here and now."""
        return self.ending is None and self.amendment.contest_id is None


@dataclass(frozen=True)
class Amended:
    """The amendments of an indicator, its contests, and whose amendments are now part of it."""

    lines: tuple[Line, ...]
    contests: tuple[Contest, ...]
    raters: int
    coauthors: tuple[str, ...]

    @property
    def waiting(self) -> int:
        """How many have no answer yet."""
        return sum(line.ending is None for line in self.lines)

    @property
    def open_contest(self) -> Contest | None:
        return next((contest for contest in self.contests if contest.is_open), None)

    @property
    def competing(self) -> int:
        """How many texts the open contest is between."""
        return 1 + sum(line.ending is None and line.amendment.contest_id is not None for line in self.lines)

    @property
    def may_compete(self) -> bool:
        """Whether there is something to put to a contest."""
        return self.open_contest is None and any(line.is_waiting and not line.is_overtaken for line in self.lines)


@dataclass(frozen=True)
class Text:
    """A candidate, with the amendment that it is and what that changes; the current text has neither."""

    candidate: Candidate
    amendment: Amendment | None
    changes: tuple[Change, ...]

    @property
    def number(self) -> int:
        return self.candidate.number


@dataclass(frozen=True)
class Contesting:
    """A contest: its texts, a person's own grades, how many people graded, and the results once it is closed."""

    contest: Contest
    texts: tuple[Text, ...]
    own: dict[int, str]
    raters: int
    results: tuple[Result, ...]

    @property
    def tells_shares(self) -> bool:
        """Whether enough people graded for a bar to tell nobody's grade."""
        return self.raters >= FEW_RATERS

    def text(self, number: int) -> Text:
        return next(text for text in self.texts if text.number == number)


async def amended(
    session: AsyncSession, indicator: Indicator, wordings: Sequence[Wording], member: Member | None
) -> Amended:
    """The amendments of an indicator whose every text is given. Two queries, one where there is none."""
    texts = {wording.number: wording.sheet for wording in wordings}
    proposed = await amendments.proposed(session, indicator.id)
    held = await contests.counted(session, indicator.id) if proposed else []
    return Amended(
        lines=tuple(_line(each, texts, indicator, member) for each in proposed),
        contests=tuple(contest for contest, _raters in held),
        raters=next((raters for contest, raters in held if contest.is_open), 0),
        coauthors=tuple(amendments.credits_of(proposed)),
    )


async def line(session: AsyncSession, amendment_id: str, member: Member | None) -> Line:
    """One amendment."""
    proposed = await amendments.get(session, amendment_id)
    indicator = await indicators.get(session, proposed.amendment.indicator_id)
    texts = {wording.number: wording.sheet for wording in await indicators.history(session, indicator)}
    return _line(proposed, texts, indicator, member)


def _line(each: Proposed, texts: dict[int, Sheet], indicator: Indicator, member: Member | None) -> Line:
    amendment = each.amendment
    base, current = texts[amendment.base], texts[indicator.wording]
    return Line(
        amendment,
        each.ending,
        tuple(changes.between(base, amendments.applied(base, amendment.changes))),
        each.is_open and bool(amendments.overtaken(base, current, amendment.changes)),
        _may(amendment, indicator, member) if member else None,
    )


def _may(amendment: Amendment, indicator: Indicator, member: Member) -> tuple[str, ...]:
    decide = ("decide",) if amendments.may_decide(indicator, member) else ()
    return decide + (("withdraw",) if amendment.by_id == member.person_id else ())


async def contesting(session: AsyncSession, contest_id: str, viewer: Person | None) -> Contesting:
    """One contest. Nobody's grades are told before it is closed, but the viewer's own."""
    contest = await contests.get(session, contest_id)
    of = {each.amendment.id: each.amendment for each in await amendments.proposed(session, contest.indicator_id)}
    candidates = await contests.candidates(session, contest.id)
    own = await contests.own(session, contest.id, viewer) if viewer else {}
    return Contesting(
        contest,
        tuple(
            Text(
                candidate,
                of.get(candidate.amendment_id or ""),
                tuple(changes.between(candidates[0].sheet, candidate.sheet)),
            )
            for candidate in candidates
        ),
        {number: grade.value for number, grade in own.items()},
        await contests.raters(session, contest.id),
        tuple(await contests.results(session, contest)) if contest.winner else (),
    )


async def told(session: AsyncSession, workshop_id: str) -> dict[int, str]:
    """What the records of amendments and contests add to the minutes, by gesture."""
    more: dict[int, str] = {}
    for each in await amendments.all_proposed(session, workshop_id):
        labels = [_(BY_NAME[name].label) for name in each.amendment.changes]
        more[each.amendment.gesture] = ", ".join(labels)
        if each.ending and each.ending.fate is Fate.DECLINED:
            more[each.ending.gesture] = each.ending.answer
    for contest in await contests.all_of(session, workshop_id):
        if contest.ended_in:
            more[contest.ended_in] = contest.because or _closed(contest)
    return more


def _closed(contest: Contest) -> str:
    """The number of the text that won: the one that was there, or the next."""
    kept = contest.winner == contests.CURRENT
    return _("rédaction %(number)s") % {"number": contest.wording if kept else contest.wording + 1}
