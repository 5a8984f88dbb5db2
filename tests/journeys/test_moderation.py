"""Moderation on a phone: mask, publish, answer, write; then a second look, in a browser."""

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import act, ask, colleague, give, moderator, session_of, touchpoint
from workshops import moderation
from workshops.moderation import State
from workshops.personal import MASK

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program


async def press(on: Screen, name: str) -> None:
    await on.page.get_by_role("button", name=name, exact=True).click()


async def look(on: Screen, javascript: bool) -> None:
    """Nothing is wider than the screen, and axe-core finds nothing."""
    await on.fits()
    if javascript:
        await on.check_accessibility()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_a_lab_reads_masks_publishes_and_answers_on_a_phone(
    app: Starlette, database: Database, browser: Browser, javascript: bool
) -> None:
    alix = await colleague(database)
    point = await touchpoint(database, project="Mes démarches de rentrée", by=alix)
    sealed = app.state.settings.seal.seal("claude@exemple.fr")
    told = "Appelez le 06 12 34 56 78. Merci à Mme Martin."
    _key, first = await give(database, point, happened=told, wants_contact=True, contact=sealed)
    _key, second = await give(database, point, face="mal", happened="C'est nul.", capacity="usager")
    async with serving(app) as address, screen(browser, address, "téléphone", PHONE, javascript=javascript) as phone:
        page = phone.page
        await phone.come_in(await session_of(database, alix), "/")
        await look(phone, javascript)
        await page.get_by_role("link", name="Témoignages à relire").click()
        await expect(page).to_have_url(f"{address}/moderation")
        await look(phone, javascript)

        # 1. What was found goes in one tap, what one types besides with it.
        await page.get_by_role("link", name="Mes démarches de rentrée").first.click()
        await expect(page.locator("mark")).to_have_text("06 12 34 56 78")
        await look(phone, javascript)
        await page.get_by_label("Autre passage").fill("Mme Dupont")
        await press(phone, "Masquer pour de bon")
        await expect(page.locator(".fr-error-text")).to_contain_text("n’est pas dans ce témoignage")
        phone.forget_the_cut(422)
        await look(phone, javascript)
        await page.get_by_label("Autre passage").fill("Mme Martin")
        await press(phone, "Masquer pour de bon")
        await expect(page.locator(".gc-told .gc-mask")).to_have_count(2)

        # 2. One tap publishes, the next one opens the following.
        await press(phone, "Publier")
        await expect(page.locator("article")).to_contain_text("Publié")
        await look(phone, javascript)
        await page.get_by_role("link", name="Le suivant").click()

        # 3. Two taps refuse.
        if javascript:
            await press(phone, "Refuser")  # nothing leaves without a reason
            await expect(page).to_have_url(f"{address}/moderation/{second.id}")
        await page.get_by_text("Il injurie, menace ou discrimine").click()
        await press(phone, "Refuser")
        await expect(page.locator("article")).to_contain_text("Refusé")
        await page.get_by_role("link", name="Retour à la file").click()
        await expect(page.locator(".gc-empty")).to_contain_text("Rien n’attend")
        await look(phone, javascript)

        # 4. The lab answers, and writes to an address that it never sees.
        await page.get_by_role("link", name="Tout ce qu’a reçu Ti Lab").click()
        await expect(page).to_have_url(f"{address}/laboratoires/ti-lab/temoignages-recus")
        await look(phone, javascript)
        await page.get_by_text("Répondre en public").click()
        await page.get_by_label("La réponse de votre laboratoire").fill("Merci à vous.")
        await look(phone, javascript)
        await press(phone, "Publier la réponse")
        await expect(page.locator(".gc-answered")).to_contain_text("Merci à vous.")
        await page.get_by_text("Écrire à l’auteur").click()
        await page.get_by_label("Votre message").fill("Bonjour, appelez le labo.")
        await press(phone, "Envoyer")
        await expect(page.locator(f"#temoignage-{first.id}")).to_contain_text("Vous lui avez écrit le")
        await look(phone, javascript)
        for path in ("/moderation/regles", "/registre", "/compte"):
            await page.goto(path)
            await look(phone, javascript)
    telling = (await ask(database, moderation.get, first.id)).telling
    assert telling is not None
    assert telling.happened == f"Appelez le {MASK}. Merci à {MASK}."
    assert (await ask(database, moderation.get, second.id)).state is State.REFUSED


async def test_ditp_looks_again_at_a_desk(app: Starlette, database: Database, browser: Browser) -> None:
    alix = await colleague(database)
    key, told = await give(database, happened="L'agent du guichet n'écoute pas.", changed="Rien.", name="Claude")
    await act(database, moderation.decide, told.id, verdict="refuse", reason="faux", note="Quand ?", base=1, by=alix)
    await act(database, moderation.appeal, key, text="Mardi, et j'ai attendu deux heures.")
    async with serving(app) as address, screen(browser, address, "modération", DESK) as desk:
        await desk.come_in(await session_of(database, await moderator(database)), "/moderation")
        await desk.check_accessibility()
        await desk.page.get_by_role("link", name="Ti Lab").click()
        await expect(desk.page.get_by_role("main")).to_contain_text("Mardi, et j'ai attendu deux heures.")
        await desk.check_accessibility()
        await press(desk, "Publier")
        await expect(desk.page.locator("article")).to_contain_text("Publié")
        await desk.page.get_by_text("Dépublier…").click()
        await desk.check_accessibility()
