"""Labs: the directory and each identity card."""

from server.database import Database
from tests.cast import Browsers, act, ask
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read
from workshops import labs
from workshops.labs import Lab

UNKNOWN = "Ce laboratoire n'est pas dans l'annuaire."


async def test_the_directory_has_every_lab_found_by_name(client: Browsers) -> None:
    answer = await client().get("/laboratoires")
    listed = read(answer).one("main").one("ul").all("li")
    assert answer.status_code == 200
    assert {lab.one("a")["href"] for lab in listed} == {f"/laboratoires/{fact['slug']}" for fact in labs.found()}
    names = [lab.one("a").text for lab in listed]
    # « État'LIN » is looked for among the E's.
    assert names == sorted(names, key=lambda name: name.casefold().replace("é", "e"))


async def test_a_card_says_what_its_sources_say(client: Browsers, database: Database) -> None:
    lab = await ask(database, labs.get, "ti-lab")
    answer = await client().get("/laboratoires/ti-lab")
    page = read(answer)
    rows = {row.one("dt").text: row.one("dd").text for row in page.one(class_="gc-sheet").all("div")}
    assert (answer.status_code, page.one("h1").text) == (200, plain(lab.name))
    assert rows["Ville"] == plain(lab.city or "Non renseigné")
    assert rows["Porté par"] == plain("\n".join(lab.carriers))
    assert [source.text for source in page.one(class_="gc-sources").all("li")] == [
        plain(source.partition("//")[2] or source) for source in lab.sources
    ]


async def test_what_was_not_found_is_shown_as_such(client: Browsers, database: Database) -> None:
    async with database.transaction() as session:
        session.add(Lab(slug="inconnu", name="Le <labo> & co"))
    page = read(await client().get("/laboratoires/inconnu"))
    rows = {row.one("dt").text: row.one("dd").text for row in page.one(class_="gc-sheet").all("div")}
    assert page.one("h1").text == "Le <labo> & co"
    assert rows == dict.fromkeys(("Ville", "Porté par", "Créé en", "Sujet"), "Non renseigné")
    assert page.all("a", rel="noopener external") == []


async def test_an_empty_directory_says_so(client: Browsers, database: Database) -> None:
    async with database.transaction() as session:
        for lab in await labs.directory(session):
            await session.delete(lab)
    assert "L'annuaire est vide" in read(await client().get("/laboratoires")).one("main").text


async def test_a_lab_brought_up_to_date_shows_its_new_card(client: Browsers, database: Database) -> None:
    await act(database, labs.enter, [{"slug": "ti-lab", "nom": "Ti Lab", "ville": "Brest"}])
    rows = read(await client().get("/laboratoires/ti-lab")).one(class_="gc-sheet").all("dd")
    assert rows[0].text == "Brest"


async def test_an_unknown_lab_is_not_found(client: Browsers) -> None:
    page = await client().get("/laboratoires/lab-imaginaire")
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (404, UNKNOWN)
    program = await client().get("/laboratoires/lab-imaginaire", headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (404, "introuvable")
    assert plain(program.json()["raison"]) == UNKNOWN
