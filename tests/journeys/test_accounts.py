"""Accounts: from a guest's first name to a role, a lab, and being forgotten, in a browser."""


import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.browser import DESK, PHONE, Screen, screen, serving, sign_in
from tests.cast import workshop
from workshops.agenda import Stage

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def press(on: Screen, name: str) -> None:
    await on.page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_a_guest_signs_in_is_of_a_lab_leads_and_is_forgotten(
    app: Starlette, database: Database, settings: Settings, browser: Browser, javascript: bool
) -> None:
    async with database.transaction() as session:
        cast = {persona.given_name: person for persona, person in (await story.cast(session, settings)).items()}
    room = await workshop(database, Stage.VOTING, by=cast["Camille"])
    async with (
        serving(app) as address,
        screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone,
        screen(browser, address, "animation", DESK, javascript=javascript) as desk,
        screen(browser, address, "édition", DESK, javascript=javascript) as office,
    ):
        # 1. Alix votes as a guest, then signs in on the same phone: it was them.
        await phone.page.goto(f"/rejoindre/{room.code}")
        await phone.page.get_by_label("Votre prénom").fill("Alix")
        await phone.page.get_by_label("Votre laboratoire").select_option("ti-lab")
        await press(phone, "Entrer dans l’atelier")
        await phone.page.get_by_role("button", name="Garder").first.click()
        await expect(phone.page.locator(".gc-card").first).to_contain_text("Votre vote")
        await sign_in(phone, "Alix", "/compte")
        await expect(phone.page.locator(".gc-panel--accent")).to_contain_text("Votes : 1.")
        if javascript:
            await phone.check_accessibility()
        await press(phone, "C’était moi : rattacher à mon compte")
        await phone.page.goto(f"/ateliers/{room.id}")
        await expect(phone.page.locator(".gc-card").first).to_contain_text("Votre vote")

        # 2. Alix asks to be of the lab their provider names; DITP says yes.
        await phone.page.goto("/compte")
        await press(phone, "Demander à en faire partie")
        await expect(phone.page.locator("#laboratoires")).to_contain_text("Demande en attente")
        await sign_in(office, "Dominique", "/administration")
        if javascript:
            await office.check_accessibility()
        await office.page.get_by_role("link", name="Ti Lab").click()
        if javascript:
            await office.check_accessibility()
        await office.page.get_by_role("button", name="Accepter").click()
        await expect(office.page.get_by_role("main")).to_contain_text("Aucune demande n’attend.")
        await phone.page.goto("/compte")
        await expect(phone.page.locator("#laboratoires")).to_contain_text("Participation")

        # 3. Camille shares the lead by a link; Alix moves the room on.
        await sign_in(desk, "Camille", f"/ateliers/{room.id}")
        await desk.page.get_by_role("link", name="Co-animer avec quelqu’un").click()
        if javascript:
            await desk.check_accessibility()
        await press(desk, "Préparer un lien d’invitation")
        link = await desk.page.get_by_label("Lien").input_value()
        if javascript:
            await desk.check_accessibility()
        await phone.page.goto(f"/invitation/{link.rpartition('/')[2]}")
        if javascript:
            await phone.check_accessibility()
        await press(phone, "Accepter")
        await phone.page.wait_for_url(f"**/ateliers/{room.id}")
        await phone.page.get_by_role("button", name="Discussion").click()
        await expect(phone.page.locator("#stage")).to_have_attribute("data-stage", "discussing")

        # 4. Alix leaves: nobody knows the name any more, the vote stays.
        await phone.page.goto("/compte/effacement")
        if javascript:
            await phone.check_accessibility()
        await press(phone, "Effacer mon compte")
        await expect(phone.page.get_by_role("heading", level=1)).to_have_text("Votre compte est effacé")
        await phone.page.goto(f"/ateliers/{room.id}/registre")
        await expect(phone.page.get_by_role("main")).to_contain_text("participant·e (Ti Lab) a voté")
        await expect(phone.page.get_by_role("main")).not_to_contain_text("Alix")
        for path in ("/registre", "/conditions", "/vie-privee"):
            await phone.page.goto(path)
            if javascript:
                await phone.check_accessibility()
