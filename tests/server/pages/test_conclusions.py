"""The conclusion of an indicator: written by who leads, read by all, published with the decision."""

from server.database import Database
from tests.cast import (
    Browsers,
    act,
    ask,
    confirm,
    published,
)
from tests.server.pages.day import HTMX, JSON, begin, block, gesture, in_both_places, once, refused_outside_the_room
from tests.server.pages.reading import errors, read, value
from workshops import (
    conclusions,
    frameworks,
    releases,
    world,
)
from workshops.agenda import Stage
from workshops.canonical import canonical
from workshops.frameworks import Framework

FORM = {"because": "Trop vague pour être compté.", "answer": "Le texte sera repris."}


async def test_who_leads_concludes_and_everybody_reads_why(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    path, page = f"/indicateurs/{day.card.id}/conclusion", f"/indicateurs/{day.card.id}"
    own = f"conclusion-{day.card.id}"
    await gesture(day, await day.browser(day.camille), path, FORM, to=f"{page}#{own}")
    said = read(await client().get(page)).one(id=own).text
    assert FORM["because"] in said
    assert FORM["answer"] in said
    answer = await block(day, await day.browser(day.camille), path, {**FORM, "answer": "Non."})
    assert value(read(answer), "answer") == "Non."


async def test_it_is_for_who_leads_from_the_vote_on(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    path = f"/indicateurs/{day.card.id}/conclusion"
    leading = "Ce geste revient au rôle « Animation »."
    await refused_outside_the_room(day, path, FORM, observing=leading)
    assert (await (await day.browser(day.alix)).post(path, data=FORM, headers=JSON)).status_code == 403
    await day.move(Stage.DISCUSSING)
    assert (await (await day.browser(day.camille)).post(path, data=FORM, headers=JSON)).status_code == 409


async def test_a_conclusion_without_a_word_comes_back(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.CLOSED)
    path, camille = f"/indicateurs/{day.card.id}/conclusion", await day.browser(day.camille)
    before = await day.records()
    page = await camille.post(path, data={"because": " ", "answer": ""})
    asked = "Dites pourquoi l'indicateur finit ainsi, ou ce que vous répondez aux réserves."
    assert (page.status_code, errors(read(page))) == (422, {"because": asked})
    part = await camille.post(path, data={"because": "x" * 501, "answer": "Oui."}, headers=HTMX)
    assert (part.status_code, value(read(part), "because")) == (422, "x" * 501)
    assert await day.records() == before


@in_both_places
async def test_the_same_key_twice_concludes_once(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client, Stage.VOTING)
    path = f"/indicateurs/{day.card.id}/conclusion"
    await once(day, await day.browser(day.camille), place, path, FORM, {"because": "Autre chose."})


async def test_a_reason_is_asked_for_before_publishing_and_one_may_serve_for_all(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.CLOSED)
    await act(database, conclusions.conclude, day.card.id, because="Il le faut.", by=day.camille)
    path, dominique = f"/ateliers/{day.room.id}/referentiel", await day.browser(day.dominique)
    keep = {"version": "2.0.0", "decision-ACT-02": "keep", "because-ACT-02": "Urgent."}
    page = await dominique.post(path, data=keep)
    assert page.status_code == 422
    lacking = errors(read(page))
    assert (len(lacking), "reason-ACT-03" in lacking, "reason-ACT-01" in lacking) == (17, True, False)
    said = {**keep, "reason-others": "Personne n'en a parlé.", "reason-ACT-03": "Déjà compté ailleurs."}
    assert (await dominique.post(path, data=said)).status_code == 303
    (release,) = await ask(database, releases.standing)
    await confirm(database, release)
    async with database.reading() as session:
        version = await frameworks.fetch(session, "2.0.0")
    motives = {item["code"]: item["decision"]["motif"] for item in version.content["ecartes"]}
    assert (motives["ACT-01"], motives["ACT-03"]) == ("Il le faut.", "Déjà compté ailleurs.")
    assert {motive for code, motive in motives.items() if code not in ("ACT-01", "ACT-03")} == {
        "Personne n'en a parlé."
    }
    shown = read(await client().get("/referentiel/2.0.0"))
    assert "Déjà compté ailleurs." in shown.text
    assert "plus de la moitié des votes exprimés" in shown.one(class_="gc-rule").text


async def test_a_version_published_before_reasons_were_written_is_still_shown(
    database: Database, client: Browsers
) -> None:
    content = (await published(database)).content
    for key in ("regle", "tour"):
        del content["atelier"][key]
    del content["ateliers"]
    (item,) = content["indicateurs"]
    for key in ("reserves", "reponse"):
        del item[key]
    del item["decision"]["motif"]
    item["decision"]["regle"] = {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": 1}
    content |= {"version": "2.1.0"}
    before = frameworks.unsigned(content)
    async with database.transaction() as session:
        session.add(
            Framework(
                version="2.1.0",
                published_by="0quelquun000",
                published_at=world.now(),
                fingerprint=frameworks.fingerprint(before),
                document=canonical(before).decode(),
            )
        )
    page = read(await client().get("/referentiel/2.1.0"))
    assert page.all(class_="gc-rule") == []
    assert page.one(class_="gc-tally").text == "Garder 1 Retravailler 0 Écarter 0 Abstention 0 1 vote sur ce texte"
    table = (await client().get("/referentiel/2.1.0.csv")).text
    assert "trois_choix" in table
