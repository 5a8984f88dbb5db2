"""Nothing lost: phones whose network comes and goes, on a server that may not answer."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import PHONE, Screen, screen, serving
from tests.cast import act, ask, card, facilitator, member_of, move, session_of, workshop
from workshops import indicators, journal
from workshops.agenda import Stage, Workshop
from workshops.indicators import Card
from workshops.people import Person

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


@dataclass
class Tunnel:
    """A workshop, Alix's phone on it, and what the journal knows of her."""

    database: Database
    address: str
    room: Workshop
    camille: Person
    alix: Person
    first: Card
    phone: Screen

    @property
    def page(self) -> Page:
        return self.phone.page

    @property
    def card_address(self) -> str:
        return f"/indicateurs/{self.first.id}"

    async def become(self, person: Person) -> None:
        """Whoever holds the phone now."""
        token = await session_of(self.database, person)
        await self.phone.context.add_cookies([{"name": "session", "value": token, "url": self.address}])

    async def enter(self, online: bool = True) -> None:
        await self.phone.context.set_offline(not online)

    async def done_by(self, person: Person) -> list[str]:
        """What somebody did since they sat down, in order."""
        entries = await ask(self.database, journal.since, self.room.id, 0)
        return [
            entry.kind.value for entry in entries if entry.by_id == person.id and entry.kind.value != "member_joined"
        ]

    async def said(self) -> list[str]:
        answer = await self.phone.context.request.get(f"{self.address}/ateliers/{self.room.id}.json")
        return [said["texte"] for indicator in (await answer.json())["indicateurs"] for said in indicator["avis"]]

    def kept(self, page: Page | None = None) -> Locator:
        return (page or self.page).locator("#outbox [role=status]")

    async def nothing_waits(self, page: Page | None = None) -> None:
        await expect((page or self.page).locator("#outbox")).to_have_attribute("data-state", re.compile("^(arrived|)$"))

    async def detail(self) -> Locator:
        await self.page.get_by_role("button", name="Détail").click()
        return self.page.locator(".gc-outbox__item")


@asynccontextmanager
async def tunnel(app: Starlette, database: Database, browser: Browser, stage: Stage) -> AsyncIterator[Tunnel]:
    camille = await facilitator(database)
    room = await workshop(database, stage, by=camille)
    alix = await member_of(database, room)
    async with serving(app) as address, screen(browser, address, "téléphone", PHONE) as phone:
        place = Tunnel(database, address, room, camille, alix, await card(database, room), phone)
        await place.become(alix)
        yield place
        # A browser complains of a socket that is closed while it opens: let each page finish sitting down.
        for page in phone.context.pages:
            if await page.locator("#room[data-seat=member]").count():
                await expect(page.locator("#room")).to_have_attribute("data-connection", "open")


async def test_what_is_said_in_a_tunnel_arrives_once_and_in_order(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.goto(at.card_address)
        await at.enter(online=False)
        await page.get_by_role("button", name="Garder").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await expect(page.locator(".gc-ballot__choice--waiting")).to_have_text("Garder")
        await expect(page.get_by_text("« Garder » : en attente du réseau, pas encore compté.")).to_be_visible()
        await expect(page.get_by_text("Votre vote :")).to_have_count(0)

        # Said again unchanged, it is the same; the text waits with the rest, and the form is free for another.
        await page.get_by_role("button", name="Garder").click()
        await page.get_by_label("Votre avis").fill("Un an, est-ce assez long ?")
        await page.get_by_role("button", name="Donner cet avis").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 2 en attente")
        await expect(page.get_by_label("Votre avis")).to_have_value("")
        await page.get_by_text("Écarter", exact=True).click()
        await page.get_by_label("Pourquoi ?").last.fill("Ce n’est pas à nous de compter.")
        await page.get_by_role("button", name="Voter : écarter").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 3 en attente")
        await expect(page.get_by_text("« Voter : écarter » : en attente du réseau, pas encore compté.")).to_be_visible()
        await expect(page.locator(".gc-waiting")).to_have_count(2)
        await page.get_by_label("Votre avis").fill("Encore une chose que je suis en train")

        items = await at.detail()
        await expect(items).to_have_count(3)
        await expect(items.nth(1)).to_contain_text("Un an, est-ce assez long ?")
        await at.phone.check_accessibility()
        assert await at.done_by(at.alix) == []

        await at.enter()
        await at.nothing_waits()
        await expect(page.get_by_text("Votre vote : écarter")).to_be_visible()
        await expect(page.locator(".gc-waiting")).to_have_count(0)
        await expect(page.get_by_label("Votre avis")).to_have_value("Encore une chose que je suis en train")
        assert await at.done_by(at.alix) == ["vote_cast", "comment_posted", "vote_cast"]
        assert await at.said() == ["Un an, est-ce assez long ?"]
        at.phone.forget_the_cut()


async def test_a_page_that_closes_in_a_tunnel_keeps_gestures_and_drafts(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        await at.page.goto(at.card_address)
        await at.enter(online=False)
        await at.page.get_by_role("button", name="S’abstenir").click()
        await at.page.get_by_label("Votre avis").fill("À moitié")
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await at.page.close()
        await at.enter()

        page = at.phone.page = await at.phone.context.new_page()
        await page.goto(at.card_address)
        await expect(page.get_by_text("Votre vote : s’abstenir")).to_be_visible()
        await at.nothing_waits()
        await expect(page.get_by_label("Votre avis")).to_have_value("À moitié")
        await expect(page.get_by_text("Brouillon retrouvé")).to_be_visible()
        await at.phone.check_accessibility()
        assert await at.done_by(at.alix) == ["vote_cast"]

        # Sent, it is no draft any more.
        await page.get_by_role("button", name="Donner cet avis").click()
        await expect(page.locator(".gc-comment")).to_contain_text("À moitié")
        await page.reload()
        await expect(page.get_by_label("Votre avis")).to_have_value("")
        await expect(page.get_by_text("Brouillon retrouvé")).to_have_count(0)
        at.phone.forget_the_cut()


@pytest.mark.parametrize("locks", [True, False], ids=["https", "http on a local network"])
async def test_two_tabs_of_a_phone_send_each_gesture_once(
    app: Starlette, database: Database, browser: Browser, locks: bool
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        if not locks:
            bare = "for (const [of, what] of [[Navigator, 'locks'], [Crypto, 'randomUUID']]) delete of.prototype[what]"
            await at.phone.context.add_init_script(bare)
        one, two = at.page, await at.phone.context.new_page()
        for page in (one, two):
            await page.goto(f"/ateliers/{at.room.id}")
        await at.enter(online=False)
        await one.locator(".gc-card").nth(0).get_by_role("button", name="Garder").click()
        await expect(at.kept(two)).to_have_text("conservé sur ce téléphone, 1 en attente")
        await two.locator(".gc-card").nth(1).get_by_role("button", name="S’abstenir").click()
        for page in (one, two):
            await expect(at.kept(page)).to_have_text("conservé sur ce téléphone, 2 en attente")
            await expect(page.locator(".gc-waiting")).to_have_count(2)
        await at.enter()
        for page in (one, two):
            await at.nothing_waits(page)
            await expect(page.locator(".gc-card").nth(0).get_by_text("Votre vote : garder")).to_be_visible()
            await expect(page.locator(".gc-card").nth(1).get_by_text("Votre vote : s’abstenir")).to_be_visible()
        assert await at.done_by(at.alix) == ["vote_cast", "vote_cast"]
        at.phone.forget_the_cut()


async def test_what_the_room_no_longer_accepts_comes_back_with_its_text(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.goto(at.card_address)
        await at.enter(online=False)
        await page.get_by_text("Retravailler", exact=True).click()
        await page.get_by_label("Pourquoi").first.fill("Dire qui constate l’usage.")
        await page.get_by_role("button", name="Voter : retravailler").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await move(database, at.room, Stage.DISCUSSING, by=at.camille)
        await at.enter()

        await expect(at.kept()).to_have_text("1 à reprendre")
        items = await at.detail()
        await expect(items).to_contain_text("Dire qui constate l’usage.")
        await expect(items.locator(".gc-outbox__why")).to_contain_text("à l’étape « Discussion »")
        await at.phone.check_accessibility()
        assert await at.done_by(at.alix) == []

        # The vote opens again: the same gesture, under the same key, once.
        await move(database, at.room, Stage.VOTING, by=at.camille)
        await expect(page.locator("#stage")).to_have_attribute("data-stage", "voting")
        await items.get_by_role("button", name="Reprendre le texte").click()
        await expect(page.get_by_label("Pourquoi").first).to_have_value("Dire qui constate l’usage.")
        await expect(page.get_by_label("Pourquoi").first).to_be_focused()
        await page.get_by_role("button", name="Voter : retravailler").click()
        await expect(page.get_by_text("Votre vote : retravailler")).to_be_visible()
        await at.nothing_waits()
        assert await at.done_by(at.alix) == ["vote_cast"]
        at.phone.forget_the_cut(409)


async def test_a_refused_gesture_is_sent_again_or_erased_on_purpose(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.goto(f"/ateliers/{at.room.id}")
        await at.enter(online=False)
        await page.locator(".gc-card").nth(0).get_by_role("button", name="Garder").click()
        await page.locator(".gc-card").nth(1).get_by_role("button", name="Garder").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 2 en attente")
        await move(database, at.room, Stage.DISCUSSING, by=at.camille)
        await at.enter()
        await expect(at.kept()).to_have_text("2 à reprendre")
        items = await at.detail()
        await items.nth(1).get_by_text("Effacer…").click()
        await items.nth(1).get_by_role("button", name="Effacer pour de bon").click()
        await expect(at.kept()).to_have_text("1 à reprendre")
        await move(database, at.room, Stage.VOTING, by=at.camille)
        await items.get_by_role("button", name="Renvoyer").click()
        await expect(page.locator(".gc-card").nth(0).get_by_text("Votre vote : garder")).to_be_visible()
        await at.nothing_waits()
        assert await at.done_by(at.alix) == ["vote_cast"]
        at.phone.forget_the_cut(409)


async def test_an_answer_that_is_lost_does_not_double_the_gesture(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        keys: list[str] = []

        async def swallow(route: Route) -> None:
            """The server wrote the gesture down; somebody on the way says that it is not there."""
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) < 3:
                await route.fetch()
                await route.fulfill(status=503, headers={"Retry-After": "1"}, body="")
            else:
                await route.continue_()

        await at.phone.context.route("**/vote", swallow)
        await at.page.goto(at.card_address)
        await at.page.get_by_role("button", name="Garder").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await expect(at.page.get_by_text("Votre vote : garder")).to_be_visible()
        await at.nothing_waits()
        assert len(set(keys)) == 1
        assert len(keys) == 3
        assert await at.done_by(at.alix) == ["vote_cast"]
        at.phone.forget_the_cut(503)


async def test_a_proposal_sent_without_a_network_is_locked_then_published(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.PROPOSING) as at:
        page = at.page
        await page.goto(f"/ateliers/{at.room.id}/indicateurs/nouveau")
        await page.get_by_label("Intitulé", exact=True).fill("Part des solutions encore utilisées")
        await page.get_by_text("Résultats", exact=True).click()
        await page.get_by_label("Définition", exact=True).fill("Première ligne.\n\nDeuxième ligne.")
        await at.enter(online=False)
        await page.get_by_role("button", name="Proposer", exact=True).click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await expect(page.get_by_text("Conservé : votre texte partira dès que le réseau reviendra.")).to_be_visible()
        await expect(page.get_by_role("button", name="Modifier")).to_be_focused()
        await at.phone.check_accessibility()
        await page.get_by_role("button", name="Modifier").click()
        await page.get_by_label("Intitulé", exact=True).fill("Part des solutions encore utilisées à un an")
        await page.get_by_role("button", name="Proposer", exact=True).click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await at.enter()
        await page.wait_for_url(f"**/ateliers/{at.room.id}#card-*")
        await expect(page.get_by_role("link", name="Part des solutions encore utilisées à un an")).to_be_visible()
        await at.nothing_waits()
        assert await at.done_by(at.alix) == ["indicator_proposed"]
        at.phone.forget_the_cut()


async def test_a_text_sent_more_than_a_day_ago_is_not_sent_again_by_itself(
    app: Starlette, database: Database, browser: Browser
) -> None:
    """It left yesterday and nobody answered: it may have arrived, and the server knows its key no more."""
    async with tunnel(app, database, browser, Stage.PROPOSING) as at:
        page = at.page
        await page.goto(f"/ateliers/{at.room.id}/indicateurs/nouveau")
        await page.get_by_label("Intitulé", exact=True).fill("Part des solutions encore utilisées")
        await page.get_by_text("Résultats", exact=True).click()
        await page.get_by_label("Définition", exact=True).fill("Une définition.")
        await at.enter(online=False)
        await page.get_by_role("button", name="Proposer", exact=True).click()
        await expect(page.get_by_text("Conservé : votre texte partira dès que le réseau reviendra.")).to_be_visible()
        await page.evaluate(
            """() => {
                for (const [name, text] of Object.entries(localStorage)) {
                    if (!name.startsWith("grille:gesture:")) continue
                    const gesture = JSON.parse(text)
                    localStorage.setItem(name, JSON.stringify({...gesture, tried: gesture.tried - 25 * 3600e3}))
                }
            }"""
        )
        await at.enter()
        await expect(at.kept()).to_have_text("1 à reprendre")
        items = await at.detail()
        await expect(items).to_contain_text("Envoyé il y a plus d’un jour, sans réponse")
        await expect(page.get_by_label("Intitulé", exact=True)).to_have_value("Part des solutions encore utilisées")
        await expect(page.get_by_label("Intitulé", exact=True)).to_be_editable()
        assert await at.done_by(at.alix) == []
        at.phone.forget_the_cut()


async def test_two_rewordings_at_the_same_time_are_both_shown(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.PROPOSING) as at:
        page, form = at.page, f"{at.card_address}/redaction"
        theirs = {**at.first.sheet, "definition": "Ce que Camille a écrit."}
        await page.goto(form)
        await page.get_by_label("Définition", exact=True).fill("Ce qu’Alix a écrit.")
        await at.enter(online=False)
        await page.get_by_role("button", name="Publier cette rédaction").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await act(database, indicators.reword, at.first.id, theirs, base=1, by=at.camille)
        await at.enter()
        await expect(page.get_by_text("Deux textes en même temps")).to_be_visible()
        await expect(page.get_by_label("Définition", exact=True)).to_have_value("Ce qu’Alix a écrit.")
        await expect(page.get_by_text("Ce que Camille a écrit.").last).to_be_visible()
        await at.nothing_waits()
        assert await at.done_by(at.alix) == []

        # Half written from the former text, found again beside the newer one, and taken up.
        await page.goto(form)
        await page.get_by_label("Définition", exact=True).fill("Ce qu’Alix réécrit.")
        newer = {**theirs, "definition": "Ce que Camille réécrit."}
        await act(database, indicators.reword, at.first.id, newer, base=2, by=at.camille)
        await page.goto(form)
        await expect(page.get_by_label("Définition", exact=True)).to_have_value("Ce que Camille réécrit.")
        older = page.locator(".gc-draft")
        await expect(older).to_contain_text("Brouillon retrouvé, écrit à partir de la rédaction 2")
        await expect(older).to_contain_text("Ce qu’Alix réécrit.")
        await at.phone.check_accessibility()
        await older.get_by_role("button", name="Le mettre dans le formulaire").click()
        await expect(page.get_by_label("Définition", exact=True)).to_have_value("Ce qu’Alix réécrit.")
        await page.get_by_role("button", name="Publier cette rédaction").click()
        await page.wait_for_url(f"**{at.card_address}")
        assert await at.done_by(at.alix) == ["indicator_reworded"]
        at.phone.forget_the_cut(409)


async def test_a_rewording_refused_after_its_page_closed_is_found_again(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.PROPOSING) as at:
        await at.page.goto(f"{at.card_address}/redaction")
        await at.page.get_by_label("Définition", exact=True).fill("Ce qu’Alix a écrit.")
        await at.enter(online=False)
        await at.page.get_by_role("button", name="Publier cette rédaction").click()
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await at.page.close()
        theirs = {**at.first.sheet, "definition": "Ce que Camille a écrit."}
        await act(database, indicators.reword, at.first.id, theirs, base=1, by=at.camille)
        await at.enter()
        page = at.phone.page = await at.phone.context.new_page()
        await page.goto(f"/ateliers/{at.room.id}")
        await expect(at.kept()).to_have_text("1 à reprendre")
        items = await at.detail()
        await expect(items).to_contain_text("Ce qu’Alix a écrit.")
        await items.get_by_role("button", name="Reprendre le texte").click()
        await expect(page.locator(".gc-draft")).to_contain_text("Ce qu’Alix a écrit.")
        await expect(page.get_by_label("Définition", exact=True)).to_have_value("Ce que Camille a écrit.")
        await page.get_by_role("button", name="Le mettre dans le formulaire").click()
        await page.get_by_role("button", name="Publier cette rédaction").click()
        await page.wait_for_url(f"**{at.card_address}")
        await at.nothing_waits()
        assert await at.done_by(at.alix) == ["indicator_reworded"]
        at.phone.forget_the_cut(409)


async def test_another_person_on_the_same_phone_sends_nothing_of_the_first(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        sacha = await member_of(database, at.room, "siilab")
        left_open = at.page
        await left_open.goto(at.card_address)
        await at.enter(online=False)
        await left_open.get_by_role("button", name="Garder").click()
        await left_open.get_by_label("Votre avis").fill("Un texte d’Alix")
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await at.become(sacha)
        await at.enter()

        # The page Alix left open asks, is told that she is not there, and waits.
        await expect(left_open.get_by_role("link", name="Se connecter")).to_be_visible()
        page = await at.phone.context.new_page()
        await page.goto(at.card_address)
        await page.get_by_role("button", name="S’abstenir").click()
        await expect(page.get_by_text("Votre vote : s’abstenir")).to_be_visible()
        await expect(page.locator("#outbox")).to_have_attribute("data-state", "")
        await expect(page.get_by_label("Votre avis")).to_have_value("")
        assert (await at.done_by(at.alix), await at.done_by(sacha)) == ([], ["vote_cast"])

        # To nobody, the phone says that something waits, and not what.
        await at.phone.context.clear_cookies()
        await page.reload()
        await expect(at.kept(page)).to_have_text("1 geste attend une connexion pour partir")
        await expect(page.locator("#outbox")).not_to_contain_text("Garder")

        await at.become(at.alix)
        await left_open.reload()
        await expect(left_open.get_by_text("Votre vote : garder")).to_be_visible()
        await expect(left_open.get_by_label("Votre avis")).to_have_value("Un texte d’Alix")
        assert (await at.done_by(at.alix), await at.done_by(sacha)) == (["vote_cast"], ["vote_cast"])
        at.phone.forget_the_cut(401)


async def test_signing_out_asks_then_leaves_nothing_behind(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await at.phone.context.route("**/vote", lambda route: route.fulfill(status=503, body=""))
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.goto(at.card_address)
        await page.get_by_role("button", name="Garder").click()
        await page.get_by_label("Votre avis").fill("Un texte d’Alix")
        await expect(at.kept()).to_have_text("conservé sur cet ordinateur, 1 en attente")
        await page.get_by_role("button", name="Déconnexion").first.click()
        await expect(page.get_by_role("button", name="Effacer et me déconnecter")).to_be_focused()
        await at.phone.check_accessibility()
        await page.get_by_role("button", name="Rester").click()
        await expect(at.kept()).to_have_text("conservé sur cet ordinateur, 1 en attente")
        await page.get_by_role("button", name="Déconnexion").first.click()
        await page.get_by_role("button", name="Effacer et me déconnecter").click()
        await expect(page.get_by_role("link", name="Connexion").first).to_be_visible()
        await at.phone.context.unroute("**/vote")
        await at.become(at.alix)
        await page.goto(at.card_address)
        await expect(page.locator("#outbox")).to_have_attribute("data-state", "")
        await expect(page.get_by_label("Votre avis")).to_have_value("")
        assert await at.done_by(at.alix) == []
        at.phone.forget_the_cut(503)


async def test_a_text_whose_form_is_gone_stays_within_reach(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.goto(at.card_address)
        await page.get_by_label("Votre avis").fill("J’allais dire")
        await move(database, at.room, Stage.CLOSED, by=at.camille)
        await expect(page.locator("#stage")).to_have_attribute("data-stage", "closed")
        await expect(at.kept()).to_have_text("1 brouillon conservé")
        items = await at.detail()
        await expect(items).to_contain_text("J’allais dire")
        await at.phone.check_accessibility()
        await items.get_by_text("Effacer…").click()
        await items.get_by_role("button", name="Effacer pour de bon").click()
        await at.nothing_waits()


async def test_a_browser_that_refuses_to_keep_anything_still_works(
    app: Starlette, database: Database, browser: Browser
) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused') }})"
        )
        await page.goto(at.card_address)
        await page.get_by_role("button", name="Garder").click()
        await expect(page.get_by_text("Votre vote : garder")).to_be_visible()
        await at.enter(online=False)
        await page.get_by_role("button", name="S’abstenir").click()
        await page.get_by_label("Votre avis").fill("À moitié")
        await expect(at.kept()).to_have_text("conservé sur ce téléphone, 1 en attente")
        await at.enter()
        await expect(page.get_by_text("Votre vote : s’abstenir")).to_be_visible()
        assert await at.done_by(at.alix) == ["vote_cast", "vote_cast"]
        at.phone.forget_the_cut()


async def test_a_draft_is_forgotten_after_a_month(app: Starlette, database: Database, browser: Browser) -> None:
    async with tunnel(app, database, browser, Stage.VOTING) as at:
        page = at.page
        await page.goto(at.card_address)
        for days, found in ((29, "À moitié"), (31, "")):
            await page.get_by_label("Votre avis").fill("À moitié")
            await page.evaluate(
                """days => {
                    for (const [name, text] of Object.entries(localStorage)) {
                        if (!name.startsWith("grille:draft:")) continue
                        const draft = JSON.parse(text)
                        localStorage.setItem(name, JSON.stringify({...draft, at: draft.at - days * 24 * 3600e3}))
                    }
                }""",
                days,
            )
            await page.reload()
            await expect(page.get_by_label("Votre avis")).to_have_value(found)
