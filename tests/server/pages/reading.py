"""Reading a page as a person does: what it says, what a form holds, what is wrong beside a field."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from httpx2 import Response

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
PLAIN = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " "})


def plain(text: str) -> str:
    """A sentence without its typography nor its line ends."""
    return " ".join(text.translate(PLAIN).split())


class Element:
    """A tag, its attributes and what it contains."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    @property
    def raw(self) -> str:
        return "".join(child if isinstance(child, str) else child.raw for child in self.children)

    @property
    def text(self) -> str:
        return plain(" ".join(self._texts()))

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in ("script", "style", "title"):
                yield from child._texts()

    def __iter__(self) -> Iterator["Element"]:
        """Every element inside, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    def all(self, tag: str = "", **wanted: str) -> list["Element"]:
        """The elements of this tag with these attributes; `class_` names one class among others."""
        return [element for element in self if element._is(tag, wanted)]

    def one(self, tag: str = "", **wanted: str) -> "Element":
        (found,) = self.all(tag, **wanted)
        return found

    def _is(self, tag: str, wanted: dict[str, str]) -> bool:
        return (not tag or self.tag == tag) and all(
            value in self.get("class").split() if name == "class_" else self.attributes.get(name) == value
            for name, value in wanted.items()
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.path = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.path[-1].children.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag: str) -> None:
        assert self.path[-1].tag == tag, f"</{tag}> closes <{self.path[-1].tag} {self.path[-1].attributes}>"
        self.path.pop()

    def handle_data(self, text: str) -> None:
        self.path[-1].children.append(text)


def read(page: Response | str) -> Element:
    """A page, or a block of one. Tags that do not close fail here."""
    reader = _Reader()
    reader.feed(page if isinstance(page, str) else page.text)
    reader.close()
    assert reader.path == [reader.root], f"<{reader.path[-1].tag}> is not closed"
    return reader.root


def value(form: Element, name: str) -> Any:
    """What a field of a form holds: a text, or the values that are ticked."""
    controls = [control for control in form if control.get("name") == name and control.tag != "meta"]
    assert controls, f"no field is called {name}"
    first = controls[0]
    if first.tag == "textarea":
        return first.raw.removeprefix("\n")
    if first.tag == "select":
        chosen = [option["value"] for option in first.all("option") if "selected" in option.attributes]
        return chosen[0] if chosen else ""
    if first.get("type") in ("radio", "checkbox"):
        ticked = [control["value"] for control in controls if "checked" in control.attributes]
        return ticked if first["type"] == "checkbox" else (ticked[0] if ticked else "")
    return first["value"]


def errors(page: Element) -> dict[str, str]:
    """The sentence beside each field, by the field's name. An error that belongs to no field fails here."""
    return {_named(page, error["id"]): error.text for error in page.all("p", class_="fr-error-text")}


def both_texts(diff: Element) -> tuple[str, str]:
    """The text before and the text after, read off their difference."""
    before = after = ""
    for piece in diff.children:
        tag, parts = ("", [piece]) if isinstance(piece, str) else (piece.tag, piece.children)
        said = "".join(part for part in parts if isinstance(part, str))
        before += said if tag != "ins" else ""
        after += said if tag != "del" else ""
    return before, after


def _named(page: Element, error: str) -> str:
    for element in page:
        if error in element.get("aria-describedby").split():
            assert element["aria-invalid"] == "true"
            return element["name"]
        if error in element.get("aria-labelledby").split():
            return element.all("input")[0]["name"]
    raise AssertionError(f"{error} is beside no field")
