"""A screen of the room, simulated: it loads a page, takes frames in as htmx does, and can be compared with a reload."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2

from server.live.wire import Encoded

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "rect", "path", "source", "wbr"}


@dataclass
class Node:
    """An element: its tag, its attributes, its children (texts are strings)."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def find(self, id: str) -> "Node | None":
        return next((node for node in self.walk() if node.attributes.get("id") == id), None)

    def become(self, other: "Node") -> None:
        self.tag, self.attributes, self.children = other.tag, other.attributes, other.children

    def text(self) -> str:
        return " ".join(" ".join(child if isinstance(child, str) else child.text() for child in self.children).split())

    def lines(self, depth: int = 0) -> list[str]:
        """The element as indented lines: what two screens are compared by."""
        attributes = "".join(f" {name}={value!r}" for name, value in sorted(self.attributes.items()))
        shown = [f"{' ' * depth}<{self.tag}{attributes}>"]
        for child in self.children:
            if isinstance(child, Node):
                shown += child.lines(depth + 1)
            elif child.strip():
                shown.append(" " * (depth + 1) + " ".join(child.split()))
        return shown


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attributes))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"<{self.open[-1].tag}> is closed by </{tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


class Line:
    """A browser that takes what it is sent, unless it is in a tunnel."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[str] = asyncio.Queue()
        self.waiting = 0
        self.closed: int | None = None

    def write(self, frame: Encoded) -> None:
        self.frames.put_nowait(frame.text)

    def close(self, code: int) -> None:
        self.closed = code


def parse(html: str) -> Node:
    """HTML as a tree. Wrong nesting is an error: a browser would move the pieces."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    assert [node.tag for node in tree.open] == ["#root"]
    return tree.root


def morph(old: Node, new: Node) -> Node:
    """What htmx's outerMorph leaves: the new element, in which `hx-morph-skip` elements that were there are the old ones."""
    if "hx-morph-skip" in old.attributes:
        return old
    kept = {node.attributes["id"]: node for node in old.walk() if "hx-morph-skip" in node.attributes}

    def settle(node: Node) -> Node:
        if node.attributes.get("id") in kept:
            return kept[node.attributes["id"]]
        children = [settle(child) if isinstance(child, Node) else child for child in node.children]
        return Node(node.tag, node.attributes, children)

    return settle(new)


class Screen:
    """One page of a workshop in one person's browser."""

    def __init__(self, browser: httpx2.AsyncClient, path: str) -> None:
        self.browser = browser
        self.path = path

    async def load(self) -> "Screen":
        """Load the page afresh."""
        answer = await self.browser.get(self.path)
        assert answer.status_code == 200
        self.root = parse(answer.text)
        return self

    @property
    def geste(self) -> int:
        """The gesture the screen is drawn up to."""
        cursor = self.root.find("cursor")
        assert cursor is not None
        return next(
            int(node.attributes["data-geste"] or 0) for node in cursor.walk() if "data-geste" in node.attributes
        )

    def take(self, frame: str) -> None:
        """Apply a live frame: the mark goes to #cursor, each part morphs its target (an absent target is no error)."""
        for part in parse(frame).children:
            assert isinstance(part, Node)
            if part.tag == "div":
                cursor = self.root.find("cursor")
                assert cursor is not None
                cursor.children = [part]
                continue
            assert part.tag == "hx-partial"
            assert part.attributes["hx-swap"] == "outerMorph"
            target = self.root.find(str(part.attributes["hx-target"]).removeprefix("#"))
            new = next(child for child in part.children if isinstance(child, Node))
            if target is not None:
                assert new.attributes["id"] == target.attributes["id"]
                target.become(morph(target, new))

    async def scroll(self) -> None:
        """Bring everything into sight: fresh ballots ask for the person's own."""
        for node in list(self.root.walk()):
            if node.attributes.get("hx-trigger") == "intersect once":
                answer = await self.browser.get(str(node.attributes["hx-get"]))
                assert answer.status_code == 200
                node.become(next(child for child in parse(answer.text).children if isinstance(child, Node)))

    def shown(self) -> list[str]:
        """The room as drawn."""
        room = self.root.find("room")
        assert room is not None
        # Where the socket resumes is the page's own business: a reload starts further.
        room.attributes.pop("hx-ws:connect", None)
        # So is the server's clock, by which a screen counts time.
        for node in room.walk():
            node.attributes.pop("data-now", None)
        return [line for line in room.lines() if "name='key'" not in line]
