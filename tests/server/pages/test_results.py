"""Results: read by everybody, hidden when the rule hides them, with the ballots once the vote is closed."""

import csv
import io
from dataclasses import replace

import httpx2
import pytest

from server import checking
from server.database import Database
from tests.cast import Browsers, act, ask, observer, signed_in
from tests.election import RULES, SAID, Election, begin, hold
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, plain, read
from workshops import agenda, returns
from workshops.canonical import canonical
from workshops.consensus import Method, Rule, Secrecy, Voices
from workshops.people import Person


async def opened(election: Election, client: Browsers, viewer: Person | None = None) -> Element:
    browser = client() if viewer is None else await signed_in(client, viewer)
    answer = await browser.get(f"/ateliers/{election.room.id}/resultats")
    assert answer.status_code == 200
    return read(answer)


def heads(page: Element) -> list[str]:
    return [each.text for each in page.all(class_="gc-result__head")]


def said(page: Element, code: str) -> str:
    return page.one("li", id=f"resultat-{code}").text


# ── What the votes say


async def test_three_choices_are_told_by_outcome_with_the_rule_and_how_many(
    database: Database, client: Browsers
) -> None:
    election = await hold(database, RULES["three_choices"], SAID["three_choices"])
    page = await opened(election, client)
    assert heads(page)[:3] == [
        "ACT-01 Nombre d'agents engagés et impliqués dans les démarches et projets du lab Retenu",
        "ACT-02 Nombre d'usagers engagés et impliqués dans les démarches et projets du lab À retravailler",
        "ACT-03 Nombre de citoyens engagés et impliqués dans les démarches et projets du lab Sans décision",
    ]
    assert said(page, "ACT-01").endswith("Garder 4 Retravailler 0 Écarter 1 Abstention 1 6 votes sur ce texte")
    assert page.one(class_="gc-rule").text.startswith("Trois choix. Un indicateur est retenu si plus de la moitié")
    assert page.one("div", id="plot").text == ""


async def test_majority_judgment_tells_ranks(database: Database, client: Browsers) -> None:
    page = await opened(await hold(database, RULES["majority_judgment"], SAID["majority_judgment"]), client)
    assert [head.partition(" Nombre")[0] for head in heads(page)][:4] == [
        "rang 1 ACT-02",
        "rang 2 ACT-01",
        "rang 3 ACT-03",
        "ACT-04",
    ]
    assert "Mention majoritaire : Très bien" in said(page, "ACT-02")


async def test_two_axes_are_pictures_with_their_figures_and_a_table_that_says_the_same(
    database: Database, client: Browsers
) -> None:
    election = await begin(database, RULES["two_axes"], 8)
    await election.say({"ACT-01": ["8/8"] * 6 + ["7/9", "9/7"], "ACT-02": ["8/8"] * 4 + [None] * 4})
    page = await opened(election, client)
    assert said(page, "ACT-01").partition("projets du lab ")[2] == (
        "Retenu Pertinence n = 8 1 2 3 4 5 6 1 7 6 8 1 9 Médiane 8 P30 et P70 8 · 8 IQR 0 IPR et IPRAS 0 · 6,85 "
        "Accord pour Cohérence parfaite, accord du panel "
        "Mesurabilité n = 8 1 2 3 4 5 6 1 7 6 8 1 9 Médiane 8 P30 et P70 8 · 8 IQR 0 IPR et IPRAS 0 · 6,85 "
        "Accord pour Cohérence parfaite, accord du panel 8 votes sur ce texte"
    )
    plot = page.one("div", id="plot")
    picture = plot.one("svg", class_="gc-plot__svg")
    assert plain(picture["aria-label"]).startswith("1 indicateur placé selon ses médianes, de 1 à 9")
    assert [code.text for code in picture.all(class_="gc-plot__code")] == ["ACT-01"]
    assert [row.text for row in plot.one("tbody").all("tr")] == ["ACT-01 8 n = 8 8 n = 8 Retenu"]
    assert plot.all("p")[-1].text.startswith("Moins de cinq notes sur un axe, donc sans place ici : ACT-02 n = 4 / 4")


async def test_few_raters_are_counts_without_a_share_or_a_spread(database: Database, client: Browsers) -> None:
    election = await hold(database, RULES["two_axes"], {"ACT-01": ["8/8", "8/2", "3/-", "7/8"]})
    page = await opened(election, client)
    assert said(page, "ACT-01").partition("projets du lab ")[2] == (
        "À retravailler Pertinence n = 4 note 3 : 1 note 7 : 1 note 8 : 2"
        " Mesurabilité n = 3, 1 sans avis note 2 : 1 note 8 : 2 4 votes sur ce texte"
    )
    shown = page.one("main").text
    for figure in ("Médiane", "P30", "IQR", "Cohérence"):
        assert figure not in shown
    assert page.one("main").all("svg") == []


async def test_a_delphi_reading_shows_where_there_are_rounds(database: Database, client: Browsers) -> None:
    election = await begin(database, Rule(rounds=2))
    await election.say({"ACT-01": ["keep"] * 3 + ["drop"] * 3})
    reading = read_of(await opened(election, client))
    assert reading == "Lecture Delphi (80 % et 50 % de « garder ») : à revoir au tour suivant"


def read_of(page: Element) -> str:
    return page.one("p", class_="gc-result__reading").text


# ── To whom


@pytest.mark.parametrize("secrecy", [Secrecy.VOTED, Secrecy.CLOSED])
async def test_hidden_results_are_numbers_of_votes_to_all_but_who_leads(
    database: Database, client: Browsers, secrecy: Secrecy
) -> None:
    election = await begin(database, replace(RULES["hidden"], secrecy=secrecy))
    await election.say(SAID["hidden"])
    noor = await observer(database, election.room)
    await act(database, agenda.appoint, election.room.id, election.voters[1], by=election.camille)
    for viewer in (None, noor, election.voters[0]):
        page = await opened(election, client, viewer)
        assert page.one(class_="fr-alert").text == (
            "La règle cache les résultats pendant le vote : seul se lit ici le nombre de votes, jusqu'à la clôture."
        )
        assert said(page, "ACT-01").endswith("projets du lab 6 votes sur ce texte. Résultats cachés pour l'instant.")
        assert page.all("svg", class_="gc-plot__svg") == []
    for viewer in (election.camille, election.voters[1]):
        page = await opened(election, client, viewer)
        assert page.one(class_="fr-alert").text.endswith("vous les voyez parce que vous animez.")
        assert [code.text for code in page.all(class_="gc-plot__code")] == ["ACT-01"]
    await election.close()
    page = await opened(election, client)
    assert page.all(class_="fr-alert") == []
    assert [code.text for code in page.all(class_="gc-plot__code")] == ["ACT-01"]


async def test_a_blind_facilitator_sees_what_others_see(database: Database, client: Browsers) -> None:
    election = await begin(database, replace(RULES["hidden"], is_blind=True))
    await election.say(SAID["hidden"])
    page = await opened(election, client, election.camille)
    assert said(page, "ACT-01").endswith("Résultats cachés pour l'instant.")


async def test_consent_is_not_told_indicator_by_indicator(database: Database, client: Browsers) -> None:
    election = await hold(database, Rule(method=Method.CONSENT), {"ACT-01": [None]})
    page = await opened(election, client)
    assert page.one(class_="gc-empty__title").text == "Pas de vote indicateur par indicateur"
    assert page.all("li", class_="gc-result") == []


async def test_the_minutes_tell_the_results_at_the_closing(database: Database, client: Browsers) -> None:
    election = await begin(database, RULES["two_axes"])
    await election.say(SAID["two_axes"])
    path = f"/ateliers/{election.room.id}/registre"
    before = read(await client().get(path))
    assert (before.all("div", id="plot"), before.all("li", class_="gc-result")) == ([], [])
    await election.close()
    page = read(await client().get(path))
    codes = [code.text for code in page.one("div", id="plot").all(class_="gc-plot__code")]
    assert sorted(codes) == ["ACT-01", "ACT-02", "ACT-03"]
    assert len(page.all("li", class_="gc-result")) == 19


# ── The ballots


@pytest.mark.parametrize("name", RULES)
async def test_ballots_are_downloaded_and_recounted(database: Database, client: Browsers, name: str) -> None:
    election = await hold(database, RULES[name], SAID[name])
    answer = await client().get(f"/ateliers/{election.room.id}/bulletins.json")
    assert answer.headers["content-disposition"] == f'attachment; filename="bulletins-{election.room.id}.json"'
    assert answer.json() == await ask(database, returns.document, election.room.id)
    assert checking.votes(answer.json()) is None


async def table(election: Election, browser: httpx2.AsyncClient) -> list[dict[str, str]]:
    answer = await browser.get(f"/ateliers/{election.room.id}/bulletins.csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_the_table_has_a_line_a_ballot_with_the_rule(database: Database, client: Browsers) -> None:
    election = await hold(database, RULES["labs"], SAID["labs"])
    lines = await table(election, client())
    told = await ask(database, returns.document, election.room.id)
    papers = [(item["code"], paper) for item in told["indicateurs"] for paper in item["bulletins"]]
    assert lines == [
        {
            "atelier": election.room.id,
            "code": code,
            "redaction": "1",
            "tour": "1",
            "voix": paper["voix"],
            "groupe": paper["groupe"],
            "bulletin": paper["bulletin"],
            "regle": canonical(told["regle"]).decode(),
        }
        for code, paper in papers
    ]


async def test_the_table_has_a_column_an_axis_and_every_round(database: Database, client: Browsers) -> None:
    election = await begin(database, Rule(method=Method.TWO_AXES, rounds=2), 2)
    await election.say({"ACT-01": ["8/-", "2/2"]})
    await election.next_round()
    await election.say({"ACT-01": ["-/9", None]})
    await election.close()
    lines = await table(election, client())
    assert sorted((line["tour"], line["pertinence"], line["mesurabilite"]) for line in lines) == [
        ("1", "2", "2"),
        ("1", "8", ""),
        ("2", "", "9"),
    ]


@pytest.mark.parametrize("file", ["bulletins.json", "bulletins.csv"])
async def test_before_the_closing_there_is_no_file(database: Database, client: Browsers, file: str) -> None:
    election = await begin(database, RULES["two_axes"])
    await election.say(SAID["two_axes"])
    for viewer in (None, election.camille, election.voters[0]):
        browser = client() if viewer is None else await signed_in(client, viewer)
        answer = await browser.get(f"/ateliers/{election.room.id}/{file}", headers=JSON)
        assert (answer.status_code, answer.json()["refus"]) == (409, "pas_maintenant")
    consent = await hold(database, Rule(method=Method.CONSENT), {"ACT-01": [None]})
    assert (await client().get(f"/ateliers/{consent.room.id}/{file}")).status_code == 404


async def test_each_finds_their_own_ballots_at_the_closing_and_nobody_else_does(
    database: Database, client: Browsers
) -> None:
    election = await begin(database, RULES["three_choices"])
    await election.say(SAID["three_choices"])
    assert (await opened(election, client, election.voters[4])).all("h2", id="own") == []
    await election.close()
    own = await ask(database, returns.own, election.room, election.voters[4])
    page = await opened(election, client, election.voters[4])
    rows = [row.text for row in page.one("section", **{"aria-labelledby": "own"}).one("tbody").all("tr")]
    assert rows == [f"ACT-01 1 écarter {own[0].pseudonym}", f"ACT-02 1 retravailler {own[1].pseudonym}"]
    for viewer in (None, election.camille):
        page = await opened(election, client, viewer)
        assert (page.all("h2", id="own"), len(page.all("h2", id="recount"))) == ([], 1)


async def test_a_ballot_counted_in_the_voice_of_its_lab_is_said_to_be(database: Database, client: Browsers) -> None:
    election = await hold(database, Rule(voices=Voices.LABS), {"ACT-01": ["keep"] * 3})
    page = await opened(election, client, election.voters[0])
    own = page.one("section", **{"aria-labelledby": "own"})
    assert own.one("tbody").one("tr").text == "ACT-01 1 garder aucun"
    assert own.all("p")[-1].text.startswith("Sans pseudonyme : il y a eu trop peu de votes")


async def test_an_unknown_workshop_is_not_found(client: Browsers) -> None:
    for page in ("resultats", "bulletins.json", "bulletins.csv"):
        assert (await client().get(f"/ateliers/0nexistepas0/{page}")).status_code == 404
