"""What a version costs to read: a full one, in a real browser, from an empty cache."""

from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette

from server.database import Database
from tests.browser import PHONE, screen, serving
from tests.documents import document, frozen, item
from workshops import indicators

MOST = 150 * 1024  # bytes on the wire, headers included
WORDS = """agents publics usagers citoyens laboratoire projets démarches période participation compte chaque personne une
fois quelle que soit sa durée atelier entretien test enquête contribution écrite présence relevée feuilles émargement
territoire versant collectivité association entreprise partenaire convention financement service numérique parcours
simplification qualité satisfaction mesure déclaratif questionnaire trimestre année bilan preuve documentaire observation
ne sont pas retenus dès lors lorsque sauf y compris au titre dont plusieurs mêmes leurs entre avant après pendant""".split()  # noqa: SIM905


def prose(chance: Random, length: int) -> str:
    """As many words, in an order that nothing compresses better than real sentences."""
    return " ".join(chance.choices(WORDS, k=length)).capitalize() + "."


def full_version() -> dict[str, Any]:
    """The nineteen indicators of the commitment, every field of each filled in: some 450 words a sheet."""
    chance = Random(46)
    items = []
    for code, sheet in indicators.commitment_texts():
        written = {
            "libelle_court": prose(chance, 4)[:40],
            "definition": f"{sheet['definition']} {prose(chance, 60)}",
            "question_evaluative": prose(chance, 25),
            "inclusions": f"{prose(chance, 40)}\n\n- {prose(chance, 15)}\n- {prose(chance, 15)}",
            "exclusions": f"{prose(chance, 40)}\n\n- {prose(chance, 15)}",
            "unite": "personnes",
            "numerateur": prose(chance, 12),
            "denominateur": prose(chance, 12),
            "facteur": "100",
            "population": prose(chance, 25),
            "ventilations": [prose(chance, 3) for _ in range(4)],
            "source_donnee": [prose(chance, 5) for _ in range(3)],
            "preuves_admises": ["temoignage", "enquete"],
            "limites": f"{prose(chance, 60)}\n\n{prose(chance, 30)}",
            "temps_collecte": 3.5,
            "responsable": prose(chance, 8),
            "indicateurs_lies": ["ACT-01", "ACT-02"],
            "equivalents": [f"https://exemple.fr/{code.lower()}"],
        }
        reserves = [{"genre": "vote", "bulletin": "rework", "labo": "siilab", "texte": prose(chance, 25)}] * 2
        items.append(item(code, fiche={**sheet, **written}, reserves=reserves, reponse=prose(chance, 25)))
    return document("2.0.0", items)


@pytest.mark.parametrize("javascript", [True, False], ids=["with a script", "without"])
async def test_a_full_version_is_light_and_comes_from_here_alone(
    app: Starlette, database: Database, browser: Browser, javascript: bool
) -> None:
    async with database.transaction() as session:
        session.add(frozen(full_version()))
    async with serving(app) as address, screen(browser, address, "lecture", PHONE, javascript=javascript) as reading:
        network = await reading.context.new_cdp_session(reading.page)
        await network.send("Network.enable")
        asked: dict[str, str] = {}
        weights: dict[str, float] = {}
        network.on("Network.requestWillBeSent", lambda said: asked.update({said["requestId"]: said["request"]["url"]}))
        network.on(
            "Network.loadingFinished", lambda said: weights.update({said["requestId"]: said["encodedDataLength"]})
        )
        await reading.page.goto("/referentiel/2.0.0", wait_until="networkidle")
        # What is folded may ask for more.
        for folded in await reading.page.locator("details > summary").all():
            await folded.click()
        await reading.page.mouse.wheel(0, 100_000)
        await reading.page.wait_for_load_state("networkidle")
        assert await reading.page.locator("article").count() >= 19
        await reading.fits()
    told = {url: weights.get(request, 0) for request, url in asked.items() if not url.startswith("data:")}
    assert {urlsplit(url).netloc for url in told} == {urlsplit(address).netloc}
    assert sum(told.values()) < MOST, sorted(((weight, url) for url, weight in told.items()), reverse=True)
