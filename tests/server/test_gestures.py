"""Gestures: the answer to a form, for a page, for htmx and for a program."""

import pytest
from starlette.requests import Request

from server import gestures
from server.database import Database
from tests.cast import SHEET, Browsers, act, facilitator, signed_in, stranger, workshop
from tests.server.pages.day import HTMX, JSON, SIGN_IN
from tests.server.pages.everything import CITIZENS, FORMS, GESTURES, address, everything
from tests.server.pages.reading import plain, read
from workshops import agenda, indicators
from workshops.agenda import Stage
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal

# Signing out is nobody's gesture in a workshop; whoever holds a code may sit down without an account.
# Ways in and out: they are no gestures of a workshop.
WAYS = {"signin.out", "mailbox.ask", "mailbox.enter"}
ANYONE = {"workshops.join", "reviews.leave", *WAYS, *CITIZENS}


def asked(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", accept.encode())]})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_program_says_that_it_reads_json(accept: str, expected: bool) -> None:
    assert gestures.wants_json(asked(accept)) is expected


@pytest.mark.parametrize(
    ("refusal", "name", "status"),
    [
        (NotFound("Rien."), "introuvable", 404),
        (NotYours("Non."), "pas_permis", 403),
        (NotNow("Plus tard."), "pas_maintenant", 409),
        (NotThus({"a": "Ceci."}), "a_corriger", 422),
        (Refusal("Non."), "refus", 400),
    ],
)
def test_each_refusal_has_its_name_and_its_status(refusal: Refusal, name: str, status: int) -> None:
    answer = gestures.as_json(refusal)
    assert answer.status_code == status
    assert f'"refus":"{name}"'.encode() in answer.body


def test_the_sentence_of_a_refusal_is_filled_after_translation() -> None:
    refusal = NotNow("L'étape « {stage} » : {who}.", stage=Stage.VOTING.label, who="{personne}")
    assert plain(gestures.sentence(refusal)) == "L'étape « Vote » : {personne}."
    wrong = NotThus({"version": "Au moins {version}."}, version="2.1.0")
    assert gestures.errors(wrong) == {"version": "Au moins 2.1.0."}


# ── Nobody is asking


async def test_a_page_asks_to_sign_in_and_comes_back(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    path = f"/ateliers/{world.day.room.id}/indicateurs/nouveau?famille=impact&vue=a b"
    answer = await client().get(path)
    assert answer.status_code == 303
    back = answer.headers["location"]
    assert back.startswith(f"/connexion?suite=/ateliers/{world.day.room.id}/indicateurs/nouveau%3Ffamille%3Dimpact%26")
    page = await client().get(back)
    assert (page.status_code, page.headers["location"].partition("?")[0]) == (303, "/demo/connexion/autoriser")


async def test_a_gesture_a_program_or_a_part_of_a_page_is_refused(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    before = await world.day.records()
    for route in GESTURES:
        if route.name in ANYONE:
            continue
        form = FORMS.get(route.name, {})
        page = await client().post(world.at(route), data=form)
        assert (route.name, page.status_code) == (route.name, 403)
        assert read(page).one(class_="gc-refusal").text == SIGN_IN
        assert {"/connexion", "/rejoindre"} <= {link["href"] for link in read(page).one("main").all("a")}
        screen = await client().post(world.at(route), data=form, headers=HTMX)
        assert (screen.status_code, screen.headers["hx-retarget"], read(screen).text) == (403, "#notice", SIGN_IN)
        program = await client().post(world.at(route), data=form, headers=JSON)
        assert (program.status_code, program.json()) == (403, {"refus": "pas_permis", "raison": SIGN_IN})
    assert await world.day.records() == before
    for headers in (HTMX, JSON):
        answer = await client().get(f"/ateliers/{world.day.room.id}/ecran", headers=headers)
        assert answer.status_code == 403


async def test_a_gesture_kept_by_a_browser_is_made_in_nobody_elses_name(database: Database, client: Browsers) -> None:
    """`X-Personne` says whose gesture it is: who asks now may be somebody else, or nobody."""
    world = await everything(database, client)
    day = world.day
    before = await day.records()
    kept = {**JSON, "x-personne": day.alix.id}
    for route in GESTURES:
        if route.name in ANYONE:
            continue
        for browser in (await day.browser(day.sacha), client()):
            answer = await browser.post(world.at(route), data=FORMS.get(route.name, {}), headers=kept)
            said = (route.name, answer.status_code, plain(answer.json()["raison"]))
            assert said == (
                route.name,
                401,
                "Cette page a été ouverte par une personne qui n'est plus connectée. Rechargez-la.",
            )
    assert await day.records() == before
    vote = {"wording": "2", "choice": "keep"}
    hers = await (await day.browser(day.alix)).post(f"/indicateurs/{day.card.id}/vote", data=vote, headers=kept)
    assert (hers.status_code, hers.json()) == (200, {"geste": await day.last()})


async def test_htmx_that_asks_for_a_whole_page_gets_one(database: Database, client: Browsers) -> None:
    headers = {**HTMX, "hx-request-type": "full"}
    answer = await client().get("/laboratoires/lab-imaginaire", headers=headers)
    assert (answer.status_code, "<html" in answer.text, "hx-retarget" in answer.headers) == (404, True, False)


# ── The key of a sending


@pytest.mark.parametrize("place", ["header", "field"])
async def test_a_key_has_a_hundred_characters_at_most(database: Database, client: Browsers, place: str) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    browser = await signed_in(client, camille)
    for length, status in ((100, 200), (101, 422)):
        key = "k" * length
        headers = {**JSON, "idempotency-key": key} if place == "header" else JSON
        form = {"stage": "voting"} if place == "header" else {"stage": "voting", "key": key}
        answer = await browser.post(f"/ateliers/{room.id}/etape", data=form, headers=headers)
        assert (length, answer.status_code) == (length, status)
    assert answer.json()["champs"] == {"key": "Cent caractères au plus."}


async def test_the_order_of_the_fields_does_not_make_another_sending(database: Database, client: Browsers) -> None:
    day = (await everything(database, client)).day
    alix = await day.browser(day.alix)
    headers = {**JSON, "idempotency-key": "k"}
    path = f"/indicateurs/{day.card.id}/avis"
    one = await alix.post(path, data={"field": "libelle", "text": "Bien."}, headers=headers)
    other = await alix.post(path, data={"text": "Bien.", "field": "libelle"}, headers=headers)
    elsewhere = await alix.post(
        f"/indicateurs/{day.card.id}/vote", data={"wording": "2", "choice": "keep"}, headers=headers
    )
    assert (one.json(), other.json(), elsewhere.status_code) == ({"geste": await day.last()}, one.json(), 422)


async def test_a_refused_sending_may_be_sent_again_under_the_same_key(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    browser = await signed_in(client, camille)
    headers = {**JSON, "idempotency-key": "k"}
    path = f"/rejoindre/{room.code}"
    refused = await browser.post(path, data={"name": "", "lab": ""}, headers=headers)
    accepted = await browser.post(path, data={"name": "Camille", "lab": "ti-lab"}, headers=headers)
    assert (refused.status_code, accepted.status_code, accepted.json()["geste"]) == (422, 200, 2)


# ── The gesture's number


async def test_every_gesture_says_its_number(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    day = world.day
    await day.move(Stage.PROPOSING)
    gone, merged, halved = [
        await act(database, indicators.propose, day.room.id, SHEET, by=day.alix) for _ in range(3)
    ]
    leaving = {"indicators.withdraw": gone.id, "lineage.merge": merged.id, "lineage.split": halved.id}
    await day.move(Stage.VOTING)
    by = {
        "lineage.merge": day.camille,
        "lineage.split": day.camille,
        "workshops.join": await stranger(database, "Une autre"),
        "workshops.move": day.camille,
        "comments.hide": day.camille,
        "releases.prepare": day.dominique,
    }
    only_when = {"indicators.propose": Stage.PROPOSING, "indicators.withdraw": Stage.DISCUSSING}
    instead = {
        "workshops.move": {"stage": "preparing"},
        "indicators.reword": {**SHEET, "base": "2"},
        "votes.cast": {"wording": "3", "choice": "keep"},  # after the rewording
        "lineage.merge": {"into": world.ids["indicator"], "because": "Un doublon."},
        "releases.prepare": {
            "decision-ACT-02": "keep",
            "because-ACT-02": "Urgent.",
            "reason-others": "Personne n'en a parlé.",
        },
    }
    other = ("workshops.convene", "releases.prepare_patch")
    nouns = ("workshops.", "indicators.", "comments.", "votes.", "releases.prepare", "lineage.")
    routes = [route for route in GESTURES if route.name.startswith(nouns) and route.name not in other]
    for route in sorted(routes, key=lambda route: route.name == "releases.prepare"):
        await day.move(Stage.CLOSED if route.name == "releases.prepare" else only_when.get(route.name, Stage.VOTING))
        ids = {**world.ids, "indicator": leaving.get(route.name, world.ids["indicator"])}
        form = instead.get(route.name, FORMS.get(route.name, {}))
        answer = await (await day.browser(by.get(route.name, day.alix))).post(address(route, ids), data=form)
        said = (route.name, answer.status_code, answer.headers.get("x-geste"))
        assert said == (route.name, 303, str(await day.last()))


async def test_two_workshops_do_not_share_their_numbers(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    rooms = [await workshop(database, by=camille) for _ in range(2)]
    browser = await signed_in(client, camille)
    for room in rooms:
        answer = await browser.post(f"/ateliers/{room.id}/etape", data={"stage": "voting"})
        assert answer.headers["x-geste"] == "2"
    await act(database, agenda.move, rooms[0].id, Stage.CLOSED, by=camille)
    answer = await browser.post(f"/ateliers/{rooms[1].id}/etape", data={"stage": "closed"})
    assert answer.headers["x-geste"] == "3"
