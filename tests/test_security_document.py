"""The security document: every requirement of levels 1 and 2 is there once, and every test it names is there."""

import ast
import re
from functools import cache

import pytest

from server.settings import ROOT

DOCUMENT = (ROOT / "docs" / "securite.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+(?:–\d+\.\d+\.\d+)?) \| ([^|]*) \| ([^|]*) \|([^|]*)\|$", re.MULTILINE)
STATES = {"fait", "partiel", "sans test", "non", "exploitant", "sans objet"}
SHOWN = {"fait", "partiel"}  # what we say we do, we show

# ASVS 5.0.0: how many requirements of each section are of level 1 or 2. They come before those of level 3.
ASVS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
REQUIREMENTS = [f"{section}.{number}" for section, last in ASVS.items() for number in range(1, last + 1)]


@cache
def defined_in(path: str) -> frozenset[str]:
    file = ROOT / "tests" / path
    if not file.is_file():
        return frozenset()
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, defined))


def covered(numbers: str) -> list[str]:
    """The requirements of a row: one, or all from one to another."""
    first, _, last = numbers.partition("–")
    return REQUIREMENTS[REQUIREMENTS.index(first) : REQUIREMENTS.index(last or first) + 1]


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert [number for row in ROW.findall(DOCUMENT) for number in covered(row[0])] == REQUIREMENTS
    assert len(ROW.findall(DOCUMENT)) == len(re.findall(r"^\| \d", DOCUMENT, re.MULTILINE))


def test_every_chapter_has_its_title() -> None:
    assert re.findall(r"^## V(\d+)\. ", DOCUMENT, re.MULTILINE) == [str(number) for number in range(1, 18)]


def test_a_row_says_where_things_stand_and_what_shows_it() -> None:
    for numbers, state, said, shown in ROW.findall(DOCUMENT):
        assert (numbers, state in STATES) == (numbers, True)
        assert said.strip()
        assert (numbers, bool(shown.strip())) == (numbers, state in SHOWN)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT))), ids="::".join)
def test_every_test_it_names_is_there(named: tuple[str, str]) -> None:
    path, name = named
    assert name in defined_in(path)


def test_whatever_looks_like_a_test_is_one() -> None:
    assert DOCUMENT.count("::") == len(re.findall(r"`[\w/]+\.py::test_\w+`", DOCUMENT))
