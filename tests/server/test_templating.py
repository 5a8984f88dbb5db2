"""Templates: a whole page, one block of it, and what a person typed made harmless."""

import hashlib
import re

import httpx2
import pytest
from jinja2 import UndefinedError
from starlette.requests import Request

from server import templating
from server.templating import JINJA, STATIC, block, markdown, options, partial, sheet_rows, static
from tests.cast import COMPLETE, SHEET
from tests.server.pages.reading import plain, read
from workshops.consensus import Choice
from workshops.sheet import BY_NAME, FIELDS

SAID = {"status": 403, "title": "Non", "sentence": "Ce geste revient au rôle.", "reference": ""}


def test_a_name_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        JINJA.from_string("{{ personne }}").render()
    with pytest.raises(UndefinedError):
        block("refused.html", "refusal", status=403)


def test_what_a_person_typed_is_text() -> None:
    assert JINJA.from_string("{{ it }}").render(it="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"


def test_a_sentence_of_ours_is_typeset_and_its_values_are_text() -> None:
    said = JINJA.from_string('{{ _("Bonjour %(name)s !", name=it) }}').render(it="<b> : l'un")
    assert said == "Bonjour &lt;b&gt; : l&#39;un\u202f!"
    counted = JINJA.from_string('{{ ngettext("%(num)s avis", "%(num)s l\'avis", it) }}')
    assert [counted.render(it=number) for number in (0, 1, 2)] == ["0 avis", "1 avis", "2 l’avis"]


@pytest.mark.parametrize("sentence", ["Qui êtes-vous ?", "Il reste 5 %% de \"cela\"", "<b>Fort</b>"])
def test_a_sentence_without_values_is_said_as_jinja_says_it(sentence: str) -> None:
    theirs = JINJA.from_string("{{ gettext(sentence) }}").render(sentence=sentence)
    assert JINJA.from_string("{{ _(sentence) }}").render(sentence=sentence) == theirs


def test_one_block_is_drawn_alone() -> None:
    html = block("refused.html", "refusal", **SAID)
    assert read(html).one("p")["data-status"] == "403"
    assert "<html" not in html


def test_a_block_goes_to_its_place() -> None:
    part = read(partial("tally-abc", "<p>1</p>")).one("hx-partial")
    assert (part["hx-target"], part["hx-swap"], part.text) == ("#tally-abc", "outerMorph", "1")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"hx-request": "true"}, True),
        ({"hx-request": "true", "hx-request-type": "partial"}, True),
        ({"hx-request": "true", "hx-request-type": "full"}, False),
        ({"hx-request-type": "partial"}, False),
    ],
)
def test_htmx_says_when_it_wants_a_part(headers: dict[str, str], expected: bool) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert templating.is_partial(Request({"type": "http", "headers": raw})) is expected


# ── Markdown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("un\ndeux\n\ntrois", "<p>un<br>\ndeux</p>\n<p>trois</p>\n"),
        ("**gras** _fin_ `code`", "<p><strong>gras</strong> <em>fin</em> <code>code</code></p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        (
            "[ici](https://x.example)",
            '<p><a href="https://x.example" rel="nofollow noopener ugc">ici</a></p>\n',
        ),
        ("# Titre", "<p># Titre</p>\n"),
        ("Titre\n===", "<p>Titre<br>\n===</p>\n"),
        ("3 < 4 & 5", "<p>3 &lt; 4 &amp; 5</p>\n"),
    ],
)
def test_markdown_is_text_lists_and_links(typed: str, shown: str) -> None:
    assert markdown(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![i](https://x.example/i.png)",
        "[clic](javascript:alert(1))",
        "[clic](data:text/html,<script>alert(1)</script>)",
        "<a href='javascript:alert(1)'>clic</a>",
        "<iframe src=//x.example></iframe>",
        '[clic](https://x.example "onclick=alert(1)")',
        "<style>*{}</style>",
        "<p style=color:red>a</p>",
        "<!-- a --><b onclick=alert(1)>c</b>",
    ],
)
def test_markdown_runs_nothing_and_loads_nothing(typed: str) -> None:
    elements = list(read(str(markdown(typed))))
    assert {element.tag for element in elements} <= templating.TAGS
    assert {name for element in elements for name in element.attributes} <= {"href", "rel", "title"}
    for link in (element for element in elements if element.tag == "a"):
        assert re.match(r"https?://", link.get("href", "https://"))


# ── Static files


def test_a_file_has_the_address_of_what_it_holds() -> None:
    digest = hashlib.sha256((STATIC / "app.css").read_bytes()).hexdigest()[:12]
    assert static("app.css") == f"/static/app.css?v={digest}"
    assert static("nulle-part.css") == "/static/nulle-part.css"


async def test_every_file_a_page_asks_for_is_there(client: type[httpx2.AsyncClient]) -> None:
    browser = client()
    page = read(await browser.get("/"))
    asked = [e["href"] for e in page.all("link", rel="stylesheet")] + [e["src"] for e in page.all("script")]
    assert len(asked) == 8
    for path in asked:
        answer = await browser.get(path)
        assert (path, answer.status_code) == (path, 200)
        assert "?v=" in path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


# ── What templates are given


def test_choices_are_shown_by_their_label() -> None:
    assert [(value, plain(label)) for value, label in options(Choice)] == [
        ("keep", "Garder"),
        ("rework", "Retravailler"),
        ("drop", "Écarter"),
        ("abstain", "S'abstenir"),
    ]
    assert options([BY_NAME["libelle"]]) == [("libelle", "Intitulé")]


def test_a_sheet_shows_what_it_has_and_what_adoption_will_require() -> None:
    shown = dict(sheet_rows(SHEET))
    required = {field.label for field in FIELDS if field.need and not field.when}
    assert {plain(label) for label in shown} == required
    assert (shown["Nature"], shown["Intitulé"]) == ("", SHEET["libelle"])
    assert len(sheet_rows(COMPLETE)) == len(COMPLETE)
    assert len(sheet_rows(COMPLETE, without=["libelle"])) == len(COMPLETE) - 1


def test_a_sheet_is_shown_as_people_read_it() -> None:
    shown = dict(sheet_rows({**COMPLETE, "temps_collecte": 1234.5, "ventilations": ["a", "b"], "definition": "**g**"}))
    assert shown["Temps de collecte par an et par labo"] == "1\u202f234,5"
    assert (shown["Ventilations"], shown["Famille"]) == ("a\nb", "Activité")
    assert shown["Définition"] == "<p><strong>g</strong></p>\n"
