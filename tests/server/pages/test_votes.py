"""Votes: cast, change, confirm, take back."""

import pytest
from markupsafe import escape

from server.database import Database
from tests.cast import Browsers, act, ask, card, counted, facilitator, member_of, signed_in, workshop
from tests.conftest import Clock
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
from tests.server.pages.reading import errors, plain, read, value
from workshops import agenda, ballots, tallies, votes
from workshops.agenda import Stage
from workshops.journal import Kind
from workshops.tallies import Tally

KEEP = {"wording": "1", "choice": "keep"}
MEMBERS_ONLY = "Ce geste revient au rôle « Participation »."
WHY = "Dites pourquoi en une phrase : c'est elle qui aidera à réécrire."


async def voting(database: Database, client: Browsers) -> Day:
    return await begin(database, client, Stage.VOTING)


def paths(day: Day) -> tuple[str, str]:
    return f"/indicateurs/{day.card.id}/vote", f"/indicateurs/{day.card.id}/vote/retrait"


async def tally(day: Day) -> Tally:
    return await ask(day.database, tallies.tally, day.card.id)


# ── Cast


@pytest.mark.parametrize(
    ("choice", "reason"), [("keep", ""), ("rework", "Trop vague."), ("drop", "Rien à mesurer."), ("abstain", "")]
)
async def test_a_member_votes_in_one_tap(database: Database, client: Browsers, choice: str, reason: str) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    to = f"/ateliers/{day.room.id}#card-{day.card.id}"
    form = {"wording": "1", "choice": choice, "reason": reason}
    await gesture(day, await day.browser(day.alix), vote, form, to=to)
    assert await tally(day) == counted(**{choice: 1})
    ballot = await ask(database, ballots.ballot, day.room, day.card.indicator, day.alix)
    assert (ballot.current.choice, ballot.current.reason) == (choice, reason)


async def test_a_program_votes(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, back = paths(day)
    alix = await day.browser(day.alix)
    assert await told(day, alix, vote, KEEP) == {"geste": await day.last()}
    assert await told(day, alix, back, {}) == {"geste": await day.last()}
    assert await tally(day) == counted()


async def test_with_htmx_the_answer_is_ones_own_ballot(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, back = paths(day)
    alix = await day.browser(day.alix)
    (ballot,) = read(await block(day, alix, vote, KEEP)).children[:1]
    assert ballot["id"] == f"ballot-{day.card.id}-1"
    assert ballot.one(class_="gc-mine").text == "Votre vote : garder Retirer mon vote"
    (ballot,) = read(await block(day, alix, back, {})).children[:1]
    assert (ballot["id"], ballot.all(class_="gc-mine")) == (f"ballot-{day.card.id}-1", [])


async def test_a_new_vote_replaces_the_former_one(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    alix = await day.browser(day.alix)
    await alix.post(vote, data=KEEP)
    await alix.post(vote, data={"wording": "1", "choice": "drop", "reason": "Non."})
    assert await tally(day) == counted(drop=1)
    assert (await day.kinds())[-2:] == [Kind.VOTE_CAST, Kind.VOTE_CAST]


async def test_voting_the_same_twice_is_saying_it_twice_and_one_vote(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    alix, to = await day.browser(day.alix), f"/ateliers/{day.room.id}#card-{day.card.id}"
    for _ in range(2):
        await gesture(day, alix, vote, KEEP, to=to)
    assert await tally(day) == counted(keep=1)
    # Only a key tells that a sending is the same one, sent again.
    keyed = {**KEEP, "key": "k-1"}
    await gesture(day, alix, vote, keyed, to=to)
    last = await day.last()
    assert ((await alix.post(vote, data=keyed)).headers["x-geste"], await day.last()) == (str(last), last)


async def test_only_members_vote(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    for path in paths(day):
        await refused_outside_the_room(day, path, KEEP, observing=MEMBERS_ONLY)
        await refused(day, await day.browser(day.camille), path, KEEP, 403, MEMBERS_ONLY)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.VOTING])
async def test_one_votes_while_the_workshop_votes(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    reason = plain(f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible.")
    for path in paths(day):
        await refused(day, await day.browser(day.alix), path, KEEP, 409, reason)


@pytest.mark.parametrize("choice", ["rework", "drop"])
@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_missing_reason_is_asked_for_beside_its_field(
    database: Database, client: Browsers, choice: str, headers: dict[str, str]
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    before = await day.records()
    alix = await day.browser(day.alix)
    answer = await alix.post(vote, data={"wording": "1", "choice": choice, "reason": " "}, headers=headers)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"reason": WHY})
    assert ("<html" in answer.text) is not bool(headers)
    (opened,) = [more for more in page.all("details", class_="gc-ballot__more") if "open" in more.attributes]
    assert value(opened, "choice") == choice
    assert await day.records() == before


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_reason_that_is_too_long_comes_back_as_typed(
    database: Database, client: Browsers, headers: dict[str, str]
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    long = "Parce que « <b>ceci</b> » & cela. " * 20
    alix = await day.browser(day.alix)
    answer = await alix.post(vote, data={"wording": "1", "choice": "drop", "reason": long}, headers=headers)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"reason": "Cinq cents caractères au plus."})
    assert value(page.one("details", open=""), "reason") == long


@pytest.mark.parametrize(
    ("form", "champs"),
    [
        ({}, {"wording": "Ce champ est nécessaire."}),
        ({"wording": "1"}, {"choice": "Choisissez dans la liste."}),
        ({"wording": "un", "choice": "keep"}, {"wording": "Un nombre entier est attendu."}),
        ({"wording": "2", "choice": "keep"}, {"wording": "Cette rédaction n'existe pas."}),
        ({"wording": "0", "choice": "keep"}, {"wording": "Cette rédaction n'existe pas."}),
        ({"wording": "-" + "9" * 30, "choice": "keep"}, {"wording": "Cette rédaction n'existe pas."}),
        ({"wording": "9" * 30, "choice": "keep"}, {"wording": "Cette rédaction n'existe pas."}),
        ({"wording": "1", "choice": "maybe"}, {"choice": "Choisissez dans la liste."}),
        ({"wording": "1", "choice": "drop"}, {"reason": WHY}),
    ],
)
async def test_a_program_is_told_each_field_that_does_not_hold(
    database: Database, client: Browsers, form: dict[str, str], champs: dict[str, str]
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    before = await day.records()
    answer = await (await day.browser(day.alix)).post(vote, data=form, headers=JSON)
    assert answer.status_code == 422
    said = answer.json()
    assert (said["refus"], plain(said["raison"])) == ("a_corriger", "Il reste quelque chose à corriger.")
    assert {name: plain(sentence) for name, sentence in said["champs"].items()} == champs
    assert await day.records() == before


@in_both_places
async def test_the_same_key_twice_is_one_vote(database: Database, client: Browsers, place: str) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    other = {"wording": "1", "choice": "abstain"}
    await once(day, await day.browser(day.alix), place, vote, KEEP, other)
    assert await tally(day) == counted(keep=1)


async def test_two_people_may_use_the_same_key(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    for person in (day.alix, day.sacha):
        answer = await (await day.browser(person)).post(vote, data=KEEP, headers={**JSON, "idempotency-key": "k"})
        assert answer.json() == {"geste": await day.last()}
    assert await tally(day) == counted(keep=2)


# ── Take back


async def test_a_member_takes_a_vote_back(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, back = paths(day)
    alix = await day.browser(day.alix)
    await alix.post(vote, data=KEEP)
    await gesture(day, alix, back, {}, to=f"/ateliers/{day.room.id}#card-{day.card.id}")
    assert (await tally(day), (await day.kinds())[-1]) == (counted(), Kind.VOTE_TAKEN_BACK)


async def test_nothing_to_take_back_is_not_a_gesture(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    _, back = paths(day)
    before = await day.last()
    answer = await (await day.browser(day.alix)).post(back, headers=JSON)
    assert (answer.json(), answer.headers["x-geste"], await day.last()) == ({"geste": before}, str(before), before)


@in_both_places
async def test_the_same_key_twice_takes_back_once(database: Database, client: Browsers, place: str) -> None:
    day = await voting(database, client)
    vote, back = paths(day)
    alix = await day.browser(day.alix)
    await alix.post(vote, data=KEEP)
    await once(day, alix, place, back, {"wording": "1"}, {"wording": "2"})


# ── Confirm on a new wording


async def test_after_a_rewording_the_voter_reads_what_changed_and_confirms(
    database: Database, client: Browsers
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    alix, sacha = await day.browser(day.alix), await day.browser(day.sacha)
    await alix.post(vote, data={"wording": "1", "choice": "rework", "reason": "Trop vague."})
    before = day.card.sheet["definition"]
    await day.reword(f"{before} Sans les brouillons.", by=day.sacha)
    assert await tally(day) == counted(earlier=1)

    room = read(await alix.get(f"/ateliers/{day.room.id}"))
    ballot = room.one(id=f"ballot-{day.card.id}-2")
    asked = "Le texte a changé depuis votre vote « retravailler » sur la rédaction 1."
    assert ballot.one(class_="gc-again__title").text == asked
    assert [added.text for added in ballot.all("ins")] == ["[ajouté : Sans les brouillons. ]"]
    assert ballot.all("del") == []
    assert read(await sacha.get(f"/ateliers/{day.room.id}")).all(class_="gc-again") == []

    confirm = ballot.one(class_="gc-again__actions").all("form")[0]
    form = {name: value(confirm, name) for name in ("wording", "choice", "reason")}
    assert form == {"wording": "2", "choice": "rework", "reason": "Trop vague."}
    answer = await block(day, alix, confirm["action"], form)
    assert read(answer).all(class_="gc-again") == []
    assert (await day.kinds())[-1] is Kind.VOTE_CONFIRMED
    assert await tally(day) == counted(rework=1)


async def test_the_earlier_vote_may_be_changed_or_taken_back(database: Database, client: Browsers) -> None:
    day = await voting(database, client)
    vote, back = paths(day)
    alix, sacha = await day.browser(day.alix), await day.browser(day.sacha)
    for browser in (alix, sacha):
        await browser.post(vote, data=KEEP)
    await day.reword()
    await alix.post(vote, data={"wording": "2", "choice": "drop", "reason": "Non."})
    await sacha.post(back)
    assert (await day.kinds())[-2:] == [Kind.VOTE_CAST, Kind.VOTE_TAKEN_BACK]
    assert await tally(day) == counted(drop=1)


async def test_a_vote_on_a_text_that_had_changed_is_asked_again_with_the_difference(
    database: Database, client: Browsers
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    alix, before = await day.browser(day.alix), day.card.sheet["definition"]
    await day.reword(f"{before} Sans les brouillons.")
    kept = await day.records()
    sentence = "Le texte a changé avant votre vote : lisez ce qui a changé, puis confirmez ou changez d'avis."

    page = await alix.post(vote, data=KEEP)
    assert (page.status_code, read(page).one(class_="fr-alert").text) == (
        409,
        f"Rien n'est perdu, mais rien n'est compté {sentence}",
    )
    screen = await alix.post(vote, data=KEEP, headers=HTMX)
    assert screen.status_code == 409
    for answer in (page, screen):
        ballot = read(answer).one(id=f"ballot-{day.card.id}-2")
        assert [added.text for added in ballot.all("ins")] == ["[ajouté : Sans les brouillons. ]"]
        asked = "Le texte a changé avant votre vote « garder », qui n'est pas compté :"
        assert ballot.one(class_="gc-again__title").text == asked
    told = await alix.post(vote, data=KEEP, headers=JSON)
    assert (told.status_code, told.json()["refus"], plain(told.json()["raison"])) == (409, "pas_maintenant", sentence)
    assert (told.json()["redaction"], told.json()["redaction_lue"]) == (2, 1)
    (changed,) = told.json()["ecarts"]
    assert (changed["champ"], changed["avant"]) == ("definition", before)
    assert changed["apres"].split() == f"{before} Sans les brouillons.".split()
    assert await day.records() == kept

    confirm = read(page).one(class_="gc-again__actions").all("form")[0]
    form = {name: value(confirm, name) for name in ("wording", "round", "choice")}
    await gesture(day, alix, vote, form, to=f"/ateliers/{day.room.id}#card-{day.card.id}")
    assert await tally(day) == counted(keep=1)


async def test_a_vote_that_waited_for_the_network_is_for_the_text_one_was_reading(
    database: Database, client: Browsers, clock: Clock
) -> None:
    day = await voting(database, client)
    vote, _ = paths(day)
    clock.advance(minutes=10)
    await day.reword()
    clock.advance(minutes=1)
    answer = await (await day.browser(day.alix)).post(vote, data=KEEP, headers={**JSON, "x-attente": "61000"})
    assert answer.status_code == 200
    assert await tally(day) == counted(earlier=1)


async def test_each_reads_their_own_reason_in_a_ballot_drawn_for_all_who_chose_alike(
    database: Database, client: Browsers
) -> None:
    """The ballot is drawn once, its reason put in its place: nobody is shown another's, and no mark-up passes."""
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    text = await card(database, room)
    reasons = {"Alix": '<b>Trop vague</b> & "flou"', "Sacha": "Rien à compter.", "Noé": "", "Lou": None}
    shown = {}
    for name, reason in reasons.items():
        browser = await signed_in(client, await member_of(database, room, name=name))
        if reason is not None:
            form = {"wording": "1", "choice": "drop" if reason else "keep", "reason": reason}
            answer = await browser.post(f"/indicateurs/{text.id}/vote", data=form, headers={"hx-request": "true"})
            assert answer.status_code == 200
            assert [answer.text.count(str(escape(other))) for other in reasons.values() if other] == [
                2 if other == reason else 0 for other in reasons.values() if other
            ]
        shown[name] = browser
    for name, browser in shown.items():
        for path in (f"/ateliers/{room.id}", f"/indicateurs/{text.id}/bulletin"):
            page = (await browser.get(path)).text
            assert "\0" not in page
            assert "<b>Trop vague" not in page
            assert [page.count(str(escape(other))) for other in reasons.values() if other] == [
                2 if other == reasons[name] else 0 for other in reasons.values() if other
            ]


async def test_a_reason_stays_that_of_the_lab_one_spoke_for(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice="drop", reason="Non.", by=day.alix)
    await act(database, agenda.join, day.room.id, name="Alix", lab="siilab", by=day.alix)
    page = read(await client().get(f"/indicateurs/{day.card.id}")).one(id=f"reasons-{day.card.id}")
    assert page.one("li").text == "Écarter Non. Ti Lab"
