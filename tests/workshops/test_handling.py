"""Handling: whatever a lab does with what it receives is counted."""

from collections import Counter
from datetime import timedelta

import pytest

from server.database import Database
from tests.cast import act, ask, colleague, give, moderator, touchpoint, witness
from tests.conftest import Clock
from tests.testimony import tell_everything
from workshops import handling, moderation, withdrawals, world
from workshops.moderation import Reason, State
from workshops.people import Person
from workshops.scores import Colour, Score
from workshops.testimonials import End, Face, Testimonial


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


async def test_nothing_received_has_no_score_and_no_delay(database: Database) -> None:
    none = await ask(database, handling.of, lab_slug="ti-lab")
    assert (none.received, none.satisfaction, none.clarity, none.heard, none.delay) == (0, None, None, None, None)
    assert none.faces == {Face.GOOD: 0, Face.MEDIUM: 0, Face.BAD: 0}
    assert await ask(database, handling.whole, "ti-lab") == (none, {})
    assert await ask(database, handling.by_touchpoint, "ti-lab") == {}
    assert await ask(database, handling.as_of, world.now()) == {}


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
    assert await ask(database, handling.by_touchpoint, "ti-lab") == {point.id: found}
    assert await ask(database, handling.whole, "ti-lab") == (found, {point.project_id: found})
    clock.advance(hours=1)
    assert [(where, one.received) for where, one in (await ask(database, handling.as_of, clock.at)).items()] == [
        (("siilab", None), 1),
        (("ti-lab", None), 7),
        (("ti-lab", point.project_id), 7),
    ]
    assert (await ask(database, handling.of)).received == 8


async def test_a_lab_has_the_median_delay_of_all_its_projects_together(
    database: Database, alix: Person, clock: Clock
) -> None:
    for hours, project in ((1, "Un"), (2, "Un"), (8, "Deux"), (9, "Deux"), (30, "Deux")):
        point = await touchpoint(database, project=project, by=alix)
        _key, given = await give(database, point, happened="Bien.")
        clock.advance(hours=hours)
        await act(database, moderation.decide, given.id, verdict="publie", base=1, by=alix)
    found, by_project = await ask(database, handling.whole, "ti-lab")
    assert found.delay == timedelta(hours=8)
    assert [(one.decided, one.delay) for one in by_project.values()] in ([(2, None), (3, None)], [(3, None), (2, None)])


PLACES = {
    State.BEGUN: "begun",
    State.KEPT: "kept",
    State.WAITING: "waiting",
    State.APPEALED: "waiting",
    State.PUBLISHED: "published",
    State.REFUSED: "refused",
    State.WITHDRAWN: "withdrawn",
}


async def test_each_one_is_counted_where_its_author_reads_that_it_stands(database: Database) -> None:
    told = await tell_everything(database)
    _key, expiring = await give(database)
    async with database.transaction() as session:
        await withdrawals.bury(session, await session.get_one(Testimonial, expiring.id), End.EXPIRED)
    everything = [told.said, told.gone, *told.unread, expiring]
    states = [(await ask(database, moderation.get, each.id)).state for each in everything]
    assert {*states} == set(State)
    found = await ask(database, handling.of)
    places = ("begun", "kept", "waiting", "published", "refused", "withdrawn")
    assert {place: getattr(found, place) for place in places} == Counter(PLACES[state] for state in states)


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
