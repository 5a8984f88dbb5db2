"""Touch-points: a short link of a lab, closed or replaced without losing what came through it."""

import asyncio
from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, colleague, give, stranger, touchpoint
from workshops import audit, handling, projects, touchpoints
from workshops.audit import Deed
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.touchpoints import Sort, Touchpoint


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def point(database: Database, alix: Person) -> Touchpoint:
    return await touchpoint(database, project="Démarche claire", name="Affiche du hall", by=alix)


async def deeds(database: Database) -> list[tuple[Deed, str | None]]:
    return [(entry.kind, entry.by_id) for entry in await ask(database, audit.entries)]


async def test_a_link_names_a_lab_and_a_project(database: Database, alix: Person, point: Touchpoint) -> None:
    met = await ask(database, touchpoints.met, point.token.lower())
    assert met.project
    assert (met.lab.name, met.project.title, met.point.name, met.point.sort, met.is_open) == (
        "Ti Lab",
        "Démarche claire",
        "Affiche du hall",
        Sort.PROJECT,
        True,
    )
    assert len(point.token) == 8
    assert (await deeds(database))[-2:] == [(Deed.PROJECT_ENTERED, alix.id), (Deed.TOUCHPOINT_MADE, alix.id)]
    assert await ask(database, touchpoints.names, [point.id]) == {point.id: "Affiche du hall"}


async def test_only_people_of_the_lab_make_close_or_replace_one(database: Database, point: Touchpoint) -> None:
    for other in (await colleague(database, "siilab"), await stranger(database)):
        with pytest.raises(NotYours):
            await touchpoint(database, by=other)
        with pytest.raises(NotYours):
            await act(database, projects.enter, "ti-lab", title="Autre", by=other)
        with pytest.raises(NotYours):
            await act(database, touchpoints.retire, point.id, by=other)
        with pytest.raises(NotYours):
            await act(database, touchpoints.replace, point.id, name="Autre", by=other)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sort": "gare"}, "sort"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"project_id": "000000000000"}, "project"),
    ],
)
async def test_a_touch_point_is_of_a_sort_named_and_of_its_own_lab(
    database: Database, alix: Person, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotThus) as refused:
        await act(database, touchpoints.make, "ti-lab", **{"sort": "guichet", "name": "Accueil", **given}, by=alix)
    assert list(refused.value.fields) == [field]


async def test_a_project_is_entered_once_and_never_lent(database: Database, alix: Person) -> None:
    first, again = [await act(database, projects.enter, "ti-lab", title=title, by=alix) for title in ("Allô", " allô ")]
    assert again.id == first.id
    assert await ask(database, projects.titles) == {first.id: "Allô"}
    sacha = await colleague(database, "siilab")
    with pytest.raises(NotThus):
        await act(database, touchpoints.make, "siilab", sort="projet", name="Hall", project_id=first.id, by=sacha)
    with pytest.raises(NotFound):
        await ask(database, projects.get, "000000000000")


async def test_a_closed_one_takes_nothing_more_and_loses_nothing(
    database: Database, alix: Person, point: Touchpoint
) -> None:
    await give(database, point)
    for _ in range(2):
        retirement = await act(database, touchpoints.retire, point.id, because="Fin des travaux", by=alix)
        assert retirement.because == "Fin des travaux"
    assert (await deeds(database))[-1] == (Deed.TOUCHPOINT_RETIRED, alix.id)
    assert [kind for kind, _by in await deeds(database)].count(Deed.TOUCHPOINT_RETIRED) == 1
    assert not (await ask(database, touchpoints.met, point.token)).is_open
    with pytest.raises(NotNow):
        await give(database, point)
    with pytest.raises(NotNow):
        await act(database, touchpoints.replace, point.id, name="Autre", by=alix)
    assert (await ask(database, handling.of, touchpoint_id=point.id)).received == 1


async def test_a_printed_link_leads_to_the_last_one_that_took_its_place(
    database: Database, alix: Person, point: Touchpoint
) -> None:
    await give(database, point)
    second = await act(database, touchpoints.replace, point.id, name="Affiche du quai", by=alix)
    third = await act(database, touchpoints.replace, second.id, name="Affiche du pont", by=alix)
    _key, testimonial = await give(database, point)
    assert testimonial.touchpoint_id == third.id
    assert testimonial.project_id == point.project_id
    assert [(each.name, ended is None) for each, ended in await ask(database, touchpoints.of, "ti-lab")] == [
        ("Affiche du pont", True),
        ("Affiche du quai", False),
        ("Affiche du hall", False),
    ]
    assert [(await ask(database, handling.of, touchpoint_id=each.id)).received for each in (point, third)] == [1, 1]
    assert (await ask(database, handling.of, project_id=point.project_id)).received == 2
    old = await ask(database, touchpoints.met_by_id, point.id)
    assert (old.point.id, old.is_open) == (point.id, False)


async def test_a_double_click_replaces_once(database: Database, alix: Person, point: Touchpoint) -> None:
    done = await asyncio.gather(
        *(act(database, touchpoints.replace, point.id, name="Neuf", by=alix) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["NotNow", "Touchpoint"]


async def test_no_link_ends_so(database: Database, point: Touchpoint) -> None:
    for token in ("", "AAAAAAAA", f"{point.token}A", "'; DROP TABLE touchpoint"):
        with pytest.raises(NotFound):
            await ask(database, touchpoints.met, token)
    with pytest.raises(NotFound):
        await ask(database, touchpoints.get, "000000000000")
