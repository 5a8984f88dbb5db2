"""Votes: each person judges a wording, and nobody voted for the text that came after."""

from datetime import timedelta
from typing import Any

import pytest

from server.database import Database
from tests.cast import (
    COMPLETE,
    SHEET,
    act,
    ask,
    card,
    counted,
    member_of,
    move,
    observer,
    reread,
    stranger,
    workshop,
)
from tests.conftest import Clock
from workshops import ballots, indicators, journal, lineage, tallies, votes
from workshops.agenda import Stage, Workshop
from workshops.ballots import Ballot
from workshops.consensus import Choice, Outcome
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.tallies import Tally
from workshops.votes import Outdated, Vote

KEEP, REWORK, DROP, ABSTAIN = Choice.KEEP, Choice.REWORK, Choice.DROP, Choice.ABSTAIN


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.VOTING, by=camille)


async def vote(
    database: Database,
    text: Card,
    by: Person,
    choice: str = KEEP,
    *,
    on: int = 1,
    because: str = "Parce que.",
    **given: Any,
) -> Vote:
    reason = because if choice in (REWORK, DROP) else ""
    return await act(database, votes.cast, text.id, wording=on, choice=choice, reason=reason, by=by, **given)


async def reword(database: Database, text: Card, by: Person, *, base: int = 1) -> None:
    sheet = {**SHEET, "libelle": f"Rédaction {base + 1}"}
    await act(database, indicators.reword, text.id, sheet, base=base, by=by)


async def tally(database: Database, text: Card) -> Tally:
    return await ask(database, tallies.tally, text.id)


async def kinds(database: Database, room: Workshop, since: int) -> list[Kind]:
    return [entry.kind for entry in await ask(database, journal.since, room.id, since)]


# ── One person, one vote per wording


async def test_a_member_votes_once_and_may_change(database: Database, room: Workshop, alix: Person, text: Card) -> None:
    await vote(database, text, alix, DROP, because="  Pas\nutile. ")
    assert await tally(database, text) == counted(drop=1)
    (reasoned,) = await ask(database, votes.reasons, room, text.indicator)
    assert (reasoned.person_id, reasoned.reason) == (alix.id, "Pas utile.")
    await vote(database, text, alix, KEEP)
    assert await tally(database, text) == counted(keep=1)
    assert await ask(database, votes.reasons, room, text.indicator) == []
    assert await kinds(database, room, 3) == [Kind.VOTE_CAST, Kind.VOTE_CAST]


async def test_the_tally_counts_each_choice_and_says_what_the_rule_makes_of_it(
    database: Database, room: Workshop, text: Card
) -> None:
    for number, choice in enumerate([KEEP, KEEP, KEEP, REWORK, DROP, ABSTAIN]):
        await vote(database, text, await member_of(database, room, name=f"Membre {number}"), choice)
    found = await tally(database, text)
    assert found == counted(keep=3, rework=1, drop=1, abstain=1)
    assert (found.total, found.outcome) == (6, Outcome.KEPT)
    assert await ask(database, tallies.tallies, room) == {text.id: found}
    assert (await tally(database, await card(database, room, "ACT-02"))).outcome is Outcome.UNDECIDED


async def test_voting_the_same_twice_is_saying_it_twice_and_one_vote(
    database: Database, room: Workshop, alix: Person, text: Card
) -> None:
    since = (await reread(database, room)).gestures
    first = await vote(database, text, alix, DROP, because="Non.")
    second = await vote(database, text, alix, DROP, because=" \u200bNon.\n")
    assert [(cast.gesture, cast.reason) for cast in (first, second)] == [(since + 1, "Non."), (since + 2, "Non.")]
    assert await kinds(database, room, since) == [Kind.VOTE_CAST, Kind.VOTE_CAST]
    assert await tally(database, text) == counted(drop=1)


@pytest.mark.parametrize("choice", [REWORK, DROP])
async def test_to_rework_or_drop_one_says_why(database: Database, alix: Person, text: Card, choice: Choice) -> None:
    for because, problem in (
        (" ", "Dites pourquoi en une phrase : c'est elle qui aidera à réécrire."),
        ("x" * 501, "Cinq cents caractères au plus."),
    ):
        with pytest.raises(NotThus) as refusal:
            await vote(database, text, alix, choice, because=because)
        assert refusal.value.fields == {"reason": problem}
    assert await tally(database, text) == counted()


# ── A new wording


async def test_twelve_on_this_text_five_on_an_earlier_one(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    everyone = [await member_of(database, room, name=f"Membre {number}") for number in range(17)]
    for person in everyone:
        await vote(database, text, person)
    assert await tally(database, text) == counted(keep=17)
    await reword(database, text, camille)
    assert await tally(database, text) == counted(earlier=17)
    assert (await tally(database, text)).outcome is Outcome.UNDECIDED
    for person in everyone[:12]:
        await vote(database, text, person, on=2)
    found = await tally(database, text)
    assert (found, found.outcome) == (counted(keep=12, earlier=5), Outcome.KEPT)
    assert await ask(database, tallies.tallies, room) == {text.id: found}


async def test_someone_who_voted_on_two_earlier_texts_counts_once(
    database: Database, camille: Person, alix: Person, text: Card
) -> None:
    await vote(database, text, alix)
    await reword(database, text, camille)
    await vote(database, text, alix, DROP, on=2)
    await reword(database, text, camille, base=2)
    assert await tally(database, text) == counted(earlier=1)


async def test_a_vote_said_before_the_text_changed_counts_for_that_text(
    database: Database, camille: Person, alix: Person, text: Card, clock: Clock
) -> None:
    clock.advance(minutes=10)
    await reword(database, text, camille)
    clock.advance(minutes=5)
    with pytest.raises(Outdated) as refusal:
        await vote(database, text, alix, on=1, waited=timedelta(minutes=5))
    assert (refusal.value.status, refusal.value.told) == (409, {"redaction": 2, "redaction_lue": 1})
    assert await tally(database, text) == counted()
    cast = await vote(database, text, alix, on=1, waited=timedelta(minutes=5, milliseconds=1))
    assert (cast.wording, await tally(database, text)) == (1, counted(earlier=1))
    for never_was in (0, 3, -1):
        with pytest.raises(NotThus) as refusal:
            await vote(database, text, alix, on=never_was)
        assert refusal.value.fields == {"wording": "Cette rédaction n'existe pas."}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (KEEP, KEEP, Kind.VOTE_CONFIRMED),
        (DROP, DROP, Kind.VOTE_CONFIRMED),
        (REWORK, KEEP, Kind.VOTE_CAST),
        (None, KEEP, Kind.VOTE_CAST),
    ],
)
async def test_saying_the_same_of_the_new_text_is_a_confirmation(
    database: Database,
    room: Workshop,
    camille: Person,
    alix: Person,
    text: Card,
    before: Choice | None,
    after: Choice,
    kind: Kind,
) -> None:
    if before:
        await vote(database, text, alix, before)
    await reword(database, text, camille)
    since = (await reread(database, room)).gestures
    await vote(database, text, alix, after, on=2)
    await vote(database, text, alix, after, on=2)  # again: nothing left to confirm
    assert await kinds(database, room, since) == [kind, Kind.VOTE_CAST]


async def test_ones_own_ballot_is_on_this_text_or_on_the_last_one_read(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card
) -> None:
    async def own() -> Ballot:
        indicator = await ask(database, indicators.get, text.id)
        found = await ask(database, ballots.ballots, room, {text.id: indicator.wording}, alix)
        assert found.get(text.id, Ballot()) == await ask(database, ballots.ballot, room, indicator, alix)
        return found.get(text.id, Ballot())

    assert await own() == Ballot()
    first = await vote(database, text, alix)
    assert await own() == Ballot(current=first)
    await reword(database, text, camille)
    assert await own() == Ballot(earlier=first)
    second = await vote(database, text, alix, DROP, on=2)
    assert await own() == Ballot(current=second)
    await reword(database, text, camille, base=2)
    assert await own() == Ballot(earlier=second)
    read = await ask(database, ballots.texts_read, [second])
    assert {key: wording.sheet["libelle"] for key, wording in read.items()} == {(text.id, 2): "Rédaction 2"}


# ── Take back


async def test_taking_back_leaves_no_vote_whatever_the_wording(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card
) -> None:
    await vote(database, text, alix)
    await reword(database, text, camille)
    await vote(database, text, alix, on=2)
    since = (await reread(database, room)).gestures
    await act(database, votes.take_back, text.id, by=alix)
    assert await tally(database, text) == counted()
    assert await ask(database, ballots.ballots, room, {text.id: 2}, alix) == {}
    assert await kinds(database, room, since) == [Kind.VOTE_TAKEN_BACK]
    await vote(database, text, alix, DROP, on=2)
    assert await tally(database, text) == counted(drop=1)
    assert await kinds(database, room, since) == [Kind.VOTE_TAKEN_BACK, Kind.VOTE_CAST]


async def test_nothing_to_take_back_is_not_a_gesture(
    database: Database, room: Workshop, alix: Person, text: Card
) -> None:
    before = await reread(database, room)
    await act(database, votes.take_back, text.id, by=alix)
    assert await reread(database, room) == before
    await vote(database, text, alix)
    for _ in range(2):
        await act(database, votes.take_back, text.id, by=alix)
    assert await kinds(database, room, before.gestures) == [Kind.VOTE_CAST, Kind.VOTE_TAKEN_BACK]


# ── Who, when


async def test_neither_observers_nor_strangers_nor_the_facilitator_vote(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    for person in (await observer(database, room), await stranger(database), camille):
        with pytest.raises(NotYours):
            await vote(database, text, person)
        with pytest.raises(NotYours):
            await act(database, votes.take_back, text.id, by=person)
    assert await tally(database, text) == counted()


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.PROPOSING, Stage.DISCUSSING, Stage.CLOSED])
async def test_voting_has_its_stage(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, stage: Stage
) -> None:
    await vote(database, text, alix)
    await move(database, room, stage, by=camille)
    with pytest.raises(NotNow):
        await vote(database, text, alix, DROP)
    with pytest.raises(NotNow):
        await act(database, votes.take_back, text.id, by=alix)
    assert await tally(database, text) == counted(keep=1)


async def test_nobody_votes_on_what_does_not_exist_or_was_withdrawn(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    await move(database, room, Stage.PROPOSING, by=camille)
    proposed = await act(database, indicators.propose, room.id, COMPLETE, by=alix)
    await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    with pytest.raises(NotNow):
        await act(database, votes.cast, proposed.id, wording=1, choice=KEEP, by=alix)
    with pytest.raises(NotFound):
        await act(database, votes.cast, "nothing", wording=1, choice=KEEP, by=alix)


async def test_reasons_are_not_in_the_order_of_the_register_which_tells_who_voted_when(
    database: Database, room: Workshop, text: Card
) -> None:
    said = ["Zut.", "Mal dit.", "Ambigu."]
    for number, reason in enumerate(said):
        person = await member_of(database, room, name=f"Voix {number}")
        await act(database, votes.cast, text.id, wording=1, choice=DROP, reason=reason, by=person)
    indicator = await ask(database, indicators.get, text.id)
    told = await ask(database, votes.reasons, room, indicator)
    assert [vote.reason for vote in told] == sorted(said)
