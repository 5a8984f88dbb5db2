"""Paging: which page of a long list somebody asks for."""

from dataclasses import dataclass
from math import ceil

from starlette.requests import Request


@dataclass(frozen=True)
class Paging:
    """A page among others, of so many lines each at most."""

    number: int
    pages: int
    size: int

    @property
    def offset(self) -> int:
        """How many lines come before it."""
        return (self.number - 1) * self.size


def asked(request: Request) -> int | None:
    """The number that an address asks for; what is no number asks for nothing."""
    said = request.query_params.get("page", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else None


def paged(number: int | None, count: int, size: int, *, last: bool = False) -> Paging:
    """A page by its number, or the nearest there is; without a number, the first one, or the `last`."""
    pages = max(1, ceil(count / size))
    if number is None:
        number = pages if last else 1
    return Paging(min(max(number, 1), pages), pages, size)
