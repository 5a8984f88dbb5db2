"""Projects: what was said of one, and what became of it, in the sight of everybody."""

from datetime import timedelta

import pytest

from server.database import Database
from tests.cast import Browsers, act, colleague, give, moderator, touchpoint, witness
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, plain, read
from workshops import handling, moderation, withdrawals
from workshops.people import Person
from workshops.touchpoints import Touchpoint

UNKNOWN = "Ce projet n'existe pas."


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def point(database: Database, alix: Person) -> Touchpoint:
    return await touchpoint(database, project="Un guichet <pour> tous", by=alix)


async def refuse(database: Database, point: Touchpoint, reason: str, *, by: Person, face: str = "mal") -> None:
    _key, given = await give(database, point, face=face, happened="Des mots.")
    judged = {"verdict": "refuse", "reason": reason, "base": given.revision}
    await act(database, moderation.decide, given.id, **judged, by=by)


def became(page: Element) -> dict[str, int]:
    """How many there are in each place, by its name."""
    lines = page.all("li", class_="gc-became__item")
    return {line.all("span")[1].text: int(line.all("b")[0].text) for line in lines}


def faces(page: Element) -> dict[str, int]:
    return {line.one(class_="gc-face").text: int(line.one("b").text) for line in page.all("li", class_="gc-faces__item")}


async def test_a_project_nobody_spoke_of_has_no_score(client: Browsers, point: Touchpoint) -> None:
    answer = await client().get(f"/projets/{point.project_id}")
    page = read(answer).one("main")
    assert (answer.status_code, page.one("h1").text) == (200, "Un guichet <pour> tous")
    assert page.one(class_="gc-handling").text == (
        "Satisfaction pas encore de réponse Aucun témoignage reçu pour l'instant."
    )
    assert [link["href"] for link in page.one(class_="gc-actions").all("a")] == ["/temoignages/nouveau?labo=ti-lab"]
    assert page.one(class_="gc-crumbs").all("a")[-1]["href"] == "/laboratoires/ti-lab"


async def test_whoever_looks_sees_all_that_was_received_and_what_became_of_it(
    database: Database, client: Browsers, alix: Person, point: Touchpoint
) -> None:
    await witness(database, point, face="bien", clarity="4", by=alix)
    await refuse(database, point, "injurieux", by=alix)
    await refuse(database, point, "injurieux", by=alix)
    await refuse(database, point, "hors_sujet", by=alix)
    await give(database, point, face="moyen", happened="Long.")
    await give(database, point, face="mal", happened="Pour vous.", may_publish=False, may_cite=False)
    await give(database, point, face="bien")
    key, _given = await give(database, point, face="mal", happened="Non.")
    await act(database, withdrawals.withdraw, key)
    elsewhere = await touchpoint(database, project="Un autre", by=alix)
    await give(database, elsewhere, face="mal")

    page = read(await client().get(f"/projets/{point.project_id}")).one("main")
    assert page.one(class_="gc-handling__received").text == "8 témoignages reçus"
    assert became(page) == {
        "publié": 1,
        "refusés Il ne parle pas de ce laboratoire ni de ce projet : 1 Il injurie, menace ou discrimine : 2": 3,
        "en attente de relecture": 1,
        "remis au laboratoire, sans publication": 1,
        "visage seul, sans texte": 1,
        "retiré par son auteur": 1,
    }
    assert sum(became(page).values()) == 8
    # Refused ones weigh in the score: 2 × 10 + 1 × 5, out of the eight.
    assert faces(page) == {"Bien": 2, "Moyen": 1, "Mal": 5}
    scores = [score.text for score in page.all(class_="gc-score")]
    assert scores == [
        "Satisfaction 3,1 sur 10 Insuffisant sur 8 réponses",
        "Clarté 7,5 sur 10 À améliorer sur 1 réponse",
        "Écoute pas encore de réponse",
    ]
    assert page.one(class_="gc-handling__care").text == "Peu de réponses : à lire avec prudence."
    note = page.one(class_="gc-handling__note")
    assert note.text == (
        "La note compte tout ce qui a été reçu, publié ou non : refuser un avis défavorable ne l'en retire pas."
        " Ceux que leurs auteurs ont retirés n'y comptent que si cinq au moins y comptent ensemble."
        " Règles de la relecture"
    )
    assert note.one("a")["href"] == "/moderation/regles"
    assert [link["href"] for link in page.one(class_="gc-actions").all("a")] == [
        f"/temoignages?projet={point.project_id}",
        "/temoignages/nouveau?labo=ti-lab",
    ]


async def test_what_ditp_found_false_is_told_and_does_not_weigh(
    database: Database, client: Browsers, alix: Person, point: Touchpoint
) -> None:
    await give(database, point, face="bien")
    await refuse(database, point, "faux", by=alix)
    path = f"/projets/{point.project_id}"
    assert faces(read(await client().get(path))) == {"Bien": 1, "Moyen": 0, "Mal": 1}
    await refuse(database, point, "faux", by=await moderator(database))
    page = read(await client().get(path)).one("main")
    assert faces(page) == {"Bien": 1, "Moyen": 0, "Mal": 1}
    assert page.one(class_="gc-handling__received").text == "3 témoignages reçus"
    assert (
        "Un témoignage n'y compte pas : la DITP, et non le laboratoire, l'a jugé faux."
        in page.one(class_="gc-handling__note").text
    )


async def test_a_withdrawn_one_weighs_only_where_five_do(
    database: Database, client: Browsers, point: Touchpoint
) -> None:
    key, _given = await give(database, point, face="mal")
    await act(database, withdrawals.withdraw, key)
    path = f"/projets/{point.project_id}"
    page = read(await client().get(path)).one("main")
    assert page.one(class_="gc-handling__received").text == "1 témoignage reçu"
    assert page.all(class_="gc-score")[0].text == "Satisfaction pas encore de réponse"
    for _number in range(handling.ENOUGH - 1):
        await give(database, point, face="bien")
    assert faces(read(await client().get(path))) == {"Bien": 4, "Moyen": 0, "Mal": 1}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(minutes=20), "moins d'une heure"),
        (timedelta(hours=30), "30 heures"),
        (timedelta(days=12), "12 jours"),
    ],
)
async def test_how_long_one_waits_is_said_in_words(
    database: Database,
    client: Browsers,
    clock: Clock,
    alix: Person,
    point: Touchpoint,
    after: timedelta,
    said: str,
) -> None:
    given = [(await give(database, point, happened="Bien."))[1] for _ in range(5)]
    path = f"/projets/{point.project_id}"
    waiting = read(await client().get(path)).one(class_="gc-handling__delay")
    assert waiting.text == "Aucune décision rendue pour l'instant."
    clock.at += after
    for each in given:
        few = read(await client().get(path)).one(class_="gc-handling__delay")
        await act(database, moderation.decide, each.id, verdict="publie", base=each.revision, by=alix)
    assert few.text == "Délai médian avant la première décision : dit à partir de cinq décisions."
    decided = read(await client().get(path)).one(class_="gc-handling__delay")
    assert decided.text == f"Délai médian avant la première décision : {said}"


async def test_nothing_that_was_written_is_there(
    database: Database, client: Browsers, alix: Person, point: Touchpoint
) -> None:
    await give(database, point, happened="Un texte que personne n'a relu.", name="Gwenn")
    text = plain((await client().get(f"/projets/{point.project_id}")).text)
    assert "1 témoignage" in text.replace("<b>", "").replace("</b>", "")
    assert [said for said in ("que personne n'a relu", "Gwenn", point.token) if said in text] == []


async def test_an_unknown_project_is_not_found(client: Browsers) -> None:
    page = await client().get("/projets/0nexistepas0")
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (404, UNKNOWN)
    program = await client().get("/projets/0nexistepas0", headers=JSON)
    assert (program.status_code, plain(program.json()["raison"])) == (404, UNKNOWN)
