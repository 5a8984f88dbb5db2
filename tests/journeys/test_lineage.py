"""Two become one, one becomes two, in the middle of the vote: a phone follows, and nobody's vote moves."""

from playwright.async_api import Browser, Locator, Page, expect
from starlette.applications import Starlette

from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.browser import DESK, PHONE, screen, serving, sign_in
from tests.cast import cards

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


def card(page: Page, title: str) -> Locator:
    return page.locator(".gc-card", has=page.get_by_role("link", name=title, exact=True))


async def test_a_vote_is_asked_again_where_the_indicator_went(
    app: Starlette, database: Database, settings: Settings, browser: Browser
) -> None:
    workshop = await story.tell(database, settings)
    room, table = f"/ateliers/{workshop.id}", await cards(database, workshop)
    citizens, training = table["ACT-03"], table["ACT-06"]
    users = table["ACT-02"].sheet["libelle"]
    async with (
        serving(app) as address,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "téléphone", PHONE) as phone,
    ):
        await sign_in(phone, "Alix", room)
        await sign_in(desk, "Camille", room)
        for title in (citizens.sheet["libelle"], training.sheet["libelle"]):
            await card(phone.page, title).get_by_role("button", name="Garder").click()
            await expect(card(phone.page, title).get_by_text("Votre vote : garder")).to_be_visible()

        # Two become one: the similar one is offered first, both texts are compared, the reason is written.
        await desk.page.goto(f"/indicateurs/{citizens.id}")
        await desk.page.get_by_role("link", name="Fusionner").click()
        await desk.check_accessibility()
        await desk.page.locator("#alike + *").get_by_role("link", name=users).click()
        await desk.check_accessibility()
        await desk.page.get_by_label("Pourquoi n’en faire qu’un ?").fill("Compter des personnes, d’où qu’elles viennent.")
        await desk.page.get_by_role("button", name="Fusionner").click()
        await expect(desk.page.get_by_text("Réunit aussi")).to_be_visible()
        await desk.check_accessibility()

        # The phone has one card less; the other asks to confirm, and it is one tap.
        await expect(card(phone.page, citizens.sheet["libelle"])).to_have_count(0)
        kept = card(phone.page, users)
        await kept.scroll_into_view_if_needed()
        await expect(kept.get_by_text("sur ACT-03, depuis réuni à cet indicateur.")).to_be_visible()
        await phone.check_accessibility()
        await kept.get_by_role("button", name="Confirmer : garder").click()
        await expect(kept.get_by_text("Votre vote : garder")).to_be_visible()

        # One becomes two.
        await desk.page.goto(f"/indicateurs/{training.id}/scission")
        await desk.check_accessibility()
        for part, title in enumerate(("Formations données", "Agents formés"), 1):
            await desk.page.locator(f"#field-libelle-{part}").fill(title)
        await desk.page.get_by_label("Pourquoi en faire plusieurs ?").fill("Des séances et des personnes.")
        await desk.page.get_by_role("button", name="Scinder").click()
        await expect(desk.page.get_by_text("Scindé en")).to_be_visible()
        await desk.check_accessibility()
        one, other = card(phone.page, "Formations données"), card(phone.page, "Agents formés")
        for half in (one, other):
            await half.scroll_into_view_if_needed()
            await expect(half.get_by_text("sur ACT-06, dont vient cet indicateur.")).to_be_visible()
        await one.get_by_role("button", name="Retirer mon vote").click()
        for half in (one, other):
            await expect(half.get_by_text("dont vient cet indicateur.")).to_have_count(0)
            await expect(half.get_by_role("button", name="Garder")).to_be_visible()

        # Back to the proposals: what one types is compared with what is on the table.
        await desk.page.goto(room)
        await desk.page.get_by_role("button", name="Propositions").click()
        await phone.page.get_by_role("link", name="Proposer un indicateur").click()
        await phone.page.get_by_label("Intitulé", exact=True).press_sequentially("agent formé")
        await expect(phone.page.locator("#similar li")).to_have_text(["ACT-09 Agents formés Activité"])
        await phone.check_accessibility()
        await phone.page.locator("#similar").get_by_role("link").click()
        await expect(phone.page.get_by_text("Issu d’une scission")).to_be_visible()
        await phone.page.go_back()
        await expect(phone.page.get_by_label("Intitulé", exact=True)).to_have_value("agent formé")
