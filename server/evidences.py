"""Evidences: what versions cite, as it may be read now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import evidence
from workshops.evidence import Cited, Quoted

Document = Mapping[str, Any]


@dataclass(frozen=True)
class OfItem:
    """What an indicator of a version cites: what the version holds, and what was cited beside it since."""

    frozen: tuple[Quoted, ...] = ()
    since: tuple[Cited, ...] = ()

    @property
    def count(self) -> int:
        return len(self.frozen) + len(self.since)


async def of_version(session: AsyncSession, content: Document, *, is_latest: bool) -> dict[str, OfItem]:
    """What each indicator of a version cites, by code. What was cited since is beside the latest one. Two queries."""
    held = {item["code"]: evidence.frozen_in(item) for item in content["indicateurs"]}
    return await _read(session, held, is_latest=is_latest)


async def of_item(session: AsyncSession, item: Document, *, is_latest: bool) -> OfItem:
    """What one of them cites."""
    return (await _read(session, {item["code"]: evidence.frozen_in(item)}, is_latest=is_latest))[item["code"]]


async def _read(session: AsyncSession, held: Mapping[str, list[str]], *, is_latest: bool) -> dict[str, OfItem]:
    quoted = await evidence.shown(session, {id for ids in held.values() for id in ids})
    added = await evidence.since(session, list(held)) if is_latest else {}
    return {
        code: OfItem(
            tuple(quoted[id] for id in ids if id in quoted),
            tuple(each for each in added.get(code, ()) if each.quoted.id not in ids),
        )
        for code, ids in held.items()
    }
