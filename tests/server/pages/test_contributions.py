"""One's contributions: what was said, what became of it, and nobody else's."""

from server.database import Database
from tests.cast import SHEET, Browsers, act
from tests.server.pages.day import begin
from tests.server.pages.reading import read
from workshops import indicators, lineage, objections, rules
from workshops.agenda import Stage
from workshops.consensus import Method, Rule

PATH = "/mes-contributions"


async def test_a_person_reads_the_fate_of_what_they_said_and_nobody_elses(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client)
    await day.say("Une <b>présence</b> suffit-elle ?", by=day.alix)
    await day.say("Rien à ajouter.", by=day.sacha)
    await day.reword()
    page = read(await (await day.browser(day.alix)).get(PATH))
    (item,) = page.all("li", class_="gc-fates__item")
    assert item.one(class_="gc-fates__text").text == "Une <b>présence</b> suffit-elle ?"
    assert [badge.text for badge in item.all(class_="gc-badge")] == ["Avis", "Le texte a été réécrit depuis"]
    assert item.one(class_="gc-fates__about").one("a")["href"].startswith(f"/indicateurs/{day.card.id}#avis-")
    room = read(await (await day.browser(day.alix)).get(f"/ateliers/{day.room.id}"))
    assert PATH in [link["href"] for link in room.one(class_="gc-side").all("a")]


async def test_whoever_said_nothing_is_told_so(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    page = read(await (await day.browser(day.noor)).get(PATH))
    assert page.one(class_="gc-empty__title").text == "Rien pour l'instant"


async def test_it_needs_somebody(client: Browsers) -> None:
    answer = await client().get(PATH)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={PATH}")


async def test_a_proposal_that_was_merged_leads_to_what_it_became_and_an_objection_to_its_page(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(method=Method.CONSENT), by=day.camille)
    await day.move(Stage.PROPOSING)
    ours = await act(database, indicators.propose, day.room.id, SHEET, by=day.alix)
    await act(database, lineage.merge, ours.id, into=day.card.id, because="Doublon.", by=day.camille)
    await day.move(Stage.VOTING)
    held = await act(database, objections.state, day.room.id, text="Trop cher.", by=day.alix)
    page = read(await (await day.browser(day.alix)).get(PATH))
    objection, proposal = sorted(page.all("li", class_="gc-fates__item"), key=lambda item: item.text)
    assert [badge.text for badge in objection.all(class_="gc-badge")] == ["Objection", "En attente de réponse"]
    about = objection.one(class_="gc-fates__about").one("a")
    assert (about["href"], about.text) == (f"/objections/{held.id}", "L'ensemble des indicateurs")
    assert [badge.text for badge in proposal.all(class_="gc-badge")] == ["Proposition", "Fusionné"]
    assert "Fusionné dans ACT-01" in proposal.text
    assert "Motif : Doublon." in proposal.text
    assert f"/indicateurs/{day.card.id}" in [link["href"] for link in proposal.all("a")]
