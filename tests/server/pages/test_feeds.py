"""Feeds: the versions, and what citizens say, for readers that come back."""

from xml.etree import ElementTree as xml

from starlette.applications import Starlette

from server.database import Database
from server.feeds import BEFORE, atom
from tests.cast import (
    Browsers,
    act,
    ask,
    colleague,
    give,
    moderator,
    publish,
    published,
    signed_in,
    stranger,
    touchpoint,
    witness,
)
from tests.conftest import Clock
from tests.documents import frozen, history
from tests.server.pages.reading import read
from tests.server.pages.versions import second
from workshops import answers, frameworks, maskings, moderation, withdrawals

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


# ── Testimonials

VOICES = "/temoignages.atom"


async def entries(client: Browsers, address: str = VOICES) -> list[str | None]:
    answer = await client().get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    return [entry.findtext(f"{ATOM}id") for entry in xml.fromstring(answer.content).iter(f"{ATOM}entry")]


async def test_a_testimonial_is_an_entry_with_its_words_and_the_answer(
    database: Database, client: Browsers, clock: Clock
) -> None:
    morgane, alix = await moderator(database), await colleague(database)
    point = await touchpoint(database, project="Démarches simples", by=alix)
    _key, told = await give(database, point, happened="Mme Untel <b>& co</b>.", changed="J'ose.", name="Lou")
    await act(database, maskings.mask, told.id, ["Mme Untel"], base=1, by=morgane)
    clock.advance(days=2)
    await act(database, moderation.decide, told.id, verdict="publie", base=2, by=morgane)
    await act(database, answers.answer, told.id, text="Merci.", by=alix)
    answer = await client().get(VOICES)
    feed = xml.fromstring(answer.content)
    home = "http://testserver/temoignages"
    assert texts(feed, "id", "title", "updated") == [
        home,
        "Témoignages sur les labos d’innovation publique",
        "2026-11-25T00:00:00.000Z",
    ]
    assert links(feed) == [("self", f"{home}.atom"), ("alternate", home)]
    (entry,) = feed.findall(f"{ATOM}entry")
    assert texts(entry, "id", "title", "published", "updated", "content") == [
        f"{home}/{told.id}",
        "Bien, Ti Lab, Démarches simples",
        "2026-11-25T00:00:00.000Z",
        "2026-11-25T00:00:00.000Z",
        "[passage masqué par la modération] <b>& co</b>.\n\nJ'ose.\n\nRéponse de Ti Lab\u00a0: Merci.",
    ]
    assert links(entry) == [("alternate", f"{home}/{told.id}")]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_one_withdrawn_leaves_the_feed(database: Database, client: Browsers, clock: Clock) -> None:
    morgane = await moderator(database)
    browser = client()
    empty = await browser.get(VOICES)
    assert xml.fromstring(empty.content).findtext(f"{ATOM}updated") == BEFORE
    key, told = await witness(database, happened="À retirer.", by=morgane)
    _key, kept = await witness(database, happened="À garder.", by=morgane)
    assert set(await entries(client)) == {f"http://testserver/temoignages/{id}" for id in (told.id, kept.id)}
    before = await browser.get(VOICES)
    again = await browser.get(VOICES, headers={"if-none-match": before.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await act(database, withdrawals.withdraw, key)
    after = await browser.get(VOICES, headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, "À retirer" in before.text, "À retirer" in after.text) == (200, True, False)
    assert await entries(client) == [f"http://testserver/temoignages/{kept.id}"]


async def test_the_feed_may_be_that_of_a_lab_or_of_a_project(database: Database, client: Browsers, clock: Clock) -> None:
    morgane = await moderator(database)
    point = await touchpoint(database, project="Démarches simples", by=await colleague(database))
    _key, own = await witness(database, point, by=morgane)
    _key, other = await witness(database, lab="siilab", by=morgane)
    for query, told, place in (
        ("?labo=siilab", other, "SIILAB"),
        ("?labo=ti-lab", own, "Ti Lab"),
        (f"?projet={point.project_id}", own, "Démarches simples"),
        (f"?labo=ti-lab&projet={point.project_id}", own, "Démarches simples, Ti Lab"),
    ):
        answer = await client().get(VOICES + query)
        feed = xml.fromstring(answer.content)
        assert await entries(client, VOICES + query) == [f"http://testserver/temoignages/{told.id}"]
        assert str(feed.findtext(f"{ATOM}title")).endswith(f" — {place}")
        assert links(feed)[0] == ("self", f"http://testserver{VOICES}{query}")
    for query in ("?labo=inconnu", "?projet=inconnu", "?projet=0nexistepas0&labo=ti-lab"):
        assert (await client().get(VOICES + query)).status_code == 404
    for query in ("?labo=%00", "?projet=%00"):  # PostgreSQL has no such text
        assert (await client().get(VOICES + query)).status_code in (400, 404)


async def test_the_feed_holds_the_last_fifty(database: Database, client: Browsers) -> None:
    morgane = await moderator(database)
    for _ in range(51):
        await witness(database, by=morgane)
    assert len(await entries(client)) == 50
