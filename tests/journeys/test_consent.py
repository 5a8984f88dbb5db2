"""Consent on phones: two members and who leads, until nobody objects any more; then a paper ballot."""

from contextlib import AsyncExitStack

from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import act, card, facilitator, member_of, move, session_of, workshop
from workshops import indicators, rules
from workshops.agenda import Stage
from workshops.consensus import Method, Rule
from workshops.people import Person


async def seated(database: Database, on: Screen, person: Person, address: str, path: str) -> None:
    """Somebody's screen, opened on a page."""
    await on.context.add_cookies([{"name": "session", "value": await session_of(database, person), "url": address}])
    await on.page.goto(path)


async def test_a_set_is_adopted_once_its_objection_is_lifted(
    app: Starlette, database: Database, browser: Browser
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT, quorum=2), by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    text = await card(database, room)
    at = f"/ateliers/{room.id}"
    async with AsyncExitStack() as opened:
        address = await opened.enter_async_context(serving(app))
        desk = await opened.enter_async_context(screen(browser, address, "animation", DESK))
        hers = await opened.enter_async_context(screen(browser, address, "Alix", PHONE))
        theirs = await opened.enter_async_context(screen(browser, address, "Sacha", PHONE))
        for on, person in ((desk, camille), (hers, alix), (theirs, sacha)):
            await seated(database, on, person, address, at)
        await hers.check_accessibility()

        # One tap consents; every screen counts it.
        await hers.page.get_by_role("button", name="Je consens à l’ensemble").click()
        await expect(hers.page.get_by_role("button", name="Je consens à l’ensemble")).to_have_attribute(
            "aria-pressed", "true"
        )
        await expect(desk.page.locator("#consent")).to_contain_text("Consentements 1")
        await expect(theirs.page.locator("#consent")).to_contain_text("N’ont rien dit : Sacha (SIILAB).")

        # An objection to one text, from its card; the half-typed one of another is left alone.
        await hers.page.get_by_text("Objecter à l’ensemble", exact=True).click()
        await hers.page.locator("#objection-text-set").fill("Je me demande si")
        place = theirs.page.locator(f"#card-{text.id}")
        await place.get_by_text("Objecter à ce texte", exact=True).click()
        await place.get_by_label("Votre objection").fill("On comptera deux fois les agents partagés.")
        await theirs.check_accessibility()
        await place.get_by_role("button", name="Faire cette objection").click()
        await expect(theirs.page.locator(".gc-own")).to_contain_text("Vous objectez à ACT-01")
        await expect(place.get_by_label("Votre objection")).to_have_value("")
        for on in (desk, hers):
            await expect(on.page.locator("#consent")).to_contain_text("On comptera deux fois les agents partagés.")
        await expect(desk.page.locator(".gc-consent__title")).to_contain_text("À retravailler")
        await expect(hers.page.locator("#objection-text-set")).to_have_value("Je me demande si")

        # Who leads answers; the answer comes to everybody.
        await desk.page.get_by_role("link", name="Répondre", exact=True).click()
        await desk.check_accessibility()
        await desk.page.get_by_label("Votre réponse").fill("Le texte dira : en équivalent temps plein.")
        await desk.page.get_by_role("button", name="Répondre", exact=True).click()
        await desk.page.wait_for_url("**#objection-*")
        await expect(theirs.page.locator("#consent")).to_contain_text("Le texte dira : en équivalent temps plein.")

        # The text changes: who consented is asked again, who objects is told.
        sheet = {**text.sheet, "definition": "Agents du labo, en équivalent temps plein."}
        await act(database, indicators.reword, text.id, sheet, base=1, by=camille)
        await expect(hers.page.locator(".gc-own")).to_contain_text("Vous aviez consenti, à un ensemble qui a changé")
        await expect(hers.page.locator(".gc-own").get_by_role("link", name="ACT-01")).to_be_visible()
        await expect(theirs.page.locator(".gc-own")).to_contain_text("Ce texte a changé depuis")
        await hers.check_accessibility()
        await hers.page.get_by_role("button", name="Confirmer : je consens").click()
        await expect(desk.page.locator("#consent")).to_contain_text("Consentements 1")

        # Its author lifts it, with a word: that is consenting, and nobody objects any more.
        await theirs.page.get_by_text("Lever cette objection", exact=True).click()
        await theirs.page.get_by_label("Pourquoi la lever ?").fill("Le texte le dit.")
        await theirs.page.get_by_role("button", name="Lever l’objection").click()
        await expect(theirs.page.get_by_role("button", name="Je consens à l’ensemble")).to_have_attribute(
            "aria-pressed", "true"
        )
        for on in (desk, hers):
            await expect(on.page.locator(".gc-consent__title")).to_contain_text("Adopté en l’état")
            await expect(on.page.locator("#consent")).to_contain_text("Levée : Le texte le dit.")
        await theirs.check_accessibility()

        # Somebody came with a paper.
        await desk.page.get_by_role("link", name="Saisir des bulletins papier").click()
        await desk.check_accessibility()
        await desk.page.get_by_label("Laboratoire").select_option("erasme")
        await desk.page.get_by_label("Initiales").fill("bc")
        await desk.page.get_by_text("Consentir", exact=True).click()
        await desk.page.get_by_role("button", name="Enregistrer ce bulletin").click()
        await expect(desk.page.locator(".gc-paper__writer")).to_contain_text("B. C.")
        await expect(hers.page.locator("#consent")).to_contain_text("Consentements 3")
        await expect(hers.page.locator("#consent")).to_contain_text("dont sur papier 1")


async def test_without_a_script_one_objects_and_lifts_all_the_same(
    app: Starlette, database: Database, browser: Browser
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT), by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    sacha = await member_of(database, room, "siilab")
    async with serving(app) as address, screen(browser, address, "sans script", PHONE, javascript=False) as plain:
        await seated(database, plain, sacha, address, f"/ateliers/{room.id}")
        await plain.page.get_by_role("button", name="Je consens à l’ensemble").click()
        await expect(plain.page.locator("#consent")).to_contain_text("Consentements 1")
        await plain.page.get_by_text("Objecter à l’ensemble", exact=True).click()
        await plain.page.locator("#objection-text-set").fill("C’est trop pour trois personnes.")
        await plain.page.locator("#objecting-set").get_by_role("button").click()
        await expect(plain.page.locator(".gc-own")).to_contain_text("Vous objectez à l’ensemble")
        await plain.page.get_by_text("Lever cette objection", exact=True).click()
        await plain.page.get_by_label("Pourquoi la lever ?").fill("Sept suffiront.")
        await plain.page.get_by_role("button", name="Lever l’objection").click()
        await expect(plain.page.locator(".gc-consent__title")).to_contain_text("Adopté en l’état")
