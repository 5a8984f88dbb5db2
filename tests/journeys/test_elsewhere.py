"""A version away from its page: printed on paper, named on somebody else's site."""

from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.annex import Printer
from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.documents import frozen, history


async def test_on_paper_everything_is_unfolded_and_nothing_leads_elsewhere(
    app: Starlette, database: Database, browser: Browser
) -> None:
    first, _ = history()
    async with database.transaction() as session:
        session.add(frozen(first))
    async with serving(app) as address, screen(browser, address, "papier", DESK, javascript=False) as reading:
        page = reading.page
        await page.goto("/referentiel/2.0.0")
        card, menu = page.locator("#ACT-01"), page.locator(".gc-header")
        folded = card.get_by_text("Un arrêt tardif compte autant qu'un arrêt précoce.")
        await expect(menu).to_be_visible()
        assert not await folded.evaluate("said => said.checkVisibility({contentVisibilityAuto: true})")
        await page.emulate_media(media="print")
        await expect(menu).to_be_hidden()
        await expect(page.locator(".gc-footer")).to_be_hidden()
        await expect(page.get_by_role("link", name="JSON")).to_be_hidden()
        assert await folded.evaluate("said => said.checkVisibility({contentVisibilityAuto: true})")
        assert await card.evaluate("card => getComputedStyle(card).breakInside") == "avoid"
        await expect(page.locator(".gc-hash")).to_have_text(first["empreinte"])
        await expect(page.locator(".gc-cite__text")).to_contain_text("http://testserver/referentiel/2.0.0")


async def test_what_one_copies_is_there_for_everybody(app: Starlette, database: Database, browser: Browser) -> None:
    first, _ = history()
    async with database.transaction() as session:
        session.add(frozen(first))
    async with serving(app) as address, screen(browser, address, "citation", PHONE) as reading:
        await reading.page.goto("/referentiel/2.0.0")
        await reading.page.get_by_text("Montrer sur un site quelle version on suit").click()
        await expect(reading.page.get_by_role("region", name="En HTML")).to_contain_text("/referentiel/2.0.0/badge.svg")
        await reading.fits()
        await reading.check_accessibility()
        app.state.printer = Printer(("/nowhere",))
        await reading.page.goto("/referentiel/2.0.0.pdf")
        await expect(reading.page.get_by_role("heading", level=1)).to_have_text("Ce PDF n’est pas disponible")
        await reading.fits()
        await reading.check_accessibility()
        reading.forget_the_cut(503)


async def test_another_site_shows_the_badge(app: Starlette, database: Database, browser: Browser) -> None:
    first, _ = history()
    async with database.transaction() as session:
        session.add(frozen(first))
    async with serving(app) as address, screen(browser, address, "ailleurs", DESK) as reading:
        # A page of nobody's: for the browser, another origin.
        await reading.page.set_content(f'<img alt="suit" src="{address}/referentiel/2.0.0/badge.svg">')
        badge = reading.page.get_by_role("img", name="suit")
        await expect(badge).to_have_js_property("complete", True)
        assert await badge.evaluate("badge => [badge.naturalHeight, badge.naturalWidth > 200]") == [28, True]
        told = f"fetch('{address}/referentiel/2.0.0.bib').then(answer => answer.text())"
        assert (await reading.page.evaluate(told)).startswith("@misc{referentiel-2.0.0,")
