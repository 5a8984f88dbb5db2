"""Contributions: each thing that was said has a fate, whoever said it as a guest or with an account."""

import pytest

from server.database import Database
from tests.cast import (
    COMPLETE,
    account,
    act,
    ask,
    member_of,
    move,
    publish,
    publisher,
    workshop,
)
from tests.conftest import Clock
from workshops import (
    amendments,
    attachments,
    comments,
    conclusions,
    consents,
    contributions,
    indicators,
    lineage,
    objections,
    rules,
    votes,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice, Method, Outcome, Rule
from workshops.contributions import Fate, Sort
from workshops.people import Person

Told = list[tuple[str, str, str, str | None]]


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)


async def told(database: Database, person: Person) -> Told:
    """Sort, fate, reason, version; in the order in which it was said."""
    found = await ask(database, contributions.of_person, person)
    return [(each.sort.value, each.fate.value, each.because, each.version) for each in reversed(found)]


async def test_each_thing_said_has_its_fate(database: Database, room: Workshop, camille: Person, clock: Clock) -> None:
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    ours = await act(database, indicators.propose, room.id, COMPLETE, by=alix)
    theirs = await act(database, indicators.propose, room.id, {**COMPLETE, "libelle": "Un autre"}, by=sacha)
    clock.advance(minutes=1)
    await act(
        database, amendments.propose, theirs.id, {**COMPLETE, "libelle": "Un autre", "unite": "jours"}, base=1, by=alix
    )
    clock.advance(minutes=1)
    said = await act(database, comments.post, theirs.id, field="unite", text="Lesquels ?", by=alix)
    clock.advance(minutes=1)
    gone = await act(database, comments.post, theirs.id, field="unite", text="Des mots durs.", by=alix)
    await act(database, comments.hide, gone.id, because="Hors sujet.", by=camille)
    assert await told(database, alix) == [
        ("proposal", "on_table", "", None),
        ("amendment", "waiting", "", None),
        ("comment", "read", "", None),
        ("comment", "hidden", "Hors sujet.", None),
    ]

    await act(database, comments.post, theirs.id, field="", text="Ceux-là.", answers=said.id, by=sacha)
    (amendment,) = await ask(database, amendments.proposed, theirs.id)
    await act(database, amendments.decline, amendment.amendment.id, answer="Les projets suffisent.", by=sacha)
    room = await move(database, room, Stage.VOTING, by=camille)
    clock.advance(minutes=1)
    await act(database, votes.cast, theirs.id, wording=1, choice=Choice.DROP, reason="Doublon.", by=alix)
    await act(database, votes.cast, ours.id, wording=1, choice=Choice.KEEP, by=sacha)
    room = await move(database, room, Stage.CLOSED, by=camille)
    assert (await told(database, alix))[0] == ("proposal", Outcome.KEPT.value, "", None)
    await act(database, conclusions.conclude, theirs.id, because="Doublon.", answer="Oui.", by=camille)
    await publish(database, room, by=await publisher(database))
    assert await told(database, alix) == [
        ("proposal", "published", "Retenu par la règle annoncée.", "2.0.0"),
        ("amendment", "declined", "Les projets suffisent.", None),
        ("comment", "answered", "", None),
        ("comment", "hidden", "Hors sujet.", None),
        ("reserve", "answered", "Oui.", None),
    ]
    assert await told(database, sacha) == [
        ("proposal", "left_out", "Doublon.", "2.0.0"),
        ("comment", "read", "", None),
    ]
    assert await told(database, camille) == []


async def test_what_nobody_answered_before_the_closing_says_so(
    database: Database, room: Workshop, camille: Person
) -> None:
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    theirs = await act(database, indicators.propose, room.id, COMPLETE, by=sacha)
    await act(database, amendments.propose, theirs.id, {**COMPLETE, "unite": "jours"}, base=1, by=alix)
    assert await told(database, alix) == [("amendment", "waiting", "", None)]
    await move(database, room, Stage.CLOSED, by=camille)
    assert await told(database, alix) == [("amendment", "unanswered", "", None)]


async def test_what_a_guest_said_follows_the_account(database: Database, room: Workshop) -> None:
    guest = await member_of(database, room)
    await act(database, indicators.propose, room.id, COMPLETE, by=guest)
    alix = await account(database, "Alix")
    await act(database, attachments.attach, guest, by=alix)
    assert [(each.sort, each.fate) for each in await ask(database, contributions.of_person, alix)] == [
        (Sort.PROPOSAL, Fate.ON_TABLE)
    ]


async def test_a_proposal_that_was_merged_or_split_says_what_it_became_and_why(
    database: Database, room: Workshop, camille: Person, clock: Clock
) -> None:
    alix = await member_of(database, room)
    ids = []
    for title in ("Un", "Deux", "Trois"):
        ids.append((await act(database, indicators.propose, room.id, {**COMPLETE, "libelle": title}, by=alix)).id)
        clock.advance(minutes=1)
    one, two, three = ids
    await act(database, lineage.merge, one, into=three, because="Doublon.", by=camille)
    halves = [{**COMPLETE, "libelle": "Une moitié"}, {**COMPLETE, "libelle": "L'autre"}]
    born = await act(database, lineage.split, two, sheets=halves, because="Deux questions.", by=camille)
    found = list(reversed(await ask(database, contributions.of_person, alix)))
    assert [(each.fate.value, each.because, {kin.id for kin in each.became}) for each in found[:3]] == [
        ("merged", "Doublon.", {three}),
        ("split", "Deux questions.", {part.id for part in born}),
        ("on_table", "", set()),
    ]


async def test_an_objection_is_lifted_or_maintained_with_its_answer(
    database: Database, room: Workshop, camille: Person, clock: Clock
) -> None:
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT), by=camille)
    ours = await act(database, indicators.propose, room.id, COMPLETE, by=sacha)
    room = await move(database, room, Stage.VOTING, by=camille)
    await act(database, consents.give, room.id, "consent", by=sacha)
    one = await act(database, objections.state, room.id, text="Trop long.", by=alix)
    clock.advance(minutes=1)
    other = await act(database, objections.state, room.id, text="Trop cher.", indicator_id=ours.id, by=alix)
    assert await told(database, alix) == [("objection", "waiting", "", None), ("objection", "waiting", "", None)]
    await act(database, objections.answer, one.id, text="On abrège.", by=camille)
    assert (await told(database, alix))[0] == ("objection", "maintained", "On abrège.", None)
    await act(database, objections.lift, one.id, because="Merci.", by=alix)
    await move(database, room, Stage.CLOSED, by=camille)
    assert await told(database, alix) == [
        ("objection", "lifted", "On abrège.", None),
        ("objection", "maintained", "", None),
    ]
    found = await ask(database, contributions.of_person, alix)
    assert [(each.objection_id, each.indicator and each.indicator.id, each.title) for each in found] == [
        (other.id, ours.id, COMPLETE["libelle"]),
        (one.id, None, ""),
    ]
