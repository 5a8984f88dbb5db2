"""Releases: prepare a version as a publisher, have it confirmed by another, or give it up."""

from datetime import timedelta
from typing import Any

import pytest

from server.database import Database
from tests.cast import COMPLETE, Browsers, act, ask, card, confirm, prepare, publish, publisher
from tests.conftest import Clock
from tests.server.pages.day import JSON, SIGN_IN, Day, begin, gesture, in_both_places, once, refused, told
from tests.server.pages.reading import Element, both_texts, errors, plain, read, value
from tests.server.pages.versions import decided, second
from workshops import audit, corrections, frameworks, releases, reviews, rules, votes, world
from workshops.agenda import Stage
from workshops.audit import Deed
from workshops.consensus import Rule, Secrecy
from workshops.journal import Kind
from workshops.releases import Release

PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."
WHY = "Une exception s'explique par écrit."
NOT_HERE = "Cet indicateur n'est pas sur la table de l'atelier."
NOTHING = "Aucun indicateur n'est retenu : il n'y a rien à publier."
FORM = {"version": "2.0.0", "note": "La première."}


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/referentiel"


def lines(page: Element) -> list[list[str]]:
    """The codes of what would be published, and of what would not."""
    return [
        [line.one(class_="gc-chip").text for line in section.all("article", class_="gc-line")]
        for section in page.one("form", action=page.one("form", class_="gc-form--wide")["action"]).all("section")
        if section.all("article", class_="gc-line") or section.all(class_="gc-count")
    ]


async def waiting(database: Database) -> Release:
    (release,) = await ask(database, releases.standing)
    return release


# ── What would be prepared


async def test_the_publisher_sees_exactly_what_would_be_frozen(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    answer = await (await day.browser(day.dominique)).get(path(day))
    page = read(answer)
    assert (answer.status_code, lines(page)) == (200, [["ACT-08"], ["ACT-09", "RES-04"]])
    form = page.one("form", action=path(day))
    assert (value(form, "version"), value(form, "note")) == ("2.0.0", "")
    assert value(form, "incomplete") == []
    outcomes = [line.all(class_="gc-badge")[1].text for line in form.all("article", class_="gc-line")]
    assert outcomes == ["Retenu", "Retenu", "Écarté"]
    assert "Motif : Fiche incomplète : il manque nature, à quelle question répond-il ?, " in (
        form.all("article", class_="gc-line")[1].text
    )


async def test_before_closing_it_is_only_a_preview(database: Database, client: Browsers) -> None:
    day = await decided(database, client, Stage.VOTING)
    page = read(await (await day.browser(day.dominique)).get(path(day)))
    assert page.one(class_="fr-alert").text.startswith("L'atelier n'est pas clos : ceci est un aperçu")


async def test_while_the_rule_hides_results_there_is_no_preview_even_for_publishers(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(secrecy=Secrecy.CLOSED), by=day.camille)
    await day.move(Stage.VOTING)
    reason = "Une raison que personne ne lit."
    await act(database, votes.cast, day.card.id, wording=1, choice="drop", reason=reason, by=day.alix)
    browser = await day.browser(day.dominique)
    page = await browser.get(path(day))
    assert (page.status_code, reason in page.text) == (409, False)
    page = await browser.post(path(day), data={"reason-others": "x", "incomplete": "on", "because-incomplete": "x"})
    assert (page.status_code, reason in page.text) == (409, False)
    await day.move(Stage.CLOSED)
    page = await browser.get(path(day))
    assert (page.status_code, reason in page.text) == (200, True)


async def test_another_workshop_that_hides_its_results_is_no_preview_either(database: Database, client: Browsers) -> None:
    closed = await decided(database, client)
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(secrecy=Secrecy.CLOSED), by=day.camille)
    await day.move(Stage.VOTING)
    reason = "Une raison que personne ne lit."
    await act(database, votes.cast, day.card.id, wording=1, choice="drop", reason=reason, by=day.alix)
    browser = await closed.browser(closed.dominique)
    page = await browser.get(path(closed), params={"avec": day.room.id})
    assert (page.status_code, reason in page.text) == (409, False)
    # What does not hold comes back with the draft.
    for address, with_ in ((path(closed), day.room.id), (path(day), "")):
        page = await browser.post(address, data={"review_until": "jamais", "avec": [with_] if with_ else []})
        assert (page.status_code, reason in page.text) == (409, False)


async def test_afterwards_it_leads_to_the_version(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    await publish(database, day.room, by=day.dominique)
    answer = await (await day.browser(day.dominique)).get(path(day))
    assert (answer.status_code, answer.headers["location"]) == (303, "/referentiel/2.0.0")


async def test_preparing_is_for_publishers(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    answer = await client().get(path(day))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path(day)}")
    for person in (day.stranger, day.alix, day.camille, day.noor):
        answer = await (await day.browser(person)).get(path(day))
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, PUBLISHER_ONLY)


async def test_a_next_version_shows_what_differs_and_the_numbers_it_allows(
    database: Database, client: Browsers
) -> None:
    day = await second(database, client, libelle="Mieux dit")
    page = read(await (await day.browser(day.dominique)).get(path(day)))
    assert [choice["value"] for choice in page.all("input", name="version")] == ["2.0.1", "2.1.0", "3.0.0"]
    assert value(page, "version") == "2.0.1"
    assert both_texts(page.one(class_="gc-diff")) == (COMPLETE["libelle"], "Mieux dit")


# ── Prepare


async def test_a_publisher_prepares(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    dominique = await day.browser(day.dominique)
    answer = await dominique.post(path(day), data=FORM)
    release = await waiting(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/referentiel/preparations/{release.id}")
    assert (list(release.contents.sheets), release.content["note"]) == (["ACT-08"], "La première.")
    assert (await ask(database, releases.workshop_ids, release.id), release.by_id) == ([day.room.id], day.dominique.id)
    assert (await day.kinds())[-1] is Kind.FRAMEWORK_PREPARED
    assert await ask(database, frameworks.versions) == []


async def test_a_program_prepares_with_the_number_that_the_differences_call_for(
    database: Database, client: Browsers
) -> None:
    day = await decided(database, client)
    said = await told(day, await day.browser(day.dominique), path(day), {})
    release = await waiting(database)
    assert said == {"geste": await day.last(), "preparation": release.id}
    assert release.version == "2.0.0"


async def test_nobody_else_prepares(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    await refused(day, client(), path(day), FORM, 403, SIGN_IN)
    for person in (day.stranger, day.alix, day.camille, day.noor):
        await refused(day, await day.browser(person), path(day), FORM, 403, PUBLISHER_ONLY)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
async def test_one_prepares_what_a_closed_workshop_decided(database: Database, client: Browsers, stage: Stage) -> None:
    day = await decided(database, client, stage)
    reason = "On publie ce qu'un atelier a décidé une fois qu'il est clos."
    await refused(day, await day.browser(day.dominique), path(day), FORM, 409, reason)


async def test_one_prepares_nothing_of_what_is_published(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    await publish(database, day.room, by=day.dominique)
    reason = "Cet atelier a déjà donné une version : rien ne la modifie."
    dominique = await day.browser(day.dominique)
    for form in (FORM, {}, {"decision-ACT-99": "keep"}):
        await refused(day, dominique, path(day), form, 409, reason)


async def test_a_key_that_served_for_something_else_gives_no_right(database: Database, client: Browsers) -> None:
    day = await decided(database, client, Stage.VOTING)
    alix = await day.browser(day.alix)
    sent = {"key": "k-1"}
    text = await card(database, day.room, "ACT-08")
    assert (await alix.post(f"/indicateurs/{text.id}/vote/retrait", data=sent)).status_code == 303
    await day.move(Stage.CLOSED)
    await refused(day, alix, path(day), {**FORM, **sent}, 403, PUBLISHER_ONLY)
    await refused(day, alix, path(day), sent, 403, PUBLISHER_ONLY)


async def test_a_version_names_the_gesture_that_published_it(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    await told(day, await day.browser(day.dominique), path(day), FORM)
    framework = await confirm(database, await waiting(database))
    room = (await client().get("/referentiel/2.0.0.json")).json()["atelier"]
    minutes = (await client().get(f"/ateliers/{day.room.id}/registre.json")).json()["gestes"]
    (named,) = [gesture for gesture in minutes if gesture["empreinte"] == room["registre"]]
    assert (named["numero"], named["genre"], named["objet"]) == (room["geste"], "framework_published", "2.0.0")
    assert named == minutes[-1]
    assert named["par"] == framework.published_by


async def test_an_exception_keeps_or_leaves_and_says_why(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    form = {
        "decision-ACT-08": "leave",
        "because-ACT-08": "À revoir.",
        "decision-ACT-09": "follow",
        "decision-RES-04": "keep",
        "because-RES-04": "Demandé par la loi.",
    }
    await told(day, await day.browser(day.dominique), path(day), form)
    content = (await waiting(database)).content
    assert [(item["code"], item["decision"].get("exception")) for item in content["indicateurs"]] == [
        ("RES-04", {"retenu": True, "motif": "Demandé par la loi."})
    ]
    assert [(item["code"], item["decision"].get("exception")) for item in content["ecartes"]] == [
        ("ACT-08", {"retenu": False, "motif": "À revoir."}),
        ("ACT-09", None),
    ]


async def test_one_reason_keeps_every_unfinished_sheet(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    form = {"incomplete": "on", "because-incomplete": "Première version."}
    await told(day, await day.browser(day.dominique), path(day), form)
    content = (await waiting(database)).content
    assert [(item["code"], item["decision"].get("exception")) for item in content["indicateurs"]] == [
        ("ACT-08", None),
        ("ACT-09", {"retenu": True, "motif": "Première version."}),
    ]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"decision-RES-04": "keep", "because-RES-04": " "}, {"because-RES-04": WHY}),
        ({"decision-ACT-08": "leave", "because-ACT-08": ""}, {"because-ACT-08": WHY, "version": NOTHING}),
        ({"incomplete": "on", "because-incomplete": ""}, {"because-incomplete": WHY, "because-ACT-09": WHY}),
        (
            {"version": "1.9.9"},
            {"version": "Ce numéro n'est pas possible : les différences demandent au moins 2.0.0."},
        ),
        ({"note": "<b>Long</b> " * 200}, {"note": "C'est trop long."}),
        (
            {"decision-ACT-08": "leave", "because-ACT-08": "À revoir."},
            {"version": NOTHING},
        ),
    ],
)
async def test_what_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, form: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await decided(database, client)
    dominique = await day.browser(day.dominique)
    before = await day.records()
    form = {**FORM, "because-ACT-09": "Tapé pour rien.", **form}
    answer = await dominique.post(path(day), data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    shown = page.one("form", action=path(day))
    typed = {name: value(shown, name) for name in form}
    assert typed == {name: [said] if name == "incomplete" else said for name, said in form.items()}
    program = await dominique.post(path(day), data=form, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (422, "a_corriger")
    said = {name: plain(sentence) for name, sentence in program.json()["champs"].items()}
    assert said == wrong
    assert await day.records() == before


@pytest.mark.parametrize("because", ["Urgent.", ""])
async def test_an_exception_is_about_what_is_on_the_table(database: Database, client: Browsers, because: str) -> None:
    day = await decided(database, client)
    before = await day.records()
    dominique = await day.browser(day.dominique)
    form = {**FORM, "decision-ACT-99": "keep", "because-ACT-99": because}
    program = await dominique.post(path(day), data=form, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (422, "a_corriger")
    assert {name: plain(said) for name, said in program.json()["champs"].items()} == {"because-ACT-99": NOT_HERE}
    page = await dominique.post(path(day), data=form)
    assert page.status_code == 422
    assert [said.text for said in read(page).one(class_="gc-errors").all("li")] == [f"ACT-99 : {NOT_HERE}"]
    assert await day.records() == before


@in_both_places
async def test_the_same_key_twice_prepares_once(database: Database, client: Browsers, place: str) -> None:
    day = await decided(database, client)
    await once(day, await day.browser(day.dominique), place, path(day), FORM, {**FORM, "note": "Autre."})
    assert (await waiting(database)).name == "2.0.0"


async def test_what_changes_meaning_comes_back_asking_what_it_becomes(database: Database, client: Browsers) -> None:
    day = await second(database, client, definition="Projets arrêtés avant leur fin.")
    dominique = await day.browser(day.dominique)
    answer = await dominique.post(path(day), data={"version": "3.0.0"})
    page = read(answer)
    wrong = {"fate-ACT-08": "Son sens change : dites s'il compte moins de choses, plus, ou d'autres."}
    assert (answer.status_code, errors(page)) == (422, wrong)
    assert [choice["value"] for choice in page.all("input", name="fate-ACT-08")] == [
        "reformule",
        "plus_etroit",
        "plus_large",
    ]
    await told(day, dominique, path(day), {"version": "3.0.0", "fate-ACT-08": "plus_large"})
    assert (await waiting(database)).content["passage"] == [
        {"sort": "plus_large", "de": ["ACT-08"], "vers": ["ACT-08"]}
    ]


async def test_a_definition_argued_to_mean_the_same_is_a_patch(database: Database, client: Browsers) -> None:
    day = await second(database, client, definition="Projets arrêtés avant leur fin.")
    argued = {"argument-ACT-08": "Une tournure plus simple.", "version": "2.0.1"}
    await told(day, await day.browser(day.dominique), path(day), argued)
    assert (await waiting(database)).content["arguments"] == {"ACT-08": {"definition": "Une tournure plus simple."}}


async def test_a_raised_number_says_why(database: Database, client: Browsers) -> None:
    day = await second(database, client, libelle="Mieux dit")
    dominique = await day.browser(day.dominique)
    answer = await dominique.post(path(day), data={"version": "2.1.0"})
    assert list(errors(read(answer))) == ["raised"]
    await told(day, dominique, path(day), {"version": "2.1.0", "raised": "Une étape."})
    assert (await waiting(database)).content["niveau"] == {
        "calcule": "correctif",
        "retenu": "mineur",
        "motif": "Une étape.",
    }


async def test_other_closed_workshops_may_feed_the_same_version(database: Database, client: Browsers) -> None:
    one, other = await decided(database, client), await decided(database, client)
    dominique = await one.browser(one.dominique)
    page = read(await dominique.get(path(one)))
    assert [box["value"] for box in page.all("input", name="avec")] == [other.room.id]
    page = read(await dominique.get(f"{path(one)}?avec={other.room.id}"))
    assert page.one("input", name="avec")["value"] == other.room.id
    await told(one, dominique, path(one), {"avec": other.room.id})
    release = await waiting(database)
    assert sorted(await ask(database, releases.workshop_ids, release.id)) == sorted([one.room.id, other.room.id])
    assert list(release.contents.sheets) == ["ACT-08", "ACT-10"]


# ── Its page


async def prepared(database: Database, client: Browsers, **given: Any) -> tuple[Day, Release, str]:
    day = await decided(database, client)
    release = await prepare(database, day.room, by=day.dominique, **given)
    return day, release, f"/referentiel/preparations/{release.id}"


async def test_the_first_person_sees_the_list_and_waits_for_a_second(database: Database, client: Browsers) -> None:
    day, release, address = await prepared(database, client)
    page = read(await (await day.browser(day.dominique)).get(address))
    assert page.one("h1").text == "Version 2.0.0, à confirmer"
    assert [item.one(class_="gc-badge").text for item in page.all("li", class_="gc-checklist__item")] == ["Acquis"] * 5
    assert page.one(class_="gc-hash").text == release.fingerprint
    assert page.all("form", action=f"{address}/confirmation") == []
    # Where one prepares leads here while it waits.
    answer = await (await day.browser(day.dominique)).get(path(day))
    assert (answer.status_code, answer.headers["location"]) == (303, address)


async def test_the_second_person_confirms(database: Database, client: Browsers) -> None:
    day, _release, address = await prepared(database, client)
    maxime = await day.browser(await publisher(database, "Maxime"))
    assert read(await maxime.get(address)).one("form", action=f"{address}/confirmation")
    await gesture(day, maxime, f"{address}/confirmation", {}, to="/referentiel/2.0.0")
    assert (await day.kinds())[-1] is Kind.FRAMEWORK_PUBLISHED
    again = await maxime.post(f"{address}/confirmation", headers=JSON)
    assert (again.status_code, again.json()["version"]) == (200, "2.0.0")
    answer = await maxime.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/referentiel/2.0.0")
    assert [version.version for version in await ask(database, frameworks.versions)] == ["2.0.0"]


async def test_nobody_confirms_alone_nor_without_the_role(database: Database, client: Browsers) -> None:
    day, _release, address = await prepared(database, client)
    alone = "Une version se publie à deux : une autre personne de l'édition confirme ce que vous avez préparé."
    await refused(day, await day.browser(day.dominique), f"{address}/confirmation", {}, 403, alone)
    await refused(day, client(), f"{address}/confirmation", {}, 403, SIGN_IN)
    for person in (day.stranger, day.alix, day.camille, day.noor):
        browser = await day.browser(person)
        await refused(day, browser, f"{address}/confirmation", {}, 403, PUBLISHER_ONLY)
        assert (await browser.get(address)).status_code == 403
        assert (await browser.get("/referentiel/preparations")).status_code == 403


async def test_what_is_not_ready_says_what_it_lacks(database: Database, client: Browsers, clock: Clock) -> None:
    until = world.now() + timedelta(days=5)
    day, release, address = await prepared(database, client, review_until=until)
    await act(database, reviews.leave, release.id, code="ACT-08", text="Trop vague.", by=None)
    maxime = await day.browser(await publisher(database, "Maxime"))
    page = read(await maxime.get(address))
    assert [item.one(class_="gc-badge").text for item in page.all("li", class_="gc-checklist__item")] == [
        *["Acquis"] * 5,
        "Manque",
        "Manque",
    ]
    assert "Trop vague." in page.text
    reason = "Pas encore : « La période de relecture est terminée » n'est pas acquis (2.0.0-rc.1)."
    await refused(day, maxime, f"{address}/confirmation", {}, 409, reason)


async def test_one_gives_up_saying_why(database: Database, client: Browsers) -> None:
    day, _release, address = await prepared(database, client)
    dominique = await day.browser(day.dominique)
    answer = await dominique.post(f"{address}/abandon", data={"because": " "})
    assert (answer.status_code, list(errors(read(answer)))) == (422, ["because"])
    answer = await dominique.post(f"{address}/abandon", data={"because": "Trop <tôt>."})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    page = read(await dominique.get(address))
    assert "Trop <tôt>." in page.one(class_="fr-alert").text
    assert page.all("form", action=f"{address}/confirmation") == []
    assert await ask(database, releases.standing) == []
    assert (await ask(database, audit.entries))[-1].kind is Deed.VERSION_ABANDONED


async def test_an_unknown_preparation_is_not_found(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    dominique = await day.browser(day.dominique)
    for answer in (
        await dominique.get("/referentiel/preparations/0nexistepas0"),
        await dominique.post("/referentiel/preparations/0nexistepas0/confirmation"),
        await dominique.post("/referentiel/preparations/0nexistepas0/abandon", data={"because": "Non."}),
    ):
        assert answer.status_code == 404


# ── The desk


async def test_the_desk_says_what_waits_and_what_may_come(database: Database, client: Browsers) -> None:
    day, _release, address = await prepared(database, client)
    other = await decided(database, client)
    page = read(await (await day.browser(await publisher(database, "Maxime"))).get("/referentiel/preparations"))
    main = page.one("main")
    assert [link["href"] for link in main.one("ul", class_="gc-list").all("a")] == [address]
    assert main.one("ul", class_="gc-list").one(class_="gc-badge").text == "Vous pouvez la confirmer"
    assert f"/ateliers/{other.room.id}/referentiel" in [link["href"] for link in main.all("a")]


async def test_corrections_alone_make_a_version(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    first = await publish(database, day.room, by=day.dominique)
    dominique = await day.browser(day.dominique)
    empty = read(await dominique.get("/referentiel/preparations/corrections"))
    assert empty.one(class_="gc-empty__title").text == "Aucune correction n'attend"
    before = first.sheets["ACT-08"]
    after = {**before, "libelle": "Nombre de projets abandonnés à temps."}
    await act(database, corrections.correct, "ACT-08", before, after, because="Un point.", by=day.dominique)
    page = read(await dominique.get("/referentiel/preparations/corrections"))
    assert both_texts(page.one(class_="gc-diff")) == (before["libelle"], after["libelle"])
    answer = await dominique.post("/referentiel/preparations/corrections", data={"version": "2.0.1"})
    release = await waiting(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/referentiel/preparations/{release.id}")
    assert (await confirm(database, release)).sheets["ACT-08"] == after


async def test_a_sending_tells_its_own_preparation_whoever_prepared_since(
    database: Database, client: Browsers
) -> None:
    day = await decided(database, client)
    browser = await day.browser(day.dominique)
    form = {"key": "une-cle", "reason-others": "Une raison."}
    first = (await browser.post(path(day), data=form, headers=JSON)).json()
    other = await prepare(database, day.room, by=await publisher(database, "Maxime"))
    again = (await browser.post(path(day), data=form, headers=JSON)).json()
    assert again == first
    assert again["preparation"] != other.id
