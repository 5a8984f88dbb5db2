"""Votes by lineage: what was said of an indicator that is no more stays there, and is asked again where it went."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from server.database import Database
from tests.cast import SHEET, account, act, ask, cards, member_of, workshop
from workshops import agenda, attachments, ballots, indicators, journal, lineage, tallies, votes
from workshops.agenda import Stage, Start, Workshop
from workshops.ballots import Ballot
from workshops.consensus import Choice
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotNow
from workshops.tallies import Tally
from workshops.votes import Vote

WHY = "Deux fois la même chose."
PARTS = [{**SHEET, "libelle": "Une moitié"}, {**SHEET, "libelle": "L'autre"}]


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


async def ids(database: Database, room: Workshop) -> dict[str, str]:
    return {code: found.id for code, found in (await cards(database, room)).items()}


async def cast(database: Database, id: str, choice: Choice, by: Person, *, on: int = 1) -> None:
    reason = WHY if choice in (Choice.REWORK, Choice.DROP) else ""
    await act(database, votes.cast, id, wording=on, choice=choice, reason=reason, by=by)


async def tally(database: Database, id: str) -> Tally:
    return await ask(database, tallies.tally, id)


async def ballot(database: Database, room: Workshop, id: str, person: Person) -> tuple[str, str, str] | None:
    """Whether one's vote is on this text or before, on which indicator, and what it says."""
    indicator = await ask(database, indicators.get, id)
    found: Ballot = await ask(database, ballots.ballot, room, indicator, person)
    assert (await ask(database, ballots.ballots, room, {id: indicator.wording}, person)).get(id, Ballot()) == found
    vote = found.current or found.earlier
    return ("here" if found.current else "before", vote.indicator_id, vote.choice) if vote else None


async def last(database: Database, room: Workshop) -> Kind:
    return (await ask(database, journal.since, room.id, 0))[-1].kind


async def test_after_a_merge_a_vote_is_one_on_an_earlier_text_and_is_confirmed_in_one_tap(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    table = await ids(database, room)
    left, kept = table["ACT-02"], table["ACT-01"]
    await cast(database, left, Choice.KEEP, alix)
    await cast(database, left, Choice.DROP, sacha)
    await cast(database, kept, Choice.KEEP, sacha)
    await act(database, lineage.merge, left, into=kept, because=WHY, by=camille)
    assert await tally(database, left) == Tally(counts={"keep": 1, "drop": 1}, people=2)
    assert await tally(database, kept) == Tally(counts={"keep": 1}, people=1, earlier=1)
    assert (await ask(database, tallies.tallies, room))[kept] == await tally(database, kept)
    assert await ballot(database, room, kept, alix) == ("before", left, "keep")
    assert await ballot(database, room, kept, sacha) == ("here", kept, "keep")
    with pytest.raises(NotNow):
        await cast(database, left, Choice.DROP, alix)
    await cast(database, kept, Choice.KEEP, alix)
    assert await last(database, room) is Kind.VOTE_CONFIRMED
    assert await tally(database, kept) == Tally(counts={"keep": 2}, people=2)
    assert await tally(database, left) == Tally(counts={"keep": 1, "drop": 1}, people=2)


async def test_to_say_something_else_is_to_vote_and_a_vote_of_ones_own_comes_before_those_of_ancestors(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    table = await ids(database, room)
    kept = table["ACT-01"]
    for code, choice in (("ACT-03", Choice.KEEP), ("ACT-02", Choice.ABSTAIN)):
        await cast(database, table[code], choice, alix)
        await act(database, lineage.merge, table[code], into=kept, because=WHY, by=camille)
    assert await ballot(database, room, kept, alix) == ("before", table["ACT-02"], "abstain")
    await cast(database, kept, Choice.KEEP, alix)
    assert await last(database, room) is Kind.VOTE_CAST
    await act(database, indicators.reword, kept, SHEET, base=1, by=camille)
    assert await ballot(database, room, kept, alix) == ("before", kept, "keep")
    await cast(database, kept, Choice.KEEP, alix, on=2)
    assert await last(database, room) is Kind.VOTE_CONFIRMED
    assert await ballot(database, room, kept, sacha) is None


async def test_after_a_split_each_part_asks_and_taking_back_from_one_is_taking_back_from_all(
    database: Database, room: Workshop, camille: Person, alix: Person, sacha: Person
) -> None:
    whole = (await ids(database, room))["ACT-01"]
    for person in (alix, sacha):
        await cast(database, whole, Choice.KEEP, person)
    one, other = [
        part.id for part in await act(database, lineage.split, whole, sheets=PARTS, because=WHY, by=camille)
    ]
    assert {id: await tally(database, id) for id in (one, other)} == dict.fromkeys((one, other), Tally(earlier=2))
    await cast(database, one, Choice.KEEP, alix)
    await cast(database, other, Choice.ABSTAIN, sacha)
    await act(database, votes.take_back, one, by=alix)
    assert await last(database, room) is Kind.VOTE_TAKEN_BACK
    assert [await ballot(database, room, id, alix) for id in (one, other)] == [None, None]
    assert [await ballot(database, room, id, sacha) for id in (one, other)] == [
        ("before", whole, "keep"),
        ("here", other, "abstain"),
    ]
    assert await tally(database, whole) == Tally(counts={"keep": 1}, people=1)
    gestures = (await ask(database, journal.since, room.id, 0))[-1].number
    await act(database, votes.take_back, one, by=alix)
    assert (await ask(database, journal.since, room.id, 0))[-1].number == gestures


@pytest.mark.parametrize("has_a_seat", [False, True])
async def test_a_guests_vote_on_what_left_the_table_follows_the_account(
    database: Database, room: Workshop, camille: Person, alix: Person, has_a_seat: bool
) -> None:
    table, anne = await ids(database, room), await account(database, "Anne")
    await cast(database, table["ACT-02"], Choice.KEEP, alix)
    await act(database, lineage.merge, table["ACT-02"], into=table["ACT-01"], because=WHY, by=camille)
    if has_a_seat:
        await act(database, agenda.join, room.id, name="Anne", lab="siilab", by=anne)
    await act(database, attachments.attach, alix, by=anne)
    expected = None if has_a_seat else ("before", table["ACT-02"], "keep")
    assert await ballot(database, room, table["ACT-01"], anne) == expected
    assert await tally(database, table["ACT-01"]) == Tally(earlier=0 if has_a_seat else 1)
    assert (await last(database, room) is Kind.VOTE_TAKEN_BACK) is has_a_seat


# ── Whatever happens

GESTURES = st.lists(
    st.tuples(
        st.sampled_from(["cast", "cast", "cast", "reword", "merge", "split", "take back"]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=25,
)


class Table:
    """A workshop of three indicators and three members, and what one should find there, kept on the side."""

    def __init__(self, database: Database, room: Workshop, camille: Person, people: list[Person]) -> None:
        self.database, self.room, self.camille, self.people = database, room, camille, people
        self.line: dict[str, set[str]] = {}  # what each indicator on the table comes from
        self.wording: dict[str, int] = defaultdict(lambda: 1)
        self.standing: dict[tuple[str, str], set[int]] = defaultdict(set)  # (person, indicator): wordings
        self.ever: set[tuple[str, int, str]] = set()  # (indicator, wording, person)

    async def begin(self) -> None:
        for number in range(3):
            sheet = {**SHEET, "libelle": f"Indicateur {number}"}
            born: Indicator = await act(self.database, indicators.propose, self.room.id, sheet, by=self.camille)
            self.line[born.id] = set()

    async def do(self, gesture: str, one: int, other: int) -> None:
        id, person = list(self.line)[one % len(self.line)], self.people[other % len(self.people)]
        if gesture == "cast":
            choice = list(Choice)[one % len(Choice)]
            await cast(self.database, id, choice, person, on=self.wording[id])
            self.standing[person.id, id].add(self.wording[id])
            self.ever.add((id, self.wording[id], person.id))
        elif gesture == "reword":
            sheet = {**SHEET, "libelle": f"Rédaction {self.wording[id] + 1}"}
            await act(self.database, indicators.reword, id, sheet, base=self.wording[id], by=self.camille)
            self.wording[id] += 1
        elif gesture == "merge" and len(self.line) > 1:
            into = [kept for kept in self.line if kept != id][other % (len(self.line) - 1)]
            await act(self.database, lineage.merge, id, into=into, because=WHY, by=self.camille)
            self.line[into] |= {id} | self.line.pop(id)
        elif gesture == "split":
            born = await act(self.database, lineage.split, id, sheets=PARTS, because=WHY, by=self.camille)
            before = {id} | self.line.pop(id)
            self.line |= {part.id: set(before) for part in born}
        elif gesture == "take back":
            await act(self.database, votes.take_back, id, by=person)
            for each in {id} | self.line[id]:
                self.standing[person.id, each].clear()

    async def check(self) -> None:
        """No vote was lost nor moved; each person is in one state on each indicator, and the tally is their sum."""
        async with self.database.reading() as session:
            rows = list(await session.scalars(select(Vote).where(col(Vote.indicator_id).in_(await self._all()))))
        assert {(vote.indicator_id, vote.wording, vote.person_id) for vote in rows} == self.ever
        assert len(rows) == len(self.ever)
        counted = await ask(self.database, tallies.tallies, self.room)
        for id, before in self.line.items():
            states = [await self._state(id, before, person) for person in self.people]
            found = counted.get(id, Tally())
            assert (found.people, found.earlier) == (states.count("here"), states.count("before"))
            assert found.total == found.people
            assert found.people + found.earlier == sum(
                any(self.standing[person.id, each] for each in {id} | before) for person in self.people
            )

    async def _state(self, id: str, before: set[str], person: Person) -> str:
        mine = self.standing[person.id, id]
        if self.wording[id] in mine:
            expected = ("here", {id})
        elif mine:
            expected = ("before", {id})
        else:
            expected = ("before", {each for each in before if self.standing[person.id, each]})
        found = await ballot(self.database, self.room, id, person)
        if not expected[1]:
            assert found is None
            return "nowhere"
        assert found is not None
        assert (found[0], found[1] in expected[1]) == (expected[0], True)
        return found[0]

    async def _all(self) -> list[str]:
        return [card.id for card in (await cards(self.database, self.room)).values()]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestures=GESTURES)
async def test_no_gesture_loses_or_moves_a_vote_and_each_person_is_counted_once(
    database: Database, camille: Person, gestures: list[tuple[str, int, int]]
) -> None:
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    table = Table(database, room, camille, [await member_of(database, room, name=f"Membre {n}") for n in range(3)])
    await table.begin()
    await act(database, agenda.move, room.id, Stage.VOTING, by=camille)
    for gesture in gestures:
        await table.do(*gesture)
        await table.check()
