"""Surveys: a lab writes one, anyone reads what is asked and what is answered."""

import csv
import io
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from server.database import Database
from server.i18n import on
from tests.cast import Browsers, act, ask, colleague, published, respond, signed_in, survey, touchpoint
from tests.conftest import Clock
from tests.server.pages.day import JSON, in_both_places
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import audit, questionnaires, responses, surveys, touchpoints
from workshops.people import Person
from workshops.questionnaires import Feed, Question
from workshops.surveys import Survey
from workshops.touchpoints import Touchpoint

HOME = "/laboratoires/ti-lab/enquetes"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def browser(client: Browsers, alix: Person) -> httpx2.AsyncClient:
    return await signed_in(client, alix)


@pytest.fixture
async def point(database: Database, clock: Clock, alix: Person) -> Touchpoint:
    return await touchpoint(database, project="Guichet unique", by=alix)


@pytest.fixture
async def asked(database: Database, point: Touchpoint, alix: Person) -> Survey:
    return await survey(database, point, by=alix)


def form_of(page: Element) -> Element:
    (form,) = [form for form in page.one("main").all("form") if form["action"] == f"{HOME}/nouvelle"]
    return form


def sent(form: Element) -> dict[str, str]:
    """What a browser sends of a form."""
    found = {}
    for control in form:
        name = control.get("name")
        if name and control.tag in ("input", "textarea", "select"):
            said = value(form, name)
            found |= {name: said[0]} if isinstance(said, list) and said else {}
            found |= {name: said} if isinstance(said, str) and said else {}
    return found


def complete(point: Touchpoint, **changes: str) -> dict[str, str]:
    cadre = {"title": "Au guichet", "purpose": "Savoir.", "point": point.id, "code": "IMP-07"}
    return {**cadre, "opens_on": "2026-11-23", "closes_on": "2026-12-23", **changes}


# ── Writing one


async def test_a_lab_opens_one_from_a_template(
    database: Database, browser: httpx2.AsyncClient, client: Browsers, point: Touchpoint
) -> None:
    home = read(await browser.get(HOME)).one("main")
    assert "Aucune enquête" in home.text
    (start,) = [a["href"] for a in home.all("a") if a["href"].endswith("je-donne-mon-avis")]
    form = form_of(read(await browser.get(start)))
    assert (value(form, "opens_on"), value(form, "point")) == ("2026-11-23", point.id)  # today, the only place there is
    answer = await browser.post(HOME, data=sent(form) | complete(point))
    (known,) = await ask(database, surveys.of_lab, "ti-lab")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/enquetes/{known.survey.id}")
    template = questionnaires.template("je-donne-mon-avis").questions
    assert known.survey.asks[:5] == template[:5]  # to the letter: their scores compare
    assert known.survey.asks[5] == replace(template[5], text=template[5].text.replace("\u202f", " "))
    assert (on(known.survey.opens_at), on(known.survey.closes_at)) == ("23 novembre 2026", "23 décembre 2026")
    listed = read(await client().get(HOME)).one("main")
    assert "Au guichet" in listed.text
    assert "Ouvrir une enquête" not in listed.text


async def test_the_form_changes_without_a_script(browser: httpx2.AsyncClient, point: Touchpoint) -> None:
    form = form_of(read(await browser.get(f"{HOME}/nouvelle")))
    typed = sent(form) | {"title": SCRIPT, "text-1": "Est-ce mieux ?", "choices-1": "non\noui", "required-1": "oui"}
    for gesture in ("add-multiple", "add-satisfaction", "up-5", "down-1", "remove-3"):
        answer = await browser.post(f"{HOME}/nouvelle", data=typed | {"do": gesture})
        assert answer.status_code == 200
        typed = sent(form_of(read(answer)))
    assert typed["title"] == SCRIPT
    assert questionnaires.typed(typed) == [
        Question(questionnaires.Kind.SINGLE, ""),
        Question(questionnaires.Kind.SCALE, "Est-ce mieux ?", choices=("non", "oui"), required=True),
        questionnaires.known()[Feed.SATISFACTION],
        Question(questionnaires.Kind.MULTIPLE, ""),
    ]


async def test_the_preview_shows_what_is_asked_and_keeps_nothing(
    database: Database, browser: httpx2.AsyncClient, point: Touchpoint
) -> None:
    form = sent(form_of(read(await browser.get(f"{HOME}/nouvelle?modele=avant-apres"))))
    page = read(await browser.post(f"{HOME}/nouvelle", data=form | {"text-1": SCRIPT, "do": "preview"}))
    shown = page.all("div", class_="gc-preview")
    assert len(shown) == 4
    assert shown[0].one("legend").text == SCRIPT
    assert [box["type"] for box in shown[0].all("input")] == ["radio"] * 5
    assert await ask(database, surveys.of_lab, "ti-lab") == []


async def test_what_does_not_hold_comes_back_beside_each_line(
    database: Database, browser: httpx2.AsyncClient, point: Touchpoint
) -> None:
    form = sent(form_of(read(await browser.get(f"{HOME}/nouvelle")))) | {"purpose": SCRIPT, "choices-1": "un seul"}
    answer = await browser.post(HOME, data=form | {"closes_on": "demain"})
    page = read(answer)
    assert (answer.status_code, set(errors(page))) == (
        422,
        {"title", "closes_on", "text-1", "choices-1", "text-2", "choices-2", "text-3"},
    )
    assert (value(form_of(page), "purpose"), value(form_of(page), "choices-1")) == (SCRIPT, "un seul")
    summary = page.one("ul", class_="gc-errors").text
    assert "Question 2 : De deux à douze choix, un par ligne." in summary
    program = await browser.post(HOME, data=form, headers=JSON)
    assert (program.status_code, "text-2" in program.json()["champs"]) == (422, True)
    assert await ask(database, surveys.of_lab, "ti-lab") == []


@in_both_places
async def test_a_double_click_opens_one(
    database: Database, browser: httpx2.AsyncClient, point: Touchpoint, place: str
) -> None:
    form = sent(form_of(read(await browser.get(f"{HOME}/nouvelle?modele=avant-apres")))) | complete(point)
    headers = {"idempotency-key": form.pop("key")} if place == "header" else {}
    first, second = [await browser.post(HOME, data=form, headers=headers) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert len(await ask(database, surveys.of_lab, "ti-lab")) == 1


async def test_another_lab_neither_writes_nor_opens_nor_reads_texts(
    database: Database, client: Browsers, asked: Survey
) -> None:
    sacha = await signed_in(client, await colleague(database, "siilab"))
    at = f"/enquetes/{asked.id}"
    before = (await ask(database, audit.head)).gestures
    for path in (f"{HOME}/nouvelle", f"{at}/textes"):
        assert (path, (await sacha.get(path)).status_code) == (path, 403)
    for path in (HOME, f"{HOME}/nouvelle", f"{at}/cloture"):
        assert (path, (await sacha.post(path)).status_code) == (path, 403)
    assert (await ask(database, audit.head)).gestures == before


async def test_without_a_touch_point_one_is_asked_first(browser: httpx2.AsyncClient) -> None:
    page = read(await browser.get(f"{HOME}/nouvelle"))
    assert page.one(class_="gc-empty").one("a")["href"] == "/laboratoires/ti-lab/points"


async def test_a_template_that_does_not_exist_is_not_found(browser: httpx2.AsyncClient, point: Touchpoint) -> None:
    assert (await browser.get(f"{HOME}/nouvelle?modele=inconnu")).status_code == 404


# ── What anyone reads of it


async def test_anyone_reads_what_is_asked_and_begins(client: Browsers, asked: Survey) -> None:
    page = read(await client().get(f"/enquetes/{asked.id}"))
    (form,) = page.one("main").all("form")
    assert (form["action"], len(value(form, "key"))) == (f"/enquetes/{asked.id}", 24)
    assert "Du 23 novembre 2026 au 23 décembre 2026" in page.text
    assert "Guichet unique" in page.text
    listed = page.one("ol", class_="gc-asked").all("li")
    assert [li.text[: len(each.text)] for li, each in zip(listed, asked.asks, strict=True)] == [
        plain(each.text) for each in asked.asks
    ]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("coming", "On pourra y répondre à partir du 24 novembre 2026."),
        ("over", "Elle s'est terminée le 23 décembre 2026."),
        ("closed", "Assez de réponses."),
        ("retired", "Le point de recueil où elle était ouverte est fermé."),
    ],
)
async def test_when_it_takes_no_answer_it_says_why(
    database: Database,
    client: Browsers,
    clock: Clock,
    alix: Person,
    point: Touchpoint,
    asked: Survey,
    state: str,
    sentence: str,
) -> None:
    if state == "coming":
        opens_at = clock.at.replace(day=24)
        asked = await survey(database, point, opens_at=opens_at, by=alix)
    elif state == "over":
        clock.advance(days=31)
    elif state == "closed":
        await act(database, surveys.close, asked.id, because="Assez de réponses.", by=alix)
    else:
        await act(database, touchpoints.retire, point.id, by=alix)
    browser = client()
    page = read(await browser.get(f"/enquetes/{asked.id}"))
    assert sentence in page.one("main").one(class_="fr-alert").text
    assert page.one("main").all("form") == []
    answer = await browser.post(f"/enquetes/{asked.id}", data={"key": "une-cle-de-formulaire"})
    assert answer.status_code == 409
    assert (await browser.get(f"/enquetes/{asked.id}/resultats")).status_code == 200


async def test_the_lab_closes_it_from_its_page(
    database: Database, browser: httpx2.AsyncClient, asked: Survey
) -> None:
    at = f"/enquetes/{asked.id}"
    (form,) = [each for each in read(await browser.get(at)).one("main").all("form") if each["action"].endswith("cloture")]
    long = await browser.post(form["action"], data={"because": "x" * 201})
    assert (long.status_code, set(errors(read(long)))) == (422, {"because"})
    answer = await browser.post(form["action"], data={"because": SCRIPT})
    assert (answer.status_code, answer.headers["location"]) == (303, at)
    assert SCRIPT in read(await browser.get(at)).one("main").text
    assert (await browser.post(form["action"])).headers["location"] == at  # twice is once


async def test_texts_are_for_the_lab(database: Database, client: Browsers, browser: httpx2.AsyncClient, asked: Survey) -> None:
    await respond(database, asked, [1], None, None, None, None, SCRIPT)
    page = read(await browser.get(f"/enquetes/{asked.id}/textes"))
    assert [li.text for li in page.one("main").all("li", class_="gc-fates__item")] == [SCRIPT]
    for path in ("", "/resultats", "/resultats.json", "/resultats.csv"):
        assert "alert(1)" not in (await browser.get(f"/enquetes/{asked.id}{path}")).text
    assert (await client().get(f"/enquetes/{asked.id}/textes")).headers["location"].startswith("/connexion")


# ── Results


async def crowd(database: Database, asked: Survey, number: int) -> None:
    for n in range(number):
        await respond(database, asked, [1 if n % 5 else 3], [4], [9] if n % 2 else [1, 5], [1], [5], None)


def readings(page: Element) -> dict[str, str]:
    return {
        each.one("dt").text: " ".join(dd.text for dd in each.all("dd")) for each in page.all("div", class_="gc-reading")
    }


async def test_without_an_answer_no_score_is_shown(client: Browsers, asked: Survey) -> None:
    page = read(await client().get(f"/enquetes/{asked.id}/resultats"))
    assert set(readings(page).values()) == {"pas encore de réponse n = 0"}
    assert page.all("table") == []


async def test_results_say_how_many_until_when_and_what_they_do_not_say(
    database: Database, client: Browsers, asked: Survey
) -> None:
    await crowd(database, asked, 10)
    page = read(await client().get(f"/enquetes/{asked.id}/resultats"))
    assert "10 commencées, 10 terminées" in page.text
    assert "Du 23 novembre 2026 au 23 décembre 2026" in page.text
    assert "ne représentent pas toutes les personnes concernées" in page.one("aside", class_="gc-caution").text
    assert readings(page) == {
        "Satisfaction": "8,0 / 10 Bien n = 10",
        "Clarté": "7,5 / 10 À améliorer n = 10",
        "Contact avec l'administration": "10,0 / 10 Bien n = 5",
        "Joignabilité": "100 % n = 5",
        "Autonomie": "5,0 / 10 n = 10",
    }
    (first, *_others) = page.all("table", class_="gc-shares")
    assert [row.text for row in first.one("tbody").all("tr")] == ["Bien 80 % 8", "Moyen 0 % 0", "Mal 20 % 2"]


async def test_four_answers_are_not_detailed(database: Database, client: Browsers, asked: Survey) -> None:
    await crowd(database, asked, 4)
    browser = client()
    page = read(await browser.get(f"/enquetes/{asked.id}/resultats"))
    assert page.all("table") == []
    assert "moins de cinq réponses : le détail n'est pas montré" in page.text
    assert readings(page)["Satisfaction"] == "moins de cinq réponses : le score n'est pas montré n = 4"
    told = (await browser.get(f"/enquetes/{asked.id}/resultats.json")).json()
    assert (told["questions"][0]["n"], told["questions"][0]["choix"]) == (4, None)
    assert told["scores"]["satisfaction"] == {"valeur": None, "sur": 10, "n": 4, "couleur": None}
    rows = csv.DictReader(io.StringIO((await browser.get(f"/enquetes/{asked.id}/resultats.csv")).text.lstrip("\ufeff")))
    assert {(row["repondants"], row["reponses"]) for row in rows if row["question"] == "1"} == {("4", "")}


async def test_programs_read_the_same(database: Database, client: Browsers, asked: Survey) -> None:
    await crowd(database, asked, 5)
    browser = client()
    answer = await browser.get(f"/enquetes/{asked.id}/resultats.json")
    told: dict[str, Any] = answer.json()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert told["reponses"] == {"commencees": 5, "terminees": 5}
    assert told["questions"][0] == {
        "numero": 1,
        "genre": "unique",
        "intitule": "De façon générale, comment ça s’est passé\u202f?",
        "n": 5,
        "choix": [
            {"libelle": "Bien", "reponses": 4},
            {"libelle": "Moyen", "reponses": 0},
            {"libelle": "Mal", "reponses": 1},
        ],
    }
    assert told["scores"]["satisfaction"] == {"valeur": 8.0, "sur": 10, "n": 5, "couleur": "good"}
    assert told["questions"][5]["choix"] == []
    assert "ne représentent pas" in told["avertissement"]
    sheet = await browser.get(f"/enquetes/{asked.id}/resultats.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text.lstrip("\ufeff"))))
    assert [(row["libelle"], row["reponses"], row["repondants"]) for row in rows[:3]] == [
        ("Bien", "4", "5"),
        ("Moyen", "0", "5"),
        ("Mal", "1", "5"),
    ]
    assert rows[-1]["choix"] == ""  # a text: how many, and nothing else


async def test_results_lead_to_the_indicator_once_it_is_published(database: Database, client: Browsers, alix: Person) -> None:
    await published(database, famille="impact")
    ((code, _title),) = (await ask(database, surveys.impacts)).items()
    asked = await survey(database, code=code, by=alix)
    page = read(await client().get(f"/enquetes/{asked.id}/resultats"))
    assert f"/referentiel/2.0.0/{code}" in [a["href"] for a in page.one("main").all("a")]


async def test_what_is_forgotten_leaves_its_count(
    database: Database, browser: httpx2.AsyncClient, clock: Clock, asked: Survey
) -> None:
    await respond(database, asked, [1], None, None, None, None, "Un mot.")
    clock.advance(days=1)
    await act(database, surveys.forget_texts, clock.at)
    assert await ask(database, responses.texts, asked.id, by=await colleague(database, name="Anne")) == {}
    assert "Rien, ou plus rien." in read(await browser.get(f"/enquetes/{asked.id}/textes")).text
