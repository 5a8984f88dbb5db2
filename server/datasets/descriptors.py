"""Descriptors: the Data Package, the schemas and the README that go with the tables."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from server import tables
from server.datafiles import catalogue as files
from server.datafiles.table_schema import LICENCE, PUBLISHER
from server.datasets.catalogue import BY_NAME, CREATED, DATASETS, MODIFIED, VERSION
from server.datasets.declared import Dataset
from server.datasets.of_files import table_of
from server.datasets.parcels import Part
from server.datasets.readme import README
from server.i18n import day as in_words
from server.i18n import gettext as _
from server.tables import Table
from workshops.words import N_

TITLE = N_("Grille commune : le référentiel des laboratoires d'innovation publique, et comment il s'est écrit")
# Files that are made of others' columns: the name says what one is.
FILES = (
    (r"referentiel-(.+-rc\..+)\.json", N_("Version candidate {}, telle qu'elle a été soumise à relecture")),
    (r"import-(.+)\.json", N_("Référentiel importé « {} », avec sa source, dont il garde les droits")),
    (r"registre-plateforme\.json", N_("Registre de la plateforme, à vérifier")),
    (r"registre-(.+)\.json", N_("Registre scellé de l'atelier {}, à vérifier")),
    (r"bulletins-(.+)\.json", N_("Bulletins de l'atelier {}, à recompter")),
    (r"bulletins-(.+)\.csv", N_("Bulletins de l'atelier {}, un par ligne, avec la règle")),
)


# Schemas are in the resources that they describe; a workbook says again what tables say.
UNLISTED = (".tableschema.json", ".schema.json", ".xlsx", ".ods")
MEDIA = {file.ending.rpartition(".")[2]: file.media for file in files.FILES}


def readable(document: Any) -> bytes:
    """JSON that people read too."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def schema(table: Table, site: str) -> dict[str, Any]:
    """The Table Schema of a dataset, by the rules of schema.data.gouv.fr."""
    return {
        "name": f"grille-commune-{table.name.replace('_', '-')}",
        "title": _(table.title),
        "description": _(table.says),
        "countryCode": "FR",
        "homepage": f"{site}/donnees",
        "path": f"{site}/donnees/{table.name}.tableschema.json",
        "version": VERSION,
        "created": CREATED,
        "lastModified": MODIFIED,
        "licenses": [LICENCE],
        "contributors": [{"title": PUBLISHER, "path": site, "role": "publisher"}],
        "resources": [{"title": _(table.title), "path": f"{site}/donnees/{table.name}.csv"}],
        **tables.schema(table),
    }


def called(name: str) -> str:
    """What a file is, in a few words."""
    dataset = BY_NAME.get(name.removesuffix(".csv").removesuffix(".json"))
    if dataset:
        return _(dataset.table.title)
    for file in files.FILES:
        version = re.fullmatch(re.escape(file.name("VERSION")).replace("VERSION", r"([0-9.]+)"), name)
        if version:
            return _("Version {} : {}").format(version[1], _(file.title))
    for pattern, words in FILES:
        found = re.fullmatch(pattern, name)
        if found:
            return _(words).format(*found.groups())
    return name


# ── The Data Package


def package(parts: Iterable[Part], day: date, site: str) -> dict[str, Any]:
    """The descriptor that frictionless programs open: every file, each table with its schema."""
    return {
        "profile": "data-package",
        "name": "grille-commune",
        "id": f"{site}/donnees/{day}.zip",
        "title": _(TITLE),
        "description": _("Tout ce que le site publie, tel que c'était à la fin du jour dit et tel que c'est encore public."),
        "homepage": f"{site}/donnees",
        "version": day.isoformat(),
        "licenses": [LICENCE],
        "contributors": [{"title": PUBLISHER, "role": "publisher"}],
        "resources": [_resource(part, site) for part in parts if not part.name.endswith(UNLISTED)],
    }


def _resource(part: Part, site: str) -> dict[str, Any]:
    stem, _dot, kind = part.name.rpartition(".")
    told: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9.-]", "-", stem if kind == "csv" else part.name),
        "title": called(part.name),
        "path": part.name,
        "format": kind,
        "mediatype": MEDIA[kind],
        "bytes": part.size,
        "hash": f"sha256:{part.sha256}",
    }
    if kind != "csv":
        return told
    dataset = BY_NAME.get(stem)
    table = dataset.table if dataset else table_of(stem, part.header)
    return {
        **told,
        "profile": "tabular-data-resource",
        "description": _(table.says),
        "encoding": "utf-8",
        "schema": schema(table, site) if dataset else tables.schema(table),
    }


# ── The README


def readme(parts: Sequence[Part], day: date, site: str) -> str:
    """What somebody who only has the zip must know."""
    return _(README).format(
        title=_(TITLE),
        day=in_words(day),
        date=day.isoformat(),
        site=site,
        licence=LICENCE["title"],
        licence_at=LICENCE["path"],
        publisher=PUBLISHER,
        tables="\n".join(f"- {_files(each)} : {_(each.table.title)}. {_(each.table.says)}" for each in DATASETS),
        files="\n".join(f"- `{part.name}` : {called(part.name)}." for part in parts if _is_whole(part)),
    )


def _files(dataset: Dataset) -> str:
    return f"`{dataset.name}.csv`, `{dataset.name}.json`" if dataset.as_json else f"`{dataset.name}.csv`"


def _is_whole(part: Part) -> bool:
    """Whether a file is one of those that the site gives elsewhere."""
    return part.name.partition(".")[0] not in BY_NAME
