"""Contributions: what became of each thing that a person said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from workshops import attachments, conclusions, frameworks, lineage, objections, tallies
from workshops.agenda import Stage, Workshop
from workshops.amendments import Amendment, Ending
from workshops.comments import Comment, Hiding
from workshops.conclusions import Conclusion
from workshops.frameworks import Framework
from workshops.indicators import Departure, Indicator, Wording
from workshops.lineage import Relative
from workshops.objections import Lifting, Objection, Reply
from workshops.people import Person
from workshops.sheet import BY_NAME
from workshops.tallies import Tally
from workshops.votes import Vote
from workshops.words import N_, Word


class Sort(Word):
    """What somebody did."""

    PROPOSAL = "proposal", N_("Proposition")
    AMENDMENT = "amendment", N_("Amendement")
    COMMENT = "comment", N_("Avis")
    RESERVE = "reserve", N_("Motif d'un vote")
    OBJECTION = "objection", N_("Objection")


class Fate(Word):
    """What became of it, when no other word says it."""

    ON_TABLE = "on_table", N_("Sur la table")
    WAITING = "waiting", N_("En attente de réponse")
    UNANSWERED = "unanswered", N_("Resté sans réponse à la clôture")
    HIDDEN = "hidden", N_("Masqué")
    ANSWERED = "answered", N_("Suivi d'une réponse")
    REWORDED = "reworded", N_("Le texte a été réécrit depuis")
    READ = "read", N_("Le texte n'a pas changé depuis")
    PUBLISHED = "published", N_("Publié")
    LEFT_OUT = "left_out", N_("Non publié")
    LIFTED = "lifted", N_("Levée")
    MAINTAINED = "maintained", N_("Maintenue")


@dataclass(frozen=True)
class Contribution:
    """Something that a person said, and its fate. `indicator` is None, and `title` empty, for what is about the whole set.

    `because`: the written reason or answer; `version`: the published one where it is, or which left it out; `anchor`:
    where it is on the indicator's page; `became`: what a proposal was merged into, or split into; `objection_id`: the
    objection that this is.
    """

    sort: Sort
    workshop: Workshop
    indicator: Indicator | None
    title: str
    text: str
    at: datetime
    fate: Word
    because: str = ""
    version: str | None = None
    anchor: str = ""
    became: tuple[Relative, ...] = ()
    objection_id: str | None = None


@dataclass
class _Ends:
    """How the indicators of one workshop end: by the published version, else by the vote once closed."""

    workshop: Workshop
    published: Framework | None
    tallies: dict[str, Tally]
    conclusions: dict[str, Conclusion]

    def of(self, indicator: Indicator) -> tuple[Word, str, str | None]:
        """The fate of an indicator, its written reason, the version that says it."""
        if self.published:
            return self._published(indicator, self.published)
        written = self.conclusions.get(indicator.id)
        because = written.because if written else ""
        if self.workshop.stage is not Stage.CLOSED:
            return Fate.ON_TABLE, because, None
        tally = self.tallies.get(indicator.id) or Tally(self.workshop.announced)
        return tally.outcome, because, None

    def _published(self, indicator: Indicator, framework: Framework) -> tuple[Word, str, str | None]:
        content: dict[str, Any] = framework.content
        for key, fate in (("indicateurs", Fate.PUBLISHED), ("ecartes", Fate.LEFT_OUT)):
            for item in content[key]:
                if item["code"] == indicator.code:
                    return fate, item["decision"].get("motif", ""), framework.version
        return Fate.LEFT_OUT, "", framework.version


async def of_person(session: AsyncSession, person: Person) -> list[Contribution]:
    """All that a person said, as themselves or as the guests that they were, the last one first.

    The number of queries depends on how many workshops they took part in, not on how much they said.
    """
    ids = [person.id, *await attachments.guests_of(session, person)]
    found = [
        *await _proposals(session, ids),
        *await _amendments(session, ids),
        *await _comments(session, ids),
        *await _reserves(session, ids),
        *await _objections(session, ids),
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)


async def _ends(session: AsyncSession, workshops: Iterable[Workshop]) -> dict[str, _Ends]:
    found = {}
    for workshop in {each.id: each for each in workshops}.values():
        is_closed = workshop.stage is Stage.CLOSED
        found[workshop.id] = _Ends(
            workshop,
            await frameworks.from_workshop(session, workshop.id) if is_closed else None,
            await tallies.tallies(session, workshop) if is_closed else {},
            await conclusions.of_workshop(session, workshop.id),
        )
    return found


async def _proposals(session: AsyncSession, ids: list[str]) -> list[Contribution]:
    rows = (
        await session.execute(
            select(Indicator, Workshop, Wording, Departure)
            .join(Workshop, col(Workshop.id) == col(Indicator.workshop_id))
            .join(Wording, (col(Wording.indicator_id) == col(Indicator.id)) & (col(Wording.number) == 1))
            .outerjoin(Departure, col(Departure.indicator_id) == col(Indicator.id))
            .where(col(Indicator.author_id).in_(ids))
        )
    ).all()
    ends = await _ends(session, (row[1] for row in rows if row[3] is None))
    became = await _became(session, (row[0] for row in rows if row[3]))
    found = []
    for indicator, workshop, wording, left in rows:
        fate, because, version = (left.how, left.because, None) if left else ends[workshop.id].of(indicator)
        said = (wording.sheet["libelle"], wording.sheet["definition"], wording.at)
        found.append(
            Contribution(
                Sort.PROPOSAL, workshop, indicator, *said, fate, because, version, became=became.get(indicator.id, ())
            )
        )
    return found


async def _became(session: AsyncSession, left: Iterable[Indicator]) -> dict[str, tuple[Relative, ...]]:
    """What those that left the table became: one query a workshop."""
    gone: dict[str, list[str]] = {}
    for indicator in left:
        gone.setdefault(indicator.workshop_id, []).append(indicator.id)
    found = {}
    for workshop_id, indicator_ids in gone.items():
        for indicator_id, kin in (await lineage.kin(session, workshop_id, indicator_ids)).items():
            found[indicator_id] = kin.became
    return found


async def _amendments(session: AsyncSession, ids: list[str]) -> list[Contribution]:
    rows = await session.execute(
        _about_indicators(Amendment, Ending)
        .outerjoin(Ending, col(Ending.amendment_id) == col(Amendment.id))
        .where(col(Amendment.by_id).in_(ids))
    )
    return [
        Contribution(
            Sort.AMENDMENT,
            workshop,
            indicator,
            wording.sheet["libelle"],
            ", ".join(BY_NAME[name].label for name in amendment.changes),
            amendment.at,
            ending.fate if ending else Fate.WAITING if workshop.is_open else Fate.UNANSWERED,
            ending.answer if ending else "",
            anchor=f"#amendments-{indicator.id}",
        )
        for amendment, ending, indicator, workshop, wording in rows
    ]


async def _comments(session: AsyncSession, ids: list[str]) -> list[Contribution]:
    answers = (
        select(Comment.parent_id, func.count().label("number"))
        .where(col(Comment.parent_id).is_not(None))
        .group_by(col(Comment.parent_id))
        .subquery()
    )
    rows = await session.execute(
        _about_indicators(Comment, Hiding, answers.c.number)
        .outerjoin(Hiding, col(Hiding.comment_id) == col(Comment.id))
        .outerjoin(answers, answers.c.parent_id == col(Comment.id))
        .where(col(Comment.by_id).in_(ids))
    )
    return [
        Contribution(
            Sort.COMMENT,
            workshop,
            indicator,
            wording.sheet["libelle"],
            comment.text,
            comment.at,
            _of_comment(comment, hiding, number or 0, indicator),
            hiding.because if hiding else "",
            anchor=f"#avis-{comment.id}",
        )
        for comment, hiding, number, indicator, workshop, wording in rows
    ]


def _of_comment(comment: Comment, hiding: Hiding | None, answers: int, indicator: Indicator) -> Fate:
    if hiding:
        return Fate.HIDDEN
    if answers:
        return Fate.ANSWERED
    return _of_text(comment, indicator)


async def _reserves(session: AsyncSession, ids: list[str]) -> list[Contribution]:
    """The reasons given with votes that stand: what is answered to them is the indicator's conclusion."""
    rows = await session.execute(
        _about_indicators(Vote, Conclusion)
        .outerjoin(Conclusion, col(Conclusion.indicator_id) == col(Indicator.id))
        .where(col(Vote.person_id).in_(ids), col(Vote.reason) != "", col(Vote.taken_back_at).is_(None))
    )
    return [
        Contribution(
            Sort.RESERVE,
            workshop,
            indicator,
            wording.sheet["libelle"],
            vote.reason,
            vote.at,
            _of_reserve(vote, indicator, conclusion),
            conclusion.answer if conclusion else "",
            anchor=f"#conclusion-{indicator.id}",
        )
        for vote, conclusion, indicator, workshop, wording in rows
    ]


def _of_reserve(vote: Vote, indicator: Indicator, conclusion: Conclusion | None) -> Fate:
    if conclusion and conclusion.answer:
        return Fate.ANSWERED
    return _of_text(vote, indicator)


async def _objections(session: AsyncSession, ids: list[str]) -> list[Contribution]:
    found = await session.execute(
        columns(Objection, Lifting, Indicator, Workshop, Wording)
        .join(Workshop, col(Workshop.id) == col(Objection.workshop_id))
        .outerjoin(Indicator, col(Indicator.id) == col(Objection.indicator_id))
        .outerjoin(Wording, _current())
        .outerjoin(Lifting, col(Lifting.objection_id) == col(Objection.id))
        .where(col(Objection.by_id).in_(ids))
    )
    rows = found.all()
    replies = await objections.replies(session, [row[0].id for row in rows])
    return [
        Contribution(
            Sort.OBJECTION,
            workshop,
            indicator,
            wording.sheet["libelle"] if wording else "",
            objection.text,
            objection.at,
            _of_objection(workshop, replies.get(objection.id), lifting),
            replies[objection.id].text if objection.id in replies else "",
            objection_id=objection.id,
        )
        for objection, lifting, indicator, workshop, wording in rows
    ]


def _of_objection(workshop: Workshop, reply: Reply | None, lifting: Lifting | None) -> Fate:
    """One that nobody answered yet waits; what is not lifted after that is maintained."""
    if lifting:
        return Fate.LIFTED
    return Fate.MAINTAINED if reply or not workshop.is_open else Fate.WAITING


def _of_text(said: Comment | Vote, indicator: Indicator) -> Fate:
    """What is left to tell of what nobody answered: whether its text is still the current one."""
    return Fate.REWORDED if indicator.wording > said.wording else Fate.READ


def _about_indicators(said: type[Amendment] | type[Comment] | type[Vote], *beside: Any) -> Select[Any]:
    """What is said of indicators and what is beside it, then the indicator, its workshop and its current text."""
    return (
        columns(said, *beside, Indicator, Workshop, Wording)
        .join(Indicator, col(Indicator.id) == col(said.indicator_id))
        .join(Workshop, col(Workshop.id) == col(Indicator.workshop_id))
        .join(Wording, _current())
    )


def _current() -> ColumnElement[bool]:
    return (col(Wording.indicator_id) == col(Indicator.id)) & (col(Wording.number) == col(Indicator.wording))
