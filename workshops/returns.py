"""Returns: the ballots of a closed vote, under pseudonyms, so that anyone may count them again."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, indicators, licence, recount, results
from workshops.agenda import Stage, Workshop
from workshops.canonical import digest
from workshops.consensus import FEW_RATERS, Consent, Grading, Rule, Voices
from workshops.indicators import Indicator
from workshops.journal import Entry, Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow
from workshops.results import Result
from workshops.tallies import Ballots, counted
from workshops.votes import Vote
from workshops.words import N_

Document = dict[str, Any]
PSEUDONYM_LENGTH = 32  # hexadecimal digits: two voices never get the same


@dataclass(frozen=True)
class OwnBallot:
    """A person's ballot as the file has it. No pseudonym where so few people voted that only labs' voices are listed."""

    code: str
    round: int
    ballot: str
    pseudonym: str | None


async def document(session: AsyncSession, workshop_id: str) -> Document:
    """The ballots of a closed workshop, what they were counted to be, and the rule: all that a recount needs.

    The same file for ever: what happens after the closing changes nothing in it. Raises NotNow before the closing,
    NotFound where one consents to a whole and no ballot is cast.
    """
    workshop = await _counted(session, workshop_id)
    cast = await _cast(session, workshop)
    found = await results.results(session, workshop)
    closing = await _closing(session, workshop)
    told = {
        "titre": "Bulletins d'un vote, sous pseudonymes",
        "licence": licence.NAME,
        "atelier": {
            "id": workshop.id,
            "titre": workshop.title,
            "date": workshop.held_on.isoformat(),
            "geste": closing.number,
            "registre": closing.hash,
        },
        "regle": workshop.announced.published(),
        "indicateurs": [
            _item(workshop, result, cast.get(result.card.id, [])) for result in sorted(found, key=_by_place)
        ],
    }
    return {**told, "empreinte": f"sha256:{digest(told)}"}


async def own(session: AsyncSession, workshop: Workshop, person: Person) -> list[OwnBallot]:
    """A person's ballots in the file of a closed workshop, the last round first; none before, nor under consent."""
    if not are_published(workshop):
        return []
    cast = await _cast(session, workshop)
    found = []
    for card in sorted(await indicators.cards(session, workshop.id), key=lambda card: card.place):
        for round in range(workshop.round, 0, -1) if card.is_open else ():
            votes = _judging(cast.get(card.id, []), round, card.wording.number if round == workshop.round else None)
            for vote in votes:
                if vote.person_id == person.id:
                    name = None if _is_few(workshop.announced, votes) else _voice(workshop, vote)
                    found.append(OwnBallot(card.indicator.code, round, vote.choice, name))
    return sorted(found, key=lambda each: -each.round)


def are_published(workshop: Workshop) -> bool:
    """Whether a workshop's ballots may be read: once it is closed, and where some were cast."""
    return not workshop.is_open and not isinstance(workshop.announced.decision, Consent)


async def _counted(session: AsyncSession, workshop_id: str) -> Workshop:
    workshop = await agenda.get(session, workshop_id)
    if isinstance(workshop.announced.decision, Consent):
        raise NotFound(N_("Cet atelier décide par consentement : il n'a pas de bulletins."))
    if workshop.is_open:
        raise NotNow(N_("Les bulletins se publient, sous pseudonymes, une fois l'atelier clos."))
    return workshop


async def _cast(session: AsyncSession, workshop: Workshop) -> dict[str, list[Vote]]:
    """Every vote that was not taken back, by indicator."""
    found: dict[str, list[Vote]] = {}
    for vote in await session.scalars(
        select(Vote)
        .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
        .where(col(Indicator.workshop_id) == workshop.id, col(Vote.taken_back_at).is_(None))
    ):
        found.setdefault(vote.indicator_id, []).append(vote)
    return found


async def _closing(session: AsyncSession, workshop: Workshop) -> Entry:
    """The gesture that closed the vote: what the register said then is what the ballots belong to."""
    found = await session.scalars(
        select(Entry).where(
            col(Entry.workshop_id) == workshop.id,
            col(Entry.kind) == Kind.STAGE_MOVED,
            col(Entry.about) == Stage.CLOSED.value,
        )
    )
    return found.one()


def _by_place(result: Result) -> tuple[int, int, str]:
    return result.card.place


def _judging(cast: Sequence[Vote], round: int, wording: int | None = None) -> list[Vote]:
    """The votes of a round on one text; by default on the last that was judged in it."""
    standing = [vote for vote in cast if vote.round == round]
    last = max((vote.wording for vote in standing), default=0) if wording is None else wording
    return [vote for vote in standing if vote.wording == last]


def _item(workshop: Workshop, result: Result, cast: Sequence[Vote]) -> dict[str, Any]:
    rule, number = workshop.announced, result.card.wording.number
    item: dict[str, Any] = {
        "code": result.code,
        "libelle": result.card.sheet["libelle"],
        "redaction": number,
        "tour": workshop.round,
        "resultat": result.outcome.value,
        "votes": result.tally.published(),
        "bulletins": _papers(workshop, _judging(cast, workshop.round, number)),
        "tours_precedents": [
            _former(workshop, round, _judging(cast, round)) for round in range(1, workshop.round)
        ],
    }
    return {**item, "rang": result.rank} if isinstance(rule.decision, Grading) else item


def _former(workshop: Workshop, round: int, votes: list[Vote]) -> dict[str, Any]:
    papers = _papers(workshop, votes)
    voices = recount.count_of(workshop.announced, papers).voices
    wording = votes[0].wording if votes else None
    return {"tour": round, "redaction": wording, "decompte": dict(sorted(voices.items())), "bulletins": papers}


def _papers(workshop: Workshop, votes: list[Vote]) -> list[dict[str, Any]]:
    """The ballots in the order of their pseudonyms, which is nobody's: no time, no number, no reason, no name.

    Where labs count and few people voted, the voices of the labs stand for the ballots of their members.
    """
    rule = workshop.announced  # read once: there may be thousands of votes
    if _is_few(rule, votes):
        return _voices(workshop, rule, votes)
    papers = [
        {"voix": _voice(workshop, vote), **_group(workshop, rule, vote), "bulletin": vote.choice} for vote in votes
    ]
    return sorted(papers, key=lambda paper: str(paper["voix"]))


def _voices(workshop: Workshop, rule: Rule, votes: list[Vote]) -> list[dict[str, Any]]:
    by_lab: dict[str, Counter[str]] = {}
    for vote in votes:
        if vote.lab_slug is not None:
            by_lab.setdefault(_group(workshop, rule, vote)["groupe"] or "", Counter())[vote.choice] += 1
    return [{"groupe": lab, "bulletin": _only(rule, {lab: by_lab[lab]})} for lab in sorted(by_lab)]


def _only(rule: Rule, ballots: Ballots) -> str:
    (voice,) = counted(rule, ballots)
    return voice


def _is_few(rule: Rule, votes: Sequence[Vote]) -> bool:
    return rule.voices is Voices.LABS and len(votes) < FEW_RATERS


def _voice(workshop: Workshop, vote: Vote) -> str:
    """Whose ballot it is. The gesture stands for the person: who attaches their guest's vote keeps its pseudonym."""
    return _pseudonym(workshop, "voix", vote, str(vote.gesture))


def _group(workshop: Workshop, rule: Rule, vote: Vote) -> Mapping[str, str | None]:
    if rule.voices is not Voices.LABS:
        return {}
    return {"groupe": None if vote.lab_slug is None else _pseudonym(workshop, "groupe", vote, vote.lab_slug)}


def _pseudonym(workshop: Workshop, what: str, vote: Vote, who: str) -> str:
    """A name that says nothing, not even of the same one elsewhere: another indicator or round is another name."""
    said = "|".join((what, vote.indicator_id, str(vote.round), who))
    return hmac.new(workshop.salt.encode(), said.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_LENGTH]
