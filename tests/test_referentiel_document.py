"""The document for who reuses the framework: each file, each column, each fate is in it, and its recipe works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from server.datafiles import drawing
from server.datafiles.catalogue import FILES
from server.datafiles.columns import INDICATORS, PASSAGE
from server.datafiles.linked import MATCHES, NOTES
from server.settings import ROOT
from tests.documents import history
from workshops.sheet import FIELDS

DOCUMENT = (ROOT / "docs" / "referentiel.md").read_text()
CODE = set(re.findall(r"`([^`\n]+)`", DOCUMENT))
RECIPE = re.search(r"^python -c (.*) < referentiel", DOCUMENT, re.MULTILINE)


def test_each_file_is_at_its_address() -> None:
    assert {said for said in CODE if said.startswith("/referentiel/2.0.0") and said[18:]} == {
        *(file.path("2.0.0") for file in FILES),
        "/referentiel/2.0.0/ACT-01",
    }


def test_each_column_is_named() -> None:
    fields = [field.name for field in FIELDS]
    assert f"`{fields[0]}` … `{fields[-1]}` | les {len(fields)} champs" in DOCUMENT
    assert {column.name for column in INDICATORS.columns} - set(fields) <= CODE
    assert {column.name for column in PASSAGE.columns} - {"libelle"} <= CODE


def test_each_fate_has_its_mapping() -> None:
    for fate, match in MATCHES.items():
        assert re.search(rf"`{fate.value}`[^|]* \| `{match}`", DOCUMENT)
    for fate in NOTES:
        assert f"`{fate.value}` | aucune, une note" in DOCUMENT


def test_it_takes_two_screens() -> None:
    assert len(DOCUMENT.splitlines()) <= 80


def test_the_recipe_gives_the_fingerprint(tmp_path: Path) -> None:
    assert RECIPE
    (code,) = shlex.split(RECIPE[1])
    for content in history():
        file = tmp_path / "referentiel.json"
        file.write_bytes(drawing.draw(".json", content, "https://x.example"))
        with file.open() as given:
            said = subprocess.run([sys.executable, "-c", code], stdin=given, capture_output=True, text=True, check=True)
        assert said.stdout.split() == [content["empreinte"]] * 2
