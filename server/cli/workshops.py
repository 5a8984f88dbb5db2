"""Commands about workshops and versions: publish, export, verify, watch."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from server import checking, exports, watching
from server.arguments import WRONG_USE
from server.cli import desk
from server.cli.desk import OK, Arguments, Desk, refuse
from server.datafiles import drawing
from workshops import agenda, frameworks, journal, returns
from workshops.agenda import Stage, Workshop
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
    """Every published version, every sealed register and its ballots, byte for byte as the site gives them."""
    files: dict[str, bytes] = {}
    async with at.database.reading() as session:
        for framework in await frameworks.versions(session):
            name = f"referentiel-{framework.version}"
            for ending in (".json", ".csv"):
                files[f"{name}{ending}"] = drawing.draw(ending, framework.content, at.settings.public_url)
        for workshop in await agenda.calendar(session):
            if workshop.stage is Stage.CLOSED:
                entries = await journal.since(session, workshop.id, 0)
                files[f"registre-{workshop.id}.json"] = _as_json(exports.minutes(workshop, entries))
            if returns.are_published(workshop):
                ballots = await returns.document(session, workshop.id)
                files[f"bulletins-{workshop.id}.json"] = _as_json(ballots)
                files[f"bulletins-{workshop.id}.csv"] = exports.ballots_csv(ballots).encode()
    return _write(at.given.folder, files)


def _write(folder: Path, files: Mapping[str, bytes]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
            print(folder / name)
    except OSError as error:
        return refuse(f"{folder} : {error.strerror}")
    return OK


def _as_json(content: object) -> bytes:
    return bytes(JSONResponse(content).body)


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
