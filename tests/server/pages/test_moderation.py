"""Moderation: the queue, a testimonial read whole, what is decided and masked, and the published rules."""

import asyncio
from typing import Any

import httpx2
import pytest

from server import judging
from server.database import Database
from tests.cast import (
    HAPPENED,
    Browsers,
    account,
    act,
    ask,
    colleague,
    give,
    moderator,
    publisher,
    signed_in,
    stranger,
    touchpoint,
    witness,
)
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, errors, plain, read, value
from tests.server.pages.test_queries import counting
from workshops import audit, moderation, testimonials, withdrawals
from workshops.moderation import Reason, State
from workshops.people import Person
from workshops.personal import MASK
from workshops.testimonials import Testimonial, Told

TRACED = "Appelez le 06 12 34 56 78 ou écrivez à jean@exemple.fr, puis encore au 06 12 34 56 78."


@pytest.fixture
async def alix(database: Database) -> Person:
    """Of the Ti Lab."""
    return await colleague(database)


@pytest.fixture
async def morgane(database: Database) -> Person:
    """She moderates for DITP."""
    return await moderator(database)


def forms(page: Element, ending: str) -> list[Element]:
    return [form for form in page.all("form") if form["action"].endswith(ending)]


def sent(form: Element, **typed: Any) -> dict[str, Any]:
    """What a form sends as it stands, with what is typed besides."""
    names = {each["name"] for each in form if each.tag in ("input", "textarea") and each.get("name")}
    return {**{name: held for name in names if (held := value(form, name))}, **typed}


async def state(database: Database, told: Testimonial) -> State:
    return (await ask(database, moderation.get, told.id)).state


async def words(database: Database, told: Testimonial) -> str:
    telling = (await ask(database, moderation.get, told.id)).telling
    return telling.happened if telling else ""


# ── The queue


async def test_the_queue_says_what_waits_for_how_long_and_what_is_a_second_look(
    database: Database, client: Browsers, alix: Person, morgane: Person, clock: Clock
) -> None:
    key, appealed = await give(database, face="mal", happened="C'était nul.")
    await act(database, moderation.decide, appealed.id, verdict="refuse", reason="injurieux", base=1, by=alix)
    clock.advance(days=10)
    point = await touchpoint(database, project="Rentrée", by=alix)
    _key, first = await give(database, point, face="moyen", happened=TRACED)
    clock.advance(days=2)
    await act(database, moderation.appeal, key)
    clock.advance(days=1)
    _key, last = await give(database, happened="x" * 300, lab="siilab")
    browser = await signed_in(client, morgane)
    page = read(await browser.get("/moderation")).one("main")
    items = page.one("ul", class_="gc-queue").all("li")
    assert [item.one("a")["href"] for item in items] == [f"/moderation/{each.id}" for each in (first, appealed, last)]
    assert [item.all("p")[-1].text for item in items] == [
        "Moyen Donnée personnelle repérée attend depuis 3 jours",
        "Mal Second examen attend depuis 1 jour",
        "Bien arrivé il y a moins d'un jour",
    ]
    assert items[0].text.startswith("Rentrée Ti Lab Appelez le")
    assert items[2].one(class_="gc-queue__text").text == "x" * judging.EXCERPT + "…"
    assert "3 témoignages attendent." in page.text
    assert page.all("a", href="/moderation/regles")
    own = read(await (await signed_in(client, alix)).get("/moderation")).one("main")
    assert [item.one("a")["href"] for item in own.one("ul", class_="gc-queue").all("li")] == [f"/moderation/{first.id}"]
    assert own.one("a", href="/laboratoires/ti-lab/temoignages-recus").text == "Tout ce qu'a reçu Ti Lab"


async def test_an_empty_queue_says_so_and_strangers_are_refused_in_a_sentence(
    database: Database, client: Browsers, alix: Person
) -> None:
    page = read(await (await signed_in(client, alix)).get("/moderation"))
    assert page.one(class_="gc-empty").text.startswith("Rien n'attend")
    for who in (await stranger(database), await account(database, "Anne")):
        answer = await (await signed_in(client, who)).get("/moderation")
        assert answer.status_code == 403
        assert read(answer).one(class_="gc-refusal").text == (
            "La relecture revient aux membres des laboratoires et à la modération de la DITP."
        )
    assert (await client().get("/moderation")).headers["location"] == "/connexion?suite=/moderation"


async def test_fifty_to_a_page_and_as_many_questions_whatever_waits(
    database: Database, client: Browsers, alix: Person
) -> None:
    browser = await signed_in(client, alix)
    asked = []
    for number in (1, 51):
        for _ in range(number - (1 if asked else 0)):
            _key, told = await give(database, happened=HAPPENED)
        counts = []
        for path in ("/moderation", "/laboratoires/ti-lab/temoignages-recus", f"/moderation/{told.id}", "/", "/compte"):
            await browser.get(path)
            with counting(database) as statements:
                assert (await browser.get(path)).status_code == 200
            counts.append(len([each for each in statements if each.startswith("SELECT")]))
        asked.append(counts)
    assert asked[0] == asked[1]
    assert max(asked[1]) <= 22, asked
    for page, shown in (("", 50), ("?page=2", 1), ("?page=99", 1), ("?page=x", 50)):
        for path, place in (("/moderation", "gc-queue"), ("/laboratoires/ti-lab/temoignages-recus", "gc-received")):
            assert len(read(await browser.get(path + page)).one("ul", class_=place).all("li", class_="gc-list__item")) == shown


async def test_whoever_moderates_is_told_how_many_wait_and_others_nothing(
    database: Database, client: Browsers, alix: Person
) -> None:
    browser, other = await signed_in(client, alix), await signed_in(client, await stranger(database))
    for path in ("/", "/compte"):
        assert "Témoignages à relire aucun n'attend" in read(await browser.get(path)).one("main").text
    await give(database, happened=HAPPENED)
    for path in ("/", "/compte"):
        assert "Témoignages à relire 1" in read(await browser.get(path)).one("main").text
        assert not read(await other.get(path)).one("main").all("a", href="/moderation")
    nobody = client()
    await nobody.get("/")
    with counting(database) as statements:
        assert not read(await nobody.get("/")).all("a", href="/moderation")
    assert [each for each in statements if "may_publish" in each or "granting" in each] == []


# ── One of them


async def test_it_is_read_whole_with_what_was_consented_to_and_decided(
    database: Database, client: Browsers, alix: Person, morgane: Person, clock: Clock
) -> None:
    told = {"happened": TRACED, "changed": "Deux jours perdus.", "name": "Claude", "capacity": "elu", "clarity": "2"}
    key, given = await give(database, face="mal", **told, may_cite=False, wants_contact=True, contact="scellé")
    browser = await signed_in(client, morgane)
    page = read(await browser.get(f"/moderation/{given.id}")).one("main")
    assert page.one(class_="gc-told").all("p")[0].raw == TRACED
    assert [mark.text for mark in page.all("mark")] == ["06 12 34 56 78", "jean@exemple.fr", "06 12 34 56 78"]
    assert page.one("article").text.startswith(
        "En attente de relecture arrivé il y a moins d'un jour Mal Élu Clarté : 2 sur 5 novembre 2026"
    )
    assert [line.text for line in page.one("section", **{"aria-labelledby": "leave"}).all("li")] == [
        "Oui Qu'il soit publié",
        "Non Qu'il serve de preuve dans le référentiel",
        "Oui Que le laboratoire lui écrive, sans voir son adresse",
    ]
    assert "Rien encore." in page.one("section", **{"aria-labelledby": "past"}).text
    assert "09:00" not in page.text
    refused = {"verdict": "refuse", "reason": "faux", "note": "Qui êtes-vous ?", "base": 1}
    await act(database, moderation.decide, given.id, **refused, by=alix)
    await act(database, moderation.appeal, key, text="J'y étais.")
    page = read(await browser.get(f"/moderation/{given.id}")).one("main")
    assert "Son auteur demande un second examen J'y étais." in page.text
    assert page.one("section", **{"aria-labelledby": "past"}).text == (
        "Ce qui en a été décidé Refusé : Il est faux : envoi automatique, ou auteur qui n'était pas là "
        "Alix, pour le laboratoire, 23 novembre à 10:00 Qui êtes-vous ?"
    )
    assert "scellé" not in page.text


@pytest.mark.parametrize("javascript", [False, True])
async def test_one_tap_publishes_and_leads_to_the_next(
    database: Database, client: Browsers, alix: Person, javascript: bool
) -> None:
    _key, told = await give(database, happened=HAPPENED)
    _key, following = await give(database, happened="La suite.")
    browser = await signed_in(client, alix)
    here = f"/moderation/{told.id}"
    publish, _refuse = forms(read(await browser.get(here)), "/decision")
    form = sent(publish)
    headers = {"hx-request": "true", "hx-request-type": "full"} if javascript else {}
    answers = [await browser.post(publish["action"], data=form, headers=headers) for _ in range(2)]  # a double click
    assert [(each.status_code, each.headers["location"]) for each in answers] == [(303, f"{here}#suite")] * 2
    assert len({each.headers["x-geste"] for each in answers}) == 1
    assert await state(database, told) is State.PUBLISHED
    page = read(await browser.get(here)).one("main")
    assert (forms(page, "/decision"), page.one("a", href=f"/moderation/{following.id}").text) == ([], "Le suivant")
    assert "C'est décidé : y revenir appartient à la modération de la DITP, pas au laboratoire." in page.text
    last = read(await browser.get(f"/moderation/{following.id}")).one("main")
    assert not [link for link in last.all("a") if link.text == "Le suivant"]


async def test_it_is_refused_for_one_of_the_reasons(database: Database, client: Browsers, alix: Person) -> None:
    _key, told = await give(database, happened=HAPPENED)
    browser = await signed_in(client, alix)
    _publish, refuse = forms(read(await browser.get(f"/moderation/{told.id}")), "/decision")
    offered = [radio["value"] for radio in refuse.all("input", type="radio")]
    assert offered == [reason.value for reason in Reason]
    assert "N'y recopiez ni nom, ni numéro, ni adresse." in refuse.text
    answer = await browser.post(refuse["action"], data=sent(refuse, reason="publicite", note="Un lien suffit."))
    assert answer.status_code == 303
    (decision,) = await ask(database, moderation.decisions, told.id)
    assert (decision.reason, decision.note) == (Reason.ADVERTISING, "Un lien suffit.")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"note": "Un mot."}, {"reason": "Dites pourquoi : son auteur le lira."}),
        ({"reason": "autre"}, {"reason": "Dites pourquoi : son auteur le lira."}),
        ({"reason": "faux", "note": "x" * 501}, {"note": "Cinq cents caractères au plus."}),
    ],
)
async def test_a_refusal_without_a_reason_comes_back_as_typed(
    database: Database, client: Browsers, alix: Person, typed: dict[str, str], wrong: dict[str, str]
) -> None:
    _key, told = await give(database, happened=HAPPENED)
    browser = await signed_in(client, alix)
    _publish, refuse = forms(read(await browser.get(f"/moderation/{told.id}")), "/decision")
    answer = await browser.post(refuse["action"], data=sent(refuse, **typed))
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    _publish, again = forms(page, "/decision")
    assert value(again, "note") == typed.get("note", "")
    assert page.one(class_="gc-errors").one("a")["href"] in {f"#{each.get('id')}" for each in page}
    program = await browser.post(refuse["action"], data=sent(refuse, **typed), headers=JSON)
    assert (program.status_code, {name: plain(said) for name, said in program.json()["champs"].items()}) == (422, wrong)
    assert await state(database, told) is State.WAITING


async def test_what_its_author_corrected_meanwhile_is_read_again(
    database: Database, client: Browsers, alix: Person
) -> None:
    key, told = await give(database, happened=HAPPENED)
    browser = await signed_in(client, alix)
    page = read(await browser.get(f"/moderation/{told.id}"))
    await act(database, testimonials.tell, key, Told(happened="Tout autre chose.", may_publish=True))
    _publish, refuse = forms(page, "/decision")
    answer = await browser.post(refuse["action"], data=sent(refuse, reason="faux", note="Qui êtes-vous ?"))
    page = read(answer)
    assert answer.status_code == 409
    assert "Le texte a changé pendant votre lecture : relisez-le avant de décider." in page.one("main").text
    assert page.one(class_="gc-told").text == "Tout autre chose."
    publish, refuse = forms(page, "/decision")
    assert (value(refuse, "base"), value(refuse, "reason"), value(refuse, "note")) == ("2", "faux", "Qui êtes-vous ?")
    assert (await browser.post(publish["action"], data=sent(publish))).status_code == 303


async def test_of_two_moderators_one_is_told_what_the_other_decided(
    database: Database, client: Browsers, alix: Person, morgane: Person
) -> None:
    _key, told = await give(database, happened=HAPPENED)
    browsers = [await signed_in(client, person) for person in (alix, morgane)]
    pages = [read(await browser.get(f"/moderation/{told.id}")) for browser in browsers]
    publish = [forms(page, "/decision")[0] for page in pages]
    answers = await asyncio.gather(
        *(browser.post(form["action"], data=sent(form)) for browser, form in zip(browsers, publish, strict=True))
    )
    assert sorted(each.status_code for each in answers) == [303, 409]
    (late,) = [each for each in answers if each.status_code == 409]
    assert "Quelqu'un a déjà décidé : relisez la page." in read(late).one("main").text
    assert "Publié" in read(late).one("article").text
    assert len(await ask(database, moderation.decisions, told.id)) == 1


async def test_somebody_else_of_ditp_looks_again(
    database: Database, client: Browsers, alix: Person, morgane: Person
) -> None:
    key, told = await give(database, happened=HAPPENED)
    await act(database, moderation.decide, told.id, verdict="refuse", reason="faux", base=1, by=morgane)
    await act(database, moderation.appeal, key)
    for who, said in (
        (morgane, "Vous avez refusé ce témoignage : seul quelqu'un d'autre peut l'examiner à nouveau."),
        (alix, "C'est décidé : y revenir appartient à la modération de la DITP, pas au laboratoire."),
    ):
        browser = await signed_in(client, who)
        page = read(await browser.get(f"/moderation/{told.id}")).one("main")
        assert (forms(page, "/decision"), said in page.text) == ([], True)
        forged = await browser.post(f"/moderation/{told.id}/decision", data={"verdict": "publie", "base": "1"})
        assert (forged.status_code, said in read(forged).one("main").text) == (403, True)
    dominique = await signed_in(client, await publisher(database))
    page = read(await dominique.get(f"/moderation/{told.id}")).one("main")
    assert page.one("h2", id="decide").text == "Second examen"
    assert "Son auteur demande un second examen" in page.text
    publish, _refuse = forms(page, "/decision")
    await dominique.post(publish["action"], data=sent(publish))
    assert await state(database, told) is State.PUBLISHED
    page = read(await dominique.get(f"/moderation/{told.id}")).one("main")
    assert "Son auteur avait demandé un second examen" in page.text


async def test_ditp_takes_back_what_is_published_for_a_reason(
    database: Database, client: Browsers, alix: Person, morgane: Person
) -> None:
    _key, told = await witness(database, by=alix)
    browser = await signed_in(client, morgane)
    (unpublish,) = forms(read(await browser.get(f"/moderation/{told.id}")), "/decision")
    assert unpublish.one("button").text == "Dépublier"
    await browser.post(unpublish["action"], data=sent(unpublish, reason="personne_visee"))
    assert await state(database, told) is State.REFUSED


@pytest.mark.parametrize("path", ["decision", "masquage"])
async def test_what_is_withdrawn_is_said_to_be_and_nothing_is_shown(
    database: Database, client: Browsers, alix: Person, path: str
) -> None:
    key, told = await give(database, happened=TRACED)
    browser = await signed_in(client, alix)
    page = read(await browser.get(f"/moderation/{told.id}"))
    await act(database, withdrawals.withdraw, key)
    answer = await browser.post(f"/moderation/{told.id}/{path}", data=sent(forms(page, path)[0]))
    page = read(answer).one("main")
    assert (answer.status_code, page.all("form"), page.all(class_="gc-told")) == (409, [], [])
    assert "Ce témoignage n'est plus là" in page.text
    assert (await browser.get(f"/moderation/{told.id}")).status_code == 200


# ── Masks


async def mask(browser: httpx2.AsyncClient, told: Testimonial, **typed: Any) -> httpx2.Response:
    (form,) = forms(read(await browser.get(f"/moderation/{told.id}")), "/masquage")
    return await browser.post(form["action"], data=sent(form, **typed))


async def test_what_was_found_is_ticked_and_goes_in_one_tap(database: Database, client: Browsers, alix: Person) -> None:
    _key, told = await give(database, happened=TRACED)
    browser = await signed_in(client, alix)
    (form,) = forms(read(await browser.get(f"/moderation/{told.id}")), "/masquage")
    assert value(form, "passages") == ["06 12 34 56 78", "jean@exemple.fr"]
    form = sent(form)
    answers = [await browser.post(f"/moderation/{told.id}/masquage", data=form) for _ in range(2)]  # a double click
    assert [each.headers["location"] for each in answers] == [f"/moderation/{told.id}#texte"] * 2
    assert await words(database, told) == f"Appelez le {MASK} ou écrivez à {MASK}, puis encore au {MASK}."
    page = read(await browser.get(f"/moderation/{told.id}")).one("main")
    shown = page.one(class_="gc-told").all(class_="gc-mask")
    assert [each.one(class_="fr-sr-only").text for each in shown] == ["passage masqué par la modération"] * 3
    assert [each.one("span", **{"aria-hidden": "true"}).text for each in shown] == ["masqué"] * 3
    assert "2 passages masqués Alix" in page.one("section", **{"aria-labelledby": "past"}).text
    assert page.all("mark") == []


async def test_what_is_not_ticked_stays_and_another_passage_goes(
    database: Database, client: Browsers, alix: Person
) -> None:
    _key, told = await give(database, happened=f"{TRACED} Merci à Mme Martin.")
    browser = await signed_in(client, alix)
    assert (await mask(browser, told, passages=["jean@exemple.fr", "Mme Martin"])).status_code == 303
    assert await words(database, told) == f"{TRACED} Merci à {MASK}.".replace("jean@exemple.fr", MASK)


async def test_a_passage_that_is_not_there_comes_back_as_typed(
    database: Database, client: Browsers, alix: Person
) -> None:
    _key, told = await give(database, happened=TRACED)
    browser = await signed_in(client, alix)
    answer = await mask(browser, told, passages=["jean@exemple.fr", "Mme <b>Martin</b>"])
    page = read(answer)
    assert (answer.status_code, [each.text for each in page.one("main").all("b")]) == (422, [])
    (form,) = forms(page, "/masquage")
    ticked = [each["value"] for each in form.all("input", type="checkbox") if "checked" in each.attributes]
    assert (ticked, form.one("input", id="field-passages")["value"]) == (["jean@exemple.fr"], "Mme <b>Martin</b>")
    assert errors(page) == {
        "passages": "« Mme <b>Martin</b> » n'est pas dans ce témoignage, en un mot entier : recopiez-le à la lettre."
    }
    assert await words(database, told) == TRACED


async def test_without_anything_found_one_may_still_mask(database: Database, client: Browsers, alix: Person) -> None:
    _key, told = await give(database, happened="Merci à Mme Martin.")
    browser = await signed_in(client, alix)
    empty = await mask(browser, told)
    assert (empty.status_code, errors(read(empty))) == (422, {"passages": "Choisissez au moins un passage à masquer."})
    assert (await mask(browser, told, passages="Mme Martin")).status_code == 303
    assert await words(database, told) == f"Merci à {MASK}."


async def test_what_a_citizen_writes_is_text(database: Database, client: Browsers, alix: Person) -> None:
    _key, told = await give(database, happened="<script>alert(1)</script> {{ 7 * 7 }} & 06 12 34 56 78", name="<i>")
    browser = await signed_in(client, alix)
    for path in ("/moderation", f"/moderation/{told.id}", "/laboratoires/ti-lab/temoignages-recus"):
        page = read(await browser.get(path)).one("main")
        assert (page.all("script"), page.all("i")) == ([], [])
        assert "<script>alert(1)</script> {{ 7 * 7 }} & 06 12 34 56 78" in page.text


# ── The rules, the register


async def test_the_rules_are_for_everyone_and_say_every_reason(client: Browsers) -> None:
    page = read(await client().get("/moderation/regles")).one("main")
    assert [term.text for term in page.one("dl").all("dt")] == [plain(reason.label) for reason in Reason]
    assert all(said.text for said in page.one("dl").all("dd"))
    assert "être défavorable au laboratoire, à un projet ou à l'administration ;" in page.text


async def test_the_register_says_what_became_of_them_and_where_to_read_them(
    database: Database, client: Browsers, alix: Person, morgane: Person
) -> None:
    point = await touchpoint(database, project="Rentrée", by=alix)
    key, told = await give(database, point, happened="Merci à Mme Martin.")
    await act(database, withdrawals.mask, told.id, ["Mme Martin"], base=1, by=alix)
    await act(database, moderation.decide, told.id, verdict="publie", base=2, by=alix)
    appealed, other = await give(database, happened="Ailleurs.")
    await act(database, moderation.decide, other.id, verdict="refuse", reason="faux", base=1, by=morgane)
    await act(database, moderation.appeal, appealed)
    await act(database, withdrawals.withdraw, key)
    entries = await ask(database, audit.entries)
    since = next(each.number for each in entries if each.kind is audit.Deed.PROJECT_ENTERED) - 1

    async def lines(browser: httpx2.AsyncClient) -> list[tuple[str, str]]:
        shown = read(await browser.get("/registre")).all("p", class_="gc-minutes__text")[since:]
        return [(line.text, "".join(link["href"] for link in line.all("a"))) for line in shown]

    public = await lines(client())
    here = f"/temoignages/{told.id}"
    reserved = ("Ligne réservée", "")
    assert public == [
        ("Alix a inscrit un projet Rentrée", f"/projets/{point.project_id}"),
        ("Alix a ouvert un point de recueil Accueil de la préfecture", ""),
        reserved,
        reserved,
        ("Alix a masqué une donnée personnelle dans un témoignage Ti Lab · Rentrée", here),
        ("Alix a publié un témoignage Ti Lab · Rentrée", here),
        reserved,
        reserved,
        ("Morgane a refusé un témoignage Ti Lab", ""),
        reserved,
        reserved,
    ]
    auditor = await lines(await signed_in(client, await publisher(database)))
    assert [text for (text, _), shown in zip(auditor, public, strict=False) if shown == reserved] == [
        "Quelqu'un a dit comment ça s'est passé",
        "Quelqu'un a écrit ou corrigé un témoignage",
        "Quelqu'un a dit comment ça s'est passé",
        "Quelqu'un a écrit ou corrigé un témoignage",
        "Quelqu'un a demandé un second examen",
        "Quelqu'un a retiré un témoignage",
    ]
