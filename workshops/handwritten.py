"""Handwritten: paper ballots of people without a device, copied by who leads."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, ballots, consents, indicators, journal, labs, objections, people, votes, world
from workshops.agenda import Member, Stage, Workshop
from workshops.consensus import Method
from workshops.consents import Position, Stance
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import one_line
from workshops.votes import Outdated, Paper, Vote
from workshops.words import N_

INITIALS = re.compile(r"[^\W\d_]{2,4}")


@dataclass(frozen=True)
class Ballot:
    """What one paper says of one indicator: the wording that was read, the ballot, the reason."""

    indicator_id: str
    wording: int
    choice: str
    reason: str = ""


async def enter(
    session: AsyncSession,
    workshop_id: str,
    *,
    lab: str,
    initials: str,
    ballots: Sequence[Ballot],
    round: int | None = None,
    by: Person,
) -> Member:
    """Whoever leads copies somebody's paper: a lab, initials, and a ballot for each indicator that they judged.

    The same lab and initials are the same person: what is copied again takes the place of what was, and what has not
    changed is no gesture. Each ballot is one, judged by the rule of everybody's; one that does not hold refuses them
    all. Raises NotYours for anyone else, NotNow outside the vote, NotThus naming each field that does not hold.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await require_entering(session, workshop, by)
    if workshop.announced.method is Method.CONSENT:
        raise NotNow(N_("Cet atelier décide par consentement : on y consent à l'ensemble, ou l'on objecte."))
    member = await _seated(session, workshop, lab, initials)
    if not ballots:
        raise NotThus({"ballots": N_("Recopiez au moins un vote.")})
    person = await people.get(session, member.person_id)
    changed = await _changed(session, workshop, person, ballots)
    agenda.yield_floor(session, workshop)  # each ballot takes a number of its own
    await session.flush()
    papers = [
        Paper(ballot.indicator_id, ballot.wording, ballot.choice, ballot.reason, person, None, round, entered_by=by)
        for ballot in changed
    ]
    if papers:  # the last one is the number that the sending is told
        papers[-1] = replace(papers[-1], sending=session.info.get("sending"))
    results = await votes.cast_all(session, workshop_id, papers) if papers else []
    wrong: dict[str, str] = {}
    for ballot, result in zip(changed, results, strict=True):
        if isinstance(result, NotThus):
            wrong |= {f"{name}-{ballot.indicator_id}": sentence for name, sentence in result.fields.items()}
        elif isinstance(result, Outdated):
            wrong[f"choice-{ballot.indicator_id}"] = N_(
                "Ce texte vient de changer : recopiez ce vote si le bulletin parle bien du nouveau."
            )
        elif isinstance(result, Exception):
            raise result
    if wrong:
        raise NotThus(wrong)
    return member


async def enter_position(
    session: AsyncSession,
    workshop_id: str,
    *,
    lab: str,
    initials: str,
    position: str,
    text: str = "",
    read: str | None = None,
    by: Person,
) -> Member:
    """Whoever leads copies somebody's position on the whole set; an objection comes with its text.

    `read`: the fingerprint of the texts that the paper is about. The same again is once. Raises as `enter` and
    `consents.give` do: an objection is lifted first.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await require_entering(session, workshop, by)
    member = await _seated(session, workshop, lab, initials)
    await consents.require_voice(session, workshop, await people.get(session, member.person_id))
    if position == Position.OBJECT:
        if await objections.same(session, workshop, member.person_id, text):
            agenda.yield_floor(session, workshop)
            return member
        await objections.hold(session, workshop, member, text=text, entered_by=by)
        journal.record(session, workshop, Kind.OBJECTION_RAISED, by=by, about=workshop.id)
        return member
    current = await consents.fingerprint(session, workshop)
    if read and read != current:
        raise consents.Moved(current)
    before = await consents.own(session, workshop, await people.get(session, member.person_id))
    consents.refuse(before, position)
    if before and before.position == position and before.is_on(workshop, current):
        agenda.yield_floor(session, workshop)
        return member
    await consents.take(session, workshop, member, Position(position), current, by)
    journal.record(session, workshop, Kind.VOTE_ENTERED, by=by, about=workshop.id)
    return member


async def withdraw(session: AsyncSession, workshop_id: str, member_id: str, *, by: Person) -> None:
    """Whoever leads takes back all that was copied for somebody in this round: a paper copied twice, or under wrong
    initials.

    Each vote is a gesture. Nothing to take back is none; an objection stands until it is lifted.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await require_entering(session, workshop, by)
    member = await get(session, workshop, member_id)
    agenda.yield_floor(session, workshop)
    about = [vote.indicator_id for vote in await votes_of(session, workshop, member)]
    stance = await consents.own(session, workshop, await people.get(session, member.person_id))
    consents.refuse(stance, Position.ABSTAIN)
    await session.execute(
        update(Vote)
        .where(
            col(Vote.person_id) == member.person_id,
            col(Vote.taken_back_at).is_(None),
            col(Vote.round) == workshop.round,
        )
        .values(taken_back_at=world.now())
    )
    await consents.leave(session, workshop, member.person_id)
    with journal.as_part(session):
        for each in [*dict.fromkeys(about), *([workshop.id] if stance else [])]:
            floor = await agenda.take_floor(session, workshop.id, by=by)
            journal.record(session, floor, Kind.PAPER_WITHDRAWN, by=by, about=each)
            await session.flush()


async def require_entering(session: AsyncSession, workshop: Workshop, person: Person) -> None:
    """Whether a person may copy paper ballots now, or the refusal that says why not."""
    await agenda.require_member(session, workshop, person, *agenda.LEADING)
    workshop.require(Stage.VOTING)


async def _seated(session: AsyncSession, workshop: Workshop, lab: str, initials: str) -> Member:
    """The seat of who wrote the paper, taken for them the first time. Nobody can sign in as them."""
    wrong = {}
    letters = "".join(initials.replace(".", " ").split()).upper()
    if not INITIALS.fullmatch(letters):
        wrong["initials"] = N_("De deux à quatre lettres : les initiales écrites sur le bulletin.")
    if not await labs.exists(session, lab):
        wrong |= agenda.no_such_lab().fields
    if wrong:
        raise NotThus(wrong)
    name = " ".join(f"{letter}." for letter in letters)
    member: Member | None = await session.scalar(
        select(Member).where(
            col(Member.workshop_id) == workshop.id,
            col(Member.lab_slug) == lab,
            col(Member.name) == name,
            col(Member.on_paper),
        )
    )
    if member is None:
        person = Person(name=name)
        session.add(person)
        await session.flush()
        member = Member(
            workshop_id=workshop.id, person_id=person.id, name=name, role=Role.MEMBER, lab_slug=lab, on_paper=True
        )
        session.add(member)
        await session.flush()
    return member


async def _changed(session: AsyncSession, workshop: Workshop, person: Person, copied: Sequence[Ballot]) -> list[Ballot]:
    """The ballots that say something else than what was copied before."""
    here = {card.id for card in await indicators.cards(session, workshop.id)}
    if any(ballot.indicator_id not in here for ballot in copied):
        raise NotFound(N_("Cet indicateur n'existe pas."))
    numbers = {ballot.indicator_id: ballot.wording for ballot in copied}
    own = await ballots.ballots(session, workshop, numbers, person)
    before = {
        id: (found.current.wording, found.current.choice, found.current.reason)
        for id, found in own.items()
        if found.current
    }
    return [
        each for each in copied if before.get(each.indicator_id) != (each.wording, each.choice, one_line(each.reason))
    ]


async def get(session: AsyncSession, workshop: Workshop, member_id: str) -> Member:
    """The seat of somebody on paper in this workshop, or NotFound."""
    member = await session.get(Member, member_id)
    if member is None or member.workshop_id != workshop.id or not member.on_paper:
        raise NotFound(N_("Aucun bulletin sur papier ne porte ce nom ici."))
    return member


async def writers(session: AsyncSession, workshop: Workshop) -> list[tuple[Member, int]]:
    """Who is on paper in a workshop, in the order they were copied, and how many of their votes of this round stand."""
    seated = await session.scalars(
        select(Member)
        .where(col(Member.workshop_id) == workshop.id, col(Member.on_paper))
        .order_by(col(Member.joined_at), col(Member.id))
    )
    said = Counter(
        person for person, _ in {(vote.person_id, vote.indicator_id) for vote in await _standing(session, workshop)}
    )
    said.update(stance.person_id for stance in await consents.stances(session, workshop))
    return [(member, said[member.person_id]) for member in seated]


async def votes_of(session: AsyncSession, workshop: Workshop, member: Member) -> list[Vote]:
    """What was copied for somebody in this round, and stands."""
    return [vote for vote in await _standing(session, workshop) if vote.person_id == member.person_id]


async def _standing(session: AsyncSession, workshop: Workshop) -> list[Vote]:
    """The votes of this round that came by paper, and were not taken back."""
    return [
        vote
        for vote in await _copied(session, workshop)
        if vote.taken_back_at is None and vote.round == workshop.round
    ]


async def _copied(session: AsyncSession, workshop: Workshop) -> list[Vote]:
    return list(
        await session.scalars(
            select(Vote)
            .join(Indicator, col(Indicator.id) == col(Vote.indicator_id))
            .where(col(Indicator.workshop_id) == workshop.id, col(Vote.entered_by_id).is_not(None))
            .order_by(col(Vote.gesture))
        )
    )


async def entered(session: AsyncSession, workshop: Workshop) -> dict[int, str]:
    """Whose paper each gesture copied, by the number of the gesture."""
    copied = await session.scalars(
        select(Stance).where(col(Stance.workshop_id) == workshop.id, col(Stance.entered_by_id).is_not(None))
    )
    records = [*await _copied(session, workshop), *copied]
    return {record.gesture: record.person_id for record in records}
