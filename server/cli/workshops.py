"""Commands about workshops and versions: publish, export, verify, watch."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from server import checking, watching
from server.arguments import WRONG_USE
from server.cli import desk
from server.cli.desk import OK, Arguments, Desk, refuse
from server.datasets import editions
from server.datasets.archive import today
from server.datasets.parcels import Parcel
from workshops import drafts, publications, releases
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
