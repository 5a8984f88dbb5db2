"""The ballot box: votes that come together share a commit; each is counted once, and nobody pays for another."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select

from server import exports
from server.ballotbox import BallotBox
from server.database import Database
from server.metrics import Metrics
from server.turnstile import MOST
from tests.cast import act, ask, counted, member_of, move, observer, reread, workshop
from workshops import journal, tallies, votes
from workshops.agenda import Stage, Workshop
from workshops.consensus import Choice
from workshops.indicators import Card
from workshops.journal import AlreadyDone, Kind, Sending
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.votes import Counted, Paper, Vote


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


class Box(BallotBox):
    """A box whose commits a test counts."""

    def __init__(self, database: Database) -> None:
        self.metrics = Metrics()
        super().__init__(database, self.metrics)


@pytest.fixture
async def box(database: Database, text: Card) -> Box:
    """It knows where the indicator is: whoever comes while that is read may be overtaken."""
    box = Box(database)
    await box._home(text.id)
    return box


async def voters(database: Database, room: Workshop, number: int) -> list[Person]:
    return [await member_of(database, room, name=f"Membre {n}") for n in range(number)]


def paper(text: Card, by: Person, choice: Choice = Choice.KEEP, key: str = "", **changes: object) -> Paper:
    given = {"wording": 1, "reason": "Parce que." if choice in (Choice.REWORK, Choice.DROP) else "", **changes}
    return Paper(text.id, choice=choice, by=by, sending=Sending(key, "d" * 64) if key else None, **given)  # type: ignore[arg-type]


def commits(box: Box) -> dict[str, float]:
    """How many commits, and how many votes in them."""
    samples = {each.name: each.value for metric in box.metrics.votes_per_commit.collect() for each in metric.samples}
    return {"commits": samples["grille_votes_per_commit_count"], "votes": samples["grille_votes_per_commit_sum"]}


async def test_votes_that_come_together_share_commits_and_each_is_a_gesture(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    everyone = await voters(database, room, 30)
    before = (await reread(database, room)).gestures
    told = await asyncio.gather(*(box.cast(paper(text, person, key="k")) for person in everyone))
    found = commits(box)
    assert found["votes"] == 30
    assert found["commits"] < 30
    # In the order they came, which is the order of the journal.
    assert [each.vote.gesture for each in told] == list(range(before + 1, before + 31))
    entries = await ask(database, journal.since, room.id, before)
    assert [(entry.number, entry.by_id) for entry in entries] == [
        (each.vote.gesture, person.id) for each, person in zip(told, everyone, strict=True)
    ]
    written = exports.minutes(await reread(database, room), await ask(database, journal.since, room.id, 0))
    assert journal.first_break(written["gestes"]) is None
    assert await ask(database, tallies.tally, text.id) == counted(keep=30)


async def test_one_commit_takes_so_many_and_no_more(database: Database, room: Workshop, text: Card, box: Box) -> None:
    alix = await member_of(database, room)
    told = await asyncio.gather(*(box.cast(paper(text, alix, key=f"k{n}")) for n in range(MOST + 5)))
    assert commits(box)["commits"] >= 2
    assert len({each.vote.gesture for each in told}) == MOST + 5
    assert await ask(database, tallies.tally, text.id) == counted(keep=1)


async def test_a_refused_paper_harms_no_other(
    database: Database, room: Workshop, camille: Person, text: Card, box: Box
) -> None:
    alix, noor = await member_of(database, room), await observer(database, room)
    answers = await asyncio.gather(
        box.cast(paper(text, noor)),
        box.cast(paper(text, alix)),
        box.cast(paper(text, alix, wording=9)),
        box.cast(paper(text, alix, wording=-(10**30))),
        box.cast(paper(text, alix, Choice.DROP, reason=" ")),
        box.cast(paper(text, camille)),
        box.cast(Paper("nothing", 1, Choice.KEEP, "", alix)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [NotYours, Counted, NotThus, NotThus, NotThus, NotYours, NotFound]
    assert await ask(database, tallies.tally, text.id) == counted(keep=1)


async def test_the_same_sending_twice_in_one_commit_is_one_gesture(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    alix = await member_of(database, room)
    first, second = await asyncio.gather(
        box.cast(paper(text, alix, key="k")), box.cast(paper(text, alix, key="k")), return_exceptions=True
    )
    assert isinstance(first, Counted)
    assert isinstance(second, AlreadyDone)
    assert (second.workshop_id, second.number) == (room.id, first.vote.gesture)
    with pytest.raises(AlreadyDone):
        await box.cast(paper(text, alix, key="k"))
    assert (await reread(database, room)).gestures == first.vote.gesture


async def test_changing_ones_mind_in_one_commit_leaves_the_last_word(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    alix = await member_of(database, room)
    await asyncio.gather(
        *(box.cast(paper(text, alix, choice)) for choice in (Choice.KEEP, Choice.DROP, Choice.ABSTAIN))
    )
    assert await ask(database, tallies.tally, text.id) == counted(abstain=1)
    kinds = [entry.kind for entry in await ask(database, journal.since, room.id, 0)][-3:]
    assert kinds == [Kind.VOTE_CAST] * 3


async def test_after_the_vote_everyone_is_refused(
    database: Database, room: Workshop, camille: Person, text: Card, box: Box
) -> None:
    everyone = await voters(database, room, 3)
    await move(database, room, Stage.CLOSED, by=camille)
    answers = await asyncio.gather(*(box.cast(paper(text, person)) for person in everyone), return_exceptions=True)
    assert [type(answer) for answer in answers] == [NotNow] * 3


async def test_what_the_database_refuses_costs_the_others_nothing(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    """A person erased meanwhile: their vote breaks a foreign key, and with it the whole commit."""
    everyone = await voters(database, room, 4)
    ghost = Person(id="0nobody00000", name="Personne")

    async def admit_anybody(session: object, workshop_id: str, papers: list[Paper]) -> list[Counted | Exception]:
        results = await votes.cast_all(session, workshop_id, [each for each in papers if each.by is not ghost])  # type: ignore[arg-type]
        for place, each in enumerate(papers):
            if each.by is ghost:
                session.add(Vote(indicator_id=text.id, wording=1, person_id=ghost.id, choice=Choice.KEEP, gesture=0))  # type: ignore[attr-defined]
                await session.flush()  # type: ignore[attr-defined]
                results.insert(place, NotFound("un fantôme a voté"))
        return results

    box._turnstile.verb = admit_anybody  # type: ignore[assignment]
    answers = await asyncio.gather(
        *(box.cast(paper(text, person)) for person in (*everyone[:2], ghost, *everyone[2:])), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Counted, Counted, IntegrityError, Counted, Counted]
    async with database.reading() as session:
        assert {vote.person_id for vote in await session.scalars(select(Vote))} == {one.id for one in everyone}


async def test_when_the_database_is_away_everyone_is_told_and_the_box_opens_again(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    everyone = await voters(database, room, 5)
    await box.cast(paper(text, everyone[0]))
    box._turnstile.database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    answers = await asyncio.gather(*(box.cast(paper(text, person)) for person in everyone), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OperationalError] * 5
    box._turnstile.database = database
    assert isinstance(await box.cast(paper(text, everyone[1])), Counted)
    assert await ask(database, tallies.tally, text.id) == counted(keep=2)


async def test_whoever_stops_waiting_has_voted_all_the_same(
    database: Database, room: Workshop, text: Card, box: Box
) -> None:
    alix, sacha = await voters(database, room, 2)
    leaving = asyncio.create_task(box.cast(paper(text, alix)))
    staying = asyncio.create_task(box.cast(paper(text, sacha)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert isinstance(await staying, Counted)
    assert leaving.cancelled()
    assert await ask(database, tallies.tally, text.id) == counted(keep=2)


async def test_a_single_vote_obeys_the_same_rule(database: Database, room: Workshop, text: Card) -> None:
    alix = await member_of(database, room)
    vote = await act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=alix)
    assert (vote.person_id, vote.gesture) == (alix.id, (await reread(database, room)).gestures)
