"""XLSX: a version as a workbook of Office Open XML."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from server.datafiles import workbooks
from server.datafiles.workbooks import Sheet
from server.tables import FORMULA, Scalar

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# A text stays a text: neither a formula, nor a number, nor a link that somebody may follow without meaning to.
AS_TEXTS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
HEADERS = {"bold": True, "bg_color": "#E3E3FD", "bottom": 1, "valign": "top"}
CELLS = {"text_wrap": True, "valign": "top"}
# The mark that a person types before a text: without it, editing the cell would turn it into the formula it looks like.
QUOTED = {**CELLS, "quote_prefix": True}


def draw(content: Mapping[str, Any], home: str) -> bytes:
    """The bytes of the workbook: the same for the same version, whenever it is drawn."""
    from xlsxwriter import Workbook  # a tenth of a second, that only who asks for a workbook waits for

    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, **AS_TEXTS}) as book:
        book.set_properties(
            {
                "title": content["titre"],
                "subject": content["version"],
                "comments": content["empreinte"],
                "created": workbooks.published(content).replace(tzinfo=None),
            }
        )
        for sheet in workbooks.sheets(content, home):
            _write(book, sheet)
    return out.getvalue()


def _write(book: "Workbook", sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.name)
    headers, cells, quoted = map(book.add_format, (HEADERS, CELLS, QUOTED))
    page.freeze_panes(1, 0)
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    for place, name in enumerate(sheet.rows[0]):
        page.write_string(0, place, str(name), headers)
    for line, row in enumerate(sheet.rows[1:], start=1):
        for place, cell in enumerate(row):
            _put(page, line, place, cell, quoted if str(cell).startswith(FORMULA) else cells)


def _put(page: "Worksheet", line: int, place: int, cell: Scalar, style: "Format") -> None:
    if isinstance(cell, bool):
        page.write_boolean(line, place, cell, style)
    elif isinstance(cell, int | float):
        page.write_number(line, place, cell, style)
    elif cell:
        page.write_string(line, place, cell, style)
