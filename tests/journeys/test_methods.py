"""Methods: two notes in two rounds, and grades, on a phone, from the announced rule to the result."""

import re

from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, screen, serving
from tests.cast import act, ask, card, facilitator, member_of, session_of, workshop
from workshops import rules, tallies, votes
from workshops.agenda import Stage
from workshops.consensus import Grade, Method, Outcome, Rule

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def test_two_notes_in_two_rounds(app: Starlette, database: Database, browser: Browser) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.DISCUSSING, by=camille)
    alix = await member_of(database, room)
    others = [await member_of(database, room, "siilab", name=f"Membre {number}") for number in range(5)]
    text = await card(database, room)
    path = f"/ateliers/{room.id}"
    async with (
        serving(app) as address,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "téléphone", PHONE) as phone,
        screen(browser, address, "sans script", PHONE, javascript=False) as plain,
    ):
        # 1. The rule is announced before the vote, and everybody's screen says it; then it is locked.
        await phone.come_in(await session_of(database, alix), path)
        await desk.come_in(await session_of(database, camille), f"{path}/regle")
        await desk.page.get_by_text("Deux notes de 1 à 9", exact=True).click()
        await desk.page.get_by_label("Tours de vote").fill("2")
        await desk.check_accessibility()
        await desk.page.get_by_role("button", name="Annoncer cette règle").click()
        await expect(desk.page.locator(".gc-rule")).to_contain_text("au moins 70 % des notes vont de 7 à 9")
        await expect(phone.page.locator("#stage")).to_contain_text("Tour 1 sur 2.")
        await desk.page.goto(path)
        await desk.page.get_by_role("button", name="Vote", exact=True).click()
        await expect(phone.page.locator("#stage")).to_have_attribute("data-stage", "voting")

        # 2. Two taps and a button; half a ballot does not leave.
        mine = phone.page.locator(f"#card-{text.id}")
        await mine.scroll_into_view_if_needed()
        relevance = mine.get_by_role("group", name="Pertinence")
        measurability = mine.get_by_role("group", name="Mesurabilité")
        await relevance.get_by_label("8", exact=True).check()
        await mine.get_by_role("button", name="Donner ces deux notes").click()
        await expect(mine.locator(".gc-mine")).to_have_count(0)
        await measurability.get_by_label("Je ne me prononce pas").check()
        await mine.get_by_role("button", name="Donner ces deux notes").click()
        await expect(mine.locator(".gc-mine")).to_contain_text("Votre vote : pertinence 8, mesurabilité sans avis")
        await phone.check_accessibility()
        await phone.fits()

        # 3. Others rate: from five on, the picture comes to every screen, with its n.
        for person, ballot in zip(others, ("7/7", "8/8", "9/7", "2/8", "7/9"), strict=True):
            await act(database, votes.cast, text.id, wording=1, choice=ballot, by=person)
        await expect(mine.locator(".gc-tally .gc-histogram")).to_have_count(2)
        await expect(mine.locator(".gc-axis__n")).to_have_text(["n = 6", "n = 5"])

        # 4. A second round: what the group said, one's own answer, and one tap to say the same; without a script too.
        await desk.page.get_by_role("button", name="Ouvrir le tour 2").click()
        await expect(phone.page.locator("#stage")).to_contain_text("Tour 2 sur 2.")
        await mine.scroll_into_view_if_needed()
        again = mine.locator(".gc-again")
        await expect(again).to_contain_text("vous aviez répondu « pertinence 8, mesurabilité sans avis »")
        await expect(mine.locator(".gc-former .gc-histogram")).to_have_count(2)
        await phone.check_accessibility()
        await phone.fits()
        await again.get_by_role("button", name=re.compile("Confirmer")).click()
        await expect(again).to_have_count(0)
        await plain.come_in(await session_of(database, others[0]), f"/indicateurs/{text.id}")
        await plain.page.get_by_role("group", name="Pertinence").get_by_label("9", exact=True).check()
        await plain.page.get_by_role("group", name="Mesurabilité").get_by_label("9", exact=True).check()
        await plain.page.get_by_role("button", name="Donner ces deux notes").click()
        await plain.page.goto(f"/indicateurs/{text.id}")
        await expect(plain.page.locator(".gc-mine")).to_contain_text("pertinence 9, mesurabilité 9")
        found = await ask(database, tallies.tally, text.id)
        assert (dict(found.counts), found.earlier, found.outcome) == ({"8/-": 1, "9/9": 1}, 4, Outcome.KEPT)


async def test_a_grade_is_one_tap(app: Starlette, database: Database, browser: Browser) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.DISCUSSING, by=camille)
    alix = await member_of(database, room)
    others = [await member_of(database, room, "siilab", name=f"Membre {number}") for number in range(4)]
    text = await card(database, room)
    rule = Rule(method=Method.MAJORITY_JUDGMENT)
    await act(database, rules.announce, room.id, rule, by=camille)
    async with (
        serving(app) as address,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "téléphone", PHONE) as phone,
    ):
        path = f"/ateliers/{room.id}"
        await desk.come_in(await session_of(database, camille), path)
        await phone.come_in(await session_of(database, alix), path)
        await desk.page.get_by_role("button", name="Vote", exact=True).click()
        mine = phone.page.locator(f"#card-{text.id}")
        await mine.scroll_into_view_if_needed()
        await mine.get_by_role("button", name="Très bien").click()
        await expect(mine.locator(".gc-mine")).to_contain_text("Votre vote : très bien")
        for person, grade in zip(others, (Grade.GOOD, Grade.GOOD, Grade.EXCELLENT, Grade.REJECTED), strict=True):
            await act(database, votes.cast, text.id, wording=1, choice=grade, by=person)
        await expect(mine.locator(".gc-merit__grade")).to_have_text("Mention majoritaire : Bien")
        await phone.check_accessibility()
        await phone.fits()
