"""Forms: what was sent, turned into a small model, or what does not hold in French."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server import forms
from server.access import Who
from server.database import Database
from server.forms import BallotForm, BaseForm, Form, JoinForm, StageForm, WorkshopForm
from server.gestures import errors
from server.routes import ACCESS
from tests.cast import Browsers, facilitator, signed_in, workshop
from tests.server.pages.day import HTMX, JSON
from tests.server.pages.everything import FORMS, GESTURES, everything
from tests.server.pages.reading import plain, read
from workshops.refusals import NotThus

UNREADABLE = "Cette demande n'a pas pu être lue."
TOO_LONG = "C'est trop long : raccourcissez un peu. Rien n'est perdu."
# Forms of citizens, that say which field got a file in the place of a text (422): their own tests.
ON_FILES = {"testimonials.give", "testimonials.enter", "followups.tell", "followups.take_back", "followups.appeal"}
KINDS: dict[str, type[Form]] = {
    form.__name__: form for form in (BallotForm, BaseForm, JoinForm, StageForm, WorkshopForm)
}


async def reads(request: Request) -> Response:
    """Reads the form named in the address, and says what it understood."""
    try:
        form = await forms.read(request, KINDS[request.path_params["form"]])
    except NotThus as refusal:
        return JSONResponse(errors(refusal), status_code=422)
    return JSONResponse(form.model_dump(mode="json"))


async def reads_sheet(request: Request) -> Response:
    return JSONResponse(await forms.typed_sheet(request))


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    """A browser on two pages that only read."""
    app = Starlette(routes=[Route("/fiche", reads_sheet, methods=["POST"]), Route("/{form}", reads, methods=["POST"])])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        yield browser


async def test_texts_are_read_as_typed(browser: httpx2.AsyncClient) -> None:
    typed = {"name": "  Élodie\r\n« Zoé »  ", "lab": "ti-lab", "inconnu": "x"}
    answer = await browser.post("/JoinForm", data=typed)
    assert answer.json() == {"name": typed["name"], "lab": "ti-lab"}


async def test_what_may_be_left_out_is_empty(browser: httpx2.AsyncClient) -> None:
    assert (await browser.post("/JoinForm")).json() == {"name": "", "lab": ""}


@pytest.mark.parametrize(
    ("form", "typed", "wrong"),
    [
        ("StageForm", {}, {"stage": "Ce champ est nécessaire."}),
        ("StageForm", {"stage": "lunch"}, {"stage": "Choisissez dans la liste."}),
        ("BallotForm", {"wording": "1.5", "choice": "keep"}, {"wording": "Un nombre entier est attendu."}),
        ("BallotForm", {"wording": "9" * 5000, "choice": "keep"}, {"wording": "Cette valeur ne convient pas."}),
        ("BaseForm", {"base": ""}, {"base": "Un nombre entier est attendu."}),
        (
            "WorkshopForm",
            {"held_on": "23/11/2026", "start": ""},
            {"held_on": "Une date s'écrit 2026-11-23.", "start": "Choisissez dans la liste."},
        ),
        ("JoinForm", {"name": "x" * 20_001}, {"name": TOO_LONG}),
    ],
)
async def test_each_field_that_does_not_hold_is_named_in_french(
    browser: httpx2.AsyncClient, form: str, typed: dict[str, str], wrong: dict[str, str]
) -> None:
    answer = await browser.post(f"/{form}", data=typed)
    assert (answer.status_code, {name: plain(said) for name, said in answer.json().items()}) == (422, wrong)


async def test_a_list_of_a_sheet_keeps_all_its_values(browser: httpx2.AsyncClient) -> None:
    typed = {"libelle": "Un", "methode_collecte": ["comptage", "enquete"], "ventilations": "a\nb", "autre": "x"}
    assert (await browser.post("/fiche", data=typed)).json() == {
        "libelle": "Un",
        "methode_collecte": ["comptage", "enquete"],
        "ventilations": "a\nb",
    }


async def test_another_kind_of_body_is_an_empty_form(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/StageForm", json={"stage": "voting"})
    assert (answer.status_code, answer.json()) == (422, {"stage": "Ce champ est nécessaire."})


# ── What nobody types


def odd_bodies() -> dict[str, dict[str, Any]]:
    return {
        "a NUL in a value": {"data": {"name": "a\0b"}},
        "a NUL in a name": {"data": {"na\0me": "ab"}},
        "half a character in a value": escaped("name", "a\\ud83d"),
        "half a character in a name": escaped("na\\ude00me", "ab"),
        "a NUL that was escaped": escaped("name", "a\\x00b"),
        "a charset that reads nothing": escaped("name", "ab", charset="undefined"),
        "a file": {"files": {"name": ("a.txt", b"abc")}},
        "too many fields": {"data": {f"f{n}": "x" for n in range(501)}},
    }


def escaped(name: str, said: str, charset: str = "unicode_escape") -> dict[str, Any]:
    """A field in a charset that can write what UTF-8 cannot."""
    part = f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{said}\r\n--limit--\r\n'
    kind = f"multipart/form-data; boundary=limit; charset={charset}"
    return {"content": part.encode(), "headers": {"content-type": kind}}


@pytest.mark.parametrize("odd", odd_bodies())
async def test_what_nobody_types_is_refused_and_nothing_is_written(
    database: Database, client: Browsers, odd: str
) -> None:
    world = await everything(database, client)
    camille = await world.day.browser(world.day.camille)
    publisher = await world.day.browser(world.day.dominique)
    before = await world.day.records()
    for route in GESTURES:
        if odd == "a file" and route.name in ON_FILES:
            continue
        sent = odd_bodies()[odd]
        if "content" not in sent:
            form = {name: said for name, said in FORMS.get(route.name, {}).items() if name not in ("name", "lab")}
            sent["data"] = {**form, **sent.get("data", {})}
        kind = sent.pop("headers", {})
        browser = publisher if ACCESS[route.name] is Who.PUBLISHER else camille
        for headers in ({}, HTMX, JSON):
            answer = await browser.post(world.at(route), **sent, headers={**kind, **headers})
            said = answer.json()["raison"] if headers is JSON else read(answer).one(class_="gc-refusal").text
            assert (route.name, answer.status_code, plain(said)) == (route.name, 400, UNREADABLE)
    assert await world.day.records() == before


@pytest.mark.parametrize("path", ["/laboratoires/%00", "/rejoindre/a%00b", "/rejoindre?code=%00", "/referentiel/%00"])
async def test_a_nul_in_an_address_is_the_requests_fault(client: Browsers, path: str) -> None:
    answer = await client().get(path)
    assert answer.status_code in (400, 404, 422)


async def test_bytes_that_are_no_text_are_read_as_best_one_can(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    browser = await signed_in(client, camille)
    sent = {"content-type": "application/x-www-form-urlencoded", **JSON}
    answer = await browser.post(f"/rejoindre/{room.code}", content=b"name=%ff%fe\xff&lab=", headers=sent)
    assert answer.status_code == 200
