"""Labs: the directory and each identity card."""

from server.database import Database
from tests.cast import (
    Browsers,
    account,
    act,
    ask,
    colleague,
    give,
    signed_in,
    stranger,
    touchpoint,
    witness,
)
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read
from workshops import labs, memberships, moderation
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


# ── What citizens say


async def test_a_lab_nobody_spoke_of_says_so(client: Browsers) -> None:
    page = read(await client().get("/laboratoires/ti-lab")).one("main")
    section = page.one("section", id="temoignages")
    assert section.one(class_="gc-handling").text == (
        "Satisfaction pas encore de réponse Aucun témoignage reçu pour l'instant."
    )
    assert [link["href"] for link in section.all("a")] == ["/temoignages/nouveau?labo=ti-lab"]
    assert page.all(class_="gc-glance") == []


async def test_a_lab_cannot_hide_a_bad_one(database: Database, client: Browsers) -> None:
    alix = await colleague(database)
    counter = await touchpoint(database, by=alix)
    desk = await touchpoint(database, project="Un guichet pour tous", by=alix)
    silent = await touchpoint(database, project="Une friche", by=alix)
    await witness(database, counter, face="bien", by=alix)
    await give(database, desk, face="moyen", happened="Long.")
    for face in ("mal", "mal"):
        _key, given = await give(database, desk, face=face, happened="Mal reçu.")
        judged = {"verdict": "refuse", "reason": "hors_sujet", "base": given.revision}
        await act(database, moderation.decide, given.id, **judged, by=alix)
    await give(database, lab="siilab", face="bien")

    page = read(await client().get("/laboratoires/ti-lab")).one("main")
    # At once, under the name: the score, and how many were refused.
    assert page.one(class_="gc-glance").text == (
        "Satisfaction 3,8 sur 10 Insuffisant sur 4 réponses 4 témoignages reçus, dont 2 refusés"
    )
    assert page.one(class_="gc-glance").one("a")["href"] == "#temoignages"
    section = page.one("section", id="temoignages")
    assert section.one(class_="gc-handling__received").text == "4 témoignages reçus"
    projects = {line.one(class_="gc-list__title").text: line for line in section.all("li", class_="gc-list__item")}
    assert {name: line.text.removeprefix(name).strip() for name, line in projects.items()} == {
        "Un guichet pour tous": "Satisfaction 1,7 sur 10 Insuffisant sur 3 réponses"
        " 3 reçus, 0 publié, 2 refusés, 1 en attente",
        "Une friche": "Satisfaction pas encore de réponse",
    }
    assert projects["Une friche"].one("a")["href"] == f"/projets/{silent.project_id}"
    links = [link["href"] for link in section.one(class_="gc-actions").all("a")]
    assert links == ["/temoignages?labo=ti-lab", "/temoignages/nouveau?labo=ti-lab"]


async def test_its_members_find_what_is_theirs_to_do(database: Database, client: Browsers) -> None:
    theirs = ["/laboratoires/ti-lab/points", "/laboratoires/ti-lab/temoignages-recus", "/moderation"]
    asking = await account(database, "Maël")
    await act(database, memberships.ask, "ti-lab", by=asking)
    people = {
        "colleague": await colleague(database),
        "another lab's": await colleague(database, "siilab"),
        "asking": asking,
        "stranger": await stranger(database),
    }
    seen = {}
    for name, person in people.items():
        browser = await signed_in(client, person)
        section = read(await browser.get("/laboratoires/ti-lab")).one("section", id="temoignages")
        seen[name] = [link["href"] for link in section.all("a") if link["href"] in theirs]
    assert seen == {"colleague": theirs, "another lab's": [], "asking": [], "stranger": []}
