"""Posters: a touch-point on paper, with the QR code of its short link."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import segno
from markupsafe import Markup

from server.settings import ROOT
from server.templating import JINJA
from workshops.testimonials import Face
from workshops.touchpoints import Met

STYLE = ROOT / "templates" / "touchpoints" / "poster.css"
INK = "#161616"
QUIET = 4  # modules of white around a code: less, and some phones do not see it
POINTS = 72 / 25.4  # in a millimetre
LAB, POINT = 1.4, 1.1  # times larger than the project's title
LEADING = 1.25
SMALL, CAPITAL, WIDEST = 0.56, 0.75, 0.98  # ems that a letter takes, in bold: most of them, most capitals, M or W


@dataclass(frozen=True)
class Paper:
    """A size of paper, and the room for names on it, in millimetres; the largest and smallest letters there, in points."""

    name: str
    width: int
    height: int
    room: tuple[int, int]
    letters: tuple[float, float]
    link: float


A4 = Paper("A4", 210, 297, (180, 50), (20, 8), 26)
A6 = Paper("A6", 105, 148, (93, 23), (11, 4), 13)


def address(public_url: str, token: str) -> str:
    """The short link of a touch-point, whole."""
    return f"{public_url}/t/{token}"


def code(link: str) -> segno.QRCode:
    """The QR code of a link: a quarter of it may be soiled or torn, and it is still read."""
    return segno.make_qr(link, error="q")


def inline(link: str) -> Markup:
    """The code inside a page."""
    svg = code(link).svg_inline(scale=4, border=QUIET, omitsize=True, svgclass="gc-qr__svg", lineclass=None)
    return Markup(svg)  # noqa: S704  made by segno from our own address


def picture(link: str) -> bytes:
    """The code as an SVG file, on white, whatever it is put on."""
    written = io.BytesIO()
    code(link).save(written, kind="svg", scale=10, border=QUIET, dark=INK, light="#ffffff", title=link)
    return written.getvalue()


def draw(met: Met, paper: Paper, *, public_url: str) -> str:
    """The poster as HTML that needs nothing else: the lab, what is asked, and how to answer. One page."""
    link = address(public_url, met.point.token)
    shown = link.partition("//")[2]
    names = [(met.lab.name, LAB), (met.point.name, POINT), *([(met.project.title, 1.0)] if met.project else [])]
    wide, high = paper.room
    return JINJA.get_template("touchpoints/poster.html").render(
        met=met,
        paper=paper,
        style=Markup(STYLE.read_text("utf-8")),  # noqa: S704  our own file
        size=_size(names, wide, high, *paper.letters),
        link_size=_size([(shown, 1)], wide, paper.link * LEADING / POINTS, paper.link, paper.link / 2),
        link=link,
        shown=shown,
        qr=code(link).svg_data_uri(border=QUIET, dark=INK),
        faces=list(Face),
    )


def _size(texts: Iterable[tuple[str, float]], wide: float, high: float, largest: float, smallest: float) -> float:
    """The largest letters with which these texts, each so many times larger, hold in a frame of so many millimetres."""
    texts, size = list(texts), largest
    while size > smallest and sum(_height(text, size * times, wide) for text, times in texts) > high:
        size -= 0.5
    return size


def _height(text: str, size: float, wide: float) -> float:
    """The most that a text takes, in millimetres: a word that does not hold goes to the next line."""
    ems = sum(WIDEST if letter in "MW" else CAPITAL if letter.isupper() else SMALL for letter in text)
    line = wide * POINTS / size
    if ems > line:
        line -= SMALL * max(len(word) for word in text.split()) / 4
    return ceil(ems / line) * size * LEADING / POINTS
