"""The page of open data: tables, schemas, the zip of all, the zip of a day."""

import csv
import io
import json
from zipfile import ZipFile

import pytest

from server.database import Database
from server.datafiles.catalogue import FILES
from server.datasets.catalogue import BY_NAME, DATASETS
from server.limits import ARCHIVES
from tests.cast import Browsers, facilitator, moderator, published, witness, workshop
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain, read
from tests.server.pages.test_queries import counting

ZIP = "/donnees/grille-commune.zip"
NONE_YET = "Aucun jour n'est encore archivé : seul un jour fini l'est."


async def test_it_shows_every_table_with_its_files_and_its_dictionary(
    client: Browsers, database: Database, clock: Clock
) -> None:
    framework = await published(database)
    answer = await client().get("/donnees")
    page = read(answer).one("main")
    assert (answer.status_code, page.one("h1").text) == (200, "Données ouvertes")
    items = [each for each in page.all("li", class_="gc-dataset") if each.get("id")]
    shown = {each["id"].removeprefix("table-"): each for each in items}
    assert list(shown) == list(BY_NAME)
    for dataset in DATASETS:
        item = shown[dataset.name]
        files = [link["href"] for link in item.one(class_="gc-dataset__files").all("a")]
        endings = ("csv", "json", "tableschema.json") if dataset.as_json else ("csv", "tableschema.json")
        assert files == [f"/donnees/{dataset.name}.{ending}" for ending in endings]
        columns = [each.text for each in item.one("dl").all("code")]
        assert columns == [column.name for column in dataset.table.columns]
    assert "1 ligne" in shown["versions"].text
    links = {link["href"] for link in page.all("a")}
    assert links >= {ZIP, *(file.path(framework.version) for file in FILES)}
    (fed,) = framework.content["ateliers"]
    assert links >= {f"/ateliers/{fed['id']}/{name}" for name in ("registre.json", "bulletins.json")}
    assert page.one("a", rel="noopener external license").text == "Licence Ouverte 2.0"
    assert "gc-empty" not in answer.text


async def test_every_file_it_links_to_is_there(client: Browsers, database: Database) -> None:
    await published(database)
    browser = client()
    page = read(await browser.get("/donnees")).one("main")
    links = {link["href"] for link in page.all("a") if link["href"].startswith("/")}
    answers = {link: (await browser.get(link)).status_code for link in links}
    assert len(links) > 2 * len(DATASETS)
    assert {link: status for link, status in answers.items() if status != 200} == {}


async def test_it_is_linked_from_every_page(client: Browsers) -> None:
    page = read(await client().get("/"))
    assert "/donnees" in [link["href"] for link in page.one("nav", id="menu").all("a")]
    assert "/donnees" in [link["href"] for link in page.one("footer").all("a")]


async def test_an_empty_site_says_so(client: Browsers, clock: Clock) -> None:
    page = read(await client().get("/donnees")).one("main")
    assert page.one(class_="gc-empty__title").text == "Rien n'est encore publié"
    assert NONE_YET in page.text


async def test_as_many_queries_for_many_workshops(client: Browsers, database: Database) -> None:
    """Once it is packed: the page asks for the marks, the first day, the workshops and the versions."""
    camille = await facilitator(database)
    browser = client()
    await browser.get("/donnees")
    with counting(database) as sent:
        await browser.get("/donnees")
    few = len(sent)
    for _ in range(5):
        await workshop(database, by=camille)
    with counting(database) as sent:
        await browser.get("/donnees")
    assert len(sent) == few


# ── Files


async def test_a_table_is_a_file_that_anyone_may_read(client: Browsers, database: Database) -> None:
    await published(database)
    answer = await client().get("/donnees/versions.csv")
    ((row),) = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (row["version"], row["indicateurs"]) == ("2.0.0", "1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"] == 'attachment; filename="grille-commune-versions.csv"'


async def test_testimonials_are_json_too(client: Browsers, database: Database) -> None:
    _key, told = await witness(database, by=await moderator(database))
    answer = await client().get("/donnees/temoignages.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.json()["schema"] == "http://testserver/donnees/temoignages.tableschema.json"
    assert [row["id"] for row in answer.json()["temoignages"]] == [told.id]
    without = await client().get("/donnees/versions.json")
    assert without.status_code == 404
    assert "Cette table n'est donnée qu'en CSV." in read(without).one(class_="gc-refusal").text


@pytest.mark.parametrize("address", [ZIP, "/donnees/versions.csv", "/donnees/temoignages.json"])
async def test_who_has_it_already_is_not_sent_it_again(client: Browsers, database: Database, address: str) -> None:
    browser = client()
    tag = (await browser.get(address)).headers["etag"]
    for held in (tag, f'W/{tag}, "autre"', "*"):
        again = await browser.get(address, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["access-control-allow-origin"] == "*"
    other = await browser.get(address, headers={"if-none-match": '"autre"'})
    assert other.status_code == 200
    assert (await browser.head(address)).headers["content-length"] == str(len(other.content))


async def test_the_tag_follows_the_content(client: Browsers, database: Database, clock: Clock) -> None:
    camille, browser = await facilitator(database), client()
    before = {name: (await browser.get(f"/donnees/{name}.csv")).headers["etag"] for name in ("ateliers", "avis")}
    await workshop(database, by=camille)
    clock.advance(minutes=1)
    after = {name: (await browser.get(f"/donnees/{name}.csv")).headers["etag"] for name in ("ateliers", "avis")}
    assert after["ateliers"] != before["ateliers"]
    assert after["avis"] == before["avis"]


async def test_a_schema_is_the_one_of_the_zip(client: Browsers) -> None:
    browser = client()
    answer = await browser.get("/donnees/avis.tableschema.json")
    with ZipFile(io.BytesIO((await browser.get(ZIP)).content)) as opened:
        assert json.loads(opened.read("avis.tableschema.json")) == answer.json()
    assert answer.json()["path"] == "http://testserver/donnees/avis.tableschema.json"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("address", ["/donnees/personnes.csv", "/donnees/person.tableschema.json", "/donnees/..csv", "/donnees/contact.json"])
async def test_an_unknown_table_is_not_found(client: Browsers, address: str) -> None:
    answer = await client().get(address)
    assert answer.status_code == 404
    assert "Cette table n'existe pas" in read(answer).one(class_="gc-refusal").text


# ── All of it, today and before


async def test_the_zip_of_today(client: Browsers, database: Database, clock: Clock) -> None:
    await published(database)
    answer = await client().get(ZIP)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="grille-commune-2026-11-23.zip"'
    assert answer.headers["content-length"] == str(len(answer.content))
    with ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        assert {"README.md", "datapackage.json", "referentiel-2.0.0.json", "avis.csv"} <= set(opened.namelist())


async def test_a_day_that_is_over_has_its_address(client: Browsers, database: Database, clock: Clock) -> None:
    await published(database)
    clock.advance(days=3)
    browser = client()
    page = read(await browser.get("/donnees")).one("main")
    days = [link["href"] for link in page.one(class_="gc-days").all("a")]
    assert days == ["/donnees/2026-11-25.zip", "/donnees/2026-11-24.zip", "/donnees/2026-11-23.zip"]
    answers = [await browser.get(day) for day in days]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    asked = await browser.get("/donnees?jour=2026-11-24")
    assert (asked.status_code, asked.headers["location"]) == (303, "/donnees/2026-11-24.zip")
    assert await _content(browser, days[0]) == answers[0].content


async def _content(browser: object, address: str) -> bytes:
    answer = await browser.get(address)  # type: ignore[attr-defined]
    content: bytes = answer.content
    return content


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-26", "2030-01-01", "2026-02-30", "20261123", "hier", "2026-W48-1"])
async def test_another_day_says_which_there_are(client: Browsers, database: Database, clock: Clock, day: str) -> None:
    await published(database)
    clock.advance(days=3)
    answer = await client().get(f"/donnees/{day}.zip")
    assert answer.status_code == 404
    reason = "Il n'y a pas de données pour ce jour : elles vont du 2026-11-23 au 2026-11-25."
    assert read(answer).one(class_="gc-refusal").text == reason
    program = await client().get(f"/donnees/{day}.zip", headers=JSON)
    assert plain(program.json()["raison"]) == reason


async def test_a_day_that_is_none_is_asked_for_all_the_same(client: Browsers, clock: Clock) -> None:
    browser = client()
    asked = await browser.get("/donnees?jour=../../etc")
    assert (asked.status_code, asked.headers["location"]) == (303, "/donnees/inconnu.zip")
    assert read(await browser.get("/donnees/inconnu.zip")).one(class_="gc-refusal").text == NONE_YET


async def test_nobody_makes_the_server_pack_for_ever(
    client: Browsers, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(database)
    clock.advance(days=ARCHIVES.amount + 1)
    monkeypatch.setattr("server.pages.datasets.ARCHIVES", type(ARCHIVES)(2, namespace="archive of the test"))
    browser = client()
    days = ["2026-11-23", "2026-11-24", "2026-11-25"]
    answers = [await browser.get(f"/donnees/{day}.zip") for day in days]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await browser.get("/donnees/2026-11-23.zip")).status_code == 200  # it is ready: it costs nothing
    assert (await browser.get(ZIP)).status_code == 200
