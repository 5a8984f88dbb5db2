"""Results: a picture that follows the vote on the wall, then the results and one's own ballots on a phone."""

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import session_of
from tests.election import RULES, begin

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_the_wall_follows_the_vote_and_a_phone_reads_the_results(
    app: Starlette, database: Database, browser: Browser, javascript: bool
) -> None:
    election = await begin(database, RULES["two_axes"])
    await election.say({"ACT-01": ["8/8"] * 6})
    async with (
        serving(app) as address,
        screen(browser, address, "mur", DESK, javascript=javascript) as wall,
        screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone,
        screen(browser, address, "bureau", DESK, javascript=javascript) as desk,
    ):
        for seen, person in ((wall, election.camille), (phone, election.voters[0])):
            cookie = {"name": "session", "value": await session_of(database, person), "url": address}
            await seen.page.context.add_cookies([cookie])

        # 1. Six people rated one indicator; a second one comes onto the picture as they rate it.
        await wall.page.goto(f"/ateliers/{election.room.id}/ecran")
        codes = wall.page.locator(".gc-plot__code")
        await expect(codes).to_have_text(["ACT-01"])
        await election.say({"ACT-02": ["2/5"] * 6})
        if not javascript:
            await wall.page.reload()
        await expect(codes).to_have_text(["ACT-01", "ACT-02"])
        await expect(wall.page.get_by_role("img", name="2 indicateurs placés selon leurs médianes")).to_be_visible()
        for mark in await wall.page.locator(".gc-plot__mark").all():
            assert await mark.evaluate("node => node.namespaceURI") == "http://www.w3.org/2000/svg"
        if javascript:
            await wall.check_accessibility()

        # 2. At the closing, anybody reads them; who voted finds their own ballots.
        await election.close()
        for seen in (phone, desk):
            await seen.page.goto(f"/ateliers/{election.room.id}")
            await seen.page.get_by_role("link", name="Résultats", exact=True).click()
            await expect(seen.page.locator("#resultat-ACT-01")).to_contain_text("Retenu")
            await expect(seen.page.locator("#resultat-ACT-02")).to_contain_text("Écarté")
            if javascript:
                await seen.check_accessibility()
        await expect(phone.page.locator("[aria-labelledby=own] tbody tr")).to_have_count(2)
        await expect(desk.page.locator("[aria-labelledby=own]")).to_have_count(0)
        await desk.page.goto(f"/ateliers/{election.room.id}/registre")
        await expect(desk.page.locator(".gc-plot__code")).to_have_text(["ACT-01", "ACT-02"])
        if javascript:
            await desk.check_accessibility()
