"""Files: those of a published version, each at an address where it stays."""

import asyncio
import csv
import io
import json
import threading
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Route

from server.database import Database
from server.datafiles import drawing
from server.datafiles.catalogue import BY_ENDING, FILES, File
from server.routes import ROUTES
from server.shelf import FILES as SHELVED
from tests.cast import COMPLETE, Browsers, published
from tests.server.pages.day import JSON
from tests.server.pages.reading import read
from tests.server.pages.versions import two_versions
from workshops import frameworks

NOT_PUBLISHED = "Cette version du référentiel n'est pas publiée."
EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: file.ending)
ADDRESSES = {
    "/referentiel/2.0.0.json": "application/json",
    "/referentiel/2.0.0.schema.json": "application/schema+json",
    "/referentiel/2.0.0.csv": "text/csv; charset=utf-8",
    "/referentiel/2.0.0.tableschema.json": "application/json",
    "/referentiel/2.0.0.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "/referentiel/2.0.0.ods": "application/vnd.oasis.opendocument.spreadsheet",
    "/referentiel/2.0.0.jsonld": "application/ld+json",
    "/referentiel/2.0.0/passage.csv": "text/csv; charset=utf-8",
    "/referentiel/2.0.0/passage.tableschema.json": "application/json",
    "/referentiel/2.0.0/passage.jsonld": "application/ld+json",
}
SAVED = (".csv", ".xlsx", ".ods", "/passage.csv")  # rather than shown


async def test_each_file_is_given_at_its_address(database: Database, client: Browsers, app: Starlette) -> None:
    version = await published(database)
    assert {file.path("2.0.0"): file.media for file in FILES} == {
        address: kind.partition(";")[0] for address, kind in ADDRESSES.items()
    }
    for file in FILES:
        answer = await client().get(file.path("2.0.0"))
        assert (answer.status_code, answer.headers["content-type"]) == (200, ADDRESSES[file.path("2.0.0")])
        assert answer.content == drawing.draw(file.ending, version.content, app.state.settings.public_url)
        noun = "passage" if "passage" in file.ending else "referentiel"
        name = f"{noun}-2.0.0.{file.ending.partition('.')[2]}"
        shown = "attachment" if file.ending in SAVED else "inline"
        assert answer.headers["content-disposition"] == f'{shown}; filename="{name}"'


@EACH
async def test_a_file_that_never_changes_is_not_sent_twice(database: Database, client: Browsers, file: File) -> None:
    version = await published(database)
    address = file.path("2.0.0")
    first = await client().get(address, headers={"accept-encoding": "identity"})
    kept = {name: first.headers[name] for name in ("etag", "cache-control", "access-control-allow-origin")}
    assert kept == {
        "etag": f'"{version.fingerprint}"',
        "cache-control": "public, max-age=31536000, immutable",
        "access-control-allow-origin": "*",
    }
    again = await client().get(address, headers={"if-none-match": kept["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in kept} == kept
    other = await client().get(address, headers={"if-none-match": '"sha256:autre"'})
    assert (other.status_code, other.content) == (200, first.content)
    squeezed = "-gzip" if other.headers.get("content-encoding") == "gzip" else ""
    assert not (squeezed and file.media.startswith("application/vnd."))
    assert other.headers["etag"] == f'"{version.fingerprint}{squeezed}"'


@EACH
async def test_without_the_shelf_it_is_not_sent_twice_either(database: Database, client: Browsers, file: File) -> None:
    version = await published(database)
    tag = f'"{version.fingerprint}"'
    answer = await client().get(f"{file.path('2.0.0')}?sans", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_the_shelf_holds_each_file() -> None:
    named = {route.name for route in ROUTES if isinstance(route, Route) and route.name.startswith("files.")}
    assert len(named) == len(FILES)
    assert {name for name in SHELVED if name.startswith("files.")} == named


@EACH
async def test_the_file_of_an_unpublished_version_is_not_found(
    database: Database, client: Browsers, file: File
) -> None:
    await published(database)
    page = await client().get(file.path("9.9.9"))
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (404, NOT_PUBLISHED)
    program = await client().get(file.path("9.9.9"), headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (404, "introuvable")
    assert "immutable" not in program.headers.get("cache-control", "")


async def test_a_file_is_drawn_away_from_who_answers(
    database: Database, client: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook takes a tenth of a second: everybody else goes on meanwhile."""
    await published(database)
    drawn: list[threading.Thread] = []
    draw = drawing.draw

    def watched(*given: Any) -> bytes:
        drawn.append(threading.current_thread())
        return draw(*given)

    monkeypatch.setattr(drawing, "draw", watched)
    asked = [client().get(f"/referentiel/2.0.0{ending}") for ending in (".xlsx", ".ods", ".jsonld")]
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 3
    assert len(drawn) == 3
    assert threading.main_thread() not in drawn


# ── Each says what was decided


async def test_the_document_is_the_canonical_one_and_holds_by_its_schema(database: Database, client: Browsers) -> None:
    version = await published(database, ventilations=["par territoire", "par public"], temps_collecte=2.5)
    answer = await client().get("/referentiel/2.0.0.json")
    schema = (await client().get("/referentiel/2.0.0.schema.json")).json()
    document = answer.json()
    Draft202012Validator(schema).validate(document)
    assert frameworks.verify(document)
    assert document == version.content
    assert answer.text == json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


async def test_the_tables_say_what_the_document_says(database: Database, client: Browsers) -> None:
    await published(database, ventilations=["par territoire", "par public"])
    answer = await client().get("/referentiel/2.0.0.csv")
    assert answer.content.startswith("\ufeffversion,code,libelle".encode())
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    fields = (await client().get("/referentiel/2.0.0.tableschema.json")).json()["fields"]
    assert list(row) == [field["name"] for field in fields]
    assert {name: row[name] for name in ("version", "code", "libelle", "ventilations", "resultat", "statut")} == {
        "version": "2.0.0",
        "code": "ACT-08",
        "libelle": COMPLETE["libelle"],
        "ventilations": "par territoire;par public",
        "resultat": "kept",
        "statut": "en_vigueur",
    }
    assert (row["votes_keep"], row["exception"], row["redaction"]) == ("1", "", "1")
    book = openpyxl.load_workbook(io.BytesIO((await client().get("/referentiel/2.0.0.xlsx")).content))
    headers, line = book["Indicateurs"].iter_rows(values_only=True)
    assert {name: "" if cell is None else str(cell) for name, cell in zip(headers, line, strict=True)} == row


async def test_a_next_version_says_what_became_of_the_one_before(database: Database, client: Browsers) -> None:
    before, after = await two_versions(database, client, libelle="Mieux dit")
    for version in (before, after):
        document = (await client().get(f"/referentiel/{version.version}.json")).json()
        schema = (await client().get(f"/referentiel/{version.version}.schema.json")).json()
        Draft202012Validator(schema).validate(document)
    answer = await client().get("/referentiel/2.0.1/passage.csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert row == {
        "version_precedente": "2.0.0",
        "code_precedent": "ACT-08",
        "sort": "plus_etroit",
        "version": "2.0.1",
        "code": "ACT-08",
        "libelle": "Mieux dit",
    }
    former, concept = (await client().get("/referentiel/2.0.1/passage.jsonld")).json()["@graph"]
    assert concept["skos:broadMatch"] == [former["@id"]]


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
async def test_no_cell_of_the_table_is_a_formula(database: Database, client: Browsers, first: str) -> None:
    formula = f'{first}HYPERLINK("https://x.example","clic")'
    await published(database, libelle=formula)
    answer = await client().get("/referentiel/2.0.0.csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert row["libelle"] == f"'{formula}"


async def test_addresses_in_the_files_are_those_of_the_site(
    database: Database, client: Browsers, app: Starlette
) -> None:
    await published(database)
    home = app.state.settings.public_url
    for ending in (".tableschema.json", "/passage.tableschema.json"):
        assert (await client().get(f"/referentiel/2.0.0{ending}")).json()["path"] == f"{home}/referentiel/2.0.0{ending}"
    schema = (await client().get("/referentiel/2.0.0.schema.json")).json()
    assert schema["$id"] == home + BY_ENDING[".schema.json"].path("2.0.0")
    graph = (await client().get("/referentiel/2.0.0.jsonld")).json()["@graph"]
    assert graph[0]["@id"] == f"{home}/referentiel/2.0.0"
