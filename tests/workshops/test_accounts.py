"""Accounts: a guest's participation attached, a name forgotten, everything taken away in a file."""

import json

import pytest
from sqlmodel import select

from server import scenes
from server.database import Database
from tests.cast import COMPLETE, account, act, ask, card, facilitator, move, publisher, stranger, workshop
from workshops import accounts, agenda, audit, comments, guests, indicators, memberships, people, roles, votes
from workshops.accounts import NOBODY
from workshops.agenda import Stage, Workshop
from workshops.audit import Deed
from workshops.consensus import Choice
from workshops.people import Person, Role
from workshops.refusals import NotNow, NotYours
from workshops.votes import Tally, Vote


@pytest.fixture
async def camille(database: Database) -> Person:
    return await facilitator(database)


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille)


@pytest.fixture
async def guest(database: Database, room: Workshop, camille: Person) -> Person:
    """Somebody without an account, who proposed, commented and voted."""
    guest = await act(database, guests.enter, room.id, name="Alix", lab="ti-lab")
    await act(database, indicators.propose, room.id, COMPLETE, by=guest)
    found = await card(database, room)
    await act(database, comments.post, found.id, field="libelle", text="Bien dit.", by=guest)
    await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.KEEP, by=guest)
    return guest


async def test_what_a_guest_did_is_the_accounts(database: Database, room: Workshop, guest: Person) -> None:
    alix = await account(database, "Alix Morvan")
    (changed,) = await act(database, accounts.attach, guest, by=alix)
    assert changed.id == room.id
    assert await ask(database, agenda.seat, room.id, guest) is None
    seat = await ask(database, agenda.seat, room.id, alix)
    assert seat is not None
    assert (seat.name, seat.lab_slug, seat.role) == ("Alix", "ti-lab", Role.MEMBER)
    assert await ask(database, accounts.done_by, alix) == {"proposals": 1, "comments": 1, "votes": 1}
    assert await ask(database, accounts.done_by, guest) == {"proposals": 0, "comments": 0, "votes": 0}
    entry = (await ask(database, audit.entries))[-1]
    assert (entry.kind, entry.by_id, entry.about) == (Deed.GUEST_ATTACHED, alix.id, guest.id)
    # Voting again is changing one's mind, not a second voice.
    found = await card(database, room)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.ABSTAIN, by=alix)
    assert await ask(database, votes.tally, found.id) == Tally(abstain=1)


async def test_the_minutes_still_say_who(database: Database, room: Workshop, guest: Person) -> None:
    before = [(line.name, line.lab) for line in (await ask(database, scenes.minutes, room.id)).lines]
    assert ("Alix", "Ti Lab") in before
    await act(database, accounts.attach, guest, by=await account(database, "Alix Morvan"))
    assert [(line.name, line.lab) for line in (await ask(database, scenes.minutes, room.id)).lines] == before


async def test_where_the_account_has_a_seat_nothing_moves(database: Database, room: Workshop, guest: Person) -> None:
    alix = await account(database, "Alix Morvan")
    await act(database, agenda.join, room.id, name="Alix M.", lab="ti-lab", by=alix)
    found = await card(database, room)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.ABSTAIN, by=alix)
    assert await act(database, accounts.attach, guest, by=alix) == []
    assert await ask(database, votes.tally, found.id) == Tally(keep=1, abstain=1)
    assert await ask(database, accounts.done_by, guest) == {"proposals": 1, "comments": 1, "votes": 1}


async def test_nobody_takes_what_is_somebody_elses(database: Database, guest: Person) -> None:
    alix, sacha = await account(database, "Alix"), await account(database, "Sacha")
    await act(database, accounts.attach, guest, by=alix)
    assert await act(database, accounts.attach, guest, by=alix) == []
    for other in (guest, alix, sacha):
        with pytest.raises(NotYours):
            await act(database, accounts.attach, other, by=sacha)


async def test_an_erased_account_is_nobody_and_its_words_stay(
    database: Database, room: Workshop, guest: Person
) -> None:
    dominique = await publisher(database)
    alix = await account(database, "Alix Morvan", Role.MODERATOR)
    await act(database, accounts.attach, guest, by=alix)
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    await act(database, memberships.approve, asked.id, by=dominique)
    found = await card(database, room)
    tally = await ask(database, votes.tally, found.id)
    await act(database, accounts.erase, by=alix)
    forgotten = await ask(database, people.get, alix.id)
    assert (forgotten.name, forgotten.erased_at is not None) == (NOBODY, True)
    assert await ask(database, people.identities, alix) == []
    assert await ask(database, people.roles, alix) == frozenset()
    assert await ask(database, memberships.team, "ti-lab") == []
    assert await ask(database, votes.tally, found.id) == tally
    names = {line.name for line in (await ask(database, scenes.minutes, room.id)).lines}
    assert names == {"Camille", NOBODY}
    assert (await ask(database, audit.entries))[-1].kind is Deed.ACCOUNT_ERASED


async def test_the_last_publisher_hands_the_key_over_first(database: Database) -> None:
    dominique = await publisher(database)
    with pytest.raises(NotNow):
        await act(database, accounts.erase, by=dominique)
    await publisher(database, "Une autre")
    await act(database, accounts.erase, by=dominique)
    assert [who.name for _g, who in await ask(database, roles.standing, Role.PUBLISHER)] == ["Une autre"]


async def test_all_that_is_kept_is_in_the_file(database: Database, room: Workshop, guest: Person) -> None:
    alix = await account(database, "Alix Morvan", Role.MODERATOR)
    await act(database, accounts.attach, guest, by=alix)
    await act(database, memberships.ask, "ti-lab", by=alix)
    kept = await ask(database, accounts.everything, alix)
    json.dumps(kept)
    assert kept["personne"]["nom"] == "Alix Morvan"
    assert kept["personne"]["participations_d_invite"] == [guest.id]
    assert [each["role"] for each in kept["roles"]] == ["moderator"]
    assert [(each["atelier"], each["nom"]) for each in kept["ateliers"]] == [(room.id, "Alix")]
    assert [each["texte"] for each in kept["avis"]] == ["Bien dit."]
    assert [each["choix"] for each in kept["votes"]] == ["keep"]
    assert [each["fiche"]["libelle"] for each in kept["redactions"]] == [COMPLETE["libelle"]]
    assert {each["genre"] for each in kept["gestes"]} == {
        "member_joined",
        "indicator_proposed",
        "comment_posted",
        "vote_cast",
        "guest_attached",
        "membership_asked",
    }
    other = await ask(database, accounts.everything, await stranger(database))
    assert (other["votes"], other["gestes"], other["identites"]) == ([], [], [])


async def test_votes_are_neither_made_nor_lost_by_attaching(database: Database, room: Workshop, guest: Person) -> None:
    async with database.reading() as session:
        before = len((await session.scalars(select(Vote))).all())
    await act(database, accounts.attach, guest, by=await account(database, "Alix Morvan"))
    async with database.reading() as session:
        assert len((await session.scalars(select(Vote))).all()) == before
