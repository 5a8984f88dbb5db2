"""Badges: a picture that is read, fits, and asks nothing of the page that shows it."""

from xml.etree import ElementTree as xml

import pytest

from server import badges

SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_it_says_what_it_shows() -> None:
    root = xml.fromstring(badges.svg("2.0.0"))
    said = "Référentiel des labos\u00a0: suit la version 2.0.0"
    assert (root.get("role"), root.get("aria-label"), root.findtext(f"{SVG}title")) == ("img", said, said)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Référentiel des labos", "suit la version 2.0.0"]


@pytest.mark.parametrize("version", ["2.0.0", "10.11.12", "9999.9999.9999", "2.1.0-rc.1"])
def test_its_texts_stay_inside(version: str) -> None:
    root = xml.fromstring(badges.svg(version))
    about, follows = ((float(t.get("x", "")), float(t.get("textLength", ""))) for t in root.iter(f"{SVG}text"))
    assert about[0] + about[1] < follows[0]
    assert follows[0] + follows[1] + badges.MARGIN == float(root.get("width", ""))


def test_its_words_are_contrasted() -> None:
    assert contrast(badges.DARK, badges.TINT) >= 4.5
    assert contrast(badges.WHITE, badges.ACCENT) >= 4.5


def test_it_asks_nothing_of_the_page_that_shows_it() -> None:
    """No style, script, font or picture to fetch: any policy shows it."""
    root = xml.fromstring(badges.svg("2.0.0"))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "rect", "path", "text"}
    assert [
        name for element in root.iter() for name in element.attrib if name in ("style", "href", "class", "id")
    ] == []


def test_a_version_is_escaped() -> None:
    assert xml.fromstring(badges.svg('"><script>')).findtext(f"{SVG}title") == badges.label('"><script>')
