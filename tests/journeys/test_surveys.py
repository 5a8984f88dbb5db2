"""A survey: a lab opens it on a desk, people answer on their phones, with and without a script, and anyone reads it."""

import pytest
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from server.database import Database
from tests.browser import DESK, PHONE, Screen, screen, serving
from tests.cast import ask, colleague, respond, session_of, survey, touchpoint
from workshops import responses, surveys
from workshops.questionnaires import Answer
from workshops.surveys import Survey

HOME = "/laboratoires/ti-lab/enquetes"


async def seen(on: Screen) -> None:
    await on.fits()
    await on.check_accessibility()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_a_lab_writes_one(app: Starlette, database: Database, browser: Browser, *, javascript: bool) -> None:
    alix = await colleague(database)
    await touchpoint(database, by=alix)
    session = await session_of(database, alix)
    async with serving(app) as address, screen(browser, address, "labo", DESK, javascript=javascript) as on:
        page = on.page
        await on.come_in(session, HOME)
        await page.get_by_role("link", name="Ce que le projet a changé pour les usagers").click()
        await page.get_by_role("textbox", name="Titre").fill("Avant, après")
        await page.get_by_label("À quoi serviront les réponses").fill("Savoir ce qui change.")
        await page.get_by_role("button", name="Satisfaction").click()
        await page.get_by_role("button", name="Monter la question 5").click()
        await page.get_by_role("button", name="Retirer la question 2").click()
        await page.get_by_role("button", name="Ouvrir l").click()
        await expect(page.get_by_role("link", name="Dites jusqu’à quel jour on peut répondre.")).to_be_visible()
        if javascript:
            await seen(on)
        await page.get_by_label("jusqu’au").fill(await page.get_by_label("On y répond à partir du").input_value())
        await page.locator(".gc-actions").get_by_role("button", name="Voir l’aperçu").click()
        await expect(page.get_by_role("heading", name="Aperçu")).to_be_visible()
        if javascript:
            await seen(on)
        await page.get_by_role("button", name="Ouvrir l").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Avant, après")
        if javascript:
            await seen(on)
        on.forget_the_cut(422)
    (known,) = await ask(database, surveys.of_lab, "ti-lab")
    assert [each.feeds for each in known.survey.asks] == [None, None, "satisfaction", None]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_somebody_answers_on_a_phone(
    app: Starlette, database: Database, browser: Browser, *, javascript: bool
) -> None:
    asked = await survey(database, by=await colleague(database))
    async with serving(app) as address, screen(browser, address, "téléphone", PHONE, javascript=javascript) as on:
        await _answer(on, asked, looks=javascript)
        assert await on.context.cookies() == []
    private = on.page.url.rpartition("/")[2]
    found = await ask(database, responses.own, private)
    assert found.response.ended_at
    assert found.answers == {
        1: Answer((2,)),
        2: Answer((4,)),
        3: Answer((1, 5)),
        4: Answer((1,)),
        5: Answer((5,)),
        6: Answer(text="Rappelez-moi au [retiré]."),
    }


async def _answer(on: Screen, asked: Survey, *, looks: bool) -> None:
    page = on.page
    heading, go_on = page.get_by_role("heading", level=1), page.get_by_role("button", name="Continuer")

    async def look() -> None:
        if looks:
            await seen(on)

    await page.goto(f"/enquetes/{asked.id}")
    await look()
    await page.get_by_role("button", name="Commencer").click()
    await expect(heading).to_have_text("De façon générale, comment ça s’est passé\u202f?")
    await look()
    await go_on.click()  # without an answer
    await expect(page.get_by_role("link", name="Cette question attend une réponse.")).to_be_visible()
    await look()
    await page.get_by_text("Bien", exact=True).click()
    await go_on.click()
    await expect(page.get_by_text("Question 2 sur 6")).to_be_visible()
    await page.get_by_role("link", name="Question précédente").click()
    await expect(page.get_by_role("radio", name="Bien")).to_be_checked()
    await page.get_by_text("Moyen", exact=True).click()
    await go_on.click()
    await page.get_by_text("4", exact=True).click()
    await look()
    await go_on.click()
    for choice in ("Au guichet de l’administration", "Auprès d’un proche"):
        await page.get_by_text(choice).click()
    await look()
    await go_on.click()
    await page.get_by_text("Oui", exact=True).click()
    await go_on.click()
    await page.get_by_text("5", exact=True).click()
    await go_on.click()
    await page.get_by_role("textbox").fill("Rappelez-moi au 06 12 34 56 78.")
    await look()
    await page.get_by_role("button", name="Terminer").click()
    await expect(page.get_by_role("radio", name="Le retirer, et garder le reste")).to_be_checked()
    await look()
    await page.get_by_role("button", name="Terminer").click()
    await expect(heading).to_have_text("Merci")
    await look()
    on.forget_the_cut(422)


async def test_anyone_reads_the_results(app: Starlette, database: Database, browser: Browser) -> None:
    alix = await colleague(database)
    asked, fresh = [await survey(database, title=name, by=alix) for name in ("Au guichet", "Toute neuve")]
    for n in range(6):
        await respond(database, asked, [1 if n else 3], [4], [1], [1], None if n % 2 else [5], None)
    session = await session_of(database, alix)
    async with serving(app) as address:
        for name, size in (("téléphone", PHONE), ("bureau", DESK)):
            async with screen(browser, address, name, size) as on:
                await on.page.goto(f"/enquetes/{asked.id}/resultats")
                await expect(on.page.get_by_text("6 commencées, 6 terminées")).to_be_visible()
                await expect(on.page.get_by_role("row", name="Bien 83 % 5")).to_be_visible()
                await seen(on)
                await on.page.goto(f"/enquetes/{fresh.id}/resultats")
                await expect(on.page.get_by_text("pas encore de réponse").first).to_be_visible()
                await seen(on)
                await on.come_in(session, HOME)
                await seen(on)
                await on.page.goto(f"/enquetes/{asked.id}/textes")
                await seen(on)
