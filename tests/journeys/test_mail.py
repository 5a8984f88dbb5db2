"""By mail: somebody without ProConnect signs in on a phone, with and without a script."""

import re

import pytest
from playwright.async_api import Browser, expect

from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.browser import DESK, PHONE, screen, serving
from tests.post import PostOffice

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program
ALIX = "alix.morvan@exemple.fr"


@pytest.mark.parametrize("javascript", [True, False])
async def test_somebody_signs_in_by_mail_and_somebody_else_does_not(
    settings: Settings, database: Database, browser: Browser, javascript: bool
) -> None:
    async with PostOffice() as office:
        smtp = {"smtp_url": f"smtp://127.0.0.1:{office.port}", "smtp_from": "grille@exemple.fr"}
        app = create_app(settings.model_copy(update=smtp), database)
        async with (
            serving(app) as address,
            screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone,
            screen(browser, address, "bureau", DESK, javascript=javascript) as desk,
        ):
            await phone.page.goto("/connexion/courriel?suite=/ateliers")
            await phone.page.get_by_label("Votre adresse électronique").fill(ALIX)
            await phone.page.get_by_role("button", name="Recevoir le lien").click()
            await expect(phone.page.get_by_text(ALIX)).to_be_visible()
            body = (await office.letter()).get_body(("plain",))
            assert body
            (path,) = re.findall(r"(/connexion/courriel/\S{43})\n", body.get_content())

            await desk.page.goto(path)
            await expect(desk.page.get_by_text("Ce lien ne s’ouvre que dans le navigateur")).to_be_visible()
            if javascript:  # which axe-core needs
                await phone.check_accessibility()
                await desk.check_accessibility()
            assert await desk.page.evaluate("document.documentElement.scrollWidth") == DESK["width"]
            await phone.page.goto(path)
            desk.forget_the_cut(403)
            assert await phone.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            if javascript:
                await phone.check_accessibility()
            await phone.page.get_by_label("Votre nom").fill("Alix Morvan")
            await phone.page.get_by_role("button", name="Me connecter").click()
            await phone.page.wait_for_url("**/ateliers")
            await expect(phone.page.locator("body")).to_contain_text("Alix Morvan")
        await app.state.post.close()
        await app.state.rooms.close()
