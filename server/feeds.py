"""Feeds: what is published, for readers that come back by themselves (Atom, RFC 4287)."""

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode
from xml.etree import ElementTree as xml

from server.i18n import gettext as _
from server.i18n import ngettext
from server.tables import UNSAYABLE
from workshops.canonical import timestamp
from workshops.frameworks import Framework
from workshops.personal import MASK
from workshops.published import Voice
from workshops.words import N_

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
TITLE = N_("Les versions du référentiel d'évaluation des labos")
TESTIMONIALS = N_("Témoignages sur les labos d'innovation publique")
AUTHOR = N_("Grille commune")
BEFORE = "2026-11-23T00:00:00.000Z"  # when nothing is published yet, the day the project began
FILES = (("json", "application/json"), ("csv", "text/csv"), ("pdf", "application/pdf"))


def atom(versions: Sequence[Framework], public_url: str) -> bytes:
    """Every version, the last one first. An entry never changes: its address is its id."""
    home = f"{public_url}/referentiel"
    updated = max((timestamp(each.published_at) for each in versions), default=BEFORE)
    feed = _feed(home, f"{home}.atom", _(TITLE), updated)
    for framework in versions:
        _entry(feed, framework, f"{home}/{framework.version}")
    return _written(feed)


def testimonials(voices: Sequence[Voice], public_url: str, place: str, asked: Mapping[str, str]) -> bytes:
    """The testimonials published last; of one place, if that is `asked`. One that was withdrawn has left.

    They are dated of the day when they were published: what a reader needs to put them in order.
    """
    home, query = f"{public_url}/temoignages", f"?{urlencode(asked)}" if asked else ""
    title = f"{_(TESTIMONIALS)} — {place}" if place else _(TESTIMONIALS)
    feed = _feed(f"{home}{query}", f"{home}.atom{query}", title, max((_morning(each.day) for each in voices), default=BEFORE))
    for voice in voices:
        address, at = f"{home}/{voice.id}", _morning(voice.day)
        entry = _add(feed, "entry")
        _add(entry, "id", address)
        _add(entry, "title", ", ".join(filter(None, (_(voice.face.label), voice.lab, voice.project))))
        _add(entry, "published", at)
        _add(entry, "updated", at)
        _link(entry, "alternate", address, "text/html")
        _add(entry, "content", _told(voice)).set("type", "text")
    return _written(feed)


def _morning(day: date) -> str:
    return f"{day}T00:00:00.000Z"


def _told(voice: Voice) -> str:
    answer = _("Réponse de %(lab)s :") % {"lab": voice.lab} + f" {voice.answer}" if voice.answer else ""
    said = "\n\n".join(filter(None, (voice.happened, voice.changed, answer)))
    return said.replace(MASK, _("[passage masqué par la modération]"))


def _feed(id: str, own: str, title: str, updated: str) -> xml.Element:
    feed = xml.Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
    _add(feed, "id", id)
    _add(feed, "title", title)
    _add(feed, "updated", updated)
    _add(_add(feed, "author"), "name", _(AUTHOR))
    _link(feed, "self", own, "application/atom+xml")
    _link(feed, "alternate", id, "text/html")
    return feed


def _written(feed: xml.Element) -> bytes:
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
