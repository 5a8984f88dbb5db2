"""Mailbox: a link sent to an address signs in, once, in the browser that asked for it."""

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import httpx2
import pytest
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request

from server import limits, sweeping
from server.app import create_app
from server.cookies import digest
from server.database import Database
from server.limits import Limits
from server.maillinks import MailLink
from server.settings import Settings
from server.tries import Tries
from tests.cast import Browsers, act, signed_in, stranger
from tests.conftest import Clock
from tests.post import PostOffice
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, errors, plain, read, value
from tests.server.pages.test_queries import counting
from workshops import people
from workshops.people import Identity, Person

ALIX = "alix.morvan@exemple.fr"
ASK = "/connexion/courriel"
OVER = "Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre."
ELSEWHERE = "Ce lien ne s'ouvre que dans le navigateur où vous l'avez demandé."
NOT_AN_ADDRESS = "Une adresse électronique s'écrit prenom.nom@exemple.fr."
NOT_HERE = "Ce site n'envoie pas de courriel : la connexion par courriel n'y est pas proposée."


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@pytest.fixture
def settings(settings: Settings, office: PostOffice) -> Settings:
    """A demonstration that sends its letters for good."""
    url = f"smtp://127.0.0.1:{office.port}"
    return settings.model_copy(update={"smtp_url": url, "smtp_from": "grille@exemple.fr"})


@pytest.fixture
async def app(app: Starlette) -> AsyncIterator[Starlette]:
    yield app
    await app.state.post.close()


async def asked(browser: httpx2.AsyncClient, office: PostOffice, address: str = ALIX, suite: str = "/") -> str:
    """Ask for a link; the path that arrives by mail."""
    answer = await browser.post(ASK, data={"address": address, "suite": suite})
    assert answer.status_code == 200
    return path_in(await office.letter())


def path_in(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    (path,) = re.findall(r"http://testserver(/connexion/courriel/[A-Za-z0-9_-]{43})\n", body.get_content())
    return str(path)


async def links(database: Database) -> list[MailLink]:
    async with database.reading() as session:
        return list(await session.scalars(select(MailLink)))


async def identities(database: Database) -> list[Identity]:
    async with database.reading() as session:
        return list(await session.scalars(select(Identity)))


async def known(database: Database, address: str = ALIX, name: str = "Alix Morvan") -> Person:
    """Somebody who has signed in by mail before."""
    return await act(database, people.recognise, iss="courriel", sub=address, name=name, email=address)


async def name(browser: httpx2.AsyncClient) -> str:
    """What the page calls who is asking."""
    shown = read(await browser.get("/ateliers")).all("a", class_="gc-header__person")
    return shown[0].text if shown else "personne"


def said(page: Element) -> str:
    return page.one(class_="fr-alert").text


# ── The whole way


async def test_somebody_new_signs_in_by_mail(
    database: Database, client: Browsers, office: PostOffice, clock: Clock
) -> None:
    browser = client()
    form = read(await browser.get(f"{ASK}?suite=/ateliers/nouveau")).one("form", action=ASK)
    assert (form["method"], value(form, "address"), value(form, "suite")) == ("post", "", "/ateliers/nouveau")
    assert form.one("input", name="address")["type"] == "email"
    sent = await browser.post(ASK, data={"address": "  Alix.Morvan@Exemple.FR ", "suite": "/ateliers/nouveau"})
    assert (sent.status_code, read(sent).one("p", class_="gc-mailbox").text) == (200, ALIX)
    letter = await office.letter()
    assert letter["to"] == ALIX
    path = path_in(letter)
    form = read(await browser.get(path)).one("form", action=path)
    assert (form["method"], value(form, "name")) == ("post", "")
    answer = await browser.post(path, data={"name": "Alix Morvan"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ateliers/nouveau")
    assert await name(browser) == "Alix Morvan"
    (found,) = await identities(database)
    assert (found.iss, found.sub, found.email, found.lab_slug) == ("courriel", ALIX, ALIX, None)


async def test_who_proves_an_address_again_is_the_same_person(
    database: Database, client: Browsers, office: PostOffice
) -> None:
    await known(database)
    browser = client()
    path = await asked(browser, office, "ALIX.morvan@exemple.fr")
    form = read(await browser.get(path)).one("form", action=path)
    assert form.all("input") == [], "one button, and nothing to say"
    assert (await browser.post(path, data={"name": "Quelqu'un d'autre"})).status_code == 303
    assert await name(browser) == "Alix Morvan"
    assert len(await identities(database)) == 1


async def test_an_address_that_a_provider_gave_is_another_identity(
    database: Database, client: Browsers, office: PostOffice
) -> None:
    """A provider says what it likes of addresses: only the mailbox itself proves one here."""
    other = await act(database, people.recognise, iss="https://ailleurs.example", sub="1", name="Alix", email=ALIX)
    browser = client()
    path = await asked(browser, office)
    await browser.post(path, data={"name": "Alix"})
    mine = next(found for found in await identities(database) if found.iss == "courriel")
    assert mine.person_id != other.id


async def test_a_guest_who_signs_in_is_not_that_guest_any_more(client: Browsers, office: PostOffice) -> None:
    browser = await signed_in(client, await stranger(client.app.state.database, "Noor"))
    before = browser.cookies["session"]
    path = await asked(browser, office)
    await browser.post(path, data={"name": "Alix"})
    assert await name(browser) == "Alix"
    assert await name(client(cookies={"session": before})) == "personne"


async def test_the_letter_says_what_it_is_for(client: Browsers, office: PostOffice, clock: Clock) -> None:
    await client().post(ASK, data={"address": ALIX})
    body = (await office.letter()).get_body(("plain",))
    assert body
    text = plain(body.get_content())
    for part in (
        "Le 23 novembre à 10:00, quelqu'un, vous sans doute, a demandé à se connecter à Grille commune",
        f"avec l'adresse {ALIX}.",
        "Il sert une seule fois, jusqu'au 23 novembre à 10:15, heure de Paris.",
        "Si vous n'avez rien demandé, ne faites rien",
    ):
        assert part in text


# ── Whoever it is, the answer is the same


async def test_the_answer_does_not_say_who_is_known(database: Database, client: Browsers, office: PostOffice) -> None:
    await known(database)
    answers, letters, statements = [], [], []
    for address in (ALIX, "sacha.morel@exemple.fr"):
        with counting(database) as sent:
            answer = await client().post(ASK, data={"address": address})
        answers.append((answer.status_code, answer.text.replace(address, "…"), sorted(answer.headers)))
        statements.append(sent)
        letter = await office.letter()
        text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        letters.append((letter["subject"], text.replace(address, "…").replace(path_in(letter), "…")))
    assert answers[0] == answers[1]
    assert letters[0] == letters[1]
    assert statements[0] == statements[1], "the same questions: the same time"
    assert [statement for statement in statements[0] if "identity" in statement.lower()] == []


async def test_nobody_waits_for_the_mail_server(database: Database, client: Browsers, office: PostOffice) -> None:
    office.hears.clear()
    answer = await asyncio.wait_for(client().post(ASK, data={"address": ALIX}), 10)
    assert (answer.status_code, office.letters.qsize(), len(await links(database))) == (200, 0, 1)
    office.hears.set()
    assert (await office.letter())["to"] == ALIX


async def test_a_mail_server_that_fails_changes_nothing_of_the_answer(
    app: Starlette, client: Browsers, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    office.refusing = f"550 {ALIX}: inconnu"
    answer = await client().post(ASK, data={"address": ALIX})
    await asyncio.gather(*app.state.post.leaving)
    assert (answer.status_code, office.letters.qsize()) == (200, 0)
    assert app.state.metrics.registry.get_sample_value("grille_letters_total", {"outcome": "failed"}) == 1
    assert "alix" not in "\n".join(map(str, (vars(record) for record in caplog.records)))


# ── Once, fifteen minutes, one browser


async def test_looking_at_a_link_uses_nothing(database: Database, client: Browsers, office: PostOffice) -> None:
    """Filters and previews fetch links by themselves, from where they are."""
    browser = client()
    path = await asked(browser, office)
    before = await links(database)
    for visitor in (client(), browser, client()):
        for method in ("GET", "HEAD"):
            assert "set-cookie" not in (await visitor.request(method, path)).headers
    assert await links(database) == before
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303


async def test_a_link_opens_once(database: Database, client: Browsers, office: PostOffice) -> None:
    browser = client()
    path = await asked(browser, office)
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303
    for answer in (await browser.get(path), await browser.post(path, data={"name": "Alix"})):
        assert (answer.status_code, said(read(answer))) == (400, OVER)
    assert len(await identities(database)) == 1


async def test_of_two_tabs_one_is_first(client: Browsers, office: PostOffice) -> None:
    browser = client()
    path = await asked(browser, office)
    answers = await asyncio.gather(*(browser.post(path, data={"name": "Alix"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400]


async def test_a_link_is_for_fifteen_minutes(
    database: Database, client: Browsers, office: PostOffice, clock: Clock
) -> None:
    browser = client()
    path = await asked(browser, office)
    clock.advance(minutes=14, seconds=59)
    assert (await browser.get(path)).status_code == 200
    clock.advance(seconds=1)
    for answer in (await browser.get(path), await browser.post(path, data={"name": "Alix"})):
        assert (answer.status_code, said(read(answer))) == (400, OVER)
    assert await identities(database) == []
    await sweeping.sweep(database)
    assert await links(database) == []


async def test_in_another_browser_a_link_says_where_to_open_it(
    database: Database, client: Browsers, office: PostOffice
) -> None:
    browser, thief, other = client(), client(), client()
    path = await asked(browser, office)
    await asked(other, office, "sacha@exemple.fr")  # waits for a letter of its own
    before = await links(database)
    for visitor in (thief, other):
        for answer in (await visitor.get(path), await visitor.post(path, data={"name": "Alix"})):
            page = read(answer)
            assert (answer.status_code, said(page)) == (403, ELSEWHERE)
            assert ALIX not in answer.text
            assert [link["href"] for link in page.one("ul", class_="gc-actions").all("a")] == [ASK, "/"]
        assert await name(visitor) == "personne"
    assert await links(database) == before
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303


async def test_one_browser_may_wait_for_several_letters(client: Browsers, office: PostOffice) -> None:
    browser = client()
    first, second = await asked(browser, office, suite="/a"), await asked(browser, office, suite="/b")
    for path, to in ((first, "/a"), (second, "/b")):
        assert (await browser.post(path, data={"name": "Alix"})).headers["location"] == to


async def test_the_database_knows_neither_the_link_nor_the_browser(
    database: Database, client: Browsers, office: PostOffice
) -> None:
    browser = client()
    path = await asked(browser, office)
    (link,) = await links(database)
    token, cookie = path.rpartition("/")[2], browser.cookies["letter"]
    assert (link.token_hash, link.browser_hash) == (digest(token), digest(cookie))
    async with database.reading() as session:
        keys = list(await session.scalars(select(Tries.key)))
    assert len(keys) == 3
    assert [key for key in keys if not re.fullmatch("[0-9a-f]{64}", key)] == []


async def test_the_cookie_lasts_as_long_as_the_link(client: Browsers) -> None:
    answer = await client().post(ASK, data={"address": ALIX})
    _, attributes = answer.headers["set-cookie"].split("; ", 1)
    assert attributes == "HttpOnly; Max-Age=900; Path=/; SameSite=lax"
    assert answer.headers["cache-control"] == "no-store"


# ── What is not right


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alix",
        "alix@exemple",
        "@exemple.fr",
        "alix@@exemple.fr",
        "alix@exemple..fr",
        "a@-exemple.fr",
        ".alix@exemple.fr",
        "alix.@exemple.fr",
        "alix @exemple.fr",
        "alix@exemple.fr, sacha@exemple.fr",
        "alix@exemple.fr\nBcc: sacha@exemple.fr",
        "Alix <alix@exemple.fr>",
        '"alix"@exemple.fr',
        "alix@[127.0.0.1]",
        "alix@127.0.0.1",
        "é@exemple.fr",
        "alix@éxemple.fr",
        "a" * 65 + "@exemple.fr",
        "alix@" + "a." * 125 + "fr",
        "x" * 20_000,
    ],
)
async def test_what_is_no_address_comes_back_as_typed(
    database: Database, client: Browsers, office: PostOffice, typed: str
) -> None:
    answer = await client().post(ASK, data={"address": typed, "suite": "/ateliers"})
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"address": NOT_AN_ADDRESS})
    form = page.one("form", action=ASK)
    assert (value(form, "address"), value(form, "suite")) == (typed, "/ateliers")
    assert (await links(database), "set-cookie" in answer.headers) == ([], False)
    program = await client().post(ASK, data={"address": typed}, headers=JSON)
    assert (program.status_code, set(program.json()["champs"])) == (422, {"address"})


@pytest.mark.parametrize("token", ["x" * 43, "court", "x" * 5000, "%00" * 43, "é" * 43, "' OR 1=1 --"])
async def test_a_link_nobody_made_opens_nothing(database: Database, client: Browsers, token: str) -> None:
    browser = client(cookies={"letter": "x" * 43})
    for answer in (await browser.get(f"{ASK}/{token}"), await browser.post(f"{ASK}/{token}", data={"name": "Alix"})):
        assert (answer.status_code, said(read(answer))) == (400, OVER)
    assert (await links(database), await identities(database)) == ([], [])


@pytest.mark.parametrize("cookie", ["", "court", "x" * 43, "é"])
async def test_a_made_up_cookie_is_another_browser(client: Browsers, office: PostOffice, cookie: str) -> None:
    path = await asked(client(), office)
    sent = {"cookie": f"letter={cookie}".encode()}
    assert (await client().post(path, data={"name": "Alix"}, headers=sent)).status_code == 403


@pytest.mark.parametrize("typed", ["", "  ", "…", "a" * 61])
async def test_somebody_new_says_their_name_and_the_link_is_still_good(
    database: Database, client: Browsers, office: PostOffice, typed: str
) -> None:
    browser = client()
    path = await asked(browser, office)
    answer = await browser.post(path, data={"name": typed})
    page = read(answer)
    assert (answer.status_code, set(errors(page))) == (422, {"name"})
    assert value(page.one("form", action=path), "name") == typed
    assert await identities(database) == []
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303


@pytest.mark.parametrize("suite", ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "x", ""])
async def test_signing_in_by_mail_sends_nobody_elsewhere(client: Browsers, office: PostOffice, suite: str) -> None:
    browser = client()
    path = await asked(browser, office, suite=suite)
    assert (await browser.post(path, data={"name": "Alix"})).headers["location"] == "/"


async def test_another_sites_page_signs_nobody_in(client: Browsers, office: PostOffice) -> None:
    browser = client()
    path = await asked(browser, office)
    forged = {"sec-fetch-site": "cross-site"}
    assert (await browser.post(path, data={"name": "Alix"}, headers=forged)).status_code == 403
    assert (await client().post(ASK, data={"address": ALIX}, headers=forged)).status_code == 403


# ── Not too many


async def test_an_address_gets_five_letters_an_hour(client: Browsers, office: PostOffice, clock: Clock) -> None:
    for _ in range(5):
        await asked(client(), office)
    clock.advance(minutes=20)
    answer = await client().post(ASK, data={"address": ALIX.upper(), "suite": "/ateliers"})
    page = read(answer)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2400")
    assert said(page) == "Trop de liens ont été demandés. Réessayez dans 40 min, ou cherchez les courriels déjà reçus."
    assert value(page.one("form", action=ASK), "address") == ALIX.upper()
    await asked(client(), office, "sacha@exemple.fr")
    clock.advance(minutes=40)
    await asked(client(), office)


async def test_a_browser_asks_ten_times_an_hour(client: Browsers, office: PostOffice) -> None:
    browser = client()
    for number in range(10):
        await asked(browser, office, f"alix{number}@exemple.fr")
    assert (await browser.post(ASK, data={"address": ALIX})).status_code == 429
    await asked(client(), office)


async def test_a_network_asks_two_hundred_times_an_hour(app: Starlette, database: Database, client: Browsers) -> None:
    for _ in range(200):
        await Limits.of(asking(app)).count(limits.LETTERS_OF_A_NETWORK, limits.network(asking(app)))
    assert (await client().post(ASK, data={"address": ALIX})).status_code == 429
    assert await links(database) == []


def asking(app: Starlette) -> Request:
    """What a page is given, from the address that test browsers have."""
    return Request({"type": "http", "client": ("127.0.0.1", 123), "state": {}, "app": app})


async def test_wrong_links_are_refused_after_sixty_and_a_right_one_opens_all_the_same(
    client: Browsers, office: PostOffice, clock: Clock
) -> None:
    browser = client()
    path = await asked(browser, office)
    answers = [(await client().get(f"{ASK}/{'x' * 43}")).status_code for _ in range(61)]
    assert answers == [400] * 60 + [429]
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303


# ── Where it is offered


async def test_a_site_without_a_mail_server_says_so(settings: Settings, database: Database) -> None:
    serious = settings.model_copy(update={"demo": False, "secret_key": "x" * 32, "smtp_url": ""})
    browsers = Browsers(create_app(serious, database))
    browser = browsers()
    page = read(await browser.get(ASK))
    assert (page.one("p", class_="gc-heading__lead").text, page.all("form", method="post")) == (NOT_HERE, [])
    answer = await browser.post(ASK, data={"address": ALIX})
    assert (answer.status_code, read(answer).one("p", class_="gc-heading__lead").text) == (409, NOT_HERE)
    assert (await browser.post(ASK, data={"address": ALIX}, headers=JSON)).json()["raison"] != ""
    assert await links(database) == []
    for path in ("/", "/connexion"):
        assert [link for link in read(await browser.get(path)).all("a") if link["href"].startswith(ASK)] == []
    await browsers.close()


async def test_it_is_offered_where_one_signs_in(settings: Settings, database: Database) -> None:
    alone = settings.model_copy(update={"demo": False, "secret_key": "x" * 32})
    browsers = Browsers(create_app(alone, database))
    browser = browsers()
    for path, href in (("/connexion?suite=/ateliers", f"{ASK}?suite=%2Fateliers"), ("/", ASK)):
        assert href in [link["href"] for link in read(await browser.get(path)).all("a")]
    failed = await browser.get("/connexion/retour")
    assert (failed.status_code, f"{ASK}?suite=%2F" in failed.text) == (400, True)
    await browsers.close()


async def test_a_demonstration_says_where_its_letters_are(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    browsers = Browsers(create_app(settings.model_copy(update={"smtp_url": ""}), database))
    browser = browsers()
    answer = await browser.post(ASK, data={"address": ALIX})
    assert "le message s'affiche dans le terminal" in read(answer).text
    (path,) = re.findall(r"http://testserver(/connexion/courriel/\S{43})\n", capsys.readouterr().err)
    assert (await browser.post(path, data={"name": "Alix"})).status_code == 303
    await browsers.close()
