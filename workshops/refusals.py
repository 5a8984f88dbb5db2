"""Refusals: the four ways the domain says no."""

from collections.abc import Mapping, Sequence
from typing import Any

from workshops.words import N_


class Refusal(Exception):
    """A sentence for the person who asked, with the values it mentions.

    `sentence` is the French source text; `values` fill its `{places}` after translation. `told` is what a
    program is told besides; `links`, where else a person may look: (label, address), if whoever refuses knows.
    """

    status = 400
    told: Mapping[str, Any] = {}
    links: Sequence[tuple[str, str]] = ()

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values


class NotFound(Refusal):
    """There is no such thing (404)."""

    status = 404


class NotYours(Refusal):
    """The person may not do this (403)."""

    status = 403


class NotNow(Refusal):
    """The right person, at the wrong moment (409)."""

    status = 409


class NotThus(Refusal):
    """What was sent cannot be accepted as it is (422); `fields` says where and why."""

    status = 422

    def __init__(self, fields: Mapping[str, str], **values: Any) -> None:
        super().__init__(N_("Il reste quelque chose à corriger."), **values)
        self.fields = dict(fields)
