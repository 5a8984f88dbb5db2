"""Answers: all that a lab was told, its public answer, the letters that it writes without seeing an address."""

from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from server import sealing
from server.app import create_app
from server.database import Database
from server.mail import Letter, Post
from server.settings import Settings
from tests.cast import HAPPENED, Browsers, act, ask, colleague, give, moderator, publisher, signed_in, witness
from tests.conftest import Clock
from tests.post import PostOffice
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import answers, contacts, moderation, withdrawals
from workshops.people import Person
from workshops.testimonials import Testimonial

HERE = "/laboratoires/ti-lab/temoignages-recus"
MAIL = "claude@exemple.fr"


@pytest.fixture
async def alix(database: Database) -> Person:
    """Of the Ti Lab."""
    return await colleague(database)


@pytest.fixture
def letters(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    """What would leave: the demonstration has no mail server."""
    left: list[Letter] = []
    monkeypatch.setattr(Post, "send", lambda self, letter: left.append(letter))
    return left


async def reachable(database: Database, app: Starlette, **told: Any) -> Testimonial:
    """A testimonial whose author left an address."""
    sealed = app.state.settings.seal.seal(MAIL)
    return (await give(database, **{"happened": HAPPENED, **told}, wants_contact=True, contact=sealed))[1]


def item(page: Element, told: Testimonial) -> Element:
    return page.one("li", id=f"temoignage-{told.id}")


def form(page: Element, told: Testimonial, ending: str) -> Element:
    return page.one("form", action=f"/temoignages/{told.id}/{ending}")


def sent(form: Element, text: str) -> dict[str, str]:
    return {"key": value(form, "key"), "text": text}


# ── All that was told


async def test_a_lab_reads_all_that_it_was_told_the_latest_first(
    database: Database, client: Browsers, alix: Person, clock: Clock
) -> None:
    told = []
    for given in (
        {"happened": "Publié."},
        {"happened": "Refusé."},
        {"happened": "Second."},
        {"happened": "Pour vous.", "may_publish": False, "may_cite": False},
        {"happened": "En attente."},
    ):
        told.append(await give(database, **given))
        clock.advance(minutes=1)
    await give(database, face="mal")
    await give(database, happened="Ailleurs.", lab="siilab")
    gone, _told = await give(database, happened="Parti.")
    await act(database, withdrawals.withdraw, gone)
    await act(database, moderation.decide, told[0][1].id, verdict="publie", base=1, by=alix)
    for _key, each in told[1:3]:
        await act(database, moderation.decide, each.id, verdict="refuse", reason="faux", base=1, by=alix)
    await act(database, moderation.appeal, told[2][0])
    page = read(await (await signed_in(client, alix)).get(HERE)).one("main")
    items = page.all("li", class_="gc-list__item")
    assert [each["id"] for each in items] == [f"temoignage-{each.id}" for _key, each in reversed(told)]
    assert [each.all("p")[0].all("span", class_="fr-badge")[0].text for each in items] == [
        "En attente de relecture",
        "Remis au laboratoire, sans publication",
        "Second examen demandé",
        "Refusé",
        "Publié",
    ]
    assert [each.one(class_="gc-told").text for each in items] == ["En attente.", "Pour vous.", "Second.", "Refusé.", "Publié."]
    assert "Motif : Il est faux" in items[3].text
    assert [[f["action"].rpartition("/")[2] for f in each.all("form")] for each in items] == [[], [], [], [], ["reponse"]]
    assert "10:0" not in page.text  # the month alone: nobody is recognised by the hour


async def test_it_is_for_the_lab_alone(database: Database, client: Browsers, alix: Person) -> None:
    for who in (await colleague(database, "siilab"), await moderator(database), await publisher(database)):
        answer = await (await signed_in(client, who)).get(HERE)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (
            403,
            "Cela revient aux membres de ce laboratoire.",
        )
    browser = await signed_in(client, alix)
    assert (await browser.get("/laboratoires/lab-imaginaire/temoignages-recus")).status_code == 404
    assert read(await browser.get(HERE)).one(class_="gc-empty").text.startswith("Rien encore")
    assert read(await browser.get("/laboratoires/ti-lab")).one("a", href=HERE).text == "Témoignages reçus, pour y répondre"
    assert not read(await browser.get("/laboratoires/siilab")).all("a", href="/laboratoires/siilab/temoignages-recus")


# ── In public


async def test_the_lab_answers_once(database: Database, client: Browsers, alix: Person) -> None:
    _key, told = await witness(database, by=alix)
    browser = await signed_in(client, alix)
    answering = form(read(await browser.get(HERE)), told, "reponse")
    assert "Signée Ti Lab, lisible par tous. Une seule fois : elle ne pourra être ni corrigée, ni retirée." in answering.text
    typed = sent(answering, "Merci de <b>l'avoir</b> dit.")
    found = [await browser.post(answering["action"], data=typed) for _ in range(2)]  # a double click
    assert [(each.status_code, each.headers["location"]) for each in found] == [(303, f"{HERE}#temoignage-{told.id}")] * 2
    shown = item(read(await browser.get(HERE)), told)
    assert shown.one(class_="gc-answered").text == "Réponse de Ti Lab Merci de <b>l'avoir</b> dit."
    assert shown.all("form") == []
    sacha = await signed_in(client, await colleague(database, name="Sacha"))
    late = await sacha.post(answering["action"], data={"text": "Autre chose."})
    assert late.status_code == 409
    assert "Votre laboratoire a déjà répondu : il ne répond qu'une fois." in read(late).one("main").text


@pytest.mark.parametrize("text", ["", "x" * 2001])
async def test_an_answer_or_a_letter_that_does_not_hold_comes_back_as_typed(
    database: Database, app: Starlette, client: Browsers, alix: Person, letters: list[Letter], text: str
) -> None:
    told = await reachable(database, app)
    await act(database, moderation.decide, told.id, verdict="publie", base=1, by=alix)
    browser = await signed_in(client, alix)
    for ending, other in (("reponse", "courriel"), ("courriel", "reponse")):
        answer = await browser.post(f"/temoignages/{told.id}/{ending}", data={"text": text})
        page = read(answer)
        assert (answer.status_code, list(errors(page))) == (422, ["text"])
        assert (value(form(page, told, ending), "text"), value(form(page, told, other), "text")) == (text, "")
        assert page.one(class_="gc-errors").one("a")["href"] in {f"#{each.get('id')}" for each in page}
        program = await browser.post(f"/temoignages/{told.id}/{ending}", data={"text": text}, headers=JSON)
        assert (program.status_code, list(program.json()["champs"])) == (422, ["text"])
    assert letters == []
    assert await ask(database, answers.of, [told.id]) == {}


async def test_what_was_unpublished_meanwhile_is_not_answered_and_the_text_stays(
    database: Database, client: Browsers, alix: Person
) -> None:
    _key, told = await witness(database, by=alix)
    browser = await signed_in(client, alix)
    refuses = {"verdict": "refuse", "reason": "faux", "base": 1}
    await act(database, moderation.decide, told.id, by=await moderator(database), **refuses)
    answer = await browser.post(f"/temoignages/{told.id}/reponse", data={"text": "Merci."}, headers=JSON)
    assert (answer.status_code, plain(answer.json()["raison"])) == (409, "On ne répond qu'à un témoignage publié.")
    page = read(await browser.post(f"/temoignages/{told.id}/reponse", data={"text": "Merci."})).one("main")
    assert "On ne répond qu'à un témoignage publié." in page.text


# ── To the author


async def test_a_letter_leaves_without_showing_the_address_nor_the_way_to_the_testimonial(
    database: Database, app: Starlette, client: Browsers, alix: Person, letters: list[Letter]
) -> None:
    told = await reachable(database, app, may_publish=False, may_cite=False)
    browser = await signed_in(client, alix)
    writing = form(read(await browser.get(HERE)), told, "courriel")
    typed = sent(writing, "Bonjour,\nrappelez-nous au labo.")
    found = [await browser.post(writing["action"], data=typed) for _ in range(2)]  # a double click
    assert [each.headers["location"] for each in found] == [f"{HERE}#temoignage-{told.id}"] * 2
    (letter,) = letters
    assert (letter.to, letter.address) == (MAIL, "http://testserver/laboratoires/ti-lab")
    assert plain(letter.subject) == "Un laboratoire vous répond, au sujet de votre témoignage"
    assert "Ti Lab" in letter.before[1]
    assert letter.before[2] == "« Bonjour,\nrappelez-nous au labo. »"
    assert "sera bientôt effacée" in letter.text
    for secret in (told.id, told.key_hash, "/temoignages/"):
        assert secret not in letter.text + letter.html
    page = await browser.get(HERE)
    assert MAIL not in page.text
    assert "Vous lui avez écrit le" in item(read(page), told).text
    assert (await ask(database, contacts.among, [told.id]))[told.id] is not None


async def test_it_leaves_by_smtp_once_it_is_written_down(
    database: Database, database_url: str, alix: Person
) -> None:
    async with PostOffice() as office:
        settings = Settings(
            _env_file=None,
            demo=True,
            public_url="http://testserver",
            database_url=database_url,
            smtp_url=f"smtp://127.0.0.1:{office.port}",
            smtp_from="Grille commune <ne-pas-repondre@exemple.fr>",
            contact_keys=sealing.new_key(),
        )
        app = create_app(settings, database)
        told = await reachable(database, app)
        browsers = Browsers(app)
        browser = await signed_in(browsers, alix)
        assert (await browser.post(f"/temoignages/{told.id}/courriel", data={"text": "Bonjour."})).status_code == 303
        message = await office.letter()
        await browsers.close()
        await app.state.post.close()
        await app.state.hub.close()
        await app.state.rooms.close()
    assert message["To"] == MAIL
    body = message.get_body(("plain",))
    assert body is not None
    assert "« Bonjour. »" in body.get_content()


async def test_an_address_that_no_key_opens_any_more_is_said_to_be(
    database: Database, client: Browsers, alix: Person, letters: list[Letter]
) -> None:
    sealed = sealing.Seal([sealing.new_key()], "another secret").seal(MAIL)
    _key, told = await give(database, happened=HAPPENED, wants_contact=True, contact=sealed)
    browser = await signed_in(client, alix)
    answer = await browser.post(f"/temoignages/{told.id}/courriel", data={"text": "Bonjour."})
    page = read(answer)
    assert answer.status_code == 409
    assert "Cette adresse ne s'ouvre plus : la clé qui l'avait chiffrée a changé. Rien n'est parti." in page.one("main").text
    assert value(form(page, told, "courriel"), "text") == "Bonjour."
    assert (letters, await ask(database, contacts.among, [told.id])) == ([], {told.id: None})


async def test_a_site_that_sends_no_mail_says_so(database: Database, database_url: str, alix: Person) -> None:
    settings = Settings(_env_file=None, secret_key="x" * 32, public_url="http://testserver", database_url=database_url)
    app = create_app(settings, database)
    told = await reachable(database, app)
    browsers = Browsers(app)
    browser = await signed_in(browsers, alix)
    answer = await browser.post(f"/temoignages/{told.id}/courriel", data={"text": "Bonjour."})
    assert answer.status_code == 409
    assert "Ce site n'envoie pas de courriel : rien n'est parti." in read(answer).one("main").text
    assert await ask(database, contacts.among, [told.id]) == {told.id: None}
    await browsers.close()
    await app.state.hub.close()
    await app.state.rooms.close()


async def test_nobody_else_writes(database: Database, app: Starlette, client: Browsers, letters: list[Letter]) -> None:
    told = await reachable(database, app)

    async def statuses(browser: httpx2.AsyncClient) -> set[int]:
        paths = [f"/temoignages/{told.id}/{ending}" for ending in ("courriel", "reponse")]
        return {(await browser.post(path, data={"text": "Bonjour."})).status_code for path in paths}

    for who in (await colleague(database, "siilab"), await moderator(database), await publisher(database)):
        assert await statuses(await signed_in(client, who)) == {403}
    assert await statuses(client()) == {403}
    assert letters == []
