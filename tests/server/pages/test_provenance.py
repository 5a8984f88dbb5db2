"""Provenance: one indicator of a version, field by field, down to who said what."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server.database import Database
from server.origins import Deed, through
from tests.cast import (
    COMPLETE,
    Browsers,
    account,
    act,
    all_vote,
    ask,
    card,
    member_of,
    move,
    prepare,
    publish,
    publisher,
    workshop,
)
from tests.documents import document, history, item
from tests.server.pages.day import JSON, Day, begin
from tests.server.pages.reading import Element, read
from tests.server.pages.test_queries import counting
from workshops import accounts, agenda, amendments, comments, credits, indicators, lineage, votes, world
from workshops.agenda import Stage, Start
from workshops.canonical import canonical
from workshops.comments import Comment
from workshops.consensus import Choice
from workshops.crosswalks import Fate
from workshops.frameworks import Framework, FrameworkWorkshop
from workshops.indicators import Indicator
from workshops.people import Person

UNTOLD = "Écrit sans laboratoire"


async def enter(database: Database, content: dict[str, Any], workshop_id: str = "atelier00001") -> None:
    """A version whose document is this one."""
    told = {key: value for key, value in content.items() if key != "empreinte"}
    async with database.transaction() as session:
        session.add(
            Framework(
                version=content["version"],
                previous_version=(content["precedente"] or {}).get("version"),
                published_by="dominique001",
                published_at=world.now(),
                fingerprint=content["empreinte"],
                document=canonical(told).decode(),
            )
        )
        session.add(FrameworkWorkshop(workshop_id=workshop_id, version=content["version"]))


@dataclass
class Published:
    """A workshop, an indicator written by two labs, and the version that it led to."""

    day: Day
    indicator: Indicator
    code: str
    alix: Person
    sacha: Person
    content: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/referentiel/2.0.0/{self.code}"


async def seated(database: Database, day: Day, name: str, lab: str) -> Person:
    person = await account(database, name)
    await act(database, agenda.join, day.room.id, name=name.split()[0], lab=lab, by=person)
    return person


async def published(database: Database, client: Browsers) -> Published:
    """Alix (Ti Lab) proposes, Sacha (SIILAB) amends the definition; both keep the text, Noé would rework it."""
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    alix = await seated(database, day, "Alix Morvan", "ti-lab")
    sacha = await seated(database, day, "Sacha Benali", "siilab")
    one = await act(database, indicators.propose, day.room.id, COMPLETE, by=alix)
    await act(database, comments.post, one.id, field="definition", text="Trop vague.", by=sacha)
    amended = {**COMPLETE, "definition": "Projets arrêtés à temps."}
    proposed = await act(database, amendments.propose, one.id, amended, base=1, by=sacha)
    await act(database, amendments.accept, proposed.id, by=alix)
    await day.move(Stage.VOTING)
    for person in (alix, sacha):
        await all_vote(database, day.room, by=person)
    noé = await member_of(database, day.room, "siilab", "Noé")
    rework = {"wording": 2, "choice": Choice.REWORK, "reason": "Trop lourd à compter."}
    await act(database, votes.cast, one.id, **rework, by=noé)
    await day.move(Stage.CLOSED)
    framework = await publish(database, day.room, by=day.dominique)
    return Published(day, one, one.code, alix, sacha, framework.content)


async def shown(client: Browsers, path: str) -> Element:
    answer = await client().get(path)
    assert answer.status_code == 200, answer.text
    return read(answer)


def field(page: Element, name: str) -> Element:
    return page.one(id=name)


# ── What the page says


async def test_each_field_says_who_wrote_it_where_and_leads_there(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    page = await shown(client, it.path)
    assert page.one("h1").text == COMPLETE["libelle"]
    written = field(page, "definition")
    assert written.one(class_="gc-sourced__by").text.startswith("Écrit par SIILAB , dans l'atelier Atelier de novembre")
    sources = it.content["indicateurs"][0]["provenance"]
    gesture = sources["definition"]["geste"]
    (said,) = (await ask(database, comments.on_fields, [it.indicator.id])).values()
    assert [(link.text, link["href"]) for link in written.one("ul").all("a")] == [
        ("La rédaction 2", f"/indicateurs/{it.indicator.id}/redactions/2"),
        ("Les avis sur ce champ (1)", f"/indicateurs/{it.indicator.id}#avis-{said[0]}"),
        (f"Le geste n° {gesture} du registre", f"/ateliers/{it.day.room.id}/registre#geste-{gesture}"),
        ("Les votes et leur règle", "#decision"),
    ]
    unit = field(page, "unite")
    assert unit.one(class_="gc-sourced__by").text.startswith("Écrit par Ti Lab")
    assert unit.one("ul").all("a")[0]["href"] == f"/indicateurs/{it.indicator.id}/redactions/1"


async def test_the_decision_is_there_with_its_rule_and_its_reservations(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    page = await shown(client, it.path)
    (decided,) = [section for section in page.all("section") if section.get("aria-labelledby") == "decision"]
    assert decided.all(class_="gc-rule") != []
    assert decided.one(class_="gc-reasons").text == "Retravailler Trop lourd à compter. SIILAB"
    assert [link["href"] for link in decided.all("a")] == [
        f"/ateliers/{it.day.room.id}",
        f"/indicateurs/{it.indicator.id}/redactions/2",
        f"/ateliers/{it.day.room.id}/resultats",
        f"/ateliers/{it.day.room.id}/bulletins.json",
        f"/ateliers/{it.day.room.id}/registre",
        f"/indicateurs/{it.indicator.id}",
    ]


# ── Two clicks


def links(page: Element) -> list[str]:
    return [link["href"] for link in page.one("main").all("a") if link.get("href")]


async def test_from_any_field_everything_is_two_clicks_away(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    browser = client()
    version = read(await browser.get("/referentiel/2.0.0"))
    home = f"/ateliers/{it.day.room.id}"
    assert it.path in links(version), "the title leads there too, without opening the sheet"
    for name in it.content["indicateurs"][0]["fiche"]:
        (first,) = {href for href in links(version) if href == f"{it.path}#{name}"}
        page = read(await browser.get(first.partition("#")[0]))
        assert page.all(class_="gc-rule") != [], "the votes and their rule are on the page itself"
        row = field(page, name)
        reached = {}
        for href in [link["href"] for link in row.all("a")]:
            if href.startswith("/"):
                reached[href] = await browser.get(href.partition("#")[0])
                anchor = href.partition("#")[2]
                assert reached[href].status_code == 200
                assert not anchor or read(reached[href]).all(id=anchor) != [], f"{href} leads nowhere"
        assert home in reached
        assert any(href.startswith(f"{home}/registre#geste-") for href in reached)
        (text,) = [answer for href, answer in reached.items() if "/redactions/" in href]
        assert row.one("dd").all()[0].text in read(text).one("main").text
        assert any("#avis-" in href for href in reached) == (name == "definition")


# ── Who is named


async def test_people_are_named_only_while_they_agree(database: Database, client: Browsers) -> None:
    it = await published(database, client)

    async def said() -> tuple[str, str, str]:
        page = await shown(client, it.path)
        (authors,) = [section for section in page.all("section") if section.get("aria-labelledby") == "authors"]
        by = [field(page, name).one(class_="gc-sourced__by").text.partition(",")[0].strip() for name in ("unite", "definition")]
        return (*by, " · ".join(line.text for line in authors.all("li")))

    nobody = ("Écrit par Ti Lab", "Écrit par SIILAB", "Ti Lab · SIILAB")
    assert await said() == nobody
    await act(database, credits.give, by=it.alix)
    await act(database, credits.give, by=it.sacha)
    assert await said() == (
        "Écrit par Alix Morvan (Ti Lab)",
        "Écrit par Sacha Benali (SIILAB)",
        "Ti Lab Alix Morvan · SIILAB Sacha Benali",
    )
    await act(database, credits.withdraw, by=it.alix)
    assert await said() == (nobody[0], "Écrit par Sacha Benali (SIILAB)", "Ti Lab · SIILAB Sacha Benali")
    await act(database, accounts.erase, by=it.sacha)
    assert await said() == nobody


async def test_the_files_of_a_version_name_nobody(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    await act(database, credits.give, by=it.alix)
    await act(database, credits.give, by=it.sacha)
    for path in ("/referentiel/2.0.0.json", "/referentiel/2.0.0.csv", "/referentiel/2.0.0"):
        text = (await client().get(path)).text
        assert "Trop lourd à compter" in text
        for said in ("Morvan", "Benali", it.alix.id, it.sacha.id):
            assert said not in text


async def test_what_it_was_split_from_is_a_click_away(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    whole = await act(database, indicators.propose, day.room.id, COMPLETE, by=day.alix)
    sheets = [{**COMPLETE, "libelle": title} for title in ("Une partie", "L'autre")]
    parts = await act(database, lineage.split, whole.id, sheets=sheets, because="Deux choses.", by=day.camille)
    await day.move(Stage.VOTING)
    for part in parts:
        await act(database, votes.cast, part.id, wording=1, choice=Choice.KEEP, by=day.alix)
    await day.move(Stage.CLOSED)
    framework = await publish(database, day.room, by=day.dominique)
    code = framework.content["indicateurs"][0]["code"]
    page = await shown(client, f"/referentiel/2.0.0/{code}")
    (authors,) = [section for section in page.all("section") if section.get("aria-labelledby") == "authors"]
    assert [(link.text, link["href"]) for link in authors.all("a")] == [(whole.code, f"/indicateurs/{whole.id}")]
    by = {name: field(page, name).one(class_="gc-sourced__by").text for name in ("libelle", "definition")}
    assert by["libelle"].startswith(UNTOLD)
    assert by["definition"].startswith("Écrit par Ti Lab")
    assert field(page, "definition").one("ul").all("a")[0]["href"] == f"/indicateurs/{whole.id}/redactions/1"


# ── What else may be asked


async def test_a_version_that_is_not_published_is_answered_with_those_that_are(
    database: Database, client: Browsers
) -> None:
    first, _second = history()
    await enter(database, first)
    for path in ("/referentiel/9.9.9/ACT-01", "/referentiel/9.9.9", "/referentiel/9.9.9-rc.1/ACT-01"):
        answer = await client().get(path)
        assert answer.status_code == 404
        assert [link["href"] for link in read(answer).one(class_="gc-links").all("a")] == ["/referentiel/2.0.0"]


async def test_a_code_that_the_version_does_not_have_is_answered_with_those_that_it_has(
    database: Database, client: Browsers
) -> None:
    first, _second = history()
    await enter(database, first)
    answer = await client().get("/referentiel/2.0.0/ACT-99")
    page = read(answer)
    assert answer.status_code == 404
    assert page.one(class_="gc-refusal").text == "La version 2.0.0 n'a pas d'indicateur de ce code. Voici les siens."
    assert [link["href"] for link in page.one(class_="gc-links").all("a")] == [
        f"/referentiel/2.0.0/{code}" for code in ("ACT-01", "ACT-02", "RES-01", "IMP-01")
    ]
    told = (await client().get("/referentiel/2.0.0/ACT-99", headers=JSON)).json()
    assert (told["refus"], told["codes"]) == ("introuvable", ["ACT-01", "ACT-02", "RES-01", "IMP-01"])


async def test_an_older_document_says_what_is_known(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    one = await act(database, indicators.propose, day.room.id, COMPLETE, by=day.alix)
    told = item(one.code)
    told["decision"] |= {"atelier": day.room.id, "redaction": 1}
    for new in ("provenance", "depreciation", "correction", "statut"):
        del told[new]
    content = document("2.0.0", [told])
    for new in ("chaine", "niveau", "ateliers", "passage", "relecture"):
        del content[new]
    await enter(database, content, day.room.id)
    row = field(await shown(client, f"/referentiel/2.0.0/{one.code}"), "definition")
    assert row.one(class_="gc-sourced__by").text.startswith("Adopté à la rédaction 1, dans l'atelier Atelier de novembre")
    assert row.one("ul").all("a")[0]["href"] == f"/indicateurs/{one.id}/redactions/1"


async def test_an_indicator_that_no_workshop_of_the_site_decided(database: Database, client: Browsers) -> None:
    content = document("2.0.0", [item("ACT-01", decision=None, reserves=[], provenance=None)])
    await enter(database, content)
    page = await shown(client, "/referentiel/2.0.0/ACT-01")
    assert field(page, "definition").one(class_="gc-sourced__by").text == "Publié sans source connue"
    assert "Ce texte n'a pas été décidé dans un atelier de ce site." in page.one("main").text


async def test_a_workshop_that_is_gone_leaves_its_lab(database: Database, client: Browsers) -> None:
    """Sources that lead nowhere any more (a file read on another site) are told without a link."""
    first, _second = history()
    await enter(database, first)
    row = field(await shown(client, "/referentiel/2.0.0/ACT-01"), "definition")
    assert row.one(class_="gc-sourced__by").text == "Écrit par Ti Lab"


async def test_what_versions_did_to_an_indicator(database: Database, client: Browsers) -> None:
    first, second = history()
    await enter(database, first)
    await enter(database, second, "atelier00002")
    page = await shown(client, "/referentiel/2.1.0/ACT-01")
    assert page.one(class_="fr-alert").text == "Déprécié depuis la version 2.1.0 Réuni avec ACT-02. Remplacé par ACT-02 ."
    (versions,) = [section for section in page.all("section") if section.get("aria-labelledby") == "versions"]
    assert [line.text for line in versions.all("li")] == [
        "2.0.0 Publié pour la première fois",
        "2.1.0 Déprécié → ACT-02 Comparer à 2.0.0",
    ]
    older = await shown(client, "/referentiel/2.0.0/RES-01")
    assert "Une version plus récente existe : 2.1.0." in older.one(class_="fr-alert").text
    assert "/referentiel/2.0.0...2.1.0#RES-01" in links(older)


def test_steps_through_versions() -> None:
    first, second = history()
    third = document("3.0.0", second["indicateurs"][1:], passage=[{"sort": "fusionne", "de": ["ACT-01"], "vers": ["ACT-02"]}])
    third["indicateurs"][0] = {
        **third["indicateurs"][0],
        "fiche": {**third["indicateurs"][0]["fiche"], "libelle": "Agents formés"},
        "correction": {"motif": "Une coquille.", "champs": ["libelle"]},
    }

    def steps(code: str) -> list[tuple[str, Deed, list[str], tuple[str, ...]]]:
        found = through([first, second, third], code)
        return [(step.version, step.how, [each.name for each in step.fields], step.became) for step in found]

    assert steps("ACT-01") == [
        ("2.0.0", Deed.PUBLISHED, [], ()),
        ("2.1.0", Deed.DEPRECATED, [], ("ACT-02",)),
        ("3.0.0", Deed.REMOVED, [], ("ACT-02",)),
    ]
    assert steps("ACT-02") == [
        ("2.0.0", Deed.PUBLISHED, [], ()),
        ("2.1.0", Deed.REWORDED, ["ventilations"], ()),
        ("3.0.0", Deed.CORRECTED, ["libelle"], ()),
    ]
    assert steps("IMP-01") == [("2.0.0", Deed.PUBLISHED, [], ())]


async def test_a_corrected_field_and_one_of_an_earlier_version_say_so(database: Database, client: Browsers) -> None:
    told = item("ACT-01", correction={"motif": "Une coquille.", "champs": ["libelle"]})
    told["provenance"]["libelle"] = {"correction": "Une coquille.", "version": "2.0.1"}
    told["provenance"]["unite"] = {**told["provenance"]["unite"], "labo": None, "origine": "engagement_46"}
    told["provenance"]["sens"] = {**told["provenance"]["sens"], "labo": None}
    await enter(database, document("2.0.1", [told]))
    page = await shown(client, "/referentiel/2.0.1/ACT-01")
    assert [field(page, name).one(class_="gc-sourced__by").text for name in ("libelle", "unite", "sens")] == [
        "Corrigé dans la version 2.0.1 : Une coquille.",
        "Texte de l'engagement n° 46, publié dans la version 2.0.0",
        f"{UNTOLD}, publié dans la version 2.0.0",
    ]


async def test_it_asks_as_little_for_much_as_for_little(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    browser = client()

    async def asked() -> int:
        with counting(database) as sent:
            assert (await browser.get(it.path)).status_code == 200
        return len(sent)

    before = await asked()
    async with database.transaction() as session:
        for name in COMPLETE:
            said = {"indicator_id": it.indicator.id, "wording": 1, "field": name, "text": "Bien.", "gesture": 3}
            session.add_all(Comment(**said, by_id=person.id) for person in (it.alix, it.sacha))
    for person in (it.alix, it.sacha):
        await act(database, credits.give, by=person)
    assert await asked() == before
    assert before <= 17


async def test_a_candidate_is_read_in_the_same_way(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    again = await workshop(database, Stage.PROPOSING, by=it.day.camille, start=Start.PREVIOUS)
    for person, lab in ((it.alix, "ti-lab"), (it.sacha, "siilab")):
        await act(database, agenda.join, again.id, name=person.name, lab=lab, by=person)
    one = await card(database, again, it.code)
    await act(database, indicators.reword, one.id, {**one.sheet, "unite": "projets arrêtés"}, base=1, by=it.sacha)
    again = await move(database, again, Stage.VOTING, by=it.day.camille)
    await all_vote(database, again, by=it.alix)
    again = await move(database, again, Stage.CLOSED, by=it.day.camille)
    until = world.now() + timedelta(days=10)
    fates = {it.code: Fate.REWORDED}
    release = await prepare(database, again, review_until=until, fates=fates, by=await publisher(database))
    page = await shown(client, f"/referentiel/{release.name}/{it.code}")
    assert page.one(class_="fr-alert").text.startswith("Cette version est candidate")
    said = {name: field(page, name).one(class_="gc-sourced__by").text for name in ("unite", "definition")}
    assert said["unite"].startswith("Écrit par SIILAB , dans l'atelier")
    assert "publié dans" not in said["unite"]
    assert said["definition"].endswith("publié dans la version 2.0.0")
    (versions,) = [section for section in page.all("section") if section.get("aria-labelledby") == "versions"]
    assert [line.text for line in versions.all("li")] == [
        "2.0.0 Publié pour la première fois",
        f"{release.name} Réécrit Unité",
    ]


# ── One wording, whole


async def test_a_wording_is_read_whole_with_what_it_changed(database: Database, client: Browsers) -> None:
    it = await published(database, client)
    first = await shown(client, f"/indicateurs/{it.indicator.id}/redactions/1")
    assert COMPLETE["definition"] in first.one("main").text
    assert "Ce texte a été réécrit depuis." in first.one(class_="fr-alert").text
    second = await shown(client, f"/indicateurs/{it.indicator.id}/redactions/2")
    assert "Projets arrêtés à temps." in second.all(class_="gc-sheet")[0].text
    assert "Sacha, SIILAB" in second.one("main").text
    assert second.all("del") != []
    assert (await client().get(f"/indicateurs/{it.indicator.id}/redactions/3")).status_code == 404
