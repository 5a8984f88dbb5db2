"""Commands about workshops and versions: publish, export, verify, watch."""

from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from server import checking, watching
from server.arguments import WRONG_USE
from server.cli import desk
from server.cli.desk import OK, Arguments, Desk, refuse
from server.datasets import editions
from server.datasets.archive import today
from server.datasets.parcels import Parcel
from workshops import frameworks
from workshops.agenda import Workshop
from workshops.lines import Exceptional


async def publish(at: Desk) -> int:
    """As the page does: the number the differences call for, and one reason for all unfinished sheets."""
    async with at.database.transaction() as session:
        workshop = await desk.workshop(session, at.given.workshop)
        by = await desk.person(session, at.given.par)
        exceptions = await _unfinished(session, workshop, at.given.incompletes)
        draft = await frameworks.draft(session, workshop, exceptions)
        reasons = {line.code: at.given.motif for line in draft.unexplained}
        version = at.given.version or draft.version
        framework = await frameworks.publish(
            session,
            workshop.id,
            version=version,
            note=at.given.note,
            exceptions=exceptions,
            reasons=reasons,
            by=by,
        )
    print(f"Version {version} publiée : {at.address(f'/referentiel/{version}')}\n{framework.fingerprint}")
    return OK


async def _unfinished(session: AsyncSession, workshop: Workshop, because: str) -> dict[str, Exceptional]:
    """Each indicator that the votes kept and whose sheet is not complete, when there is a reason to keep it."""
    if not because:
        return {}
    return (await frameworks.draft(session, workshop)).unfinished(because)


async def export(at: Desk) -> int:
    """What the zip of everything contains, byte for byte as the site gives it."""
    async with at.database.reading() as session:
        edition = await editions.pack(session, today(), at.settings.public_url)
    return _write(at.given.folder, edition.parcel)


def _write(folder: Path, parcel: Parcel) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in parcel.parts:
            with (folder / name).open("wb") as file:
                file.writelines(parcel.part(name))
            print(folder / name)
    except OSError as error:
        return refuse(f"{folder} : {error.strerror}")
    return OK


def verify(given: Arguments) -> int:
    """Needs nothing but the file."""
    try:
        problem = checking.check(given.kind, given.file)
    except checking.Unreadable as error:
        return refuse(str(error), WRONG_USE)
    if problem:
        return refuse(f"À revoir : {problem}.")
    print(checking.SAID[given.kind])
    return OK


async def watch(at: Desk) -> int:
    async with at.database.reading() as session:
        workshop = await desk.workshop(session, at.given.workshop)
    since = workshop.gestures if at.given.depuis is None else at.given.depuis
    say = partial(print, flush=True)
    say(f"{workshop.title}, à partir du geste {since}. Ctrl-C pour partir.")
    try:
        await watching.watch(at.database, at.settings, workshop, since, say)
    except watching.Dismissed as reason:
        return refuse(str(reason))
