"""Amendments: propose another wording of somebody's indicator, answer it, take it back."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import Browsers, act, ask
from tests.server.pages.day import (
    HTMX,
    JSON,
    Day,
    begin,
    block,
    gesture,
    given_back,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import both_texts, errors, plain, read, value
from workshops import amendments, indicators, sheet
from workshops.agenda import Stage
from workshops.amendments import Amendment, Fate, Proposed
from workshops.people import Person

OTHERWISE = "Ce que l'on compte, <b>dit</b> autrement."
OPEN = (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)


async def amending(database: Database, client: Browsers, stage: Stage = Stage.DISCUSSING) -> Day:
    """The first indicator is Alix's."""
    day = await begin(database, client, stage)
    async with database.transaction() as session:
        (await indicators.get(session, day.card.id)).author_id = day.alix.id
    return day


def form(day: Day, **changes: Any) -> dict[str, Any]:
    """The sheet as the page gives it, with other words."""
    return {**sheet.write(day.card.sheet), "definition": OTHERWISE, "base": "1", "why": "C'est plus clair.", **changes}


def path(day: Day) -> str:
    return f"/indicateurs/{day.card.id}/amendements"


def new(day: Day) -> str:
    return f"/indicateurs/{day.card.id}/amendements/nouveau"


def anchor(day: Day) -> str:
    return f"/indicateurs/{day.card.id}#amendments-{day.card.id}"


async def proposed(day: Day) -> list[Proposed]:
    return await ask(day.database, amendments.proposed, day.card.id)


async def fate(day: Day, amendment: Amendment) -> tuple[Fate, str] | None:
    ending = (await ask(day.database, amendments.get, amendment.id)).ending
    return (ending.fate, ending.answer) if ending else None


async def own(day: Day, amendment: Amendment, person: Person | None) -> list[str]:
    """What somebody is offered to do about an amendment, on the indicator's page."""
    page = read(await (await day.browser(person)).get(f"/indicateurs/{day.card.id}"))
    part = page.one(id=f"own-{amendment.id}")
    return [f["action"].rpartition("/")[2] for f in part.all("form")]


# ── Propose


async def test_the_form_starts_from_the_current_text(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    page = read(await (await day.browser(day.sacha)).get(new(day)))
    shown = page.one("form", action=path(day))
    assert (value(shown, "base"), value(shown, "definition")) == ("1", day.card.sheet["definition"])
    assert value(shown, "key") != ""


@pytest.mark.parametrize("stage", OPEN)
async def test_a_member_amends_somebody_elses_indicator(database: Database, client: Browsers, stage: Stage) -> None:
    day = await amending(database, client, stage)
    await gesture(day, await day.browser(day.sacha), path(day), form(day), to=anchor(day))
    (made,) = await proposed(day)
    assert (made.amendment.changes, made.amendment.why) == ({"definition": OTHERWISE}, "C'est plus clair.")
    assert made.amendment.gesture == await day.last()


async def test_the_page_shows_what_would_change_and_who_would_change_it(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(OTHERWISE, by=day.sacha)
    shown = read(await client().get(f"/indicateurs/{day.card.id}")).one(id=f"amendement-{made.id}")
    assert shown.one(class_="gc-comment__who").text.startswith("Sacha , SIILAB · ")
    assert shown.one(class_="gc-amendment__why").text == "C'est dit."
    assert both_texts(shown.one(class_="gc-diff")) == (day.card.sheet["definition"], OTHERWISE)
    assert shown.one("dt").text == "Définition"


async def test_the_list_says_how_many_wait(database: Database, client: Browsers) -> None:
    day = await amending(database, client)

    async def foot() -> str:
        return read(await client().get(f"/ateliers/{day.room.id}")).one(id=f"said-{day.card.id}").text

    assert "amendement" not in await foot()
    made = await day.amend(by=day.sacha)
    assert "1 amendement en attente sur ACT-01" in await foot()
    await act(database, amendments.decline, made.id, answer="Non.", by=day.alix)
    assert "amendement" not in await foot()


async def test_a_program_amends(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    assert await told(day, await day.browser(day.sacha), path(day), form(day)) == {"geste": await day.last()}


@in_both_places
async def test_the_same_sending_is_one_amendment(database: Database, client: Browsers, place: str) -> None:
    day = await amending(database, client)
    await once(day, await day.browser(day.sacha), place, path(day), form(day), form(day, why="Autre chose."))
    assert len(await proposed(day)) == 1


async def test_only_those_who_take_part_amend(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    await refused_outside_the_room(day, path(day), form(day), how=given_back)


async def test_an_author_is_told_to_reword(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    reason = "C'est votre proposition : réécrivez-la, sans passer par un amendement."
    alix = await day.browser(day.alix)
    await given_back(day, alix, path(day), form(day), 403, reason)
    assert (await alix.get(new(day))).status_code == 403
    assert "Proposer un amendement" not in (await alix.get(f"/indicateurs/{day.card.id}")).text
    assert "Proposer un amendement" in (await (await day.browser(day.sacha)).get(f"/indicateurs/{day.card.id}")).text


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in OPEN])
async def test_outside_the_discussion_nothing_is_amended(database: Database, client: Browsers, stage: Stage) -> None:
    day = await amending(database, client, stage)
    reason = plain(f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible.")
    await given_back(day, await day.browser(day.sacha), path(day), form(day), 409, reason)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"definition": " "}, {"definition": "Ce champ est nécessaire."}),
        ({"libelle": "x" * 141}, {"libelle": "C'est trop long."}),
        ({"why": "x" * 501}, {"why": "Cinq cents caractères au plus."}),
    ],
)
async def test_what_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, changes: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await amending(database, client)
    before = await day.records()
    sent = form(day, **changes)
    page = read(await (await day.browser(day.sacha)).post(path(day), data=sent))
    assert errors(page) == wrong
    shown = page.one("form", action=path(day))
    assert {name: value(shown, name) for name in sent} == sent
    assert await day.records() == before


@pytest.mark.parametrize("base", ["", "un", "0", "99"])
async def test_it_starts_from_a_text_that_exists(database: Database, client: Browsers, base: str) -> None:
    day = await amending(database, client)
    answer = await (await day.browser(day.sacha)).post(path(day), data=form(day, base=base), headers=JSON)
    assert (answer.status_code, list(answer.json()["champs"])) == (422, ["base"])


async def test_a_text_that_changed_meanwhile_is_given_back_with_the_amendment_in_it(
    database: Database, client: Browsers
) -> None:
    day = await amending(database, client)
    await act(
        database,
        indicators.reword,
        day.card.id,
        {**day.card.sheet, "definition": "Une autre.", "limites": "Aucune."},
        base=1,
        by=day.alix,
    )
    sacha = await day.browser(day.sacha)
    answer = await sacha.post(path(day), data=form(day))
    page = read(answer)
    shown = page.one("form", action=path(day))
    assert answer.status_code == 409
    assert {name: value(shown, name) for name in ("base", "definition", "limites", "why")} == {
        "base": "2",
        "definition": OTHERWISE,
        "limites": "Aucune.",
        "why": "C'est plus clair.",
    }
    assert both_texts(page.one(class_="gc-diff")) == ("Une autre.", OTHERWISE)
    program = (await sacha.post(path(day), data=form(day), headers=JSON)).json()
    assert (program["refus"], program["redaction"], program["amendement"]) == (
        "pas_maintenant",
        2,
        {"definition": OTHERWISE},
    )
    again = form(day, base="2", limites="Aucune.")
    await gesture(day, sacha, path(day), again, to=anchor(day))


# ── Answer


async def test_each_is_offered_what_they_may_do(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    assert await own(day, made, day.alix) == ["accord", "refus"]
    assert await own(day, made, day.camille) == ["accord", "refus"]
    assert await own(day, made, day.sacha) == ["retrait"]
    for nobody in (day.noor, day.stranger, None):
        assert await own(day, made, nobody) == []


async def test_a_screen_asks_for_what_its_viewer_may_do(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    for person, offered in ((day.alix, ["accord", "refus"]), (day.sacha, ["retrait"])):
        part = read(await (await day.browser(person)).get(f"/amendements/{made.id}/suite")).one(id=f"own-{made.id}")
        assert [f["action"].rpartition("/")[2] for f in part.all("form")] == offered


async def test_the_author_accepts_and_the_proposer_is_a_coauthor(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(OTHERWISE, by=day.sacha)
    await gesture(day, await day.browser(day.alix), f"/amendements/{made.id}/accord", {}, to=anchor(day))
    current = await day.reread()
    assert (current.wording.number, current.sheet["definition"]) == (2, OTHERWISE)
    page = read(await client().get(f"/indicateurs/{day.card.id}"))
    assert "Coécrit avec Sacha (SIILAB)" in page.one(id=f"head-{day.card.id}").text
    shown = page.one(id=f"amendement-{made.id}").text
    assert "Accepté par Alix · rédaction 2 ·" in shown
    assert [each["id"] for each in page.all(id=f"own-{made.id}")] == []


async def test_with_htmx_the_forms_go_and_the_frame_shows_the_rest(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    assert (await block(day, await day.browser(day.alix), f"/amendements/{made.id}/accord", {})).text == ""


async def test_declining_is_answered_in_writing(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    said = {"answer": "Ce serait <b>compter</b>\ndeux fois."}
    await gesture(day, await day.browser(day.camille), f"/amendements/{made.id}/refus", said, to=anchor(day))
    assert await fate(day, made) == (Fate.DECLINED, said["answer"])
    shown = read(await client().get(f"/indicateurs/{day.card.id}")).one(id=f"amendement-{made.id}")
    assert shown.one(class_="gc-amendment__answer").text == "Ce serait <b>compter</b> deux fois."
    assert "Non retenu par Camille ·" in shown.text


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_refusal_without_an_answer_comes_back(
    database: Database, client: Browsers, headers: dict[str, str]
) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    before = await day.records()
    at = f"/amendements/{made.id}/refus"
    answer = await (await day.browser(day.alix)).post(at, data={"answer": " "}, headers=headers)
    part = read(answer).one(id=f"own-{made.id}")
    assert answer.status_code == 422
    assert part.one(class_="fr-error-text").text == "Dites pourquoi : la réponse reste à côté de l'amendement."
    assert ("<html" in answer.text) is not bool(headers)
    assert await day.records() == before


async def test_accepting_what_the_text_has_overtaken_shows_both(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(OTHERWISE, by=day.sacha)
    await day.reword("Une autre.", by=day.alix)
    alix = await day.browser(day.alix)
    before = await day.records()
    answer = await alix.post(f"/amendements/{made.id}/accord")
    page = read(answer)
    assert answer.status_code == 409
    assert both_texts(page.one(class_="gc-diff"))[1] == OTHERWISE
    assert "Une autre." in page.one("main").text
    assert page.one(class_="gc-amendment--overtaken").text != ""
    notice = await alix.post(f"/amendements/{made.id}/accord", headers=HTMX)
    assert (notice.status_code, notice.headers["hx-retarget"]) == (409, "#notice")
    program = (await alix.post(f"/amendements/{made.id}/accord", headers=JSON)).json()
    assert (program["redaction"], program["texte_actuel"]["definition"]) == (2, "Une autre.")
    assert await day.records() == before


async def test_who_proposed_it_takes_it_back(database: Database, client: Browsers) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    at = f"/amendements/{made.id}/retrait"
    await refused(day, await day.browser(day.alix), at, {}, 403, "On ne retire que son propre amendement.")
    await gesture(day, await day.browser(day.sacha), at, {}, to=anchor(day))
    assert await fate(day, made) == (Fate.WITHDRAWN, "")


@pytest.mark.parametrize("verb", ["accord", "refus", "retrait"])
async def test_strangers_answer_nothing(database: Database, client: Browsers, verb: str) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    await refused_outside_the_room(day, f"/amendements/{made.id}/{verb}", {"answer": "Non."})


@pytest.mark.parametrize("verb", ["accord", "refus"])
async def test_a_member_does_not_answer_for_the_author(database: Database, client: Browsers, verb: str) -> None:
    day = await amending(database, client)
    made = await day.amend(by=day.sacha)
    reason = "Seules la personne qui a proposé l'indicateur et l'animation répondent aux amendements."
    at = f"/amendements/{made.id}/{verb}"
    await refused(day, await day.browser(day.sacha), at, {"answer": "Oui."}, 403, reason)
