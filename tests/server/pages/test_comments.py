"""Comments: post on a field, answer, hide."""

import pytest

from server.database import Database
from tests.cast import Browsers, ask, card
from tests.server.pages.day import (
    HTMX,
    JSON,
    Day,
    begin,
    block,
    gesture,
    given_back_or_noticed,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import errors, plain, read, value
from workshops import comments
from workshops.agenda import Stage
from workshops.journal import Kind

SAID = {"field": "limites", "text": "Et les labos\nd'outre-mer ?"}
EMPTY = "Écrivez votre avis."
SPEAKING = (Stage.PROPOSING, Stage.DISCUSSING, Stage.VOTING)


def path(day: Day) -> str:
    return f"/indicateurs/{day.card.id}/avis"


def anchor(day: Day) -> str:
    return f"/indicateurs/{day.card.id}#comments-{day.card.id}"


async def threads(day: Day) -> list[comments.Thread]:
    return await ask(day.database, comments.threads, day.card.id)


# ── Post


@pytest.mark.parametrize("stage", SPEAKING)
async def test_a_member_says_something_of_a_field(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    await gesture(day, await day.browser(day.alix), path(day), SAID, to=anchor(day))
    (thread,) = await threads(day)
    said = thread.comment
    assert (said.field, said.text, said.wording, said.by_id) == ("limites", SAID["text"], 1, day.alix.id)
    assert said.gesture == await day.last()


async def test_the_page_shows_it_signed_with_the_lab(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    await day.say("Trop <b>vague</b>.")
    page = read(await client().get(f"/indicateurs/{day.card.id}"))
    (comment,) = page.one(id=f"comments-{day.card.id}").all(class_="gc-comment")
    assert comment.one(class_="gc-comment__who").text == "Alix , Ti Lab"
    assert comment.one(class_="gc-comment__text").text == "Trop <b>vague</b>."
    assert comment.one(class_="gc-comment__about").text.startswith("Définition · rédaction 1 · ")


async def test_an_answer_joins_the_thread(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    head = await day.say()
    sacha = await day.browser(day.sacha)
    await gesture(day, sacha, path(day), {"text": "D'accord.", "answers": head.id}, to=anchor(day))
    (thread,) = await threads(day)
    (answer,) = thread.answers
    await gesture(day, sacha, path(day), {"text": "Et encore.", "answers": answer.comment.id}, to=anchor(day))
    (thread,) = await threads(day)
    assert [(a.comment.text, a.comment.field) for a in thread.answers] == [
        ("D'accord.", "definition"),
        ("Et encore.", "definition"),
    ]


async def test_a_program_comments(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    assert await told(day, await day.browser(day.alix), path(day), SAID) == {"geste": await day.last()}


async def test_with_htmx_the_form_comes_back_empty_with_a_fresh_key(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    alix = await day.browser(day.alix)
    before = read(await alix.get(f"/indicateurs/{day.card.id}")).one(id=f"say-{day.card.id}")
    form = read(await block(day, alix, path(day), {**SAID, "key": value(before, "key")})).one("form")
    assert (form["id"], form["action"], value(form, "text")) == (f"say-{day.card.id}", path(day), "")
    assert value(form, "key") != value(before, "key")
    head = (await threads(day))[0].comment
    form = read(await block(day, alix, path(day), {"text": "Oui.", "answers": head.id})).one("form")
    assert (form["id"], value(form, "answers"), value(form, "text")) == (f"answer-form-{head.id}", head.id, "")


async def test_only_people_with_a_seat_and_a_lab_speak(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    await refused_outside_the_room(day, path(day), SAID, how=given_back_or_noticed)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in SPEAKING])
async def test_one_speaks_from_the_proposals_to_the_vote(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    reason = plain(f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible.")
    await given_back_or_noticed(day, await day.browser(day.alix), path(day), SAID, 409, reason)


async def test_an_answer_refused_comes_back_in_its_own_form(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    answer = {"text": "Des mots <b>pesés</b>.", "answers": (await day.say()).id}
    await day.move(Stage.CLOSED)
    reason = "L'atelier en est à l'étape « Clôture » : ce geste n'y est pas possible."
    await given_back_or_noticed(day, await day.browser(day.sacha), path(day), answer, 409, reason)


async def test_a_comment_is_kept_clean(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    form = {"field": "limites", "text": " \u202eUn\u200b\r\nDeux e\u0301te\u0301s\x07 "}
    await told(day, await day.browser(day.alix), path(day), form)
    assert [thread.comment.text for thread in await threads(day)] == ["Un\nDeux étés"]


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"field": "limites", "text": "  "}, {"text": EMPTY}),
        ({"field": "limites", "text": "<b>Long</b> & « plat ». " * 100}, {"text": "C'est trop long."}),
        ({"field": "couleur", "text": "Bleu ?"}, {"field": "Choisissez le champ dont vous parlez."}),
        ({"text": "Bleu ?"}, {"field": "Choisissez le champ dont vous parlez."}),
    ],
)
async def test_what_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, headers: dict[str, str], form: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await begin(database, client)
    before = await day.records()
    answer = await (await day.browser(day.alix)).post(path(day), data=form, headers=headers)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    assert value(page.one("form", action=path(day)), "text") == form["text"]
    assert ("<html" in answer.text) is not bool(headers)
    assert await day.records() == before


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_an_empty_answer_comes_back_in_its_own_form(
    database: Database, client: Browsers, headers: dict[str, str]
) -> None:
    day = await begin(database, client)
    head = await day.say()
    answer = await (await day.browser(day.alix)).post(
        path(day), data={"text": " ", "answers": head.id}, headers=headers
    )
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"text": EMPTY})
    assert value(page.one("form", action=path(day)), "answers") == head.id


async def test_a_program_is_told_what_does_not_hold(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    answer = await (await day.browser(day.alix)).post(path(day), data={"field": "limites"}, headers=JSON)
    assert (answer.status_code, answer.json()) == (
        422,
        {"refus": "a_corriger", "raison": "Il reste quelque chose à corriger.", "champs": {"text": EMPTY}},
    )


async def test_one_answers_a_comment_on_the_same_indicator(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    head = await day.say()
    other = await card(database, day.room, "ACT-02")
    alix = await day.browser(day.alix)
    for answers in (head.id, "0nexistepas0"):
        form = {"text": "Oui.", "answers": answers}
        await refused(day, alix, f"/indicateurs/{other.id}/avis", form, 404, "Cet avis n'existe pas.")


@in_both_places
async def test_the_same_key_twice_is_one_comment(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    await once(day, await day.browser(day.alix), place, path(day), SAID, {**SAID, "text": "Autre chose."})
    assert [thread.comment.text for thread in await threads(day)] == [SAID["text"]]


async def test_without_a_script_a_form_sent_again_with_another_text_says_why_and_loses_nothing(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client)
    alix = await day.browser(day.alix)
    key = value(read(await alix.get(f"/indicateurs/{day.card.id}")).one(id=f"say-{day.card.id}"), "key")
    await alix.post(path(day), data={**SAID, "key": key})
    answer = await alix.post(path(day), data={**SAID, "text": "Mieux dit.", "key": key})
    page = read(answer)
    assert answer.status_code == 422
    assert [said.text for said in page.one(class_="gc-errors").all("li")] == [
        "Cette clé d'envoi a déjà servi pour autre chose. Envoyez de nouveau."
    ]
    form = page.one("form", action=path(day))
    assert value(form, "text") == "Mieux dit."
    await gesture(day, alix, path(day), {**SAID, "text": "Mieux dit.", "key": value(form, "key")}, to=anchor(day))


# ── Hide


async def test_the_facilitator_hides_a_comment_and_the_trace_stays(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    said = await day.say("Des mots durs.")
    camille = await day.browser(day.camille)
    await gesture(day, camille, f"/avis/{said.id}/masquage", {"because": "Hors sujet."}, to=anchor(day))
    page = await client().get(f"/indicateurs/{day.card.id}")
    assert read(page).one(id=f"avis-{said.id}").text.startswith("Avis masqué par l'animation : Hors sujet.")
    assert "Des mots durs." not in page.text
    (thread,) = await threads(day)
    assert (thread.comment.text, thread.hiding.by_id) == ("Des mots durs.", day.camille.id)


async def test_what_is_hidden_leaves_the_public_state(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    said = await day.say("Des mots durs.")
    await day.say("Une réponse.", answers=said.id)
    await (await day.browser(day.camille)).post(f"/avis/{said.id}/masquage", data={"because": "Hors sujet."})
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    (item,) = [item for item in state["indicateurs"] if item["id"] == day.card.id]
    assert [comment["texte"] for comment in item["avis"]] == ["Une réponse."]


async def test_hiding_answers_programs_and_htmx(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    first, second = await day.say(), await day.say("Encore.")
    camille = await day.browser(day.camille)
    form = {"because": "Hors sujet."}
    assert await told(day, camille, f"/avis/{first.id}/masquage", form) == {"geste": await day.last()}
    assert (await block(day, camille, f"/avis/{second.id}/masquage", form)).text == ""


async def test_hiding_twice_is_one_gesture(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    said = await day.say()
    camille = await day.browser(day.camille)
    await camille.post(f"/avis/{said.id}/masquage", data={"because": "Hors sujet."})
    last = await day.last()
    again = await camille.post(f"/avis/{said.id}/masquage", data={"because": "Encore."}, headers=JSON)
    assert (again.json(), await day.last()) == ({"geste": last}, last)
    assert (await threads(day))[0].hiding.because == "Hors sujet."


@in_both_places
async def test_the_same_key_twice_hides_once(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    said = await day.say()
    form, other = {"because": "Hors sujet."}, {"because": "Autre raison."}
    await once(day, await day.browser(day.camille), place, f"/avis/{said.id}/masquage", form, other)


async def test_nobody_else_hides(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    said = await day.say()
    hide, form = f"/avis/{said.id}/masquage", {"because": "Hors sujet."}
    only = "Ce geste revient au rôle « Animation »."
    await refused_outside_the_room(day, hide, form, observing=only)
    await refused(day, await day.browser(day.alix), hide, form, 403, only)


async def test_the_facilitator_may_hide_once_the_workshop_is_closed(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    said = await day.say()
    await day.move(Stage.CLOSED)
    camille = await day.browser(day.camille)
    await gesture(day, camille, f"/avis/{said.id}/masquage", {"because": "Hors sujet."}, to=anchor(day))
    assert (await day.kinds())[-1] is Kind.COMMENT_HIDDEN


@pytest.mark.parametrize(
    ("because", "reason"), [("", "Dites pourquoi cet avis est masqué."), ("x" * 301, "C'est trop long.")]
)
async def test_hiding_asks_why_in_a_few_words(database: Database, client: Browsers, because: str, reason: str) -> None:
    day = await begin(database, client)
    said = await day.say()
    before = await day.records()
    camille = await day.browser(day.camille)
    hide = f"/avis/{said.id}/masquage"
    page = await camille.post(hide, data={"because": because})
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (422, reason)
    notice = await camille.post(hide, data={"because": because}, headers=HTMX)
    assert (notice.status_code, notice.headers["hx-retarget"], read(notice).text) == (422, "#notice", reason)
    program = await camille.post(hide, data={"because": because}, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (422, "a_corriger")
    assert {name: plain(sentence) for name, sentence in program.json()["champs"].items()} == {"because": reason}
    assert await day.records() == before
