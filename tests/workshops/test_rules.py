"""Rules: announced before the vote, locked when it opens; rounds, and who counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.database import Database
from tests.cast import act, ask, card, member_of, move, observer, reread, stranger, workshop
from workshops import ballots, indicators, journal, rules, tallies, votes
from workshops.agenda import Stage, Workshop
from workshops.ballots import Ballot
from workshops.consensus import ANNOUNCED, Choice, Grade, Method, Outcome, Rule, Secrecy, Voices
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotNow, NotThus, NotYours
from workshops.tallies import Tally
from workshops.votes import Vote

TWO_AXES = Rule(method=Method.TWO_AXES)
GRADES = Rule(method=Method.MAJORITY_JUDGMENT)


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.DISCUSSING, by=camille)


async def announced(database: Database, room: Workshop, rule: Rule, *, by: Person) -> Workshop:
    """The workshop once it votes by a rule."""
    await act(database, rules.announce, room.id, rule, by=by)
    return await move(database, room, Stage.VOTING, by=by)


async def cast(database: Database, text: Card, by: Person, ballot: str, **given: Any) -> Vote:
    return await act(database, votes.cast, text.id, wording=1, choice=ballot, by=by, **given)


# ── What is announced

RULES = st.builds(
    Rule,
    method=st.sampled_from(Method),
    quorum=st.integers(1, 50),
    voices=st.sampled_from(Voices),
    rounds=st.integers(1, 5),
    secrecy=st.sampled_from(Secrecy),
    is_blind=st.booleans(),
)


@given(RULES)
def test_what_is_published_is_read_back(rule: Rule) -> None:
    assert Rule.read(rule.published()).published() == rule.published()
    assert rules.read(rules.write(rule)) == rule


def test_thresholds_and_grades_are_published_too() -> None:
    for rule in (
        Rule(method=Method.TWO_AXES, most=80, few=10, quorum=4),
        Rule(method=Method.MAJORITY_JUDGMENT, least=Grade.GOOD, lowest=Grade.PASSABLE, missing="worst"),
    ):
        assert Rule.read(rule.published()) == rule


def test_a_rule_published_before_there_were_others_is_read() -> None:
    before = {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": 1}
    assert Rule.read(before) == ANNOUNCED


@pytest.mark.parametrize(
    "changed",
    [
        {"methode": "vote_a_main_levee"},
        {"majorite": "relative"},
        {"quorum": 0},
        {"quorum": "1"},
        {"quorum": True},
        {"tours": 9},
        {"voix": "notables"},
    ],
    ids=str,
)
def test_a_rule_that_is_not_one_of_ours_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Rule.read({**ANNOUNCED.published(), **changed})


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ({"method": "hands"}, "method"),
        ({"quorum": "0"}, "quorum"),
        ({"quorum": "un"}, "quorum"),
        ({"rounds": "6"}, "rounds"),
        ({"most": "0"}, "most"),
        ({"few": "101"}, "few"),
        ({"missing": "somehow"}, "missing"),
        ({"method": "majority_judgment", "least": "passable", "lowest": "good"}, "lowest"),
    ],
)
def test_a_form_that_does_not_hold_says_where(raw: dict[str, str], wrong: str) -> None:
    with pytest.raises(NotThus) as refusal:
        rules.read(raw)
    assert list(refusal.value.fields) == [wrong]


async def test_the_rule_is_announced_by_who_leads_and_saying_it_twice_is_once(
    database: Database, room: Workshop, camille: Person
) -> None:
    alix, noor = await member_of(database, room), await observer(database, room)
    for person in (alix, noor, await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, rules.announce, room.id, TWO_AXES, by=person)
    assert (await reread(database, room)).announced == ANNOUNCED
    before = (await reread(database, room)).gestures
    for _ in range(2):
        await act(database, rules.announce, room.id, TWO_AXES, by=camille)
    assert (await reread(database, room)).announced == TWO_AXES
    (entry,) = await ask(database, journal.since, room.id, before)
    assert (entry.kind, entry.about) == (Kind.RULE_ANNOUNCED, "two_axes")


@pytest.mark.parametrize("stage", [Stage.VOTING, Stage.DISCUSSING, Stage.CLOSED])
async def test_opening_the_vote_locks_the_rule_for_good(
    database: Database, room: Workshop, camille: Person, stage: Stage
) -> None:
    await announced(database, room, TWO_AXES, by=camille)
    if stage is not Stage.VOTING:
        room = await move(database, room, stage, by=camille)
    locked = (await reread(database, room)).rule_locked_at
    for rule in (ANNOUNCED, Rule(method=Method.TWO_AXES, most=50)):
        with pytest.raises(NotNow):
            await act(database, rules.announce, room.id, rule, by=camille)
    await move(database, room, Stage.VOTING, by=camille) if stage is Stage.DISCUSSING else None
    found = await reread(database, room)
    assert (found.announced, found.rule_locked_at) == (TWO_AXES, locked)


# ── What may be said


@pytest.mark.parametrize(
    ("rule", "ballot", "fields"),
    [
        (TWO_AXES, "7/", ["measurability"]),
        (TWO_AXES, "/5", ["relevance"]),
        (TWO_AXES, "", ["relevance", "measurability"]),
        (TWO_AXES, "0/5", ["relevance"]),
        (TWO_AXES, "10/5", ["relevance"]),
        (TWO_AXES, "7/5/9", ["relevance"]),
        (TWO_AXES, "keep", ["relevance", "measurability"]),
        (GRADES, "7/5", ["grade"]),
        (GRADES, "sublime", ["grade"]),
        (ANNOUNCED, "excellent", ["choice"]),
        (ANNOUNCED, "7/5", ["choice"]),
    ],
)
async def test_a_ballot_that_the_rule_does_not_know_is_refused(
    database: Database, room: Workshop, camille: Person, rule: Rule, ballot: str, fields: list[str]
) -> None:
    alix, text = await member_of(database, room), await card(database, room)
    await announced(database, room, rule, by=camille)
    with pytest.raises(NotThus) as refusal:
        await cast(database, text, alix, ballot)
    assert list(refusal.value.fields) == fields
    assert await ask(database, tallies.tally, text.id) == Tally(rule)


async def test_two_scores_are_one_ballot_and_the_outcome_follows_the_rule(
    database: Database, room: Workshop, camille: Person
) -> None:
    text = await card(database, room)
    people = [await member_of(database, room, name=f"Membre {n}") for n in range(5)]
    await announced(database, room, TWO_AXES, by=camille)
    for person, ballot in zip(people, ("7/9", "8/7", "9/8", "8/-", "8/9"), strict=True):
        await cast(database, text, person, ballot)
    found = await ask(database, tallies.tally, text.id)
    assert found == Tally(TWO_AXES, {"7/9": 1, "8/7": 1, "9/8": 1, "8/-": 1, "8/9": 1}, people=5)
    assert (found.outcome, found.is_small) == (Outcome.KEPT, False)
    await cast(database, text, people[0], "1/9")
    await cast(database, text, people[1], "2/9")
    assert (await ask(database, tallies.tally, text.id)).outcome is Outcome.REWORKED


async def test_a_majority_grade_decides_and_who_is_missing_counts_as_announced(
    database: Database, room: Workshop, camille: Person
) -> None:
    rule = Rule(method=Method.MAJORITY_JUDGMENT, missing="worst")
    one, other = await card(database, room, "ACT-01"), await card(database, room, "ACT-02")
    alix, sacha, lou = [await member_of(database, room, name=name) for name in ("Alix", "Sacha", "Lou")]
    await announced(database, room, rule, by=camille)
    for person in (alix, sacha, lou):
        await cast(database, one, person, "good")
    await cast(database, other, alix, "excellent")
    found = await ask(database, tallies.tally, one.id)
    assert (found.median, found.outcome, found.raters) == (Grade.GOOD, Outcome.KEPT, 3)
    missed = await ask(database, tallies.tally, other.id)
    assert (missed.median, missed.outcome) == (Grade.REJECTED, Outcome.DROPPED)


# ── Who counts


async def test_a_lab_is_one_voice_however_many_its_people_are(
    database: Database, room: Workshop, camille: Person
) -> None:
    rule = Rule(voices=Voices.LABS)
    text = await card(database, room)
    crowd = [await member_of(database, room, "ti-lab", name=f"Membre {n}") for n in range(4)]
    sacha, lou = await member_of(database, room, "siilab"), await member_of(database, room, "erasme", name="Lou")
    await announced(database, room, rule, by=camille)
    for person, choice in zip(crowd, (Choice.DROP, Choice.DROP, Choice.KEEP, Choice.ABSTAIN), strict=True):
        await cast(database, text, person, choice, reason="Non.")
    for person in (sacha, lou):
        await cast(database, text, person, Choice.KEEP)
    found = await ask(database, tallies.tally, text.id)
    assert found == Tally(rule, {"drop": 1, "keep": 2}, people=6)
    assert found.outcome is Outcome.KEPT
    assert found.published()["personnes"] == 6


# ── Rounds


async def test_a_round_opens_once_in_its_order_and_votes_stay_where_they_were_cast(
    database: Database, room: Workshop, camille: Person
) -> None:
    rule = Rule(rounds=2)
    text, alix = await card(database, room), await member_of(database, room)
    room = await announced(database, room, rule, by=camille)
    await cast(database, text, alix, Choice.KEEP)
    for person, number in ((alix, 2), (camille, 3)):
        with pytest.raises((NotYours, NotNow)):
            await act(database, rules.open_round, room.id, number, by=person)
    before = (await reread(database, room)).gestures
    for _ in range(2):
        await act(database, rules.open_round, room.id, 2, by=camille)
    room = await reread(database, room)
    assert (room.round, room.gestures) == (2, before + 1)
    assert await ask(database, tallies.tally, text.id) == Tally(rule, earlier=1)
    assert await ask(database, tallies.former, room) == {text.id: Tally(rule, {"keep": 1}, people=1)}
    indicator = await ask(database, indicators.get, text.id)
    own = await ask(database, ballots.ballot, room, indicator, alix)
    assert (own.current, own.earlier and own.earlier.choice) == (None, "keep")

    with pytest.raises(NotNow):
        await cast(database, text, alix, Choice.DROP, reason="Non.", round=1)
    again = await cast(database, text, alix, Choice.KEEP, round=2)
    assert [entry.kind for entry in await ask(database, journal.since, room.id, before + 1)] == [Kind.VOTE_CONFIRMED]
    assert await ask(database, tallies.tally, text.id) == Tally(rule, {"keep": 1}, people=1)
    assert await ask(database, ballots.ballot, room, indicator, alix) == Ballot(current=again)


async def test_what_was_said_in_a_round_that_is_over_is_not_taken_back(
    database: Database, room: Workshop, camille: Person
) -> None:
    """Everybody reads the figures of the round before: one vote less would tell whose it was."""
    text, alix = await card(database, room), await member_of(database, room)
    room = await announced(database, room, Rule(rounds=2, secrecy=Secrecy.CLOSED), by=camille)
    await cast(database, text, alix, Choice.DROP, reason="Non.")
    await cast(database, text, await member_of(database, room, "siilab"), Choice.KEEP)
    await act(database, rules.open_round, room.id, 2, by=camille)
    room = await reread(database, room)
    before = await ask(database, tallies.former, room)
    await act(database, votes.take_back, text.id, by=alix)
    assert (await reread(database, room)).gestures == room.gestures
    await cast(database, text, alix, Choice.KEEP)
    await act(database, votes.take_back, text.id, by=alix)
    assert await ask(database, tallies.former, room) == before
    assert await ask(database, tallies.tally, text.id) == Tally(room.announced, earlier=2)


@pytest.mark.parametrize("secrecy", [Secrecy.CLOSED, Secrecy.VOTED])
async def test_where_results_are_hidden_the_register_does_not_tell_who_says_the_same_again(
    database: Database, room: Workshop, camille: Person, secrecy: Secrecy
) -> None:
    """The figures of the round before are public: with them, it would tell what people say now."""
    text, alix = await card(database, room), await member_of(database, room)
    room = await announced(database, room, Rule(rounds=2, secrecy=secrecy), by=camille)
    await cast(database, text, alix, Choice.KEEP)
    await act(database, rules.open_round, room.id, 2, by=camille)
    before = (await reread(database, room)).gestures
    await cast(database, text, alix, Choice.KEEP)
    assert [entry.kind for entry in await ask(database, journal.since, room.id, before)] == [Kind.VOTE_CAST]


async def test_a_round_opens_while_the_workshop_votes(database: Database, room: Workshop, camille: Person) -> None:
    await act(database, rules.announce, room.id, Rule(rounds=2), by=camille)
    with pytest.raises(NotNow):
        await act(database, rules.open_round, room.id, 2, by=camille)
    for stage in (Stage.VOTING, Stage.CLOSED):
        room = await move(database, room, stage, by=camille)
    with pytest.raises(NotNow):
        await act(database, rules.open_round, room.id, 2, by=camille)
