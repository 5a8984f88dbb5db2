"""Datasets: the page of open data, its tables, their schemas, and all of it in one zip."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from server import (
    copies,
    downloads,
)
from server.datafiles.catalogue import EVERY
from server.datafiles.table_schema import LICENCE
from server.datasets import descriptors
from server.datasets.archive import Archive
from server.datasets.catalogue import BY_NAME, SUBJECTS
from server.datasets.declared import Dataset
from server.datasets.editions import Edition
from server.gestures import reading
from server.i18n import gettext as _
from server.i18n import number
from server.limits import ARCHIVES, Limits, network
from server.tables import Column
from server.templating import page
from workshops import agenda, frameworks, returns
from workshops.refusals import NotFound
from workshops.words import N_

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SHOWN = 7  # days of the archive, one click away
KINDS = {
    "string": N_("texte"),
    "integer": N_("entier"),
    "number": N_("nombre"),
    "boolean": N_("oui ou non"),
    "date": N_("date"),
    "datetime": N_("moment"),
    "yearmonth": N_("mois"),
    "object": N_("JSON"),
}


@dataclass(frozen=True)
class Shown:
    """A table as the page shows it: its words, its weight, and its dictionary as (name, title, kind, says).

    `json_file`: empty for a table that is a text file alone.
    """

    name: str
    file: str
    title: str
    says: str
    rows: int
    weight: str
    json_file: str
    columns: Sequence[tuple[str, str, str, str]]


async def show(request: Request) -> Response:
    """Every file, its licence, its schema and its rows; the zip of all, today's or that of a day."""
    asked = request.query_params.get("jour", "")
    if asked:
        return RedirectResponse(f"/donnees/{_read(asked) or 'inconnu'}.zip", status_code=303)
    archive = Archive.of(request)
    edition, first = await archive.today(), await archive.first()
    async with reading(request) as session:
        workshops = await agenda.calendar(session)
        versions = await frameworks.numbers(session)
    drawn = page(
        request,
        "datasets/show.html",
        edition=edition,
        weight=_weight(edition.parcel.size),
        subjects={_(subject): [_shown(each, edition) for each in those] for subject, those in SUBJECTS.items()},
        days=_days(first, edition.day),
        first=first,
        versions=[(version, _files(version)) for version in versions],
        workshops=[(workshop, returns.are_published(workshop)) for workshop in workshops],
        licence=LICENCE,
    )
    return copies.squeezed(request, drawn)


def _shown(dataset: Dataset, edition: Edition) -> Shown:
    table = dataset.table
    part = edition.parcel.parts[f"{table.name}.csv"]
    columns = [_said(column) for column in table.columns]
    said = (_(table.title), _(table.says), part.rows or 0, _weight(part.size))
    return Shown(table.name, part.name, *said, f"{table.name}.json" if dataset.as_json else "", columns)


def _said(column: Column) -> tuple[str, str, str, str]:
    return column.name, _(column.title), _(KINDS[column.kind]), _(column.says)


def _files(version: str) -> list[tuple[str, str, str]]:
    """Those of a version, each as (address, name, title)."""
    return [(file.path(version), file.name(version), _(file.title)) for file in EVERY]


def _weight(size: int) -> str:
    """« 12 Ko »"""
    return f"{number(max(1, round(size / 1000)))}\u00a0Ko" if size < 10**6 else f"{number(round(size / 10**6, 1))}\u00a0Mo"


def _days(first: date | None, today: date) -> list[date]:
    """The last days that are over, the latest first."""
    last = [today - timedelta(days=before) for before in range(1, SHOWN + 1)]
    return [day for day in last if first and day >= first]


# ── Files


async def everything(request: Request) -> Response:
    """All that is public now, in one zip."""
    return _zip(request, await Archive.of(request).today())


async def on_day(request: Request) -> Response:
    """All that was public at the end of a day, and still is."""

    async def toll() -> None:
        await Limits.of(request).spend((ARCHIVES, network(request)))

    return _zip(request, await Archive.of(request).past(_read(request.path_params["day"]), toll))


def _read(text: str) -> date | None:
    """The day that an address names; None for what is no day."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


async def as_csv(request: Request) -> Response:
    """One table, as it is today."""
    name = _known(request)
    parcel = (await Archive.of(request).today()).parcel
    part = parcel.parts[f"{name}.csv"]
    headers = {
        "Content-Length": str(part.size),
        "Content-Disposition": f'attachment; filename="grille-commune-{name}.csv"',
    }
    return _file(request, part.sha256, lambda: parcel.part(part.name), "text/csv; charset=utf-8", headers)


async def as_json(request: Request) -> Response:
    """One table as it is today, a JSON object a row."""
    name = _known(request)
    if not BY_NAME[name].as_json:
        raise NotFound(N_("Cette table n'est donnée qu'en CSV."))
    parcel = (await Archive.of(request).today()).parcel
    part = parcel.parts[f"{name}.json"]
    headers = {
        "Content-Length": str(part.size),
        "Content-Disposition": f'inline; filename="grille-commune-{part.name}"',
    }
    return _file(request, part.sha256, lambda: parcel.part(part.name), "application/json", headers)


async def schema(request: Request) -> Response:
    """What a table's columns mean, as a Table Schema."""
    table = BY_NAME[_known(request)].table
    return JSONResponse(descriptors.schema(table, request.app.state.settings.public_url), headers=downloads.OPEN)


def _known(request: Request) -> str:
    name: str = request.path_params["table"]
    if name not in BY_NAME:
        raise NotFound(N_("Cette table n'existe pas : la page « Données ouvertes » les dit toutes."))
    return name


def _zip(request: Request, edition: Edition) -> Response:
    headers = {
        "Content-Length": str(edition.parcel.size),
        "Content-Disposition": f'attachment; filename="grille-commune-{edition.day}.zip"',
    }
    return _file(request, edition.parcel.fingerprint, edition.parcel.pieces, "application/zip", headers)


def _file(request: Request, mark: str, pieces: Any, kind: str, headers: dict[str, str]) -> Response:
    """A file sent piece by piece, or 304 to who has it: its tag is what it contains."""
    tag = f'"{mark}"'
    if downloads.has(request, tag):
        return Response(status_code=304, headers={**downloads.OPEN, "ETag": tag})
    content: Iterator[bytes] = iter(()) if request.method == "HEAD" else pieces()
    return StreamingResponse(content, media_type=kind, headers={**downloads.OPEN, **headers, "ETag": tag})
