"""ODS: a version as a workbook of OpenDocument."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from server.datafiles import workbooks
from server.datafiles.workbooks import Sheet
from server.tables import Scalar

if TYPE_CHECKING:
    from odfdo import Document, Element, Table

EPOCH = (1980, 1, 1, 0, 0, 0)  # of a zip: the date of each of its files, whenever they were made
MIMETYPE = "mimetype"  # the first file, as it is: that is how the kind of the whole is read
LETTER = 0.2  # centimetres
TEXT, HEADER, NUMBER = "gc-text", "gc-header", "gc-number"

# Of the family of cells: how a text wraps; a number keeps the look that its reader's language gives it.
STYLES = {
    TEXT: '<style:table-cell-properties style:vertical-align="top" fo:wrap-option="wrap"/>',
    NUMBER: '<style:table-cell-properties style:vertical-align="top"/>',
    HEADER: (
        '<style:table-cell-properties fo:background-color="#e3e3fd" style:vertical-align="top"/>'
        '<style:text-properties fo:font-weight="bold" style:font-weight-asian="bold" style:font-weight-complex="bold"/>'
    ),
}
# The first row stays in sight: the view is split below it, and its upper part does not scroll.
FROZEN = {
    ("VerticalSplitMode", "short"): 2,
    ("VerticalSplitPosition", "int"): 1,
    ("HorizontalSplitMode", "short"): 0,
    ("HorizontalSplitPosition", "int"): 0,
    ("ActiveSplitRange", "short"): 2,
    ("PositionTop", "int"): 0,
    ("PositionBottom", "int"): 1,
}


def draw(content: Mapping[str, Any], home: str) -> bytes:
    """The bytes of the workbook: the same for the same version, whenever it is drawn."""
    from odfdo import Document  # two tenths of a second, that only who asks for a workbook waits for

    book = Document("spreadsheet")
    book.body.clear()
    for name, properties in STYLES.items():
        book.insert_style(_style(name, "table-cell", properties), automatic=True)
    sheets = workbooks.sheets(content, home)
    for sheet in sheets:
        book.body.append(_table(book, sheet))
    _describe(book, content)
    out = io.BytesIO()
    book.save(out)
    return _packed(out.getvalue(), _settings([sheet.name for sheet in sheets]))


def _style(name: str, family: str, properties: str) -> str:
    return f'<style:style style:name="{name}" style:family="{family}">{properties}</style:style>'


def _table(book: "Document", sheet: Sheet) -> "Table":
    from odfdo import Column, Row, Table

    table = Table(sheet.name)
    table.clear()
    for width in sheet.widths:
        table.append(Column(style=_column(book, width)))
    for line, cells in enumerate(sheet.rows):
        row = Row()
        row.extend(_cell(cell, HEADER if line == 0 else "") for cell in cells)
        table.append(row)
    return table


def _column(book: "Document", width: int) -> str:
    name = f"gc-column-{width}"
    if book.get_style("table-column", name) is None:
        properties = f'<style:table-column-properties style:column-width="{width * LETTER:.1f}cm"/>'
        book.insert_style(_style(name, "table-column", properties), automatic=True)
    return name


def _cell(cell: Scalar, style: str) -> "Element":
    """A cell with its type. A text is told by its paragraphs, one a line: it is never read as a formula."""
    from odfdo import Cell, Paragraph

    if cell is None or cell == "":
        return Cell()
    if not isinstance(cell, str):
        return Cell(cell, style=style or NUMBER)
    made = Cell(style=style or TEXT)
    made.set_attribute("office:value-type", "string")
    for line in cell.split("\n"):
        made.append(Paragraph(line))
    return made


def _describe(book: "Document", content: Mapping[str, Any]) -> None:
    said = book.meta
    said.title, said.subject, said.description = content["titre"], content["version"], content["empreinte"]
    said.creation_date = workbooks.published(content)
    said.language = "fr-FR"
    said.set_generator("Grille commune")


def _settings(names: list[str]) -> bytes:
    """How the workbook opens: on its first sheet, headers in sight."""
    items = "".join(_item(name, kind, value) for (name, kind), value in FROZEN.items())
    entries = "".join(
        f'<config:config-item-map-entry config:name="{name}">{items}</config:config-item-map-entry>' for name in names
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<office:document-settings xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"'
        ' xmlns:ooo="http://openoffice.org/2004/office" office:version="1.4"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views">'
        f"<config:config-item-map-entry>{_item('ViewId', 'string', 'view1')}"
        f'<config:config-item-map-named config:name="Tables">{entries}</config:config-item-map-named>'
        f"{_item('ActiveTable', 'string', names[0])}</config:config-item-map-entry></config:config-item-map-indexed>"
        "</config:config-item-set></office:settings></office:document-settings>"
    ).encode()


def _item(name: str, kind: str, value: str | int) -> str:
    return f'<config:config-item config:name="{name}" config:type="{kind}">{value}</config:config-item>'


def _packed(made: bytes, settings: bytes) -> bytes:
    """The same files in a zip without a clock, with these settings."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(made)) as former, ZipFile(out, "w") as packed:
        for name in former.namelist():
            body = settings if name == "settings.xml" else former.read(name)
            info = ZipInfo(name, EPOCH)
            info.compress_type = ZIP_STORED if name == MIMETYPE else ZIP_DEFLATED
            packed.writestr(info, body)
    return out.getvalue()
