"""Credits: who agreed to be named beside their texts in published versions."""

import pytest

from server.database import Database
from tests.cast import account, act, ask, stranger
from tests.conftest import Clock
from workshops import accounts, attachments, audit, belongings, credits, people
from workshops.audit import Deed
from workshops.people import Person
from workshops.refusals import NotYours


@pytest.fixture
async def alix(database: Database) -> Person:
    return await account(database, "Alix Morvan")


async def named(database: Database, *person_ids: str) -> dict[str, str]:
    return await ask(database, credits.names, person_ids)


async def told(database: Database, person: Person) -> list[dict[str, str | None]]:
    found = await ask(database, belongings.of, await ask(database, people.get, person.id))
    said: list[dict[str, str | None]] = found["accords_pour_etre_cite"]
    return said


async def deeds(database: Database) -> list[Deed]:
    return [entry.kind for entry in await ask(database, audit.entries)]


async def test_nobody_is_named_until_they_agree(database: Database, alix: Person) -> None:
    noor = await account(database, "Noor")
    assert await named(database, alix.id, noor.id) == {}
    await act(database, credits.give, by=alix)
    assert await named(database, alix.id, noor.id) == {alix.id: "Alix Morvan"}
    assert await named(database) == {}


async def test_one_goes_back_on_it_and_again(database: Database, alix: Person, clock: Clock) -> None:
    for verb in (credits.give, credits.give, credits.withdraw, credits.withdraw, credits.give):
        await act(database, verb, by=alix)
        clock.advance(hours=1)
    assert await named(database, alix.id) == {alix.id: "Alix Morvan"}
    assert await told(database, alix) == [
        {"donne_le": "2026-11-23T09:00:00.000Z", "retire_le": "2026-11-23T11:00:00.000Z"},
        {"donne_le": "2026-11-23T13:00:00.000Z", "retire_le": None},
    ]
    assert await deeds(database) == [Deed.CREDIT_GIVEN, Deed.CREDIT_WITHDRAWN, Deed.CREDIT_GIVEN]


async def test_the_name_is_that_of_the_account_for_what_they_wrote_as_a_guest(database: Database, alix: Person) -> None:
    guest = await stranger(database, "Alix")
    await act(database, attachments.attach, guest, by=alix)
    await act(database, credits.give, by=alix)
    assert await named(database, guest.id) == {guest.id: "Alix Morvan"}


async def test_a_guest_could_not_take_it_back(database: Database) -> None:
    guest = await stranger(database)
    with pytest.raises(NotYours, match="Il faut un compte"):
        await act(database, credits.give, by=guest)
    await act(database, credits.withdraw, by=guest)
    assert (await deeds(database), await told(database, guest)) == ([], [])


async def test_an_erased_account_is_named_no_more(database: Database, alix: Person, clock: Clock) -> None:
    guest = await stranger(database, "Alix")
    await act(database, attachments.attach, guest, by=alix)
    await act(database, credits.give, by=alix)
    await act(database, accounts.erase, by=alix)
    assert await named(database, alix.id, guest.id) == {}
    assert await told(database, alix) == [
        {"donne_le": "2026-11-23T09:00:00.000Z", "retire_le": "2026-11-23T09:00:00.000Z"}
    ]


async def test_who_agrees_is_theirs_to_tell(database: Database, alix: Person) -> None:
    assert not Deed.CREDIT_GIVEN.is_public
    assert not Deed.CREDIT_WITHDRAWN.is_public
    await act(database, credits.give, by=alix)
    (entry,) = await ask(database, audit.entries)
    assert entry.about != alix.id
