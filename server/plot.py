"""Plot: where each indicator stands on both axes, and where its code can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from workshops.consensus import Axis, Outcome
from workshops.results import Result

Dot = tuple[float, float, Outcome, tuple[str, ...]]

# In units of the picture, which is drawn as large as there is room.
SIDE = 36.0  # of one point of the scale
LEFT, TOP = 34.0, 6.0
WIDTH = HEIGHT = 9 * SIDE
MARK = 5.0  # from the middle of a mark to its edge
LINE, LETTER = 11.0, 6.4  # height of a line of codes, width of a letter
GUTTER = 34.0  # to the right, for the codes of what is most measurable
STEPS = 30  # how far from its mark a label may go, half a line each
POINT = 1.5  # between two points of a line that leads from a mark to its label, each as a box that holds the next
# Where a label may stand: to the right first, to the left, above, below, then around.
SIDES = (
    (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0),
    (0.7, -0.7), (0.7, 0.7), (-0.7, -0.7), (-0.7, 0.7),
    (0.9, -0.4), (0.9, 0.4), (-0.9, -0.4), (-0.9, 0.4),
    (0.4, -0.9), (0.4, 0.9), (-0.4, -0.9), (-0.4, 0.9),
)  # fmt: skip


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
            and self.x + self.width <= LEFT + WIDTH + GUTTER
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
        """Where the line from the mark meets its label."""
        return _nearest(self.x, self.y, self.label)


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
    return Plot(_laid(_dots(placed)), placed, others)


def _dots(placed: Sequence[Result]) -> tuple[Dot, ...]:
    """A mark for all who share their medians and their outcome; those of the same medians stand side by side."""
    shared: dict[tuple[float, float], dict[Outcome, list[str]]] = {}
    for result in sorted(placed, key=lambda result: result.card.place):
        shared.setdefault(_medians(result), {}).setdefault(result.outcome, []).append(result.code)
    return tuple(
        (x + shift, y, outcome, tuple(codes))
        for (x, y), outcomes in sorted(shared.items(), key=lambda at: (at[0][1], at[0][0]))
        for shift, (outcome, codes) in zip(_shifts(len(outcomes)), outcomes.items(), strict=True)
    )


@lru_cache(100)  # most votes move no median
def _laid(dots: tuple[Dot, ...]) -> tuple[Mark, ...]:
    """The marks with their labels, which go where nothing else is, as near as they can."""
    taken = [_dot(x, y) for x, y, _outcome, _codes in dots]
    marks = []
    for x, y, outcome, codes in dots:
        label, leads = _free(x, y, codes, taken)
        taken.append(label)
        if leads:
            taken.extend(_trail(x, y, label))
        marks.append(Mark(x, y, outcome, codes, label, leads))
    return tuple(marks)


def _dot(x: float, y: float) -> Box:
    return Box(x - MARK, y - MARK, 2 * MARK, 2 * MARK)


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


def _free(x: float, y: float, codes: tuple[str, ...], taken: Sequence[Box]) -> tuple[Box, bool]:
    """The nearest free place for a label, and whether a line leads there; beside the mark when there is none anywhere.

    The line crosses neither another one, nor a mark, nor a label, unless it cannot do otherwise.
    """
    width, height = LETTER * max(map(len, codes)) + 2, LINE * len(codes)
    others = [box for box in taken if box != _dot(x, y)]
    crossing = None
    for step in range(STEPS):
        away = MARK + 1 + step * LINE / 2
        for across, along in SIDES:
            middle = x + across * (away + width / 2), y + along * (away + height / 2)
            box = Box(middle[0] - width / 2, middle[1] - height / 2, width, height)
            if not box.is_inside or any(map(box.touches, taken)):
                continue
            trail = _trail(x, y, box) if step else []
            if not any(point.touches(other) for point in trail for other in others):
                return box, bool(step)
            crossing = crossing or box
    return (crossing, True) if crossing else (Box(x + MARK + 1, y - height / 2, width, height), False)


def _trail(x: float, y: float, label: Box) -> list[Box]:
    """The points of the line from a mark to its label."""
    to_x, to_y = _nearest(x, y, label)
    number = int(max(abs(to_x - x), abs(to_y - y)) / POINT) + 1
    return [
        Box(x + (to_x - x) * point / number - POINT / 2, y + (to_y - y) * point / number - POINT / 2, POINT, POINT)
        for point in range(1, number)
    ]


def _nearest(x: float, y: float, box: Box) -> tuple[float, float]:
    """The point of a box nearest to another point."""
    return min(max(x, box.x), box.x + box.width), min(max(y, box.y), box.y + box.height)
