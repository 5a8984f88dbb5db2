"""The command about frameworks of others: import one from a file, or only try."""

from collections.abc import Iterable
from pathlib import Path

from server import gridfiles
from server.arguments import WRONG_USE
from server.cli.desk import OK, Desk, refuse
from server.i18n import gettext as _
from server.i18n import ngettext
from workshops import imports
from workshops.grids import Problem
from workshops.imports import Deposit, Malformed, Notice

OPTIONS = {"title": "--titre", "source": "--source", "address": "--adresse", "dated": "--date"}


async def bring(at: Desk) -> int:
    """As the page does: every error by line, and nothing imported; or all of it, with its source."""
    given = at.given
    try:
        deposit = _read(given.file)
    except OSError as error:
        return refuse(f"{given.file} : {error.strerror}", WRONG_USE)
    notice = Notice(given.titre, given.source, given.adresse, given.date, tuple(given.garder))
    try:
        return await (_try(at, deposit, notice) if given.essai else _import(at, deposit, notice))
    except Malformed as refusal:
        problems, wrong = refusal.rehearsal.judged.problems, refusal.rehearsal.wrong
        options = (f"{OPTIONS[name]} : {_(sentence)}" for name, sentence in wrong.items())
        return refuse("\n".join([*_told(problems), *options, _("Rien n'est importé.")]))


def _read(file: Path) -> Deposit:
    """No more of it than says that it is too big."""
    with file.open("rb") as opened:
        return gridfiles.deposit(file.name, opened.read(gridfiles.MOST_BYTES + 1))


async def _try(at: Desk, deposit: Deposit, notice: Notice) -> int:
    async with at.database.reading() as session:
        rehearsal = await imports.rehearse(session, deposit, notice)
    if rehearsal.former:
        return refuse(f"Déjà importé : {at.address(f'/referentiel/imports/{rehearsal.former.slug}')}")
    rehearsal.require()
    number = len(rehearsal.judged.items)
    print(f"Essai : {number} {ngettext('indicateur se lit', 'indicateurs se lisent', number)}, rien n'est enregistré.")
    return OK


async def _import(at: Desk, deposit: Deposit, notice: Notice) -> int:
    async with at.database.transaction() as session:
        imported = await imports.keep(session, deposit, notice, by=None)
    print(f"Référentiel importé : {at.address(f'/referentiel/imports/{imported.slug}')}\n{imported.received}")
    return OK


def _told(problems: Iterable[Problem]) -> Iterable[str]:
    for problem in problems:
        place = ", ".join(filter(None, [f"ligne {problem.line}" if problem.line else "fichier", problem.column]))
        yield f"{place} : {_(problem.sentence).format(**problem.values)}"
