"""Invitations: a role handed on by a link, to one person, by whoever may give it."""

import asyncio
from typing import Any

import pytest

from server.database import Database
from tests.cast import account, act, ask, facilitator, member_of, stranger, workshop
from tests.conftest import Clock
from workshops import agenda, audit, invitations, journal, memberships, people
from workshops.agenda import Stage, Workshop
from workshops.audit import Deed
from workshops.invitations import LIFE
from workshops.journal import Kind
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours

LINK = "a" * 64


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, by=camille)


@pytest.fixture
async def alix(database: Database) -> Person:
    return await account(database, "Alix")


async def invite(database: Database, role: Role, *, by: Person, link: str = LINK, **where: Any) -> str:
    return (await act(database, invitations.invite, role, token_hash=link, **where, by=by)).id


async def test_a_facilitator_shares_the_lead_of_a_workshop(
    database: Database, camille: Person, room: Workshop, alix: Person
) -> None:
    await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=camille)
    for _ in range(2):
        await act(database, invitations.accept, LINK, by=alix)
    seat = await ask(database, agenda.seat, room.id, alix)
    assert seat is not None
    assert (seat.name, seat.role) == ("Alix", Role.COFACILITATOR)
    entry = (await ask(database, journal.since, room.id, 0))[-1]
    assert (entry.kind, entry.by_id, entry.about) == (Kind.LEAD_SHARED, camille.id, seat.id)
    assert [each.kind for each in await ask(database, audit.entries)][-2:] == [
        Deed.INVITATION_MADE,
        Deed.INVITATION_ACCEPTED,
    ]
    await act(database, agenda.move, room.id, Stage.PROPOSING, by=alix)
    with pytest.raises(NotYours):
        await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=alix, link="b" * 64)


async def test_a_member_who_leads_keeps_name_and_lab(database: Database, camille: Person, room: Workshop) -> None:
    alix = await account(database, "Alix Morvan")
    await act(database, agenda.join, room.id, name="Alix", lab="ti-lab", by=alix)
    await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=camille)
    await act(database, invitations.accept, LINK, by=alix)
    seat = await ask(database, agenda.seat, room.id, alix)
    assert seat is not None
    assert (seat.name, seat.lab_slug, seat.role) == ("Alix", "ti-lab", Role.COFACILITATOR)
    await act(database, agenda.join, room.id, name="Alix", lab=None, by=alix)
    assert (await ask(database, agenda.seat, room.id, alix)).role is Role.COFACILITATOR  # type: ignore[union-attr]


async def test_ditp_hands_on_roles_of_the_platform_and_of_labs(
    database: Database, dominique: Person, alix: Person
) -> None:
    await invite(database, Role.AUDITOR, by=dominique)
    await act(database, invitations.accept, LINK, by=alix)
    assert await ask(database, people.roles, alix) == {Role.AUDITOR}
    await invite(database, Role.REFERENT, lab_slug="ti-lab", by=dominique, link="b" * 64)
    await act(database, invitations.accept, "b" * 64, by=alix)
    assert await ask(database, memberships.may_decide, "ti-lab", alix)
    await invite(database, Role.MEMBER, lab_slug="ti-lab", by=alix, link="c" * 64)
    maël = await account(database, "Maël")
    await act(database, invitations.accept, "c" * 64, by=maël)
    assert [(m.role, m.stands, who.name) for m, who in await ask(database, memberships.team, "ti-lab")] == [
        (Role.REFERENT, True, "Alix"),
        (Role.MEMBER, True, "Maël"),
    ]


async def test_nobody_hands_on_what_is_not_theirs_to_give(
    database: Database, camille: Person, room: Workshop, dominique: Person, alix: Person
) -> None:
    other = await facilitator(database, "Camille d'ailleurs")
    member = await member_of(database, room)
    before = await ask(database, audit.entries)
    for role, where, by in (
        (Role.COFACILITATOR, {"workshop_id": room.id}, other),
        (Role.COFACILITATOR, {"workshop_id": room.id}, member),
        (Role.COFACILITATOR, {"workshop_id": room.id}, dominique),
        (Role.MEMBER, {"lab_slug": "ti-lab"}, alix),
        (Role.PUBLISHER, {}, camille),
    ):
        with pytest.raises(NotYours):
            await invite(database, role, by=by, **where)
    for role, where, by in (
        (Role.FACILITATOR, {"workshop_id": room.id}, camille),
        (Role.PUBLISHER, {"lab_slug": "ti-lab"}, dominique),
        (Role.REFERENT, {}, dominique),
    ):
        with pytest.raises(NotThus):
            await invite(database, role, by=by, **where)
    with pytest.raises(NotThus):
        await invite(database, Role.COFACILITATOR, by=camille, workshop_id=room.id, lab_slug="nulle-part")
    assert await ask(database, audit.entries) == before


async def test_a_link_is_for_one_person_with_an_account(
    database: Database, camille: Person, room: Workshop, alix: Person
) -> None:
    await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=camille)
    with pytest.raises(NotYours):
        await act(database, invitations.accept, LINK, by=await stranger(database))
    with pytest.raises(NotFound):
        await act(database, invitations.accept, "0" * 64, by=alix)
    others = [await account(database, f"Personne {n}") for n in range(4)]
    results = await asyncio.gather(
        *(act(database, invitations.accept, LINK, by=each) for each in others), return_exceptions=True
    )
    assert sum(isinstance(each, NotNow) for each in results) == 3
    leading = [member.role for member in await ask(database, agenda.leading, room.id)]
    assert leading == [Role.FACILITATOR, Role.COFACILITATOR]


async def test_it_expires_and_is_taken_back(
    clock: Clock, database: Database, camille: Person, room: Workshop, alix: Person
) -> None:
    first = await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=camille)
    with pytest.raises(NotYours):
        await act(database, invitations.withdraw, first, by=alix)
    for _ in range(2):
        await act(database, invitations.withdraw, first, by=camille)
    with pytest.raises(NotNow):
        await act(database, invitations.accept, LINK, by=alix)
    await invite(database, Role.COFACILITATOR, workshop_id=room.id, by=camille, link="b" * 64)
    assert len(await ask(database, invitations.pending, workshop_id=room.id)) == 1
    clock.advance(seconds=LIFE.total_seconds() - 1)
    assert (await ask(database, invitations.find, "b" * 64)).is_open
    clock.advance(seconds=1)
    assert await ask(database, invitations.pending, workshop_id=room.id) == []
    with pytest.raises(NotNow):
        await act(database, invitations.accept, "b" * 64, by=alix)


async def test_whoever_lost_the_right_to_give_gives_nothing(
    database: Database, dominique: Person, alix: Person
) -> None:
    """A referent who left hands nothing on, though the link was made before."""
    yann = await account(database, "Yann")
    await invite(database, Role.REFERENT, lab_slug="ti-lab", by=dominique)
    await act(database, invitations.accept, LINK, by=yann)
    await invite(database, Role.REFERENT, lab_slug="ti-lab", by=yann, link="b" * 64)
    ((membership, _who),) = await ask(database, memberships.team, "ti-lab")
    await act(database, memberships.end, membership.id, by=yann)
    with pytest.raises(NotNow):
        await act(database, invitations.accept, "b" * 64, by=alix)
    assert await ask(database, memberships.team, "ti-lab") == []
