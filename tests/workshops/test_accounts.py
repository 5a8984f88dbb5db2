"""Accounts: a guest's participation attached, a name forgotten, everything taken away in a file."""

import json

import pytest
from sqlmodel import select

from server import exports, registers
from server.database import Database
from tests.cast import COMPLETE, account, act, ask, card, counted, move, publisher, stranger, workshop
from workshops import (
    accounts,
    agenda,
    attachments,
    audit,
    belongings,
    comments,
    conclusions,
    guests,
    indicators,
    journal,
    memberships,
    people,
    roles,
    schedule,
    tallies,
    votes,
)
from workshops.accounts import NOBODY
from workshops.agenda import Stage, Workshop
from workshops.audit import Deed
from workshops.consensus import Choice
from workshops.journal import Kind
from workshops.people import Identity, Person, Role
from workshops.records import Record
from workshops.refusals import NotNow, NotYours
from workshops.votes import Vote

NOTHING = dict.fromkeys(("proposals", "amendments", "comments", "votes", "positions", "objections"), 0)
# What names a person without being theirs to take away, and why.
NOT_TOLD = {
    "attachment.guest_id": "told with the person",
    "attachment.person_id": "told with the person",
    "auditentry.by_id": "told with the gestures",
    "entry.by_id": "told with the gestures",
    "granting.by_id": "somebody else's role",
    "granting.ended_by_id": "somebody else's role",
    "membership.approved_by_id": "somebody else's membership",
    "membership.ended_by_id": "somebody else's membership",
    "receipt.person_id": "a day at the most, and no word of theirs",
    "session.guest_id": "told by the page, device by device",
    "session.person_id": "told by the page, device by device",
    "signinattempt.person_id": "minutes at the most",
    "signinlink.person_id": "minutes at the most",
    "stance.entered_by_id": "somebody else's ballot",
    "vote.entered_by_id": "somebody else's ballot",
}


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
    await act(database, attachments.attach, guest, by=alix)
    assert await ask(database, agenda.seat, room.id, guest) is None
    seat = await ask(database, agenda.seat, room.id, alix)
    assert seat is not None
    assert (seat.name, seat.lab_slug, seat.role) == ("Alix", "ti-lab", Role.MEMBER)
    assert await ask(database, accounts.done_by, alix) == {**NOTHING, "proposals": 1, "comments": 1, "votes": 1}
    assert await ask(database, accounts.done_by, guest) == NOTHING
    entry = (await ask(database, audit.entries))[-1]
    assert (entry.kind, entry.by_id) == (Deed.GUEST_ATTACHED, alix.id)
    assert entry.about not in (guest.id, alix.id)  # public hashes would let these be guessed
    # Voting again is changing one's mind, not a second voice.
    found = await card(database, room)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.ABSTAIN, by=alix)
    assert await ask(database, tallies.tally, found.id) == counted(abstain=1)


async def test_the_minutes_still_say_who(database: Database, room: Workshop, guest: Person) -> None:
    before = [(line.name, line.lab) for line in (await ask(database, registers.minutes, room.id)).lines]
    assert ("Alix", "Ti Lab") in before
    await act(database, attachments.attach, guest, by=await account(database, "Alix Morvan"))
    assert [(line.name, line.lab) for line in (await ask(database, registers.minutes, room.id)).lines] == before


async def test_where_the_account_has_a_seat_the_guest_votes_no_more(
    database: Database, room: Workshop, guest: Person
) -> None:
    """One person, one voice; what the guest wrote stays theirs."""
    alix = await account(database, "Alix Morvan")
    await act(database, agenda.join, room.id, name="Alix M.", lab="ti-lab", by=alix)
    found = await card(database, room)
    await act(database, votes.cast, found.id, wording=1, choice=Choice.ABSTAIN, by=alix)
    await act(database, attachments.attach, guest, by=alix)
    assert await ask(database, tallies.tally, found.id) == counted(abstain=1)
    assert await ask(database, accounts.done_by, guest) == {**NOTHING, "proposals": 1, "comments": 1}
    entry = (await ask(database, journal.since, room.id, 0))[-1]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.VOTE_TAKEN_BACK, alix.id, found.id)


async def test_where_the_workshop_is_closed_nothing_of_two_seats_moves(
    database: Database, room: Workshop, guest: Person, camille: Person
) -> None:
    alix = await account(database, "Alix Morvan")
    await act(database, agenda.join, room.id, name="Alix M.", lab="ti-lab", by=alix)
    await move(database, room, Stage.CLOSED, by=camille)
    before = await ask(database, journal.since, room.id, 0)
    await act(database, attachments.attach, guest, by=alix)
    assert await ask(database, journal.since, room.id, 0) == before
    assert await ask(database, tallies.tally, (await card(database, room)).id) == counted(keep=1)


async def test_the_browser_of_before_cannot_be_the_account(database: Database, room: Workshop) -> None:
    """A door's cookie may have been copied: it opens nothing once the guest is somebody."""
    guest = await act(database, guests.enter, room.id, name="Alix", lab="ti-lab", door="d" * 64)
    alix = await account(database, "Alix Morvan", Role.MODERATOR)
    await act(database, attachments.attach, guest, by=alix)
    somebody_else = await act(database, guests.enter, room.id, name="Mallory", lab=None, door="d" * 64)
    assert somebody_else.id not in (guest.id, alix.id)


async def test_nobody_takes_what_is_somebody_elses(database: Database, guest: Person) -> None:
    alix, sacha = await account(database, "Alix"), await account(database, "Sacha")
    await act(database, attachments.attach, guest, by=alix)
    await act(database, attachments.attach, guest, by=alix)
    for other in (guest, alix, sacha):
        with pytest.raises(NotYours):
            await act(database, attachments.attach, other, by=sacha)


async def test_an_erased_account_is_nobody_and_its_words_stay(
    database: Database, room: Workshop, guest: Person
) -> None:
    dominique = await publisher(database)
    alix = await account(database, "Alix Morvan", Role.MODERATOR)
    await act(database, attachments.attach, guest, by=alix)
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    await act(database, memberships.approve, asked.id, by=dominique)
    found = await card(database, room)
    tally = await ask(database, tallies.tally, found.id)
    await act(database, accounts.erase, by=alix)
    forgotten = await ask(database, people.get, alix.id)
    assert (forgotten.name, forgotten.erased_at is not None) == (NOBODY, True)
    assert await ask(database, people.identities, alix) == []
    assert await ask(database, people.roles, alix) == frozenset()
    assert await ask(database, memberships.team, "ti-lab") == []
    assert await ask(database, tallies.tally, found.id) == tally
    names = {line.name for line in (await ask(database, registers.minutes, room.id)).lines}
    assert names == {"Camille", NOBODY}
    assert [entry.kind for entry in await ask(database, audit.entries)][-3:] == [
        Deed.ROLE_WITHDRAWN,
        Deed.MEMBERSHIP_ENDED,
        Deed.ACCOUNT_ERASED,
    ]
    written = exports.platform(await ask(database, audit.head), await ask(database, audit.entries))
    assert journal.first_break(written["gestes"], reserves=True) is None


async def test_nothing_lets_an_erased_account_in_again(database: Database, room: Workshop) -> None:
    alix = await account(database, "Alix Morvan")
    await act(database, accounts.erase, by=alix)
    with pytest.raises(NotYours):
        await act(database, agenda.join, room.id, name="Alix", lab="ti-lab", by=alix)


async def test_who_leads_alone_shares_the_lead_first(database: Database, room: Workshop, camille: Person) -> None:
    with pytest.raises(NotNow):
        await act(database, accounts.erase, by=camille)
    await act(database, agenda.appoint, room.id, await account(database, "Robin"), by=camille)
    await act(database, accounts.erase, by=camille)
    assert [member.name for member in await ask(database, agenda.leading, room.id)] == [NOBODY, "Robin"]


async def test_the_last_way_to_sign_in_stays(database: Database) -> None:
    alix = await account(database, "Alix")
    (first,) = await ask(database, people.identities, alix)
    with pytest.raises(NotNow):
        await act(database, accounts.remove_identity, first.id, by=alix)
    other = Identity(iss="https://autre.example", sub="1", person_id=alix.id)
    await act(database, accounts.add_identity, other, by=alix)
    sacha = await account(database, "Sacha")
    await act(database, accounts.remove_identity, first.id, by=sacha)  # not theirs: nothing
    assert len(await ask(database, people.identities, alix)) == 2
    for _ in range(2):
        await act(database, accounts.remove_identity, first.id, by=alix)
    assert [each.iss for each in await ask(database, people.identities, alix)] == ["https://autre.example"]


async def test_the_last_publisher_hands_the_key_over_first(database: Database) -> None:
    dominique = await publisher(database)
    with pytest.raises(NotNow):
        await act(database, accounts.erase, by=dominique)
    await publisher(database, "Une autre")
    await act(database, accounts.erase, by=dominique)
    assert [who.name for _g, who in await ask(database, roles.standing, Role.PUBLISHER)] == ["Une autre"]


async def test_all_that_is_kept_is_in_the_file(database: Database, room: Workshop, guest: Person) -> None:
    alix = await account(database, "Alix Morvan", Role.MODERATOR)
    await act(database, attachments.attach, guest, by=alix)
    await act(database, memberships.ask, "ti-lab", by=alix)
    kept = await ask(database, belongings.of, alix)
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
        "role_granted",
    }
    assert (kept["amendements"], kept["reponses_aux_amendements"], kept["jugements"]) == ([], [], [])
    other = await ask(database, belongings.of, await stranger(database))
    assert (other["votes"], other["gestes"], other["identites"]) == ([], [], [])


def test_whatever_names_a_person_is_told_to_them_or_has_a_reason_not_to_be() -> None:
    told = {f"{kept.record.__tablename__}.{owner}" for kept in belongings.KEPT.values() for owner in kept.owners}
    named = {
        f"{table.name}.{key.parent.name}"
        for table in Record.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "person.id"
    }
    assert told | NOT_TOLD.keys() == named
    assert not told & NOT_TOLD.keys()


async def test_who_leads_takes_away_what_they_decided_and_timed(
    database: Database, room: Workshop, camille: Person
) -> None:
    await act(database, schedule.write, room.id, "10 Accueil", base=0, by=camille)
    await act(database, schedule.start, room.id, 1, by=camille)
    running = (await ask(database, schedule.day, room.id)).running
    assert running is not None
    await act(database, schedule.extend, room.id, 5, base=running.set_by, by=camille)
    await act(database, schedule.stop, room.id, running.timer_id, by=camille)
    await move(database, room, Stage.VOTING, by=camille)
    found = await card(database, room)
    await act(database, conclusions.conclude, found.id, because="Trop peu de voix.", by=camille)
    kept = await ask(database, belongings.of, camille)
    assert [(each["point"], each["minutes"]) for each in kept["minuteurs"]] == [("Accueil", 10)]
    assert [each["minutes"] for each in kept["prolongations"]] == [5]
    assert [each["minuteur"] for each in kept["arrets"]] == [running.timer_id]
    assert [each["motif"] for each in kept["conclusions"]] == ["Trop peu de voix."]


async def test_votes_are_neither_made_nor_lost_by_attaching(database: Database, room: Workshop, guest: Person) -> None:
    async with database.reading() as session:
        before = len((await session.scalars(select(Vote))).all())
    await act(database, attachments.attach, guest, by=await account(database, "Alix Morvan"))
    async with database.reading() as session:
        assert len((await session.scalars(select(Vote))).all()) == before
