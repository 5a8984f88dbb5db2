"""Contests: read competing texts, grade them, decide."""

import pytest

from server.database import Database
from tests.cast import Browsers, act, ask, member_of
from tests.server.pages.day import (
    HTMX,
    Day,
    begin,
    gesture,
    in_both_places,
    once,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import Element, plain, read
from workshops import contests
from workshops.agenda import Stage
from workshops.consensus import Grade
from workshops.contests import Contest

BALLOT = {"grade-1": "fair", "grade-2": "very_good"}
OTHERWISE = "Ce que l'on compte, <b>dit</b> autrement."
OPEN = (Stage.DISCUSSING, Stage.VOTING)


async def contesting(database: Database, client: Browsers, stage: Stage = Stage.DISCUSSING) -> tuple[Day, Contest]:
    """Sacha's amendment against the current text."""
    day = await begin(database, client, Stage.DISCUSSING)
    await day.amend(OTHERWISE, by=day.sacha)
    contest = await act(database, contests.start, day.card.id, by=day.camille)
    await day.move(stage)
    return day, contest


def path(contest: Contest, verb: str = "") -> str:
    return f"/departages/{contest.id}" + (f"/{verb}" if verb else "")


async def shown(day: Day, contest: Contest, person: object = None) -> Element:
    browser = await day.browser(person)  # type: ignore[arg-type]
    return read(await browser.get(path(contest)))


async def all_grade(day: Day, contest: Contest, people: int) -> None:
    for n in range(people):
        rater = await member_of(day.database, day.room, "erasme", f"Personne {n}")
        await act(day.database, contests.grade, contest.id, {1: "fair", 2: "good" if n else "rejected"}, by=rater)


# ── Start


async def test_who_leads_opens_a_contest_from_the_indicator(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    await day.amend(by=day.sacha)
    at = f"/indicateurs/{day.card.id}/departages"
    camille = await day.browser(day.camille)
    form = read(await camille.get(f"/indicateurs/{day.card.id}")).one("form", action=at)
    assert (form["data-for"], form["data-when"]) == ("facilitator", "discussing voting")
    before = await day.last()
    answer = await camille.post(at)
    (contest,) = await ask(database, contests.of, day.card.id)
    assert (answer.status_code, answer.headers["location"]) == (303, path(contest))
    assert await day.last() == before + 1
    program = (await camille.post(at, headers={"accept": "application/json"})).json()
    assert program == {"geste": before + 1, "departage": contest.id}
    page = read(await camille.get(f"/indicateurs/{day.card.id}"))
    assert page.one(class_="gc-contest").one(class_="gc-contest__title").text == "Départage en cours : 2 textes à juger"
    assert page.all("form", action=at) == []


async def test_nothing_to_decide_is_said(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    answer = await (await day.browser(day.camille)).post(f"/indicateurs/{day.card.id}/departages")
    assert answer.status_code == 409


# ── Grade


async def test_the_page_shows_each_text_and_seven_grades(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    page = await shown(day, contest, day.alix)
    assert [text.one("h2").text for text in page.all(class_="gc-candidate")] == [
        "Texte de départ, rédaction 1",
        "Amendement de Sacha, SIILAB",
    ]
    for field in page.all(class_="gc-grades"):
        assert [label.text for label in field.all("label")] == [grade.label for grade in reversed(Grade)]
    for onlooker in (day.camille, day.noor, day.stranger, None):
        assert (await shown(day, contest, onlooker)).all(class_="gc-grades") == []


@pytest.mark.parametrize("stage", OPEN)
async def test_a_member_grades_and_finds_the_ballot_again(database: Database, client: Browsers, stage: Stage) -> None:
    day, contest = await contesting(database, client, stage)
    alix = await day.browser(day.alix)
    await gesture(day, alix, path(contest, "bulletin"), BALLOT, to=f"{path(contest)}#ballot")
    assert await ask(database, contests.own, contest.id, day.alix) == {1: Grade.FAIR, 2: Grade.VERY_GOOD}
    page = await shown(day, contest, day.alix)
    ticked = [each["value"] for each in page.all("input", type="radio") if "checked" in each.attributes]
    assert ticked == ["fair", "very_good"]
    assert "Votre bulletin est enregistré" in page.one(id="ballot").text
    assert "1 personne a jugé" in page.one(id="ballot").text


async def test_a_program_grades(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    said = await told(day, await day.browser(day.alix), path(contest, "bulletin"), BALLOT)
    assert said == {"geste": await day.last()}


@in_both_places
async def test_the_same_sending_is_one_ballot(database: Database, client: Browsers, place: str) -> None:
    day, contest = await contesting(database, client)
    other = {**BALLOT, "grade-1": "good"}
    await once(day, await day.browser(day.alix), place, path(contest, "bulletin"), BALLOT, other)


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("ballot", "lacking"),
    [({"grade-2": "good"}, "grade-1"), ({"grade-1": "fair", "grade-2": "sublime"}, "grade-2")],
)
async def test_half_a_ballot_comes_back_with_what_was_ticked(
    database: Database, client: Browsers, headers: dict[str, str], ballot: dict[str, str], lacking: str
) -> None:
    day, contest = await contesting(database, client)
    before = await day.records()
    answer = await (await day.browser(day.alix)).post(path(contest, "bulletin"), data=ballot, headers=headers)
    page = read(answer)
    assert answer.status_code == 422
    assert page.one(id=f"field-{lacking}-error").text == "Choisissez une mention pour chaque texte."
    assert [link["href"] for link in page.one(class_="gc-errors").all("a")] == [f"#field-{lacking}"]
    assert page.one(id=f"field-{lacking}")["name"] == lacking
    ticked = {each["name"]: each["value"] for each in page.all("input", type="radio") if "checked" in each.attributes}
    assert ticked == {name: value for name, value in ballot.items() if name != lacking}
    assert await day.records() == before


async def test_once_it_is_over_a_ballot_is_told_so(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    await act(database, contests.abandon, contest.id, because="Trop tôt.", by=day.camille)
    answer = await (await day.browser(day.alix)).post(path(contest, "bulletin"), data=BALLOT)
    assert (answer.status_code, "Ce départage est terminé" in answer.text) == (409, True)


@pytest.mark.parametrize("verb", ["bulletin", "cloture", "abandon"])
async def test_strangers_do_nothing(database: Database, client: Browsers, verb: str) -> None:
    day, contest = await contesting(database, client)
    await act(database, contests.grade, contest.id, {1: "fair", 2: "good"}, by=day.alix)
    who = "Participation" if verb == "bulletin" else "Animation"
    observing = plain(f"Ce geste revient au rôle « {who} ».")
    form = {**BALLOT, "because": "Non."}
    await refused_outside_the_room(day, path(contest, verb), form, observing=observing)


# ── Results


async def test_nothing_is_told_of_the_grades_before_it_is_closed(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    await all_grade(day, contest, 6)
    for person in (day.alix, day.camille, None):
        page = await shown(day, contest, person)
        assert "6 personnes ont jugé" in page.one(id="ballot").text
        assert (page.all(class_="gc-ranking"), page.all(class_="gc-merit")) == ([], [])
    await act(database, contests.close, contest.id, by=day.camille)
    page = await shown(day, contest)
    assert len(page.all(class_="gc-merit")) == 2


async def test_the_results_are_ranks_majority_grades_and_counts(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    await all_grade(day, contest, 5)
    camille = await day.browser(day.camille)
    await gesture(day, camille, f"/departages/{contest.id}/cloture", {}, to=path(contest))
    assert (await day.reread()).sheet["definition"] == OTHERWISE
    table = (await shown(day, contest)).one(class_="gc-ranking")
    assert [each.text for each in table.all(class_="gc-ranking__rank")] == ["1", "2"]
    assert [each.text for each in table.all("th", scope="row")] == [
        "Amendement de Sacha, SIILAB Retenu",
        "Texte de départ, rédaction 1",
    ]
    assert [each.text for each in table.all(class_="gc-ranking__grade")] == ["Bien", "Assez bien"]
    legends = [each.text for each in table.all(class_="gc-merit__legend")]
    assert legends[0] == (
        "Excellent 0 Très bien 0 Bien 4 Assez bien 0 Passable 0 Insuffisant 0 À rejeter 1 n = 5"
    )
    assert [len(bar.all("rect")) for bar in table.all("svg")] == [2, 1]


async def test_under_five_people_there_are_counts_and_no_bar(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    await all_grade(day, contest, 4)
    await act(database, contests.close, contest.id, by=day.camille)
    page = await shown(day, contest)
    assert page.one(class_="gc-ranking").all("svg") == []
    assert [each.text.endswith("n = 4") for each in page.all(class_="gc-merit__legend")] == [True, True]
    assert "À moins de cinq" in page.one("main").text


async def test_the_indicator_says_what_became_of_each(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    await act(database, contests.grade, contest.id, {1: "good", 2: "fair"}, by=day.alix)
    await act(database, contests.close, contest.id, by=day.camille)
    section = read(await client().get(f"/indicateurs/{day.card.id}")).one(id=f"amendments-{day.card.id}")
    answer = section.one(class_="gc-amendment__answer")
    assert answer.text == "Une autre rédaction a été préférée au départage (rang 2 sur 2). Voir le résultat"
    assert answer.one("a")["href"] == path(contest)


async def test_nobody_graded_and_a_text_reworded_are_told(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    camille = await day.browser(day.camille)
    for reason in ("Personne n'a encore jugé ces textes", "Le texte a été réécrit pendant le départage"):
        answer = await camille.post(f"/departages/{contest.id}/cloture")
        assert (answer.status_code, reason in plain(read(answer).one(class_="fr-alert").text)) == (409, True)
        await day.reword(reason, by=day.camille)


async def test_it_is_abandoned_with_a_reason(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client)
    camille = await day.browser(day.camille)
    empty = await camille.post(path(contest, "abandon"), data={"because": " "})
    assert (empty.status_code, read(empty).one(id="field-because-error").text) == (
        422,
        "Dites pourquoi ce départage est abandonné.",
    )
    said = {"because": "On <b>reprend</b> le texte."}
    await gesture(day, camille, path(contest, "abandon"), said, to=path(contest))
    assert said["because"] in (await shown(day, contest)).one(class_="fr-alert").text
    section = read(await client().get(f"/indicateurs/{day.card.id}")).one(id=f"amendments-{day.card.id}")
    assert "Départage abandonné le" in section.text
    assert said["because"] in section.text


async def test_a_workshop_that_is_closed_grades_no_more(database: Database, client: Browsers) -> None:
    day, contest = await contesting(database, client, Stage.CLOSED)
    assert (await shown(day, contest, day.alix)).all(class_="gc-grades") == []
    reason = plain("L'atelier en est à l'étape « Clôture » : ce geste n'y est pas possible.")
    answer = await (await day.browser(day.alix)).post(path(contest, "bulletin"), data=BALLOT)
    assert (answer.status_code, reason in read(answer).one(class_="fr-alert").text) == (409, True)
