"""Workbooks: what other programs read in them, and that they are always the same."""

import io
import subprocess
import sys
from collections.abc import Callable
from zipfile import ZipFile

import openpyxl
import pytest
from odfdo import Document as Odf

from server import tables
from server.datafiles import ods, workbooks, xlsx
from server.datafiles.columns import INDICATORS, PASSAGE
from server.settings import ROOT
from server.tables import Scalar
from tests.documents import Document, history
from tests.server.datafiles.test_columns import FORMULA, HOME, imported, nasty, old, rows

FIRST, SECOND = history()
NAMES = ["Version", "Indicateurs", "Passage", "Dictionnaire"]
Cells = dict[str, list[list[Scalar]]]


def read_xlsx(written: bytes) -> Cells:
    book = openpyxl.load_workbook(io.BytesIO(written))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


def read_ods(written: bytes) -> Cells:
    book = Odf(io.BytesIO(written))
    found = {table.name: [list(row) for row in table.get_values()] for table in book.body.tables}
    return {name: [[_plain(cell) for cell in row] for row in cells] for name, cells in found.items()}


def _plain(cell: Scalar) -> Scalar:
    """odfdo reads a number with a fraction as a Decimal."""
    return cell if cell is None or isinstance(cell, bool | int | str) else float(cell)


BOOKS: dict[str, tuple[Callable[..., bytes], Callable[[bytes], Cells]]] = {
    ".xlsx": (xlsx.draw, read_xlsx),
    ".ods": (ods.draw, read_ods),
}
# A carriage return is in no text that a person typed: they are cleaned when they are sent.
STARTS = [start for start in tables.FORMULA if start != "\r"]
EACH = pytest.mark.parametrize("ending", BOOKS)


def opened(ending: str, content: Document) -> Cells:
    draw, read = BOOKS[ending]
    return read(draw(content, HOME))


@EACH
@pytest.mark.parametrize(
    "content", [FIRST, SECOND, old(), imported(), nasty()], ids=["first", "second", "old", "imported", "nasty"]
)
def test_a_workbook_says_what_the_text_files_say(ending: str, content: Document) -> None:
    book = opened(ending, content)
    assert list(book) == NAMES
    headers, *cells = book["Indicateurs"]
    read = [dict(zip(map(str, headers), map(as_text, row), strict=True)) for row in cells]
    assert read == [{name: bare(name, cell) for name, cell in row.items()} for row in rows(content)]


def as_text(cell: Scalar) -> str:
    return "" if cell is None else str(cell)


LISTS = {"ventilations", "source_donnee", "votes"}


def bare(name: str, cell: str) -> str:
    """A cell of the text file without the mark that makes it harmless, which a workbook does not need."""
    if name in LISTS:
        return ";".join(each.removeprefix("'") for each in cell.split(";"))
    return cell.removeprefix("'")


@EACH
def test_the_other_sheets(ending: str) -> None:
    book = opened(ending, SECOND)
    assert book["Version"] == [
        ["information", "valeur"],
        ["Titre", SECOND["titre"]],
        ["Version", "2.1.0"],
        ["Publiée le", "2027-03-01T10:00:00.000Z"],
        ["Empreinte", SECOND["empreinte"]],
        ["Licence", "Licence Ouverte 2.0"],
        ["Adresse", f"{HOME}/referentiel/2.1.0"],
        ["Version précédente", "2.0.0"],
        ["Note", None],
    ]
    assert [row[1:5:2] for row in book["Passage"][1:3]] == [["ACT-01", "2.1.0"], ["ACT-02", "2.1.0"]]
    described = [(table.name, column.name) for table in (INDICATORS, PASSAGE) for column in table.columns]
    assert [tuple(row[:2]) for row in book["Dictionnaire"][1:]] == described


@EACH
def test_numbers_are_numbers_and_yes_is_yes(ending: str) -> None:
    book = opened(ending, SECOND)
    line = dict(zip(map(str, book["Indicateurs"][0]), book["Indicateurs"][2], strict=True))
    assert (line["votes_keep"], line["redaction"], line["temps_collecte"]) == (9, 2, 2.5)
    required = [row[5] for row in book["Dictionnaire"][1:4]]
    assert required == [True, True, True]
    assert book["Dictionnaire"][6][5] is False


@pytest.mark.parametrize("start", STARTS)
def test_no_cell_of_excel_is_a_formula(start: str) -> None:
    content = {**nasty(), "note": f"{start}1+1"}
    written = xlsx.draw(content, HOME)
    book = openpyxl.load_workbook(io.BytesIO(written))
    found = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in found} <= {"s", "n", "b"}  # texts, numbers or nothing, yes or no: never "f"
    (note,) = [cell for cell in found if cell.value == f"{start}1+1"]
    assert (note.data_type, note.quotePrefix) == ("s", True)
    assert [cell.quotePrefix for cell in found if cell.value == FORMULA].count(True) > 5
    assert [cell.hyperlink for cell in found if cell.hyperlink] == []


@pytest.mark.parametrize("start", STARTS)
def test_no_cell_of_opendocument_is_a_formula(start: str) -> None:
    content = {**nasty(), "note": f"{start}1+1"}
    written = ods.draw(content, HOME)
    for table in Odf(io.BytesIO(written)).body.tables:
        kinds = {(cell.type, cell.formula) for row in table.traverse() for cell in row.traverse()}
        assert kinds <= {("string", None), ("float", None), ("boolean", None), (None, None)}
    (row,) = [row for row in read_ods(written)["Version"] if row[0] == "Note"]
    assert row[1] == f"{start}1+1"


@EACH
def test_lines_spaces_and_signs_are_kept(ending: str) -> None:
    said = "Une ligne,\n  deux  espaces,\n\tune tabulation,\n\n<b>&amp; « ça »</b>"
    content = {**SECOND, "note": said}
    (row,) = [row for row in opened(ending, content)["Version"] if row[0] == "Note"]
    assert row[1] == said


@EACH
def test_a_text_longer_than_a_cell_is_cut_and_says_so(ending: str) -> None:
    said = "é" * 40_000
    (row,) = [row for row in opened(ending, {**SECOND, "note": said})["Version"] if row[0] == "Note"]
    end = "… (la suite est dans le fichier CSV)"
    assert row[1] == "é" * (workbooks.LONGEST - len(end)) + end


@EACH
def test_the_same_version_is_always_the_same_bytes(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw, _ = BOOKS[ending]
    written = draw(SECOND, HOME)
    # As if it were years later.
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert draw(SECOND, HOME) == written
    assert {file.date_time for file in ZipFile(io.BytesIO(written)).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert draw({**SECOND, "note": "autre"}, HOME) != written


def test_workbooks_say_when_the_version_was_published() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx.draw(SECOND, HOME)))
    said = book.properties
    assert (said.created, said.modified) == (workbooks.published(SECOND).replace(tzinfo=None),) * 2
    assert (said.title, said.subject, said.description) == (SECOND["titre"], "2.1.0", SECOND["empreinte"])
    meta = Odf(io.BytesIO(ods.draw(SECOND, HOME))).meta
    assert meta.creation_date == workbooks.published(SECOND)
    assert (meta.title, meta.subject, meta.description) == (SECOND["titre"], "2.1.0", SECOND["empreinte"])


def test_headers_stay_in_sight_and_columns_read_well() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx.draw(SECOND, HOME)))
    assert [sheet.freeze_panes for sheet in book.worksheets] == ["A2"] * 4
    for sheet in workbooks.sheets(nasty(), HOME):
        assert min(sheet.widths) >= workbooks.NARROWEST
        assert max(sheet.widths) <= workbooks.WIDEST
    settings = ZipFile(io.BytesIO(ods.draw(SECOND, HOME))).read("settings.xml").decode()
    for name in NAMES:
        assert (
            f'config:name="{name}"><config:config-item config:name="VerticalSplitMode" config:type="short">2<'
            in settings
        )


def test_only_who_asks_for_a_workbook_waits_for_what_writes_it() -> None:
    code = "import sys, server.app; print({'xlsxwriter', 'odfdo'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


def test_the_mimetype_comes_first_and_plain() -> None:
    written = ods.draw(SECOND, HOME)
    first = ZipFile(io.BytesIO(written)).infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", 0)
    assert written[30:84].startswith(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet")


@pytest.mark.parametrize("letter", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_xml_cannot_say_is_left_out(letter: str) -> None:
    """An older version may hold it: its files, and the zip of everything, are drawn all the same."""
    told = {**FIRST, "note": f"un{letter} deux"}
    for cells in (read_xlsx(xlsx.draw(told, HOME)), read_ods(ods.draw(told, HOME))):
        assert ["Note", "un deux"] in cells["Version"]
