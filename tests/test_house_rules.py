"""House rules: what the design promises of the code itself, checked on the code itself."""

import ast
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from jinja2 import nodes
from starlette.routing import Route, WebSocketRoute

from server import pages
from server.live import fragments
from server.live.fragments import REDRAWS, Block
from server.routes import ROUTES
from server.settings import ROOT, Settings
from server.templating import JINJA
from workshops.journal import Kind
from workshops.vocabulary import Frequency
from workshops.words import Word

PAGES = [import_module(f"server.pages.{page.name}") for page in iter_modules(pages.__path__)]
TEMPLATES = ROOT / "templates"
CODE = [
    file
    for folder in ("workshops", "server", "migrations", "tests", "bench", "scripts")
    for file in sorted((ROOT / folder).rglob("*.py"))
]
LONGEST = 400

# Draws something else than a template of its own name.
DRAWS_ANOTHER = {"signin.start": "sends people to the provider; its template says that there is none"}
# Shown as they are: names of things, not sentences.
NAMES = {"République", "Française"}
# What a template may hand to `_` besides its own sentences: labels and sentences declared in the code, never what
# a person typed (`_` gives HTML back).
TRANSLATABLE = {"label", "help", "sentence", "summary", "role"}


# Words whose codes are somebody else's French.
SAID_IN_FRENCH = {Frequency}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def routes() -> list[Route]:
    return [route for route in ROUTES if isinstance(route, Route)]


# ── Pages and templates


def drawn(page: Callable[..., Any]) -> list[str]:
    """The templates a page's function names in a call to `page(…)`."""
    return [
        call.args[1].value
        for call in ast.walk(_function(page))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "page"
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    ]


def _function(page: Callable[..., Any]) -> ast.AST:
    tree = parsed(ROOT / (page.__module__.replace(".", "/") + ".py"))
    (found,) = [node for node in tree.body if getattr(node, "name", "") == page.__name__]
    return found


def test_each_page_draws_the_template_of_its_name() -> None:
    drawing = {route.name: drawn(route.endpoint) for route in routes() if "GET" in (route.methods or ())}
    drawing = {name: templates for name, templates in drawing.items() if templates}
    assert len(drawing) >= 15
    assert {name: set(templates) for name, templates in drawing.items() if name not in DRAWS_ANOTHER} == {
        name: {f"{name.replace('.', '/')}.html"} for name in drawing if name not in DRAWS_ANOTHER
    }


def test_each_template_is_drawn_by_somebody() -> None:
    code = "".join(file.read_text() for file in (ROOT / "server").rglob("*.py"))
    markup = "".join(file.read_text() for file in TEMPLATES.rglob("*.html"))
    for file in TEMPLATES.rglob("*.html"):
        name = file.relative_to(TEMPLATES).as_posix()
        assert f'"{name}"' in code + markup, f"{name} is drawn by nobody"
        if file.name.startswith("_"):
            assert f'"{name}"' in code + markup


def test_each_folder_of_templates_is_a_noun_of_pages() -> None:
    nouns = {module.__name__.rpartition(".")[2] for module in PAGES} | {"demo"}
    assert {folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()} <= nouns


def test_routes_are_named_after_their_pages() -> None:
    for route in routes():
        module = route.endpoint.__module__.rpartition(".")[2]
        assert (route.path, route.name) == (route.path, f"{module}.{route.endpoint.__name__}")


def test_each_component_has_a_name_of_its_own() -> None:
    """A macro that bears the name of another, or of what templates are given, hides it in silence."""
    names = re.findall(r"{% macro (\w+)\(", (TEMPLATES / "ui.html").read_text())
    assert len(names) > 50
    assert [name for name in names if names.count(name) > 1 or name in JINJA.globals] == []


# ── Blocks


def blocks() -> list[Block]:
    found = [value for value in vars(fragments).values() if isinstance(value, Block)]
    assert set(found) >= {block for redrawn in REDRAWS.values() for block in redrawn}
    return found


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.name)
def test_the_root_of_each_block_bears_its_name(block: Block) -> None:
    source = (TEMPLATES / block.template).read_text()
    opened = re.search(rf"{{% block {block.name} %}}\s*<(\w+)([^>]*)>", source)
    assert opened, f"{block.template} has no block {block.name} that begins with a tag"
    identity = re.search(r'\bid="([^"]*)"', opened[2])
    assert identity, opened[0]
    assert identity[1] == (f"{block.name}-{{{{ item.id }}}}" if block.is_about_one else block.name)


def test_each_kind_of_gesture_redraws_something() -> None:
    assert set(REDRAWS) == set(Kind)
    assert [kind for kind, redrawn in REDRAWS.items() if not redrawn] == []


# ── Words


@pytest.mark.parametrize("words", Word.__subclasses__(), ids=lambda words: f"{words.__module__}.{words.__name__}")
def test_each_word_has_a_french_label(words: type[Word]) -> None:
    labels = [word.label for word in words]
    assert "" not in labels
    assert len(set(labels)) == len(labels)
    assert words in SAID_IN_FRENCH or [word for word in words if word.label == word.value] == []


def test_words_are_not_derived_from_others() -> None:
    """Those above are then all there are."""
    assert len(Word.__subclasses__()) > 30
    assert [words for words in Word.__subclasses__() if words.__subclasses__()] == []


def templates() -> list[str]:
    return sorted(file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.html"))


class Texts(HTMLParser):
    """The texts a template says by itself: between tags, and in the attributes that people read or hear."""

    READ = ("aria-label", "title", "alt", "placeholder", "aria-description", "hx-confirm", "data-offline")

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("code", "script", "style")
        self.said += [said for name, said in attributes if name in self.READ and said]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("code", "script", "style")

    def handle_data(self, text: str) -> None:
        if not self.silent:
            self.said.append(text)


def own_texts(source: str) -> list[str]:
    """What is left of a template once everything Jinja is taken away, and what only stands inside a tag."""
    source = re.sub(r"{% block \w+_class %}.*?{% endblock %}", "", source)
    source = re.sub(r"{% macro (_button_class|_control)\(.*?{%-? endmacro %}", "", source, flags=re.DOTALL)
    data = [text for _, kind, text in JINJA.lexer.tokeniter(source, None) if kind == "data"]
    reader = Texts()
    reader.feed("".join(data))
    reader.close()
    sentences = (re.sub(r"(?<!\S)/\S+", "", said) for said in reader.said)  # an address is no sentence
    return [word for said in sentences for word in re.findall(r"[^\W\d_]{2,}", said) if word not in NAMES]


@pytest.mark.parametrize("template", templates())
def test_each_sentence_of_a_template_passes_through_gettext(template: str) -> None:
    source = (TEMPLATES / template).read_text()
    assert own_texts(source) == []
    assert unmarked(source) == []


def unmarked(source: str) -> list[str]:
    """French strings in the expressions of a template that `_` does not get."""
    tree = JINJA.parse(source)
    marked = {
        id(given) for call in tree.find_all(nodes.Call) if _is_gettext(call) for given in call.find_all(nodes.Const)
    }
    return [
        const.value
        for const in tree.find_all(nodes.Const)
        if isinstance(const.value, str) and id(const) not in marked and _reads_as_french(const.value)
    ]


def _is_gettext(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name in ("_", "ngettext")


def _reads_as_french(text: str) -> bool:
    return bool(re.search(r"[À-ÖØ-öø-ÿœŒ’«»…]|^[A-Z][a-z]+( |$)", text))


def test_a_sentence_that_escapes_is_seen() -> None:
    assert own_texts('<p title="Bonjour">{{ x }} à vous</p><code>pip</code><a>/sante.json</a>') == ["Bonjour", "vous"]
    assert unmarked('{{ ui.alert("Fermé") }}{{ _("Ouvert") }}{{ "Bonjour à tous" if x else "fr-btn" }}') == [
        "Fermé",
        "Bonjour à tous",
    ]


@pytest.mark.parametrize("template", templates())
def test_nothing_that_a_person_typed_passes_through_gettext(template: str) -> None:
    tree = JINJA.parse((TEMPLATES / template).read_text())
    for call in tree.find_all(nodes.Call):
        if _is_gettext(call):
            for given in call.args[: 1 if call.node.name == "_" else 2]:
                assert _is_ours(template, given), f"{template}:{call.lineno} hands {given} to {call.node.name}"


def _is_ours(template: str, given: nodes.Node) -> bool:
    if isinstance(given, nodes.Const):
        return isinstance(given.value, str)
    if isinstance(given, nodes.Getattr):
        # The files of a version have their titles from the code (datafiles.catalogue.File).
        is_file = isinstance(given.node, nodes.Name) and given.node.name == "file"
        return given.attr in TRANSLATABLE or (is_file and given.attr == "title")
    if isinstance(given, nodes.Getitem):
        return isinstance(given.node, nodes.Name) and given.node.name == "labels"
    # A failed sign-in's sentence is one of ours (identity.SignInFailed).
    return template == "signin/failed.html" and isinstance(given, nodes.Name) and given.name == "sentence"


# ── Tests


@cache
def said_in_tests() -> frozenset[str]:
    """Every text of the tests, without its query; an expression in it is read as an id, or as a version."""
    said = set()
    for file in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                for stand_in in ("0", "2.0.0"):
                    parts = [part.value if isinstance(part, ast.Constant) else stand_in for part in node.values]
                    said.add("".join(map(str, parts)))
    return frozenset(re.split(r"[?#]", text, maxsplit=1)[0] for text in said)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if isinstance(route, Route | WebSocketRoute)], ids=lambda route: route.name
)
def test_each_route_has_a_test(route: Route | WebSocketRoute) -> None:
    said = said_in_tests()
    assert route.name in said or any(route.path_regex.match(address) for address in said if address.startswith("/"))


def test_each_page_has_its_file_of_tests() -> None:
    for module in PAGES:
        noun = module.__name__.rpartition(".")[2]
        homes = [ROOT / "tests/server/pages" / f"test_{noun}.py", ROOT / "tests/server/test_identity.py"]
        assert homes[0].is_file() or (noun == "signin" and homes[1].is_file()), f"{noun} has no tests"


# ── Settings


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_each_setting_is_written_down(name: str) -> None:
    assert re.search(rf"^{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    family = name.partition("_")[0] + "_*"
    assert f"`{name}`" in readme or f"`{family}`" in readme


# ── Files


def test_no_module_is_long() -> None:
    long = {
        relative(file)
        for folder in ("workshops", "server")
        for file in (ROOT / folder).rglob("*.py")
        if len(file.read_text().splitlines()) > LONGEST
    }
    assert long == set()


@pytest.mark.parametrize("file", CODE, ids=relative)
def test_each_file_of_code_opens_with_one_sentence(file: Path) -> None:
    first = (ast.get_docstring(parsed(file)) or "").partition("\n")[0]
    assert re.fullmatch(r"\S.*[^.]\.", first), f"{relative(file)} opens with {first!r}"


@pytest.mark.parametrize("file", sorted((ROOT / "server" / "static").glob("*.*")), ids=relative)
def test_each_file_of_the_browser_opens_with_a_word_on_itself(file: Path) -> None:
    if file.suffix in (".js", ".css"):
        assert re.match(r"(//|/\*) \S.*", file.read_text())


def test_only_the_command_line_prints() -> None:
    printing = {
        relative(file)
        for folder in ("workshops", "server")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {file.rpartition("/")[0] for file in printing} == {"server/cli"}


def test_only_the_world_reads_the_clock_and_draws_lots() -> None:
    """Time and chance come in at one door; secrets are identity's own business."""
    asking = {
        relative(file)
        for folder in ("workshops", "server")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(|\brandom\.|uuid", file.read_text())
    }
    assert asking == {"workshops/world.py"}


def test_only_the_database_commits() -> None:
    committing = {
        relative(file)
        for folder in ("workshops", "server")
        for file in (ROOT / folder).rglob("*.py")
        if ".commit(" in file.read_text()
    }
    assert committing == {"server/database.py"}


def test_make_check_runs_style_types_and_import_contracts() -> None:
    makefile = (ROOT / "Makefile").read_text()
    check = re.search(r"^check: (.*?)##.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert check
    assert check[1].split() == ["lint", "types"]
    assert "lint-imports" in check[2]
    assert re.search(r"^make check$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
