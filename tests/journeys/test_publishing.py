"""From a closed workshop to a version: prepared, reviewed by a citizen without a script, answered, confirmed by another."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import Browsers, publisher, session_of
from tests.conftest import Clock
from tests.server.pages.versions import second
from workshops import world

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def checked(*screens: Screen) -> None:
    for each in screens:
        await each.check_accessibility()
        await each.fits()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_version_is_prepared_reviewed_and_confirmed(
    app: Starlette, database: Database, client: Browsers, clock: Clock, browser: Browser, size: dict[str, int]
) -> None:
    day = await second(database, client, definition="Projets arrêtés avant leur fin.")
    maxime = await publisher(database, "Maxime")
    async with (
        serving(app) as address,
        screen(browser, address, "prépare", size) as one,
        screen(browser, address, "confirme", size) as other,
        screen(browser, address, "usager, sans script", PHONE, javascript=False) as citizen,
        screen(browser, address, "usager", size) as reader,
    ):
        # 1. What is prepared says the number, and asks what the new text becomes.
        await one.come_in(await session_of(database, day.dominique), f"/ateliers/{day.room.id}/referentiel")
        await checked(one)
        await one.page.get_by_label("Relecture publique jusqu’au").fill(str((world.now() + timedelta(days=5)).date()))
        await one.page.get_by_role("button", name="Préparer cette version").click()
        await expect(one.page.get_by_role("radio", name="Reformulé")).to_be_focused()  # nothing is sent without it
        await one.page.get_by_text("Plus large").click()
        await one.page.get_by_role("button", name="Préparer cette version").click()
        await one.page.wait_for_url("**/referentiel/preparations/*")
        waiting = one.page.url.removeprefix(address)
        await expect(one.page.get_by_role("heading", name="Version 3.0.0-rc.1, à confirmer")).to_be_visible()
        await checked(one)

        # 2. A citizen reads the candidate and says what is wrong with it, on a phone, without a script or an account.
        await citizen.page.goto("/referentiel")
        await citizen.page.get_by_role("link", name="Version 3.0.0-rc.1").click()
        await citizen.page.get_by_role("link", name="Laisser une remarque sur ACT-08").click()
        await citizen.page.get_by_label("Votre remarque").fill("« Fin » de quoi ? Du projet, ou du financement ?")
        await citizen.page.get_by_label("Signature").fill("Une usagère")
        await citizen.page.get_by_role("button", name="Envoyer la remarque").click()
        said = citizen.page.locator(".gc-comment")
        await expect(said).to_contain_text("Une usagère")
        await expect(said).to_contain_text("En attente de réponse.")
        await reader.page.goto("/referentiel/3.0.0-rc.1")
        await checked(reader)

        # 3. Nobody confirms before the date, nor before each review has its answer.
        await other.come_in(await session_of(database, maxime), waiting)
        await expect(other.page.get_by_role("button", name="Confirmer et publier")).to_be_disabled()
        await checked(other)
        await other.page.get_by_text("Répondre", exact=True).first.click()
        await other.page.get_by_text("Retenue", exact=True).click()
        await other.page.get_by_label("Réponse", exact=True).fill("Du projet : la prochaine version le dira.")
        await other.page.get_by_role("button", name="Répondre").click()
        await expect(other.page.locator(".gc-comment")).to_contain_text("la prochaine version le dira")
        await checked(other)
        clock.advance(days=6)  # sessions do not last so long
        await other.come_in(await session_of(database, maxime), waiting)
        await other.page.get_by_role("button", name="Confirmer et publier la version 3.0.0").click()
        await other.page.wait_for_url("**/referentiel/3.0.0")

        # 4. The version, what it changes, and the candidate that leads to it.
        await citizen.page.goto("/referentiel/3.0.0-rc.1")
        await citizen.page.get_by_role("link", name="La lire").click()
        await citizen.page.get_by_role("link", name="Ce qui change").click()
        await expect(citizen.page.get_by_role("heading", name="De la version 2.0.0 à la version 3.0.0")).to_be_visible()
        for path in ("/referentiel", "/referentiel/3.0.0", "/referentiel/2.0.0...3.0.0"):
            await reader.page.goto(path)
            await checked(reader)
        for path in ("/referentiel/preparations", "/referentiel/corrections/ACT-08"):
            await other.page.goto(path)
            await checked(other)
