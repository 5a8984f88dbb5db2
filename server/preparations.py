"""Preparations: a version that is not published yet, as its publishers and its reviewers see it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import documents, frameworks, labs, people, reviews
from workshops.comparisons import Contents
from workshops.releases import Release
from workshops.reviews import Verdict


async def shown(
    session: AsyncSession, release: Release, line: Sequence[Release], wrote: Collection[str] = ()
) -> dict[str, Any]:
    """What both pages show: its text, what it changes, what was said of it and of those it takes the place of (`line`).

    `names` are those of who reviewed it, and of `wrote`.
    """
    said = await reviews.of(session, line)
    base = await frameworks.fetch(session, release.base) if release.base else None
    before, document = base.contents if base else Contents(), release.content
    return {
        "release": release,
        "document": document,
        "base": base,
        "before": before,
        "after": documents.contents(document),
        "comparison": documents.since(before, document),
        "published": await frameworks.from_release(session, release.id),
        "said": said,
        "verdicts": list(Verdict),
        "names": await people.names(session, {each.review.by_id for each in said if each.review.by_id} | {*wrote}),
        "labs": await labs.called(session),
    }
