"""Seals: whatever is altered in a version, the seal of that part, and of no other, stops holding."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import Document, history
from workshops import seals

FIRST, SECOND = history()
SHEET = "/indicateurs/0/fiche"


def altered(change: Callable[[Document], Any], document: Document = SECOND) -> list[str]:
    """The broken seals of a document once something is done to it."""
    copied = json.loads(json.dumps(document))
    change(copied)
    return seals.broken(copied)


def test_what_was_sealed_holds() -> None:
    assert seals.broken(FIRST) == seals.broken(SECOND) == []


def test_each_part_has_its_seal_and_nothing_is_left_out() -> None:
    """Put back together from what is sealed, a document is whole."""
    built: dict[str, Any] = {}
    for pointer in SECOND["sceaux"]:
        steps, place, here = seals.path(pointer), SECOND, built
        for step in steps[:-1]:
            place, here = _at(place, step), here.setdefault(step, {})
        here[steps[-1]] = _at(place, steps[-1])
    told = {key: value for key, value in SECOND.items() if key not in seals.UNSEALED}
    assert _listed(built, told) == told


def _at(holder: Any, step: str) -> Any:
    return holder[int(step)] if isinstance(holder, list) else holder[step]


def _listed(built: Any, like: Any) -> Any:
    """What was built by steps, lists made of objects where there are lists."""
    if isinstance(like, list) and isinstance(built, dict):
        return [_listed(built[str(place)], each) for place, each in enumerate(like)]
    return {key: _listed(built[key], like[key]) for key in like} if isinstance(like, dict) else built


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda d: d.update(note="Autre chose."), ["/note"]),
        (lambda d: d["indicateurs"][0]["fiche"].update(definition="Autre chose."), [f"{SHEET}/definition"]),
        (lambda d: d["indicateurs"][0]["fiche"].pop("definition"), [f"{SHEET}/definition"]),
        (lambda d: d["indicateurs"][0]["fiche"].update(inclusions="Ajouté."), [f"{SHEET}/inclusions"]),
        (
            lambda d: d["indicateurs"][0]["fiche"].update(titre=d["indicateurs"][0]["fiche"].pop("libelle")),
            [f"{SHEET}/titre", f"{SHEET}/libelle"],
        ),
        (lambda d: d["indicateurs"][0]["decision"].update(resultat="dropped"), ["/indicateurs/0/decision"]),
        (lambda d: d["indicateurs"][0].update(correction=False), ["/indicateurs/0/correction"]),
        (lambda d: d["ecartes"][0].update(libelle="Autre"), ["/ecartes/0/libelle"]),
        (lambda d: d["passage"][1].update(sort="plus_etroit"), ["/passage/1"]),
        (lambda d: d["passage"].reverse(), ["/passage/0", "/passage/1", "/passage/3", "/passage/4"]),
        (lambda d: d["chaine"][0].update(publie_le="2026-11-24T09:00:00.000Z"), ["/chaine/0"]),
        (lambda d: d["ateliers"][0].update(geste=413), ["/ateliers/0"]),
        (lambda d: d["atelier"].update(geste=413), ["/atelier"]),
        (lambda d: d.pop("hors_table"), ["/hors_table"]),
        (lambda d: d.update(hors_table=None), ["/hors_table"]),
        (lambda d: d["hors_table"].append({"code": "ACT-09"}), ["/hors_table/0/code", "/hors_table"]),
        (lambda d: d.update(ateliers=[]), ["/ateliers", "/ateliers/0"]),
        (lambda d: d.update(passage={str(n): each for n, each in enumerate(d["passage"])}),
         ["/passage", *(f"/passage/{n}" for n in range(5))]),
        (lambda d: d.update({"a/b~c": 1}), ["/a~1b~0c"]),
        (lambda d: d["sceaux"].update({"/note": "0" * 64}), ["/note"]),
        (lambda d: d["sceaux"].pop("/note"), ["/note"]),
        (lambda d: d["sceaux"].update({"/rien": "0" * 64}), ["/rien"]),
    ],
)  # fmt: skip
def test_what_is_altered_is_named(change: Callable[[Document], Any], broken: list[str]) -> None:
    assert altered(change) == broken


def test_indicators_that_change_places_are_named_where_they_differ() -> None:
    def swap(document: Document) -> None:
        items = document["indicateurs"]
        items[0], items[1] = items[1], items[0]

    broken = altered(swap)
    assert {pointer.split("/")[2] for pointer in broken} == {"0", "1"}
    assert {"/indicateurs/0/code", f"{SHEET}/libelle", "/indicateurs/1/code"} <= set(broken)


def test_an_indicator_taken_away_leaves_its_seals() -> None:
    broken = altered(lambda document: document["indicateurs"].pop())
    assert broken == [pointer for pointer in SECOND["sceaux"] if pointer.startswith("/indicateurs/4/")]


def test_the_order_of_keys_is_nobodys_business() -> None:
    turned = {key: SECOND[key] for key in reversed(SECOND)}
    turned["indicateurs"] = [{key: item[key] for key in reversed(item)} for item in SECOND["indicateurs"]]
    assert seals.broken(turned) == []


@pytest.mark.parametrize("sealed", [None, [], "non", {}])
def test_without_seals_nothing_is_sealed(sealed: Any) -> None:
    assert seals.broken({**SECOND, "sceaux": sealed}) == list(SECOND["sceaux"])


def leaves(part: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each text, number, null, and empty container of a document is."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, each in inside:
        yield from leaves(each, (*steps, step))
    if not inside:
        yield steps


SEALED = {key: value for key, value in SECOND.items() if key not in seals.UNSEALED}
LEAVES = sorted(leaves(SEALED), key=str)


@given(st.sampled_from(LEAVES), st.data())
def test_any_one_thing_altered_breaks_the_one_seal_over_it(where: tuple[str | int, ...], data: st.DataObject) -> None:
    def change(document: Document) -> None:
        holder: Any = document
        for step in where[:-1]:
            holder = holder[step]
        holder[where[-1]] = another(holder[where[-1]], data)

    broken = altered(change)
    pointer = seals.pointer(map(str, where))
    assert broken == [sealed for sealed in SECOND["sceaux"] if pointer == sealed or pointer.startswith(sealed + "/")]
    assert len(broken) == 1


def another(value: Any, data: st.DataObject) -> Any:
    """Something else: one letter replaced, added or taken away; another number; another kind."""
    if isinstance(value, str):
        place = data.draw(st.integers(0, len(value)))
        letter = data.draw(st.characters(exclude_categories=["Cs"]))
        whole = data.draw(st.sampled_from([value[:place] + letter + value[place + n :] for n in (0, 1)]))
        return whole if whole != value else value + letter
    if isinstance(value, bool) or value is None:
        return data.draw(st.sampled_from([kind for kind in (True, False, None, 0) if kind is not value]))
    if isinstance(value, (int, float)):
        return value + data.draw(st.sampled_from([1, -1, 0.5]))
    return data.draw(st.sampled_from(["", None, 0]))
