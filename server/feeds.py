"""Feeds: what is published, for readers that come back by themselves (Atom, RFC 4287)."""

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from server.i18n import gettext as _
from server.i18n import ngettext
from server.tables import UNSAYABLE
from workshops.canonical import timestamp
from workshops.frameworks import Framework
from workshops.words import N_

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
TITLE = N_("Les versions du référentiel d'évaluation des labos")
AUTHOR = N_("Grille commune")
BEFORE = "2026-11-23T00:00:00.000Z"  # when nothing is published yet, the day the project began
FILES = (("json", "application/json"), ("csv", "text/csv"), ("pdf", "application/pdf"))


def atom(versions: Sequence[Framework], public_url: str) -> bytes:
    """Every version, the last one first. An entry never changes: its address is its id."""
    home = f"{public_url}/referentiel"
    feed = xml.Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
    _add(feed, "id", home)
    _add(feed, "title", _(TITLE))
    _add(feed, "updated", max((timestamp(each.published_at) for each in versions), default=BEFORE))
    _add(_add(feed, "author"), "name", _(AUTHOR))
    _link(feed, "self", f"{home}.atom", "application/atom+xml")
    _link(feed, "alternate", home, "text/html")
    for framework in versions:
        _entry(feed, framework, f"{home}/{framework.version}")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(feed, "unicode").encode()


def _entry(feed: xml.Element, framework: Framework, address: str) -> None:
    content, at = framework.content, timestamp(framework.published_at)
    entry = _add(feed, "entry")
    _add(entry, "id", address)
    _add(entry, "title", _("Version %(version)s du référentiel") % {"version": framework.version})
    _add(entry, "published", at)
    _add(entry, "updated", at)
    _link(entry, "alternate", address, "text/html")
    for ending, media_type in FILES:
        _link(entry, "related", f"{address}.{ending}", media_type)
    _add(entry, "rights", content["licence"])
    count = len(content["indicateurs"])
    said = ngettext("%(num)s indicateur.", "%(num)s indicateurs.", count) % {"num": count}
    _add(entry, "summary", f"{said} {content['note']}".strip())


def _add(parent: xml.Element, name: str, text: str = "") -> xml.Element:
    child = xml.SubElement(parent, name)
    child.text = UNSAYABLE.sub("", text) or None
    return child


def _link(parent: xml.Element, relation: str, address: str, media_type: str) -> None:
    xml.SubElement(parent, "link", {"rel": relation, "href": address, "type": media_type})
