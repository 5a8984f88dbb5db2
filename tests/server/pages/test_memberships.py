"""Memberships: asking on a lab's page, answering on its team's."""

import pytest

from server.database import Database
from tests.cast import Browsers, account, act, ask, publisher, signed_in, stranger
from tests.server.pages.day import JSON
from tests.server.pages.reading import read
from workshops import memberships
from workshops.people import Person


@pytest.fixture
async def alix(database: Database) -> Person:
    return await account(database, "Alix <Morvan>")


async def test_one_asks_and_ditp_says_yes(database: Database, client: Browsers, alix: Person) -> None:
    browser, ditp = await signed_in(client, alix), await signed_in(client, await publisher(database))
    form = read(await browser.get("/laboratoires/ti-lab")).one("main").one("form")
    assert (await browser.post(form["action"])).headers["location"] == "/compte#laboratoires"
    assert "attend la réponse" in read(await browser.get("/laboratoires/ti-lab")).one("main").text
    team = read(await ditp.get("/laboratoires/ti-lab/equipe"))
    (line,) = team.one("main").all("li", class_="gc-entries__item")
    assert line.one("b").text == "Alix <Morvan>"
    assert "(https://fournisseur.example)" in line.text  # a name anybody may choose: this is who vouches for it
    accept = line.all("form")[0]["action"]
    ((membership, _who),) = await ask(database, memberships.waiting)
    assert accept == f"/adhesions/{membership.id}/accord"
    answer = await ditp.post(accept)
    assert answer.headers["location"] == "/laboratoires/ti-lab/equipe"
    assert "Vous en faites partie : participation." in read(await browser.get("/laboratoires/ti-lab")).one("main").text


async def test_a_refusal_without_a_reason_comes_back_beside_the_person(
    database: Database, client: Browsers, alix: Person
) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    ditp = await signed_in(client, await publisher(database))
    answer = await ditp.post(f"/adhesions/{asked.id}/refus", data={"because": " "})
    page = read(answer)
    assert answer.status_code == 422
    assert page.one("p", id=f"because-{asked.id}-error").text == "Dites pourquoi : la personne concernée le lira."
    program = await ditp.post(f"/adhesions/{asked.id}/refus", data={"because": ""}, headers=JSON)
    assert (program.status_code, set(program.json()["champs"])) == (422, {"because"})
    assert (await ask(database, memberships.get, asked.id)).waits


async def test_one_leaves_from_ones_own_page(database: Database, client: Browsers, alix: Person) -> None:
    asked = await act(database, memberships.ask, "ti-lab", by=alix)
    browser = await signed_in(client, alix)
    form = read(await browser.get("/compte")).one("section", id="laboratoires").one("form")
    assert form["action"] == f"/adhesions/{asked.id}/fin"
    assert (await browser.post(form["action"])).headers["location"] == "/compte#laboratoires"
    assert not (await ask(database, memberships.get, asked.id)).waits


async def test_the_team_is_for_those_who_answer_for_the_lab(database: Database, client: Browsers, alix: Person) -> None:
    for person in (alix, await stranger(database)):
        answer = await (await signed_in(client, person)).get("/laboratoires/ti-lab/equipe")
        assert answer.status_code == 403
    assert (await client().get("/laboratoires/ti-lab/equipe")).status_code == 303


async def test_the_same_key_twice_is_asking_once(database: Database, client: Browsers, alix: Person) -> None:
    browser = await signed_in(client, alix)
    given = {"headers": {**JSON, "idempotency-key": "k"}}
    first, again = [await browser.post("/laboratoires/ti-lab/adhesion", **given) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, again.json())
    assert len(await ask(database, memberships.waiting)) == 1
