"""The document on verifying: the program that it gives a stranger is run, on files that are good and on others."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server import signing
from server.settings import ROOT
from tests.documents import Document, history
from workshops import frameworks

PAGE = (ROOT / "docs" / "verifier.md").read_text()
(PROGRAM,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FIRST, SECOND = history()
KEY, BEFORE = signing.new_key(), signing.new_key()
SIGNED = {**SECOND, "signature": signing.sign(SECOND, KEY)}


def run(folder: Path, told: Document, keys: Any = None) -> tuple[int, str, str]:
    """Away from here, with nothing of ours to import."""
    files = {"verifier.py": PROGRAM, "version.json": json.dumps(told), "cles.json": json.dumps(keys)}
    for name, text in files.items():
        (folder / name).write_text(text)
    words = ["version.json", *(["cles.json"] if keys else [])]
    done = subprocess.run(
        [sys.executable, "-I", "verifier.py", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]


def test_it_is_as_short_as_it_is_said_to_be() -> None:
    lines = [line for line in PROGRAM.splitlines() if line]
    assert len(lines) <= 25
    assert "server" not in PROGRAM.replace("conforme", "")


@pytest.mark.parametrize("told", [FIRST, SECOND, SIGNED], ids=["first", "second", "signed"])
def test_what_nobody_altered_is_in_order(tmp_path: Path, told: Document) -> None:
    assert run(tmp_path, told) == (0, f"conforme {told['version']} {told['empreinte']}\n", "")


def test_a_signature_is_checked_with_the_keys_that_the_site_publishes(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, SIGNED, signing.public_set([BEFORE, KEY]))
    assert (code, out.splitlines()[0]) == (0, f"signée par {signing.name(KEY)}")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"note": "X"}, "AssertionError: l'empreinte n'est pas celle du texte"),
        ({"chaine": [{**SECOND["chaine"][0], "publie_le": "X"}]}, "AssertionError: la chaîne est rompue à 2.0.0"),
        ({"chaine": []}, "AssertionError: la chaîne ne finit pas par la version précédente"),
    ],
)
def test_what_was_altered_stops_it(tmp_path: Path, said: Document, problem: str) -> None:
    changed = {**SECOND, **said}
    if "note" not in said:
        changed["empreinte"] = frameworks.fingerprint(changed)
    code, out, err = run(tmp_path, changed)
    assert (code, out, err) == (1, "", problem)


def test_a_false_signature_stops_it(tmp_path: Path) -> None:
    changed = {**SIGNED, "note": "X"}
    changed["empreinte"] = frameworks.fingerprint(changed)
    code, out, err = run(tmp_path, changed, signing.public_set([KEY]))
    assert (code, out, err) == (1, "", "cryptography.exceptions.InvalidSignature")
