"""Frameworks: prepare a version, publish it, read it, compare two."""

import csv
import hashlib
import io
from typing import Any

import pytest
import rfc8785

from server import checking
from server.database import Database
from tests.cast import (
    COMPLETE,
    SHEET,
    Browsers,
    act,
    all_vote,
    ask,
    card,
    facilitator,
    member_of,
    move,
    publish,
    published,
    publisher,
    workshop,
)
from tests.server.pages.day import JSON, SIGN_IN, Day, begin, gesture, in_both_places, once, refused, told
from tests.server.pages.reading import Element, both_texts, errors, plain, read, value
from workshops import drafts, frameworks, indicators, rules, votes
from workshops.agenda import Stage, Start
from workshops.consensus import ANNOUNCED, Choice, Rule, Secrecy
from workshops.frameworks import Framework
from workshops.journal import Kind
from workshops.lines import BY_THE_RULE

PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."
WHY = "Une exception s'explique par écrit."
NOT_HERE = "Cet indicateur n'est pas sur la table de l'atelier."
NOTHING = "Aucun indicateur n'est retenu : il n'y a rien à publier."
NOT_PUBLISHED = "Cette version du référentiel n'est pas publiée."
FORM = {"version": "2.0.0", "note": "La première."}


async def decided(database: Database, client: Browsers, stage: Stage = Stage.CLOSED) -> Day:
    """ACT-08 is kept and complete, ACT-09 kept and unfinished, RES-04 dropped."""
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    for sheet in (COMPLETE, {**SHEET, "libelle": "Inachevé"}, {**COMPLETE, "famille": "resultats"}):
        await act(database, indicators.propose, day.room.id, sheet, by=day.alix)
    await day.move(Stage.VOTING)
    for person in (day.alix, day.sacha):
        await all_vote(database, day.room, by=person)
        dropped = await card(database, day.room, "RES-04")
        drop = {"wording": 1, "choice": Choice.DROP, "reason": "Non."}
        await act(database, votes.cast, dropped.id, **drop, by=person)
    await day.move(stage)
    return day


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/referentiel"


def lines(page: Element) -> list[list[str]]:
    """The codes of what would be published, and of what would not."""
    return [
        [line.one(class_="gc-chip").text for line in section.all("article", class_="gc-line")]
        for section in page.one("form", action=page.one("form", class_="gc-form--wide")["action"]).all("section")
        if section.all("article", class_="gc-line") or section.all(class_="gc-count")
    ]


# ── Prepare


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


# ── Publish


async def test_a_publisher_publishes(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    dominique = await day.browser(day.dominique)
    await gesture(day, dominique, path(day), FORM, to="/referentiel/2.0.0")
    version = await ask(database, frameworks.fetch, "2.0.0")
    assert (list(version.sheets), version.content["note"]) == (["ACT-08"], "La première.")
    assert (version.workshop_id, version.published_by) == (day.room.id, day.dominique.id)
    assert (await day.kinds())[-1] is Kind.FRAMEWORK_PUBLISHED


async def test_a_program_publishes_with_the_number_that_the_differences_call_for(
    database: Database, client: Browsers
) -> None:
    day = await decided(database, client)
    said = await told(day, await day.browser(day.dominique), path(day), {})
    assert said == {"geste": await day.last(), "version": "2.0.0"}


async def test_nobody_else_publishes(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    await refused(day, client(), path(day), FORM, 403, SIGN_IN)
    for person in (day.stranger, day.alix, day.camille, day.noor):
        await refused(day, await day.browser(person), path(day), FORM, 403, PUBLISHER_ONLY)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
async def test_one_publishes_what_a_closed_workshop_decided(database: Database, client: Browsers, stage: Stage) -> None:
    day = await decided(database, client, stage)
    reason = "On publie ce qu'un atelier a décidé une fois qu'il est clos."
    await refused(day, await day.browser(day.dominique), path(day), FORM, 409, reason)


async def test_one_publishes_once(database: Database, client: Browsers) -> None:
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
    room = (await client().get("/referentiel/2.0.0.json")).json()["atelier"]
    minutes = (await client().get(f"/ateliers/{day.room.id}/registre.json")).json()["gestes"]
    (named,) = [gesture for gesture in minutes if gesture["empreinte"] == room["registre"]]
    assert (named["numero"], named["genre"], named["objet"]) == (room["geste"], "framework_published", "2.0.0")
    assert named == minutes[-1]
    assert named["par"] == day.dominique.id


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
    content = (await ask(database, frameworks.fetch, "2.0.0")).content
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
    content = (await ask(database, frameworks.fetch, "2.0.0")).content
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
    assert [said.text for said in read(page).one(class_="gc-errors").all("li")] == [NOT_HERE]
    assert await day.records() == before


@in_both_places
async def test_the_same_key_twice_publishes_once(database: Database, client: Browsers, place: str) -> None:
    day = await decided(database, client)
    await once(day, await day.browser(day.dominique), place, path(day), FORM, {**FORM, "note": "Autre."})
    assert [version.version for version in await ask(database, frameworks.versions)] == ["2.0.0"]


# ── Read


async def second(database: Database, client: Browsers, **changes: Any) -> Day:
    """A workshop that reworded the one indicator of 2.0.0, and closed."""
    await published(database)
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.PREVIOUS)
    alix = await member_of(database, room)
    former = await card(database, room, "ACT-08")
    sheet = {**former.sheet, **changes}
    await act(database, indicators.reword, former.id, sheet, base=1, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    room = await move(database, room, Stage.CLOSED, by=camille)
    return Day(database, client, room, former, camille, alix, alix, alix, await publisher(database), alix)


async def two_versions(database: Database, client: Browsers, **changes: Any) -> tuple[Framework, Framework]:
    day = await second(database, client, **changes)
    draft = await ask(database, drafts.draft, [day.room])
    after = await publish(database, day.room, version=draft.version, note="La suite.", by=day.dominique)
    return await ask(database, frameworks.fetch, "2.0.0"), after


async def test_before_any_version_the_page_says_what_will_come(client: Browsers) -> None:
    answer = await client().get("/referentiel")
    main = read(answer).one("main")
    assert (answer.status_code, main.all(class_="gc-list")) == (200, [])
    assert main.one(class_="gc-empty__title").text == "Aucune version n'est encore publiée"
    assert "rien n'est présenté ici comme la version 1" in main.text


async def test_every_version_is_listed_the_last_one_in_force(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    listed = read(await client().get("/referentiel")).one("ul", class_="gc-list").all("li")
    assert [item.all("a")[0]["href"] for item in listed] == ["/referentiel/2.0.1", "/referentiel/2.0.0"]
    assert [[badge.text for badge in item.all(class_="gc-badge")] for item in listed] == [["En vigueur"], []]
    assert [link["href"] for link in listed[0].all("a")][1:] == ["/referentiel/2.0.0...2.0.1"]


async def test_a_version_as_it_was_frozen(database: Database, client: Browsers) -> None:
    day = await decided(database, client)
    version = await publish(database, day.room, note="La <première>.", by=day.dominique)
    answer = await client().get("/referentiel/2.0.0")
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (200, "Référentiel, version 2.0.0")
    assert page.one(class_="gc-heading__lead").text == "La <première>."
    assert page.one(class_="gc-hash").text == version.fingerprint
    families = {family.one("h2").text: family.all("article") for family in page.all("section", class_="gc-family")}
    assert list(families) == ["Activité 1", "Résultats 0", "Impact 0"]
    (kept,) = families["Activité 1"]
    assert (kept["id"], kept.one("h3").text) == ("ACT-08", COMPLETE["libelle"])
    assert kept.one(class_="gc-tally").text == "Garder 2 Retravailler 0 Écarter 0 Abstention 0 2 votes sur ce texte"
    assert "Rédaction 1." in kept.text
    left = page.one("main").all("section", class_="gc-section")[-1]
    assert [item.one(class_="gc-chip").text for item in left.all("li")] == ["ACT-09", "RES-04"]


async def test_an_older_version_leads_to_the_newer_one(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    older, newer = read(await client().get("/referentiel/2.0.0")), read(await client().get("/referentiel/2.0.1"))
    assert older.one(class_="fr-alert").one("a")["href"] == "/referentiel/2.0.1"
    assert newer.all(class_="fr-alert") == []


async def test_rewording_afterwards_changes_nothing_of_what_is_published(database: Database, client: Browsers) -> None:
    before, _ = await two_versions(database, client, libelle="Mieux dit")
    assert (await client().get("/referentiel/2.0.0.json")).json() == before.content


# ── The files


async def test_anyone_recomputes_the_fingerprint(database: Database, client: Browsers) -> None:
    before, after = await two_versions(database, client, libelle="Mieux « dit » à 100 %")
    for version in (before, after):
        answer = await client().get(f"/referentiel/{version.version}.json")
        document = answer.json()
        signed = {key: said for key, said in document.items() if key not in ("empreinte", "signature")}
        assert document["empreinte"] == "sha256:" + hashlib.sha256(rfc8785.dumps(signed)).hexdigest()
        assert document["empreinte"] == version.fingerprint
        assert frameworks.verify(document)
    tampered = {**document, "note": document["note"] + " "}
    assert not frameworks.verify(tampered)


async def test_the_document_of_a_version(database: Database, client: Browsers) -> None:
    before, after = await two_versions(database, client, libelle="Mieux dit")
    answer = await client().get("/referentiel/2.0.1.json")
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    room = document["atelier"]
    assert document == {
        "titre": "Référentiel d'évaluation des laboratoires d'innovation publique",
        "version": "2.0.1",
        "publie_le": after.published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "note": "La suite.",
        "licence": "Licence Ouverte 2.0",
        "precedente": {"version": "2.0.0", "empreinte": before.fingerprint},
        "atelier": {**room, "id": after.workshop_id, "titre": "Atelier de novembre", "geste": 8},
        "indicateurs": [
            {
                "code": "ACT-08",
                "fiche": {**COMPLETE, "libelle": "Mieux dit"},
                "origine": "reference",
                "provient_de": [],
                "coauteurs": [],
                "decision": {
                    "regle": ANNOUNCED.published(),
                    "resultat": "kept",
                    "votes": {
                        "texte_actuel": {"keep": 1, "rework": 0, "drop": 0, "abstain": 0},
                        "texte_anterieur": 0,
                    },
                    "motif": BY_THE_RULE,
                    "redaction": 2,
                    "atelier": after.workshop_id,
                },
                "reserves": [],
                "reponse": "",
            }
        ],
        "ecartes": [],
        "hors_table": [],
        "empreinte": after.fingerprint,
    }


@pytest.mark.parametrize(
    "address",
    ["/referentiel/9.9.9", "/referentiel/9.9.9.json", "/referentiel/02.0.0"],
)
async def test_an_unpublished_version_is_not_found(database: Database, client: Browsers, address: str) -> None:
    await published(database)
    page = await client().get(address)
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (404, NOT_PUBLISHED)
    program = await client().get(address, headers=JSON)
    assert (program.status_code, program.json()) == (
        404,
        {"refus": "introuvable", "raison": NOT_PUBLISHED.replace("'", "’")},
    )


# ── Compare


async def test_two_versions_are_compared_word_by_word(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Nombre de projets abandonnés", unite="labos")
    answer = await client().get("/referentiel/2.0.0...3.0.0")
    main = read(answer).one("main")
    assert (answer.status_code, main.one("h1").text) == (200, "De la version 2.0.0 à la version 3.0.0")
    assert [title.text for title in main.all("h3")] == ["Réécrits 1"]
    rows = {row.one("dt").text: both_texts(row.one(class_="gc-diff")) for row in main.all(class_="gc-sheet__row")}
    assert rows == {
        "Intitulé rédaction": (COMPLETE["libelle"], "Nombre de projets abandonnés"),
        "Unité change le sens": ("projets", "labos"),
    }
    back = read(await client().get("/referentiel/3.0.0...2.0.0")).one("main")
    assert both_texts(back.all(class_="gc-diff")[1]) == ("labos", "projets")


async def test_added_and_removed_indicators_are_named(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    await act(database, indicators.propose, day.room.id, {**COMPLETE, "libelle": "Tout neuf"}, by=day.alix)
    await day.move(Stage.VOTING)
    await all_vote(database, day.room, by=day.alix)
    await day.move(Stage.CLOSED)
    await publish(database, day.room, version="3.0.0", by=day.dominique)
    main = read(await client().get("/referentiel/2.0.1...3.0.0")).one("main")
    assert [title.text for title in main.all("h3")] == ["Ajoutés 1", "Retirés 1"]
    assert [item.text for item in main.all("li") if item.all(class_="gc-chip")] == [
        "ACT-09 Tout neuf",
        "ACT-08 Mieux dit",
    ]


async def test_only_two_different_published_versions_are_compared(database: Database, client: Browsers) -> None:
    await published(database)
    for address, reason in (
        ("/referentiel/2.0.0...9.9.9", NOT_PUBLISHED),
        ("/referentiel/9.9.9...2.0.0", NOT_PUBLISHED),
        ("/referentiel/2.0.0...2.0.0", "Il faut deux versions différentes pour comparer."),
    ):
        answer = await client().get(address)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (404, reason)


async def test_a_version_published_before_rules_were_announced_still_reads(
    database: Database, client: Browsers
) -> None:
    """Neither reason, nor reservations, nor all that a rule says now; what it says is as it was."""
    current = await published(database)
    former = {key: value for key, value in current.content.items() if key != "empreinte"} | {"version": "1.9.0"}
    former["atelier"] = {key: value for key, value in former["atelier"].items() if key not in ("regle", "tour")}
    for item in former["indicateurs"]:
        decision = item["decision"]
        decision["regle"] = {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": 1}
        del decision["motif"], item["reserves"], item["reponse"]
    document = rfc8785.dumps(former).decode()
    row = current.model_dump() | {"version": "1.9.0", "workshop_id": "ailleurs", "document": document}
    async with database.transaction() as session:
        session.add(Framework(**row | {"fingerprint": frameworks.fingerprint(former), "previous_version": "1.8.0"}))
    page = await client().get("/referentiel/1.9.0")
    assert (page.status_code, COMPLETE["libelle"] in read(page).text) == (200, True)
    table = (await client().get("/referentiel/1.9.0.csv")).content.decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(table)))["votes"] == "abstain:0;drop:0;keep:1;rework:0"
    document = (await client().get("/referentiel/1.9.0.json")).json()
    assert (checking.votes(document), checking.framework(document)) == (None, None)
