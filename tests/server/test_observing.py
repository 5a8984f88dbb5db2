"""Observing: each request bears an id, and is counted and told in one line that names nobody."""

import logging

import pytest
from starlette.applications import Starlette

from server import identity, logs
from server.database import Database
from tests.cast import Browsers, act, facilitator, signed_in
from tests.server.pages.day import JSON
from tests.server.pages.everything import FORMS, GESTURES, PAGES, everything

KNOWN = {*logs.OWN, "route", "status", "ms"}


def counted(app: Starlette, method: str, route: str, status: str) -> float | None:
    labels = {"method": method, "route": route, "status": status}
    return app.state.metrics.registry.get_sample_value("grille_http_requests_total", labels)


@pytest.mark.parametrize("given", ["0123456789abcdef", "a1b2c3d4-e5f6-7890", "Root.1_2-34"])
async def test_a_sane_id_is_kept(client: Browsers, given: str) -> None:
    answer = await client().get("/sante", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["", "court", "-" * 12, "x" * 65, "avec espace", "<script>alert(1)</script>", "a\tb4567890"]
)
async def test_any_other_is_replaced(client: Browsers, given: str) -> None:
    ids = [(await client().get("/sante", headers={"x-request-id": given})).headers["x-request-id"] for _ in range(2)]
    assert [len(each) for each in ids] == [12, 12]
    assert len({*ids, given}) == 3


async def test_each_request_is_told_in_one_line(
    client: Browsers, app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "server.observing")
    browser = client()
    answers = [
        await browser.get("/sante"),
        await browser.get("/rejoindre/ZZZZZZ"),
        await browser.get("/nulle-part/Alix"),
        await browser.get("/static/app.css"),
        await browser.delete("/ateliers"),
    ]
    told = [(each.getMessage(), each.route, each.status) for each in caplog.records if each.name == "server.observing"]
    assert told == [
        ("GET /sante", "home.health", 200),
        ("GET /rejoindre/{code}", "workshops.doorstep", 404),
        ("GET none", "none", 404),
        ("DELETE /ateliers", "workshops.index", 405),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 405]
    assert counted(app, "GET", "shelf", "2xx") == 1  # what the shelf answers is counted only
    assert counted(app, "GET", "home.health", "2xx") == 1
    assert counted(app, "GET", "workshops.doorstep", "4xx") == 1
    assert counted(app, "GET", "none", "4xx") == 1


async def test_no_line_of_the_log_names_anybody_or_opens_anything(
    client: Browsers, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Every address, asked by somebody who has a session, with words that would show."""
    caplog.set_level(logging.INFO)
    world = await everything(database, client)
    camille = await facilitator(database, "Camille Arnaud")
    token = await act(database, identity.link, camille)
    browser = await signed_in(client, camille)
    caplog.clear()
    asked = 0
    for route in PAGES:
        await browser.get(world.at(route), params={"suite": "/secret-de-requete", "state": "secret-de-requete"})
        asked += 1
    for route in GESTURES:
        if route.name not in ("signin.out", "account.erase"):
            await browser.post(world.at(route), data={**FORMS.get(route.name, {}), "name": "Nom-Secret"}, headers=JSON)
            asked += 1
    assert (await browser.get(f"/connexion/lien/{token}")).status_code == 303
    records = [each for each in caplog.records if each.name == "server.observing"]
    assert len(records) == asked + 1
    said = "\n".join(logs.Json().format(each) for each in caplog.records if each.name.startswith("server"))
    secrets = [
        token,
        browser.cookies["session"],
        world.day.room.code,
        "secret-de-requete",
        "Nom-Secret",
        "Camille",
        "Alix",
    ]
    assert [secret for secret in secrets if secret in said] == []
    assert {name for each in records for name in vars(each)} <= KNOWN
