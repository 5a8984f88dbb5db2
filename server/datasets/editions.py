"""Editions: all that was public at the end of a day, and still is, packed in one zip."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from tempfile import SpooledTemporaryFile
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select
from starlette.responses import JSONResponse

from server import exports
from server.datafiles import columns, drawing
from server.datafiles.catalogue import FILES
from server.datasets import descriptors
from server.datasets.catalogue import BY_NAME, DATASETS
from server.datasets.declared import Dataset, Day, Row, plain
from server.datasets.of_decisions import BALLOTS, ballots
from server.datasets.of_testimonials import HANDLING, handled
from server.datasets.of_versions import PASSAGES, SHEETS
from server.datasets.of_workshops import stage
from server.datasets.parcels import Parcel
from server.i18n import PARIS
from server.tables import Table, as_csv
from workshops import audit, frameworks, handling, journal, returns
from workshops.agenda import Stage, Workshop
from workshops.consensus import Rule
from workshops.frameworks import Framework
from workshops.imports import ImportedFramework
from workshops.journal import Entry
from workshops.moderation import Decision
from workshops.releases import Release

AT_ONCE = 20_000  # rows in memory
SPOOLED = 4 * 1024 * 1024  # bytes of ballots in memory, before they go to the disk


@dataclass(frozen=True)
class Edition:
    """What the site publishes, as it was at the end of a day."""

    day: date
    parcel: Parcel


def end_of(day: date) -> datetime:
    """The moment when a day ends, in Paris."""
    return datetime.combine(day + timedelta(days=1), time(), PARIS)


async def first_day(session: AsyncSession) -> date | None:
    """The day of the first workshop, version, or decision on a testimonial; None when nothing is public yet."""
    began = [
        await session.scalar(select(func.min(moment)))
        for moment in (col(Entry.at), col(Framework.published_at), col(Decision.at))
    ]
    return min((moment.astimezone(PARIS).date() for moment in began if moment), default=None)


async def pack(session: AsyncSession, day: date, site: str) -> Edition:
    """Ask for everything and pack it. So many queries for the tables, and so many for each closed workshop.

    Tables go so many rows at a time, files one at a time; what takes the processor is done in a thread.
    """
    until = end_of(day)
    looked = Day(until, await _hiding(session, until))
    with Parcel() as parcel:
        for dataset in DATASETS:
            if dataset.query is not None:
                await _pack_table(parcel, dataset, _asked(session, dataset.query(looked)), site)
        await _pack_table(parcel, BY_NAME[HANDLING.name], _handled(session, until), site)
        await _pack_versions(session, parcel, until, site)
        await _pack_candidates(session, parcel, until)
        await _pack_imports(session, parcel, until)
        await _pack_minutes(session, parcel, looked)
        await asyncio.to_thread(_pack_descriptors, parcel, day, site)
    return Edition(day, parcel)


async def _hiding(session: AsyncSession, until: datetime) -> frozenset[str]:
    """The workshops that were open then, under a rule that hides results until the closing. One query."""
    found = await session.execute(select(col(Workshop.id), col(Workshop.rule), stage(Day(until))))
    return frozenset(id for id, rule, at in found if at != Stage.CLOSED and Rule.read(rule).hides)


# ── Tables


async def _asked(session: AsyncSession, query: Select[Any]) -> AsyncIterator[list[Row]]:
    """The rows, so many at a time: one query for most tables."""
    for start in count(step=AT_ONCE):
        found = await session.execute(query.limit(AT_ONCE).offset(start))
        rows = [plain(dict(row)) for row in found.mappings()]
        yield rows
        if len(rows) < AT_ONCE:
            return


async def _handled(session: AsyncSession, until: datetime) -> AsyncIterator[list[Row]]:
    """What became of testimonials, by lab and by project: it is reckoned, not read."""
    yield list(handled(await handling.as_of(session, until)))


async def _pack_table(parcel: Parcel, dataset: Dataset, rows: AsyncIterator[list[Row]], site: str) -> None:
    table = dataset.table
    with SpooledTemporaryFile(SPOOLED) as objects:
        parcel.begin(f"{table.name}.csv")
        parcel.write(header(table))
        number = 0
        async for some in rows:
            await asyncio.to_thread(_write, parcel, table, some)
            if dataset.as_json:
                objects.write(as_objects(table, some, first=not number))
            number += len(some)
        parcel.end(names(table), number)
        if dataset.as_json:
            objects.seek(0)
            told = f'{{"schema":"{site}/donnees/{table.name}.tableschema.json","{table.name}":['.encode()
            await asyncio.to_thread(_pack_spooled, parcel, f"{table.name}.json", told, objects, b"]}")


def as_objects(table: Table, rows: Iterable[Row], *, first: bool) -> bytes:
    """Some rows of a table as JSON objects: the same columns as its text file, and nothing to be made harmless."""
    told = [json.dumps({column.name: column.value(row) for column in table.columns}, ensure_ascii=False) for row in rows]
    return ("" if first or not told else ",\n").encode() + ",\n".join(told).encode()


def _pack_rows(parcel: Parcel, table: Table, rows: list[Row]) -> None:
    parcel.begin(f"{table.name}.csv")
    parcel.write(header(table))
    _write(parcel, table, rows)
    parcel.end(names(table), len(rows))


def _write(parcel: Parcel, table: Table, rows: Iterable[Row]) -> None:
    parcel.write(lines(table, rows))


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def header(table: Table) -> bytes:
    """The first line of a table's file."""
    return as_csv(table, ()).encode()


def lines(table: Table, rows: Iterable[Row]) -> bytes:
    """Some lines of a table's file, without its header."""
    return as_csv(table, rows).encode().removeprefix(header(table))


# ── Files that the site gives elsewhere, byte for byte


async def _pack_versions(session: AsyncSession, parcel: Parcel, until: datetime, site: str) -> None:
    """The files of each version, then what they hold of all versions as two tables."""
    sheets: list[Row] = []
    passages: list[Row] = []
    for framework in reversed(await frameworks.versions(session)):
        if framework.published_at < until:
            content = framework.content
            sheets.extend(map(dict, columns.indicators(content)))
            passages.extend(map(dict, columns.passage(content)))
            for file in FILES:
                drawn = await asyncio.to_thread(_drawn, file.ending, _Published(framework.fingerprint, content), site)
                name = file.name(framework.version)
                await asyncio.to_thread(parcel.add, name, drawn, _header_of(name, drawn))
    for table, rows in ((SHEETS, sheets), (PASSAGES, passages)):
        await asyncio.to_thread(_pack_rows, parcel, table, rows)


@dataclass(frozen=True)
class _Published:
    """A document, told from another by its fingerprint."""

    fingerprint: str
    content: Mapping[str, Any] = field(compare=False)


@lru_cache(256)  # files: a workbook takes a tenth of a second, and none ever changes
def _drawn(ending: str, published: _Published, site: str) -> bytes:
    return drawing.draw(ending, published.content, site)


def _header_of(name: str, content: bytes) -> list[str]:
    """The names of the columns of a table that is whole already."""
    first = content.decode("utf-8-sig").partition("\r\n")[0] if name.endswith(".csv") else ""
    return next(csv.reader([first]), [])


async def _pack_candidates(session: AsyncSession, parcel: Parcel, until: datetime) -> None:
    """The candidates that were open to review, whatever became of them."""
    asked = select(Release).where(col(Release.candidate).is_not(None), col(Release.at) < until)
    for release in list(await session.scalars(asked.order_by(col(Release.at), col(Release.id)))):
        await asyncio.to_thread(parcel.add, f"referentiel-{release.name}.json", _as_json(release.content))


async def _pack_imports(session: AsyncSession, parcel: Parcel, until: datetime) -> None:
    asked = select(ImportedFramework).order_by(col(ImportedFramework.slug))
    for imported in list(await session.scalars(asked.where(col(ImportedFramework.imported_at) < until))):
        await asyncio.to_thread(parcel.add, f"import-{imported.slug}.json", _as_json(imported.content))


async def _pack_minutes(session: AsyncSession, parcel: Parcel, day: Day) -> None:
    """The sealed minutes, and the ballots of each closed vote; then those of all, as one table."""
    closed = select(Workshop).where(stage(day) == Stage.CLOSED.value).order_by(col(Workshop.held_on), col(Workshop.id))
    with SpooledTemporaryFile(SPOOLED) as spooled:
        number = 0
        for workshop in list(await session.scalars(closed)):
            entries = [entry for entry in await journal.since(session, workshop.id, 0) if entry.at < day.until]
            minutes = {**exports.minutes(workshop, entries), "derniere_empreinte": entries[-1].hash}
            await asyncio.to_thread(parcel.add, f"registre-{workshop.id}.json", _as_json(minutes))
            for entry in entries:
                session.expunge(entry)
            if returns.are_published(workshop):
                document = await returns.document(session, workshop.id)
                name = f"bulletins-{workshop.id}"
                await asyncio.to_thread(parcel.add, f"{name}.json", _as_json(document))
                table = exports.ballots_csv(document).encode()
                await asyncio.to_thread(parcel.add, f"{name}.csv", table, _header_of(f"{name}.csv", table))
                rows = list(ballots(document))
                number += len(rows)
                spooled.write(await asyncio.to_thread(lines, BALLOTS, rows))
        await _pack_platform(session, parcel, day)
        spooled.seek(0)
        said = (names(BALLOTS), number)
        await asyncio.to_thread(_pack_spooled, parcel, f"{BALLOTS.name}.csv", header(BALLOTS), spooled, b"", *said)


async def _pack_platform(session: AsyncSession, parcel: Parcel, day: Day) -> None:
    entries = [entry for entry in await audit.entries(session) if entry.at < day.until]
    head = await audit.head(session)
    told = {**exports.platform(head, entries), "derniere_empreinte": entries[-1].hash if entries else journal.GENESIS}
    await asyncio.to_thread(parcel.add, "registre-plateforme.json", _as_json(told))


def _pack_spooled(
    parcel: Parcel, name: str, begin: bytes, spooled: Any, end: bytes, columns: Iterable[str] = (), rows: int | None = None
) -> None:
    parcel.begin(name)
    parcel.write(begin)
    while piece := spooled.read(SPOOLED):
        parcel.write(piece)
    parcel.write(end)
    parcel.end(columns, rows)


def _as_json(content: Mapping[str, Any]) -> bytes:
    """The bytes of the site's own answer."""
    return bytes(JSONResponse(content).body)


# ── What says what all this is


def _pack_descriptors(parcel: Parcel, day: date, site: str) -> None:
    for dataset in DATASETS:
        schema = descriptors.schema(dataset.table, site)
        parcel.add(f"{dataset.name}.tableschema.json", descriptors.readable(schema))
    parts = list(parcel.parts.values())
    parcel.add("datapackage.json", descriptors.readable(descriptors.package(parts, day, site)))
    parcel.add("README.md", descriptors.readme(parts, day, site).encode())
    parcel.add("empreintes.sha256", parcel.sums().encode())
