"""Schemas of tables: the Table Schema of what is published as rows, by the rules of schema.data.gouv.fr."""

from typing import Any

from server.i18n import gettext as _
from server.tables import Column, Table

LANGUAGE = "https://frictionlessdata.io/schemas/table-schema.json"
PUBLISHER = "Direction interministérielle de la transformation publique"


def table_schema(
    table: Table, *, homepage: str, path: str, version: str, created: str, modified: str
) -> dict[str, Any]:
    """What a table's columns mean. `path`: where this schema is; `created`, `modified`: days."""
    return {
        "$schema": LANGUAGE,
        "name": f"grille-commune-{table.name.replace('_', '-')}",
        "title": _(table.title),
        "description": _(table.says),
        "countryCode": "FR",
        "homepage": homepage,
        "path": path,
        "version": version,
        "created": created,
        "lastModified": modified,
        "contributors": [{"title": PUBLISHER, "role": "author"}],
        "fields": [_field(column) for column in table.columns],
        **({"primaryKey": list(table.key)} if table.key else {}),
        "missingValues": [""],
    }


def _field(column: Column) -> dict[str, Any]:
    field = {
        "name": column.name,
        "title": _(column.title),
        "description": _(column.says),
        "type": column.kind,
        "constraints": dict(column.limits),
    }
    return field | ({"example": column.example} if column.example else {})
