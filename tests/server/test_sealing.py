"""Sealing: an address that only our keys open."""

import pytest

from server import sealing
from server.sealing import Seal

SECRET = "un secret de test, assez long pour cela"


def test_what_is_sealed_is_not_read_and_opens_again() -> None:
    seal = Seal([], SECRET)
    sealed = seal.seal("lou@exemple.fr")
    assert "lou" not in sealed
    assert sealed != seal.seal("lou@exemple.fr")
    assert seal.open(sealed) == "lou@exemple.fr"
    assert Seal([], "un autre secret").open(sealed) is None
    assert seal.open("n'importe quoi") is None
    assert seal.open(sealed[:-4] + "AAA=") is None


def test_a_new_key_seals_and_the_former_ones_still_open() -> None:
    old, new = sealing.new_key(), sealing.new_key()
    before = Seal([old], SECRET).seal("lou@exemple.fr")
    drawn = Seal([], SECRET).seal("lou@exemple.fr")
    turned = Seal([new, old], SECRET)
    assert [turned.open(sealed) for sealed in (before, drawn)] == ["lou@exemple.fr"] * 2
    assert Seal([new], "un autre secret").open(turned.seal("x")) == "x"
    assert Seal([old], SECRET).open(turned.seal("x")) is None


@pytest.mark.parametrize("text", ["", "abc", "é" * 44, "A" * 42])
def test_what_is_no_key_is_told(text: str) -> None:
    assert sealing.is_key(sealing.new_key())
    assert not sealing.is_key(text)
