"""Memberships: one asks to be of a lab, a referent or DITP answers."""

import asyncio

import pytest

from server.database import Database
from tests.cast import account, act, ask, facilitator, stranger
from workshops import audit, memberships, people
from workshops.audit import Deed
from workshops.memberships import Membership
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours


@pytest.fixture
async def alix(database: Database) -> Person:
    return await account(database, "Alix")


@pytest.fixture
async def referent(database: Database, dominique: Person) -> Person:
    """Who answers for the Ti Lab."""
    person = await account(database, "Yann")
    membership = await act(database, memberships.ask, "ti-lab", by=person)
    await act(database, memberships.approve, membership.id, by=dominique)
    await act(database, memberships.name_referent, membership.id, by=dominique)
    return person


async def now(database: Database, membership: Membership) -> Membership:
    return await ask(database, memberships.get, membership.id)


async def last_deed(database: Database) -> tuple[Deed, str | None, str]:
    entry = (await ask(database, audit.entries))[-1]
    return entry.kind, entry.by_id, entry.about


async def test_one_asks_once_and_a_referent_says_yes(database: Database, referent: Person, alix: Person) -> None:
    asked, again = [await act(database, memberships.ask, "ti-lab", by=alix) for _ in range(2)]
    assert again.id == asked.id
    assert asked.waits
    assert await last_deed(database) == (Deed.MEMBERSHIP_ASKED, alix.id, asked.id)
    for _ in range(2):
        await act(database, memberships.approve, asked.id, by=referent)
    found = await now(database, asked)
    assert (found.stands, found.role, found.approved_by_id) == (True, Role.MEMBER, referent.id)
    assert await last_deed(database) == (Deed.MEMBERSHIP_APPROVED, referent.id, asked.id)
    assert [who.name for _m, who in await ask(database, memberships.team, "ti-lab")] == ["Yann", "Alix"]


async def test_nobody_answers_for_themselves_nor_for_another_lab(
    database: Database, referent: Person, alix: Person
) -> None:
    mine = await act(database, memberships.ask, "ti-lab", by=alix)
    elsewhere = await act(database, memberships.ask, "siilab", by=alix)
    member = await account(database, "Maël")
    other = await act(database, memberships.ask, "ti-lab", by=member)
    await act(database, memberships.approve, other.id, by=referent)
    for membership, by in ((mine, alix), (elsewhere, referent), (mine, member), (mine, await facilitator(database))):
        for verb in (memberships.approve, memberships.name_referent):
            with pytest.raises(NotYours):
                await act(database, verb, membership.id, by=by)
        with pytest.raises(NotYours):
            await act(database, memberships.decline, membership.id, because="Non.", by=by)
    assert (await now(database, mine)).waits


async def test_a_refusal_says_why_and_one_may_ask_again(database: Database, referent: Person, alix: Person) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    for because in ("", "  ", "x" * 301):
        with pytest.raises(NotThus):
            await act(database, memberships.decline, asked.id, because=because, by=referent)
    await act(database, memberships.decline, asked.id, because="Pas encore arrivée.", by=referent)
    found = await now(database, asked)
    assert (found.stands, found.because, found.ended_by_id) == (False, "Pas encore arrivée.", referent.id)
    assert (await last_deed(database))[0] is Deed.MEMBERSHIP_DECLINED
    with pytest.raises(NotNow):
        await act(database, memberships.approve, asked.id, by=referent)
    again = await act(database, memberships.ask, "ti-lab", by=alix)
    assert (again.id != asked.id, again.waits) == (True, True)


async def test_one_leaves_without_a_reason_and_is_put_out_with_one(
    database: Database, referent: Person, alix: Person
) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    await act(database, memberships.approve, asked.id, by=referent)
    with pytest.raises(NotThus):
        await act(database, memberships.end, asked.id, by=referent)
    with pytest.raises(NotYours):
        await act(database, memberships.end, asked.id, because="Non.", by=await stranger(database))
    await act(database, memberships.end, asked.id, by=alix)
    assert not (await now(database, asked)).stands
    assert await last_deed(database) == (Deed.MEMBERSHIP_ENDED, alix.id, asked.id)
    assert not await ask(database, memberships.may_decide, "ti-lab", alix)


async def test_a_request_taken_back_is_nobody_elses_business(database: Database, referent: Person, alix: Person) -> None:
    for by, because in ((alix, ""), (referent, "Erreur de labo.")):
        asked = await act(database, memberships.ask, "ti-lab", by=alix)
        await act(database, memberships.end, asked.id, because=because, by=by)
        kind, _by, _about = await last_deed(database)
        assert (kind, kind.is_public) == (Deed.MEMBERSHIP_RETRACTED, False)


async def test_a_referent_names_another(database: Database, referent: Person, alix: Person) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    with pytest.raises(NotNow):
        await act(database, memberships.name_referent, asked.id, by=referent)
    await act(database, memberships.approve, asked.id, by=referent)
    assert not await ask(database, memberships.may_decide, "ti-lab", alix)
    await act(database, memberships.name_referent, asked.id, by=referent)
    assert await ask(database, memberships.may_decide, "ti-lab", alix)
    assert not await ask(database, memberships.may_decide, "siilab", alix)


async def test_a_guest_and_an_unknown_lab_are_refused(database: Database, alix: Person) -> None:
    with pytest.raises(NotYours):
        await act(database, memberships.ask, "ti-lab", by=await stranger(database))
    with pytest.raises(NotFound):
        await act(database, memberships.ask, "lab-imaginaire", by=alix)
    with pytest.raises(NotFound):
        await act(database, memberships.approve, "nothing", by=alix)


async def test_asking_five_times_at_once_is_asking_once(database: Database, alix: Person) -> None:
    asked = await asyncio.gather(*(act(database, memberships.ask, "ti-lab", by=alix) for _ in range(5)))
    assert len({each.id for each in asked}) == 1
    assert len(await ask(database, memberships.waiting)) == 1


async def test_people_of_the_same_establishment_suggest_their_lab(
    database: Database, referent: Person, alix: Person
) -> None:
    async def works_at(person: Person, siret: str) -> None:
        async with database.transaction() as session:
            for known in await people.identities(session, person):
                known.siret = siret

    await works_at(referent, "13002526500013")
    assert await ask(database, memberships.suggested, alix) is None
    await works_at(alix, "13002526500021")
    assert await ask(database, memberships.suggested, alix) is None
    await works_at(alix, "13002526500013")
    assert await ask(database, memberships.suggested, alix) == "ti-lab"
    assert await ask(database, memberships.suggested, referent) is None
    await act(database, memberships.ask, "ti-lab", by=alix)
    assert await ask(database, memberships.suggested, alix) is None
