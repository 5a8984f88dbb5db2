"""Touch-points: on a phone, somebody of a lab opens one, finds what to print, and puts another in its place."""

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import colleague, give, moderator, session_of, touchpoint, witness
from workshops import touchpoints

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def judged(on: Screen, javascript: bool) -> None:
    """Nothing is wider than the screen, and axe-core finds nothing."""
    if javascript:
        await on.fits()
        await on.check_accessibility()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_somebody_of_a_lab_opens_a_touch_point_on_a_phone(
    app: Starlette, database: Database, browser: Browser, javascript: bool
) -> None:
    alix = await colleague(database)
    session = await session_of(database, alix)
    async with serving(app) as address, screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone:
        page, main = phone.page, phone.page.get_by_role("main")

        # 1. From the page of the lab to its touch-points, of which there is none.
        await phone.come_in(session, "/laboratoires/ti-lab")
        await judged(phone, javascript)
        await page.get_by_role("link", name="Points de recueil").click()
        await expect(main).to_contain_text("Aucun point de recueil")
        await judged(phone, javascript)

        # 2. Of a project that is not named: what was typed is still there.
        await page.get_by_label("Nom du point").fill("Atelier du 12 mars")
        await page.get_by_text("Projet", exact=True).first.click()
        await page.get_by_role("button", name="Ouvrir ce point").click()
        await expect(page.get_by_role("alert")).to_contain_text("Choisissez le projet dans la liste")
        await expect(page.get_by_label("Nom du point")).to_have_value("Atelier du 12 mars")
        phone.forget_the_cut(422)
        await judged(phone, javascript)
        await page.get_by_label("Projet (facultatif)").fill("Un guichet pour tous")
        await page.get_by_role("button", name="Ouvrir ce point").click()

        # 3. Its link, its code, what to print.
        await page.wait_for_url("**/points/*")
        ((point, _retirement),) = await _points(database)
        await expect(main).to_contain_text(f"/t/{point.token}")
        await expect(page.get_by_role("img", name="Code QR")).to_be_visible()
        await judged(phone, javascript)
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="Le code QR seul").click()
        assert (await coming.value).suggested_filename == f"qr-ti-lab-{point.token}.svg"

        # 4. Somebody answers; another point takes its place.
        await give(database, point, face="mal", happened="Trop long.")
        await page.reload()
        await expect(main).to_contain_text("1 témoignage reçu")
        await page.get_by_text("Remplacer par un autre point…").click()
        await page.get_by_label("Nom du nouveau point").fill("Atelier du 19 mars")
        await judged(phone, javascript)
        await page.get_by_role("button", name="Remplacer").click()
        await expect(main).to_contain_text("Les affiches déjà posées mènent à celui qui le remplace.")
        await expect(main).to_contain_text("1 témoignage reçu")
        await judged(phone, javascript)
        await page.get_by_role("link", name="Points de recueil").click()
        await expect(main).to_contain_text("Son lien mène à Atelier du 19 mars")
        await judged(phone, javascript)


async def _points(database: Database) -> list[tuple[touchpoints.Touchpoint, touchpoints.Retirement | None]]:
    async with database.reading() as session:
        return await touchpoints.of(session, "ti-lab")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_anyone_sees_at_once_that_a_lab_was_told_it_went_badly(
    app: Starlette, database: Database, browser: Browser, size: dict[str, int]
) -> None:
    alix, morgane = await colleague(database), await moderator(database)
    point = await touchpoint(database, project="Un guichet pour tous", by=alix)
    for number in range(6):
        await witness(database, point, face="mal" if number else "bien", clarity="2", by=morgane)
    async with serving(app) as address, screen(browser, address, "public", size) as visitor:
        page = visitor.page
        await page.goto("/laboratoires/ti-lab")
        # Without scrolling: the score, how it reads, and out of how many.
        score = page.locator(".gc-glance .gc-score")
        await expect(score).to_be_in_viewport(ratio=1)
        await expect(score).to_contain_text("1,7")
        await expect(score).to_contain_text("Insuffisant")
        await judged(visitor, True)
        await page.get_by_role("link", name="6 témoignages reçus").click()
        await expect(page.locator("#temoignages .gc-faces")).to_be_in_viewport()
        await page.get_by_role("link", name="Un guichet pour tous").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Un guichet pour tous")
        await judged(visitor, True)
