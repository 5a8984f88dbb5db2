"""The browser's files: DSFR's style is cut down to what our pages name, and to no less."""

import re
from functools import cache

import pytest

from server.settings import ROOT
from server.templating import STATIC

PACKAGE = ROOT / "node_modules/@gouvfr/dsfr/dist"
SHEETS = ("dsfr", "utility/utility")
# Put on elements by DSFR's script, when the menu of a phone opens.
BY_SCRIPT = {"fr-collapse", "fr-modal--opened", "fr-no-scroll", "fr-scroll-divider"}


def classes(css: str) -> set[str]:
    """The classes of DSFR that a style sheet speaks of."""
    return set(re.findall(r"(?<=\.)fr-[\w-]+", css))


@cache
def ours() -> set[str]:
    """The classes of DSFR, whole or by their beginning, that our pages name; an icon, by its own name too."""
    pages = "".join(file.read_text() for file in [*(ROOT / "templates").rglob("*.html"), *STATIC.glob("*.js")])
    words = set(re.findall(r"[a-z0-9]+(?:[-_]+[a-z0-9]+)*", pages))
    return words | {f"fr-icon-{word}" for word in words} | BY_SCRIPT


@pytest.fixture
def whole() -> str:
    if not PACKAGE.is_dir():
        pytest.skip("les paquets npm ne sont pas installés")
    return "".join((PACKAGE / f"{name}.main.min.css").read_text() for name in SHEETS)


@pytest.fixture
def kept() -> str:
    return "".join((STATIC / f"vendor/dsfr/{name}.min.css").read_text() for name in SHEETS)


def test_whatever_our_pages_name_keeps_its_style(whole: str, kept: str) -> None:
    selectors = [selector for before in re.findall(r"(?:^|[{}])([^{}]*)(?=\{)", whole) for selector in before.split(",")]
    # Under a component that no page has, a class of ours has no style of its own.
    named = set().union(*(found for found in map(classes, selectors) if found <= ours()))
    assert {"fr-btn--tertiary-no-outline", "fr-header__menu", "fr-icon-check-line", "fr-modal--opened"} <= named
    assert named - classes(kept) == set()


def test_each_name_that_the_style_asks_for_is_given(whole: str, kept: str) -> None:
    own = (STATIC / "app.css").read_text()
    asked, given = re.compile(r"var\(\s*(--[\w-]+)"), re.compile(r"[{;\s](--[\w-]+)\s*:")
    known = set(given.findall(whole))
    assert set(asked.findall(kept + own)) & known - set(given.findall(kept + own)) == set()


def test_what_they_do_not_name_is_left_out(whole: str, kept: str) -> None:
    assert {"fr-accordion", "fr-card", "fr-icon-ball-pen-line"} & classes(kept) == set()
    assert len(kept) < len(whole) / 3


def test_the_licence_stays_at_the_head() -> None:
    for name in SHEETS:
        assert "SPDX-License-Identifier: MIT" in (STATIC / f"vendor/dsfr/{name}.min.css").read_text()[:200]
