"""Models: each could be held as it is."""

import pytest

from workshops import models, rules, schedule
from workshops.models import Model
from workshops.refusals import NotFound

RULE = {"method", "quorum", "voices", "rounds", "secrecy", "blind"}


@pytest.mark.parametrize("model", models.known().values(), ids=lambda model: model.name)
def test_a_model_fills_a_form_that_holds(model: Model) -> None:
    assert 0 < len(model.title) <= 120
    assert 0 < len(model.purpose) <= 1000
    points = schedule.read(model.schedule)
    assert 120 <= sum(point.minutes for point in points) <= 240
    assert schedule.Day(points=points).text == model.schedule


@pytest.mark.parametrize("model", models.known().values(), ids=lambda model: model.name)
def test_a_model_says_how_one_decides(model: Model) -> None:
    assert set(model.rule) == RULE
    rule = rules.read(model.rule)
    assert {name: rules.write(rule)[name] for name in RULE} == model.rule


def test_each_way_to_decide_has_its_model() -> None:
    assert len({model.rule["method"] for model in models.known().values()}) == len(models.known()) == 4


def test_a_model_nobody_made_is_not_found() -> None:
    assert models.get("delphi").name == "delphi"
    with pytest.raises(NotFound):
        models.get("inconnu")
