"""Badges: « suit la version 2.0.0 », a picture that a lab shows on its own site.

It is one file, with no font to fetch and no style that a site's policy may refuse. It says what it said, for ever:
a newer version does not change it, the page it leads to tells of it.
"""

from xml.etree import ElementTree as xml

from server.i18n import gettext as _
from workshops.words import N_

SUBJECT = N_("Référentiel des labos")
FOLLOWS = N_("suit la version %(version)s")

HEIGHT, SIZE, MARGIN, MARK = 28, 12, 10, 16
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
ACCENT, WHITE, TINT, DARK, LINE = "#006a6f", "#ffffff", "#e8f3f3", "#00474b", "#6ba6a8"
SQUARES = (
    (ACCENT, "M2 2h6v6H2zM9 9h6v6H9zM16 16h6v6h-6zM9 2h6v6H9zM2 9h6v6H2z"),
    (LINE, "M16 2h6v6h-6zM16 9h6v6h-6zM2 16h6v6H2zM9 16h6v6H9z"),
)
# How wide Helvetica's letters are, in thousandths of their size; the others count as wide as a figure. Each text is told
# its length: in another font its letters come closer or further, and it still fits.
WIDTHS = {
    letter: width
    for letters, width in (("ijl", 222), (" ft.,:'", 278), ("r-", 333), ("ckszvxy", 500), ("mwR", 760))
    for letter in letters
}
FIGURE = 556


def label(version: str) -> str:
    """What a badge says, in full."""
    return _("%(subject)s : %(follows)s") % {"subject": _(SUBJECT), "follows": _follows(version)}


def svg(version: str) -> bytes:
    """The badge of a version."""
    about, follows = _(SUBJECT), _follows(version)
    start = MARGIN + MARK + 6
    middle = start + width(about) + MARGIN
    total = middle + MARGIN + width(follows) + MARGIN
    root = xml.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{total}",
            "height": f"{HEIGHT}",
            "viewBox": f"0 0 {total} {HEIGHT}",
            "role": "img",
            "aria-label": label(version),
            "lang": "fr",
        },
    )
    xml.SubElement(root, "title").text = label(version)
    shape = {"x": "0.5", "y": "0.5", "width": f"{total - 1}", "height": f"{HEIGHT - 1}", "rx": "5"}
    xml.SubElement(root, "rect", {**shape, "fill": TINT, "stroke": LINE})
    # The right part, with the corners of the whole on its right side only.
    bend = f"M{middle} 0H{total - 5}a5 5 0 0 1 5 5V{HEIGHT - 5}a5 5 0 0 1-5 5H{middle}z"
    xml.SubElement(root, "path", {"fill": ACCENT, "d": bend})
    mark = xml.SubElement(
        root, "svg", {"x": f"{MARGIN}", "y": f"{(HEIGHT - MARK) // 2}", "width": f"{MARK}", "height": f"{MARK}"}
    )
    mark.set("viewBox", "2 2 20 20")
    for colour, squares in SQUARES:
        xml.SubElement(mark, "path", {"fill": colour, "d": squares})
    _write(root, start, about, DARK)
    _write(root, middle + MARGIN, follows, WHITE)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, "unicode").encode()


def width(text: str) -> int:
    """How long a text is, in units of the picture."""
    return round(sum(WIDTHS.get(letter, FIGURE) for letter in text) * SIZE / 1000) + 1


def _follows(version: str) -> str:
    return _(FOLLOWS) % {"version": version}


def _write(root: xml.Element, x: int, text: str, colour: str) -> None:
    placed = {"x": f"{x}", "y": "18.2", "textLength": f"{width(text)}", "lengthAdjust": "spacingAndGlyphs"}
    written = xml.SubElement(root, "text", {**placed, "fill": colour, "font-family": FONT, "font-size": f"{SIZE}"})
    written.text = text
