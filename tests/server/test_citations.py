"""Citations: a sentence, an entry of a bibliography, what one copies to one's site."""

from html.parser import HTMLParser

from server.citations import bibtex, cite
from tests.documents import document, history, item

SITE = "https://grille.example"
TITLE = "Référentiel d'évaluation des laboratoires d'innovation publique"


def test_a_sentence_names_the_version_its_date_its_address_and_its_fingerprint() -> None:
    first, _ = history()
    assert cite(first, SITE).sentence == (
        f"Grille commune, «\u00a0{TITLE}\u00a0», version 2.0.0, publiée le 23 novembre 2026, Licence Ouverte 2.0. "
        f"{SITE}/referentiel/2.0.0 ({first['empreinte']})"
    )
    _, second = history()
    assert "publiée le 1er mars 2027" in cite(second, SITE).sentence


def test_an_entry_of_a_bibliography() -> None:
    first, _ = history()
    assert cite(first, SITE).bibtex.splitlines() == [
        "@misc{referentiel-2.0.0,",
        "  author = {{Grille commune}},",
        f"  title = {{{{{TITLE}}}}},",
        "  version = {2.0.0},",
        "  date = {2026-11-23},",
        "  year = {2026},",
        "  month = nov,",
        f"  url = {{{SITE}/referentiel/2.0.0}},",
        f"  note = {{Version 2.0.0, Licence Ouverte 2.0, {first['empreinte']}}},",
        "  language = {french},",
        "}",
    ]


def test_nothing_in_it_is_obeyed() -> None:
    told = document("2.0.0", [item("ACT-01")], titre="50 % de {R&D} \\input_x #1 ~ ^ $\n}")
    title = next(line for line in bibtex(told, "x").splitlines() if line.startswith("  title"))
    assert title == (
        r"  title = {{50 \% de \textbraceleft{}R\&D\textbraceright{} \textbackslash{}input\_x \#1 \textasciitilde{} "
        r"\textasciicircum{} \$ \textbraceright{}}},"
    )
    assert title.count("{") == title.count("}")


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_what_is_copied_shows_the_badge_and_leads_to_the_version() -> None:
    first, _ = history()
    cited = cite(first, SITE)
    address, said = f"{SITE}/referentiel/2.0.0", "Référentiel des labos\u00a0: suit la version 2.0.0"
    reader = Read()
    reader.feed(cited.html)
    assert reader.tags == [
        ("a", {"href": address}),
        ("img", {"src": f"{address}/badge.svg", "alt": said, "height": "28"}),
    ]
    assert cited.markdown == f"[![{said}]({address}/badge.svg)]({address})"
    assert cited.label == said
