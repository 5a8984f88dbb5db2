"""Evidence: a testimonial is cited from a phone, read by the whole room, and leaves every screen with its author."""

import re

from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import HAPPENED, act, card, colleague, facilitator, member_of, session_of, witness, workshop
from workshops import withdrawals
from workshops.agenda import Stage

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def test_a_testimonial_is_cited_read_and_withdrawn(
    app: Starlette, database: Database, browser: Browser
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    yann = await colleague(database, name="Yann")
    key, _first = await witness(database, by=yann, capacity="usager", name="Ana")
    other_key, _other = await witness(database, by=yann, happened="Rien à voir, au guichet.", face="mal")
    impact = await card(database, room, "IMP-01")
    path = f"/indicateurs/{impact.id}"
    async with (
        serving(app) as address,
        screen(browser, address, "téléphone", PHONE) as phone,
        screen(browser, address, "salle", PHONE) as list_,
        screen(browser, address, "projection", DESK) as wall,
        screen(browser, address, "sans script", PHONE, javascript=False) as plain,
    ):
        await list_.come_in(await session_of(database, sacha), f"/ateliers/{room.id}")
        await wall.come_in(await session_of(database, camille), f"/ateliers/{room.id}/ecran")
        everywhere = [one.page.locator(f"#evidence-{impact.id}") for one in (list_, wall)]

        # 1. Alix looks for one, and says what it shows; it comes on the card, on the phones and on the wall.
        await phone.come_in(await session_of(database, alix), path)
        await phone.page.get_by_role("link", name="Citer un témoignage").first.click()
        await phone.page.get_by_label("Avec ces mots").fill("démarche")
        await phone.page.get_by_role("button", name="Chercher").click()
        await expect(phone.page.get_by_role("radio")).to_have_count(1)
        await phone.page.get_by_label("Citer celui-ci").check(force=True)
        await phone.page.get_by_label("Ce qu’il montre").fill("Elle a fini seule.")
        await phone.check_accessibility()
        await phone.fits()
        await phone.page.get_by_role("button", name="Citer ce témoignage").click()
        await phone.page.wait_for_url(re.compile(re.escape(path) + "#evidence"))
        await expect(phone.page.locator(f"#evidence-{impact.id}")).to_contain_text("Elle a fini seule.")
        for shown in everywhere:
            await expect(shown).to_contain_text(HAPPENED)
        for one in (phone, list_, wall):
            await one.check_accessibility()
        await list_.fits()

        # 2. Without a script too.
        await plain.come_in(await session_of(database, sacha), f"{path}/temoignages?mots=guichet")
        await plain.page.get_by_label("Citer celui-ci").check(force=True)
        await plain.page.get_by_label("Ce qu’il montre").fill("Et l'inverse.")
        await plain.page.get_by_role("button", name="Citer ce témoignage").click()
        await expect(plain.page.locator(f"#evidence-{impact.id}")).to_contain_text("Rien à voir, au guichet.")
        for shown in everywhere:
            await expect(shown).to_contain_text("2 témoignages cités")

        # 3. Both authors withdraw: nobody touches a screen, and no word of theirs is left on any.
        for each in (key, other_key):
            await act(database, withdrawals.withdraw, each)
        for shown in (*everywhere, phone.page.locator(f"#evidence-{impact.id}")):
            await expect(shown.locator(".gc-cited").nth(1)).to_have_text("Retiré par son auteur")
            await expect(shown).not_to_contain_text("démarche")
            await expect(shown).not_to_contain_text("guichet")
        await list_.check_accessibility()
