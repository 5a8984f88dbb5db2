"""The rule's page: read by all, announced by who leads, locked by the vote; and what results it hides."""

import pytest

from server.database import Database
from tests.cast import Browsers, act, member_of
from tests.server.pages.day import HTMX, JSON, Day, begin, gesture, refused
from tests.server.pages.reading import errors, plain, read
from workshops import rules, votes
from workshops.agenda import Stage
from workshops.consensus import ANNOUNCED, Choice, Method, Rule, Secrecy
from workshops.people import Person

FORM = {"method": "two_axes", "voices": "persons", "quorum": "3", "rounds": "2", "secrecy": "open", "most": "80"}
LOCKED = "Le vote a été ouvert : la règle annoncée ne change plus."


async def by_rule(database: Database, client: Browsers, rule: Rule) -> Day:
    """Everybody votes by a rule."""
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, rule, by=day.camille)
    await day.move(Stage.VOTING)
    return day


async def cast(day: Day, by: Person, ballot: str = "keep") -> None:
    await act(day.database, votes.cast, day.card.id, wording=1, choice=ballot, by=by)


async def test_everybody_reads_the_rule_and_who_leads_announces_another(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path = f"/ateliers/{day.room.id}/regle"
    for person in (None, day.alix, day.camille):
        page = read(await (await day.browser(person)).get(path))
        assert "plus de la moitié des votes exprimés" in page.one(class_="gc-rule").text
        assert bool(page.all("form", action=path)) is (person is day.camille)
    await gesture(day, await day.browser(day.camille), path, FORM, to=path)
    said = read(await client().get(path)).one(class_="gc-rule").text
    for words in ("au moins 80 % des notes", "moins de 15 %", "en dessous de 3 voix", "2 tours"):
        assert words in said


async def test_once_the_vote_has_opened_the_rule_is_refused_and_printed(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    path = f"/ateliers/{day.room.id}/regle"
    camille = await day.browser(day.camille)
    before = await day.records()
    answer = await camille.post(path, data=FORM, headers=JSON)
    assert (answer.status_code, answer.json()["refus"], plain(answer.json()["raison"])) == (
        409,
        "pas_maintenant",
        LOCKED,
    )
    page = await camille.post(path, data=FORM)
    assert (page.status_code, LOCKED in read(page).text) == (409, True)
    assert await day.records() == before
    assert "Fixée à l'ouverture du vote" in read(await camille.get(path)).text
    room = read(await (await day.browser(day.alix)).get(f"/ateliers/{day.room.id}"))
    ballots = room.all(class_="gc-ballot__rule")
    assert len(ballots) == 19
    assert {ballot.text for ballot in ballots} == {plain(ANNOUNCED.summary.sentence)}


async def test_a_rule_that_does_not_hold_comes_back_as_typed(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path = f"/ateliers/{day.room.id}/regle"
    page = await (await day.browser(day.camille)).post(path, data={**FORM, "rounds": "trois"})
    assert page.status_code == 422
    assert errors(read(page)) == {"rounds": "De un à cinq tours."}
    assert read(page).one("input", id="field-rounds")["value"] == "trois"


@pytest.mark.parametrize("who", ["alix", "noor", "stranger"])
async def test_only_who_leads_announces_and_opens_rounds(database: Database, client: Browsers, who: str) -> None:
    day = await by_rule(database, client, Rule(rounds=2))
    browser = await day.browser(getattr(day, who))
    for path, form in ((f"/ateliers/{day.room.id}/regle", FORM), (f"/ateliers/{day.room.id}/tour", {"round": "2"})):
        answer = await browser.post(path, data=form, headers=JSON)
        assert answer.status_code == 403


async def test_a_second_round_shows_what_the_group_said_and_ones_own_answer(
    database: Database, client: Browsers
) -> None:
    day = await by_rule(database, client, Rule(method=Method.TWO_AXES, rounds=2))
    for number, ballot in enumerate(("7/5", "8/6", "9/-", "2/2", "7/7")):
        await cast(day, await member_of(database, day.room, name=f"Membre {number}"), ballot)
    await cast(day, day.alix, "3/4")
    tour = f"/ateliers/{day.room.id}/tour"
    await gesture(day, await day.browser(day.camille), tour, {"round": "2"}, to=f"/ateliers/{day.room.id}")
    answer = await (await day.browser(day.camille)).post(tour, data={"round": "3"}, headers=JSON)
    assert answer.status_code == 409
    card = read(await (await day.browser(day.alix)).get(f"/indicateurs/{day.card.id}"))
    ballot = card.one(id=f"ballot-{day.card.id}")
    assert len(ballot.one(class_="gc-former").all("svg", role="img")) == 2
    assert ballot.one(class_="gc-again__title").text == (
        "Au tour précédent, vous aviez répondu « pertinence 3, mesurabilité 4 »."
    )
    sacha = read(await (await day.browser(day.sacha)).get(f"/indicateurs/{day.card.id}")).one(id=f"ballot-{day.card.id}")
    assert len(sacha.one(class_="gc-former").all("svg", role="img")) == 2
    assert sacha.all(class_="gc-again") == []


async def test_in_another_round_what_one_said_before_is_confirmed_or_changed_and_not_taken_back(
    database: Database, client: Browsers
) -> None:
    day = await by_rule(database, client, Rule(rounds=2))
    await cast(day, day.alix)
    room, mine = f"/ateliers/{day.room.id}", f"ballot-{day.card.id}"
    away = f"/indicateurs/{day.card.id}/vote/retrait"
    alix = await day.browser(day.alix)
    assert read(await alix.get(room)).one(id=mine).all("form", action=away)
    await act(database, rules.open_round, day.room.id, 2, by=day.camille)
    again = read(await alix.get(room)).one(id=mine)
    assert again.one(class_="gc-again__actions").text.startswith("Confirmer")
    assert again.all("form", action=away) == []


async def test_two_axes_are_rated_in_one_sending_and_half_a_ballot_comes_back(
    database: Database, client: Browsers
) -> None:
    day = await by_rule(database, client, Rule(method=Method.TWO_AXES))
    alix, vote = await day.browser(day.alix), f"/indicateurs/{day.card.id}/vote"
    for half in ({"relevance": "7"}, {"relevance": "7", "measurability": "12"}):
        page = await alix.post(vote, data={"wording": "1", "round": "1", **half}, headers=HTMX)
        assert page.status_code == 422
        form = read(page).one("form", class_="gc-scores")
        assert form.one("p", id=f"measurability-{day.card.id}-error").text.startswith("Donnez une note de 1 à 9")
        assert [box["value"] for box in form.all("input", name="relevance") if "checked" in box.attributes] == ["7"]
    to = f"/ateliers/{day.room.id}#card-{day.card.id}"
    await gesture(day, alix, vote, {"wording": "1", "relevance": "7", "measurability": "-"}, to=to)
    shown = read(await alix.get(f"/ateliers/{day.room.id}")).one(id=f"ballot-{day.card.id}")
    assert "Votre vote : pertinence 7, mesurabilité sans avis" in shown.text


async def test_a_grade_is_one_tap(database: Database, client: Browsers) -> None:
    day = await by_rule(database, client, Rule(method=Method.MAJORITY_JUDGMENT))
    alix, vote = await day.browser(day.alix), f"/indicateurs/{day.card.id}/vote"
    answer = await alix.post(vote, data={"wording": "1", "grade": "very_good"}, headers=HTMX)
    assert answer.status_code == 200
    (chosen,) = [button for button in read(answer).all("button") if button.attributes.get("aria-pressed") == "true"]
    assert chosen.text == "Très bien (votre vote)"
    assert (await alix.post(vote, data={"wording": "1", "grade": "sublime"}, headers=JSON)).status_code == 422


# ── Results that wait


@pytest.mark.parametrize("secrecy", [Secrecy.CLOSED, Secrecy.VOTED])
async def test_results_are_nowhere_until_the_closing(database: Database, client: Browsers, secrecy: Secrecy) -> None:
    day = await by_rule(database, client, Rule(secrecy=secrecy))
    reason = "Une raison que personne ne lit."
    drop = {"wording": 1, "choice": Choice.DROP, "reason": reason}
    await act(database, votes.cast, day.card.id, **drop, by=day.sacha)
    pages = [f"/ateliers/{day.room.id}", f"/indicateurs/{day.card.id}", f"/ateliers/{day.room.id}/ecran"]
    for person in (day.alix, day.camille, None):
        browser = await day.browser(person)
        for path in pages[: 3 if person else 2]:
            page = await browser.get(path)
            tally = read(page).one(id=f"tally-{day.card.id}")
            assert tally.text == "1 vote sur ce texte. Résultats cachés pour l'instant."
            assert reason not in page.text
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    assert {item["votes"] for item in state["indicateurs"]} == {None}
    await day.move(Stage.CLOSED)
    assert "Écarter 1" in read(await client().get(pages[0])).one(id=f"tally-{day.card.id}").text
    assert reason in (await client().get(pages[1])).text
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    assert None not in [item["votes"] for item in state["indicateurs"]]


async def test_results_show_to_whoever_has_voted_where_the_rule_says_so(database: Database, client: Browsers) -> None:
    day = await by_rule(database, client, Rule(secrecy=Secrecy.VOTED))
    await cast(day, day.sacha)
    room, mine = f"/ateliers/{day.room.id}", f"ballot-{day.card.id}"
    alix, sacha = await day.browser(day.alix), await day.browser(day.sacha)
    assert read(await alix.get(room)).one(id=mine).all(class_="gc-former") == []
    assert "Garder 1" in read(await sacha.get(room)).one(id=mine).one(class_="gc-former").text
    vote = {"wording": "1", "choice": "drop", "reason": "Non."}
    answer = await alix.post(f"/indicateurs/{day.card.id}/vote", data=vote, headers=HTMX)
    assert "Garder 1 Retravailler 0 Écarter 1" in read(answer).one(class_="gc-former").text
    other = next(iter(read(await alix.get(room)).all(class_="gc-former")[1:]), None)
    assert other is None  # of what one has not judged, nothing


async def test_fewer_than_five_raters_are_counts_and_no_picture(database: Database, client: Browsers) -> None:
    day = await by_rule(database, client, Rule(method=Method.TWO_AXES))
    for number, ballot in enumerate(("7/5", "8/6", "9/-", "2/2")):
        await cast(day, await member_of(database, day.room, name=f"Membre {number}"), ballot)
    page, tally = f"/indicateurs/{day.card.id}", f"tally-{day.card.id}"
    few = read(await client().get(page)).one(id=tally)
    assert few.all("svg") == []
    assert "médiane" not in few.text
    assert [each.text for each in few.all(class_="gc-axis__n")] == ["n = 4", "n = 3"]
    await cast(day, day.alix, "8/8")
    enough = read(await client().get(page)).one(id=tally)
    assert len(enough.all("svg")) == 2
    assert "médiane 8" in enough.text


async def test_a_stranger_opens_no_round(database: Database, client: Browsers) -> None:
    day = await by_rule(database, client, Rule(rounds=2))
    path = f"/ateliers/{day.room.id}/tour"
    joined = "Il faut d'abord rejoindre l'atelier."
    await refused(day, await day.browser(day.stranger), path, {"round": "2"}, 403, joined)
