"""A day is led: a model, a timer that every screen counts, a list of who has not voted, notes for oneself."""

import re

from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.browser import DESK, PHONE, screen, serving, sign_in

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program

# A phone whose clock is two hours late.
LATE = "Date.now = (now => () => now() - 2 * 3600e3)(Date.now)"


async def left(page: Page) -> int:
    """How many seconds a screen says are left."""
    shown = page.locator("#timer [role=timer]")
    await expect(shown).to_have_text(re.compile(r"^(\d+:)?\d+:\d\d$"))
    seconds = 0
    for part in (await shown.inner_text()).split(":"):
        seconds = 60 * seconds + int(part)
    return seconds


async def test_a_timer_started_on_the_desk_is_seen_and_extended_on_a_phone(
    app: Starlette, database: Database, settings: Settings, browser: Browser
) -> None:
    async with database.transaction() as session:
        await story.cast(session, settings)
    async with (
        serving(app) as address,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "téléphone", PHONE) as phone,
        screen(browser, address, "téléphone de l'animation", PHONE) as pocket,
        screen(browser, address, "projecteur", {"width": 1280, "height": 720}) as wall,
        screen(browser, address, "sans script", PHONE, javascript=False) as plain,
    ):
        # 1. Camille starts from a model, and changes it.
        await sign_in(desk, "Camille", "/ateliers/nouveau")
        await desk.page.get_by_role("link", name="Delphi en deux tours").click()
        await expect(desk.page.get_by_label("Titre")).to_have_value("Delphi en deux tours, sur deux axes")
        await desk.check_accessibility()
        await desk.page.get_by_label("Déroulé").fill("10 Accueil\n20 Vote")
        await desk.page.get_by_role("button", name="Ouvrir l’atelier").click()
        await expect(desk.page.locator(".gc-schedule__point")).to_have_count(2)
        room = desk.page.url.removeprefix(address)
        code = (await desk.page.locator(".gc-code__text").inner_text()).strip()

        # 2. Everybody is there; one phone's clock is wrong, one has no script.
        await phone.page.add_init_script(LATE)
        await phone.page.goto(f"/rejoindre/{code}")
        await phone.page.get_by_label("Votre prénom").fill("Alix")
        await phone.page.get_by_label("Votre laboratoire").select_option("ti-lab")
        await phone.page.get_by_role("button", name="Entrer").click()
        await phone.page.wait_for_url(f"**{room}")
        for other, path in ((pocket, room), (wall, f"{room}/ecran"), (plain, room)):
            await other.context.add_cookies(await desk.context.cookies())  # type: ignore[arg-type]
            await other.page.goto(path)
        for live in (desk, phone, pocket, wall):
            await expect(live.page.locator("#room")).to_have_attribute("data-connection", "open")
            await expect(live.page.locator("#timer")).to_be_hidden()

        # 3. A point starts on the desk: every screen counts down, without a reload, and says so once.
        await desk.page.get_by_role("button", name="Lancer ce point").click()
        for live in (desk, phone, pocket, wall):
            await expect(live.page.locator("#timer")).to_contain_text("Accueil")
            assert 540 <= await left(live.page) <= 600
            await expect(live.page.locator("#timer-said")).to_have_text(re.compile("^Accueil jusqu’à"))
            await live.check_accessibility()
        before = await left(phone.page)
        await expect(phone.page.locator("#timer [role=timer]")).not_to_have_text(f"{before // 60}:{before % 60:02}")

        # 4. The animation gives time from a phone; everybody has it.
        await pocket.page.get_by_role("button", name="+ 5 min", exact=True).click()
        for live in (desk, phone, pocket, wall):
            await expect(live.page.locator("#timer [role=timer]")).to_have_text(re.compile(r"^1[34]:\d\d$|^15:00$"))
        await plain.page.reload()
        await expect(plain.page.locator("#timer")).to_contain_text("jusqu’à")
        await plain.page.get_by_role("button", name="+ 15 min").click()
        await expect(phone.page.locator("#timer [role=timer]")).to_have_text(re.compile(r"^2\d:\d\d$|^30:00$"))

        # 5. Its time is over: calm words, said once.
        await phone.page.locator("#timer [data-ends]").evaluate("bar => bar.dataset.ends = '2020-01-01T00:00:00+00:00'")
        await expect(phone.page.locator("#timer")).to_contain_text("Temps écoulé")
        await expect(phone.page.locator("#timer-said")).to_have_text("Temps écoulé : Accueil")
        await phone.check_accessibility()

        # 6. On an indicator's page too; then the next point, then nothing.
        await phone.page.get_by_role("link", name="Nombre de publications").click()
        await expect(phone.page.locator("#room")).to_have_attribute("data-connection", "open")
        await desk.page.get_by_role("button", name="Lancer ce point").click()
        await expect(phone.page.locator("#timer")).to_contain_text("Vote")
        assert 1140 <= await left(phone.page) <= 1200
        await expect(desk.page.locator(".gc-schedule__point[aria-current]")).to_contain_text("Vote")
        await desk.page.get_by_role("button", name="Arrêter le minuteur").click()
        await expect(phone.page.locator("#timer")).to_be_hidden()
        await expect(desk.page.locator("#conduct")).to_contain_text("Tous les points du déroulé sont passés.")

        # 7. Who has not voted, and notes that nobody else reads.
        await desk.page.get_by_role("button", name="Vote", exact=True).click()
        await desk.page.get_by_role("link", name="Qui ne s’est pas encore prononcé").click()
        await expect(desk.page.locator("main")).to_contain_text("Alix")
        await desk.check_accessibility()
        await desk.page.goto(f"{room}/notes")
        await desk.page.get_by_label("Notes").fill("Rappeler Alix.")
        await desk.page.get_by_role("button", name="Enregistrer mes notes").click()
        await expect(desk.page.get_by_label("Notes")).to_have_value("Rappeler Alix.")
        await desk.check_accessibility()
        await desk.page.goto(f"{room}/deroule")
        await desk.check_accessibility()
