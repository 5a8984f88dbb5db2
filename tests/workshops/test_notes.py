"""Notes: one's own, read by nobody else, forgotten with one's name."""

import asyncio

import pytest

from server.database import Database
from tests.cast import account, act, ask, member_of, move, observer, reread, stranger, workshop
from tests.conftest import NINE, Clock
from workshops import accounts, agenda, attachments, belongings, journal, notes
from workshops.agenda import Stage, Workshop
from workshops.notes import LONGEST, Note, Stale
from workshops.people import Person
from workshops.refusals import NotFound, NotThus, NotYours


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, by=camille)


async def own(database: Database, room: Workshop, person: Person) -> tuple[str, int]:
    note = await ask(database, notes.own, room.id, person)
    return note.text, note.number


async def test_what_one_writes_is_kept_and_is_no_gesture(
    database: Database, camille: Person, room: Workshop, clock: Clock
) -> None:
    assert await own(database, room, camille) == ("", 0)
    before = (await reread(database, room)).gestures
    await act(database, notes.write, room.id, " Penser au café.\r\n", base=0, by=camille)
    await act(database, notes.write, room.id, "Penser au thé.", base=1, by=camille)
    assert await own(database, room, camille) == ("Penser au thé.", 2)
    assert (await ask(database, notes.own, room.id, camille)).updated_at == NINE
    assert (await reread(database, room)).gestures == before
    assert len(await ask(database, journal.since, room.id, 0)) == before


async def test_each_person_has_their_own(database: Database, camille: Person, room: Workshop) -> None:
    robin = await stranger(database, "Robin")
    await act(database, agenda.appoint, room.id, robin, by=camille)
    await act(database, notes.write, room.id, "À moi.", base=0, by=camille)
    await act(database, notes.write, room.id, "À Robin.", base=0, by=robin)
    assert await own(database, room, camille) == ("À moi.", 1)
    assert await own(database, room, robin) == ("À Robin.", 1)


async def test_another_screen_never_writes_over_it_in_silence(
    database: Database, camille: Person, room: Workshop
) -> None:
    await act(database, notes.write, room.id, "Depuis le bureau.", base=0, by=camille)
    await act(database, notes.write, room.id, "Depuis le bureau.", base=0, by=camille)  # a second click
    with pytest.raises(Stale) as refused:
        await act(database, notes.write, room.id, "Depuis le téléphone.", base=0, by=camille)
    assert refused.value.theirs.text == "Depuis le bureau."
    assert refused.value.told["votre_texte"] == "Depuis le téléphone."
    assert await own(database, room, camille) == ("Depuis le bureau.", 1)


async def test_two_screens_at_the_same_moment_keep_one_text_and_tell_the_other(
    database: Database, camille: Person, room: Workshop
) -> None:
    texts = ["Un.", "Deux.", "Trois."]
    sent = [act(database, notes.write, room.id, text, base=0, by=camille) for text in texts]
    results = await asyncio.gather(*sent, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Stale", "Stale"]
    kept, number = await own(database, room, camille)
    assert (kept in texts, number) == (True, 1)


async def test_only_those_who_lead_have_notes_even_once_it_is_closed(
    database: Database, camille: Person, room: Workshop
) -> None:
    for person in (await member_of(database, room), await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, notes.write, room.id, "À moi.", base=0, by=person)
    await move(database, room, Stage.CLOSED, by=camille)
    await act(database, notes.write, room.id, "Bilan.", base=0, by=camille)
    assert await own(database, room, camille) == ("Bilan.", 1)
    with pytest.raises(NotFound):
        await act(database, notes.write, "0nexistepas0", "Rien.", base=0, by=camille)


async def test_a_note_has_an_end(database: Database, camille: Person, room: Workshop) -> None:
    await act(database, notes.write, room.id, "x" * LONGEST, base=0, by=camille)
    with pytest.raises(NotThus):
        await act(database, notes.write, room.id, "x" * (LONGEST + 1), base=1, by=camille)


async def test_one_takes_them_away_and_they_are_forgotten_with_ones_name(
    database: Database, camille: Person, room: Workshop
) -> None:
    robin = await account(database, "Robin")
    await act(database, agenda.appoint, room.id, robin, by=camille)
    await act(database, notes.write, room.id, "À Robin.", base=0, by=robin)
    await act(database, notes.write, room.id, "À Camille.", base=0, by=camille)
    taken = await ask(database, belongings.of, robin)
    assert [(note["atelier"], note["texte"]) for note in taken["notes"]] == [(room.id, "À Robin.")]
    await act(database, accounts.erase, by=robin)
    async with database.reading() as session:
        assert await session.get(Note, (room.id, robin.id)) is None
    assert await own(database, room, camille) == ("À Camille.", 1)


async def test_a_guest_who_led_keeps_them_once_attached(database: Database, camille: Person, room: Workshop) -> None:
    guest, robin = await stranger(database), await account(database, "Robin")
    await act(database, agenda.appoint, room.id, guest, by=camille)
    await act(database, notes.write, room.id, "À moi.", base=0, by=guest)
    await act(database, attachments.attach, guest, by=robin)
    assert await own(database, room, robin) == ("À moi.", 1)
