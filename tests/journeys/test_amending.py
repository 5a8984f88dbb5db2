"""Amending: a text is written otherwise from a phone, answered from a desk, and competing texts are graded."""

import re

from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import SHEET, act, ask, facilitator, member_of, move, session_of, workshop
from workshops import amendments, indicators, tallies, votes
from workshops.agenda import Stage
from workshops.consensus import Choice
from workshops.tallies import Tally

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def test_a_text_is_amended_answered_and_put_to_the_room(
    app: Starlette, database: Database, browser: Browser
) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    ours = (await act(database, indicators.propose, room.id, SHEET, by=alix)).id
    await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, ours, wording=1, choice=Choice.KEEP, by=sacha)
    path = f"/indicateurs/{ours}"
    async with (
        serving(app) as address,
        screen(browser, address, "téléphone", PHONE) as phone,
        screen(browser, address, "autrice", DESK) as author,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "sans script", PHONE, javascript=False) as plain,
    ):
        await author.come_in(await session_of(database, alix), path)
        await desk.come_in(await session_of(database, camille), path)

        # 1. Sacha writes it otherwise; the author sees it come, with what she may do.
        await phone.come_in(await session_of(database, sacha), path)
        await phone.page.get_by_role("link", name="Proposer un amendement").click()
        await phone.page.get_by_label("Intitulé", exact=True).fill("Part des projets abandonnés à temps")
        await phone.page.get_by_label("Pourquoi ce changement ?").fill("Un nombre seul ne dit rien.")
        await phone.check_accessibility()
        await phone.fits()
        await phone.page.get_by_role("button", name="Proposer cet amendement").click()
        await phone.page.wait_for_url(re.compile(re.escape(path) + "#"))
        mine = phone.page.locator(".gc-amendment")
        await expect(mine.get_by_role("button", name="Retirer mon amendement")).to_be_visible()
        theirs = author.page.locator(".gc-amendment")
        await expect(theirs).to_have_count(1)
        await theirs.scroll_into_view_if_needed()
        await expect(theirs.get_by_role("button", name="Accepter")).to_be_visible()
        await expect(theirs).to_contain_text("Sacha, SIILAB")
        await author.check_accessibility()

        # 2. She accepts: the text changes on every screen, and the vote stays where it was.
        await theirs.get_by_role("button", name="Accepter").click()
        for one in (phone, author, desk):
            await expect(one.page.get_by_role("heading", level=1)).to_have_text("Part des projets abandonnés à temps")
            await expect(one.page.locator(f"#head-{ours}")).to_contain_text("Coécrit avec Sacha (SIILAB)")
            await expect(one.page.locator(".gc-amendment")).to_contain_text("Accepté par Alix")
        assert await ask(database, tallies.tally, ours) == Tally(earlier=1)

        # 3. Another amendment, declined with its reason; then two more, between which the room will choose.
        card = await ask(database, indicators.card, ours)
        for field, text in (("limites", "Aucune."), ("unite", "%"), ("population", "Projets du labo")):
            changed = {**card.sheet, field: text}
            await act(database, amendments.propose, ours, changed, base=card.wording.number, by=sacha)
        first = author.page.locator(".gc-amendment").nth(1)
        await expect(author.page.locator(".gc-amendment")).to_have_count(4)
        await first.scroll_into_view_if_needed()
        await first.get_by_text("Ne pas retenir").click()
        await first.get_by_label("Pourquoi ?").fill("Il y en a toujours.")
        await first.get_by_role("button", name="Répondre").click()
        await expect(phone.page.locator(".gc-amendment").nth(1)).to_contain_text("Il y en a toujours.")
        await desk.page.get_by_role("button", name="Ouvrir un départage").click()
        await expect(desk.page.get_by_role("heading", level=1)).to_have_text("Départager 3 textes")
        await desk.check_accessibility()

        # 4. On the phone a whole ballot is a few taps; without a script too.
        await phone.page.get_by_role("link", name="Juger les textes").click()
        await phone.check_accessibility()
        await phone.fits()
        for number, label in ((1, "Bien"), (2, "Assez bien"), (3, "Excellent")):
            await phone.page.locator(".gc-grades").nth(number - 1).get_by_label(label, exact=True).check()
        await phone.page.get_by_role("button", name="Envoyer mon bulletin").click()
        await expect(phone.page.locator("#ballot")).to_contain_text("Votre bulletin est enregistré")
        await plain.come_in(await session_of(database, alix), phone.page.url.partition("#")[0])
        for number, label in ((1, "Passable"), (2, "Passable"), (3, "Bien")):
            await plain.page.locator(".gc-grades").nth(number - 1).get_by_label(label, exact=True).check()
        await plain.page.get_by_role("button", name="Envoyer mon bulletin").click()
        await expect(plain.page.locator("#ballot")).to_contain_text("2 personnes ont jugé")
        await expect(author.page.locator(".gc-contest")).to_contain_text("2 personnes ont jugé")

        # 5. Closed, the best text is the text, and everybody reads why.
        await desk.page.get_by_role("button", name="Clore et appliquer le résultat").click()
        await expect(desk.page.locator(".gc-ranking__rank")).to_have_text(["1", "2", "3"])
        await expect(author.page.locator(f"#sheet-{ours}")).to_contain_text("Projets du labo")
        await expect(author.page.locator(".gc-amendment").nth(2)).to_contain_text("rang 3 sur 3")
        await phone.page.reload()
        await expect(phone.page.get_by_role("heading", name="Résultat")).to_be_visible()
        await phone.check_accessibility()
        await phone.fits()
        assert await ask(database, tallies.tally, ours) == Tally(earlier=1)
