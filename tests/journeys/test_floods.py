"""Amid a flood, in a real browser: a phone calculates by itself and goes on; one that cannot waits, with the same form."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server import floods, forms, proofs
from server.floods import Doubted, Floods
from tests.browser import DESK, PHONE, Screen, screen, serving

FORM = """<!DOCTYPE html><html lang="fr"><title>Essai</title><link rel="icon" href="data:,"><main><h1>Essai</h1><form action="/essai" method="post">
<input type="hidden" name="key" value="une-cle-de-formulaire-001"><button name="face" value="bien">Bien</button></form>"""
given: list[dict[str, str]] = []


async def new(request: Request) -> Response:
    return HTMLResponse(FORM)


async def give(request: Request) -> Response:
    """What a page does, without what it gives."""
    form = await forms.sent(request)
    try:
        await Floods.of(request).admit(request, "ABCDEFGH", str(form["key"]))
    except Doubted as doubted:
        return await floods.ask(request, doubted, {"Votre impression": "Bien"})
    given.append({name: str(value) for name, value in form.items()})
    return RedirectResponse("/conditions", 303)


@pytest.fixture
async def address(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server that is always flooded."""
    monkeypatch.setattr(floods, "HERE", (0, 0))
    given.clear()
    app.router.routes[:0] = [Route("/essai", new), Route("/essai", give, methods=["POST"])]
    async with serving(app) as address:
        yield address


async def tap(on: Screen) -> None:
    await on.page.goto("/essai")
    await on.page.get_by_role("button", name="Bien").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_device_calculates_and_goes_on(browser: Browser, address: str, size: dict[str, int]) -> None:
    """The real challenge, altcha's own worker, under the policy of every page: nothing is blocked, nothing complains."""
    async with screen(browser, address, "a citizen", size) as citizen:
        await tap(citizen)
        await citizen.page.wait_for_url("**/conditions", timeout=60_000)
        citizen.forget_the_cut(429)
    assert [(form["face"], form["key"]) for form in given] == [("bien", "une-cle-de-formulaire-001")]
    assert given[0]["altcha"]


async def test_without_a_script_one_waits_then_sends_the_same_form(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with screen(browser, address, "a citizen", PHONE, javascript=False) as citizen:
        await tap(citizen)
        await expect(citizen.page.get_by_role("heading", name="Une vérification avant l’envoi")).to_be_visible()
        await expect(citizen.page.locator("#proof-state")).to_have_text("Attendez 30 secondes, puis envoyez.")
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await expect(citizen.page.locator("#proof-state")).to_contain_text("puis envoyez.")
        monkeypatch.setattr(proofs, "WAIT", timedelta(seconds=-1))
        await tap(citizen)
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await citizen.page.wait_for_url("**/conditions")
        citizen.forget_the_cut(429)
    assert [form["altcha"] for form in given] == [""]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_browser_that_cannot_calculate_says_when_to_send(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch, size: dict[str, int]
) -> None:
    monkeypatch.setattr(proofs, "WAIT", timedelta(seconds=1))
    async with screen(browser, address, "a citizen", size) as citizen:
        await citizen.page.add_init_script("delete window.Worker")
        await tap(citizen)
        await expect(citizen.page.locator("#proof-state")).to_have_text("L’attente est finie : vous pouvez envoyer.")
        await citizen.fits()
        await citizen.check_accessibility()
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await citizen.page.wait_for_url("**/conditions")
        citizen.forget_the_cut(429)
    assert [form["altcha"] for form in given] == [""]
