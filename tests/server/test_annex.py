"""The annex: a tagged PDF that says the whole version, printed by a process that can fail."""

import asyncio
import io
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import segno
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from server import annex
from server.annex import NotPrinted, Printer, credited
from server.templating import readable
from tests.documents import Document, document, history, item
from workshops import indicators
from workshops.consensus import Method, Rule
from workshops.sheet import FIELDS

LABS = {"siilab": "SIILAB", "ti-lab": "Ti Lab"}
SITE = "https://grille.example"


def draw(told: Document) -> str:
    return annex.draw(told, public_url=SITE, labs=LABS)


def printed(told: Document) -> bytes:
    """The PDF of a document; skipped where Pango is missing, a failure with `CI=true`."""

    async def go() -> bytes:
        return await Printer().print(draw(told), annex.when(told))

    try:
        with ThreadPoolExecutor(1) as thread:  # pytest has a loop of its own
            return thread.submit(asyncio.run, go()).result()
    except NotPrinted as missing:
        _skip_without_pango(missing)
        raise


def _skip_without_pango(missing: NotPrinted) -> None:
    if os.environ.get("CI") != "true" and "cannot load library" in str(missing):
        pytest.skip(f"Pango n'est pas installé : {missing}")


@pytest.fixture(scope="module")
def version() -> Document:
    """The second of two versions, with a sheet that no page can hold."""
    _, told = history()
    long = item("IMP-11", fiche={"famille": "impact", "limites": "Un paragraphe qui se répète.\n\n" * 90})
    told = document("2.1.0", [*told["indicateurs"], long], precedente=told["precedente"])
    return {**told, "signature": "eyJhbGciOiJFZERTQSJ9.."}


@pytest.fixture(scope="module")
def pdf(version: Document) -> PdfReader:
    return PdfReader(io.BytesIO(printed(version)))


def plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


# ── What a reader is told


def test_it_is_tagged_french_and_titled(pdf: PdfReader) -> None:
    root = pdf.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("fr", True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712  pypdf's own boolean
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Référentiel d'évaluation des laboratoires d'innovation publique, version 2.1.0"
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()


def elements(element: DictionaryObject) -> list[DictionaryObject]:
    """Every element of a structure tree, in reading order."""
    kids = element.get("/K", [])
    found = [element] if "/S" in element else []
    for kid in kids if isinstance(kids, list) else [kids]:
        kid = kid.get_object()
        if isinstance(kid, DictionaryObject):
            found += elements(kid)
    return found


def test_its_structure_tells_headings_tables_and_pictures(pdf: PdfReader, version: Document) -> None:
    told = elements(pdf.trailer["/Root"]["/StructTreeRoot"])
    found = [element["/S"] for element in told]
    assert found.count("/H1") == 1
    # Contents, three families, what was left out; one title an indicator and four above the lists of the contents.
    assert found.count("/H2") == 5
    assert found.count("/H3") == len(version["indicateurs"]) + 4
    pictures = [element["/Alt"] for element in told if element["/S"] == "/Figure"]
    assert pictures == ["Grille commune", "Code QR de l\u2019adresse permanente"]
    assert {"/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/Link"} <= set(found)


def test_each_indicator_opens_a_page_and_each_page_bears_the_version(pdf: PdfReader, version: Document) -> None:
    texts = [plain(page.extract_text()) for page in pdf.pages]
    sheets = [f"{each['code']} {plain(each['fiche']['libelle'])}" for each in version["indicateurs"]]
    opened = [[title for title in sheets if title in text] for text in texts[2:]]
    assert [titles for titles in opened if titles] == [[title] for title in sheets]
    assert version["empreinte"] in texts[0].replace(" ", "")
    short = version["empreinte"][:23]
    assert [short in text and f"{number} / {len(texts)}" in text for number, text in enumerate(texts, 1)] == [
        True
    ] * len(texts)
    assert ["version 2.1.0" in text for text in texts[1:]] == [True] * (len(texts) - 1)
    going_on = [text for text in texts if "IMP-11 (suite)" in text]
    assert len(going_on) >= 1
    assert sum("(suite)" in text for text in texts) == len(going_on)


def test_bookmarks_lead_to_families_and_indicators(pdf: PdfReader, version: Document) -> None:
    def titles(outline: list[object]) -> list[object]:
        return [titles(each) if isinstance(each, list) else each["/Title"] for each in outline]  # type: ignore[index]

    by_family = [["ACT-01", "ACT-02"], ["RES-01"], ["IMP-01", "IMP-10", "IMP-11"]]
    told = titles(pdf.outline)
    codes = [[title.split()[0] for title in group] for group in told if isinstance(group, list)]  # type: ignore[union-attr]
    assert codes == by_family
    assert [title for title in told if not isinstance(title, list)][2:5] == ["Activité", "Résultats", "Impact"]


def test_the_same_version_is_the_same_file() -> None:
    first, _ = history()
    assert printed(first) == printed(first)


async def test_the_press_fetches_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    segno.make("x").save(str(picture))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        elsewhere = f"http://127.0.0.1:{listening.getsockname()[1]}/picture.png"
        html = f"""<html lang="fr"><title>x</title><link rel="stylesheet" href="{elsewhere}">
            <img alt="ailleurs" src="{elsewhere}"><img alt="ici" src="{picture.as_uri()}">"""
        first, _ = history()
        try:
            pdf = await Printer().print(html, annex.when(first))
        except NotPrinted as missing:
            _skip_without_pango(missing)
            raise
        with pytest.raises(BlockingIOError):
            listening.accept()
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    assert page.extract_text().split() == ["ailleursici"]  # what stands for pictures that are not there


# ── What it says


def test_it_says_every_field_of_every_sheet(version: Document) -> None:
    html = draw(version)
    for each in version["indicateurs"]:
        opened = html.index(f'<article class="sheet" id="{each["code"]}">')
        page = html[opened : html.index("</article>", opened)]
        for field in FIELDS:
            if field.name in ("libelle", "famille", "definition"):
                continue
            assert field.label.replace("'", "’").lower().split(" ?")[0] in page.lower(), field.name
            if field.name in each["fiche"] and field.kind in ("line", "choice", "choices", "lines"):
                assert readable(field, each["fiche"]).replace("\n", " · ").replace("'", "&#39;") in page


def test_it_tells_the_decision_its_rule_the_reserves_and_the_labs(version: Document) -> None:
    html = draw(version).replace("\u00a0", " ").replace("\u202f", " ")
    assert (
        "garder 9, retravailler 2, écarter 1, s’abstenir 1 — 13 votes sur ce texte, 2 sur un texte précédent." in html
    )
    assert "Un indicateur est retenu si plus de la moitié des votes exprimés disent « garder »" in html
    assert "Retravailler, SIILAB :</b> =Trop lourd à compter" in html
    assert "Ti Lab, SIILAB." in html
    assert "Déprécié depuis la version 2.1.0. Réuni avec ACT-02. Remplacé par ACT-02." in html
    assert f'<a href="{SITE}/referentiel/2.1.0/ACT-01">' in html
    assert "Signé" in html


def test_a_document_of_before_is_drawn_too() -> None:
    """The keys that came later are missing from it."""
    told = document("2.0.0", [item("ACT-01")])
    for key in ("chaine", "niveau", "ateliers", "passage", "relecture", "confirme_par", "hors_table"):
        del told[key]
    for key in ("statut", "provenance", "depreciation", "correction", "coauteurs", "reserves", "reponse"):
        del told["indicateurs"][0][key]
    assert "Atelier de novembre" in draw(told)


def test_a_candidate_says_that_it_is_not_to_be_annexed() -> None:
    told = document("2.1.0-rc.1", [item("ACT-01")])
    assert "Version candidate" in draw(told)
    assert "Version candidate" not in draw(document("2.1.0", [item("ACT-01")]))


VOTES = {
    "deux_axes": (
        Rule(method=Method.TWO_AXES),
        {"texte_actuel": {"7/5": 3, "9/-": 1}, "texte_anterieur": 0},
        "pertinence médiane 7 (n = 4), mesurabilité médiane 5 (n = 3) — 4 votes sur ce texte.",
    ),
    "jugement_majoritaire": (
        Rule(method=Method.MAJORITY_JUDGMENT),
        {"texte_actuel": {"good": 2, "excellent": 1}, "texte_anterieur": 1},
        "excellent 1, très bien 0, bien 2, assez bien 0, passable 0, insuffisant 0, à rejeter 0"
        " — 3 votes sur ce texte, 1 sur un texte précédent.",
    ),
    "consentement": (
        Rule(method=Method.CONSENT),
        {"texte_actuel": {"consent": 6, "abstain": 1}, "texte_anterieur": 0, "objections": 0},
        "consentements 6, abstentions 1, objections 0.",
    ),
}


@pytest.mark.parametrize("method", VOTES)
def test_whatever_the_method_votes_are_told_in_words(method: str) -> None:
    rule, votes, said = VOTES[method]
    decision = {**item("ACT-01")["decision"], "regle": rule.published(), "votes": votes}
    html = draw(document("2.0.0", [item("ACT-01", decision=decision)]))
    assert said in html.replace("\u00a0", " ")


def test_text_is_never_markup() -> None:
    told = document("2.0.0", [item("ACT-01", fiche={"libelle": "<script>x</script>", "unite": "<b>"})], note="<i>")
    html = draw(told)
    assert "<script>" not in html
    assert "<i>" not in html


def test_labs_are_credited_once_in_the_order_of_the_fields() -> None:
    wrote = {"libelle": {"labo": "ti-lab"}, "unite": {"labo": None}, "limites": {"correction": "x"}}
    assert credited({"provenance": wrote, "coauteurs": ["siilab", "ti-lab"]}) == ["ti-lab", "siilab"]
    assert credited({}) == []


# ── When it cannot


async def run(told: Document, *command: str, slowest: float = 20.0) -> bytes:
    return await Printer(command, slowest).print("<p>Bonjour", annex.when(told))


async def test_a_library_that_is_missing_is_told_as_it_said() -> None:
    first, _ = history()
    script = (
        "import sys; sys.modules['weasyprint'] = None; import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    with pytest.raises(NotPrinted, match=r"ModuleNotFoundError.*weasyprint"):
        await run(first, sys.executable, "-c", script, annex.PRESS[-1])


async def test_a_press_that_is_not_there_breaks_or_talks_nonsense_gives_no_pdf() -> None:
    first, _ = history()
    with pytest.raises(NotPrinted, match="No such file"):
        await run(first, "/nowhere/press")
    with pytest.raises(NotPrinted, match="exit 3"):
        await run(first, sys.executable, "-c", "raise SystemExit(3)")
    with pytest.raises(NotPrinted, match="exit 0"):
        await run(first, sys.executable, "-c", "print('Bonjour')")


async def test_a_press_that_never_ends_is_stopped() -> None:
    first, _ = history()
    script = "import os, sys, time; sys.stderr.write(str(os.getpid())); sys.stderr.flush(); time.sleep(600)"
    with pytest.raises(NotPrinted, match=r"not printed in 0\.5 seconds"):
        await run(first, sys.executable, "-c", script, slowest=0.5)


async def test_one_prints_at_a_time_a_few_wait_the_next_is_asked_to_come_back() -> None:
    first, _ = history()
    printer = Printer((sys.executable, "-c", "import sys; sys.stdin.read(); print('%PDF-1.7')"), 20.0)
    together = [printer.print("", annex.when(first)) for _ in range(annex.WAITING + 3)]
    answers = await asyncio.gather(*together, return_exceptions=True)
    assert [isinstance(each, bytes) for each in answers] == [True] * (annex.WAITING + 1) + [False] * 2
    assert [each.is_busy for each in answers if isinstance(each, NotPrinted)] == [True, True]
    assert await printer.print("", annex.when(first)) == b"%PDF-1.7\n"


async def test_the_press_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = history()
    monkeypatch.setenv("SECRET_KEY", "secret-de-polichinelle")
    script = "import os; print('%PDF-', sorted(os.environ))"
    told = await run(first, sys.executable, "-c", script)
    assert b"SOURCE_DATE_EPOCH" in told
    assert b"SECRET_KEY" not in told


def test_the_whole_commitment_is_one_annex() -> None:
    told = document("2.0.0", [item(code, fiche=sheet) for code, sheet in indicators.commitment_texts()])
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(printed(told))).pages]
    # Cover, contents, nineteen sheets, what was left out.
    assert len(pages) == 22
    assert "IMP-09" in pages[20]
