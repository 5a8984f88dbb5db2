"""Chains: each version names all those before it, each link made from the one before."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workshops.canonical import digest
from workshops.versions import order

Content = Mapping[str, Any]
Link = dict[str, str]

GENESIS = "0" * 64
NAMED = ("version", "publie_le", "empreinte")
VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(-rc\.[0-9]{1,9})?")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def chain(contents: Sequence[Content]) -> list[Link]:
    """The chain of the version that comes after these, oldest first. Older documents need no chain of their own."""
    links: list[Link] = []
    for content in contents:
        link = {key: str(content[key]) for key in NAMED}
        links.append({**link, "maillon": _made(link, links[-1]["maillon"] if links else GENESIS)})
    return links


def first_break(document: Content) -> str | None:
    """The first version at which a document's chain does not hold, or None when it does.

    Each link is made from the one before, numbers go up, dates do not go back, and the last link is the version that
    the document says it follows. A link without a readable number is named by its place: `n° 2`.
    """
    links, previous = document.get("chaine"), document.get("precedente")
    if not isinstance(links, list):
        return _name(document, "chaine")
    before, made = None, GENESIS
    for place, link in enumerate(links, start=1):
        if not isinstance(link, Mapping) or not _follows(link, before) or link.get("maillon") != _made(link, made):
            return _name(link, f"n° {place}")
        before, made = link, str(link["maillon"])
    ends = {key: before[key] for key in ("version", "empreinte")} if before else None
    return None if _follows(document, before) and previous == ends else _name(document, f"n° {len(links) + 1}")


def _made(link: Content, before: str) -> str:
    return digest({**{key: link.get(key) for key in NAMED}, "precedent": before})


def _follows(link: Content, before: Content | None) -> bool:
    """Whether a version may come after another: a higher number, no earlier date."""
    version, moment = link.get("version"), link.get("publie_le")
    if not isinstance(version, str) or not isinstance(moment, str):
        return False
    if not VERSION.fullmatch(version) or not MOMENT.fullmatch(moment):
        return False
    return before is None or (order(before["version"]) < order(version) and before["publie_le"] <= moment)


def _name(link: Any, otherwise: str) -> str:
    version = link.get("version") if isinstance(link, Mapping) else None
    return version if isinstance(version, str) and version else otherwise
