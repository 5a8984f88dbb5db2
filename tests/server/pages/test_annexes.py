"""Annexes: the PDF of a version, and what is answered when there is none."""

import logging
import os
import sys
from datetime import datetime

import pytest
from starlette.applications import Starlette

from server import annex
from server.annex import NotPrinted, Printer
from server.database import Database
from tests.cast import Browsers, published, signed_in, stranger
from tests.server.pages.day import JSON
from tests.server.pages.reading import read
from tests.server.test_protection import SHARED

PDF = "/referentiel/2.0.0.pdf"
KEPT = "public, max-age=31536000, immutable"
BROKEN = "Le PDF de cette version n'a pas pu être fabriqué. Ses autres fichiers disent la même chose."


def pretending(app: Starlette, script: str) -> None:
    """Another press: what it prints is no picture of a version, but the page does not look."""
    app.state.printer = Printer((sys.executable, "-c", script), 20.0)


PRINTS = "import sys; sys.stdin.read(); sys.stdout.write('%PDF-1.7 imprimé')"
BREAKS = "import sys; sys.exit('la presse est cassée')"


async def test_the_annex_of_a_version_is_a_pdf(database: Database, client: Browsers) -> None:
    await published(database)
    answer = await client().get(PDF)
    if answer.status_code == 503 and os.environ.get("CI") != "true":
        pytest.skip("Pango n'est pas installé")
    assert (answer.status_code, answer.content[:5], answer.headers["content-type"]) == (
        200,
        b"%PDF-",
        "application/pdf",
    )
    assert answer.headers["content-disposition"] == 'inline; filename="referentiel-2.0.0.pdf"'


async def test_it_is_a_file_of_the_version_like_any_other(database: Database, client: Browsers, app: Starlette) -> None:
    framework = await published(database)
    pretending(app, PRINTS)
    answer = await client().get(PDF)
    tag = f'"{framework.fingerprint}"'
    assert (answer.status_code, answer.text) == (200, "%PDF-1.7 imprimé")
    assert (answer.headers["etag"], answer.headers["cache-control"]) == (tag, KEPT)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {name: answer.headers[name] for name in SHARED} == SHARED
    again = await client().get(PDF, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_it_is_printed_once_whoever_asks(database: Database, client: Browsers, app: Starlette) -> None:
    await published(database)
    pretending(app, PRINTS)
    first = await client().get(PDF)
    pretending(app, BREAKS)
    somebody = await signed_in(client, await stranger(database))
    for browser in (client(), somebody):
        answer = await browser.get(PDF)
        assert (answer.status_code, answer.content) == (200, first.content)
        # The shelf keeps what has no query: whoever adds one is sent to what it keeps.
        other = await browser.get(f"{PDF}?encore")
        assert (other.status_code, other.headers["location"]) == (301, PDF)


async def test_an_unknown_version_has_no_annex(database: Database, client: Browsers) -> None:
    answer = await client().get(PDF)
    assert (answer.status_code, read(answer).one(class_="gc-refusal")["data-status"]) == (404, "404")


async def test_without_a_pdf_the_answer_says_so_and_where_the_rest_is(
    database: Database, client: Browsers, app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    await published(database)
    pretending(app, BREAKS)
    with caplog.at_level(logging.ERROR, "server.prints"):
        answer = await client().get(PDF)
    page = read(answer)
    assert (answer.status_code, page.one(class_="gc-refusal").text) == (503, BROKEN)
    assert [record.getMessage() for record in caplog.records] == ["no PDF of version 2.0.0: la presse est cassée"]
    links = [link["href"] for link in page.one("main").one("ul", class_="gc-links").all("a")]
    assert links == ["/referentiel/2.0.0", "/referentiel/2.0.0.json", "/referentiel/2.0.0.csv"]
    for link in links:
        assert (await client().get(link)).status_code == 200
    program = await client().get(PDF, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (503, "panne")
    assert program.json()["raison"].replace("’", "'") == BROKEN
    for refused in (answer, program):
        assert (refused.headers["cache-control"], refused.headers["retry-after"]) == ("no-store", "30")
        assert "etag" not in refused.headers


async def test_a_failure_is_not_kept(database: Database, client: Browsers, app: Starlette) -> None:
    await published(database)
    pretending(app, BREAKS)
    assert (await client().get(PDF)).status_code == 503
    pretending(app, PRINTS)
    assert (await client().get(PDF)).status_code == 200


async def test_a_version_that_cannot_be_drawn_is_a_page_too(
    database: Database, client: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(database)

    def broken(*_: object, **__: object) -> str:
        raise KeyError("atelier")

    monkeypatch.setattr(annex, "draw", broken)
    answer = await client().get(PDF)
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (503, BROKEN)


async def test_a_busy_press_asks_to_come_back(database: Database, client: Browsers, app: Starlette) -> None:
    await published(database)

    async def busy(html: str, at: datetime) -> bytes:
        raise NotPrinted("the press is busy", is_busy=True)

    app.state.printer.print = busy
    answer = await client().get(PDF)
    sentence = "D'autres PDF sont en cours de fabrication. Redemandez celui-ci dans une minute."
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (503, sentence)


async def test_a_press_without_its_library_is_a_page_too(database: Database, client: Browsers, app: Starlette) -> None:
    await published(database)
    missing = (
        "import sys; sys.modules['weasyprint'] = None; import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    app.state.printer = Printer((sys.executable, "-c", missing, app.state.printer.command[-1]), 20.0)
    answer = await client().get(PDF)
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (503, BROKEN)
    assert (await client().get("/referentiel/2.0.0")).status_code == 200
