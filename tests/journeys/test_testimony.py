"""Testimony: a citizen with a phone, from a poster to the receipt, on any network and with or without a script."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from sqlmodel import select
from starlette.applications import Starlette

from server.database import Database
from tests.browser import PHONE, Screen, screen, serving
from tests.cast import act, colleague, moderator, touchpoint
from workshops import moderation
from workshops.testimonials import Face, Telling, Testimonial

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program

WAITS = "Le réseau ne répond pas. Rien n’est perdu"
HAPPENED = "Que s’est-il passé"
# A browser where nothing may be kept.
REFUSING = (
    "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('refused', 'SecurityError') }})"
)


@dataclass
class Citizen:
    """Somebody in front of a poster."""

    database: Database
    link: str
    phone: Screen
    taps: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.phone.page

    async def arrive(self) -> None:
        await self.page.goto(self.link)

    async def tap(self, what: Locator) -> None:
        self.taps.append((await what.text_content() or "").strip())
        await what.click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def say(self, face: str) -> None:
        await self.tap(self.button(face))
        await expect(self.page.get_by_role("heading", level=1)).to_have_text("C’est enregistré. Merci !")

    async def look(self, *, with_axe: bool = True) -> None:
        await self.phone.fits()
        if with_axe:
            await self.phone.check_accessibility()

    async def offline(self, is_offline: bool = True) -> None:
        await self.phone.context.set_offline(is_offline)

    async def drafts(self) -> list[str]:
        kept: list[str] = await self.page.evaluate(
            "Object.keys(localStorage).filter(name => name.includes('temoignage:'))"
        )
        return kept

    async def given(self) -> list[tuple[Face, str]]:
        """What the site keeps: each face, and what was written with it."""
        async with self.database.reading() as session:
            faces = {each.id: each.face for each in await session.scalars(select(Testimonial))}
            texts = {each.testimonial_id: each.happened for each in await session.scalars(select(Telling))}
        return [(face, texts.get(id, "")) for id, face in faces.items()]


@asynccontextmanager
async def at_the_poster(
    app: Starlette, database: Database, browser: Browser, *, javascript: bool = True
) -> AsyncIterator[Citizen]:
    lou = await colleague(database, name="Lou")
    point = await touchpoint(database, project="Un guichet unique", name="Accueil", by=lou)
    async with (
        serving(app) as address,
        screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone,
    ):
        yield Citizen(database, f"/t/{point.token}", phone)


async def is_in_sight(what: Locator) -> bool:
    """Whether all of it is on the screen, without scrolling."""
    box = await what.bounding_box()
    assert box is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"]


async def test_three_taps_from_the_poster_to_the_receipt(app: Starlette, database: Database, browser: Browser) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.arrive()
        await expect(citizen.page.locator(".gc-witness__place")).to_contain_text("Un guichet unique")
        for face in ("Bien", "Moyen", "Mal"):
            assert await is_in_sight(citizen.button(face))
        await citizen.look()
        await citizen.say("Bien")
        await citizen.look()
        await citizen.tap(citizen.page.locator(".gc-scale__step", has_text="5").last)
        await citizen.tap(citizen.button("Envoyer"))
        await expect(citizen.page.locator(".gc-standing b")).to_have_text("Remis au laboratoire, sans publication")
        await expect(citizen.page.locator(".gc-receipt__code")).to_have_text(re.compile(r"^(\w{4} ){3}\w{4}$"))
        await citizen.look()
        assert len(citizen.taps) == 3
        assert await citizen.given() == [(Face.GOOD, "")]
        assert await citizen.phone.context.cookies() == []


async def test_two_taps_are_enough(app: Starlette, database: Database, browser: Browser) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.arrive()
        await citizen.say("Mal")
        leave = citizen.page.get_by_role("link", name="C’est tout, merci").first
        assert await is_in_sight(leave)
        await citizen.tap(leave)
        await expect(citizen.page.locator(".gc-receipt__code")).to_be_visible()
        await citizen.look()
        assert len(citizen.taps) == 2


async def test_all_is_told_refused_appealed_and_withdrawn(app: Starlette, database: Database, browser: Browser) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        page = citizen.page
        await citizen.arrive()
        await citizen.say("Mal")
        await page.get_by_label(HAPPENED).fill("Rappelez-moi au 06 12 34 56 78.")
        await expect(page.get_by_label("Votre adresse électronique")).to_be_hidden()
        await page.get_by_text("Me répondre par courriel").click()
        await page.get_by_label("Votre adresse électronique").fill("lea@exemple.fr")
        await page.get_by_text("Publier ce témoignage").click()
        await page.get_by_text("Qui vous êtes").click()
        await page.get_by_label("Votre prénom").fill("Léa")
        await citizen.look()
        await citizen.button("Envoyer").click()
        await expect(page.locator(".gc-traces__found")).to_have_text("06 12 34 56 78")
        await citizen.look()
        await citizen.button("Retirer ces données et envoyer").click()
        await expect(page.locator(".gc-standing b")).to_have_text("En attente de relecture")
        citizen.phone.forget_the_cut(422)
        assert await citizen.given() == [(Face.BAD, "Rappelez-moi au [retiré].")]

        await page.get_by_role("link", name="Corriger").click()
        await expect(page.get_by_label("Votre adresse électronique")).to_have_value("")
        await citizen.look()
        await page.get_by_label(HAPPENED).fill("On m’a dit de revenir.")
        await citizen.button("Envoyer").click()
        await expect(page.locator(".gc-sheet")).to_contain_text("On m’a dit de revenir.")
        await citizen.look()

        async with database.reading() as session:
            (testimonial,) = await session.scalars(select(Testimonial))
        told = {"verdict": "refuse", "reason": "hors_sujet", "base": testimonial.revision}
        await act(database, moderation.decide, testimonial.id, by=await moderator(database), **told)
        await page.reload()
        await expect(page.locator(".gc-standing b")).to_have_text("Refusé")
        await page.get_by_text("Demander un second examen").click()
        await page.get_by_label("Ce que vous voulez lui dire").fill("C’était bien là.")
        await citizen.look()
        await citizen.button("Envoyer ma demande").click()
        await expect(page.locator(".gc-standing b")).to_have_text("Second examen demandé")
        await citizen.look()

        await page.get_by_text("Retirer mon témoignage").click()
        await citizen.look()
        await citizen.button("Le retirer pour de bon").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Votre témoignage est retiré")
        await citizen.look()
        assert await citizen.given() == [(Face.BAD, "")]
        assert await citizen.drafts() == []


# ── The network


async def test_a_draft_survives_a_reload_and_a_lost_network(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        page = citizen.page
        await citizen.arrive()
        await citizen.say("Moyen")
        await page.get_by_label(HAPPENED).fill("J’ai attendu")
        await page.locator(".gc-scale__step", has_text="4").first.click()
        await page.reload()
        await expect(page.get_by_text("Brouillon retrouvé sur cet appareil.")).to_be_visible()
        await expect(page.get_by_label(HAPPENED)).to_have_value("J’ai attendu")
        await expect(page.locator("input[name=clarity][value='4']")).to_be_checked()
        await citizen.look()

        await citizen.offline()
        await page.get_by_label(HAPPENED).fill("J’ai attendu, puis on m’a aidé.")
        await citizen.button("Envoyer").click()
        await expect(page.get_by_role("status").get_by_text(WAITS)).to_be_visible()
        await citizen.look()
        assert await citizen.given() == [(Face.MEDIUM, "")]
        assert len(await citizen.drafts()) == 1
        await citizen.offline(False)
        await expect(page.locator(".gc-standing b")).to_have_text("Remis au laboratoire, sans publication")
        assert await citizen.given() == [(Face.MEDIUM, "J’ai attendu, puis on m’a aidé.")]
        assert await citizen.drafts() == []
        citizen.phone.forget_the_cut()


async def test_long_names_fit_and_what_is_wrong_is_read_first(
    app: Starlette, database: Database, browser: Browser
) -> None:
    point = await touchpoint(database, project="P" * 120, name="N" * 80, by=await colleague(database))
    async with serving(app) as address, screen(browser, address, "téléphone", PHONE) as phone:
        page = phone.page
        await page.goto(f"/t/{point.token}")
        await phone.fits()
        await page.get_by_role("button", name="Mal").click()
        await page.get_by_label(HAPPENED).fill("Rappelez-moi au 06 12 34 56 78.")
        await phone.fits()
        await page.get_by_role("button", name="Envoyer", exact=True).click()
        await expect(page.locator("#field-traces")).to_be_focused()
        await phone.check_accessibility()
        await page.goto("/temoignages/suivi")
        code = page.get_by_label("Le code de votre reçu")
        await code.fill("WWWW WWWW WWWW WWWW")
        assert await code.evaluate("field => field.scrollWidth <= field.clientWidth")
        await page.get_by_role("button", name="Ouvrir").click()
        await expect(page.get_by_role("alert")).to_be_focused()
        phone.forget_the_cut(422, 404)


async def test_a_draft_is_forgotten_when_asked(app: Starlette, database: Database, browser: Browser) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        page = citizen.page
        await citizen.arrive()
        await citizen.say("Bien")
        await page.get_by_label(HAPPENED).fill("Un secret")
        await page.reload()
        await citizen.button("L’effacer").click()
        await expect(page.get_by_label(HAPPENED)).to_have_value("")
        assert await citizen.drafts() == []


async def test_a_tap_without_network_waits_and_counts_once(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.arrive()
        await citizen.offline()
        for _time in range(3):
            await citizen.button("Bien").click()
        await expect(citizen.page.get_by_role("status").get_by_text(WAITS)).to_be_visible()
        await citizen.look()
        assert await citizen.given() == []
        await citizen.offline(False)
        await expect(citizen.page.get_by_role("heading", level=1)).to_have_text("C’est enregistré. Merci !")
        assert await citizen.given() == [(Face.GOOD, "")]
        citizen.phone.forget_the_cut()


async def test_what_is_withdrawn_leaves_no_draft_in_another_tab(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.arrive()
        await citizen.say("Bien")
        await citizen.page.get_by_label(HAPPENED).fill("Un mot")
        other = await citizen.phone.context.new_page()
        await other.goto(f"{citizen.page.url}?fini=1")
        await other.get_by_text("Retirer mon témoignage").click()
        await other.get_by_role("button", name="Le retirer pour de bon").click()
        await expect(other.get_by_role("heading", level=1)).to_have_text("Votre témoignage est retiré")
        await citizen.page.get_by_label(HAPPENED).fill("Un mot de trop")
        assert await citizen.drafts() == []


async def test_a_browser_that_keeps_nothing_still_testifies(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.phone.context.add_init_script(REFUSING)
        await citizen.arrive()
        await citizen.say("Bien")
        await citizen.page.get_by_label(HAPPENED).fill("Un mot.")
        await citizen.button("Envoyer").click()
        await expect(citizen.page.locator(".gc-receipt__code")).to_be_visible()
        assert await citizen.given() == [(Face.GOOD, "Un mot.")]


# ── Without a script


async def test_all_of_it_works_without_a_script(app: Starlette, database: Database, browser: Browser) -> None:
    async with at_the_poster(app, database, browser, javascript=False) as citizen:
        page = citizen.page
        await citizen.arrive()
        await citizen.look(with_axe=False)
        await citizen.say("Moyen")
        await citizen.look(with_axe=False)
        await page.get_by_label(HAPPENED).fill("Écrivez à lea@exemple.fr.")
        await page.get_by_text("Publier ce témoignage").click()
        await citizen.button("Envoyer").click()
        await expect(page.locator(".gc-traces__found")).to_have_text("lea@exemple.fr")
        await expect(page.get_by_label("Publier ce témoignage")).to_be_checked()
        await citizen.look(with_axe=False)
        await citizen.button("Garder mon texte tel quel").click()
        await expect(page.locator(".gc-standing b")).to_have_text("En attente de relecture")
        citizen.phone.forget_the_cut(422)
        code = await page.locator(".gc-receipt__code").text_content()
        assert code
        assert await citizen.given() == [(Face.MEDIUM, "Écrivez à lea@exemple.fr.")]

        await page.goto("/temoignages/suivi")
        await page.get_by_label("Le code de votre reçu").fill(f" {code.lower().replace(' ', '-')} ")
        await citizen.look(with_axe=False)
        await citizen.button("Ouvrir").click()
        await page.get_by_role("link", name="Corriger").click()
        await page.get_by_text("J’ai répondu « moyen »").click()
        await page.get_by_text("Bien", exact=True).click()
        await page.get_by_label(HAPPENED).fill("Tout s’est arrangé.")
        await citizen.look(with_axe=False)
        await citizen.button("Envoyer").click()
        await expect(page.locator(".gc-sheet")).to_contain_text("Tout s’est arrangé.")
        await citizen.look(with_axe=False)
        assert await citizen.given() == [(Face.GOOD, "Tout s’est arrangé.")]

        await page.get_by_text("Retirer mon témoignage").click()
        await citizen.button("Le retirer pour de bon").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Votre témoignage est retiré")
        await citizen.look(with_axe=False)
        assert await citizen.given() == [(Face.GOOD, "")]


@pytest.mark.parametrize(
    "address", ["/temoignages/nouveau", "/t/ABCDEFGH", "/temoignages/suivi", "/temoignages/suivi/x"]
)
async def test_the_ways_in_are_accessible(app: Starlette, database: Database, browser: Browser, address: str) -> None:
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.page.goto(address)
        await citizen.look()
        citizen.phone.forget_the_cut(404)


async def test_a_page_that_a_browser_shows_again_is_another_sending(
    app: Starlette, database: Database, browser: Browser
) -> None:
    """On a counter's tablet, « back » must not give the next person the key of the one before."""
    async with at_the_poster(app, database, browser) as citizen:
        await citizen.arrive()
        key = citizen.page.locator("input[name=key]").first
        before = await key.input_value()
        async with citizen.page.expect_navigation():
            await citizen.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        assert await key.input_value() != before
