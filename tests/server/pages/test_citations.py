"""Citations: the bibliography's entry, the badge, and what the page of a version offers to copy."""

from xml.etree import ElementTree as xml

import pytest

from server import badges, citations
from server.database import Database
from tests.cast import Browsers, published
from tests.server.pages.reading import plain, read
from tests.server.test_protection import SHARED

KEPT = "public, max-age=31536000, immutable"
FILES = {
    "/referentiel/2.0.0.bib": ("application/x-bibtex; charset=utf-8", 'attachment; filename="referentiel-2.0.0.bib"'),
    "/referentiel/2.0.0/badge.svg": ("image/svg+xml; charset=utf-8", 'inline; filename="suit-la-version-2.0.0.svg"'),
}


@pytest.mark.parametrize("address", FILES)
async def test_it_is_a_file_of_the_version_like_any_other(database: Database, client: Browsers, address: str) -> None:
    framework = await published(database)
    for asked in (address, f"{address}?sans"):  # from the shelf, and from the page
        answer = await client().get(asked)
        tag = f'"{framework.fingerprint}"'
        named = (answer.headers["content-type"], answer.headers["content-disposition"])
        assert (answer.status_code, named) == (200, FILES[address])
        assert answer.headers["etag"] in (tag, f'{tag[:-1]}-gzip"')
        assert answer.headers["cache-control"] == KEPT
        assert answer.headers["access-control-allow-origin"] == "*"
        # Another site may show it: nothing here says that it is only for our own pages.
        assert {name: answer.headers[name] for name in SHARED} == SHARED
        again = await client().get(asked, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("address", FILES)
async def test_an_unknown_version_has_none(client: Browsers, address: str) -> None:
    assert (await client().get(address)).status_code == 404


async def test_they_say_what_they_are_made_to_say(database: Database, client: Browsers) -> None:
    framework = await published(database)
    entry = await client().get("/referentiel/2.0.0.bib")
    assert entry.text == citations.cite(framework.content, "http://testserver").bibtex
    badge = await client().get("/referentiel/2.0.0/badge.svg")
    assert badge.content == badges.svg("2.0.0")
    assert xml.fromstring(badge.content).get("role") == "img"


async def test_the_page_of_a_version_says_how_to_name_it(database: Database, client: Browsers) -> None:
    framework = await published(database)
    cited = citations.cite(framework.content, "http://testserver")
    section = read(await client().get("/referentiel/2.0.0")).one("section", class_="gc-cite")
    assert section.one(class_="gc-cite__text").text == plain(cited.sentence)
    assert section.one("img")["src"] == "/referentiel/2.0.0/badge.svg"
    assert [code.text for code in section.all("pre")] == [plain(cited.html), plain(cited.markdown)]
