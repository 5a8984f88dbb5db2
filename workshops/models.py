"""Models: ready-made workshops, to start from and to change."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from workshops.refusals import NotFound
from workshops.words import N_


@dataclass(frozen=True)
class Model:
    """A workshop as it may be held: what it is called, what for, its schedule and its rule as they are typed."""

    name: str
    title: str
    purpose: str
    schedule: str
    rule: dict[str, str]


@cache
def known() -> dict[str, Model]:
    """The models that come with this project, by name, in the order of the page."""
    text = resources.files("workshops.content").joinpath("models.json").read_text("utf-8")
    models = [Model(**{**each, "schedule": "\n".join(each["schedule"])}) for each in json.loads(text)["models"]]
    return {model.name: model for model in models}


def get(name: str) -> Model:
    """One model, or NotFound."""
    if name not in known():
        raise NotFound(N_("Ce modèle d'atelier n'existe pas."))
    return known()[name]
