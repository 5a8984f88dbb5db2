"""Home: the front door, and the health of the server."""

from server.database import Database
from tests.cast import Browsers, facilitator, published, workshop
from tests.server.pages.reading import read
from workshops.agenda import Stage


async def test_the_front_door_of_a_fresh_machine_says_what_will_come(client: Browsers) -> None:
    answer = await client().get("/")
    page = read(answer)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    framework, workshops, labs = page.one(class_="gc-grid").all("section")
    assert [link["href"] for link in framework.all("a")] == ["/referentiel"]
    assert [link["href"] for link in workshops.all("a")] == ["/ateliers"]
    assert [link["href"] for link in labs.all("a")] == ["/laboratoires"]
    assert "Aucun atelier n'est ouvert." in workshops.text


async def test_the_front_door_has_the_form_to_join(client: Browsers) -> None:
    form = read(await client().get("/")).one("form")
    assert (form["action"], form["method"], form.one("input")["name"]) == ("/rejoindre", "get", "code")


async def test_the_front_door_leads_to_the_last_version(client: Browsers, database: Database) -> None:
    await published(database)
    framework = read(await client().get("/")).one(class_="gc-grid").all("section")[0]
    assert [link["href"] for link in framework.all("a")] == ["/referentiel/2.0.0"]


async def test_the_front_door_leads_to_three_open_workshops(client: Browsers, database: Database) -> None:
    camille = await facilitator(database)
    opened = [await workshop(database, by=camille) for _ in range(4)]
    closed = await workshop(database, Stage.CLOSED, by=camille)
    workshops = read(await client().get("/")).one(class_="gc-grid").all("section")[1]
    shown = [link["href"] for link in workshops.one("ul").all("a")]
    assert shown == [f"/ateliers/{room.id}" for room in sorted(opened, key=lambda room: room.id)[:3]]
    assert f"/ateliers/{closed.id}" not in shown


async def test_the_server_is_well(client: Browsers) -> None:
    answer = await client().get("/sante")
    assert (answer.status_code, answer.json()) == (200, {"etat": "ok", "base": "ok"})
