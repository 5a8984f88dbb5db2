"""Handling: whatever a lab does with what it receives is counted."""

from datetime import timedelta

import pytest

from server.database import Database
from tests.cast import act, ask, colleague, give, moderator, touchpoint, witness
from tests.conftest import Clock
from workshops import handling, moderation, withdrawals
from workshops.moderation import Reason
from workshops.people import Person
from workshops.scores import Colour, Score
from workshops.testimonials import Face


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


async def test_nothing_received_has_no_score_and_no_delay(database: Database) -> None:
    none = await ask(database, handling.of, lab_slug="ti-lab")
    assert (none.received, none.satisfaction, none.clarity, none.heard, none.delay) == (0, None, None, None, None)
    assert none.faces == {Face.GOOD: 0, Face.MEDIUM: 0, Face.BAD: 0}
    assert await ask(database, handling.by_lab) == {}


async def test_each_one_is_counted_in_one_place(database: Database, alix: Person, clock: Clock) -> None:
    point = await touchpoint(database, project="Démarche claire", by=alix)
    await give(database, point)
    await give(database, point, face="mal", may_publish=False, may_cite=False)
    await give(database, point, face="moyen", clarity="4")
    _key, refused = await give(database, point, face="mal", heard="1")
    appealing, appealed = await give(database, point, face="mal", happened="Sans suite.")
    withdrawing, _withdrawn = await give(database, point, happened="Finalement non.")
    await give(database, lab="siilab", face="mal")
    clock.advance(hours=2)
    await act(database, moderation.decide, refused.id, verdict="refuse", reason="injurieux", base=1, by=alix)
    await act(database, moderation.decide, appealed.id, verdict="refuse", reason="hors_sujet", base=1, by=alix)
    await act(database, moderation.appeal, appealing)
    await act(database, withdrawals.withdraw, withdrawing)
    clock.advance(hours=4)
    _key, published = await give(database, point, clarity="2")
    clock.advance(hours=6)
    await act(database, moderation.decide, published.id, verdict="publie", base=1, by=alix)

    found = await ask(database, handling.of, lab_slug="ti-lab")
    places = (found.begun, found.kept, found.waiting, found.published, found.refused, found.withdrawn)
    assert (found.received, places) == (7, (1, 1, 2, 1, 1, 1))
    assert found.received == sum(places)
    assert found.refused_by == {Reason.INSULTING: 1}
    assert (found.decided, found.delay) == (3, None)
    assert found.faces == {Face.GOOD: 3, Face.MEDIUM: 1, Face.BAD: 3}
    assert found.satisfaction == Score(5.0, 7, Colour.MEDIUM)
    assert found.clarity == Score(5.0, 2, Colour.MEDIUM)
    assert found.heard == Score(0.0, 1, Colour.BAD)
    assert await ask(database, handling.of, touchpoint_id=point.id) == found
    assert await ask(database, handling.by_project) == {point.project_id: found}
    assert {lab: one.received for lab, one in (await ask(database, handling.by_lab)).items()} == {
        "siilab": 1,
        "ti-lab": 7,
    }
    assert (await ask(database, handling.of)).received == 8


async def test_refusing_a_bad_one_changes_no_score(database: Database, alix: Person) -> None:
    _key, bad = await give(database, face="mal", happened="Accueil fermé.")
    await witness(database, by=alix)
    before = await ask(database, handling.of, lab_slug="ti-lab")
    await act(database, moderation.decide, bad.id, verdict="refuse", reason="faux", base=1, by=alix)
    after = await ask(database, handling.of, lab_slug="ti-lab")
    assert (after.satisfaction, after.faces, after.false) == (before.satisfaction, before.faces, 0)


async def test_only_what_the_site_found_false_weighs_nothing(database: Database) -> None:
    morgane = await moderator(database)
    _key, false = await give(database, face="mal", happened="Achetez")
    await act(database, moderation.decide, false.id, verdict="refuse", reason="faux", base=1, by=morgane)
    found = await ask(database, handling.of, lab_slug="ti-lab")
    assert (found.received, found.refused, found.false, found.satisfaction) == (1, 1, 1, None)


@pytest.mark.parametrize(("others", "weighs"), [(3, False), (4, True)])
async def test_a_withdrawn_one_weighs_only_among_five(database: Database, others: int, weighs: bool) -> None:
    key, _given = await give(database, face="mal", clarity="1")
    for _ in range(others):
        await give(database, face="bien")
    await act(database, withdrawals.withdraw, key)
    found = await ask(database, handling.of, lab_slug="ti-lab")
    assert (found.received, found.withdrawn) == (others + 1, 1)
    assert found.faces[Face.BAD] == int(weighs)
    assert found.satisfaction
    assert found.satisfaction.n == others + weighs
    assert (found.clarity is not None) == weighs


@pytest.mark.parametrize(("decided", "delay"), [(4, None), (5, timedelta(hours=3))])
async def test_the_delay_of_a_few_is_not_said(
    database: Database, alix: Person, clock: Clock, decided: int, delay: timedelta | None
) -> None:
    """When each was decided is in the public register: the delay of one alone would say at what hour somebody spoke."""
    for hours in range(1, decided + 1):
        _key, told = await give(database, happened="Bien.")
        clock.advance(hours=hours)
        await act(database, moderation.decide, told.id, verdict="publie", base=1, by=alix)
    found = await ask(database, handling.of, lab_slug="ti-lab")
    assert (found.decided, found.delay) == (decided, delay)
