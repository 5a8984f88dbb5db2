"""Paper ballots: one form a person, every indicator on it."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import Browsers, act, ask, card
from tests.server.pages.day import Day, begin, refused
from tests.server.pages.reading import errors, read, value
from tests.server.pages.test_consents import by_consent
from workshops import indicators, objections, rules, tallies
from workshops.agenda import Stage
from workshops.consensus import Method, Rule
from workshops.journal import Kind

LEADERS = "Ce geste revient au rôle « Animation »."


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    return await begin(database, client, Stage.VOTING)


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/papier"


async def filled(day: Day, **said: str) -> dict[str, Any]:
    """A paper of the Ti Lab's A. B., as the page sends it: by code, what was ticked."""
    page = read(await (await day.browser(day.camille)).get(path(day)))
    form = {field["name"]: field["value"] for field in page.all("input", type="hidden") if field["name"] != "key"}
    for code, choice in said.items():
        form[f"choice-{(await card(day.database, day.room, code.replace('_', '-'))).id}"] = choice
    return {**form, "lab": "ti-lab", "initials": "ab"}


async def test_who_leads_copies_a_whole_paper_in_one_sending(day: Day) -> None:
    camille, before = await day.browser(day.camille), await day.last()
    form = await filled(day, ACT_01="keep", ACT_02="abstain", IMP_01="keep")
    answer = await camille.post(path(day), data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path(day)}?fait=oui")
    assert answer.headers["x-geste"] == str(before + 3)
    assert (await day.kinds())[before:] == [Kind.VOTE_ENTERED] * 3
    page = read(await camille.get(answer.headers["location"]))
    assert "Bulletin enregistré. Au suivant." in page.text
    assert page.one(class_="gc-paper__writer").text.startswith("A. B. Ti Lab, 3 votes")
    shown = read(await camille.get(f"/indicateurs/{day.card.id}"))
    assert "1 vote sur ce texte, dont 1 sur papier" in shown.text
    state = (await camille.get(f"/ateliers/{day.room.id}.json")).json()
    assert [item["votes"].get("sur_papier") for item in state["indicateurs"] if item["code"] == "ACT-01"] == [1]
    minutes = read(await camille.get(f"/ateliers/{day.room.id}/registre")).all(class_="gc-minutes__text")
    assert minutes[-3].text == "Camille a saisi un vote sur papier ACT-01 A. B. (Ti Lab)"


async def test_a_paper_that_does_not_hold_comes_back_as_it_was_copied(day: Day) -> None:
    camille, before = await day.browser(day.camille), await day.records()
    form = {**await filled(day, ACT_01="keep", ACT_02="drop"), "initials": "a"}
    page = await camille.post(path(day), data=form)
    assert (page.status_code, list(errors(read(page)))) == (422, ["initials"])
    page = await camille.post(path(day), data={**form, "initials": "ab"})
    other = (await card(day.database, day.room, "ACT-02")).id
    assert (page.status_code, list(errors(read(page)))) == (422, [f"reason-{other}"])
    shown = read(page).one("form", action=path(day))
    assert {name: value(shown, name) for name in ("lab", f"choice-{day.card.id}", f"choice-{other}")} == {
        "lab": "ti-lab",
        f"choice-{day.card.id}": "keep",
        f"choice-{other}": "drop",
    }
    assert (await camille.post(path(day), data=await filled(day))).status_code == 422
    assert await day.records() == before


async def test_somebodys_paper_is_taken_up_again_and_taken_back(day: Day) -> None:
    camille = await day.browser(day.camille)
    await camille.post(path(day), data=await filled(day, ACT_01="keep"))
    page = read(await camille.get(path(day)))
    again = page.one(class_="gc-paper__writer").one("a")["href"]
    form = read(await camille.get(again)).one("form", action=path(day))
    assert value(form, f"choice-{day.card.id}") == "keep"
    assert (value(form, "lab"), value(form, "initials")) == ("ti-lab", "A. B.")
    back = page.one(class_="gc-paper__writer").one("form")["action"]
    member = again.rpartition("=")[2]
    assert back == f"/ateliers/{day.room.id}/papier/{member}/retrait"
    before = await day.last()
    for _ in range(2):
        answer = await camille.post(back)
        assert (answer.status_code, answer.headers["location"]) == (303, path(day))
    assert (await day.kinds())[before:] == [Kind.PAPER_WITHDRAWN]
    assert (await ask(day.database, tallies.tally, day.card.id)).people == 0


async def test_papers_are_for_who_leads(day: Day) -> None:
    form = {"lab": "ti-lab", "initials": "ab"}
    for person, said in ((day.alix, LEADERS), (day.noor, LEADERS)):
        browser = await day.browser(person)
        assert (await browser.get(path(day))).status_code == 403
        await refused(day, browser, path(day), form, 403, said)
    assert (await (await day.browser(day.camille)).get(f"{path(day)}?membre=0nexistepas0")).status_code == 404


async def test_after_the_vote_a_paper_comes_back(day: Day) -> None:
    form = await filled(day, ACT_01="keep")
    await day.move(Stage.CLOSED)
    camille, before = await day.browser(day.camille), await day.records()
    page = await camille.post(path(day), data=form)
    assert page.status_code == 409
    assert value(read(page).one("form", action=path(day)), f"choice-{day.card.id}") == "keep"
    assert (await camille.get(path(day))).status_code == 409
    assert await day.records() == before


async def test_a_text_that_changed_meanwhile_is_shown_where_it_is(day: Day) -> None:
    form = await filled(day, ACT_01="keep")
    await day.reword(by=day.alix)
    page = await (await day.browser(day.camille)).post(path(day), data=form)
    assert (page.status_code, list(errors(read(page)))) == (422, [f"choice-{day.card.id}"])
    again = read(page).one("form", action=path(day))
    assert value(again, f"wording-{day.card.id}") == "2"


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Method.TWO_AXES, {"relevance": "7", "measurability": "-"}),
        (Method.MAJORITY_JUDGMENT, {"choice": "good"}),
    ],
    ids=lambda each: str(each),
)
async def test_a_paper_is_that_of_the_announced_rule(
    database: Database, client: Browsers, method: Method, said: dict[str, str]
) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(method=method), by=day.camille)
    await day.move(Stage.VOTING)
    form = {**await filled(day), **{f"{name}-{day.card.id}": typed for name, typed in said.items()}}
    camille = await day.browser(day.camille)
    assert (await camille.post(path(day), data=form)).status_code == 303
    assert (await ask(database, tallies.tally, day.card.id)).people == 1
    again = read(await camille.get(path(day))).one(class_="gc-paper__writer").one("a")["href"]
    shown = read(await camille.get(again)).one("form", action=path(day))
    assert {name: value(shown, f"{name}-{day.card.id}") for name in said} == said


async def test_under_consent_a_paper_is_a_position(database: Database, client: Browsers) -> None:
    day = await by_consent(database, client)
    camille = await day.browser(day.camille)
    who = {"lab": "ti-lab", "initials": "ab"}
    page = await camille.post(path(day), data={**who, "choice": "object", "text": ""})
    assert (page.status_code, list(errors(read(page)))) == (422, ["text"])
    answer = await camille.post(path(day), data={**who, "choice": "object", "text": "Trop lourd."})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path(day)}?fait=oui")
    (held,) = await ask(database, objections.stated, day.room)
    page = read(await camille.get(f"/objections/{held.id}"))
    assert "Faite sur papier : elle se lève au nom de A. B." in page.text
    assert (await camille.post(f"/objections/{held.id}/levee", data={"because": "Dit."})).status_code == 303
    room = read(await camille.get(f"/ateliers/{day.room.id}"))
    assert "Consentements 1" in room.text
    assert "dont sur papier 1" in room.text


async def test_a_paper_is_for_the_round_that_its_page_was_opened_in(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(rounds=2), by=day.camille)
    await day.move(Stage.VOTING)
    camille, first = await day.browser(day.camille), await filled(day, ACT_01="keep")
    assert (await camille.post(path(day), data=first)).status_code == 303
    again = read(await camille.get(path(day))).one(class_="gc-paper__writer").one("a")["href"]
    other = await filled(day, ACT_01="abstain")
    await act(database, rules.open_round, day.room.id, 2, by=day.camille)
    before = await day.records()
    page = await camille.post(path(day), data=other)
    assert (page.status_code, "Un autre tour de vote a commencé" in page.text) == (409, True)
    assert await day.records() == before
    blank = read(await camille.get(again)).one("form", action=path(day))
    assert [value(blank, name) for name in first if name.startswith("choice-")] == [""]
    writer = read(await camille.get(path(day))).one(class_="gc-paper__writer")
    assert ("0 vote" in writer.text, writer.all("form")) == (True, [])


async def test_a_position_on_paper_is_for_the_texts_that_its_page_was_about(
    database: Database, client: Browsers
) -> None:
    day = await by_consent(database, client)
    camille = await day.browser(day.camille)
    form = {**await filled(day), "choice": "consent"}
    text = await card(database, day.room, "ACT-02")
    sheet = {**text.sheet, "definition": "Tout autre chose."}
    await act(database, indicators.reword, text.id, sheet, base=1, by=day.camille)
    page = await camille.post(path(day), data=form)
    assert (page.status_code, "Un texte a changé" in page.text) == (409, True)
    assert (await camille.post(path(day), data={**await filled(day), "choice": "consent"})).status_code == 303


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, "-1", "²"])
async def test_a_number_that_is_none_is_no_wording(day: Day, number: str) -> None:
    form = await filled(day, ACT_01="keep")
    text = await card(day.database, day.room, "ACT-01")
    page = await (await day.browser(day.camille)).post(path(day), data={**form, f"wording-{text.id}": number})
    assert page.status_code == 422
