"""Table Schema: what a table of a version may hold, with all that schema.data.gouv.fr asks to be said of a schema."""

from collections.abc import Mapping
from typing import Any

from server import tables
from server.datafiles.catalogue import BY_ENDING
from server.i18n import gettext as _
from server.tables import Table
from workshops import licence
from workshops.words import N_

Content = Mapping[str, Any]

LICENCE = {"name": licence.ID, "title": licence.NAME, "path": licence.ADDRESS}
PUBLISHER = "Direction interministérielle de la transformation publique (DITP)"
AUTHORS = N_("Laboratoires d'innovation publique réunis en atelier")


def schema(table: Table, content: Content, home: str, ending: str) -> dict[str, Any]:
    """The Table Schema of a table of a version, whose own file is the one with this ending."""
    version = content["version"]
    day = content["publie_le"][:10]
    file = next(file for file in BY_ENDING.values() if file.schema == ending)
    return {
        "name": f"referentiel-laboratoires-{table.name}",
        "title": _(table.title),
        "description": _(table.says),
        "countryCode": "FR",
        "homepage": f"{home}/referentiel/{version}",
        "path": home + BY_ENDING[ending].path(version),
        "version": version,
        "created": day,
        "lastModified": day,
        "licenses": [LICENCE],
        "contributors": contributors(content, home),
        "resources": [{"title": _(file.title), "path": home + file.path(version)}],
        **tables.schema(table),
    }


def contributors(content: Content, home: str) -> list[dict[str, str]]:
    """Who wrote it, who publishes it, and the labs that the document credits; never a person."""
    credited = dict.fromkeys(slug for item in content["indicateurs"] for slug in item.get("coauteurs") or [])
    return [
        {"title": _(AUTHORS), "path": f"{home}/laboratoires", "role": "author"},
        {"title": PUBLISHER, "path": home, "role": "publisher"},
        *({"title": slug, "path": f"{home}/laboratoires/{slug}", "role": "contributor"} for slug in credited),
    ]
