"""Frameworks: read a published version, compare two."""

import csv
import hashlib
import io

import pytest
import rfc8785

from server import checking
from server.database import Database
from tests.cast import COMPLETE, Browsers, act, all_vote, card, publish, published
from tests.server.pages.day import JSON, begin
from tests.server.pages.reading import both_texts, read
from tests.server.pages.versions import decided, two_versions
from workshops import frameworks, indicators, votes
from workshops.agenda import Stage, Start
from workshops.consensus import Choice
from workshops.frameworks import Framework

NOT_PUBLISHED = "Cette version du référentiel n'est pas publiée."


# ── Read


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
    assert document == after.content
    assert (document["version"], document["note"]) == ("2.0.1", "La suite.")
    assert document["precedente"] == {"version": "2.0.0", "empreinte": before.fingerprint}
    (item,) = document["indicateurs"]
    assert (item["code"], item["fiche"], item["origine"]) == (
        "ACT-08",
        {**COMPLETE, "libelle": "Mieux dit"},
        "reference",
    )


@pytest.mark.parametrize(
    "address",
    ["/referentiel/9.9.9", "/referentiel/9.9.9.json", "/referentiel/02.0.0"],
)
async def test_an_unpublished_version_is_not_found(database: Database, client: Browsers, address: str) -> None:
    await published(database)
    page = await client().get(address)
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (404, NOT_PUBLISHED)
    assert read(page).one("a", href="/referentiel/2.0.0").text == "Version 2.0.0"
    program = await client().get(address, headers=JSON)
    assert (program.status_code, program.json()) == (
        404,
        {"refus": "introuvable", "raison": NOT_PUBLISHED.replace("'", "’"), "versions": ["2.0.0"]},
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
        "Unité majeur": ("projets", "labos"),
    }
    back = read(await client().get("/referentiel/3.0.0...2.0.0")).one("main")
    assert both_texts(back.all(class_="gc-diff")[1]) == ("labos", "projets")


async def test_added_deprecated_and_removed_indicators_are_named(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    await act(database, indicators.propose, day.room.id, {**COMPLETE, "libelle": "Tout neuf"}, by=day.alix)
    await day.move(Stage.VOTING)
    await all_vote(database, day.room, by=day.alix)
    await day.move(Stage.CLOSED)
    await publish(database, day.room, by=day.dominique)
    for _ in range(2):
        day = await begin(database, client, Stage.VOTING, Start.PREVIOUS)
        await all_vote(database, day.room, by=day.alix)
        gone = await card(database, day.room, "ACT-08")
        await act(database, votes.cast, gone.id, wording=1, choice=Choice.DROP, reason="Inutile.", by=day.alix)
        await day.move(Stage.CLOSED)
        await publish(database, day.room, by=day.dominique)

    async def told(between: str) -> dict[str, list[str]]:
        main = read(await client().get(f"/referentiel/{between}")).one("main")
        return {
            title.text: [item.text for item in listed.all("li")]
            for title, listed in zip(main.all("h3"), main.all("ul", class_="gc-links"), strict=True)
        }

    assert await told("2.0.1...2.1.0") == {"Ajoutés 1": ["ACT-09 Tout neuf mineur"]}
    assert await told("2.1.0...2.2.0") == {"Dépréciés 1": ["ACT-08 Mieux dit mineur"]}
    assert await told("2.2.0...3.0.0") == {"Retirés 1": ["ACT-08 Mieux dit majeur"]}
    assert await told("2.0.1...3.0.0") == {
        "Ajoutés 1": ["ACT-09 Tout neuf mineur"],
        "Retirés 1": ["ACT-08 Mieux dit majeur"],
    }
    page = read(await client().get("/referentiel/2.2.0"))
    assert "Déprécié depuis la version 2.2.0. Inutile." in page.one("article", id="ACT-08").text


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
    for key in ("ateliers", "chaine", "sceaux", "niveau", "passage", "arguments", "prepare_par", "confirme_par"):
        del former[key]
    former["atelier"] = {key: value for key, value in former["atelier"].items() if key not in ("regle", "tour")}
    for item in former["indicateurs"]:
        decision = item["decision"]
        decision["regle"] = {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": 1}
        del decision["motif"], item["reserves"], item["reponse"]
        del item["statut"], item["provenance"], item["depreciation"], item["correction"]
    document = rfc8785.dumps(former).decode()
    row = current.model_dump() | {"version": "1.9.0", "release_id": None, "document": document}
    async with database.transaction() as session:
        session.add(Framework(**row | {"fingerprint": frameworks.fingerprint(former), "previous_version": "1.8.0"}))
    page = await client().get("/referentiel/1.9.0")
    assert (page.status_code, COMPLETE["libelle"] in read(page).text) == (200, True)
    table = (await client().get("/referentiel/1.9.0.csv")).content.decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(table)))["votes"] == "abstain:0;drop:0;keep:1;rework:0"
    document = (await client().get("/referentiel/1.9.0.json")).json()
    assert (checking.votes(document), checking.framework(document)) == (None, None)
