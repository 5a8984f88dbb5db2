"""Workshops: convene, join, be in the room, move the stage, project, read the minutes."""

import asyncio
import re
from datetime import date
from typing import Any

import httpx2
import pytest

from server.database import Database
from server.settings import Settings
from tests.cast import (
    BY_CONSENT,
    Browsers,
    act,
    ask,
    cards,
    colleague,
    facilitator,
    member_of,
    publish,
    published,
    publisher,
    reread,
    signed_in,
    stranger,
    witness,
    workshop,
)
from tests.conftest import Clock
from tests.server.pages.day import (
    HTMX,
    JOIN_FIRST,
    JSON,
    OBSERVING,
    SIGN_IN,
    Day,
    begin,
    block,
    gesture,
    in_both_places,
    once,
    refused,
    told,
)
from tests.server.pages.everything import PAGES, everything
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import (
    agenda,
    amendments,
    attachments,
    comments,
    conclusions,
    contests,
    evidence,
    handwritten,
    indicators,
    journal,
    labs,
    lineage,
    models,
    rules,
    schedule,
    votes,
    world,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import ANNOUNCED, Choice, Rule
from workshops.handwritten import Ballot
from workshops.indicators import commitment_texts
from workshops.journal import Kind
from workshops.labs import Lab
from workshops.lines import Exceptional
from workshops.people import Role

FORM = {
    "title": "Atelier de novembre",
    "purpose": "Écrire la version 2.",
    "held_on": "2026-11-23",
    "prepares": "2.0.0",
    "start": "commitment",
}
FACILITATOR_ONLY = "Il faut pour cela le rôle « Animation »."
STAGE_IS_HERS = "Ce geste revient au rôle « Animation »."
CLOSED = "Cet atelier est clos : on peut encore le lire, plus le rejoindre."
THIRTY_DAYS = 30 * 24 * 3600


# ── The list


async def test_the_list_has_every_workshop_the_most_recent_first(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    asked = {"title": "Un", "purpose": "P", "prepares": "2.0.0", "start": Start.EMPTY, "by": camille}
    rooms = [await act(database, agenda.convene, held_on=date(2026, 11, day), **asked) for day in (3, 21, 12)]
    answer = await client().get("/ateliers")
    listed = [item.one("a")["href"] for item in read(answer).all("li", class_="gc-list__item")]
    assert (answer.status_code, listed) == (200, [f"/ateliers/{rooms[n].id}" for n in (1, 2, 0)])


async def test_only_a_facilitator_is_offered_to_open_one(database: Database, client: Browsers) -> None:
    for person, offered in ((None, 0), (await stranger(database), 0), (await facilitator(database), 1)):
        browser = await signed_in(client, person) if person else client()
        assert len(read(await browser.get("/ateliers")).all("a", href="/ateliers/nouveau")) == offered


async def test_an_empty_list_says_so(client: Browsers) -> None:
    assert "Aucun atelier pour l'instant" in read(await client().get("/ateliers")).one("main").text


# ── Convene


async def test_the_form_proposes_the_commitment_first(clock: Clock, database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    form = read(await camille.get("/ateliers/nouveau")).one("form", action="/ateliers")
    held = {name: value(form, name) for name in FORM}
    assert held == {**FORM, "title": "", "purpose": ""}
    assert value(form, "key") != ""
    assert [choice["value"] for choice in form.all("input", name="start")] == ["commitment", "empty"]


async def test_a_model_fills_the_form(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    page = read(await camille.get("/ateliers/nouveau"))
    offered = page.one("nav", class_="gc-models").all("a")
    assert [link["href"] for link in offered] == [f"/ateliers/nouveau?modele={name}" for name in models.known()]
    for link, model in zip(offered, models.known().values(), strict=True):
        page = read(await camille.get(link["href"]))
        form = page.one("form", action="/ateliers")
        held = {name: value(form, name) for name in ("title", "purpose", "schedule", "start")}
        assert held == {
            "title": model.title,
            "purpose": model.purpose,
            "schedule": model.schedule,
            "start": "commitment",
        }
        chosen = page.one("nav", class_="gc-models").one("a", **{"aria-current": "true"})
        assert chosen["href"] == link["href"]
    assert (await camille.get("/ateliers/nouveau?modele=inconnu")).status_code == 404


async def test_a_workshop_is_duplicated_with_its_schedule(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    first = await workshop(database, by=camille, start=Start.EMPTY, title="Atelier de mars")
    await act(database, schedule.write, first.id, "10 Accueil\n20 Vote", base=0, by=camille)
    leads = await signed_in(client, camille)
    link = f"/ateliers/nouveau?copie={first.id}"
    assert len(read(await leads.get(f"/ateliers/{first.id}")).all("a", href=link)) == 1
    form = read(await leads.get(link)).one("form", action="/ateliers")
    held = {name: value(form, name) for name in (*FORM, "schedule")}
    assert held == {
        **FORM,
        "title": "Atelier de mars",
        "start": "empty",
        "held_on": world.now().date().isoformat(),
        "schedule": "10 Accueil\n20 Vote",
    }
    answer = await leads.post("/ateliers", data=held)
    second = await ask(database, agenda.get, answer.headers["location"].rpartition("/")[2])
    assert (second.id != first.id, second.title, second.start) == (True, "Atelier de mars", Start.EMPTY)
    assert (await ask(database, schedule.day, second.id)).text == "10 Accueil\n20 Vote"
    assert (await leads.get("/ateliers/nouveau?copie=0nexistepas0")).status_code == 404


async def test_who_only_leads_with_somebody_is_not_offered_to_duplicate(database: Database, client: Browsers) -> None:
    camille, robin = await facilitator(database), await stranger(database)
    room = await workshop(database, by=camille)
    await act(database, agenda.appoint, room.id, robin, by=camille)
    page = await (await signed_in(client, robin)).get(f"/ateliers/{room.id}")
    assert "/deroule" in page.text
    assert "?copie=" not in page.text


async def test_a_workshop_opened_twice_with_a_schedule_is_one(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    sent = {**FORM, "schedule": "10 Accueil", "key": "k-1"}
    first, again = [await camille.post("/ateliers", data=sent) for _ in range(2)]
    room = await only_workshop(database)
    assert first.headers["location"] == again.headers["location"] == f"/ateliers/{room.id}"
    entries = await ask(database, journal.since, room.id, 0)
    assert [entry.kind for entry in entries] == [Kind.WORKSHOP_CONVENED, Kind.SCHEDULE_WRITTEN]


async def test_a_wrong_line_of_the_schedule_opens_nothing(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data={**FORM, "schedule": "Accueil"})
    assert (answer.status_code, list(errors(read(answer)))) == (422, ["schedule"])
    assert value(read(answer).one("form", action="/ateliers"), "schedule") == "Accueil"
    assert await ask(database, agenda.calendar) == []


async def test_once_a_version_is_published_the_form_proposes_the_next(database: Database, client: Browsers) -> None:
    await published(database)
    camille = await signed_in(client, await facilitator(database))
    form = read(await camille.get("/ateliers/nouveau")).one("form", action="/ateliers")
    assert (value(form, "prepares"), value(form, "start")) == ("2.1.0", "previous")
    assert [choice["value"] for choice in form.all("input", name="start")] == ["commitment", "previous", "empty"]


async def test_the_form_is_for_facilitators(database: Database, client: Browsers) -> None:
    answer = await client().get("/ateliers/nouveau")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=/ateliers/nouveau")
    for person in (await stranger(database), await publisher(database)):
        answer = await (await signed_in(client, person)).get("/ateliers/nouveau")
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, FACILITATOR_ONLY)


def cookies(answer: httpx2.Response) -> dict[str, tuple[str, str]]:
    """The cookies an answer sets: what each holds, and its attributes."""
    given = {}
    for cookie in answer.headers.get_list("set-cookie"):
        held, *attributes = cookie.split("; ")
        name, _, token = held.partition("=")
        given[name] = token, "; ".join(sorted(attribute.lower() for attribute in attributes))
    return given


async def only_workshop(database: Database) -> Workshop:
    (found,) = await ask(database, agenda.calendar)
    return found


async def test_a_facilitator_opens_a_workshop(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data=FORM)
    room = await only_workshop(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ateliers/{room.id}")
    assert answer.headers["x-geste"] == "1"
    assert (room.title, room.purpose, room.held_on, room.prepares, room.start, room.stage) == (
        "Atelier de novembre",
        "Écrire la version 2.",
        date(2026, 11, 23),
        "2.0.0",
        Start.COMMITMENT,
        Stage.PREPARING,
    )


async def test_a_workshop_starts_from_the_commitment(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    await camille.post("/ateliers", data=FORM)
    table = await cards(database, await only_workshop(database))
    assert {code: card.sheet for code, card in table.items()} == dict(commitment_texts())


async def test_a_workshop_starts_from_a_blank_page(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    await camille.post("/ateliers", data={**FORM, "start": "empty"})
    assert await cards(database, await only_workshop(database)) == {}


async def test_a_workshop_starts_from_the_last_version(database: Database, client: Browsers) -> None:
    version = await published(database)
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data={**FORM, "start": "previous"}, headers=JSON)
    room = await ask(database, agenda.get, answer.json()["atelier"])
    table = await cards(database, room)
    assert {code: card.sheet for code, card in table.items()} == version.sheets


async def test_a_program_opens_a_workshop(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data=FORM, headers=JSON)
    room = await only_workshop(database)
    assert (answer.status_code, answer.json()) == (200, {"geste": 1, "atelier": room.id})


async def test_nobody_else_opens_a_workshop(database: Database, client: Browsers) -> None:
    nobody = await client().post("/ateliers", data=FORM, headers=JSON)
    assert (nobody.status_code, nobody.json()) == (403, {"refus": "pas_permis", "raison": SIGN_IN})
    for person in (await stranger(database), await publisher(database)):
        browser = await signed_in(client, person)
        page = await browser.post("/ateliers", data=FORM)
        assert (page.status_code, read(page).one(class_="gc-refusal").text) == (403, FACILITATOR_ONLY)
        program = await browser.post("/ateliers", data=FORM, headers=JSON)
        assert (program.status_code, program.json()["refus"]) == (403, "pas_permis")
    assert await ask(database, agenda.calendar) == []


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"title": " "}, {"title": "Donnez un titre à l'atelier."}),
        ({"title": "x" * 121}, {"title": "Cent vingt caractères au plus."}),
        ({"purpose": ""}, {"purpose": "Dites en une phrase à quoi sert l'atelier."}),
        ({"purpose": "x" * 1001}, {"purpose": "Mille caractères au plus."}),
        ({"held_on": "demain"}, {"held_on": "Une date s'écrit 2026-11-23."}),
        ({"held_on": "2026-02-30"}, {"held_on": "Une date s'écrit 2026-11-23."}),
        ({"prepares": "2"}, {"prepares": "Un numéro de version s'écrit 2.0.0."}),
        (
            {"prepares": "1.0.0"},
            {"prepares": "Le référentiel de 2019 est la version 1 : la première publiée ici est 2.0.0."},
        ),
        ({"start": "ailleurs"}, {"start": "Choisissez dans la liste."}),
    ],
)
async def test_what_does_not_hold_comes_back_beside_its_field(
    database: Database, client: Browsers, changed: dict[str, str], wrong: dict[str, str]
) -> None:
    camille = await signed_in(client, await facilitator(database))
    form = {**FORM, "title": "Un <titre> & « deux »", **changed}
    answer = await camille.post("/ateliers", data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    shown = page.one("form", action="/ateliers")
    typed = form if form["start"] == "commitment" else {**form, "start": ""}
    assert {name: value(shown, name) for name in form} == typed
    program = await camille.post("/ateliers", data=form, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (422, "a_corriger")
    assert {name: plain(sentence) for name, sentence in program.json()["champs"].items()} == wrong
    assert await ask(database, agenda.calendar) == []


async def test_a_form_sent_twice_opens_one_workshop(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    key = value(read(await camille.get("/ateliers/nouveau")).one("form", action="/ateliers"), "key")
    answers = [await camille.post("/ateliers", data={**FORM, "key": key}) for _ in range(2)]
    room = await only_workshop(database)
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [
        (303, f"/ateliers/{room.id}")
    ] * 2
    wrong = read(await camille.post("/ateliers", data={**FORM, "title": ""}))
    assert value(wrong.one("form", action="/ateliers"), "key") not in ("", key)


async def test_a_form_sent_many_times_at_once_opens_one_workshop(database: Database, client: Browsers) -> None:
    """Each that comes after the first is the same sending, or is told that the first is under way."""
    camille = await signed_in(client, await facilitator(database))
    answers = await asyncio.gather(*(camille.post("/ateliers", data={**FORM, "key": "k-1"}) for _ in range(8)))
    room = await only_workshop(database)
    late = [answer for answer in answers if answer.status_code != 303]
    assert {answer.headers["location"] for answer in answers if answer not in late} == {f"/ateliers/{room.id}"}
    reason = "Cet envoi est déjà en cours : l'atelier va apparaître dans la liste."
    assert [(answer.status_code, read(answer).one(class_="gc-refusal").text) for answer in late] == [
        (409, reason)
    ] * len(late)


async def test_there_is_no_last_version_to_start_from_yet(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data={**FORM, "start": "previous"})
    assert answer.status_code == 422
    assert errors(read(answer)) == {
        "start": "Aucune version n'est encore publiée : partez de l'engagement ou d'une page blanche."
    }
    assert await ask(database, agenda.calendar) == []


@in_both_places
async def test_the_same_key_twice_opens_one_workshop(database: Database, client: Browsers, place: str) -> None:
    camille = await signed_in(client, await facilitator(database))
    said, headers = FORM, dict(JSON)
    if place == "header":
        headers["idempotency-key"] = "k-1"
    else:
        said = {**FORM, "key": "k-1"}
    answers = [await camille.post("/ateliers", data=said, headers=headers) for _ in range(2)]
    room = await only_workshop(database)
    assert [answer.json() for answer in answers] == [{"geste": 1, "atelier": room.id}] * 2
    other = await camille.post("/ateliers", data={**said, "title": "Autre"}, headers=headers)
    assert (other.status_code, set(other.json()["champs"])) == (422, {"key"})
    assert await only_workshop(database) == room


# ── The door


async def test_the_door_asks_for_the_code(client: Browsers) -> None:
    form = read(await client().get("/rejoindre")).one("form")
    assert (form["action"], form["method"], value(form, "code")) == ("/rejoindre", "get", "")


async def test_a_code_typed_in_any_way_opens_the_door(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    for typed in (room.code, room.code.lower(), f" {room.code[:3]} {room.code[3:]} "):
        answer = await client().get("/rejoindre", params={"code": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/rejoindre/{room.code}")


async def test_a_wrong_code_comes_back_as_typed(client: Browsers) -> None:
    answer = await client().get("/rejoindre", params={"code": 'zz"<b>'})
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"code": "Aucun atelier ne porte ce code."})
    assert value(page.one("form"), "code") == 'zz"<b>'
    program = await client().get("/rejoindre", params={"code": "zzzzzz"}, headers=JSON)
    assert (program.status_code, program.json()["champs"]) == (422, {"code": "Aucun atelier ne porte ce code."})


# ── Join


async def test_one_joins_with_a_first_name_and_a_lab(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    answer = await client().get(f"/rejoindre/{room.code}")
    form = read(answer).one("form", action=f"/rejoindre/{room.code}")
    assert (answer.status_code, value(form, "name"), value(form, "lab")) == (200, "", "")
    directory = await ask(database, labs.directory)
    assert [option["value"] for option in form.all("option")] == ["", *(lab.slug for lab in directory)]
    assert set(cookies(answer)) == {"door"}


async def test_a_guest_sits_down_and_is_remembered_on_the_device(database: Database, client: Browsers) -> None:
    room = await workshop(database, Stage.PROPOSING, by=await facilitator(database))
    phone = client()
    answer = await phone.post(f"/rejoindre/{room.code}", data={"name": " Alix  M. ", "lab": "ti-lab"})
    last = (await reread(database, room)).gestures
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ateliers/{room.id}")
    assert answer.headers["x-geste"] == str(last)
    given = cookies(answer)
    assert {name: attributes for name, (_, attributes) in given.items()} == {
        "session": f"httponly; max-age={THIRTY_DAYS}; path=/; samesite=lax",
        "door": "httponly; max-age=0; path=/; samesite=lax",
    }
    assert (len(given["session"][0]), given["door"][0]) == (43, '""')
    assert answer.headers["cache-control"] == "no-store"
    page = read(await phone.get(f"/ateliers/{room.id}"))
    assert page.one(id="room")["data-seat"] == "member"
    assert "Vous : Alix M., participation" in page.text


async def test_a_member_who_scans_again_is_in_the_room(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    for person in (day.alix, day.noor, day.camille):
        answer = await (await day.browser(person)).get(f"/rejoindre/{day.room.code}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/ateliers/{day.room.id}")
    asked = await (await day.browser(day.alix)).get(f"/rejoindre/{day.room.code}?changer=oui")
    form = read(asked).one("form", action=f"/rejoindre/{day.room.code}")
    assert (value(form, "name"), value(form, "lab")) == ("Alix", "ti-lab")


async def test_joining_again_as_before_is_no_gesture_and_otherwise_says_so(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client)
    alix, path, last = await day.browser(day.alix), f"/rejoindre/{day.room.code}", await day.last()
    again = await alix.post(path, data={"name": " Alix ", "lab": "ti-lab"})
    assert (again.status_code, again.headers["location"]) == (303, f"/ateliers/{day.room.id}")
    assert (again.headers["x-geste"], await day.last()) == (str(last), last)
    to = f"/ateliers/{day.room.id}"
    await gesture(day, alix, path, {"name": "Alix", "lab": "siilab"}, to=to)
    await gesture(day, alix, path, {"name": "Alix M.", "lab": "siilab"}, to=to)
    assert (await day.kinds())[-2:] == [Kind.MEMBER_CHANGED, Kind.MEMBER_CHANGED]


async def test_the_doorstep_names_a_browser_that_is_nobody_for_an_hour(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path, phone = f"/rejoindre/{day.room.code}", client()
    first = await phone.get(path)
    token, attributes = cookies(first)["door"]
    assert (len(token), attributes) == (43, "httponly; max-age=3600; path=/; samesite=lax")
    assert first.headers["cache-control"] == "no-store"
    assert cookies(await phone.get(path)) == {}  # the same browser keeps its name
    assert cookies(await (await day.browser(day.stranger)).get(path)) == {}  # somebody has one already
    assert cookies(await client().get("/rejoindre")) == {}


async def test_the_doorstep_of_strangers_says_what_is_so_now(database: Database, client: Browsers) -> None:
    """It is drawn once for all of them, until something on it changes."""
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    first, second = [(await client().get(f"/rejoindre/{room.code}")).text for _ in range(2)]
    assert first == second
    async with database.transaction() as session:
        session.add(Lab(slug="neuf", name="Un labo neuf"))
    assert "Un labo neuf" in (await client().get(f"/rejoindre/{room.code}")).text
    await act(database, agenda.move, room.id, Stage.CLOSED, by=camille)
    assert "Cet atelier est clos" in (await client().get(f"/rejoindre/{room.code}")).text


async def test_behind_tls_the_cookie_is_for_this_host_alone(
    database: Database, settings: Settings, app: Any, client: Browsers
) -> None:
    app.state.settings = settings.model_copy(update={"public_url": "https://grille.example"})
    room = await workshop(database, by=await facilitator(database))
    answer = await client().post(f"/rejoindre/{room.code}", data={"name": "Alix", "lab": "ti-lab"})
    assert {name: attributes for name, (_, attributes) in cookies(answer).items()} == {
        "__Host-session": f"httponly; max-age={THIRTY_DAYS}; path=/; samesite=lax; secure",
        "__Host-door": "httponly; max-age=0; path=/; samesite=lax; secure",
    }


async def test_without_a_lab_one_observes(database: Database, client: Browsers) -> None:
    room = await workshop(database, Stage.PROPOSING, by=await facilitator(database))
    phone = client()
    await phone.post(f"/rejoindre/{room.code}", data={"name": "Noor", "lab": ""})
    page = read(await phone.get(f"/ateliers/{room.id}"))
    assert page.one(id="room")["data-seat"] == "observer"
    assert "Vous : Noor, observation" in page.text


async def test_joining_again_changes_ones_lab_and_keeps_one_seat(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    phone = client()
    first = await phone.post(f"/rejoindre/{room.code}", data={"name": "Noor", "lab": ""})
    again = await phone.post(f"/rejoindre/{room.code}", data={"name": "Noor B.", "lab": "siilab"})
    assert (set(cookies(first)), set(cookies(again))) == ({"session", "door"}, set())
    seats = [
        (seat.name, seat.lab_slug)
        for seat in (await ask(database, attachments.members, room.id)).values()
        if seat.role is not Role.FACILITATOR
    ]
    assert seats == [("Noor B.", "siilab")]


async def test_somebody_signed_in_joins_as_themselves(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    dominique = await publisher(database)
    browser = await signed_in(client, dominique)
    form = read(await browser.get(f"/rejoindre/{room.code}")).one("form", action=f"/rejoindre/{room.code}")
    assert value(form, "name") == "Dominique"
    await browser.post(f"/rejoindre/{room.code}", data={"name": "Dominique", "lab": "ti-lab"})
    assert dominique.id in await ask(database, attachments.members, room.id)


async def test_a_program_joins(database: Database, client: Browsers) -> None:
    room = await workshop(database, by=await facilitator(database))
    answer = await client().post(f"/rejoindre/{room.code}", data={"name": "Alix", "lab": "ti-lab"}, headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {"geste": 2, "atelier": room.id})
    assert set(cookies(answer)) == {"session", "door"}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"name": " ", "lab": "ti-lab"}, {"name": "Indiquez votre prénom."}),
        ({"name": "<b>" * 21, "lab": "ti-lab"}, {"name": "Soixante caractères au plus."}),
        ({"name": "Alix", "lab": "lab-imaginaire"}, {"lab": "Choisissez votre laboratoire dans la liste."}),
    ],
)
async def test_a_name_or_a_lab_that_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, form: dict[str, str], wrong: dict[str, str]
) -> None:
    room = await workshop(database, by=await facilitator(database))
    answer = await client().post(f"/rejoindre/{room.code}", data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    shown = page.one("form", action=f"/rejoindre/{room.code}")
    assert (value(shown, "name"), "set-cookie" in answer.headers) == (form["name"], False)
    assert value(shown, "lab") == (form["lab"] if form["lab"] == "ti-lab" else "")
    assert (await reread(database, room)).gestures == 1
    program = await client().post(f"/rejoindre/{room.code}", data=form, headers=JSON)
    assert (program.status_code, program.json()["champs"]) == (422, wrong)


async def test_an_unknown_code_opens_nothing(client: Browsers) -> None:
    for answer in (
        await client().get("/rejoindre/ZZZZZZ"),
        await client().post("/rejoindre/ZZZZZZ", data={"name": "Alix"}),
    ):
        said = read(answer).one(class_="gc-refusal").text
        assert (answer.status_code, said) == (404, "Aucun atelier ne porte ce code.")


async def test_a_closed_workshop_is_read_not_joined(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.CLOSED)
    path = f"/rejoindre/{day.room.code}"
    page = read(await client().get(path))
    assert page.one("main").all("form") == []
    assert page.one(class_="fr-alert").text == f"{CLOSED} Le lire"
    await refused(day, client(), path, {"name": "Tard", "lab": "ti-lab"}, 409, CLOSED)


@in_both_places
async def test_the_same_key_twice_is_one_seat_taken(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    form, other = {"name": "Inconnu", "lab": "ti-lab"}, {"name": "Inconnu", "lab": "siilab"}
    await once(day, await day.browser(day.stranger), place, f"/rejoindre/{day.room.code}", form, other)


# ── The room


def offered(page: Element) -> dict[str, bool]:
    """What the room offers: each is a part of the page a viewer has or has not."""
    return {
        "live": "hx-ws:connect" in page.one(id="room").attributes,
        "moves": bool(page.all("form", class_="gc-moves")),
        "code": bool(page.all(class_="gc-code")),
        "publish": any(link["href"].endswith("/referentiel") for link in page.one("aside", class_="gc-side").all("a")),
    }


@pytest.mark.parametrize(
    ("who", "seat", "parts"),
    [
        ("alix", "member", {"live", "code"}),
        ("noor", "observer", {"live", "code"}),
        ("camille", "facilitator", {"live", "code", "moves"}),
        ("dominique", "none", {"publish"}),
        ("stranger", "none", set()),
        ("nobody", "none", set()),
    ],
)
async def test_the_room_as_each_one_sees_it(
    database: Database, client: Browsers, who: str, seat: str, parts: set[str]
) -> None:
    day = await begin(database, client)
    browser = await day.browser(getattr(day, who, None))
    answer = await browser.get(f"/ateliers/{day.room.id}")
    page = read(answer)
    assert (answer.status_code, page.one(id="room")["data-seat"]) == (200, seat)
    assert {name for name, has in offered(page).items() if has} == parts
    assert len(page.all("article", class_="gc-card")) == 19
    assert page.one(id="stage")["data-stage"] == "discussing"
    assert page.one("div", **{"data-geste": str(await day.last())}).text == ""


async def test_a_members_room_is_live_from_the_gesture_it_shows(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    page = read(await (await day.browser(day.alix)).get(f"/ateliers/{day.room.id}"))
    assert page.one(id="room")["hx-ws:connect"] == f"/ateliers/{day.room.id}/direct?depuis={await day.last()}"


async def test_the_room_shows_families_in_order_and_what_was_said(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await day.say()
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.alix)
    page = read(await client().get(f"/ateliers/{day.room.id}"))
    families = [title.text for title in page.all("h2", class_="gc-family__title")]
    assert families == ["Activité 7", "Résultats 3", "Impact 9"]
    card = page.one("article", id=f"card-{day.card.id}")
    assert card.one(id=f"said-{day.card.id}").text == "1 avis sur ACT-01 Citer un témoignage sur ACT-01"
    assert card.one(class_="gc-tally__sum").text == "1 vote sur ce texte"


async def test_ones_own_vote_is_shown_to_oneself_alone(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.alix)
    for person, own in ((day.alix, 1), (day.sacha, 0), (day.camille, 0), (day.noor, 0), (None, 0)):
        page = read(await (await day.browser(person)).get(f"/ateliers/{day.room.id}"))
        assert len(page.all(class_="gc-mine")) == own


async def test_the_room_announces_the_last_version(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    assert read(await client().get(f"/ateliers/{day.room.id}")).one(id="banner").text == ""
    await published(database)
    banner = read(await client().get(f"/ateliers/{day.room.id}")).one(id="banner")
    assert banner.text == "La version 2.0.0 du référentiel est publiée. La lire"


# ── The stage


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.PROPOSING, Stage.VOTING, Stage.CLOSED])
async def test_the_facilitator_moves_the_stage(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client)
    camille = await day.browser(day.camille)
    path = f"/ateliers/{day.room.id}/etape"
    await gesture(day, camille, path, {"stage": stage.value}, to=f"/ateliers/{day.room.id}")
    assert ((await reread(database, day.room)).stage, (await day.kinds())[-1]) == (stage, Kind.STAGE_MOVED)


async def test_moving_answers_programs_and_htmx(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    camille = await day.browser(day.camille)
    path = f"/ateliers/{day.room.id}/etape"
    assert await told(day, camille, path, {"stage": "voting"}) == {"geste": await day.last()}
    assert (await block(day, camille, path, {"stage": "discussing"})).text == ""


async def test_a_second_click_changes_nothing(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    camille = await day.browser(day.camille)
    path = f"/ateliers/{day.room.id}/etape"
    first = await camille.post(path, data={"stage": "voting"}, headers=JSON)
    again = await camille.post(path, data={"stage": "voting"}, headers=JSON)
    last = await day.last()
    assert (first.json(), again.json()) == ({"geste": last}, {"geste": last})
    assert again.headers["x-geste"] == str(last)
    assert (await reread(database, day.room)).gestures == last


async def test_only_the_facilitator_moves_the_stage(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path, form = f"/ateliers/{day.room.id}/etape", {"stage": "voting"}
    await refused(day, client(), path, form, 403, SIGN_IN)
    await refused(day, await day.browser(day.stranger), path, form, 403, JOIN_FIRST)
    other = await facilitator(database, "Une autre")
    await refused(day, await day.browser(other), path, form, 403, JOIN_FIRST)
    for person in (day.alix, day.noor):
        await refused(day, await day.browser(person), path, form, 403, STAGE_IS_HERS)


async def test_a_closed_workshop_stays_closed(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.CLOSED)
    path = f"/ateliers/{day.room.id}/etape"
    reason = "L'atelier est clos : il ne se rouvre pas."
    await refused(day, await day.browser(day.camille), path, {"stage": "voting"}, 409, reason)


@pytest.mark.parametrize(
    ("form", "reason"),
    [({}, "Ce champ est nécessaire."), ({"stage": "lunch"}, "Choisissez dans la liste.")],
)
async def test_a_stage_is_one_of_five(database: Database, client: Browsers, form: dict[str, str], reason: str) -> None:
    day = await begin(database, client)
    camille = await day.browser(day.camille)
    await refused_thus(camille, f"/ateliers/{day.room.id}/etape", form, {"stage": reason})


async def refused_thus(browser: Any, path: str, form: dict[str, str], wrong: dict[str, str]) -> None:
    program = await browser.post(path, data=form, headers=JSON)
    assert (program.status_code, program.json()["champs"]) == (422, wrong)
    for headers in ({}, HTMX):
        page = await browser.post(path, data=form, headers=headers)
        said = read(page).one(class_="gc-refusal").text
        assert (page.status_code, said) == (422, " ".join(wrong.values()))


@in_both_places
async def test_the_same_key_twice_moves_once(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    path = f"/ateliers/{day.room.id}/etape"
    await once(day, await day.browser(day.camille), place, path, {"stage": "voting"}, {"stage": "closed"})


# ── The projector


async def test_the_projector_shows_the_code_large(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    answer = await (await day.browser(day.camille)).get(f"/ateliers/{day.room.id}/ecran")
    page = read(answer)
    assert (answer.status_code, page.one(id="room")["data-seat"]) == (200, "screen")
    letters = [letter.text for letter in page.one(class_="gc-code").all(class_="gc-code__letter")]
    assert "".join(letters) == day.room.code
    assert page.one(class_="gc-screen__address").text == "Rejoindre : testserver/rejoindre"
    assert len(page.one(class_="gc-qr").all("svg")) == 1
    assert len(page.all("article", class_="gc-card")) == 19
    assert (page.all("header", class_="fr-header"), page.all("footer", class_="gc-footer")) == ([], [])


async def test_the_projector_knows_no_one(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.alix)
    page = read(await (await day.browser(day.alix)).get(f"/ateliers/{day.room.id}/ecran"))
    assert (page.all(class_="gc-mine"), "Alix" in page.text) == ([], False)


async def test_the_projector_is_for_those_who_take_part(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    path = f"/ateliers/{day.room.id}/ecran"
    answer = await client().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path}")
    for person, reason in ((day.stranger, JOIN_FIRST), (day.noor, OBSERVING)):
        answer = await (await day.browser(person)).get(path)
        assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, reason)


# ── The public state


async def test_the_public_state_of_a_room(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    texts = {"libelle": "Un", "famille": "impact", "definition": "Deux."}
    one = await act(database, indicators.propose, room.id, texts, by=alix)
    await act(database, agenda.move, room.id, Stage.VOTING, by=camille)
    for person, choice in ((alix, Choice.KEEP), (sacha, Choice.ABSTAIN)):
        await act(database, votes.cast, one.id, wording=1, choice=choice, by=person)
    await act(database, indicators.reword, one.id, {**texts, "definition": "Trois."}, base=1, by=alix)
    await act(database, votes.cast, one.id, wording=2, choice=Choice.REWORK, reason="Oui.", by=sacha)
    first = await act(database, comments.post, one.id, field="definition", text="Bien.", by=sacha)
    answer = await act(database, comments.post, one.id, field="", text="Merci.", answers=first.id, by=alix)
    room = await reread(database, room)

    state = await client().get(f"/ateliers/{room.id}.json")
    assert (state.status_code, state.headers["content-type"]) == (200, "application/json")
    assert state.headers["cache-control"] == "no-cache"
    assert state.json() == {
        "id": room.id,
        "titre": "Atelier de novembre",
        "objet": "Écrire la version 2.",
        "date": room.held_on.isoformat(),
        "prepare": "2.0.0",
        "etape": "voting",
        "geste": 12,
        "presents": 0,
        "regle": ANNOUNCED.published(),
        "tour": 1,
        "consentement": None,
        "indicateurs": [
            {
                "id": one.id,
                "code": "IMP-10",
                "redaction": 2,
                "statut": "open",
                "motif": None,
                "devient": [],
                "provient_de": [],
                "origine": "atelier",
                "fiche": {**texts, "definition": "Trois."},
                "votes": {
                    "texte_actuel": {"keep": 0, "rework": 1, "drop": 0, "abstain": 0},
                    "texte_anterieur": 1,
                },
                "temoignages": [],
                "avis": [
                    {
                        "id": first.id,
                        "champ": "definition",
                        "redaction": 2,
                        "texte": "Bien.",
                        "reponse_a": None,
                        "auteur": "Sacha",
                        "labo": "siilab",
                    },
                    {
                        "id": answer.id,
                        "champ": "definition",
                        "redaction": 2,
                        "texte": "Merci.",
                        "reponse_a": first.id,
                        "auteur": "Alix",
                        "labo": "ti-lab",
                    },
                ],
            }
        ],
    }
    assert room.gestures == 12


@pytest.mark.parametrize("stage", list(Stage))
async def test_nobody_learns_the_code_from_what_is_public(database: Database, client: Browsers, stage: Stage) -> None:
    world = await everything(database, client)
    day = world.day
    await day.move(stage)
    if stage is Stage.CLOSED:
        exceptions = {"ACT-02": Exceptional(True, "Urgent.")}
        await publish(database, day.room, version="3.0.0", exceptions=exceptions, by=day.dominique)
        world.ids["version"] = "3.0.0"
    pages = [route for route in PAGES if "code" not in route.param_convertors]
    for person in (None, day.stranger, day.dominique):
        browser = await day.browser(person)
        for route in pages:
            assert (route.name, tells(await browser.get(world.at(route)), day.room.code)) == (route.name, False)
    # Whoever has a seat reads it: it could have leaked.
    for path in (f"/ateliers/{day.room.id}", f"/ateliers/{day.room.id}/ecran"):
        assert tells(await (await day.browser(day.camille)).get(path), day.room.code)


def tells(answer: httpx2.Response, code: str) -> bool:
    """Whether a code is in an answer: in a header, in an address, or letter by letter on the page."""
    return code in f"{answer.headers} {answer.text}" or code in re.sub(r"<[^>]*>|\s", "", answer.text)


async def test_the_state_says_no_more_to_a_member_than_to_anyone(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.alix)
    path = f"/ateliers/{day.room.id}.json"
    assert (await (await day.browser(day.alix)).get(path)).content == (await client().get(path)).content


# ── The minutes


REASON = "100 % <b>hors sujet</b>, « %(name)s »"


async def compete(day: Day) -> None:
    """Amendments accepted, declined, taken back, put to a contest that is given up, then to one that is closed."""
    database = day.database
    await act(database, amendments.accept, (await day.amend("Une.", by=day.alix)).id, by=day.camille)
    declined = await day.amend("Deux.", by=day.alix)
    await act(database, amendments.decline, declined.id, answer=REASON, by=day.camille)
    await act(database, amendments.withdraw, (await day.amend("Trois.", by=day.alix)).id, by=day.alix)
    await day.amend("Quatre.", by=day.alix)
    given_up = await act(database, contests.start, day.card.id, by=day.camille)
    await act(database, contests.abandon, given_up.id, because=REASON, by=day.camille)
    contest = await act(database, contests.start, day.card.id, by=day.camille)
    await act(database, contests.grade, contest.id, {1: "fair", 2: "good"}, by=day.sacha)
    await act(database, contests.close, contest.id, by=day.camille)
    await act(database, votes.cast, day.card.id, wording=4, choice=Choice.KEEP, by=day.sacha)


async def a_whole_story(database: Database, client: Browsers) -> tuple[Workshop, list[str]]:
    """One gesture of each kind, and how each is told."""
    day = await begin(database, client, Stage.PROPOSING)
    texts = {"libelle": "Un", "famille": "activite", "definition": "Deux."}
    one = await act(database, indicators.propose, day.room.id, texts, by=day.alix)
    await act(database, indicators.reword, one.id, {**texts, "definition": "Trois."}, base=1, by=day.alix)
    said = await day.say()
    await act(database, comments.hide, said.id, because=REASON, by=day.camille)
    _key, told = await witness(database, by=await colleague(database, name="Yann"))
    cited = await act(database, evidence.cite, day.card.id, told.id, because=REASON, by=day.alix)
    await act(database, evidence.remove, cited.id, by=day.camille)
    await act(database, lineage.withdraw, one.id, because="Un doublon.", by=day.alix)
    table = {code: found.id for code, found in (await cards(database, day.room)).items()}
    why = {"because": "Une même chose.", "by": day.camille}
    await act(database, lineage.merge, table["IMP-02"], into=table["IMP-01"], **why)
    parts = [{**texts, "libelle": "Une part"}, {**texts, "libelle": "L'autre", "famille": "impact"}]
    await act(database, lineage.split, table["IMP-01"], sheets=parts, **{**why, "because": "Deux choses."})
    await act(database, rules.announce, day.room.id, Rule(rounds=2), by=day.camille)
    await day.move(Stage.VOTING)
    await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=day.sacha)
    await act(database, agenda.join, day.room.id, name="Noor B.", lab=None, by=day.noor)
    await day.reword(by=day.camille)
    await act(database, votes.cast, day.card.id, wording=2, choice=Choice.KEEP, by=day.sacha)
    await act(database, votes.take_back, day.card.id, by=day.sacha)
    await act(database, votes.cast, day.card.id, wording=2, choice=Choice.KEEP, by=day.sacha)
    paper = {"lab": "erasme", "initials": "bc", "ballots": [Ballot(day.card.id, 2, "keep")]}
    copied = await act(database, handwritten.enter, day.room.id, **paper, by=day.camille)
    await act(database, handwritten.withdraw, day.room.id, copied.id, by=day.camille)
    await compete(day)
    await act(database, agenda.appoint, day.room.id, day.stranger, by=day.camille)
    await act(database, rules.open_round, day.room.id, 2, by=day.camille)
    await act(database, schedule.write, day.room.id, "10 Vote à 50 %", base=0, by=day.stranger)
    await act(database, schedule.start, day.room.id, 1, by=day.camille)
    running = (await ask(database, schedule.day, day.room.id)).running
    assert running
    await act(database, schedule.extend, day.room.id, 5, base=running.set_by, by=day.camille)
    await act(database, schedule.stop, day.room.id, running.timer_id, by=day.camille)
    await day.move(Stage.CLOSED)
    await act(database, conclusions.conclude, day.card.id, because="Il le faut.", by=day.camille)
    await publish(database, day.room, exceptions={"ACT-01": Exceptional(True, "Urgent.")}, by=day.dominique)
    return day.room, [
        "Camille a ouvert l'atelier",
        "Camille a changé d'étape Propositions",
        "Alix (Ti Lab) a rejoint l'atelier",
        "Sacha (SIILAB) a rejoint l'atelier",
        "Noor B. a rejoint l'atelier",
        "Alix (Ti Lab) a proposé un indicateur ACT-08",
        "Alix (Ti Lab) a réécrit un indicateur ACT-08 rédaction 2",
        "Alix (Ti Lab) a donné un avis ACT-01 Définition",
        f"Camille a masqué un avis ACT-01 {REASON}",
        "Alix (Ti Lab) a cité un témoignage ACT-01",
        "Camille a retiré la citation d'un témoignage ACT-01",
        "Alix (Ti Lab) a retiré sa proposition ACT-08 Un doublon.",
        "Camille a fusionné un indicateur IMP-02 dans IMP-01 : Une même chose.",
        "Camille a scindé un indicateur IMP-01 en ACT-09, IMP-10 : Deux choses.",
        "Camille a annoncé la règle de décision Trois choix",
        "Camille a changé d'étape Vote",
        "Sacha (SIILAB) a voté ACT-01",
        "Noor B. a changé de nom ou de laboratoire",
        "Camille a réécrit un indicateur ACT-01 rédaction 2",
        "Sacha (SIILAB) a confirmé son vote sur la nouvelle rédaction ACT-01",
        "Sacha (SIILAB) a retiré son vote ACT-01",
        "Sacha (SIILAB) a voté ACT-01",
        "Camille a saisi un vote sur papier ACT-01 B. C. (Erasme)",
        "Camille a retiré un vote sur papier ACT-01",
        "Alix (Ti Lab) a proposé un amendement ACT-01 Définition",
        "Camille a accepté un amendement ACT-01 rédaction 3",
        "Alix (Ti Lab) a proposé un amendement ACT-01 Définition",
        f"Camille n'a pas retenu un amendement ACT-01 {REASON}",
        "Alix (Ti Lab) a proposé un amendement ACT-01 Définition",
        "Alix (Ti Lab) a retiré son amendement ACT-01",
        "Alix (Ti Lab) a proposé un amendement ACT-01 Définition",
        "Camille a ouvert un départage ACT-01",
        f"Camille a abandonné un départage ACT-01 {REASON}",
        "Camille a ouvert un départage ACT-01",
        "Sacha (SIILAB) a jugé les textes d'un départage ACT-01",
        "Camille a clos un départage ACT-01 rédaction 4",
        "Sacha (SIILAB) a confirmé son vote sur la nouvelle rédaction ACT-01",
        "Camille a partagé l'animation avec Inconnu",
        "Camille a ouvert un tour de vote tour 2",
        "Inconnu a écrit le déroulé",
        "Camille a lancé le minuteur Vote à 50 %, 10 min",
        "Camille a prolongé le minuteur Vote à 50 %, 5 min",
        "Camille a arrêté le minuteur Vote à 50 %",
        "Camille a changé d'étape Clôture",
        "Camille a écrit pourquoi finit ainsi l'indicateur ACT-01",
        "Dominique a préparé une version du référentiel 2.0.0",
        "Maxime a publié une version du référentiel 2.0.0",
    ]


async def test_the_minutes_tell_each_gesture_in_order(database: Database, client: Browsers) -> None:
    room, story = await a_whole_story(database, client)
    answer = await client().get(f"/ateliers/{room.id}/registre")
    page = read(answer)
    lines = page.one("ol", class_="gc-minutes").all("li")
    assert answer.status_code == 200
    assert [line["id"] for line in lines] == [f"geste-{n}" for n in range(1, len(story) + 1)]
    told_as = [line.one(class_="gc-minutes__text").text.replace("( ", "(").replace(" )", ")") for line in lines]
    assert told_as == story
    room = await reread(database, room)
    assert page.one(class_="gc-hash").text == room.head
    assert {entry.kind for entry in await ask(database, journal.since, room.id, 0)} == set(Kind) - BY_CONSENT
    assert page.one(class_="gc-row").one(class_="gc-badge").text == "Clos"
    command = f"python -m server verify registre registre-{room.id}.json"
    assert page.one(class_="gc-command").text == command


async def test_anyone_recomputes_the_minutes(database: Database, client: Browsers) -> None:
    room, story = await a_whole_story(database, client)
    answer = await client().get(f"/ateliers/{room.id}/registre.json")
    document = answer.json()
    room = await reread(database, room)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-disposition"] == f'inline; filename="registre-{room.id}.json"'
    assert {name: document[name] for name in document if name != "gestes"} == {
        "atelier": {"id": room.id, "titre": room.title, "date": room.held_on.isoformat()},
        "etape": "closed",
        "origine": "0" * 64,
        "derniere_empreinte": room.head,
    }
    assert [gesture["numero"] for gesture in document["gestes"]] == list(range(1, len(story) + 1))
    assert document["gestes"][-1]["empreinte"] == room.head
    assert journal.first_break(document["gestes"]) is None


@pytest.mark.parametrize("key", ["atelier", "numero", "genre", "par", "objet", "le", "precedent", "empreinte"])
async def test_minutes_that_were_tampered_with_break_there(database: Database, client: Browsers, key: str) -> None:
    day = await begin(database, client)
    gestures = (await client().get(f"/ateliers/{day.room.id}/registre.json")).json()["gestes"]
    tampered = [dict(each) for each in gestures]
    tampered[2][key] = 99 if key == "numero" else "autre"
    assert journal.first_break(tampered) == 3
    assert journal.first_break(gestures[:2] + gestures[3:]) == 3
    assert journal.first_break([gestures[1], gestures[0], *gestures[2:]]) == 1


async def test_the_minutes_of_an_open_workshop_are_under_way(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    page = read(await client().get(f"/ateliers/{day.room.id}/registre"))
    assert "En cours" in page.one(class_="gc-row").text
    assert f"{await day.last()} gestes" in page.one(class_="gc-row").text


async def test_a_guest_who_taps_twice_is_one_guest(database: Database, client: Browsers) -> None:
    """The first answer was lost in a tunnel: the browser still carries what the doorstep gave it."""
    room = await workshop(database, by=await facilitator(database))
    path = f"/rejoindre/{room.code}"
    first, again = client(), client()
    await first.get(path)
    again.cookies.update(first.cookies)
    sent = {"name": "Anne", "lab": "ti-lab"}
    one = await first.post(path, data=sent)
    two = await again.post(path, data=sent)
    assert (one.headers["x-geste"], two.headers["x-geste"]) == (str(room.gestures + 1), str(room.gestures + 1))
    assert (await reread(database, room)).gestures == room.gestures + 1
    assert sorted(member.name for member in (await ask(database, attachments.members, room.id)).values()) == [
        "Anne",
        "Camille",
    ]
    # Whoever uses this browser next, signed out, is somebody else.
    await first.post("/deconnexion")
    await first.get(path)
    await first.post(path, data={"name": "Basile", "lab": "ti-lab"})
    assert (await reread(database, room)).gestures == room.gestures + 2
