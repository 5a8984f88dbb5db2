"""Plot: where each indicator stands on both axes, and where its code can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workshops.consensus import Axis, Outcome
from workshops.results import Result

# In units of the picture, which is drawn as large as there is room.
SIDE = 36.0  # of one point of the scale
LEFT, TOP = 34.0, 6.0
WIDTH = HEIGHT = 9 * SIDE
MARK = 5.0  # from the middle of a mark to its edge
LINE, LETTER = 11.0, 6.4  # height of a line of codes, width of a letter
STEPS = 40  # how far from its mark a label may go
LEADER = 3  # steps from which a line leads from the mark to its label
# Where a label may stand: to the right first, to the left, above, below, at the corners.
SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: "Box") -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    @property
    def is_inside(self) -> bool:
        """Whether it is all on the picture."""
        return (
            self.x >= LEFT
            and self.y >= TOP
            and self.x + self.width <= LEFT + WIDTH
            and self.y + self.height <= TOP + HEIGHT
        )


@dataclass(frozen=True)
class Mark:
    """A place of the picture, the outcome that its shape says, and the codes of those who share both."""

    x: float
    y: float
    outcome: Outcome
    codes: tuple[str, ...]
    label: Box
    leads: bool

    @property
    def lines(self) -> list[tuple[float, str]]:
        """The base of each line of the label, and its code."""
        return [(self.label.y + LINE * (line + 0.8), code) for line, code in enumerate(self.codes)]

    @property
    def end(self) -> tuple[float, float]:
        """Where the line from the mark meets its label: the nearest point of it."""
        return (
            min(max(self.x, self.label.x), self.label.x + self.label.width),
            min(max(self.y, self.label.y), self.label.y + self.label.height),
        )


@dataclass(frozen=True)
class Plot:
    """A picture of two axes: the marks, the results that have a place, and those that have not enough scores."""

    marks: tuple[Mark, ...]
    placed: tuple[Result, ...]
    others: tuple[Result, ...]

    frame = Box(LEFT, TOP, WIDTH, HEIGHT)
    high = Box(LEFT + 6 * SIDE, TOP, 3 * SIDE, 3 * SIDE)  # 7 to 9 on both axes
    low = Box(LEFT, TOP + 6 * SIDE, WIDTH, 3 * SIDE)  # 1 to 3 in relevance
    third = 3 * SIDE
    scores = tuple((score, LEFT + SIDE * (score - 0.5), TOP + SIDE * (9.5 - score)) for score in range(1, 10))


def plot(results: Sequence[Result]) -> Plot | None:
    """The picture of some results; None when they are not about two axes, or hidden. The same for the same results."""
    if not any(result.axes for result in results):
        return None
    placed = tuple(result for result in results if result.is_placed)
    others = tuple(result for result in results if not result.is_placed)
    return Plot(tuple(_marks(placed)), placed, others)


def _marks(placed: Sequence[Result]) -> Iterator[Mark]:
    """A mark for all who share their medians and their outcome; labels go where nothing else is, as near as they can."""
    shared: dict[tuple[float, float], dict[Outcome, list[str]]] = {}
    for result in sorted(placed, key=lambda result: result.card.place):
        shared.setdefault(_medians(result), {}).setdefault(result.outcome, []).append(result.code)
    dots = {
        (x + shift, y): (outcome, tuple(codes))
        for (x, y), outcomes in sorted(shared.items(), key=lambda at: (at[0][1], at[0][0]))
        for shift, (outcome, codes) in zip(_shifts(len(outcomes)), outcomes.items(), strict=True)
    }
    taken = [Box(x - MARK, y - MARK, 2 * MARK, 2 * MARK) for x, y in dots]
    for (x, y), (outcome, codes) in dots.items():
        label, step = _free(x, y, codes, taken)
        taken.append(label)
        yield Mark(x, y, outcome, codes, label, leads=step >= LEADER)


def _medians(result: Result) -> tuple[float, float]:
    """Where its medians are on the picture: measurable to the right, relevant to the top."""
    median = {figures.axis: figures.rated.median or 0.0 for figures in result.axes}
    return (
        LEFT + SIDE * (median[Axis.MEASURABILITY] - 0.5),
        TOP + SIDE * (9.5 - median[Axis.RELEVANCE]),
    )


def _shifts(number: int) -> list[float]:
    """Marks of the same place stand side by side."""
    return [(2 * MARK + 1) * (rank - (number - 1) / 2) for rank in range(number)]


def _free(x: float, y: float, codes: tuple[str, ...], taken: Sequence[Box]) -> tuple[Box, int]:
    """The nearest free place for a label, and how far it is; beside the mark when there is none anywhere."""
    width, height = LETTER * max(map(len, codes)) + 2, LINE * len(codes)
    beside = Box(x + MARK + 1, y - height / 2, width, height)
    for step in range(STEPS):
        away = MARK + 1 + step * LINE / 2
        for right, down in SIDES:
            box = Box(
                x + away if right > 0 else x - away - width if right < 0 else x - width / 2,
                y + away if down > 0 else y - away - height if down < 0 else y - height / 2,
                width,
                height,
            )
            if box.is_inside and not any(box.touches(other) for other in taken):
                return box, step
    return beside, 0
