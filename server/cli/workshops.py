"""Commands about workshops and versions: publish, export, verify, watch."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from starlette.responses import JSONResponse

from server import checking, exports, watching
from server.arguments import WRONG_USE
from server.cli import desk
from server.cli.desk import OK, Arguments, Desk, refuse
from server.datafiles import drawing
from workshops import agenda, drafts, frameworks, journal, publications, releases, returns
from workshops.agenda import Stage
from workshops.drafts import Choices


async def publish(at: Desk) -> int:
    """As the pages do, by two people: the number the differences call for, one reason for all unfinished sheets."""
    given = at.given
    async with at.database.transaction() as session:
        found = [await desk.workshop(session, name) for name in (given.workshop, *given.avec)]
        by, second = await desk.person(session, given.par), await desk.person(session, given.confirme)
        choices = Choices(version=given.version, raised=given.releve, note=given.note)
        if given.incompletes:
            draft = await drafts.draft(session, found)
            choices = replace(choices, exceptions=draft.unfinished(given.incompletes))
        draft = await drafts.draft(session, found, choices)
        reasons = {line.code: given.motif for line in draft.unexplained}
        ids = [workshop.id for workshop in found]
        release = await releases.prepare(session, ids, choices, reasons=reasons, by=by)
        framework = await publications.confirm(session, release.id, sign=at.sign, by=second)
    version = framework.version
    print(f"Version {version} publiée : {at.address(f'/referentiel/{version}')}\n{framework.fingerprint}")
    return OK


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
    """Needs nothing but the file, and the key if there is a signature to check."""
    if given.cle and given.kind != "referentiel":
        return refuse("--cle ne sert qu'à « verify referentiel » : une version est seule à être signée.", WRONG_USE)
    try:
        keys = checking.keys(given.cle) if given.cle else None
        checked = checking.check(given.kind, given.file, keys)
    except checking.Unreadable as error:
        return refuse(str(error), WRONG_USE)
    code = OK
    if checked.problem:
        code = refuse(f"À revoir : {checked.problem}.")
    else:
        print(checking.SAID[given.kind])
    return refuse(f"Non vérifié : {checked.unchecked}.", code) if checked.unchecked else code


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
