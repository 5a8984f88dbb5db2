"""Seals: one fingerprint a part, so that an altered letter of a version can be found where it is.

A part is named by its JSON Pointer (RFC 6901): `/note`, `/indicateurs/0/fiche/definition`, `/passage/3`. What is empty,
or not what it should be, is a part of its own: nothing comes, goes or changes its kind without a seal saying so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workshops.canonical import digest

Document = Mapping[str, Any]

OUTSIDE = ("empreinte", "signature")  # what is said of a document, not in it
UNSEALED = ("sceaux", *OUTSIDE)
ITEMS = ("indicateurs", "ecartes", "hors_table")  # each key of each item is a part, and each field of its sheet
LISTED = ("passage", "chaine", "ateliers")  # each item is a part


def seals(document: Document) -> dict[str, str]:
    """The seal of each part: SHA-256, in hexadecimal, of its canonical form."""
    return {place: digest(part) for place, part in _parts(document)}


def broken(document: Document) -> list[str]:
    """The parts whose seal does not hold, that have none, or that are gone: first those that are there, in order."""
    sealed = document.get("sceaux")
    sealed = sealed if isinstance(sealed, Mapping) else {}
    found = seals(document)
    altered = [place for place, seal in found.items() if sealed.get(place) != seal]
    return altered + [place for place in sealed if place not in found]


def _parts(document: Document) -> Iterator[tuple[str, Any]]:
    for key, part in document.items():
        if key not in UNSEALED:
            yield from _opened((key,), part)


def _opened(steps: tuple[str, ...], part: Any) -> Iterator[tuple[str, Any]]:
    inside = _inside(steps, part)
    for step, each in inside.items():
        yield from _opened((*steps, step), each)
    if not inside:
        yield pointer(steps), part


def _inside(steps: tuple[str, ...], part: Any) -> Mapping[str, Any]:
    """What is sealed inside a part rather than with it, by the step that leads there."""
    match steps, part:
        case (key,), list() if key in ITEMS or key in LISTED:
            return {str(place): each for place, each in enumerate(part)}
        case (((key, _) | (key, _, "fiche")), dict()) if key in ITEMS:
            return part
    return {}


def pointer(steps: Iterable[str]) -> str:
    """What names a part, from the steps that lead there."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def path(pointed: str) -> list[str]:
    """The steps that lead to a part: the inverse of `pointer`."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointed.split("/")[1:]]
