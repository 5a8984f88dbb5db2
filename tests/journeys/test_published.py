"""Somebody reads what others said of a lab, on a phone and on a desk, with a script and without."""

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import act, witness
from tests.testimony import tell_everything
from workshops import published, withdrawals


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_one_reads_finds_and_finds_no_more(
    app: Starlette, database: Database, browser: Browser, size: dict[str, int], javascript: bool
) -> None:
    told = await tell_everything(database)
    long = "Un texte tres long. " * 95
    key, given = await witness(database, lab="siilab", face="mal", happened=f"À la préfecture. {long}", by=told.morgane)
    for n in range(published.ON_A_PAGE):
        await witness(database, lab="siilab", face="moyen", happened=f"Le numéro {n}.", by=told.morgane)
    async with (
        serving(app) as address,
        screen(browser, address, "lecture", size, javascript=javascript) as reading,
    ):
        page = reading.page

        async def judged() -> None:
            await reading.fits()
            if javascript:  # axe is a script
                await reading.check_accessibility()

        await page.goto("/temoignages")
        voices = page.get_by_role("article")
        await expect(voices).to_have_count(published.ON_A_PAGE)
        await judged()
        await page.get_by_role("link", name="Page 2").click()
        await expect(voices).to_have_count(2)
        await judged()
        # By words, without their accents.
        await page.get_by_label("Chercher des mots").fill("prefecture")
        await page.get_by_role("button", name="Chercher").click()
        await expect(voices).to_have_count(1)
        await expect(voices).to_contain_text("À la préfecture.")
        # Then in a lab where nobody said it.
        labs = page.get_by_label("Laboratoire", exact=True)
        if not await labs.is_visible():
            await page.get_by_text("Filtrer", exact=True).click()
        await judged()
        await labs.select_option("Ti Lab")
        await page.get_by_role("button", name="Appliquer les filtres").click()
        await expect(page.get_by_text("Aucun témoignage publié ne correspond")).to_be_visible()
        await judged()
        await page.get_by_role("link", name="Retirer le filtre Mots : prefecture").click()
        await expect(voices).to_have_count(1)
        await expect(voices).to_contain_text("masqué")
        await judged()
        await page.goto(f"/temoignages/{given.id}")
        await expect(page.get_by_role("article")).to_contain_text("Un texte tres long.")
        await judged()
        # Its author withdraws it while one reads.
        await act(database, withdrawals.withdraw, key)
        await page.reload()
        await expect(page.get_by_role("article")).to_have_text("Ce témoignage a été retiré par son auteur.")
        await judged()
        await page.goto("/temoignages?mots=prefecture&impression=parfaite")
        await expect(page.get_by_text("n’est pas appliqué : Impression.")).to_be_visible()
        await expect(page.get_by_text("Aucun témoignage publié ne correspond")).to_be_visible()
        await judged()
        await page.goto("/")
        await expect(page.get_by_role("article")).to_have_count(3)
        await judged()
        reading.forget_the_cut(410)
