"""Followups: the second screen, the receipt, and all that an author may do with their private link."""

import io
import logging

import pytest
from prometheus_client import generate_latest
from sqlmodel import select

from server import logs, witnessing
from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.cast import HAPPENED, Browsers, act, ask, colleague, give, moderator, touchpoint, witness
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import answers, contacts, maskings, moderation, personal, testimonials, withdrawals
from workshops.contacts import Contact
from workshops.moderation import State
from workshops.people import Person
from workshops.records import Record
from workshops.testimonials import Capacity, Face, Own, Testimonial

HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex", "referrer-policy": "same-origin"}
LOST = "Ce lien n'ouvre aucun témoignage : vérifiez qu'il est entier."
JUDGED = "Votre témoignage est déjà en cours d'examen, ou jugé : il ne se corrige plus."
TOO_LONG = "C'est trop long : raccourcissez un peu. Rien n'est perdu."
FULL = {
    "face": "moyen",
    "happened": "On m'a <b>écouté</b>.",
    "changed": "Je gagne une matinée.",
    "name": "Léa",
    "capacity": "usager",
    "clarity": "4",
    "heard": "5",
    "may_publish": "on",
    "may_cite": "on",
    "wants_contact": "on",
    "email": "Lea@Exemple.fr",
}


def at(key: str, rest: str = "") -> str:
    return f"/temoignages/suivi/{key}{rest}"


@pytest.fixture
async def morgane(database: Database) -> Person:
    return await moderator(database)


async def own(database: Database, key: str) -> Own:
    return await ask(database, testimonials.own, key)


async def state(database: Database, key: str) -> State:
    return (await ask(database, moderation.get, (await own(database, key)).testimonial.id)).state


async def contact(database: Database, testimonial: Testimonial) -> Contact | None:
    return await ask(database, contacts.of, testimonial.id)


async def records(database: Database) -> dict[str, list[str]]:
    async with database.reading() as session:
        return {
            table.name: sorted(map(str, await session.execute(select(table))))
            for table in Record.metadata.sorted_tables
        }


async def refused(database: Database, testimonial: Testimonial, by: Person, note: str = "Sans <nom>.") -> None:
    told = {"verdict": "refuse", "reason": "personne_visee", "note": note, "base": testimonial.revision}
    await act(database, moderation.decide, testimonial.id, by=by, **told)


def standing(page: Element) -> str:
    return page.one(class_="gc-standing").one("b").text


def said(page: Element) -> list[tuple[str, str]]:
    return [(row.one("dt").text, row.one("dd").text) for row in page.all(class_="gc-sheet__row")]


def form(page: Element, key: str, rest: str = "") -> Element:
    return page.one("form", action=at(key, rest))


# ── The second screen


async def test_the_second_screen_says_that_it_is_saved_and_asks_nothing(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database, face="moyen")
    answer = await client().get(at(key))
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (200, "C'est enregistré. Merci !")
    assert page.one(class_="gc-saved__said").text == "Moyen · Ti Lab"
    telling = form(page, key)
    assert telling.all(required="") == telling.all("input", type="radio", name="face")
    ticked = [box["name"] for box in telling.all("input", type="checkbox") if "checked" in box.attributes]
    assert (ticked, len(telling.all("input", type="checkbox"))) == ([], 3)
    empty = {name: value(telling, name) for name in ("happened", "changed", "name", "capacity", "clarity", "heard")}
    assert empty == dict.fromkeys(empty, "")
    # Before the form, never after: whoever wrote would leave without sending.
    assert at(key, "?fini=1") in [link["href"] for link in page.all("a", class_="fr-btn")]
    assert at(key, "?fini=1") not in [link["href"] for link in telling.all("a")]


async def test_to_send_nothing_is_to_leave_it_there(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    drawn = {**dict.fromkeys(("happened", "changed", "name", "capacity", "clarity", "heard", "email"), ""), "face": "bien"}
    answer = await client().post(at(key), data=drawn)
    assert (answer.status_code, answer.headers["location"]) == (303, at(key, "?fini=1"))
    assert await state(database, key) is State.BEGUN
    await client().post(at(key), data={**drawn, "heard": "2"})
    assert await state(database, key) is State.KEPT


async def test_the_next_one_begins_on_the_same_device(database: Database, client: Browsers) -> None:
    point = await touchpoint(database, by=await colleague(database))
    for here, there in ((point, f"/t/{point.token}"), (None, "/temoignages/nouveau?labo=ti-lab")):
        key, _testimonial = await give(database, here)
        page = read(await client().get(at(key, "?fini=1")))
        assert page.one("main").one("a", href=there).text == "Donner un autre témoignage"


async def test_one_may_leave_it_there(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    page = read(await client().get(at(key, "?fini=1")))
    assert standing(page) == "Impression enregistrée"
    assert page.one(class_="gc-receipt__code").text == witnessing.code(key)
    assert page.one("input", id="link")["value"] == f"http://testserver{at(key)}"
    assert said(page) == [("De façon générale", "Bien")]
    assert at(key, "?corriger=1") in [link["href"] for link in page.one("main").all("a")]


async def test_all_of_it_is_kept(settings: Settings, database: Database, client: Browsers) -> None:
    key, given = await give(database)
    answer = await client().post(at(key), data=FULL)
    assert (answer.status_code, answer.headers["location"]) == (303, at(key))
    assert answer.headers["x-geste"].isdecimal()
    found = await own(database, key)
    testimonial, telling = found.testimonial, found.telling
    assert telling
    assert (testimonial.face, testimonial.capacity) == (Face.MEDIUM, Capacity.USER)
    assert (testimonial.clarity, testimonial.heard) == (4, 5)
    assert (testimonial.may_publish, testimonial.may_cite) == (True, True)
    assert (telling.happened, telling.changed, telling.name) == (FULL["happened"], FULL["changed"], "Léa")
    sealed = await contact(database, given)
    assert sealed
    assert settings.seal.open(sealed.sealed) == "lea@exemple.fr"
    everything = str(await records(database))
    assert ("gagne une matinée" in everything, "exemple.fr" in everything.lower()) == (True, False)


async def test_the_receipt_says_what_was_said_and_what_happens_next(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    await client().post(at(key), data=FULL)
    page = read(await client().get(at(key)))
    assert standing(page) == "En attente de relecture"
    assert said(page) == [
        ("De façon générale", "Moyen"),
        ("Ce qui s'est passé", "On m'a <b>écouté</b>."),
        ("Ce que ça a changé", "Je gagne une matinée."),
        ("Clair", "4 sur 5"),
        ("À l'écoute", "5 sur 5"),
        ("En tant que", "Usager"),
        ("Prénom", "Léa"),
    ]
    allowed = [item.one("p").text for item in page.all("li", class_="gc-entries__item")]
    assert allowed == [
        "Publier oui",
        "S'en servir comme preuve oui",
        "Me répondre par courriel oui, adresse gardée, chiffrée",
    ]
    assert "exemple" not in page.text


async def test_without_a_consent_nothing_is_allowed(database: Database, client: Browsers) -> None:
    key, given = await give(database)
    await client().post(at(key), data={"happened": "Un mot."})
    found = await own(database, key)
    assert (found.testimonial.may_publish, found.testimonial.may_cite) == (False, False)
    assert await contact(database, given) is None
    assert standing(read(await client().get(at(key)))) == "Remis au laboratoire, sans publication"


async def test_a_site_without_mail_does_not_ask_for_an_address(settings: Settings, database: Database) -> None:
    serious = settings.model_copy(update={"demo": False, "secret_key": "x" * 32})
    app = create_app(serious, database)
    client = Browsers(app)
    key, given = await give(database)
    telling = form(read(await client().get(at(key))), key)
    assert [box["name"] for box in telling.all("input", type="checkbox")] == ["may_publish", "may_cite"]
    assert telling.all(name="email") == []
    answer = await client().post(at(key), data=FULL, headers=JSON)
    assert (answer.status_code, list(answer.json()["champs"])) == (422, ["wants_contact"])
    assert await contact(database, given) is None
    await client.close()
    await app.state.hub.close()
    await app.state.rooms.close()


# ── Personal data


PHONE = "Appelez-moi au 06 12 34 56 78 ou à lea@exemple.fr, merci."


async def test_personal_data_is_shown_before_anything_is_kept(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    before = await records(database)
    answer = await client().post(at(key), data={**FULL, "happened": PHONE})
    page = read(answer)
    assert answer.status_code == 422
    assert [each.text for each in page.all(class_="gc-traces__found")] == ["06 12 34 56 78", "lea@exemple.fr"]
    choices = page.one(class_="gc-traces__choice").all("button")
    assert [(button["name"], button["value"], button["form"]) for button in choices] == [
        ("traces", "remove", "telling"),
        ("traces", "keep", "telling"),
    ]
    telling = page.one("form", id="telling")
    typed = {**FULL, "happened": PHONE}
    assert {
        name: value(telling, name) for name in typed if name not in ("may_publish", "may_cite", "wants_contact")
    } == {name: text for name, text in typed.items() if name not in ("may_publish", "may_cite", "wants_contact")}
    assert [value(telling, name) for name in ("may_publish", "may_cite", "wants_contact")] == [["on"]] * 3
    assert await records(database) == before


@pytest.mark.parametrize(
    ("traces", "kept"), [("remove", "Appelez-moi au [retiré] ou à [retiré], merci."), ("keep", PHONE)]
)
async def test_the_author_decides_what_becomes_of_it(
    database: Database, client: Browsers, traces: str, kept: str
) -> None:
    key, _testimonial = await give(database)
    answer = await client().post(at(key), data={"happened": PHONE, "traces": traces})
    telling = (await own(database, key)).telling
    assert telling
    assert (answer.status_code, telling.happened) == (303, kept)


async def test_a_program_is_told_what_was_found(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    answer = await client().post(at(key), data={"changed": PHONE}, headers=JSON)
    assert (answer.status_code, list(answer.json()["champs"])) == (422, ["traces"])
    assert answer.json()["donnees"] == [
        {"champ": "changed", "genre": "telephone", "texte": "06 12 34 56 78"},
        {"champ": "changed", "genre": "courriel", "texte": "lea@exemple.fr"},
    ]
    told = await client().post(at(key), data={"changed": PHONE, "traces": "keep"}, headers=JSON)
    assert (told.status_code, told.json()["suivi"]) == (200, f"http://testserver{at(key)}")


# ── Bad input


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"happened": "é" * 2001}, "happened"),
        ({"happened": "é" * 20_001}, "happened"),
        ({"changed": "é" * 1001}, "changed"),
        ({"name": "é" * 41}, "name"),
        ({"capacity": "roi"}, "capacity"),
        ({"clarity": "6"}, "clarity"),
        ({"heard": "<b>"}, "heard"),
        ({"face": "bof"}, "face"),
        ({"happened": "", "changed": "", "may_publish": "on"}, "happened"),
        ({"may_publish": "", "may_cite": "on"}, "may_cite"),
        ({"email": "lea"}, "email"),
        ({"email": ""}, "email"),
        ({"wants_contact": ""}, "wants_contact"),
    ],
)
async def test_what_does_not_hold_comes_back_with_all_that_was_typed(
    database: Database, client: Browsers, typed: dict[str, str], field: str
) -> None:
    key, _testimonial = await give(database)
    before = await records(database)
    sent = {name: text for name, text in {**FULL, **typed}.items() if text}
    answer = await client().post(at(key), data=sent)
    page = read(answer)
    assert (answer.status_code, list(errors(page))) == (422, [field])
    telling = form(page, key)
    for name in ("happened", "changed", "name"):
        assert value(telling, name) == sent.get(name, "")
    ticked = [box["name"] for box in telling.all("input", type="checkbox") if "checked" in box.attributes]
    assert ticked == [name for name in ("may_publish", "may_cite", "wants_contact") if name in sent]
    program = await client().post(at(key), data=sent, headers=JSON)
    assert (program.status_code, list(program.json()["champs"])) == (422, [field])
    assert await records(database) == before


async def test_a_file_is_not_a_text_and_the_rest_is_still_there(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    before = await records(database)
    files = {"happened": ("recit.docx", b"PK\x03\x04")}
    answer = await client().post(at(key), data={"changed": "Tout."}, files=files)
    page = read(answer)
    assert (answer.status_code, list(errors(page))) == (422, ["happened"])
    assert value(form(page, key), "changed") == "Tout."
    for rest in ("/accords", "/appel"):
        assert (await client().post(at(key, rest), files={"x": ("x", b"x")})).status_code == 422
    assert await records(database) == before


async def test_a_nul_is_refused(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    answer = await client().post(at(key), data={"happened": "a\0b"})
    assert (answer.status_code, (await own(database, key)).telling) == (400, None)


async def test_markup_is_shown_as_it_was_typed(database: Database, client: Browsers) -> None:
    hostile = '<script>alert(1)</script> **gras** [lien](javascript:alert(1)) "><img src=x onerror=alert(1)>'
    key, _testimonial = await give(database)
    await client().post(at(key), data={"happened": hostile, "name": "<i>Léa</i>"})
    for address in (at(key), at(key, "?corriger=1")):
        main = read(await client().get(address)).one("main")
        assert (main.all("script"), main.all("img"), main.all("i"), main.all("strong")) == ([], [], [], [])
    assert ("Ce qui s'est passé", plain(hostile)) in said(read(await client().get(at(key))))


async def test_nobody_types_a_mask(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    await client().post(at(key), data={"happened": personal.MASK})
    assert read(await client().get(at(key))).all("mark") == []


# ── The address is a secret


async def test_each_answer_keeps_the_address_to_itself(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    found = [
        await client().get(at(key)),
        await client().post(at(key), data={"happened": "Un mot."}),
        await client().get(at(key)),
        await client().post(at(key), data={"happened": "é" * 2001}),
        await client().post(at(key, "/accords")),
        await client().post(at(key, "/appel")),
        await client().post(at(key, "/retrait")),
        await client().get(at(key)),
        await client().get(at("0" * 16)),
        await client().get(at("0" * 16), headers=JSON),
    ]
    assert [answer.status_code for answer in found] == [200, 303, 200, 422, 303, 409, 303, 200, 404, 404]
    for answer in found:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "set-cookie" not in answer.headers


async def test_no_link_leads_elsewhere(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(
        database, happened="Voir https://ailleurs.example/ ou [là](https://ailleurs.example)."
    )
    for address in (at(key), at(key, "?corriger=1")):
        page = read(await client().get(address))
        links = [link["href"] for link in page.all("a")]
        assert len(links) > 5
        assert [link for link in links if not link.startswith(("/", "#"))] == []


async def test_logs_and_metrics_do_not_know_the_key(
    database: Database, client: Browsers, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    key, _testimonial = await give(database)
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.Json())
    with caplog.at_level(logging.INFO, logger="server"):
        logging.getLogger("server").addHandler(handler)
        await client().get(at(key))
        await client().post(at(key), data={"happened": PHONE})
        await client().post(at(key, "/retrait"))
        await client().post("/temoignages/suivi", data={"code": key})
        logging.getLogger("server").removeHandler(handler)
    assert "/temoignages/suivi/{key}" in lines.getvalue()
    assert key not in lines.getvalue() + caplog.text
    told = generate_latest(client.app.state.metrics.registry).decode()
    assert ("followups.own" in told, key in told) == (True, False)


@pytest.mark.parametrize("key", ["0" * 16, "x", "0" * 40, "u" * 16, "%00" * 16])
async def test_a_key_that_opens_nothing_is_told_so(client: Browsers, key: str) -> None:
    for rest, method in (("", "GET"), ("", "POST"), ("/retrait", "POST"), ("/accords", "POST"), ("/appel", "POST")):
        answer = await client().request(method, at(key, rest))
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (404, LOST)
        program = await client().request(method, at(key, rest), headers=JSON)
        assert (program.status_code, program.json()["refus"]) == (404, "introuvable")


async def test_capitals_open_it_too(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    assert (await client().get(at(key.upper()))).status_code == 200


# ── Later


async def test_it_is_corrected_until_somebody_begins_to_judge_it(database: Database, client: Browsers) -> None:
    key, given = await give(database)
    await client().post(at(key), data=FULL)
    page = read(await client().get(at(key, "?corriger=1")))
    telling = form(page, key)
    kept = {name: text for name, text in FULL.items() if name not in ("may_publish", "may_cite", "wants_contact")}
    assert {name: value(telling, name) for name in kept} == {**kept, "email": ""}
    assert [value(telling, name) for name in ("may_publish", "may_cite", "wants_contact")] == [["on"]] * 3
    sealed = await contact(database, given)
    again = {**FULL, "email": "", "happened": "Autrement dit.", "face": "mal"}
    assert (await client().post(at(key), data=again)).status_code == 303
    found = await own(database, key)
    assert found.telling
    assert (found.telling.happened, found.testimonial.face) == ("Autrement dit.", Face.BAD)
    assert sealed
    assert (await contact(database, given)) == sealed
    await client().post(at(key), data={**again, "email": "autre@exemple.fr"})
    other = await contact(database, given)
    assert other
    assert other.sealed != sealed.sealed


@pytest.mark.parametrize("wrong", [{}, {"clarity": "6"}, {"name": "lea@exemple.fr"}])
async def test_once_it_is_judged_it_comes_back_with_the_text(
    database: Database, client: Browsers, morgane: Person, wrong: dict[str, str]
) -> None:
    key, _testimonial = await witness(database, by=morgane)
    before = await records(database)
    assert read(await client().get(at(key, "?corriger=1"))).all("form", id="telling") == []
    answer = await client().post(at(key), data={"happened": "Trop <tard>.", "changed": "Un peu.", **wrong})
    page = read(answer)
    assert (answer.status_code, page.one(class_="fr-alert").text) == (409, JUDGED)
    assert [text.text for text in page.all(class_="gc-quote")] == ["Trop <tard>.", "Un peu."]
    program = await client().post(at(key), data={"happened": "Trop tard."}, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (409, "pas_maintenant")
    assert await records(database) == before


async def test_what_is_published_says_so_with_the_labs_answer(
    database: Database, client: Browsers, morgane: Person
) -> None:
    key, testimonial = await witness(database, by=morgane)
    await act(database, answers.answer, testimonial.id, text="Merci <à vous>.", by=await colleague(database))
    page = read(await client().get(at(key)))
    assert standing(page) == "Publié"
    assert page.one(class_="gc-quote").text == "Merci <à vous>."
    assert f"/temoignages/{testimonial.id}" in [link["href"] for link in page.one("main").all("a")]


async def test_what_is_published_no_more_says_so(database: Database, client: Browsers, morgane: Person) -> None:
    key, testimonial = await witness(database, by=morgane)
    await refused(database, testimonial, morgane)
    page = read(await client().get(at(key)))
    assert (standing(page), "Il n'est plus publié." in page.text) == ("Refusé", True)


async def test_masks_are_in_sight(database: Database, client: Browsers, morgane: Person) -> None:
    key, testimonial = await give(database, happened="Demandez Monsieur Durand.")
    await act(database, maskings.mask, testimonial.id, ["Monsieur Durand"], base=testimonial.revision, by=morgane)
    page = read(await client().get(at(key)))
    assert [mark.text for mark in page.all(class_="gc-mask")] == ["masqué passage masqué par la modération"]
    assert "Durand" not in page.text
    assert "Sa relecture a commencé" in page.text


async def test_a_refusal_says_why_and_is_appealed_once(database: Database, client: Browsers, morgane: Person) -> None:
    key, testimonial = await give(database, happened=HAPPENED)
    await refused(database, testimonial, morgane)
    page = read(await client().get(at(key)))
    assert standing(page) == "Refusé"
    assert moderation.Reason.NAMING.label in page.text.replace("’", "'")
    assert "Il ne sera pas publié." in page.text
    assert page.one(class_="gc-quote").text == "Sans <nom>."
    long = await client().post(at(key, "/appel"), data={"appeal": "é" * 1001})
    assert (long.status_code, list(errors(read(long)))) == (422, ["appeal"])
    assert value(form(read(long), key, "/appel"), "appeal") == "é" * 1001
    answer = await client().post(at(key, "/appel"), data={"appeal": "Je n'ai nommé <personne>."})
    assert (answer.status_code, await state(database, key)) == (303, State.APPEALED)
    page = read(await client().get(at(key)))
    assert (standing(page), page.all("form", action=at(key, "/appel"))) == ("Second examen demandé", [])
    assert [quote.text for quote in page.all(class_="gc-quote")] == ["Sans <nom>.", "Je n'ai nommé <personne>."]
    other = await moderator(database, "Maud")
    await refused(database, testimonial, other, note="")
    page = read(await client().get(at(key)))
    assert (standing(page), page.all("form", action=at(key, "/appel"))) == ("Refusé", [])
    assert "Un second examen l'a confirmé." in page.text


async def test_only_a_refusal_is_appealed(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database, happened=HAPPENED)
    answer = await client().post(at(key, "/appel"), data={"appeal": "Pourquoi ?"})
    assert (answer.status_code, await state(database, key)) == (409, State.WAITING)


@pytest.mark.parametrize("taken", ["evidence", "contact"])
async def test_a_consent_is_taken_back_at_any_time(
    database: Database, client: Browsers, morgane: Person, taken: str
) -> None:
    key, testimonial = await witness(database, by=morgane, wants_contact=True, contact="scellé")
    page = read(await client().get(at(key)))
    buttons = [form.one("input")["name"] for form in page.all("form", action=at(key, "/accords"))]
    assert buttons == ["evidence", "contact"]
    for _time in range(2):
        answer = await client().post(at(key, "/accords"), data={taken: "on"})
        assert (answer.status_code, answer.headers["location"]) == (303, at(key))
    found = await own(database, key)
    assert (found.testimonial.may_cite, found.has_contact) == (taken != "evidence", taken != "contact")
    assert (await contact(database, testimonial) is None) == (taken == "contact")


async def test_withdrawn_it_is_a_tombstone_and_twice_is_once(
    database: Database, client: Browsers, morgane: Person
) -> None:
    key, _testimonial = await witness(database, happened="Un secret de polichinelle.", by=morgane)
    page = read(await client().get(at(key)))
    asks = page.all("form", action=at(key, "/retrait"))[0]
    assert "effacé pour de bon" in asks.text
    first = await client().post(at(key, "/retrait"))
    after = await records(database)
    again = await client().post(at(key, "/retrait"))
    assert [answer.status_code for answer in (first, again)] == [303, 303]
    assert await records(database) == after
    assert "polichinelle" not in str(after)
    page = read(await client().get(at(key)))
    assert page.one("h1").text == "Votre témoignage est retiré"
    assert page.all("form") == []
    late = await client().post(at(key), data={"happened": "Encore un mot."})
    assert (late.status_code, read(late).one(class_="gc-quote").text) == (409, "Encore un mot.")
    assert "Encore un mot" not in str(await records(database))


async def test_what_time_erased_says_so_and_may_still_be_withdrawn(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database, happened=HAPPENED)
    async with database.transaction() as session:
        own = await testimonials.own(session, key)
        await withdrawals.bury(session, own.testimonial, testimonials.End.EXPIRED)
    page = read(await client().get(at(key)))
    assert page.one("h1").text == "Votre texte est effacé"
    assert (await client().post(at(key, "/retrait"))).status_code == 303
    assert await state(database, key) is State.WITHDRAWN


async def test_the_same_one_told_without_end_is_slowed(database: Database, client: Browsers) -> None:
    """Each telling is a line of a journal that nothing shortens, and makes whoever reads it begin again."""
    key, _given = await give(database, happened="Bien.")
    other, _given = await give(database, happened="Bien.")
    browser = client()
    statuses = [(await browser.post(at(key), data={"happened": f"Texte {n}."})).status_code for n in range(61)]
    assert statuses == [303] * 60 + [429]
    assert (await own(database, key)).testimonial.revision == 61
    assert (await browser.post(at(other), data={"happened": "Autre."})).status_code == 303
    assert (await browser.post(at(key, "/retrait"))).status_code == 303
