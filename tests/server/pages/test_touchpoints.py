"""Touch-points: a lab makes one, prints it, closes it or puts another in its place; what came through it stays."""

import io
import os
import sys
from typing import Any

import httpx2
import pytest
from pypdf import PdfReader
from starlette.applications import Starlette

from server.annex import Printer
from server.database import Database
from tests.cast import Browsers, act, ask, colleague, give, publisher, signed_in, stranger, touchpoint, witness
from tests.server.pages.day import JSON, USED_KEY, in_both_places
from tests.server.pages.reading import errors, plain, read, value
from workshops import audit, projects, touchpoints
from workshops.audit import Deed
from workshops.people import Person
from workshops.touchpoints import Touchpoint

DESK = "/laboratoires/ti-lab/points"
COUNTER = {"name": "Accueil de la préfecture", "sort": "guichet"}
OTHERS = "Cela revient aux membres de ce laboratoire."
BROKEN = "L'affiche n'a pas pu être fabriquée. Le code QR et le lien court marchent déjà."


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def browser(client: Browsers, alix: Person) -> httpx2.AsyncClient:
    return await signed_in(client, alix)


async def points(database: Database, lab: str = "ti-lab") -> list[Touchpoint]:
    return [point for point, _retirement in await ask(database, touchpoints.of, lab)]


async def deeds(database: Database) -> list[Deed]:
    return [entry.kind for entry in await ask(database, audit.entries)]


def address(app: Starlette, point: Touchpoint) -> str:
    return f"{app.state.settings.public_url}/t/{point.token}"


# ── Making one


async def test_a_lab_without_one_is_told_what_they_are_for(browser: httpx2.AsyncClient) -> None:
    main = read(await browser.get(DESK)).one("main")
    assert main.one(class_="gc-empty__title").text == "Aucun point de recueil"
    assert main.all("ul", class_="gc-list") == []
    form = main.one("form")
    assert (form["action"], form["method"]) == (DESK, "post")
    assert (value(form, "name"), value(form, "sort"), value(form, "project")) == ("", "", "")
    assert len(value(form, "key")) >= 12


async def test_one_is_made_and_leads_to_its_own_page(
    app: Starlette, database: Database, browser: httpx2.AsyncClient
) -> None:
    answer = await browser.post(DESK, data=COUNTER)
    (point,) = await points(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/points/{point.id}")
    assert (point.name, point.sort.value, point.lab_slug, point.project_id) == (*COUNTER.values(), "ti-lab", None)
    page = read(await browser.get(answer.headers["location"])).one("main")
    assert page.one("h1").text == "Accueil de la préfecture"
    assert page.one(class_="gc-door__link").text.replace(" ", "") == address(app, point)
    assert page.one(class_="gc-qr")["aria-label"].endswith(address(app, point))
    assert page.one(class_="gc-qr").all("svg") != []
    links = [link["href"] for link in page.one(class_="gc-links").all("a")]
    assert links == [
        *(f"/points/{point.id}/{name}" for name in ("affiche-a4.pdf", "affiche-a6.pdf", "qr.svg")),
        f"/t/{point.token}",
    ]
    assert "Aucun témoignage reçu pour l'instant." in page.text


async def test_a_new_project_is_entered_with_it(database: Database, browser: httpx2.AsyncClient) -> None:
    form = {"name": "Atelier du 12 mars", "sort": "projet", "project": "Un guichet pour tous"}
    assert (await browser.post(DESK, data=form)).status_code == 303
    (project,) = await ask(database, projects.of, "ti-lab")
    (point,) = await points(database)
    assert (project.title, point.project_id) == ("Un guichet pour tous", project.id)
    assert (await deeds(database))[-2:] == [Deed.PROJECT_ENTERED, Deed.TOUCHPOINT_MADE]
    # From now on it is in the list; the same title is the same project.
    listed = read(await browser.get(DESK)).one("main").one("form")
    assert [option["value"] for option in listed.all("input", name="project_id")] == ["", project.id]
    for again in ({"project_id": project.id}, {"project": "un guichet POUR tous"}):
        assert (await browser.post(DESK, data={**COUNTER, **again})).status_code == 303
    assert {point.project_id for point in await points(database)} == {project.id}
    assert len(await ask(database, projects.of, "ti-lab")) == 1


async def test_a_program_is_told_what_was_made(database: Database, browser: httpx2.AsyncClient) -> None:
    answer = await browser.post(DESK, data=COUNTER, headers=JSON)
    (point,) = await points(database)
    number = (await ask(database, audit.head)).gestures
    assert answer.json() == {"geste": number, "point": point.id}
    assert answer.headers["x-geste"] == str(number)


@in_both_places
@pytest.mark.parametrize("project", ["", "Un guichet pour tous"])
async def test_a_double_click_is_one_touch_point(
    database: Database, browser: httpx2.AsyncClient, place: str, project: str
) -> None:
    async def send(**changes: str) -> httpx2.Response:
        form = {**COUNTER, "project": project, **changes}
        headers = {"idempotency-key": "k-1"} if place == "header" else {}
        return await browser.post(DESK, data=form if headers else {**form, "key": "k-1"}, headers=headers)

    first, again = await send(), await send()
    (point,) = await points(database)
    assert [answer.headers["location"] for answer in (first, again)] == [f"/points/{point.id}"] * 2
    assert len(await ask(database, projects.of, "ti-lab")) == bool(project)
    other = await send(name="Autre chose")
    assert (other.status_code, len(await points(database))) == (422, 1)
    assert USED_KEY in plain(read(other).one(role="alert").text)


WRONG: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "no name": ({"name": " "}, {"name": "Dites en quelques mots où l'on se trouve."}),
    "a long name": ({"name": "x" * 81}, {"name": "C'est trop long : 80 caractères au plus."}),
    "no sort": ({"sort": ""}, {"sort": "Choisissez dans la liste."}),
    "an unknown sort": ({"sort": "lune"}, {"sort": "Choisissez dans la liste."}),
    "a project's without a project": (
        {"sort": "projet"},
        {"project": "Choisissez le projet dans la liste, ou donnez le nom d'un nouveau."},
    ),
    "a long project": ({"project": "x" * 121}, {"project": "C'est trop long : 120 caractères au plus."}),
    "somebody else's project": ({"project_id": "0nexistepas0"}, {"project": "Ce projet n'est pas de ce laboratoire."}),
    "two projects": (
        {"project_id": "0nexistepas0", "project": "Un guichet pour tous"},
        {"project": "Choisissez un projet de la liste, ou donnez le nom d'un nouveau : pas les deux."},
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_does_not_hold_comes_back_as_typed(
    database: Database, browser: httpx2.AsyncClient, case: str
) -> None:
    changes, told = WRONG[case]
    form = {**COUNTER, **changes}
    answer = await browser.post(DESK, data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, told)
    shown = page.one("main").one("form")
    typed = {name: text for name, text in form.items() if name not in ("project_id", "sort") or text in ("projet", "guichet")}
    assert {name: value(shown, name) for name in typed} == typed
    program = await browser.post(DESK, data=form, headers=JSON)
    assert {name: plain(text) for name, text in program.json()["champs"].items()} == told
    assert await points(database) == []
    assert await ask(database, projects.of, "ti-lab") == []


async def test_a_project_of_another_lab_is_not_theirs(database: Database, browser: httpx2.AsyncClient) -> None:
    sacha = await colleague(database, "siilab")
    theirs = await act(database, projects.enter, "siilab", title="Ailleurs", by=sacha)
    answer = await browser.post(DESK, data={**COUNTER, "project_id": theirs.id})
    assert errors(read(answer)) == {"project": "Ce projet n'est pas de ce laboratoire."}


async def test_text_is_never_markup(database: Database, browser: httpx2.AsyncClient) -> None:
    form = {**COUNTER, "name": "<script>x</script>", "project": "<b>gras</b>"}
    to = (await browser.post(DESK, data=form)).headers["location"]
    for path in (to, DESK):
        answer = await browser.get(path)
        assert "<script>x" not in answer.text
        assert "<b>gras" not in answer.text
        assert "&lt;script&gt;x" in answer.text


# ── The list


async def test_the_list_says_where_each_stands_and_what_it_received(
    app: Starlette, database: Database, alix: Person, browser: httpx2.AsyncClient
) -> None:
    first = await touchpoint(database, name="Le premier", by=alix)
    await give(database, first)
    await give(database, first, face="mal", happened="Trop long.")
    on_project = await touchpoint(database, name="Le deuxième", project="Un guichet pour tous", by=alix)
    await act(database, touchpoints.retire, on_project.id, because="Fini.", by=alix)
    new = await act(database, touchpoints.replace, first.id, name="Le troisième", by=alix)
    lines = {
        line.one(class_="gc-list__title").text: line for line in read(await browser.get(DESK)).all("li", class_="gc-point")
    }
    assert set(lines) == {"Le premier", "Le deuxième", "Le troisième"}
    states = {name: line.one(class_="gc-point__state").text for name, line in lines.items()}
    assert states == {"Le premier": "Remplacé 2 reçus", "Le deuxième": "Fermé 0 reçu", "Le troisième": "Ouvert 0 reçu"}
    assert lines["Le troisième"].one(class_="gc-point__link").text == address(app, new)
    assert [link["href"] for link in lines["Le premier"].all("a")] == [f"/points/{first.id}", f"/points/{new.id}"]
    assert [link["href"] for link in lines["Le deuxième"].all("a")] == [
        f"/points/{on_project.id}",
        f"/projets/{on_project.project_id}",
    ]


# ── For whom


async def test_they_are_for_the_members_of_the_lab(
    database: Database, client: Browsers, alix: Person
) -> None:
    point = await touchpoint(database, by=alix)
    paths = [DESK, *(f"/points/{point.id}{rest}" for rest in ("", "/qr.svg", "/affiche-a4.pdf", "/affiche-a6.pdf"))]
    others = [await stranger(database), await colleague(database, "siilab"), await publisher(database)]
    for person in others:
        browser = await signed_in(client, person)
        for path in paths:
            answer = await browser.get(path)
            assert (path, answer.status_code, read(answer).one(class_="gc-refusal").text) == (path, 403, OTHERS)
        for path in (DESK, f"/points/{point.id}/fermeture", f"/points/{point.id}/remplacement"):
            answer = await browser.post(path, data=COUNTER)
            assert (path, answer.status_code, read(answer).one(class_="gc-refusal").text) == (path, 403, OTHERS)
    for path in paths:
        answer = await client().get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/connexion")
    ((_point, retirement),) = await ask(database, touchpoints.of, "ti-lab")
    assert retirement is None


async def test_an_unknown_one_is_not_found(browser: httpx2.AsyncClient) -> None:
    for path in ("/points/0nexistepas0", "/points/0nexistepas0/qr.svg", "/points/0nexistepas0/affiche-a4.pdf"):
        assert (await browser.get(path)).status_code == 404
    for path in ("/points/0nexistepas0/fermeture", "/points/0nexistepas0/remplacement"):
        assert (await browser.post(path, data=COUNTER)).status_code == 404
    assert (await browser.get("/laboratoires/lab-imaginaire/points")).status_code == 404


# ── Closing, replacing


async def test_a_closed_one_keeps_what_came_through_it(
    database: Database, alix: Person, browser: httpx2.AsyncClient
) -> None:
    point = await touchpoint(database, by=alix)
    await witness(database, point, face="mal", by=alix)
    for _click in range(2):
        answer = await browser.post(f"/points/{point.id}/fermeture", data={"because": "L'événement est passé."})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/points/{point.id}")
    page = read(await browser.get(f"/points/{point.id}")).one("main")
    assert page.one(class_="fr-alert__title").text.startswith("Fermé le ")
    assert "Pourquoi : L'événement est passé." in page.text
    assert page.one(class_="gc-handling__received").text == "1 témoignage reçu"
    assert page.all(class_="gc-door") == []  # nobody prints it any more
    assert page.all("form") == []
    assert (await deeds(database)).count(Deed.TOUCHPOINT_RETIRED) == 1


async def test_posters_lead_to_the_one_that_takes_its_place(
    database: Database, alix: Person, browser: httpx2.AsyncClient
) -> None:
    point = await touchpoint(database, project="Un guichet pour tous", by=alix)
    await give(database, point)
    answers = [
        await browser.post(f"/points/{point.id}/remplacement", data={"name": "Nouvel accueil", "key": "k-1"})
        for _click in range(2)
    ]
    assert [answer.headers["location"] for answer in answers] == [f"/points/{point.id}"] * 2
    (new,) = [each for each in await points(database) if each.id != point.id]
    assert (new.name, new.project_id, new.sort) == ("Nouvel accueil", point.project_id, point.sort)
    page = read(await browser.get(f"/points/{point.id}")).one("main")
    alert = page.one(class_="fr-alert")
    assert alert.text.startswith("Remplacé le ")
    assert alert.one("a")["href"] == f"/points/{new.id}"
    assert page.one(class_="gc-handling__received").text == "1 témoignage reçu"
    assert (await ask(database, touchpoints.met, point.token)).point.id == new.id


@pytest.mark.parametrize(
    ("which", "form", "told"),
    [
        ("remplacement", {"name": " ", "because": "Déménagement."}, {"name": "Dites en quelques mots où l'on se trouve."}),
        ("remplacement", {"name": "A", "because": "x" * 201}, {"because": "C'est trop long : 200 caractères au plus."}),
        ("fermeture", {"because": "x" * 201}, {"because": "C'est trop long : 200 caractères au plus."}),
    ],
)
async def test_what_does_not_end_it_comes_back_open_as_typed(
    database: Database, alix: Person, browser: httpx2.AsyncClient, which: str, form: dict[str, Any], told: dict[str, str]
) -> None:
    point = await touchpoint(database, by=alix)
    answer = await browser.post(f"/points/{point.id}/{which}", data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, told)
    (opened,) = [each for each in page.all("details") if "open" in each.attributes]
    assert opened.one("form")["action"] == f"/points/{point.id}/{which}"
    assert {name: value(opened, name) for name in form} == form
    # The summary of errors leads to the field that is in sight.
    (to,) = page.one(role="alert").all("a")
    assert [control["name"] for control in opened.all("input", id=to["href"][1:])] == list(told)


async def test_a_closed_one_is_not_replaced(database: Database, alix: Person, browser: httpx2.AsyncClient) -> None:
    point = await touchpoint(database, by=alix)
    await act(database, touchpoints.retire, point.id, by=alix)
    answer = await browser.post(f"/points/{point.id}/remplacement", data={"name": "Nouvel accueil"})
    assert answer.status_code == 409
    assert "Ce point de recueil est déjà fermé." in read(answer).one("main").text
    assert len(await points(database)) == 1


# ── On paper


async def test_the_code_is_a_picture_of_the_whole_link(
    app: Starlette, database: Database, alix: Person, browser: httpx2.AsyncClient
) -> None:
    point = await touchpoint(database, by=alix)
    answer = await browser.get(f"/points/{point.id}/qr.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["content-disposition"] == f'attachment; filename="qr-ti-lab-{point.token}.svg"'
    assert f"<title>{address(app, point)}</title>" in answer.text


@pytest.mark.parametrize("paper", ["a4", "a6"])
async def test_a_poster_is_a_pdf(
    app: Starlette, database: Database, alix: Person, browser: httpx2.AsyncClient, paper: str
) -> None:
    point = await touchpoint(database, by=alix)
    answer = await browser.get(f"/points/{point.id}/affiche-{paper}.pdf")
    if answer.status_code == 503 and os.environ.get("CI") != "true":
        pytest.skip("Pango n'est pas installé")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    name = f"affiche-{paper}-ti-lab-{point.token}.pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    (page,) = PdfReader(io.BytesIO(answer.content)).pages
    assert address(app, point).partition("//")[2] in page.extract_text()


async def test_without_a_press_the_page_says_what_there_is(
    app: Starlette, database: Database, alix: Person, browser: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    point = await touchpoint(database, name="Accueil <b>", by=alix)
    app.state.printer = Printer((sys.executable, "-c", "import sys; sys.exit('la presse est cassée')"), 20.0)
    answer = await browser.get(f"/points/{point.id}/affiche-a6.pdf")
    page = read(answer)
    assert (answer.status_code, page.one(class_="gc-refusal").text) == (503, BROKEN)
    assert (answer.headers["cache-control"], answer.headers["retry-after"]) == ("no-store", "30")
    assert [link["href"] for link in page.one("main").one("ul", class_="gc-links").all("a")] == [
        f"/points/{point.id}",
        f"/points/{point.id}/qr.svg",
    ]
    assert f"no PDF of touch-point {point.id}: la presse est cassée" in caplog.text
    program = await browser.get(f"/points/{point.id}/affiche-a4.pdf", headers=JSON)
    assert (program.status_code, plain(program.json()["raison"])) == (503, BROKEN)
