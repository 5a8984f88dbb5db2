"""Feeds: the Atom feed of versions."""

from xml.etree import ElementTree as xml

from starlette.applications import Starlette

from server.database import Database
from server.feeds import BEFORE, atom
from tests.cast import Browsers, ask, publish, published, signed_in, stranger
from tests.conftest import Clock
from tests.documents import frozen, history
from tests.server.pages.reading import read
from tests.server.pages.versions import second
from workshops import frameworks

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/referentiel.atom"


def texts(parent: xml.Element, *names: str) -> list[str | None]:
    return [parent.findtext(ATOM + name) for name in names]


def links(parent: xml.Element) -> list[tuple[str | None, str | None]]:
    return [(link.get("rel"), link.get("href")) for link in parent.findall(f"{ATOM}link")]


def test_each_version_is_an_entry_the_last_one_first() -> None:
    first, second = map(frozen, history())
    feed = xml.fromstring(atom([second, first], "https://grille.example"))
    home = "https://grille.example/referentiel"
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert texts(feed, "id", "title", "updated") == [
        home,
        "Les versions du référentiel d’évaluation des labos",
        "2027-03-01T10:00:00.000Z",
    ]
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Grille commune"
    assert links(feed) == [("self", f"{home}.atom"), ("alternate", home)]
    newest, oldest = feed.findall(f"{ATOM}entry")
    assert texts(newest, "id", "title", "published", "updated", "rights", "summary") == [
        f"{home}/2.1.0",
        "Version 2.1.0 du référentiel",
        "2027-03-01T10:00:00.000Z",
        "2027-03-01T10:00:00.000Z",
        "Licence Ouverte 2.0",
        "5 indicateurs.",
    ]
    assert texts(oldest, "id", "updated", "summary") == [
        f"{home}/2.0.0",
        "2026-11-23T09:00:00.000Z",
        "4 indicateurs. Première version écrite en atelier.",
    ]
    assert links(oldest) == [
        ("alternate", f"{home}/2.0.0"),
        *(("related", f"{home}/2.0.0.{ending}") for ending in ("json", "csv", "pdf")),
    ]


def test_what_xml_cannot_say_is_left_out() -> None:
    first, _ = history()
    told = frozen({**first, "note": "<b>A\ufffeB</b> & C"})
    feed = xml.fromstring(atom([told], "https://grille.example"))
    assert feed.findtext(f"{ATOM}entry/{ATOM}summary") == "4 indicateurs. <b>AB</b> & C"


async def test_before_the_first_version_it_is_empty_and_valid(client: Browsers) -> None:
    answer = await client().get(FEED)
    feed = xml.fromstring(answer.content)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    assert (feed.findtext(f"{ATOM}updated"), feed.findall(f"{ATOM}entry")) == (BEFORE, [])


async def test_anyone_reads_it_and_who_publishes_adds_to_it(database: Database, client: Browsers, clock: Clock) -> None:
    day = await second(database, client, libelle="Mieux dit")
    answer = await client().get(FEED)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [entry.findtext(f"{ATOM}id") for entry in xml.fromstring(answer.content).iter(f"{ATOM}entry")] == [
        "http://testserver/referentiel/2.0.0"
    ]
    await publish(database, day.room, by=day.dominique)
    clock.advance(seconds=2)
    for browser in (client(), await signed_in(client, await stranger(database))):
        feed = xml.fromstring((await browser.get(FEED)).content)
        entries = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
        assert entries == [f"http://testserver/referentiel/{version}" for version in ("2.0.1", "2.0.0")]
        latest = await ask(database, frameworks.latest)
        assert latest is not None
        assert feed.findtext(f"{ATOM}updated") == latest.content["publie_le"]


async def test_the_pages_of_the_framework_lead_to_it(database: Database, client: Browsers, app: Starlette) -> None:
    await published(database)
    for address in ("/referentiel", "/referentiel/2.0.0"):
        link = read(await client().get(address)).one("link", rel="alternate")
        assert (link["type"], link["href"]) == ("application/atom+xml", FEED)
