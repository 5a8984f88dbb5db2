"""Rights: nobody acts in a workshop that is not theirs, and what does not exist is not found."""

from server.database import Database
from tests.cast import Browsers, facilitator, member_of, signed_in, somebody, workshop
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import FORMS, GESTURES, PAGES, UNKNOWN, address, everything
from tests.server.pages.reading import read
from workshops.agenda import Stage
from workshops.people import Role

# Who holds the code comes in; a link says nothing of whether it ever opened.
LINKS = {"signin.by_link", "mailbox.confirm", "mailbox.enter"}
OPEN = {"workshops.join", *LINKS}
FOR_MEMBERS = {"workshops.screen", "indicators.new", "indicators.ballot", "indicators.edit", "frameworks.prepare"}
ON_SOMETHING = [route for route in GESTURES if route.param_convertors and route.name not in OPEN]


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
    answers = {route.name: (await alix.get(world.at(route))).status_code for route in about_one}
    assert {name for name, status in answers.items() if status == 403} == FOR_MEMBERS
    assert {status for name, status in answers.items() if name not in FOR_MEMBERS} == {200}


async def test_what_does_not_exist_is_not_found(database: Database, client: Browsers) -> None:
    everyone = await somebody(database, "Tout le monde", Role.FACILITATOR, Role.PUBLISHER, Role.MODERATOR)
    browser = await signed_in(client, everyone)
    found: dict[tuple[str, str], int] = {}
    for route in PAGES + GESTURES:
        if route.param_convertors and route.name not in LINKS:
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
