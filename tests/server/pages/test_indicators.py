"""Indicators: propose, read, reword, withdraw."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import COMPLETE, SHEET, Browsers, act, ask, cards, observer
from tests.server.pages.day import (
    HTMX,
    JOIN_FIRST,
    JSON,
    OBSERVING,
    Day,
    begin,
    gesture,
    given_back,
    given_back_or_noticed,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import both_texts, errors, plain, read, value
from workshops import indicators, lineage, sheet, votes
from workshops.agenda import Stage, Start
from workshops.consensus import Choice
from workshops.indicators import Card, Indicator
from workshops.journal import Kind

NEEDED = "Ce champ est nécessaire."
NOT_YOURS = "Seules la personne qui a proposé l'indicateur et l'animation peuvent le réécrire."
WITHDRAWN = "Cet indicateur a quitté la table : sa page dit pourquoi, et ce qu'il est devenu."
WHY = {"because": "Déjà dans ACT-04."}


def wrong_stage(stage: Stage) -> str:
    return plain(f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible.")


async def proposing(database: Database, client: Browsers) -> Day:
    return await begin(database, client, Stage.PROPOSING)


async def proposed(day: Day) -> Indicator:
    """Alix's own proposal."""
    return await act(day.database, indicators.propose, day.room.id, SHEET, by=day.alix)


async def stands(day: Day, indicator_id: str) -> Card:
    return await ask(day.database, indicators.card, indicator_id)


# ── Propose


async def test_a_blank_sheet_asks_for_three_fields(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    page = await (await day.browser(day.alix)).get(f"/ateliers/{day.room.id}/indicateurs/nouveau")
    form = read(page).one("form", action=f"/ateliers/{day.room.id}/indicateurs")
    assert page.status_code == 200
    assert {field["name"] for field in form if "required" in field.attributes} == {"libelle", "famille", "definition"}
    names = {field["name"] for field in form if field.get("name")}
    assert names == {field.name for field in sheet.FIELDS} | {"key"}
    assert [(more.tag, "open" in more.attributes) for more in form.all("details")] == [("details", False)]


async def test_the_blank_sheet_is_for_those_who_take_part(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    path = f"/ateliers/{day.room.id}/indicateurs/nouveau"
    answer = await client().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path}")
    for person, reason in ((day.stranger, JOIN_FIRST), (day.noor, OBSERVING)):
        answer = await (await day.browser(person)).get(path)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, reason)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.PROPOSING])
async def test_there_is_no_blank_sheet_at_another_stage(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    path = f"/ateliers/{day.room.id}/indicateurs/nouveau"
    answer = await (await day.browser(day.alix)).get(path)
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (409, wrong_stage(stage))
    # The facilitator may also prepare.
    hers = await (await day.browser(day.camille)).get(path)
    assert hers.status_code == (200 if stage is Stage.PREPARING else 409)


# ── Similar proposals


async def test_what_resembles_a_title_is_shown_while_it_is_typed(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    path = f"/ateliers/{day.room.id}/indicateurs/semblables"
    alix, table = await day.browser(day.alix), await cards(database, day.room)
    blank = read(await alix.get(f"/ateliers/{day.room.id}/indicateurs/nouveau"))
    asking = [element for element in blank if element.get("hx-get") == path]
    assert [element["hx-include"] for element in asking] == ["#field-libelle"]
    answer = await alix.get(path, params={"libelle": "Projet accompagné"}, headers=HTMX)
    (found,) = read(answer).one(id="similar").all("li")
    assert answer.status_code == 200
    assert found.text == "ACT-04 Nombre de projets menés ou accompagnés Activité"
    assert found.one("a")["href"] == f"/indicateurs/{table['ACT-04'].id}"
    for title in ("Rien de tel", ""):
        answer = await alix.get(path, params={"libelle": title}, headers=HTMX)
        assert read(answer).one(id="similar").text == ""
    await act(database, lineage.merge, table["ACT-04"].id, into=table["ACT-05"].id, because="Oui.", by=day.camille)
    answer = await alix.get(path, params={"libelle": "Projet accompagné"}, headers=HTMX)
    assert "ACT-04" not in answer.text


async def test_without_a_script_the_blank_sheet_is_asked_for_again_with_what_was_typed(
    database: Database, client: Browsers
) -> None:
    day = await proposing(database, client)
    alix, path = await day.browser(day.alix), f"/ateliers/{day.room.id}/indicateurs/nouveau"
    (ask_again,) = read(await alix.get(path)).one("noscript").all("button")
    assert (ask_again["formaction"], ask_again["formmethod"]) == (path, "get")
    typed = {**sheet.write(COMPLETE), "libelle": "Publication", "numerateur": "", "key": "k-1"}
    page = read(await alix.get(path, params=typed))
    assert [found.one(class_="gc-chip").text for found in page.one(id="similar").all("li")] == ["ACT-07", "RES-03"]
    form = page.one("form", action=f"/ateliers/{day.room.id}/indicateurs")
    assert {name: value(form, name) for name in typed if name != "key"} == {
        name: typed[name] for name in typed if name != "key"
    }
    assert value(form, "key") != "k-1"
    assert errors(page) == {}


async def test_similar_proposals_are_for_those_who_take_part(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    path = f"/ateliers/{day.room.id}/indicateurs/semblables"
    assert (await client().get(path)).status_code == 303
    for person, reason in ((day.stranger, JOIN_FIRST), (day.noor, OBSERVING)):
        answer = await (await day.browser(person)).get(path)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, reason)


# ── Propose


async def test_a_member_puts_an_indicator_on_the_table(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    before = set(await cards(database, day.room))
    answer = await (await day.browser(day.alix)).post(f"/ateliers/{day.room.id}/indicateurs", data=SHEET)
    after = await cards(database, day.room)
    (code,) = set(after) - before
    born = after[code]
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/ateliers/{day.room.id}#card-{born.id}"
    assert answer.headers["x-geste"] == str(await day.last())
    assert (code, born.sheet, born.indicator.author_id) == ("ACT-08", SHEET, day.alix.id)
    assert (await day.kinds())[-1] is Kind.INDICATOR_PROPOSED
    assert len(read(await client().get(f"/ateliers/{day.room.id}")).all(id=f"card-{born.id}")) == 1


async def test_a_whole_sheet_is_kept_field_by_field(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    alix = await day.browser(day.alix)
    said = await told(day, alix, f"/ateliers/{day.room.id}/indicateurs", sheet.write(COMPLETE), code="ACT-08")
    assert set(said) == {"geste", "indicateur", "code"}
    assert (await stands(day, said["indicateur"])).sheet == COMPLETE


async def test_the_facilitator_may_also_prepare(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.PREPARING)
    await told(day, await day.browser(day.camille), f"/ateliers/{day.room.id}/indicateurs", SHEET)
    path = f"/ateliers/{day.room.id}/indicateurs"
    await given_back(day, await day.browser(day.alix), path, SHEET, 409, wrong_stage(Stage.PREPARING))


async def test_strangers_and_observers_propose_nothing(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    await refused_outside_the_room(day, f"/ateliers/{day.room.id}/indicateurs", SHEET, how=given_back)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.DISCUSSING, Stage.VOTING, Stage.CLOSED])
async def test_one_proposes_at_the_time_of_proposals(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    path, form = f"/ateliers/{day.room.id}/indicateurs", sheet.write(COMPLETE)
    await given_back(day, await day.browser(day.alix), path, form, 409, wrong_stage(stage))


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"libelle": " "}, {"libelle": NEEDED}),
        ({"libelle": "x" * 141}, {"libelle": "C'est trop long."}),
        ({"famille": ""}, {"famille": NEEDED}),
        ({"famille": "bonheur"}, {"famille": "Choisissez dans la liste."}),
        ({"definition": ""}, {"definition": NEEDED}),
        ({"temps_collecte": "beaucoup"}, {"temps_collecte": "Un nombre d'heures, positif ou nul."}),
        ({"methode_collecte": ["comptage", "magie"]}, {"methode_collecte": "Choisissez dans la liste."}),
        ({"frequence": "Parfois"}, {"frequence": "Choisissez dans la liste."}),
        ({"indicateurs_lies": "ACT-01\nACT 2"}, {"indicateurs_lies": "Une ligne au moins n'a pas la bonne forme."}),
        ({"libelle": "", "definition": ""}, {"libelle": NEEDED, "definition": NEEDED}),
    ],
)
async def test_what_does_not_hold_comes_back_beside_its_field(
    database: Database, client: Browsers, changed: dict[str, Any], wrong: dict[str, str]
) -> None:
    day = await proposing(database, client)
    before = await day.records()
    form = {**sheet.write(COMPLETE), "definition": "« Ceci » & <b>cela</b>\n\nencore", **changed}
    alix = await day.browser(day.alix)
    answer = await alix.post(f"/ateliers/{day.room.id}/indicateurs", data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    assert len(page.one(class_="gc-errors").all("li")) == len(wrong)
    shown = page.one("form", action=f"/ateliers/{day.room.id}/indicateurs")
    offered = {field.name: {word.value for word in field.words} for field in sheet.FIELDS if field.words}
    for name, typed in form.items():
        if name in offered:  # a choice that is not on the list cannot be shown chosen
            typed = [one for one in typed if one in offered[name]] if isinstance(typed, list) else typed
            typed = typed if isinstance(typed, list) or typed in offered[name] else ""
        assert (name, value(shown, name)) == (name, typed)
    program = await alix.post(f"/ateliers/{day.room.id}/indicateurs", data=form, headers=JSON)
    assert program.status_code == 422
    assert {name: plain(sentence) for name, sentence in program.json()["champs"].items()} == wrong
    assert await day.records() == before


async def test_with_htmx_a_proposal_leads_back_to_the_room(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    alix = await day.browser(day.alix)
    answer = await alix.post(f"/ateliers/{day.room.id}/indicateurs", data=SHEET, headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["x-geste"]) == (303, str(await day.last()))


@in_both_places
async def test_the_same_key_twice_is_one_proposal(database: Database, client: Browsers, place: str) -> None:
    day = await proposing(database, client)
    other = {**SHEET, "libelle": "Autre chose"}
    await once(day, await day.browser(day.alix), place, f"/ateliers/{day.room.id}/indicateurs", SHEET, other)
    assert len(await cards(database, day.room)) == 20


async def test_the_same_key_twice_leads_to_the_same_indicator(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    alix = await day.browser(day.alix)
    path, form = f"/ateliers/{day.room.id}/indicateurs", {**SHEET, "key": "k-1"}
    first = await alix.post(path, data=form)
    born = (await cards(database, day.room))["ACT-08"]
    number = await day.last()
    await act(database, indicators.propose, day.room.id, {**SHEET, "libelle": "Un autre"}, by=day.sacha)
    again = await alix.post(path, data=form)
    assert [
        (answer.status_code, answer.headers["location"], answer.headers["x-geste"]) for answer in (first, again)
    ] == [(303, f"/ateliers/{day.room.id}#card-{born.id}", str(number))] * 2
    program = await alix.post(path, data=form, headers=JSON)
    assert program.json() == {"geste": number, "indicateur": born.id, "code": "ACT-08"}


# ── Read


async def test_anyone_reads_an_indicator(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    answer = await client().get(f"/indicateurs/{day.card.id}")
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (200, day.card.sheet["libelle"])
    assert (page.one(id="room")["data-seat"], "hx-ws:connect" in page.one(id="room").attributes) == ("none", False)
    assert page.all(id=f"say-{day.card.id}") == []
    assert page.all("a", href=f"/indicateurs/{day.card.id}/redaction") == []
    assert page.one("div", **{"data-geste": str(await day.last())}).text == ""


async def test_the_page_of_an_indicator_has_all_that_was_written_and_said_of_it(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.VOTING)
    await day.say("Trop vague.")
    await day.reword("Le nombre de prototypes. Montrés à des usagers.")
    drop = {"wording": 2, "choice": Choice.DROP, "reason": "Rien à mesurer."}
    await act(database, votes.cast, day.card.id, **drop, by=day.sacha)
    page = read(await (await day.browser(day.alix)).get(f"/indicateurs/{day.card.id}"))
    own = day.card.id
    steps = [step["id"] for step in page.one(id=f"history-{own}").all("li")]
    assert steps == ["redaction-2", "redaction-1"]
    assert [reason.text for reason in page.one(id=f"reasons-{own}").all("li")] == ["Écarter Rien à mesurer. SIILAB"]
    assert page.one(id=f"tally-{own}").one(class_="gc-tally__sum").text == "1 vote sur ce texte"
    assert page.one(id=f"comments-{own}").one(class_="gc-count").text == "1"
    assert page.one(id=f"ballot-{own}-2").tag == "div"
    assert page.one(id="room")["hx-ws:connect"] == (
        f"/ateliers/{day.room.id}/direct?depuis={await day.last()}&vue={own}"
    )


async def test_only_those_who_may_reword_are_offered_to(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    offered = {}
    for name in ("alix", "sacha", "camille", "noor", "stranger", "dominique"):
        page = read(await (await day.browser(getattr(day, name))).get(f"/indicateurs/{own.id}"))
        links = page.all("a", href=f"/indicateurs/{own.id}/redaction")
        withdraws = page.all("form", action=f"/indicateurs/{own.id}/retrait")
        offered[name] = (len(links), len(withdraws))
    assert offered == {
        "alix": (1, 1),
        "camille": (1, 0),
        "sacha": (0, 0),
        "noor": (0, 0),
        "stranger": (0, 0),
        "dominique": (0, 0),
    }


# ── The ballot, alone


async def test_a_screen_asks_for_a_members_own_ballot(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.alix)
    await day.reword()
    answer = await (await day.browser(day.alix)).get(f"/indicateurs/{day.card.id}/bulletin")
    (ballot,) = read(answer).children[:1]
    assert (answer.status_code, ballot["id"]) == (200, f"ballot-{day.card.id}-2")
    assert (len(ballot.all(class_="gc-again")), "hx-get" in ballot.attributes) == (1, False)
    other = read(await (await day.browser(day.sacha)).get(f"/indicateurs/{day.card.id}/bulletin"))
    assert other.all(class_="gc-again") == []


async def test_a_ballot_is_for_members(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    path = f"/indicateurs/{day.card.id}/bulletin"
    for person, reason in ((day.stranger, JOIN_FIRST), (day.noor, OBSERVING)):
        answer = await (await day.browser(person)).get(path)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, reason)
    assert (await client().get(path, headers={"hx-request": "true"})).status_code == 403


# ── Reword


async def form_of(day: Day, browser: Any) -> dict[str, Any]:
    """What the page's form would send, untouched."""
    page = read(await browser.get(f"/indicateurs/{day.card.id}/redaction"))
    form = page.one("form", action=f"/indicateurs/{day.card.id}/redaction")
    return {field["name"]: value(form, field["name"]) for field in form if field.get("name")}


async def test_the_form_holds_the_current_text(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    await act(database, indicators.reword, day.card.id, COMPLETE, base=1, by=day.alix)
    form = await form_of(day, await day.browser(day.alix))
    assert (form["base"], sheet.read(form)) == ("2", COMPLETE)


async def test_the_form_is_for_those_who_take_part(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path = f"/indicateurs/{day.card.id}/redaction"
    answer = await client().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path}")
    for person, reason in ((day.stranger, JOIN_FIRST), (day.noor, OBSERVING)):
        answer = await (await day.browser(person)).get(path)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, reason)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CLOSED])
async def test_there_is_no_form_at_another_stage(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    answer = await (await day.browser(day.alix)).get(f"/indicateurs/{day.card.id}/redaction")
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (409, wrong_stage(stage))
    # The facilitator may also prepare.
    hers = await (await day.browser(day.camille)).get(f"/indicateurs/{day.card.id}/redaction")
    assert hers.status_code == (200 if stage is Stage.PREPARING else 409)


async def test_the_form_of_a_proposal_is_for_its_author_until_it_is_withdrawn(
    database: Database, client: Browsers
) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    path = f"/indicateurs/{own.id}/redaction"
    for person, status in ((day.alix, 200), (day.camille, 200), (day.sacha, 403)):
        assert (await (await day.browser(person)).get(path)).status_code == status
    said = read(await (await day.browser(day.sacha)).get(path)).one(class_="gc-refusal").text
    assert said == NOT_YOURS
    await act(database, lineage.withdraw, own.id, because="Un doublon.", by=day.alix)
    answer = await (await day.browser(day.alix)).get(path)
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (409, WITHDRAWN)


@pytest.mark.parametrize("stage", [Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING])
async def test_a_member_rewords_a_text_that_belongs_to_all(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    alix = await day.browser(day.alix)
    form = {**await form_of(day, alix), "definition": "Mieux dit."}
    to = f"/indicateurs/{day.card.id}"
    await gesture(day, alix, f"/indicateurs/{day.card.id}/redaction", form, to=to)
    now = await day.reread()
    assert (now.wording.number, now.sheet) == (2, {**day.card.sheet, "definition": "Mieux dit."})
    assert (await day.kinds())[-1] is Kind.INDICATOR_REWORDED


async def test_a_program_rewords(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    form = {**SHEET, "base": "1"}
    path = f"/indicateurs/{day.card.id}/redaction"
    assert await told(day, await day.browser(day.alix), path, form) == {"geste": await day.last()}


async def test_a_proposal_is_reworded_by_its_author_or_the_facilitator(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    path = f"/indicateurs/{own.id}/redaction"
    form = {**sheet.write(COMPLETE), "base": "1"}
    await given_back(day, await day.browser(day.sacha), path, form, 403, NOT_YOURS)
    await told(day, await day.browser(day.alix), path, form)
    await told(day, await day.browser(day.camille), path, {**SHEET, "base": "2"})


async def test_strangers_and_observers_reword_nothing(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path, form = f"/indicateurs/{day.card.id}/redaction", {**SHEET, "base": "1"}
    await refused_outside_the_room(day, path, form, how=given_back)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CLOSED])
async def test_one_rewords_from_the_proposals_to_the_vote(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    path = f"/indicateurs/{day.card.id}/redaction"
    await given_back(day, await day.browser(day.alix), path, {**SHEET, "base": "1"}, 409, wrong_stage(stage))


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"libelle": ""}, {"libelle": NEEDED}),
        ({"temps_collecte": "-3"}, {"temps_collecte": "Un nombre d'heures, positif ou nul."}),
        ({}, {"libelle": "Rien n'a changé : modifiez au moins un champ."}),
    ],
)
async def test_a_rewording_that_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, changed: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await begin(database, client)
    alix = await day.browser(day.alix)
    form = {**await form_of(day, alix), **changed}
    before = await day.records()
    answer = await alix.post(f"/indicateurs/{day.card.id}/redaction", data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    shown = page.one("form", action=f"/indicateurs/{day.card.id}/redaction")
    assert {name: value(shown, name) for name in form if name != "key"} == {
        name: typed for name, typed in form.items() if name != "key"
    }
    assert value(shown, "key") != form["key"]
    program = await alix.post(f"/indicateurs/{day.card.id}/redaction", data=form, headers=JSON)
    assert program.status_code == 422
    assert {name: plain(sentence) for name, sentence in program.json()["champs"].items()} == wrong
    assert await day.records() == before


async def test_a_stale_base_shows_both_texts_and_loses_nothing(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    alix = await day.browser(day.alix)
    form = {**await form_of(day, alix), "definition": "Ce qu'Alix écrivait <pendant> ce temps.", "unite": "projets"}
    await day.reword("Ce que Sacha a publié.", by=day.sacha)
    before = await day.records()
    path = f"/indicateurs/{day.card.id}/redaction"
    answer = await alix.post(path, data=form)
    page = read(answer)
    assert answer.status_code == 409
    theirs, yours = page.one(class_="gc-both").all("section")
    assert "Ce que Sacha a publié." in theirs.text
    differences = page.one("section", **{"aria-labelledby": "differences"})
    assert both_texts(differences.all(class_="gc-diff")[0]) == ("Ce que Sacha a publié.", form["definition"])
    assert [row.text for row in differences.all("dt")] == ["Définition", "Unité"]
    shown = yours.one("form", action=path)
    assert {name: value(shown, name) for name in form if name not in ("key", "base")} == {
        name: typed for name, typed in form.items() if name not in ("key", "base")
    }
    assert value(shown, "base") == "2"
    assert await day.records() == before

    form = {**form, "base": value(shown, "base"), "key": value(shown, "key")}
    await gesture(day, alix, path, form, to=f"/indicateurs/{day.card.id}")
    assert (await day.reread()).sheet["definition"] == form["definition"]


async def test_a_program_with_a_stale_base_is_told(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    await day.reword()
    path = f"/indicateurs/{day.card.id}/redaction"
    answer = await (await day.browser(day.alix)).post(path, data={**SHEET, "base": "1"}, headers=JSON)
    assert answer.status_code == 409
    said = answer.json()
    assert {**said, "raison": plain(said["raison"])} == {
        "refus": "pas_maintenant",
        "raison": "Quelqu'un a publié une nouvelle rédaction pendant que vous écriviez. "
        "Les deux textes sont ci-dessous.",
        "redaction": 2,
        "texte_actuel": (await day.reread()).sheet,
        "votre_texte": SHEET,
    }


@pytest.mark.parametrize(("base", "sentence"), [("", "Un nombre entier est attendu."), (None, NEEDED)])
async def test_a_base_is_a_number(database: Database, client: Browsers, base: str | None, sentence: str) -> None:
    day = await begin(database, client)
    form = SHEET if base is None else {**SHEET, "base": base}
    alix = await day.browser(day.alix)
    answer = await alix.post(f"/indicateurs/{day.card.id}/redaction", data=form)
    assert answer.status_code == 422
    assert [said.text for said in read(answer).one(class_="gc-errors").all("li")] == [sentence]


@in_both_places
async def test_the_same_key_twice_is_one_rewording(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    form, other = {**SHEET, "base": "1"}, {**SHEET, "base": "1", "libelle": "Autre"}
    await once(day, await day.browser(day.alix), place, f"/indicateurs/{day.card.id}/redaction", form, other)
    assert (await day.reread()).wording.number == 2


# ── Withdraw


@pytest.mark.parametrize("stage", [Stage.PROPOSING, Stage.DISCUSSING])
async def test_an_author_takes_a_proposal_back(database: Database, client: Browsers, stage: Stage) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await day.move(stage)
    alix = await day.browser(day.alix)
    await gesture(day, alix, f"/indicateurs/{own.id}/retrait", WHY, to=f"/indicateurs/{own.id}")
    assert (await day.kinds())[-1] is Kind.INDICATOR_WITHDRAWN
    room = read(await client().get(f"/ateliers/{day.room.id}"))
    page = await client().get(f"/indicateurs/{own.id}")
    assert (room.all(id=f"card-{own.id}"), page.status_code) == ([], 200)
    said = read(page).one(id=f"head-{own.id}").one(class_="fr-alert").text
    assert said.startswith("Retiré par la personne qui l'avait proposé Déjà dans ACT-04. ")


@pytest.mark.parametrize(
    ("because", "sentence"),
    [("  ", "Dites pourquoi : le registre le gardera."), ("x" * 301, "Trois cents caractères au plus.")],
)
async def test_a_withdrawal_without_a_reason_comes_back_as_typed(
    database: Database, client: Browsers, because: str, sentence: str
) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    alix, before = await day.browser(day.alix), await day.records()
    answer = await alix.post(f"/indicateurs/{own.id}/retrait", data={"because": because})
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"because": sentence})
    assert value(page.one("form", action=f"/indicateurs/{own.id}/retrait"), "because") == because
    program = await alix.post(f"/indicateurs/{own.id}/retrait", data={"because": because}, headers=JSON)
    assert (program.status_code, plain(program.json()["champs"]["because"])) == (422, sentence)
    assert await day.records() == before


async def test_a_program_withdraws(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    path = f"/indicateurs/{own.id}/retrait"
    assert await told(day, await day.browser(day.alix), path, WHY) == {"geste": await day.last()}


async def test_one_withdraws_only_ones_own(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    path, reason = f"/indicateurs/{own.id}/retrait", "On ne retire que sa propre proposition."
    await refused_outside_the_room(day, path, {})
    for person in (day.sacha, day.camille):
        await refused(day, await day.browser(person), path, {}, 403, reason)
    await refused(day, await day.browser(day.alix), f"/indicateurs/{day.card.id}/retrait", {}, 403, reason)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.VOTING, Stage.CLOSED])
async def test_one_withdraws_before_the_vote(database: Database, client: Browsers, stage: Stage) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await day.move(stage)
    await refused(day, await day.browser(day.alix), f"/indicateurs/{own.id}/retrait", {}, 409, wrong_stage(stage))


async def test_what_is_withdrawn_is_left_alone(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await act(database, lineage.withdraw, own.id, because="Un doublon.", by=day.alix)
    alix = await day.browser(day.alix)
    for path, form, how in (
        ("redaction", {**sheet.write(COMPLETE), "base": "1"}, given_back),
        ("avis", {"field": "libelle", "text": "Dommage."}, given_back_or_noticed),
        ("vote", {"wording": "1", "choice": "keep"}, refused),
        ("vote/retrait", {}, refused),
    ):
        await how(day, alix, f"/indicateurs/{own.id}/{path}", form, 409, WITHDRAWN)


@pytest.mark.parametrize("stage", list(Stage))
async def test_withdrawing_twice_is_once(database: Database, client: Browsers, stage: Stage) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await act(database, lineage.withdraw, own.id, because="Un doublon.", by=day.alix)
    await day.move(stage)
    last, path = await day.last(), f"/indicateurs/{own.id}/retrait"
    again = await (await day.browser(day.alix)).post(path)
    assert (again.status_code, again.headers["location"]) == (303, f"/indicateurs/{own.id}")
    assert (again.headers["x-geste"], await day.last()) == (str(last), last)
    reason = "On ne retire que sa propre proposition."
    await refused(day, await day.browser(day.camille), path, {}, 403, reason)


async def test_programs_still_read_what_is_withdrawn_after_the_rest(database: Database, client: Browsers) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await act(database, lineage.withdraw, own.id, because="Un doublon.", by=day.alix)
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    assert [item["statut"] for item in state["indicateurs"]] == ["open"] * 19 + ["withdrawn"]
    last = state["indicateurs"][-1]
    assert (last["id"], last["code"], last["fiche"]) == (own.id, "ACT-08", SHEET)
    assert (last["motif"], last["devient"], last["provient_de"]) == ("Un doublon.", [], [])


@in_both_places
async def test_the_same_key_twice_withdraws_once(database: Database, client: Browsers, place: str) -> None:
    day = await proposing(database, client)
    own = await proposed(day)
    await once(day, await day.browser(day.alix), place, f"/indicateurs/{own.id}/retrait", WHY, {"because": "Autre."})


async def test_an_empty_table_waits_for_proposals(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    await observer(database, day.room, "Une autre")
    await told(day, await day.browser(day.alix), f"/ateliers/{day.room.id}/indicateurs", SHEET, code="ACT-08")
