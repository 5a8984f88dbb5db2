"""Posters: one page of paper that says in French who asks, what, and how to answer."""

import asyncio
import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import segno
from pypdf import PdfReader

from server import posters
from server.annex import NotPrinted, Printer
from server.posters import A4, A6, Paper
from tests.server.pages.reading import plain
from tests.server.test_annex import elements
from workshops import world
from workshops.labs import Lab
from workshops.projects import TITLE_LENGTH, Project
from workshops.touchpoints import NAME_LENGTH, Met, Sort, Touchpoint

SITE = "https://grille.example"
LINK = f"{SITE}/t/ABCDEFGH"
PROJECT = "Accompagner les personnes éloignées du numérique dans leur demande de titre de séjour, à la préfecture puis à domicile !"
POINT = "Permanence du mercredi après-midi au guichet unique de la mairie annexe du Havre"
LAB = "Lieu de la transformation publique de la région Bourgogne-Franche-Comté et des services de l'État dans les territoires"
MILLIMETRE, PIXELS = 72 / 25.4, 96 / 25.4  # in points; in a millimetre

papers = pytest.mark.parametrize("paper", [A4, A6], ids=lambda paper: paper.name)


def met(name: str = "Accueil de la préfecture", project: str = "", lab: str = "Ti Lab") -> Met:
    point = Touchpoint(token="ABCDEFGH", lab_slug="ti-lab", sort=Sort.COUNTER, name=name, by_id="0")
    title = Project(lab_slug="ti-lab", title=project, by_id="0") if project else None
    return Met(point, Lab(slug="ti-lab", name=lab), title, None)


def printed(told: Met, paper: Paper, public_url: str = SITE) -> PdfReader:
    """The PDF of a poster; skipped where Pango is missing, a failure with `CI=true`."""

    async def go() -> bytes:
        return await Printer().print(posters.draw(told, paper, public_url=public_url), world.now())

    try:
        with ThreadPoolExecutor(1) as thread:  # pytest has a loop of its own
            return PdfReader(io.BytesIO(thread.submit(asyncio.run, go()).result()))
    except NotPrinted as missing:
        if os.environ.get("CI") != "true" and "cannot load library" in str(missing):
            pytest.skip(f"Pango n'est pas installé : {missing}")
        raise


@papers
def test_it_is_one_page_of_its_paper_that_can_be_searched(paper: Paper) -> None:
    pdf = printed(met(project="Un guichet pour tous"), paper)
    (page,) = pdf.pages
    size = [round(float(side) / MILLIMETRE, 1) for side in (page.mediabox.width, page.mediabox.height)]
    assert size == {"A4": [210, 297], "A6": [105, 148]}[paper.name]
    text = plain(page.extract_text())
    said = ["Ti Lab", "Un guichet pour tous", "Accueil de la préfecture", "Comment ça s'est passé ?", "Bien", "Moyen", "Mal"]
    said += ["grille.example/t/ABCDEFGH", "Moins d'une minute, sans compte.", "sauf si vous l'écrivez."]
    assert [each for each in said if each not in text] == []


@papers
def test_it_is_tagged_french_and_titled(paper: Paper) -> None:
    pdf = printed(met(), paper)
    root = pdf.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("fr", True)
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    assert pdf.metadata is not None
    assert plain(str(pdf.metadata.title)) == "Comment ça s'est passé ? — Accueil de la préfecture, Ti Lab"
    told = elements(root["/StructTreeRoot"])
    assert [element["/S"] for element in told].count("/H1") == 1
    pictures = [plain(str(element.get("/Alt", ""))) for element in told if element["/S"] == "/Figure"]
    assert f"Code QR qui mène à {LINK}" in pictures


@papers
@pytest.mark.parametrize(
    ("name", "project", "lab"),
    [(POINT, PROJECT, LAB), ("W" * NAME_LENGTH, "M" * TITLE_LENGTH, "W" * 120)],
    ids=["words", "letters"],
)
def test_the_longest_names_stay_in_their_place(paper: Paper, name: str, project: str, lab: str) -> None:
    assert (len(POINT), len(PROJECT)) == (NAME_LENGTH, TITLE_LENGTH)
    site = "https://grille-commune.laboratoires-innovation-publique.example.gouv.fr"
    pdf = printed(met(name, project, lab), paper, site)
    (page,) = pdf.pages
    lines: list[tuple[str, float]] = []  # and how far each is from the top, in pixels

    def note(text: str, _matrix: object, at: list[float], _font: object, _size: float) -> None:
        if text.strip():
            lines.append((plain(text), at[5]))

    page.extract_text(visitor_text=note)
    together = "".join(text for text, _y in lines).replace(" ", "")
    assert [each for each in (name, project, lab) if plain(each).replace(" ", "") not in together] == []
    (asked,) = [number for number, (text, _y) in enumerate(lines) if text.startswith("Comment")]
    assert [text for text, _y in lines[asked + 1 :]][:4] == ["Bien", "Moyen", "Mal", "Visez ce code avec votre téléphone :"]
    # One under the other, from the first name to the last promise, inside the page.
    heights = [y for _text, y in lines]
    assert heights == sorted(heights)
    assert heights[asked - 1] < heights[asked] - paper.height / 20 * PIXELS
    assert heights[0] > 0
    assert heights[-1] < paper.height * PIXELS


def test_the_code_leads_to_the_whole_link() -> None:
    assert posters.address(SITE, "ABCDEFGH") == LINK
    assert posters.code(LINK) == segno.make_qr(LINK, error="q")
    drawn = posters.picture(LINK).decode()
    assert f"<title>{LINK}</title>" in drawn
    # On white, with its margin, whatever it is put on.
    assert 'fill="#ffffff"' in drawn or 'fill="#fff"' in drawn
    assert posters.code(LINK).symbol_size(border=posters.QUIET) == (
        posters.code(LINK).symbol_size(border=0)[0] + 8,
    ) * 2


def test_names_are_never_markup() -> None:
    html = posters.draw(met("<script>x</script>", "<b>", "<i>&"), A4, public_url=SITE)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<i>&" not in html


def test_letters_shrink_only_as_they_must() -> None:
    wide, high = A4.room
    largest, smallest = A4.letters

    def size(*texts: str) -> float:
        return posters._size([(text, 1.0) for text in texts], wide, high, largest, smallest)

    assert size("Ti Lab", "Accueil") == largest
    assert largest > size(LAB, POINT, PROJECT) > size("W" * 120, "M" * 120, "W" * 80) >= smallest
