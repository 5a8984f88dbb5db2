"""Contests: competing texts are graded, the best one becomes the text, and no vote ever moves."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from server.database import Database
from tests.cast import (
    SHEET,
    account,
    act,
    ask,
    facilitator,
    member_of,
    move,
    observer,
    reread,
    stranger,
    workshop,
)
from workshops import agenda, amendments, attachments, belongings, contests, indicators, journal, tallies, votes, world
from workshops.agenda import Stage, Start, Workshop
from workshops.amendments import Amendment, Fate
from workshops.consensus import Choice, Grade
from workshops.contests import CURRENT, Contest
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet
from workshops.votes import Vote

SHARE: Sheet = {**SHEET, "libelle": "Part des projets abandonnés à temps", "unite": "%"}
WIDER: Sheet = {**SHEET, "definition": "Projets arrêtés, quelle qu'en soit la raison."}


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)


@pytest.fixture
async def ours(database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person) -> Indicator:
    """Alix's own proposal, that Sacha would write as a share, and Camille with another definition; it is discussed."""
    born = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await amend(database, born.id, SHARE, by=sacha)
    await amend(database, born.id, WIDER, by=camille)
    await move(database, room, Stage.DISCUSSING, by=camille)
    return born


async def amend(database: Database, on: str, sheet: Sheet, *, by: Person, base: int = 1) -> Amendment:
    return await act(database, amendments.propose, on, sheet, base=base, by=by)


async def start(database: Database, on: Indicator, camille: Person) -> Contest:
    return await act(database, contests.start, on.id, by=camille)


async def grade(database: Database, contest: Contest, by: Person, *grades: Grade) -> Contest:
    """A grade for each candidate, in order."""
    ballot = {number: given.value for number, given in enumerate(grades, start=CURRENT)}
    return await act(database, contests.grade, contest.id, ballot, by=by)


async def fates(database: Database, on: Indicator) -> list[tuple[Fate, str] | None]:
    return [
        (each.ending.fate, each.ending.answer) if each.ending else None
        for each in await ask(database, amendments.proposed, on.id)
    ]


GOOD, FAIR, POOR = Grade.GOOD, Grade.FAIR, Grade.INSUFFICIENT


# ── Start


async def test_a_contest_freezes_the_current_text_and_each_amendment_applied(
    database: Database, room: Workshop, ours: Indicator, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    texts = await ask(database, contests.candidates, contest.id)
    assert [(text.number, text.sheet) for text in texts] == [(1, SHEET), (2, SHARE), (3, WIDER)]
    assert [text.amendment_id is None for text in texts] == [True, False, False]
    assert (contest.wording, contest.is_open, await ask(database, contests.raters, contest.id)) == (1, True, 0)
    entry = (await ask(database, journal.since, room.id, contest.gesture - 1))[0]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.CONTEST_OPENED, camille.id, ours.id)


async def test_who_leads_starts_it(database: Database, room: Workshop, ours: Indicator, alix: Person) -> None:
    for person in (alix, await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, contests.start, ours.id, by=person)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in contests.STAGES])
async def test_one_grades_texts_that_are_discussed_or_voted_on(
    database: Database, room: Workshop, ours: Indicator, camille: Person, alix: Person, stage: Stage
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, GOOD, GOOD, GOOD)
    await move(database, room, stage, by=camille)
    with pytest.raises(NotNow):
        await start(database, ours, camille)
    with pytest.raises(NotNow):
        await grade(database, contest, alix, POOR, GOOD, GOOD)
    with pytest.raises(NotNow):
        await act(database, contests.close, contest.id, by=camille)


async def test_without_an_amendment_that_waits_there_is_nothing_to_decide(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person
) -> None:
    born = await act(database, indicators.propose, room.id, SHEET, by=alix)
    made = await amend(database, born.id, SHARE, by=sacha)
    await act(database, amendments.withdraw, made.id, by=sacha)
    await move(database, room, Stage.VOTING, by=camille)
    with pytest.raises(NotNow):
        await start(database, born, camille)


async def test_an_amendment_that_the_text_has_overtaken_stays_out(
    database: Database, ours: Indicator, alix: Person, camille: Person
) -> None:
    await act(database, indicators.reword, ours.id, {**SHEET, "unite": "projets"}, base=1, by=alix)
    contest = await start(database, ours, camille)
    texts = await ask(database, contests.candidates, contest.id)
    assert [text.sheet for text in texts] == [{**SHEET, "unite": "projets"}, {**WIDER, "unite": "projets"}]


async def test_starting_twice_is_once(database: Database, room: Workshop, ours: Indicator, camille: Person) -> None:
    contest = await start(database, ours, camille)
    before = (await reread(database, room)).gestures
    assert (await start(database, ours, camille)).id == contest.id
    assert (await reread(database, room)).gestures == before


async def test_the_database_keeps_one_open_contest_an_indicator(
    database: Database, ours: Indicator, camille: Person
) -> None:
    first = await start(database, ours, camille)
    again = {"indicator_id": ours.id, "wording": 1, "by_id": camille.id, "gesture": 99}
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Contest(**again))
    await act(database, contests.abandon, first.id, because="Trop tôt.", by=camille)
    async with database.transaction() as session:
        session.add(Contest(**again))


async def test_what_is_put_to_the_vote_waits_for_it(
    database: Database, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    await start(database, ours, camille)
    one = (await ask(database, amendments.waiting, ours.id))[0]
    with pytest.raises(NotNow):
        await act(database, amendments.accept, one.id, by=alix)
    with pytest.raises(NotNow):
        await act(database, amendments.decline, one.id, answer="Non.", by=alix)
    with pytest.raises(NotNow):
        await act(database, amendments.withdraw, one.id, by=sacha)


# ── Grade


async def test_a_ballot_is_one_a_person_and_the_last_one_counts(
    database: Database, room: Workshop, ours: Indicator, alix: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, GOOD, FAIR, POOR)
    await grade(database, contest, alix, POOR, FAIR, GOOD)
    assert await ask(database, contests.own, contest.id, alix) == {1: POOR, 2: FAIR, 3: GOOD}
    assert await ask(database, contests.raters, contest.id) == 1
    before = (await reread(database, room)).gestures
    await grade(database, contest, alix, POOR, FAIR, GOOD)
    assert (await reread(database, room)).gestures == before
    assert [entry.kind for entry in await ask(database, journal.since, room.id, before - 2)] == 2 * [Kind.CONTEST_GRADED]


@pytest.mark.parametrize(
    ("ballot", "lacking"),
    [
        ({}, ["grade-1", "grade-2", "grade-3"]),
        ({1: "good", 3: "good"}, ["grade-2"]),
        ({1: "good", 2: "sublime", 3: "good"}, ["grade-2"]),
        ({1: "good", 2: "Bien", 3: "", 4: "good"}, ["grade-2", "grade-3"]),
    ],
)
async def test_half_a_ballot_is_none(
    database: Database, ours: Indicator, alix: Person, camille: Person, ballot: dict[int, str], lacking: list[str]
) -> None:
    contest = await start(database, ours, camille)
    with pytest.raises(NotThus) as refused:
        await act(database, contests.grade, contest.id, ballot, by=alix)
    assert list(refused.value.fields) == lacking
    assert await ask(database, contests.raters, contest.id) == 0


async def test_those_who_vote_grade(database: Database, room: Workshop, ours: Indicator, camille: Person) -> None:
    contest = await start(database, ours, camille)
    for person in (camille, await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await grade(database, contest, person, GOOD, GOOD, GOOD)


# ── Close


async def test_the_best_text_becomes_the_current_one(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, FAIR, GOOD, POOR)
    await grade(database, contest, sacha, FAIR, GOOD, FAIR)
    closed = await act(database, contests.close, contest.id, by=camille)
    found = await ask(database, indicators.card, ours.id)
    assert (found.wording.number, found.sheet, found.wording.by_id) == (2, SHARE, sacha.id)
    assert (closed.winner, closed.ended_by_id, closed.is_open) == (2, camille.id, False)
    assert await fates(database, ours) == [
        (Fate.ACCEPTED, ""),
        (Fate.DECLINED, "Une autre rédaction a été préférée au départage (rang 3 sur 3)."),
    ]
    assert await ask(database, amendments.coauthors, room.id) == {ours.id: [sacha.id]}
    entry = (await ask(database, journal.since, room.id, (closed.ended_in or 0) - 1))[0]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.CONTEST_CLOSED, camille.id, ours.id)
    told = [(r.candidate.number, r.rank, r.majority, r.n) for r in await ask(database, contests.results, closed)]
    assert told == [(2, 1, GOOD, 2), (1, 2, FAIR, 2), (3, 3, POOR, 2)]


async def test_the_current_text_may_be_the_best(
    database: Database, room: Workshop, ours: Indicator, alix: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, GOOD, FAIR, POOR)
    closed = await act(database, contests.close, contest.id, by=camille)
    assert (closed.winner, (await ask(database, indicators.card, ours.id)).wording.number) == (CURRENT, 1)
    assert [fate and fate[0] for fate in await fates(database, ours)] == [Fate.DECLINED, Fate.DECLINED]
    assert await ask(database, amendments.coauthors, room.id) == {}


@pytest.mark.parametrize(
    ("grades", "winner"),
    [([GOOD, GOOD, GOOD], 1), ([GOOD, GOOD, FAIR], 1), ([FAIR, GOOD, GOOD], 2), ([FAIR, FAIR, GOOD], 3)],
)
async def test_of_equals_the_current_text_then_the_first_proposed(
    database: Database, ours: Indicator, alix: Person, camille: Person, grades: Sequence[Grade], winner: int
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, *grades)
    assert (await act(database, contests.close, contest.id, by=camille)).winner == winner


async def test_nothing_is_decided_by_nobody(database: Database, ours: Indicator, camille: Person) -> None:
    contest = await start(database, ours, camille)
    with pytest.raises(NotNow):
        await act(database, contests.close, contest.id, by=camille)


async def test_a_text_reworded_meanwhile_is_not_decided_on(
    database: Database, ours: Indicator, alix: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, alix, FAIR, GOOD, GOOD)
    await act(database, indicators.reword, ours.id, {**SHEET, "limites": "Peu de cas."}, base=1, by=alix)
    with pytest.raises(NotNow):
        await act(database, contests.close, contest.id, by=camille)
    with pytest.raises(NotThus):
        await act(database, contests.abandon, contest.id, because=" ", by=camille)
    given_up = await act(database, contests.abandon, contest.id, because="Le texte a changé.", by=camille)
    assert (given_up.winner, given_up.because, given_up.is_open) == (None, "Le texte a changé.", False)
    again = await start(database, ours, camille)
    assert again.id != contest.id
    assert [text.sheet["limites"] for text in await ask(database, contests.candidates, again.id)] == 3 * ["Peu de cas."]


async def test_an_amendment_of_an_abandoned_contest_waits_again(
    database: Database, ours: Indicator, alix: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await act(database, contests.abandon, contest.id, because="Trop tôt.", by=camille)
    one, other = await ask(database, amendments.waiting, ours.id)
    await act(database, amendments.accept, one.id, by=alix)
    assert [each.id for each in await ask(database, amendments.waiting, ours.id)] == [other.id]


async def test_once_ended_nobody_grades_and_ending_again_is_nothing(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    closed = await start(database, ours, camille)
    await grade(database, closed, alix, FAIR, GOOD, POOR)
    await act(database, contests.close, closed.id, by=camille)
    await amend(database, ours.id, {**SHARE, "limites": "Peu de cas."}, by=sacha, base=2)
    given_up = await start(database, ours, camille)
    await act(database, contests.abandon, given_up.id, because="Trop tôt.", by=camille)
    before = (await reread(database, room)).gestures
    for ended in (closed, given_up):
        with pytest.raises(NotNow):
            await act(database, contests.grade, ended.id, {1: "good", 2: "good", 3: "good"}, by=alix)
    await act(database, contests.close, closed.id, by=camille)
    await act(database, contests.abandon, given_up.id, because="Trop tôt.", by=camille)
    with pytest.raises(NotNow):
        await act(database, contests.close, given_up.id, by=camille)
    with pytest.raises(NotNow):
        await act(database, contests.abandon, closed.id, because="Trop tard.", by=camille)
    assert (await reread(database, room)).gestures == before


async def test_who_leads_ends_it(database: Database, ours: Indicator, alix: Person, camille: Person) -> None:
    contest = await start(database, ours, camille)
    for verb, given_ in ((contests.close, {}), (contests.abandon, {"because": "Non."})):
        with pytest.raises(NotYours):
            await act(database, verb, contest.id, by=alix, **given_)  # type: ignore[arg-type]


async def test_a_contest_that_is_not_there_is_not_found(database: Database, camille: Person) -> None:
    for verb, given_ in ((contests.close, {}), (contests.abandon, {"because": "Non."})):
        with pytest.raises(NotFound):
            await act(database, verb, "0nexistepas0", by=camille, **given_)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await ask(database, contests.get, "0nexistepas0")


# ── A guest who turns out to have an account


async def test_a_guests_ballot_and_amendments_are_the_accounts(
    database: Database, room: Workshop, ours: Indicator, sacha: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    await grade(database, contest, sacha, FAIR, GOOD, POOR)
    known = await account(database, "Sacha Le Goff")
    await act(database, attachments.attach, sacha, by=known)
    assert await ask(database, contests.own, contest.id, known) == {1: FAIR, 2: GOOD, 3: POOR}
    kept = await ask(database, belongings.of, known)
    assert [each["mention"] for each in kept["jugements"]] == ["fair", "good", "insufficient"]
    assert [each["champs"] for each in kept["amendements"]] == [{"libelle": SHARE["libelle"], "unite": "%"}]
    await act(database, contests.close, contest.id, by=camille)
    assert await ask(database, amendments.coauthors, room.id) == {ours.id: [known.id]}


async def test_an_account_with_a_seat_has_one_ballot(
    database: Database, room: Workshop, ours: Indicator, alix: Person, sacha: Person, camille: Person
) -> None:
    contest = await start(database, ours, camille)
    known = await account(database, "Alix Morvan")
    await act(database, agenda.join, room.id, name="Alix M.", lab="ti-lab", by=known)
    await grade(database, contest, alix, FAIR, GOOD, POOR)
    await grade(database, contest, known, GOOD, GOOD, GOOD)
    await act(database, attachments.attach, alix, by=known)
    assert await ask(database, contests.raters, contest.id) == 1
    assert await ask(database, contests.own, contest.id, known) == {1: GOOD, 2: GOOD, 3: GOOD}
    entry = (await ask(database, journal.since, room.id, 0))[-1]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.CONTEST_GRADED, known.id, ours.id)
    # Sacha's account has a seat and no ballot: the guest's is theirs.
    other = await account(database, "Sacha Le Goff")
    await act(database, agenda.join, room.id, name="Sacha L.", lab="siilab", by=other)
    await grade(database, contest, sacha, POOR, POOR, GOOD)
    await act(database, attachments.attach, sacha, by=other)
    assert await ask(database, contests.own, contest.id, other) == {1: POOR, 2: POOR, 3: GOOD}


# ── Votes


async def everybodys_votes(database: Database) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every vote ever cast, by indicator, wording and person."""
    async with database.reading() as session:
        cast = await session.scalars(select(Vote))
        return {
            (vote.indicator_id, vote.wording, vote.person_id): (vote.choice, vote.reason, vote.at, vote.taken_back_at)
            for vote in cast
        }


grades = st.lists(st.sampled_from(list(Grade)), min_size=3, max_size=3)


@settings(max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    choices=st.lists(st.sampled_from(list(Choice)), min_size=2, max_size=2),
    ballots=st.lists(grades, min_size=1, max_size=2),
    accepted_first=st.booleans(),
    answer=st.sampled_from(["accept", "decline", "withdraw"]),
)
async def test_no_vote_disappears_or_moves(
    database: Database, choices: list[Choice], ballots: list[list[Grade]], accepted_first: bool, answer: str
) -> None:
    """Whatever is proposed, accepted, declined, taken back or decided by a contest, each vote is where it was cast."""
    camille = await facilitator(database, f"Camille {world.new_id()}")
    room = await workshop(database, Stage.VOTING, by=camille, start=Start.EMPTY)
    voters = [await member_of(database, room), await member_of(database, room, "siilab")]
    await move(database, room, Stage.PROPOSING, by=camille)
    born = await act(database, indicators.propose, room.id, SHEET, by=voters[0])
    await move(database, room, Stage.VOTING, by=camille)

    async def all_vote() -> None:
        wording = (await ask(database, indicators.card, born.id)).wording.number
        for person, choice in zip(voters, choices, strict=True):
            cast = {"wording": wording, "choice": choice, "reason": "Parce que."}
            await act(database, votes.cast, born.id, **cast, by=person)

    await all_vote()
    before = await everybodys_votes(database)
    assert len(before) >= len(voters)
    if accepted_first:
        made = await amend(database, born.id, {**SHEET, "limites": "Peu de cas."}, by=voters[1])
        who = voters[1] if answer == "withdraw" else voters[0]
        said = {"answer": "Non."} if answer == "decline" else {}
        await act(database, getattr(amendments, answer), made.id, by=who, **said)
        assert await everybodys_votes(database) == before
    card = await ask(database, indicators.card, born.id)
    for changed in ({"unite": "%"}, {"definition": "Autrement."}):
        await amend(database, born.id, {**card.sheet, **changed}, base=card.wording.number, by=voters[1])
    if card.wording.number > 1:
        await all_vote()
        later = await everybodys_votes(database)
        assert before.items() <= later.items()
        before = later
    contest = await act(database, contests.start, born.id, by=camille)
    for person, given_ in zip(voters, ballots, strict=False):
        await grade(database, contest, person, *given_)
    await act(database, contests.close, contest.id, by=camille)
    assert await everybodys_votes(database) == before
    tally = await ask(database, tallies.tally, born.id)
    assert tally.total + tally.earlier == len(voters)
