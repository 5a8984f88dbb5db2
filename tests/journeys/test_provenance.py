"""From a sentence of a version to the minutes, in two clicks, on a phone and on a desk."""

import re

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import Browsers
from tests.server.pages.test_provenance import published

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_two_clicks_from_a_sentence(
    app: Starlette, database: Database, client: Browsers, browser: Browser, size: dict[str, int]
) -> None:
    it = await published(database, client)
    async with serving(app) as address, screen(browser, address, "quelqu'un", size) as reader:
        page = reader.page
        await page.goto("/referentiel/2.0.0")
        await page.get_by_text("La fiche et la décision").click()
        await page.get_by_role("link", name="Définition", exact=True).click()
        await expect(page).to_have_url(re.compile(rf"{it.path}#definition$"))
        written = page.locator("#definition")
        await expect(written).to_be_in_viewport()
        await expect(written).to_contain_text("Écrit par SIILAB")
        await reader.check_accessibility()
        await reader.fits()
        for link, arrives_at in (
            ("La rédaction 2", "Ce qu’elle a changé"),
            (re.compile("^Les avis sur ce champ"), "Trop vague."),
            (re.compile("^Le geste n°"), "a accepté un amendement"),
            ("Les votes et leur règle", "Bulletins, sous pseudonymes (JSON)"),
            ("Atelier de novembre", "Écrire la version 2."),
        ):
            await written.get_by_role("link", name=link).click()
            await expect(page.get_by_text(arrives_at).first).to_be_visible()
            if "/redactions/" in page.url:
                await reader.check_accessibility()
                await reader.fits()
            await page.goto(f"{it.path}#definition")
