"""Drawing: each file of a version as bytes, from its document and the address of the site."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from server import tables
from server.datafiles import columns, json_schema, linked, ods, table_schema, xlsx
from server.datafiles.columns import INDICATORS, PASSAGE
from workshops.canonical import canonical

Content = Mapping[str, Any]

DRAWN: Mapping[str, Callable[[Content, str], bytes]] = {
    ".json": lambda content, _: canonical(content),
    ".schema.json": lambda content, home: _json(json_schema.schema(content, home)),
    ".csv": lambda content, _: tables.as_csv(INDICATORS, columns.indicators(content)).encode(),
    ".tableschema.json": lambda content, home: _json(
        table_schema.schema(INDICATORS, content, home, ".tableschema.json")
    ),
    ".xlsx": xlsx.draw,
    ".ods": ods.draw,
    ".jsonld": lambda content, home: _json(linked.version(content, home)),
    "/passage.csv": lambda content, _: tables.as_csv(PASSAGE, columns.passage(content)).encode(),
    "/passage.tableschema.json": lambda content, home: _json(
        table_schema.schema(PASSAGE, content, home, "/passage.tableschema.json")
    ),
    "/passage.jsonld": lambda content, home: _json(linked.passage(content, home)),
}


def draw(ending: str, content: Content, home: str) -> bytes:
    """The file of this ending. It depends on nothing else: the same document, at the same site, gives the same bytes.

    A workbook takes a tenth of a second or more: this is for a thread.
    """
    return DRAWN[ending](content, home)


def _json(described: Mapping[str, Any]) -> bytes:
    """For a person who opens it too: in the order it was written, indented."""
    return json.dumps(described, ensure_ascii=False, indent=2).encode()
