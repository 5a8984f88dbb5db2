"""Objections: argued, answered, lifted with a word."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import SHEET, Browsers, act
from tests.server.pages.day import (
    HTMX,
    OBSERVING,
    Day,
    block,
    gesture,
    given_back_or_noticed,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import errors, read
from tests.server.pages.test_consents import VOTERS, by_consent, home, room
from workshops import indicators, objections
from workshops.agenda import Stage
from workshops.objections import Objection

WHY = {"text": "On ne saura pas le compter."}
ARGUE = "Dites pourquoi : sans argument, ce n'est pas une objection."
NOT_YOURS = "Seule la personne qui a fait l'objection peut la lever."


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    return await by_consent(database, client)


def path(day: Day) -> str:
    return f"/ateliers/{day.room.id}/objections"


async def held(day: Day, about: str | None = None, **more: Any) -> Objection:
    return await act(
        day.database, objections.state, day.room.id, **WHY, indicator_id=about, by=more.get("by", day.sacha)
    )


async def test_a_member_objects_to_the_set_and_to_a_text_without_a_script(day: Day) -> None:
    sacha = await day.browser(day.sacha)
    await gesture(day, sacha, path(day), WHY, to=home(day))
    await gesture(day, sacha, path(day), {"indicator": day.card.id, "text": "Et ceci ?"}, to=home(day))
    shown = (await room(day)).all("article")
    assert [article.text.partition(" Répondre")[0].rpartition(" · ")[0] for article in shown] == [
        "Sacha , SIILAB On ne saura pas le compter. Sur l'ensemble",
        "Sacha , SIILAB Et ceci ? ACT-01 , rédaction 1",
    ]
    page = read(await sacha.get(f"/indicateurs/{day.card.id}"))
    assert "Et ceci ?" in page.one("section", id=f"objections-{day.card.id}").text
    assert "Vous objectez à ACT-01 :" in (await room(day, day.sacha)).text


async def test_with_htmx_ones_own_part_comes_back_and_the_form_of_a_text_is_emptied(day: Day) -> None:
    sacha = await day.browser(day.sacha)
    answer = await block(day, sacha, path(day), WHY)
    assert "Vous objectez à l'ensemble :" in read(answer).one(class_="gc-own").text
    answer = await block(day, sacha, path(day), {"indicator": day.card.id, "text": "Et ceci ?"})
    form = read(answer).one("form", id=f"objecting-{day.card.id}")
    assert form.one("textarea").text == ""
    own = read(answer).one("hx-partial")
    assert own["hx-target"] == f"#{own.one(class_='gc-own')['id']}"
    assert "Vous objectez à ACT-01 :" in own.text


async def test_a_program_is_told_the_gesture(day: Day) -> None:
    await told(day, await day.browser(day.sacha), path(day), WHY)


@in_both_places
async def test_the_same_sending_is_one_objection(day: Day, place: str) -> None:
    await once(day, await day.browser(day.sacha), place, path(day), WHY, {"text": "Autre chose."})


async def test_the_same_objection_twice_is_once(day: Day) -> None:
    sacha = await day.browser(day.sacha)
    await gesture(day, sacha, path(day), WHY, to=home(day))
    before = await day.last()
    assert (await sacha.post(path(day), data=WHY)).status_code == 303
    assert await day.last() == before


async def test_who_has_no_voice_here_is_refused(day: Day) -> None:
    form = {**WHY, "indicator": ""}
    await refused_outside_the_room(day, path(day), form, observing=VOTERS, how=given_back_or_noticed)
    await given_back_or_noticed(day, await day.browser(day.camille), path(day), form, 403, VOTERS)


async def test_after_the_vote_what_was_typed_comes_back(day: Day) -> None:
    await day.move(Stage.CLOSED)
    said = "L'atelier en est à l'étape « Clôture » : ce geste n'y est pas possible."
    await given_back_or_noticed(day, await day.browser(day.sacha), path(day), {**WHY, "indicator": ""}, 409, said)


async def test_an_objection_without_an_argument_comes_back_with_its_sentence(day: Day) -> None:
    sacha, before = await day.browser(day.sacha), await day.records()
    for about in ("", day.card.id):
        for headers in ({}, HTMX):
            page = await sacha.post(path(day), data={"text": " ", "indicator": about}, headers=headers)
            assert (page.status_code, ARGUE in read(page).text) == (422, True)
            assert read(page).one("input", name="indicator")["value"] == about
    assert await day.records() == before


async def test_its_author_lifts_it_with_a_word_and_consents(day: Day) -> None:
    objection = await held(day, day.card.id)
    sacha, at = await day.browser(day.sacha), f"/objections/{objection.id}/levee"
    page = await sacha.post(at, data={"because": ""})
    assert (page.status_code, errors(read(page))) == (422, {"because": "Dites d'un mot pourquoi vous la levez."})
    await gesture(day, sacha, at, {"because": "C'est dit."}, to=home(day))
    shown = (await room(day)).text
    assert "Levée : C'est dit." in shown
    assert "Consentements 1" in shown
    before = await day.last()
    assert (await sacha.post(at, data={"because": "C'est dit."})).status_code == 303
    assert await day.last() == before


async def test_with_htmx_who_lifts_gets_their_own_part(day: Day) -> None:
    objection = await held(day)
    answer = await block(
        day, await day.browser(day.sacha), f"/objections/{objection.id}/levee", {"because": "C'est dit."}
    )
    pressed = read(answer).all("button", **{"aria-pressed": "true"})
    assert [button.text for button in pressed] == ["Je consens à l'ensemble (votre position)"]


async def test_nobody_else_lifts_it(day: Day) -> None:
    objection = await held(day)
    at, form = f"/objections/{objection.id}/levee", {"because": "Moi."}
    await refused(day, await day.browser(day.stranger), at, form, 403, "Il faut d'abord rejoindre l'atelier.")
    for person in (day.alix, day.noor, day.camille):
        await refused(day, await day.browser(person), at, form, 403, NOT_YOURS)


async def test_its_author_is_told_that_the_text_changed(day: Day) -> None:
    await held(day, day.card.id)
    await day.reword(by=day.alix)
    own = (await room(day, day.sacha)).one(class_="gc-own")
    assert "Ce texte a changé depuis : lire la rédaction 2" in own.text
    assert "texte réécrit depuis" in (await room(day)).text


async def test_whoever_leads_answers_and_the_answer_shows_everywhere(day: Day) -> None:
    objection = await held(day, day.card.id)
    at = f"/objections/{objection.id}/reponse"
    camille = await day.browser(day.camille)
    back = f"/ateliers/{day.room.id}#objection-{objection.id}"
    await gesture(day, camille, at, {"text": "Deux heures par an."}, to=back)
    for address in (f"/ateliers/{day.room.id}", f"/indicateurs/{day.card.id}", f"/objections/{objection.id}"):
        assert "Réponse de Camille Deux heures par an." in read(await camille.get(address)).text
    page = await camille.post(at, data={"text": " "})
    assert (page.status_code, errors(read(page))) == (422, {"text": "Écrivez votre réponse."})


async def test_who_proposed_the_text_finds_where_to_answer(database: Database, client: Browsers) -> None:
    day = await by_consent(database, client)
    await day.move(Stage.PROPOSING)
    ours = await act(database, indicators.propose, day.room.id, SHEET, by=day.alix)
    await day.move(Stage.VOTING)
    objection = await held(day, ours.id)
    for person, answers in (
        (day.alix, True),
        (day.camille, True),
        (day.sacha, False),
        (day.noor, False),
        (None, False),
    ):
        page = read(await (await day.browser(person)).get(f"/objections/{objection.id}"))
        assert bool(page.all("form", action=f"/objections/{objection.id}/reponse")) is answers
        assert bool(page.all("form", action=f"/objections/{objection.id}/levee")) is (person is day.sacha)
    page = read(await (await day.browser(day.alix)).get(f"/indicateurs/{ours.id}"))
    assert "Répondre" in page.one(class_="gc-authored").text
    await gesture(
        day,
        await day.browser(day.alix),
        f"/objections/{objection.id}/reponse",
        {"text": "Le voici."},
        to=f"/ateliers/{day.room.id}#objection-{objection.id}",
    )


async def test_nobody_else_answers(day: Day) -> None:
    objection = await held(day)
    at, said = (
        f"/objections/{objection.id}/reponse",
        "L'animation, ou la personne qui a proposé l'indicateur, répond à une objection.",
    )
    await refused(day, await day.browser(day.noor), at, {"text": "Oui."}, 403, OBSERVING)
    await refused(day, await day.browser(day.alix), at, {"text": "Oui."}, 403, said)


async def test_what_people_type_is_text(day: Day) -> None:
    await act(day.database, objections.state, day.room.id, text="<b>100 %</b> « %(name)s »", by=day.sacha)
    assert "<b>100 %</b> « %(name)s »" in (await room(day)).text
