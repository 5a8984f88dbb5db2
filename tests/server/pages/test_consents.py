"""The consent of a room: where the set stands, and one's own position, in one tap."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import BY_CONSENT, Browsers, act, ask, publish
from tests.server.pages.day import (
    HTMX,
    JSON,
    Day,
    begin,
    block,
    gesture,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import read
from workshops import agenda, consents, handwritten, journal, objections, rules
from workshops.agenda import Stage
from workshops.consensus import Method, Rule, Secrecy
from workshops.lines import Exceptional

OTHER_RULE = "Cet atelier ne décide pas par consentement : on y vote indicateur par indicateur."
VOTERS = "Ce geste revient au rôle « Participation »."


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    return await by_consent(database, client)


async def by_consent(database: Database, client: Browsers, **figures: Any) -> Day:
    """Everybody is asked for their consent."""
    day = await begin(database, client, Stage.DISCUSSING)
    await act(database, rules.announce, day.room.id, Rule(method=Method.CONSENT, **figures), by=day.camille)
    await day.move(Stage.VOTING)
    return day


def to(day: Day, more: str = "") -> str:
    return f"/ateliers/{day.room.id}/consentement{more}"


def home(day: Day) -> str:
    return f"/ateliers/{day.room.id}#consent"


async def room(day: Day, who: Any = None) -> Any:
    return read(await (await day.browser(who)).get(f"/ateliers/{day.room.id}")).one("section", id="consent")


async def test_a_member_consents_abstains_and_takes_it_back_without_a_script(day: Day) -> None:
    alix = await day.browser(day.alix)
    assert "N'ont rien dit : Sacha (SIILAB), Alix (Ti Lab)." in (await room(day)).text
    for choice, label in (("consent", "Je consens à l'ensemble"), ("abstain", "Je m'abstiens")):
        await gesture(day, alix, to(day), {"choice": choice}, to=home(day))
        pressed = [button.text for button in (await room(day, day.alix)).all("button", **{"aria-pressed": "true"})]
        assert pressed == [f"{label} (votre position)"]
    assert "Abstentions 1" in (await room(day)).text
    await gesture(day, alix, to(day, "/retrait"), {}, to=home(day))
    assert "Abstentions 0" in (await room(day)).text


async def test_with_htmx_the_answer_is_ones_own_part(day: Day) -> None:
    alix = await day.browser(day.alix)
    answer = await block(day, alix, to(day), {"choice": "consent"})
    own = (await room(day, day.alix)).one(class_="gc-own")
    assert read(answer).one(class_="gc-own").text == own.text
    asked = await alix.get(to(day))
    assert read(asked).one(class_="gc-own").text == own.text


async def test_a_program_is_told_the_gesture(day: Day) -> None:
    await told(day, await day.browser(day.alix), to(day), {"choice": "consent"})


@in_both_places
async def test_the_same_sending_is_one_position(day: Day, place: str) -> None:
    alix = await day.browser(day.alix)
    await once(day, alix, place, to(day), {"choice": "consent"}, {"choice": "abstain"})


async def test_who_has_no_voice_here_is_refused(day: Day) -> None:
    await refused_outside_the_room(day, to(day), {"choice": "consent"}, observing=VOTERS)
    await refused(day, await day.browser(day.camille), to(day), {"choice": "consent"}, 403, VOTERS)


async def test_before_and_after_the_vote_nobody_consents(day: Day) -> None:
    alix = await day.browser(day.alix)
    for stage in (Stage.DISCUSSING, Stage.CLOSED):
        await day.move(stage)
        said = f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible."
        await refused(day, alix, to(day), {"choice": "consent"}, 409, said)


async def test_where_one_votes_nobody_consents_and_the_room_says_nothing_of_it(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.VOTING)
    alix = await day.browser(day.alix)
    for choice in ("consent", "x" * 30_000):
        await refused(day, alix, to(day), {"choice": choice}, 409, OTHER_RULE)
    assert (await alix.get(to(day))).status_code == 409
    assert (await room(day, day.alix)).text == ""
    page = read(await alix.get(f"/indicateurs/{day.card.id}"))
    assert page.one("section", id=f"objections-{day.card.id}").text == ""
    assert (await client().get(f"/ateliers/{day.room.id}.json")).json()["consentement"] is None


async def test_what_is_no_position_comes_back_with_its_sentence(day: Day) -> None:
    alix, before = await day.browser(day.alix), await day.records()
    for choice in ("", "object", "keep"):
        for headers in ({}, HTMX):
            page = await alix.post(to(day), data={"choice": choice}, headers=headers)
            assert (page.status_code, "Choisissez : consentir, ou s'abstenir." in read(page).text) == (422, True)
    assert await day.records() == before


async def test_what_was_read_before_a_text_changed_is_asked_again_with_what_changed(day: Day) -> None:
    alix = await day.browser(day.alix)
    form = (await room(day, day.alix)).all("input", name="set")
    await act(day.database, consents.give, day.room.id, "consent", by=day.alix)
    await day.reword(by=day.sacha)
    before = await day.records()
    said = "Un texte a changé pendant que vous lisiez : regardez lequel, puis dites votre position."
    for headers in ({}, HTMX):
        page = await alix.post(to(day), data={"choice": "consent", "set": form[0]["value"]}, headers=headers)
        assert page.status_code == 409
        links = read(page).one(class_="gc-again").all("a", href=f"/indicateurs/{day.card.id}")
        assert [link.text for link in links] == ["ACT-01"]
        assert (said in read(page).text) is not bool(headers)
    program = await alix.post(to(day), data={"choice": "consent", "set": form[0]["value"]}, headers=JSON)
    now = (await room(day, day.alix)).all("input", name="set")[0]["value"]
    assert (program.status_code, program.json()["ensemble"]) == (409, now)
    assert await day.records() == before
    assert "À confirmer 1" in (await room(day)).text


async def test_the_rooms_state_tells_the_whole_set(day: Day) -> None:
    await act(day.database, consents.give, day.room.id, "consent", by=day.alix)
    held = await act(
        day.database, objections.state, day.room.id, text="Trop lourd.", indicator_id=day.card.id, by=day.sacha
    )
    await act(day.database, objections.answer, held.id, text="Deux heures par an.", by=day.camille)
    await act(
        day.database,
        handwritten.enter_position,
        day.room.id,
        lab="erasme",
        initials="bc",
        position="abstain",
        by=day.camille,
    )
    state = (await (await day.browser(None)).get(f"/ateliers/{day.room.id}.json")).json()
    assert {**state["consentement"], "ensemble": ""} == {
        "ensemble": "",
        "consentements": 1,
        "abstentions": 1,
        "a_confirmer": 0,
        "sur_papier": 1,
        "objections": [
            {
                "id": held.id,
                "indicateur": day.card.id,
                "redaction": 1,
                "texte": "Trop lourd.",
                "auteur": "Sacha",
                "labo": "siilab",
                "reponse": {"texte": "Deux heures par an.", "auteur": "Camille"},
                "levee": None,
            }
        ],
    }


async def test_hidden_results_say_how_many_spoke_and_objected_and_ones_own_words_to_oneself(
    database: Database, client: Browsers
) -> None:
    day = await by_consent(database, client, secrecy=Secrecy.CLOSED)
    await act(database, consents.give, day.room.id, "consent", by=day.alix)
    held = await act(database, objections.state, day.room.id, text="Trop lourd.", by=day.sacha)
    for person, reads in ((None, False), (day.alix, False), (day.camille, False), (day.sacha, True)):
        section = await room(day, person)
        assert "2 personnes se sont prononcées" in section.text
        assert ("Trop lourd." in section.text) is reads
        opened = await (await day.browser(person)).get(f"/objections/{held.id}")
        assert ("Trop lourd." in opened.text) is reads
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    assert state["consentement"] is None
    assert "Trop lourd." not in (await client().get(f"/ateliers/{day.room.id}/registre")).text
    await day.move(Stage.CLOSED)
    assert "Trop lourd." in (await room(day)).text
    assert "Trop lourd." in (await client().get(f"/ateliers/{day.room.id}/registre")).text


async def test_an_objection_stays_that_of_the_lab_its_author_spoke_for(day: Day) -> None:
    text = "Trop lourd."
    held = await act(day.database, objections.state, day.room.id, text=text, by=day.alix)
    await act(day.database, agenda.join, day.room.id, name="Alix", lab="siilab", by=day.alix)
    page = read(await (await day.browser(None)).get(f"/objections/{held.id}"))
    assert page.one(class_="gc-comment__who").text.endswith("Ti Lab")
    (told,) = (await day.client().get(f"/ateliers/{day.room.id}.json")).json()["consentement"]["objections"]
    assert told["labo"] == "ti-lab"


async def test_a_set_that_nobody_objects_to_is_published(day: Day) -> None:
    for person in (day.alix, day.sacha):
        await act(day.database, consents.give, day.room.id, "consent", by=person)
    await day.move(Stage.CLOSED)
    page = read(await (await day.browser(None)).get(f"/ateliers/{day.room.id}"))
    assert page.one(class_="gc-consent__title").text == "L'ensemble Adopté en l'état"
    assert {badge.text for badge in page.all(class_="gc-outcome")} == {"Retenu"}
    exceptions = {"ACT-01": Exceptional(True, "La fiche se complète.")}
    await publish(day.database, day.room, exceptions=exceptions, by=day.dominique)
    answer = await (await day.browser(None)).get("/referentiel/2.0.0")
    assert (answer.status_code, "Consentements 2" in read(answer).text) == (200, True)


async def test_an_objection_in_spite_of_which_a_text_is_adopted_is_published_with_its_answer(day: Day) -> None:
    given = {"text": "Trop lourd.", "indicator_id": day.card.id}
    held = await act(day.database, objections.state, day.room.id, **given, by=day.sacha)
    await act(day.database, objections.answer, held.id, text="Deux heures par an.", by=day.camille)
    await day.move(Stage.CLOSED)
    office = await day.browser(day.dominique)
    prepared = read(await office.get(f"/ateliers/{day.room.id}/referentiel"))
    assert "Objection Trop lourd. Réponse : Deux heures par an." in prepared.text
    assert "une objection tient contre un autre de ses textes" in prepared.text
    exceptions = {"ACT-01": Exceptional(True, "À l'essai.")}
    await publish(day.database, day.room, exceptions=exceptions, by=day.dominique)
    page = read(await (await day.browser(None)).get("/referentiel/2.0.0"))
    dissent = page.one(class_="gc-dissent").text
    assert "Objection Trop lourd. SIILAB Réponse : Deux heures par an." in dissent
    assert "Restées sans réponse" not in dissent
    assert "Trop lourd." in (await office.get("/referentiel/2.0.0.csv")).text


async def test_the_minutes_of_a_consent_tell_each_gesture(day: Day) -> None:
    await act(day.database, consents.give, day.room.id, "consent", by=day.alix)
    await act(day.database, consents.take_back, day.room.id, by=day.alix)
    given = {"text": "Trop lourd.", "indicator_id": day.card.id}
    held = await act(day.database, objections.state, day.room.id, **given, by=day.sacha)
    await act(day.database, objections.answer, held.id, text="Deux heures.", by=day.camille)
    await act(day.database, objections.lift, held.id, because="Entendu.", by=day.sacha)
    paper = {"lab": "erasme", "initials": "bc", "position": "consent"}
    await act(day.database, handwritten.enter_position, day.room.id, **paper, by=day.camille)
    page = read(await (await day.browser(None)).get(f"/ateliers/{day.room.id}/registre"))
    lines = [line.text.replace("( ", "(").replace(" )", ")") for line in page.all(class_="gc-minutes__text")]
    assert lines[-6:] == [
        "Alix (Ti Lab) a dit sa position sur l'ensemble",
        "Alix (Ti Lab) a retiré sa position sur l'ensemble",
        "Sacha (SIILAB) a fait une objection ACT-01 Trop lourd.",
        "Camille a répondu à une objection ACT-01 Deux heures.",
        "Sacha (SIILAB) a levé une objection ACT-01 Entendu.",
        "Camille a saisi un vote sur papier B. C. (Erasme)",
    ]
    assert {entry.kind for entry in await ask(day.database, journal.since, day.room.id, 0)} >= BY_CONSENT
