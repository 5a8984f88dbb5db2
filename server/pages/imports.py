"""Imports: a framework that others wrote, tried line by line, then kept as it came."""

import asyncio
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import downloads, forms, gridfiles
from server.forms import ImportForm
from server.gestures import again, done, reading, transaction, wants_json
from server.i18n import gettext as _
from server.identity import signed_in
from server.templating import page
from workshops import imports, people, world
from workshops.grids import Problem
from workshops.imports import Deposit, Malformed, Notice, Rehearsal
from workshops.people import Role
from workshops.refusals import NotNow, NotThus, Refusal
from workshops.sheet import missing
from workshops.words import N_

SHOWN = 200  # characters of a line of the file, beside what is wrong with it
NEW = "imports/new.html"


@dataclass(frozen=True)
class Asked:
    """What a publisher sent: the form, the bytes of the file (or of a pasted text), what was read of them."""

    form: ImportForm
    content: bytes
    deposit: Deposit
    notice: Notice


async def new(request: Request) -> Response:
    """The form, and what was imported already."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        already = await imports.imported(session)
    form = ImportForm()
    return page(request, "imports/new.html", form=form, trial=None, imported=already, errors={}, refused=None)


async def rehearse(request: Request) -> Response:
    """The dry run: what would be imported, or every error by line. Nothing is written."""
    asked = await _asked(request)
    async with reading(request) as session:
        rehearsal = await imports.rehearse(session, asked.deposit, asked.notice)
    try:
        rehearsal.require()
    except (NotNow, Malformed) as refusal:
        return await _again(request, asked, refusal)
    if wants_json(request):
        return JSONResponse({"essai": True, "indicateurs": rehearsal.judged.items})
    values = await _values(request, asked, rehearsal)
    return page(request, "imports/new.html", **values, errors={}, refused=None)


async def keep(request: Request) -> Response:
    """Import it: whole, for good, with its source."""
    asked = await _asked(request)
    try:
        async with transaction(request) as session:
            await imports.keep(session, asked.deposit, asked.notice, by=signed_in(request))
    except (NotNow, Malformed) as refusal:
        return await _again(request, asked, refusal)
    async with reading(request) as session:
        kept = await imports.of_file(session, asked.deposit.received)
    path = f"/referentiel/imports/{kept.slug}" if kept else "/referentiel"
    return done(request, path, adresse=path)


async def _asked(request: Request) -> Asked:
    """What was sent, read. It costs as much as the file is long: only for publishers, and beside the event loop."""
    viewer = signed_in(request)
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
    file = await forms.file(request, "file")
    form = await forms.read(request, ImportForm)
    name, content = (file.name, file.content) if file else _typed(form)
    deposit = await asyncio.to_thread(gridfiles.deposit, name, content)
    keeping = tuple(re.split(r"[;\n]", form.keeping))
    return Asked(form, content, deposit, Notice(form.title, form.source, form.address, form.dated, keeping))


def _typed(form: ImportForm) -> tuple[str, bytes]:
    """The text of the form, unless it is that of the file sent before: then the file, byte for byte."""
    text = form.text.replace("\r\n", "\n")
    if form.received:
        try:
            before = b64decode(form.received, "-_", validate=True)
        except ValueError:
            raise NotThus({"file": N_("Ce fichier n'est pas arrivé entier : choisissez-le de nouveau.")}) from None
        if not text.strip() or text == gridfiles.decoded(before)[0]:
            return form.file_name, before
    return "", text.encode()


# ── What comes back


async def _again(request: Request, asked: Asked, refusal: Refusal) -> Response:
    async with reading(request) as session:
        rehearsal = await imports.rehearse(session, asked.deposit, asked.notice)
    lines = [_line(problem) for problem in rehearsal.judged.problems]
    told = {"import": f"/referentiel/imports/{rehearsal.former.slug}"} if rehearsal.former else {}
    refusal.told = {**told, "lignes": lines}
    return again(request, NEW, refusal, **await _values(request, asked, rehearsal))


async def _values(request: Request, asked: Asked, rehearsal: Rehearsal) -> dict[str, Any]:
    """The form with all that was sent: a browser does not choose a file again, so its bytes and its text are in it."""
    async with reading(request) as session:
        already = await imports.imported(session)
    sent = {"received": b64encode(asked.content, b"-_").decode(), "file_name": asked.deposit.name}
    text = gridfiles.decoded(asked.content)[0].replace("\0", "\ufffd")
    return {
        "form": asked.form.model_copy(update={**sent, "text": text}),
        "trial": rehearsal,
        "deposit": asked.deposit,
        "wrong": _by_line(rehearsal, text.split("\n")),
        "imported": already,
        "key": world.new_id(),
    }


def _by_line(rehearsal: Rehearsal, lines: list[str]) -> list[tuple[int, str, list[dict[str, Any]]]]:
    """Each line that does not hold, with its text and all that is wrong there; 0 is the file."""
    found: dict[int, list[dict[str, Any]]] = {}
    for problem in rehearsal.judged.problems:
        found.setdefault(problem.line, []).append(_line(problem))
    return [(line, lines[line - 1][:SHOWN] if 0 < line <= len(lines) else "", said) for line, said in found.items()]


def _line(problem: Problem) -> dict[str, Any]:
    sentence = _(problem.sentence).format(**problem.values)
    return {"ligne": problem.line, "colonne": problem.column or None, "raison": sentence}


# ── Read


async def show(request: Request) -> Response:
    """An imported framework, as it came, with its source."""
    async with reading(request) as session:
        imported = await imports.fetch(session, request.path_params["imported"])
    content = imported.content
    lacking = {item["code"]: [field.name for field in missing(item["fiche"])] for item in content["indicateurs"]}
    return page(request, "imports/show.html", imported=imported, content=content, lacking=lacking)


async def as_json(request: Request) -> Response:
    """The document that its fingerprint names."""
    async with reading(request) as session:
        imported = await imports.fetch(session, request.path_params["imported"])
    body = bytes(JSONResponse(imported.content).body)
    return downloads.held(request, imported.fingerprint) or downloads.file(
        imported.fingerprint, body, "application/json", f"import-{imported.slug}.json", inline=True
    )
