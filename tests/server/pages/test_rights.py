"""Rights: nobody acts in a workshop that is not theirs, and what does not exist is not found."""

from contextlib import suppress

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from scripts import rights
from server.access import Who
from server.database import Database
from server.routes import ACCESS, ROUTES
from tests.browser import serving
from tests.cast import Browsers, account, facilitator, member_of, signed_in, somebody, workshop
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import CITIZENS, FORMS, GESTURES, PAGES, UNKNOWN, World, address, everything
from tests.server.pages.reading import read
from workshops import agenda, indicators, memberships, people
from workshops.agenda import Stage
from workshops.people import Role

# Who holds the code, or the key, comes in; a link says nothing of whether it ever opened.
LINKS = {"signin.by_link", "mailbox.confirm", "mailbox.enter"}
OPEN = {"workshops.join", "reviews.leave", *LINKS, *CITIZENS}
# For whoever has an account, or is about one's own: a member of another workshop is like anybody there.
OWN = {"memberships.ask", "invitations.accept", "account.close", "account.remove_identity"}
ON_SOMETHING = [route for route in GESTURES if route.param_convertors and route.name not in OPEN | OWN]
CLOSED = {name for name, who in ACCESS.items() if who not in (Who.ANYONE, Who.SOMEBODY)}


# ── The table: every address, everybody

ALLOWED: dict[Who, set[str]] = {
    Who.SOMEBODY: {"guest", "outsider", "observer", "member", "facilitator", "cofacilitator"}
    | {"account", "publisher", "moderator", "auditor", "referent", "neighbour", "asking"},
    Who.ACCOUNT: {"account", "referent", "neighbour", "asking", "cofacilitator"},
    Who.SEATED: {"observer", "member", "facilitator", "cofacilitator"},
    Who.PARTICIPANT: {"member", "facilitator", "cofacilitator"},
    Who.VOTER: {"member"},
    Who.LEADER: {"facilitator", "cofacilitator"},
    Who.FACILITATOR: {"facilitator"},
    Who.AUTHOR: {"member"},
    Who.DECIDER: {"member", "facilitator", "cofacilitator"},
    Who.AMENDER: {"member"},
    Who.CITER: {"member", "facilitator", "cofacilitator"},
    Who.OBJECTOR: {"member"},
    Who.ANSWERER: {"facilitator", "cofacilitator"},
    Who.CONVENER: {"facilitator"},
    Who.PUBLISHER: {"publisher"},
    Who.MODERATOR: {"publisher", "moderator"},
    Who.COLLEAGUE: {"referent"},
    Who.REFERENT: {"publisher", "referent"},
    Who.CONCERNED: {"publisher", "referent", "asking"},
    Who.COLLEAGUE: {"referent"},
    Who.JUDGE: {"publisher", "moderator", "referent"},
    Who.GIVER: {"publisher"},
}
ALLOWED[Who.ANYONE] = {"stranger", *ALLOWED[Who.SOMEBODY]}
# What is given in a workshop is its facilitator's to take back.
# Whoever is of a lab has a queue, that of their own lab.
EXCEPTIONS = {
    "invitations.withdraw": {"facilitator"},
    "moderation.index": {"publisher", "moderator", "referent", "neighbour"},
}
# What is not the right moment, or does not fit what is there, in this world: the right person is told so.
TOLD = {
    "surveys.open": {422},  # nothing was written
    "responses.own": {303},  # where one was
    "releases.prepare": {409, 422},  # the workshop still votes
    "releases.new": {200, 409},
    "releases.confirm": {409},  # the review has not ended
    "corrections.write": {422, 409},
    "releases.show": {200, 303},
    "results.ballots_json": {409},  # they are published at the closing
    "results.ballots_csv": {409},
    "indicators.withdraw": {303, 409},
    "indicators.reword": {303, 409},  # the text is another one since
    "indicators.propose": {409},  # one proposes before the vote
    "indicators.new": {200, 409},
    "lineage.merge": {422},  # into nothing
    "signin.start": {303},
    "comments.hide": {303, 409},
    "evidence.cite": {422},  # nothing of that name may be cited
    "evidence.choose_published": {404},  # no impact indicator is published
    "evidence.cite_published": {404},
    # One votes in this workshop, indicator by indicator.
    "consents.own": {409},
    "consents.give": {409},
    "consents.take_back": {409},
    "objections.state": {409},
    "handwritten.enter": {422},  # nothing was ticked
    "rules.announce": {409},  # the vote has opened
    "rules.open_round": {409},  # there is but one
    "workshops.join": {303},
    "signin.by_link": {400},
    "signin.back": {400},
    "mailbox.ask": {200, 429},  # so many links to one address
    "mailbox.confirm": {400},
    "mailbox.enter": {400, 429},
    "home.metrics": {404},
    "datasets.on_day": {404},  # nothing was there the day before
    "keys.public": {404},  # no key signs here
    "moderation.decide": {409},  # it is published already
    "moderation.mask": {303, 409},  # the text is another one since
    "memberships.name_referent": {303, 409},
    "memberships.decline": {303, 409},
    "invitations.accept": {303, 409},  # one link, one person
    "invitations.withdraw": {303, 409},
    "platform.withdraw_role": {303, 409},
    "testimonials.enter": {404},  # no such code
    "followups.appeal": {409},  # nobody refused it
}


async def everybody(world: World, client: Browsers) -> dict[str, httpx2.AsyncClient]:
    """A browser for each kind of person that there may be around a workshop."""
    day, database = world.day, world.day.database
    other = await workshop(database, Stage.VOTING, by=await facilitator(database, "Camille d'ailleurs"))
    cofacilitator, referent = await account(database, "Robin"), await account(database, "Yann")
    neighbour = await account(database, "Nour")
    async with database.transaction() as session:
        for room in (day.room, world.by_consent):
            await agenda.appoint(session, room.id, cofacilitator, by=day.camille)
        await memberships.enrol(session, referent, "ti-lab", Role.REFERENT, by=day.dominique)
        await memberships.enrol(session, neighbour, "siilab", Role.REFERENT, by=day.dominique)
    async with database.reading() as session:
        asking = await people.get(session, (await memberships.get(session, world.ids["membership"])).person_id)
    cast = {
        "guest": day.stranger,
        "outsider": await member_of(database, other),
        "observer": day.noor,
        "member": day.alix,
        "facilitator": day.camille,
        "cofacilitator": cofacilitator,
        "account": await account(database, "Anne"),
        "publisher": day.dominique,
        "moderator": await somebody(database, "Modeste", Role.MODERATOR),
        "auditor": await somebody(database, "Aude", Role.AUDITOR),
        "referent": referent,
        "neighbour": neighbour,  # answers for another lab
        "asking": asking,
    }
    return {"stranger": client(), **{name: await signed_in(client, person) for name, person in cast.items()}}


def allowed(route: Route) -> set[str]:
    return EXCEPTIONS.get(route.name, ALLOWED[ACCESS[route.name]])


async def knock(browser: httpx2.AsyncClient, route: Route, method: str, at: str) -> int:
    """The status; being sent to sign in is 401."""
    form = FORMS.get(route.name, {}) if method == "POST" else None
    answer = await browser.request(method, at, data=form)
    if answer.headers.get("location", "").startswith("/connexion?suite="):
        return 401
    return answer.status_code


async def test_the_table_has_every_address_and_every_kind_of_person() -> None:
    assert set(ACCESS) == {route.name for route in ROUTES if isinstance(route, Route | WebSocketRoute)}
    assert set(ALLOWED) == set(Who)
    assert set(TOLD) | set(EXCEPTIONS) <= set(ACCESS)


async def test_every_page_answers_those_it_is_for_and_nobody_else(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    browsers = await everybody(world, client)
    for route in PAGES:
        statuses = {name: await knock(browser, route, "GET", world.at(route)) for name, browser in browsers.items()}
        refused = {name for name, status in statuses.items() if status in (401, 403)}
        assert (route.name, refused) == (route.name, set(browsers) - allowed(route))
        welcome = TOLD.get(route.name, {200, 303})
        assert (route.name, {s for name, s in statuses.items() if name not in refused} - welcome) == (route.name, set())


@pytest.mark.parametrize("route", GESTURES, ids=lambda route: route.name)
async def test_every_gesture_is_open_to_those_it_is_for_and_to_nobody_else(
    database: Database, client: Browsers, route: Route
) -> None:
    world = await everything(database, client)
    browsers = await everybody(world, client)
    if ACCESS[route.name] in (Who.AUTHOR, Who.DECIDER):
        async with database.transaction() as session:
            (await indicators.get(session, world.ids["indicator"])).author_id = world.day.alix.id
    outside = set(browsers) - allowed(route)
    before = await world.day.records()
    refused = {name: await knock(browsers[name], route, "POST", world.at(route)) for name in sorted(outside)}
    assert {name: status for name, status in refused.items() if status not in (401, 403)} == {}
    assert await world.day.records() == before
    for name in sorted(allowed(route) - {"stranger"}) or ["stranger"]:
        status = await knock(browsers[name], route, "POST", world.at(route))
        assert (name, status, status in TOLD.get(route.name, {200, 303})) == (name, status, True)


async def test_the_socket_is_for_those_who_have_a_seat(
    app: Starlette, database: Database, client: Browsers
) -> None:
    world = await everything(database, client)
    browsers = await everybody(world, client)
    async with serving(app) as address:
        seated = set()
        for name, browser in browsers.items():
            cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
            room = f"{address.replace('http', 'ws')}/ateliers/{world.ids['workshop']}/direct?depuis=0"
            async with connect(
                room, origin=Origin(address), additional_headers={"Cookie": cookies} if cookies else {}
            ) as socket:
                with suppress(ConnectionClosed):
                    await socket.recv()
                    seated.add(name)
    assert seated == ALLOWED[ACCESS["socket.room"]]


def test_the_document_says_the_table() -> None:
    """`python -m scripts.rights` writes it again."""
    assert rights.PAGE.read_text() == rights.written()


# ── One's own workshop, and another


async def test_there_is_something_to_protect() -> None:
    assert {route.name for route in ON_SOMETHING} >= {"workshops.move", "votes.cast", "comments.hide"}


async def test_a_member_of_a_workshop_changes_nothing_in_another(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    camille = await facilitator(database, "Camille d'ailleurs")
    other = await workshop(database, Stage.VOTING, by=camille)
    alix = await member_of(database, other)
    before = await world.day.records()
    for person in (alix, camille):
        browser = await signed_in(client, person)
        for headers in ({}, HTMX, JSON):
            answers = {
                route.name: (await browser.post(world.at(route), data=FORMS.get(route.name, {}), headers=headers))
                for route in ON_SOMETHING
            }
            assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert await world.day.records() == before


async def test_a_member_of_a_workshop_reads_another_as_anyone_does(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    other = await workshop(database, Stage.VOTING, by=await facilitator(database, "Camille d'ailleurs"))
    alix = await signed_in(client, await member_of(database, other))
    about_one = [route for route in PAGES if route.param_convertors and route.name not in OPEN]
    assert {"indicators.edit", "workshops.screen"} <= CLOSED
    answers = {route.name: (await alix.get(world.at(route))).status_code for route in about_one}
    assert {name for name, status in answers.items() if status == 403} == CLOSED & set(answers)
    told = {name: status for name, status in answers.items() if name not in CLOSED}
    assert {name for name, status in told.items() if status not in TOLD.get(name, {200})} == set()


async def test_what_does_not_exist_is_not_found(database: Database, client: Browsers) -> None:
    everyone = await somebody(database, "Tout le monde", Role.FACILITATOR, Role.PUBLISHER, Role.MODERATOR)
    browser = await signed_in(client, everyone)
    found: dict[tuple[str, str], int] = {}
    for route in PAGES + GESTURES:
        if route.param_convertors and route.name not in LINKS | {"account.close", "account.remove_identity"}:
            method = "GET" if route in PAGES else "POST"
            form = FORMS.get(route.name, {}) if method == "POST" else None
            for headers in ({}, HTMX, JSON):
                answer = await browser.request(method, address(route, UNKNOWN), data=form, headers=headers)
                assert (route.name, method, answer.status_code) == (route.name, method, 404)
                found[route.name, method] = answer.status_code
                if headers is JSON:
                    assert answer.json()["refus"] == "introuvable"
    assert ("votes.cast", "POST") in found


async def test_an_address_nobody_answers_is_not_found(client: Browsers) -> None:
    browser = client()
    for path in ("/nulle-part", "/ateliers/PasUnIdentifiant", "/referentiel/deux", "/referentiel/2.0", "/avis/x"):
        page = await browser.get(path)
        assert (path, page.status_code) == (path, 404)
        assert read(page).one(class_="gc-refusal").text == "Cette page n'existe pas, ou plus."


async def test_an_address_answers_its_own_methods_alone(database: Database, client: Browsers) -> None:
    world = await everything(database, client)
    alix = await world.day.browser(world.day.alix)
    only_posts = {route.path for route in GESTURES} - {route.path for route in PAGES}
    answers = {route.name: await alix.get(world.at(route)) for route in GESTURES if route.path in only_posts}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 405)
    assert {answer.headers["allow"] for answer in answers.values()} == {"POST"}
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await alix.request(method, f"/ateliers/{world.day.room.id}")).status_code == 405
