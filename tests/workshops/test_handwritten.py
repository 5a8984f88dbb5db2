"""Handwritten: a paper ballot is one voice like others, judged by the same rule, and marked."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, card, member_of, move, observer, reread, stranger, workshop
from workshops import consents, handwritten, indicators, journal, objections, people, rolls, rules, tallies, turnout
from workshops.agenda import Member, Stage, Workshop
from workshops.consensus import Method, Rule, Voices
from workshops.handwritten import Ballot
from workshops.indicators import Card
from workshops.journal import Kind, Sending
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours


async def voting(database: Database, camille: Person, **figures: Any) -> Workshop:
    room = await workshop(database, by=camille)
    await act(database, rules.announce, room.id, Rule(**figures), by=camille)
    return await move(database, room, Stage.VOTING, by=camille)


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await voting(database, camille)


async def enter(
    database: Database, room: Workshop, by: Person, *ballots: Ballot, lab: str = "ti-lab", initials: str = "ab"
) -> Member:
    return await act(database, handwritten.enter, room.id, lab=lab, initials=initials, ballots=ballots, by=by)


async def kinds(database: Database, room: Workshop, since: int = 0) -> list[Kind]:
    return [entry.kind for entry in await ask(database, journal.since, room.id, since)]


async def test_a_paper_is_one_voice_like_others_and_marked(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    other = await card(database, room, "ACT-02")
    since = (await reread(database, room)).gestures
    member = await enter(
        database, room, camille, Ballot(text.id, 1, "keep"), Ballot(other.id, 1, "drop", "Personne ne le compte.")
    )
    assert (member.name, member.lab_slug, member.on_paper) == ("A. B.", "ti-lab", True)
    entries = await ask(database, journal.since, room.id, since)
    assert [(entry.kind, entry.by_id, entry.about) for entry in entries] == [
        (Kind.VOTE_ENTERED, camille.id, text.id),
        (Kind.VOTE_ENTERED, camille.id, other.id),
    ]
    tally = await ask(database, tallies.tally, text.id)
    assert (tally.counts, tally.people, tally.on_paper) == ({"keep": 1}, 1, 1)
    assert tally.published()["sur_papier"] == 1


async def test_nobody_can_sign_in_as_somebody_on_paper(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    member = await enter(database, room, camille, Ballot(text.id, 1, "keep"))
    person = await ask(database, people.get, member.person_id)
    assert not await ask(database, people.has_account, person)
    assert member.door is None


async def test_the_same_initials_of_the_same_lab_are_the_same_person(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    first = await enter(database, room, camille, Ballot(text.id, 1, "keep"))
    since = (await reread(database, room)).gestures
    again = await enter(database, room, camille, Ballot(text.id, 1, "keep"), initials=" A. b.")
    assert (again.id, await kinds(database, room, since)) == (first.id, [])
    await enter(database, room, camille, Ballot(text.id, 1, "abstain"), initials="AB")
    assert await kinds(database, room, since) == [Kind.VOTE_ENTERED]
    assert (await ask(database, tallies.tally, text.id)).counts == {"abstain": 1}
    await enter(database, room, camille, Ballot(text.id, 1, "keep"), lab="siilab")
    await enter(database, room, camille, Ballot(text.id, 1, "keep"), initials="abc")
    assert (await ask(database, tallies.tally, text.id)).counts == {"abstain": 1, "keep": 2}
    written = await ask(database, handwritten.writers, room)
    assert [(member.name, member.lab_slug, votes) for member, votes in written] == [
        ("A. B.", "ti-lab", 1),
        ("A. B.", "siilab", 1),
        ("A. B. C.", "ti-lab", 1),
    ]


async def test_a_reason_copied_again_with_other_spaces_is_the_same(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    await enter(database, room, camille, Ballot(text.id, 1, "drop", "Un  doublon.\n"))
    since = (await reread(database, room)).gestures
    await enter(database, room, camille, Ballot(text.id, 1, "drop", " Un doublon."))
    await enter(database, room, camille, Ballot(text.id, 1, "drop", "Un  doublon.\n"))
    assert await kinds(database, room, since) == []


async def test_one_ballot_that_does_not_hold_refuses_the_whole_paper(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    other = await card(database, room, "ACT-02")
    before = await kinds(database, room)
    with pytest.raises(NotThus) as refusal:
        await enter(database, room, camille, Ballot(text.id, 1, "keep"), Ballot(other.id, 1, "drop"))
    assert list(refusal.value.fields) == [f"reason-{other.id}"]
    assert await kinds(database, room) == before
    assert (await ask(database, tallies.tally, text.id)).counts == {}
    assert await ask(database, handwritten.writers, room) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"initials": "a"}, "initials"),
        ({"initials": "abcde"}, "initials"),
        ({"initials": "a1"}, "initials"),
        ({"lab": "lab-imaginaire"}, "lab"),
        ({"lab": ""}, "lab"),
    ],
)
async def test_a_paper_says_a_lab_and_two_to_four_letters(
    database: Database, room: Workshop, camille: Person, text: Card, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(NotThus) as refusal:
        await enter(database, room, camille, Ballot(text.id, 1, "keep"), **changes)
    assert list(refusal.value.fields) == [field]


async def test_a_paper_says_something(database: Database, room: Workshop, camille: Person) -> None:
    with pytest.raises(NotThus) as refusal:
        await enter(database, room, camille)
    assert list(refusal.value.fields) == ["ballots"]


async def test_whoever_leads_copies_papers_while_the_room_votes(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    for person in (await member_of(database, room), await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await enter(database, room, person, Ballot(text.id, 1, "keep"))
    elsewhere = await card(database, await workshop(database, by=camille))
    with pytest.raises(NotFound):
        await enter(database, room, camille, Ballot(elsewhere.id, 1, "keep"))
    await move(database, room, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await enter(database, room, camille, Ballot(text.id, 1, "keep"))


async def test_a_paper_is_for_the_text_that_was_printed(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    await act(database, indicators.reword, text.id, {**text.sheet, "libelle": "Autrement"}, base=1, by=camille)
    with pytest.raises(NotThus) as refusal:
        await enter(database, room, camille, Ballot(text.id, 1, "keep"))
    assert list(refusal.value.fields) == [f"choice-{text.id}"]
    await enter(database, room, camille, Ballot(text.id, 2, "keep"))
    assert (await ask(database, tallies.tally, text.id)).on_paper == 1


@pytest.mark.parametrize(
    ("method", "choice"), [(Method.TWO_AXES, "7/-"), (Method.MAJORITY_JUDGMENT, "good")], ids=lambda each: str(each)
)
async def test_a_paper_is_a_ballot_of_the_announced_rule(
    database: Database, camille: Person, method: Method, choice: str
) -> None:
    room = await voting(database, camille, method=method)
    text = await card(database, room)
    await enter(database, room, camille, Ballot(text.id, 1, choice))
    assert (await ask(database, tallies.tally, text.id)).counts == {choice: 1}
    with pytest.raises(NotThus):
        await enter(database, room, camille, Ballot(text.id, 1, "keep"))


async def test_a_lab_on_paper_has_its_voice(database: Database, camille: Person) -> None:
    room = await voting(database, camille, voices=Voices.LABS)
    text = await card(database, room)
    await enter(database, room, camille, Ballot(text.id, 1, "keep"))
    await enter(database, room, camille, Ballot(text.id, 1, "keep"), initials="cd")
    tally = await ask(database, tallies.tally, text.id)
    assert (tally.counts, tally.people, tally.on_paper) == ({"keep": 1}, 2, 2)


async def test_the_same_sending_copies_a_paper_once(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    other = await card(database, room, "ACT-02")
    papers = [Ballot(text.id, 1, "keep"), Ballot(other.id, 1, "keep")]
    given = {"lab": "ti-lab", "initials": "ab", "ballots": papers, "by": camille}
    numbers = []
    for _ in range(2):
        async with database.transaction(Sending("k-1", "d")) as session:
            await handwritten.enter(session, room.id, **given)
        numbers.append(session.info["gestures"])
    assert numbers == [{room.id: (await reread(database, room)).gestures}] * 2
    assert await kinds(database, room, 2) == [Kind.VOTE_ENTERED] * 2


async def test_what_was_copied_twice_is_taken_back_vote_by_vote(
    database: Database, room: Workshop, camille: Person, text: Card
) -> None:
    member = await enter(database, room, camille, Ballot(text.id, 1, "keep"))
    alix = await member_of(database, room)
    since = (await reread(database, room)).gestures
    with pytest.raises(NotYours):
        await act(database, handwritten.withdraw, room.id, member.id, by=alix)
    with pytest.raises(NotFound):
        await act(database, handwritten.withdraw, room.id, "0nexistepas0", by=camille)
    for _ in range(2):
        await act(database, handwritten.withdraw, room.id, member.id, by=camille)
    assert await kinds(database, room, since) == [Kind.PAPER_WITHDRAWN]
    assert (await ask(database, tallies.tally, text.id)).people == 0
    assert [votes for _, votes in await ask(database, handwritten.writers, room)] == [0]


# ── Under consent


async def test_a_position_on_paper_is_a_position(database: Database, camille: Person) -> None:
    room = await voting(database, camille, method=Method.CONSENT)

    async def copy(position: str, text: str = "") -> Member:
        given = {"lab": "ti-lab", "initials": "ab", "position": position, "text": text}
        return await act(database, handwritten.enter_position, room.id, **given, by=camille)

    since = (await reread(database, room)).gestures
    for position in ("consent", "consent", "abstain"):
        await copy(position)
    assert await kinds(database, room, since) == [Kind.VOTE_ENTERED] * 2
    with pytest.raises(NotThus):
        await copy("object")
    with pytest.raises(NotThus):
        await copy("keep")
    for _ in range(2):
        member = await copy("object", "Trop lourd à collecter.")
    found = await ask(database, rolls.roll, room)
    assert found is not None
    assert (found.consents, found.objections, found.people, found.on_paper) == (0, 1, 1, 1)
    assert await ask(database, turnout.missing, room) == []
    with pytest.raises(NotNow):
        await copy("consent")
    with pytest.raises(NotNow):
        await act(database, handwritten.withdraw, room.id, member.id, by=camille)
    (held,) = await ask(database, objections.stated, room)
    await act(database, objections.lift, held.id, because="Dit à la table.", by=camille)
    found = await ask(database, rolls.roll, room)
    assert found is not None
    assert (found.consents, found.objections, found.on_paper) == (1, 0, 1)
    await act(database, handwritten.withdraw, room.id, member.id, by=camille)
    found = await ask(database, rolls.roll, room)
    assert found is not None
    assert found.people == 0


async def test_a_position_on_paper_is_for_a_set_and_votes_for_indicators(
    database: Database, room: Workshop, camille: Person
) -> None:
    given = {"lab": "ti-lab", "initials": "ab", "position": "consent"}
    with pytest.raises(NotNow):
        await act(database, handwritten.enter_position, room.id, **given, by=camille)
    other = await voting(database, camille, method=Method.CONSENT)
    text = await card(database, other)
    with pytest.raises(NotNow):
        await enter(database, other, camille, Ballot(text.id, 1, "keep"))
    assert await ask(database, consents.stances, other) == []
