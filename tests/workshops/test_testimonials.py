"""Testimonials: a face first, words if one wishes, until somebody begins to judge them."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from server.database import Database
from tests.cast import HAPPENED, act, ask, colleague, give, touchpoint
from workshops import audit, contacts, moderation, testimonials, world
from workshops.audit import Deed
from workshops.contacts import Contact
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.testimonials import Face, Telling, Testimonial, Told
from workshops.touchpoints import Touchpoint


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def point(database: Database, alix: Person) -> Touchpoint:
    return await touchpoint(database, project="Démarche claire", by=alix)


async def tell(database: Database, key: str, **told: Any) -> Testimonial:
    return await act(database, testimonials.tell, key, Told(**told))


async def last_deed(database: Database) -> tuple[Deed, str | None, str]:
    entry = (await ask(database, audit.entries))[-1]
    return entry.kind, entry.by_id, entry.about


async def test_one_tap_is_kept_and_only_its_key_opens_it(database: Database, point: Touchpoint) -> None:
    key, given = await give(database, point, face="moyen")
    assert (given.lab_slug, given.project_id, given.touchpoint_id) == ("ti-lab", point.project_id, point.id)
    own = await ask(database, testimonials.own, key)
    assert (own.testimonial.face, own.telling, own.may_correct, own.has_contact) == (Face.MEDIUM, None, True, False)
    assert own.testimonial.key_hash == testimonials.hashed(key) != key
    assert await last_deed(database) == (Deed.TESTIMONIAL_GIVEN, None, given.key_hash)
    assert not Deed.TESTIMONIAL_GIVEN.is_public
    for wrong in ("", key[:-1], world.new_key(), given.id, given.key_hash):
        with pytest.raises(NotFound):
            await ask(database, testimonials.own, wrong)
    assert await ask(database, testimonials.place, own.testimonial) == ("Ti Lab", "Démarche claire")


async def test_the_same_sending_is_one_testimonial(database: Database, point: Touchpoint) -> None:
    key = world.new_key()
    both = await asyncio.gather(
        *(act(database, testimonials.give, key=key, face="mal", token=point.token) for _ in range(2))
    )
    assert {given.id for given, _new in both} == {both[0][0].id}
    assert sorted(is_new for _given, is_new in both) == [False, True]
    with pytest.raises(NotThus):
        await act(database, testimonials.give, key=key, face="bien", token=point.token)
    assert [entry.kind for entry in await ask(database, audit.entries)].count(Deed.TESTIMONIAL_GIVEN) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"face": "ravi"}, "face"),
        ({"face": ""}, "face"),
        ({"key": "courte"}, "key"),
        ({"lab_slug": ""}, "lab"),
    ],
)
async def test_a_face_a_lab_and_a_key_are_needed(database: Database, given: dict[str, str], field: str) -> None:
    with pytest.raises(NotThus) as refused:
        await act(
            database,
            testimonials.give,
            **{"key": world.new_key(), "face": "bien", "lab_slug": "ti-lab", **given},
        )
    assert list(refused.value.fields) == [field]


async def test_without_a_touch_point_one_names_a_lab(database: Database) -> None:
    _key, given = await give(database, lab="siilab")
    assert (given.lab_slug, given.project_id, given.touchpoint_id) == ("siilab", None, None)
    with pytest.raises(NotFound):
        await give(database, lab="nulle-part")


async def test_all_the_rest_is_optional_and_corrected_until_somebody_judges(
    database: Database, point: Touchpoint, alix: Person
) -> None:
    key, given = await give(database, point)
    first = await tell(database, key, happened=" Bien\r\nreçu ", capacity="elu", clarity="5", heard="1", name=" Lou ")
    assert (first.revision, first.capacity, first.clarity, first.heard) == (1, "elu", 5, 1)
    assert await last_deed(database) == (Deed.TESTIMONIAL_TOLD, None, given.key_hash)
    again = await tell(database, key, happened="Bien\nreçu", capacity="elu", clarity="5", heard="1", name="Lou")
    assert again.revision == 1
    corrected = await tell(database, key, happened="Mieux dit", changed="Tout", may_publish=True)
    own = await ask(database, testimonials.own, key)
    assert own.telling
    assert (corrected.revision, corrected.capacity, corrected.clarity) == (2, None, None)
    assert (own.telling.happened, own.telling.changed, own.telling.name) == ("Mieux dit", "Tout", "")
    await act(database, moderation.decide, given.id, verdict="publie", base=2, by=alix)
    with pytest.raises(NotNow):
        await tell(database, key, happened="Trop tard", may_publish=True)
    assert (await tell(database, key, happened="Mieux dit", changed="Tout", may_publish=True)).revision == 2


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"happened": "x" * 2001}, "happened"),
        ({"changed": "x" * 1001}, "changed"),
        ({"name": "x" * 41}, "name"),
        ({"capacity": "roi"}, "capacity"),
        ({"clarity": "6"}, "clarity"),
        ({"heard": "0"}, "heard"),
        ({"heard": "²"}, "heard"),
        ({"may_publish": True}, "happened"),
        ({"happened": "Oui", "may_cite": True}, "may_cite"),
        ({"wants_contact": True}, "email"),
    ],
)
async def test_what_does_not_hold_is_said_and_nothing_is_kept(
    database: Database, told: dict[str, Any], field: str
) -> None:
    key, _given = await give(database)
    with pytest.raises(NotThus) as refused:
        await tell(database, key, **told)
    assert list(refused.value.fields) == [field]
    assert (await ask(database, testimonials.own, key)).testimonial.told_at is None


async def test_an_address_stays_apart_until_it_is_taken_back(database: Database) -> None:
    key, given = await give(database)
    await tell(database, key, happened=HAPPENED, may_publish=True, may_cite=True, wants_contact=True, contact="scellé")
    assert (await ask(database, contacts.of, given.id)).sealed == "scellé"
    await tell(database, key, happened="Autrement", may_publish=True, may_cite=True, wants_contact=True)
    assert (await ask(database, contacts.of, given.id)).sealed == "scellé"
    await tell(
        database, key, happened="Autrement", may_publish=True, may_cite=True, wants_contact=True, contact="autre"
    )
    assert (await ask(database, contacts.of, given.id)).sealed == "autre"
    revision = (await ask(database, testimonials.own, key)).testimonial.revision
    for _ in range(2):
        await act(database, testimonials.take_back, key, contact=True)
    own = await ask(database, testimonials.own, key)
    assert (own.has_contact, own.testimonial.may_cite, own.testimonial.revision) == (False, True, revision)
    await act(database, testimonials.take_back, key, evidence=True)
    assert not (await ask(database, testimonials.own, key)).testimonial.may_cite
    async with database.reading() as session:
        assert list(await session.scalars(select(Contact))) == []


async def test_unticking_contact_erases_the_address(database: Database) -> None:
    key, given = await give(database)
    await tell(database, key, happened=HAPPENED, wants_contact=True, contact="scellé")
    await tell(database, key, happened=HAPPENED)
    assert await ask(database, contacts.of, given.id) is None


async def test_a_script_or_a_mask_is_only_letters(database: Database) -> None:
    key, _given = await give(database)
    await tell(database, key, happened="<script>alert(1)</script> ⟦masqué⟧ \u202eabc", name="<b>Lou</b>")
    async with database.reading() as session:
        telling = (await session.scalars(select(Telling))).one()
    assert (telling.happened, telling.name) == ("<script>alert(1)</script> [masqué] abc", "<b>Lou</b>")
