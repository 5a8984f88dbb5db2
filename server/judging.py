"""Judging: testimonials as those who moderate or answer them see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import answers, contacts, labs, maskings, moderation, people, personal, projects, world
from workshops.answers import LabAnswer
from workshops.moderation import Decision, Judged
from workshops.personal import Sort

EXCERPT = 180  # characters


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and what it looks like if it is personal data."""

    text: str
    sort: Sort | None = None


@dataclass(frozen=True)
class Case:
    """A testimonial, and what is said where it came from. `days`: how long it has waited."""

    judged: Judged
    lab: str
    project: str
    days: int

    @property
    def happened(self) -> list[Piece]:
        return pieces(self.judged.telling.happened) if self.judged.telling else []

    @property
    def changed(self) -> list[Piece]:
        return pieces(self.judged.telling.changed) if self.judged.telling else []

    @property
    def traces(self) -> list[Piece]:
        """What looks like personal data in it, each once."""
        found = {piece.text: piece for piece in (*self.happened, *self.changed) if piece.sort}
        return list(found.values())

    @property
    def excerpt(self) -> str:
        """How it begins."""
        telling = self.judged.telling
        text = " ".join(" ".join(filter(None, (telling.happened, telling.changed))).split()) if telling else ""
        return text if len(text) <= EXCERPT else (text[:EXCERPT].rpartition(" ")[0] or text[:EXCERPT]) + "…"


@dataclass(frozen=True)
class Past:
    """Something that was done with a testimonial: a decision, or so many passages masked."""

    at: datetime
    by: str
    decision: Decision | None = None
    passages: int = 0


@dataclass(frozen=True)
class Received:
    """What was told to a lab, what it answered, and whether its author may be written to, and was."""

    case: Case
    answer: LabAnswer | None
    has_contact: bool
    written_at: datetime | None


def pieces(text: str) -> list[Piece]:
    """A text cut where something looks like personal data."""
    cut, end = [], 0
    for trace in personal.traces(text):
        cut += [Piece(text[end : trace.start]), Piece(text[trace.start : trace.end], trace.sort)]
        end = trace.end
    return [piece for piece in (*cut, Piece(text[end:])) if piece.text]


async def cases(session: AsyncSession, found: Collection[Judged]) -> list[Case]:
    """Testimonials with the names of where they came from. Two queries."""
    names = await labs.called(session)
    titles = await projects.titles(session, {id for each in found if (id := each.testimonial.project_id)})
    return [
        Case(each, names[each.testimonial.lab_slug], titles.get(each.testimonial.project_id or "", ""), _days(each))
        for each in found
    ]


def _days(judged: Judged) -> int:
    return (world.now() - (judged.waits_since or judged.testimonial.at)).days


async def past(session: AsyncSession, testimonial_id: str) -> list[Past]:
    """All that was done with a testimonial, in order, each signed. Three queries."""
    decisions = await moderation.decisions(session, testimonial_id)
    masked = await maskings.of(session, testimonial_id)
    names = await people.names(session, {each.by_id for each in decisions} | {each.by_id for each in masked})
    done = [Past(each.at, names[each.by_id], each) for each in decisions]
    done += [Past(each.at, names[each.by_id], passages=each.passages) for each in masked]
    return sorted(done, key=lambda each: each.at)


async def received(session: AsyncSession, found: Collection[Judged]) -> list[Received]:
    """What was told to a lab, as its members see it. Four queries."""
    ids = [each.testimonial.id for each in found]
    answered, written = await answers.of(session, ids), await contacts.among(session, ids)
    return [
        Received(case, answered.get(id), id in written, written.get(id))
        for id, case in zip(ids, await cases(session, found), strict=True)
    ]
