"""Amid a flood, in a real browser: a phone calculates by itself and goes on; one that cannot waits, with the same form."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server import floods, proofs
from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import ask, colleague, touchpoint
from workshops import handling
from workshops.touchpoints import Touchpoint

OWN = "**/temoignages/suivi/*"


@dataclass(frozen=True)
class Flooded:
    """A server that is always flooded, and a touch-point of it."""

    address: str
    database: Database
    point: Touchpoint

    async def received(self) -> int:
        return (await ask(self.database, handling.of, touchpoint_id=self.point.id)).received


@pytest.fixture
async def flooded(app: Starlette, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Flooded]:
    monkeypatch.setattr(floods, "HERE", (0, 0))
    point = await touchpoint(database, by=await colleague(database))
    async with serving(app) as address:
        yield Flooded(address, database, point)


async def tap(on: Screen, point: Touchpoint) -> None:
    await on.page.goto(f"/t/{point.token}")
    await on.page.get_by_role("button", name="Bien").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_device_calculates_and_goes_on(browser: Browser, flooded: Flooded, size: dict[str, int]) -> None:
    """The real challenge, altcha's own worker, under the policy of every page: nothing is blocked, nothing complains."""
    async with screen(browser, flooded.address, "a citizen", size) as citizen:
        await tap(citizen, flooded.point)
        await citizen.page.wait_for_url(OWN, timeout=60_000)
        citizen.forget_the_cut(429)
    assert await flooded.received() == 1


async def test_without_a_script_one_waits_then_sends_the_same_form(
    browser: Browser, flooded: Flooded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with screen(browser, flooded.address, "a citizen", PHONE, javascript=False) as citizen:
        await tap(citizen, flooded.point)
        await expect(citizen.page.get_by_role("heading", name="Une vérification avant l’envoi")).to_be_visible()
        await expect(citizen.page.locator("#proof-state")).to_have_text("Attendez 30 secondes, puis envoyez.")
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await expect(citizen.page.locator("#proof-state")).to_contain_text("puis envoyez.")
        monkeypatch.setattr(proofs, "WAIT", timedelta(seconds=-1))
        await tap(citizen, flooded.point)
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await citizen.page.wait_for_url(OWN)
        citizen.forget_the_cut(429)
    assert await flooded.received() == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_browser_that_cannot_calculate_says_when_to_send(
    browser: Browser, flooded: Flooded, monkeypatch: pytest.MonkeyPatch, size: dict[str, int]
) -> None:
    monkeypatch.setattr(proofs, "WAIT", timedelta(seconds=1))
    async with screen(browser, flooded.address, "a citizen", size) as citizen:
        await citizen.page.add_init_script("delete window.Worker")
        await tap(citizen, flooded.point)
        await expect(citizen.page.locator("#proof-state")).to_have_text("L’attente est finie : vous pouvez envoyer.")
        await citizen.fits()
        await citizen.check_accessibility()
        await citizen.page.get_by_role("button", name="Envoyer").click()
        await citizen.page.wait_for_url(OWN)
        citizen.forget_the_cut(429)
    assert await flooded.received() == 1
