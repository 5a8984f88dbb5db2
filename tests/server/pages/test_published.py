"""The published testimonials: what one reads, finds, and finds no more."""

from typing import Any

import pytest
from httpx2 import Response

from server.database import Database
from tests.cast import Browsers, act, ask, colleague, give, moderator, signed_in, touchpoint, witness
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, read, value
from tests.testimony import FIRST_NAME, tell_everything
from workshops import answers, published, testimonials, withdrawals
from workshops.people import Person
from workshops.personal import MASK
from workshops.testimonials import End

ALL = "/temoignages"
MASKED = "masqué passage masqué par la modération"


@pytest.fixture
async def morgane(database: Database, clock: Clock) -> Person:
    return await moderator(database)


def voices(page: Response) -> list[Element]:
    return read(page).all("article", class_="gc-voice")


def ids(page: Response) -> list[str]:
    return [each["id"].removeprefix("temoignage-") for each in voices(page)]


def chips(page: Response) -> dict[str, str]:
    """What each filter that holds says, and the page without it."""
    found = read(page).all("a", class_="gc-chips__item")
    return {each.text.removeprefix("Retirer le filtre ").removesuffix(" ×"): each["href"] for each in found}


# ── Reading


async def test_a_testimonial_is_read_with_its_place_its_month_and_the_answer(
    database: Database, client: Browsers, clock: Clock
) -> None:
    told = await tell_everything(database)
    page = await client().get(ALL)
    assert page.status_code == 200
    (voice,) = voices(page)
    assert voice["id"] == f"temoignage-{told.said.id}"
    assert voice.one("h3").text == "Bien"
    assert voice.one(class_="gc-voice__meta").text == f"{FIRST_NAME} , usager · Ti Lab , Démarches simples · novembre 2026"
    assert voice.one("time")["datetime"] == "2026-11"
    happened, changed = voice.all(class_="gc-voice__text")
    assert happened.text == f"=Bien. {MASKED} m'a reçue."
    assert happened.one(class_="gc-mask").text == MASKED
    assert changed.text == "Ce que cela a changé J'ose demander."
    assert voice.one(class_="gc-voice__degrees").text == "Clarté : 4 sur 5 · Écoute : 5 sur 5"
    assert voice.one(class_="gc-answered").text == "Réponse de Ti Lab -Merci."
    assert {link["href"] for link in voice.all("a")} == {
        "/laboratoires/ti-lab",
        f"/projets/{told.point.project_id}",
        f"/temoignages/{told.said.id}",
    }
    alone = await client().get(f"/temoignages/{told.said.id}")
    assert alone.status_code == 200
    (same,) = voices(alone)
    assert [each.text for each in same.all(class_="gc-voice__text")] == [happened.text, changed.text]


async def test_a_mask_is_in_sight_in_the_answer_too(database: Database, client: Browsers, morgane: Person) -> None:
    alix = await colleague(database)
    key, told = await witness(database, by=morgane, happened="Monsieur Durand m'a reçue.")
    await act(database, answers.answer, told.id, text="Monsieur Durand vous remercie.", by=alix)
    await act(database, withdrawals.mask, told.id, ["Monsieur Durand"], base=1, by=morgane)
    for path in (ALL, f"/temoignages/{told.id}", f"/temoignages/suivi/{key}"):
        page = read(await client().get(path))
        assert [mask.text for mask in page.one("main").all(class_="gc-mask")] == [MASKED] * 2
        assert MASK not in page.text


async def test_what_somebody_wrote_is_text(database: Database, client: Browsers, morgane: Person) -> None:
    wrote = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> **gras** [ici](javascript:alert(1))"
    given = {"happened": wrote, "changed": wrote, "name": "<b>Lou</b>"}
    _key, told = await witness(database, by=morgane, **given)
    await act(database, answers.answer, told.id, text=wrote, by=await colleague(database))
    for address in (ALL, f"{ALL}/{told.id}", "/"):
        page = await client().get(address)
        (voice,) = voices(page)
        assert voice.all("script") == voice.all("img") == voice.all("strong") == []
        assert voice.one(class_="gc-voice__meta").one("b").raw == "<b>Lou</b>"
        assert {block.raw for block in voice.all(class_="gc-lines")} == {wrote}  # its line breaks too


async def test_how_many_were_received_and_what_they_say_is_read_first(
    database: Database, client: Browsers, clock: Clock
) -> None:
    await tell_everything(database)
    panel = read(await client().get(ALL)).one("section", class_="gc-voices__handling")
    assert panel.one("h2").text == "Ce qu'ont dit les personnes, tous laboratoires confondus"
    assert "8" in panel.text
    of_lab = read(await client().get(f"{ALL}?labo=siilab")).one("section", class_="gc-voices__handling")
    assert of_lab.one("h2").text == "Ce qu'ont dit les personnes : SIILAB"
    assert "2" in of_lab.text


async def test_one_that_was_withdrawn_is_gone(database: Database, client: Browsers, morgane: Person) -> None:
    key, told = await witness(database, happened="À retirer.", capacity="agent", name="Lou", by=morgane)
    assert (await client().get(f"{ALL}/{told.id}")).status_code == 200
    await act(database, withdrawals.withdraw, key)
    page = await client().get(f"{ALL}/{told.id}")
    assert page.status_code == 410
    (tombstone,) = voices(page)
    assert tombstone.text == "Ce témoignage a été retiré par son auteur."
    assert [word for word in ("À retirer", "Lou", "gent public") if word in page.text] == []
    assert ids(await client().get(ALL)) == []


async def test_one_whose_time_is_over_says_so(database: Database, client: Browsers, morgane: Person) -> None:
    _key, told = await witness(database, by=morgane)
    async with database.transaction() as session:
        await withdrawals.bury(session, await testimonials.get(session, told.id), End.EXPIRED)
    page = await client().get(f"{ALL}/{told.id}")
    assert page.status_code == 410
    assert voices(page)[0].text == "Ce témoignage a été effacé au terme de sa durée de conservation."
    assert (read(page).one("h1").text, "retiré" in read(page).text) == ("Témoignage effacé", False)


async def test_nobody_learns_that_something_waits_or_was_refused(
    database: Database, client: Browsers, clock: Clock
) -> None:
    told = await tell_everything(database)
    said = set()
    for browser in (client(), await signed_in(client, told.morgane)):
        for id in (*(each.id for each in told.unread), "0nexistepas0"):
            page = await browser.get(f"{ALL}/{id}")
            refused = await browser.get(f"{ALL}/{id}", headers=JSON)
            said.add((page.status_code, read(page).one(class_="gc-refusal").text, refused.text))
    assert len(said) == 1
    assert next(iter(said))[:2] == (404, "Ce témoignage n'existe pas, ou n'est pas publié.")


async def test_before_the_first_one_the_page_says_how_to_give_one(client: Browsers) -> None:
    page = read(await client().get(ALL)).one("main")
    empty = page.one(class_="gc-empty")
    assert empty.one(class_="gc-empty__title").text == "Aucun témoignage n'est encore publié"
    assert empty.one("a")["href"] == "/temoignages/nouveau"
    assert page.all("form") == []


async def test_the_page_leads_to_the_rules_the_feed_and_the_data(client: Browsers) -> None:
    page = read(await client().get(ALL))
    links = {link["href"] for link in page.one("main").all("a")}
    assert links >= {"/temoignages/nouveau", "/moderation/regles", "/temoignages.atom", "/temoignages/suivi"}
    assert "/donnees#table-temoignages" in links
    alternate = page.one("link", rel="alternate")
    assert (alternate["type"], alternate["href"]) == ("application/atom+xml", "/temoignages.atom")


async def test_every_page_leads_to_it(client: Browsers) -> None:
    page = read(await client().get(ALL))
    (link,) = [link for link in page.one("nav", id="menu").all("a") if link["href"] == ALL]
    assert link["aria-current"] == "page"
    assert ALL in [link["href"] for link in page.one("footer").all("a")]


async def test_browsers_ask_again_each_time(database: Database, client: Browsers, morgane: Person) -> None:
    """What was withdrawn is not read from a copy."""
    _key, told = await witness(database, by=morgane)
    for address in (ALL, f"{ALL}/{told.id}", "/"):
        assert (await client().get(address)).headers["cache-control"] == "private, no-cache"


# ── Looking for


@pytest.fixture
async def some(database: Database, morgane: Person, clock: Clock) -> dict[str, str]:
    """Three testimonials in two months, by what they are called here; a project that has none yet."""
    alix = await colleague(database)
    point = await touchpoint(database, project="Démarches simples", by=alix)
    silent = await touchpoint(database, "siilab", project="Rien encore", by=await colleague(database, "siilab"))
    _key, one = await witness(database, point, happened="Un guichet.", capacity="agent", by=morgane)
    clock.advance(days=30)
    _key, two = await witness(database, lab="siilab", face="mal", happened="La préfecture.", by=morgane)
    clock.advance(days=1)
    _key, three = await witness(database, face="moyen", happened="À la préfecture, un guichet.", by=morgane)
    assert point.project_id
    assert silent.project_id
    return {"one": one.id, "two": two.id, "three": three.id, "project": point.project_id, "silent": silent.project_id}


@pytest.mark.parametrize(
    ("query", "found", "said"),
    [
        ("", ["three", "two", "one"], []),
        ("labo=ti-lab", ["three", "one"], ["Laboratoire : Ti Lab"]),
        ("projet={project}", ["one"], ["Projet : Démarches simples"]),
        ("impression=mal", ["two"], ["Impression : Mal"]),
        ("qualite=agent", ["one"], ["Qualité : Agent public"]),
        ("depuis=2026-12", ["three", "two"], ["Depuis : décembre 2026"]),
        ("jusqua=2026-11", ["one"], ["Jusqu'à : novembre 2026"]),
        ("mots=prefecture", ["three", "two"], ["Mots : prefecture"]),
        ("mots=GUICHET+préfecture&labo=ti-lab", ["three"], ["Laboratoire : Ti Lab", "Mots : GUICHET préfecture"]),
        ("labo=&projet=&mots=+&page=", ["three", "two", "one"], []),
    ],
)
async def test_filters_and_words(
    client: Browsers, some: dict[str, str], query: str, found: list[str], said: list[str]
) -> None:
    page = await client().get(f"{ALL}?{query.format(**some)}")
    assert page.status_code == 200
    assert ids(page) == [some[name] for name in found]
    assert list(chips(page)) == said
    assert read(page).all(class_="fr-alert") == []


async def test_the_form_holds_what_is_asked_and_what_one_may_choose(client: Browsers, some: dict[str, str]) -> None:
    asked = {"labo": "siilab", "projet": some["silent"], "impression": "mal", "qualite": "elu", "depuis": "2026-11"}
    page = await client().get(ALL, params={**asked, "jusqua": "2027-01", "mots": 'a"b'})
    form = read(page).one("form", action=ALL)
    assert form["method"] == "get"
    held = {name: value(form, name) for name in (*asked, "jusqua", "mots")}
    assert held == {**asked, "jusqua": "2027-01", "mots": 'a"b'}
    options = [option["value"] for option in form.one("select", name="depuis").all("option")]
    assert options == ["", "2026-12", "2026-11", "2027-01"]
    labs = [option.text for option in form.one("select", name="labo").all("option")]
    assert labs == ["Tous", "SIILAB", "Ti Lab"]
    feed = f"/temoignages.atom?labo=siilab&projet={some['silent']}"
    assert read(page).one("link", rel="alternate")["href"] == feed
    empty = read(page).one(class_="gc-empty")
    assert empty.one(class_="gc-empty__title").text == "Aucun témoignage publié ne correspond"
    assert empty.one("a")["href"] == ALL


async def test_a_lab_where_nothing_was_published_may_be_asked_for(client: Browsers, some: dict[str, str]) -> None:
    page = await client().get(f"{ALL}?labo=erasme")
    assert list(chips(page)) == ["Laboratoire : Erasme"]
    assert value(read(page).one("form", action=ALL), "labo") == "erasme"


async def test_each_filter_may_be_taken_off(client: Browsers, some: dict[str, str]) -> None:
    browser = client()
    page = await browser.get(f"{ALL}?labo=ti-lab&mots=d%C3%A9marche+%26+co&impression=bien&page=9&autre=1")
    assert chips(page) == {
        "Laboratoire : Ti Lab": f"{ALL}?impression=bien&mots=d%C3%A9marche+%26+co",
        "Impression : Bien": f"{ALL}?labo=ti-lab&mots=d%C3%A9marche+%26+co",
        "Mots : démarche & co": f"{ALL}?labo=ti-lab&impression=bien",
    }
    assert read(page).one("a", class_="gc-chips__all")["href"] == ALL


@pytest.mark.parametrize(
    ("name", "wrong", "called"),
    [
        ("labo", "lab-imaginaire", "Laboratoire"),
        ("labo", "\0", "Laboratoire"),
        ("projet", "0nexistepas0", "Projet"),
        ("projet", "' OR 1=1 --\0", "Projet"),
        ("impression", "parfait", "Impression"),
        ("qualite", "roi", "Qualité"),
        ("depuis", "2026-13", "Depuis"),
        ("depuis", "9999-12", "Depuis"),
        ("jusqua", "hier", "Jusqu'à"),
        ("jusqua", "２０２６-11", "Jusqu'à"),
        ("mots", "\0 !?", "Mots"),
    ],
)
async def test_a_filter_that_means_nothing_is_left_out_and_said(
    client: Browsers, some: dict[str, str], name: str, wrong: str, called: str
) -> None:
    page = await client().get(ALL, params={name: wrong})
    assert page.status_code == 200
    assert ids(page) == [some[each] for each in ("three", "two", "one")]
    sentence = f"Ce filtre n'a pas été compris, et n'est pas appliqué : {called}."
    assert read(page).one(class_="fr-alert").text == sentence
    assert chips(page) == {}


async def test_long_words_are_cut(client: Browsers, some: dict[str, str]) -> None:
    page = await client().get(ALL, params={"mots": "a" * 20_000})
    assert (page.status_code, ids(page)) == (200, [])
    assert len(page.text) < 30_000


async def test_pages_follow_one_another(database: Database, client: Browsers, morgane: Person, clock: Clock) -> None:
    given: list[str] = []
    for n in range(published.ON_A_PAGE + 2):
        clock.advance(minutes=1)
        given.insert(0, (await witness(database, happened=f"Le numéro {n}.", by=morgane))[1].id)
    first, second = [await client().get(f"{ALL}?mots=numero&page={n}") for n in (1, 2)]
    assert ids(first) + ids(second) == given
    assert len(ids(second)) == 2
    for page, links in (
        (first, {"next": f"{ALL}?mots=numero&page=2#read"}),
        (second, {"prev": f"{ALL}?mots=numero&page=1#read"}),
    ):
        nav = read(page).one("nav", **{"aria-label": "Pages des témoignages"})
        assert {link["rel"]: link["href"] for link in nav.all("a") if "rel" in link.attributes} == links
        assert [link.text for link in nav.all("a")] == ["Page 1", "Page 2"]
    for asked, shown in (("0", first), ("-1", first), ("x", first), ("9" * 50, first), ("99999", second), ("²", first)):
        assert ids(await client().get(ALL, params={"mots": "numero", "page": asked})) == ids(shown)


async def test_too_many_to_read_is_said(
    database: Database, client: Browsers, morgane: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "SEARCHED", 1)
    for _ in range(2):
        await witness(database, happened="Pareil.", by=morgane)
    page = read(await client().get(f"{ALL}?mots=pareil"))
    assert page.one(class_="fr-alert").text.startswith("Ces mots sont dans beaucoup de témoignages")


# ── The front door


async def test_the_front_door_shows_the_last_three(
    database: Database, client: Browsers, morgane: Person, clock: Clock
) -> None:
    fresh = read(await client().get("/"))
    assert "/temoignages/nouveau" in [link["href"] for link in fresh.one("main").all("a")]
    given: list[Any] = []
    for n in range(4):
        clock.advance(minutes=1)
        given.insert(0, (await witness(database, happened=f"Le numéro {n}.", by=morgane))[1])
    await give(database, happened="En attente.")
    page = await client().get("/")
    assert ids(page) == [each.id for each in given[:3]]
    assert "En attente." not in page.text
    assert (await ask(database, published.count)) == 4
