"""The whole day: from a proposal to a published framework, on four screens at once."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette

from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.browser import DESK, PHONE, screen, serving, sign_in
from workshops import journal

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is not a wrong program
ROOT = Path(__file__).parent.parent.parent


async def last_gesture(page: Page) -> int:
    """The gesture a live page says it is drawn up to."""
    return int(await page.locator("#cursor [data-geste]").get_attribute("data-geste") or 0)


async def test_a_day_from_a_proposal_to_a_published_framework(
    app: Starlette, database: Database, settings: Settings, browser: Browser, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await story.cast(session, settings)
    async with (
        serving(app) as address,
        screen(browser, address, "animation", DESK) as desk,
        screen(browser, address, "téléphone", PHONE) as phone,
        screen(browser, address, "projecteur", {"width": 1280, "height": 720}) as wall,
        screen(browser, address, "sans script", PHONE, javascript=False) as plain,
        screen(browser, address, "édition", DESK) as office,
        screen(browser, address, "seconde personne de l'édition", PHONE) as second,
    ):
        # 1. Camille opens a workshop in one screen.
        await sign_in(desk, "Camille", "/ateliers/nouveau")
        await desk.check_accessibility()
        await desk.page.get_by_label("Titre").fill("Atelier de novembre")
        await desk.page.get_by_label("Objet").fill("Décider de ce que mesure la version 2.")
        await desk.page.get_by_role("button", name="Ouvrir l’atelier").click()
        await desk.page.wait_for_url("**/ateliers/*")
        await expect(desk.page.get_by_role("heading", name="Atelier de novembre")).to_be_visible()
        await expect(desk.page.locator(".gc-card")).to_have_count(19)
        room = desk.page.url.removeprefix(address)
        code = (await desk.page.locator(".gc-code__text").inner_text()).strip()
        assert re.fullmatch("[A-Z]{6}", code)
        await desk.check_accessibility()

        await wall.context.add_cookies(await desk.context.cookies())  # type: ignore[arg-type]
        await wall.page.goto(f"{room}/ecran")
        await expect(wall.page.locator(".gc-qr svg")).to_be_visible()
        await wall.check_accessibility()

        # 2. A lab agent types the code on a phone: two screens.
        await phone.page.goto("/rejoindre")
        await phone.check_accessibility()
        await phone.page.get_by_label("Code de l’atelier").fill(code.lower())
        await phone.page.get_by_role("button", name="Continuer").click()
        await phone.page.get_by_label("Votre prénom").fill("Alix")
        await phone.page.get_by_label("Votre laboratoire").select_option("ti-lab")
        await phone.check_accessibility()
        await phone.page.get_by_role("button", name="Entrer").click()
        await phone.page.wait_for_url(f"**{room}")
        await expect(phone.page.locator("#stage")).to_contain_text("Préparation")
        await expect(desk.page.locator("#presence")).to_contain_text("Ti Lab")

        # Somebody without a script joins too.
        await plain.page.goto(f"/rejoindre/{code}")
        await plain.page.get_by_label("Votre prénom").fill("Sacha")
        await plain.page.get_by_label("Votre laboratoire").select_option("siilab")
        await plain.page.get_by_role("button", name="Entrer").click()
        await plain.page.wait_for_url(f"**{room}")

        # 3. Proposing. The stage moves every screen; a proposal appears on every screen.
        await desk.page.get_by_role("button", name="Propositions").click()
        await expect(phone.page.locator("#stage")).to_have_attribute("data-stage", "proposing")
        await expect(wall.page.locator("#stage")).to_have_attribute("data-stage", "proposing")
        await phone.page.get_by_role("link", name="Proposer un indicateur").click()
        await phone.check_accessibility()
        await phone.page.get_by_label("Intitulé", exact=True).fill("Part des solutions encore utilisées après un an")
        await phone.page.get_by_text("Résultats", exact=True).click()
        await phone.page.get_by_label("Définition", exact=True).fill(
            "Parmi les solutions livrées, celles qui servent encore un an après."
        )
        await phone.page.get_by_role("button", name="Proposer", exact=True).click()
        await phone.page.wait_for_url(f"**{room}#card-*")
        await expect(wall.page.locator(".gc-card")).to_have_count(20)
        await expect(
            desk.page.get_by_role("link", name="Part des solutions encore utilisées après un an")
        ).to_be_visible()
        proposed = phone.page.url.rpartition("#card-")[2]

        # Without a script: propose, then withdraw one's own proposal.
        await plain.page.reload()
        await plain.page.get_by_role("link", name="Proposer un indicateur").click()
        await plain.page.get_by_label("Intitulé", exact=True).fill("Nombre de cafés partagés")
        await plain.page.get_by_text("Activité", exact=True).click()
        await plain.page.get_by_label("Définition", exact=True).fill("Cafés pris entre labos.")
        await plain.page.get_by_role("button", name="Proposer", exact=True).click()
        await plain.page.wait_for_url(f"**{room}#card-*")
        coffee = plain.page.url.rpartition("#card-")[2]
        await expect(wall.page.locator(".gc-card")).to_have_count(21)
        await plain.page.goto(f"/indicateurs/{coffee}")
        await plain.page.get_by_text("Retirer ma proposition").click()
        await plain.page.get_by_label("Pourquoi la retirer ?").fill("Cela ne mesure rien.")
        await plain.page.get_by_role("button", name="Retirer cet indicateur").click()
        await expect(plain.page.get_by_text("Retiré", exact=True)).to_be_visible()
        await expect(wall.page.locator(".gc-card")).to_have_count(20)

        # 4. Commenting: what is typed on one screen is not disturbed by what another sends.
        await desk.page.get_by_role("button", name="Discussion").click()
        await phone.page.goto(f"/indicateurs/{proposed}")
        await phone.page.get_by_label("Votre avis").fill("Je suis en train d’écrire…")
        await plain.page.goto(f"/indicateurs/{proposed}")
        await plain.page.get_by_label("Votre avis").fill("Un an, est-ce assez long ?")
        await plain.page.get_by_role("button", name="Donner cet avis").click()
        await expect(plain.page.get_by_text("Un an, est-ce assez long ?")).to_be_visible()
        await expect(phone.page.get_by_text("Un an, est-ce assez long ?")).to_be_visible()
        await expect(phone.page.get_by_label("Votre avis")).to_have_value("Je suis en train d’écrire…")
        await expect(phone.page.get_by_label("Votre avis")).to_be_focused()
        await phone.check_accessibility()
        await phone.page.get_by_role("button", name="Donner cet avis").click()
        await expect(phone.page.get_by_label("Votre avis")).to_have_value("")
        await desk.page.goto(f"/indicateurs/{proposed}")
        await expect(desk.page.get_by_text("Je suis en train d’écrire…")).to_be_visible()
        await desk.check_accessibility()
        hidden = desk.page.locator("li", has_text="Un an, est-ce assez long ?")
        await hidden.get_by_text("Masquer", exact=True).first.click()
        await hidden.get_by_label("Motif").first.fill("doublon")
        await hidden.get_by_role("button", name="Masquer cet avis").first.click()
        await expect(phone.page.get_by_text("Avis masqué par l’animation : doublon")).to_be_visible()
        await desk.page.goto(room)

        # 5. Voting, in one tap; six at most from the QR code.
        await desk.page.get_by_role("button", name="Vote", exact=True).click()
        await phone.page.goto(room)
        await expect(phone.page.locator("#stage")).to_have_attribute("data-stage", "voting")
        ours = phone.page.locator(f"#card-{proposed}")
        await ours.get_by_role("button", name="Garder").click()
        await expect(ours.get_by_text("Votre vote : garder")).to_be_visible()
        await expect(wall.page.locator(f"#tally-{proposed}")).to_contain_text("Garder 1")
        await expect(desk.page.locator(f"#tally-{proposed}")).to_contain_text("1 vote sur ce texte")

        await plain.page.goto(room)
        theirs = plain.page.locator(f"#card-{proposed}")
        await theirs.get_by_text("Retravailler", exact=True).click()
        await theirs.get_by_label("Pourquoi").first.fill("Dire qui constate l’usage.")
        await theirs.get_by_role("button", name="Voter : retravailler").click()
        await expect(plain.page.locator(f"#card-{proposed}").get_by_text("Votre vote : retravailler")).to_be_visible()
        await expect(phone.page.locator(f"#tally-{proposed}")).to_contain_text("2 votes sur ce texte")

        # The text changes: the votes stay where they were cast, each voter is shown the difference.
        await desk.page.goto(f"/indicateurs/{proposed}/redaction")
        await desk.check_accessibility()
        await desk.page.get_by_label("Définition", exact=True).fill(
            "Parmi les solutions livrées, celles que le service utilise encore un an après."
        )
        await desk.page.get_by_role("button", name="Publier cette rédaction").click()
        await desk.page.wait_for_url(f"**/indicateurs/{proposed}")
        await expect(wall.page.locator(f"#tally-{proposed}")).to_contain_text("2 sur un texte précédent")
        await ours.scroll_into_view_if_needed()
        await expect(ours.get_by_text("Le texte a changé depuis votre vote « garder »")).to_be_visible()
        await expect(ours.locator("ins").first).to_be_visible()
        await phone.check_accessibility()
        await ours.get_by_role("button", name="Confirmer : garder").click()
        await expect(ours.get_by_text("Votre vote : garder")).to_be_visible()
        await plain.page.reload()
        await theirs.get_by_role("button", name="Retirer mon vote").click()
        await expect(wall.page.locator(f"#tally-{proposed}")).to_contain_text("1 vote sur ce texte")

        # A reason half written is not taken from anyone's hands, even when the text changes under it.
        act = phone.page.locator(".gc-card").nth(1)
        await act.get_by_text("Écarter", exact=True).click()
        reason = act.get_by_label("Pourquoi").last
        await reason.fill("Ce n’est pas à nous de")
        await desk.page.goto(room)
        await desk.page.locator(".gc-card__title a").nth(1).click()
        await desk.page.get_by_role("link", name="Réécrire ce texte").click()
        await desk.page.get_by_label("Définition", exact=True).fill("Usagers ayant pris part à un projet du labo.")
        await desk.page.get_by_role("button", name="Publier cette rédaction").click()
        await expect(act.locator(".gc-card__text")).to_contain_text("à un projet du labo")
        await expect(reason).to_have_value("Ce n’est pas à nous de")
        await expect(reason).to_be_focused()
        await reason.press_sequentially(" compter.")
        await act.get_by_role("button", name="Voter : écarter").click()
        # It was said after the text had changed: what changed is shown, what was typed is kept, one tap says it again.
        await expect(act.get_by_text("Le texte a changé avant votre vote « écarter »")).to_be_visible()
        await expect(wall.page.locator(".gc-card").nth(1)).not_to_contain_text("1 vote")
        await act.get_by_role("button", name="Confirmer : écarter").click()
        await expect(act.locator(".gc-mine")).to_contain_text("Ce n’est pas à nous de compter.")
        await expect(wall.page.locator(".gc-card").nth(1)).to_contain_text("1 vote sur ce texte")

        # 6. A phone in a tunnel catches up by itself from its cursor.
        await phone.context.set_offline(True)
        await expect(phone.page.locator("#room")).to_have_attribute("data-connection", re.compile("open|closed"))
        await app.state.hub.close()
        first = plain.page.locator(".gc-card").first
        await first.get_by_role("button", name="Garder").click()
        await expect(plain.page.locator(".gc-card").first.get_by_text("Votre vote : garder")).to_be_visible()
        await phone.context.set_offline(False)
        await expect(phone.page.locator(".gc-card").first.locator(".gc-tally")).to_contain_text("1 vote")

        phone.forget_the_cut(409)

        # A live page equals a reload.
        drawn = await phone.page.locator("#list").inner_text()
        await phone.page.reload()
        await expect(phone.page.locator("#list")).to_have_text(re.compile("."))
        assert await phone.page.locator("#list").inner_text() == drawn

        # 7. Closing: the minutes, on a page and as JSON that anyone can check.
        await desk.page.goto(room)
        await desk.page.get_by_text("Clôture…").click()
        await desk.page.get_by_role("button", name="Clore l’atelier").click()
        await expect(phone.page.locator("#stage")).to_have_attribute("data-stage", "closed")
        await expect(phone.page.locator(f"#card-{proposed} .gc-outcome")).to_have_text("Retenu")
        await phone.page.goto(f"{room}/registre")
        await phone.check_accessibility()
        minutes = await (await phone.context.request.get(f"{room}/registre.json")).json()
        assert journal.first_break(minutes["gestes"]) is None
        assert await phone.page.locator(".gc-minutes__line").count() == len(minutes["gestes"])
        file = tmp_path / "registre.json"
        file.write_text(json.dumps(minutes), "utf-8")
        assert verify("registre", file) == 0
        minutes["gestes"][3]["genre"] = "vote_cast"
        file.write_text(json.dumps(minutes), "utf-8")
        assert verify("registre", file) == 1

        # 8. Publishing: exactly what will be frozen, then 2.0.0.
        await phone.page.goto(room)
        await sign_in(office, "Dominique", room)
        await office.page.get_by_role("link", name="Préparer la publication").click()
        await office.check_accessibility()
        await expect(
            office.page.get_by_role("heading", name="2 indicateurs retenus ont une fiche incomplète")
        ).to_be_visible()
        await office.page.get_by_text("Les publier quand même").click()
        await office.page.get_by_label("Motif commun", exact=True).fill(
            "Première version : les fiches seront complétées avec les labos."
        )
        await office.page.get_by_label("Motif commun de ces résultats").fill("Personne n’en a parlé ce jour-là.")
        await office.page.get_by_role("button", name="Préparer cette version").click()
        await office.page.wait_for_url("**/referentiel/preparations/*")
        waiting = office.page.url.removeprefix(address)
        await expect(office.page.get_by_text("une autre personne de l’édition la confirme")).to_be_visible()
        await office.check_accessibility()
        await sign_in(second, "Maxime", waiting)
        await second.check_accessibility()
        await second.page.get_by_role("button", name="Confirmer et publier la version 2.0.0").click()
        await second.page.wait_for_url("**/referentiel/2.0.0")
        await office.page.goto(waiting)
        await office.page.wait_for_url("**/referentiel/2.0.0")
        await expect(office.page.locator(".gc-hash")).to_contain_text("sha256:")
        await expect(office.page.get_by_role("heading", name="Part des solutions encore utilisées")).to_be_visible()
        await office.check_accessibility()
        await expect(phone.page.locator("#banner")).to_contain_text("La version 2.0.0 du référentiel est publiée.")
        published = await (await office.context.request.get("/referentiel/2.0.0.json")).json()
        assert [item["code"] for item in published["indicateurs"]] == ["ACT-01", "RES-04"]
        file.write_text(json.dumps(published), "utf-8")
        assert verify("referentiel", file) == 0
        published["indicateurs"][0]["fiche"]["definition"] += "."
        file.write_text(json.dumps(published), "utf-8")
        assert verify("referentiel", file) == 1


def verify(what: str, file: Path) -> int:
    """What a stranger runs, with the file alone."""
    alone = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "server", "verify", what, str(file)]
    return subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, check=False).returncode


async def test_every_public_page_is_accessible_on_a_phone_and_at_a_desk(
    app: Starlette, database: Database, settings: Settings, browser: Browser
) -> None:
    workshop = await story.tell(database, settings)
    paths = ["/", "/ateliers", "/rejoindre", f"/rejoindre/{workshop.code}", f"/ateliers/{workshop.id}"]
    paths += [
        f"/ateliers/{workshop.id}/registre",
        "/laboratoires",
        "/laboratoires/ti-lab",
        "/donnees",
        "/referentiel",
        "/connexion",
        "/connexion/courriel",
    ]
    async with serving(app) as address:
        for size in (PHONE, DESK):
            async with screen(browser, address, f"{size['width']} px", size) as public:
                for path in paths:
                    await public.page.goto(path)
                    await public.check_accessibility()
                    width = await public.page.evaluate("document.documentElement.scrollWidth")
                    assert (path, width) == (path, size["width"])
