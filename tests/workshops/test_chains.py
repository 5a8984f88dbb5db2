"""Chains: a version that names those before it can leave none out, nor change what it says of one."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from tests.documents import Document, document, history, item
from workshops import chains

FIRST, SECOND = history()


def next_one(version: str, at: str, *before: Document) -> Document:
    latest = before[-1]
    return document(
        version,
        [item("ACT-01")],
        publie_le=at,
        precedente={"version": latest["version"], "empreinte": latest["empreinte"]},
        chaine=chains.chain(before),
    )


THIRD = next_one("2.1.1", "2027-04-01T10:00:00.000Z", FIRST, SECOND)


def test_a_link_is_made_of_a_version_and_of_the_link_before() -> None:
    """Written out, so that whoever checks it in another language knows which letters are hashed."""
    made = "0" * 64
    for link, content in zip(THIRD["chaine"], (FIRST, SECOND), strict=True):
        text = (
            f'{{"empreinte":"{content["empreinte"]}","precedent":"{made}",'
            f'"publie_le":"{content["publie_le"]}","version":"{content["version"]}"}}'
        )
        made = sha256(text.encode()).hexdigest()
        said = {key: content[key] for key in ("version", "publie_le", "empreinte")}
        assert link == {**said, "maillon": made}


def test_the_chain_of_the_first_version_is_empty() -> None:
    assert chains.chain([]) == FIRST["chaine"] == []


def test_versions_that_were_published_without_a_chain_are_in_the_next_one() -> None:
    bare = {key: value for key, value in FIRST.items() if key not in ("chaine", "sceaux")}
    assert chains.chain([bare]) == SECOND["chaine"]


@pytest.mark.parametrize("whole", [FIRST, SECOND, THIRD])
def test_a_chain_that_holds(whole: Document) -> None:
    assert chains.first_break(whole) is None


@pytest.mark.parametrize(
    ("version", "before"),
    [("2.1.0-rc.1", [FIRST]), ("2.1.0-rc.10", [FIRST]), ("2.10.0", [FIRST, SECOND]), ("2.1.1-rc.1", [FIRST, SECOND])],
)
def test_a_candidate_and_a_large_number_have_their_place(version: str, before: list[Document]) -> None:
    assert chains.first_break(next_one(version, "2027-04-01T10:00:00.000Z", *before)) is None


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d["chaine"][0].update(empreinte="sha256:" + "0" * 64), "2.0.0"),
        (lambda d: d["chaine"][1].update(empreinte="sha256:" + "0" * 64), "2.1.0"),
        (lambda d: d["chaine"][0].update(publie_le="2026-11-23T09:00:00.001Z"), "2.0.0"),
        (lambda d: d["chaine"][0].update(maillon="0" * 64), "2.0.0"),
        (lambda d: d["chaine"][0].update(version="2.0.1"), "2.0.1"),
        (lambda d: d["chaine"][0].update(version=200), "n° 1"),
        (lambda d: d["chaine"][0].pop("version"), "n° 1"),
        (lambda d: d["chaine"].pop(0), "2.1.0"),
        (lambda d: d["chaine"].pop(1), "2.1.1"),
        (lambda d: d["chaine"].reverse(), "2.1.0"),
        (lambda d: d["chaine"].insert(1, None), "n° 2"),
        (lambda d: d["chaine"].clear(), "2.1.1"),
        (lambda d: d.update(chaine=None), "2.1.1"),
        (lambda d: d.update(precedente=None), "2.1.1"),
        (lambda d: d["precedente"].update(version="2.0.0"), "2.1.1"),
        (lambda d: d["precedente"].update(autre=1), "2.1.1"),
        (lambda d: d.update(version="2.1.0"), "2.1.0"),
        (lambda d: d.update(version="2.1.0-rc.2"), "2.1.0-rc.2"),
        (lambda d: d.update(version="2.٢.0"), "2.٢.0"),
        (lambda d: d.update(publie_le="2027-02-28T10:00:00.000Z"), "2.1.1"),
        (lambda d: d.update(publie_le="hier"), "2.1.1"),
    ],
)  # fmt: skip
def test_a_chain_breaks_where_it_was_altered(change: Callable[[Document], Any], where: str) -> None:
    changed = json.loads(json.dumps(THIRD))
    change(changed)
    assert chains.first_break(changed) == where


@pytest.mark.parametrize(
    ("before", "where"),
    [
        (lambda: [SECOND, FIRST], "2.0.0"),
        (lambda: [FIRST, FIRST], "2.0.0"),
        (lambda: [FIRST, {**SECOND, "publie_le": "2026-11-22T09:00:00.000Z"}], "2.1.0"),
    ],
)
def test_links_well_made_of_versions_in_disorder_do_not_hold(before: Callable[[], list[Document]], where: str) -> None:
    assert chains.first_break(next_one("3.0.0", "2027-04-01T10:00:00.000Z", *before())) == where
