"""The annex of an agreement: a published version as a tagged PDF, one indicator a page."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import segno
from markupsafe import Markup

from server import press
from server.i18n import gettext as _
from server.settings import ROOT
from server.templating import JINJA, sheet_rows
from workshops import documents, tallies, versions
from workshops.sheet import FIELDS

Document = Mapping[str, Any]

STYLE = ROOT / "templates" / "annexes" / "annex.css"
SHOWN_APART = ("libelle", "famille", "definition")  # title, first line and first paragraph of a page
PRESS = (sys.executable, "-I", str(Path(press.__file__)))
SLOWEST = 180.0  # seconds given to one document: six are enough, but for a machine that has better to do
WAITING = 3  # who may wait for the press; the next one is asked to come back
# What a process needs to find its libraries and fonts, and no more: our settings are secrets.
NEEDED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")


class NotPrinted(Exception):
    """There is no PDF: why, for the log. `is_busy`: others are waiting for theirs, it is a matter of a minute."""

    def __init__(self, why: str, *, is_busy: bool = False) -> None:
        super().__init__(why)
        self.is_busy = is_busy


class Printer:
    """Prints one document at a time, in a process that is stopped when it takes too long."""

    def __init__(self, command: Sequence[str] = PRESS, slowest: float = SLOWEST) -> None:
        self.command = command
        self.slowest = slowest
        self._press = asyncio.Lock()
        self._waiting = 0

    async def print(self, html: str, at: datetime) -> bytes:
        """The PDF of an HTML document, dated `at`. Raises NotPrinted."""
        if self._waiting > WAITING:
            raise NotPrinted("the press is busy", is_busy=True)
        self._waiting += 1
        try:
            async with self._press:
                return await self._run(html, at)
        finally:
            self._waiting -= 1

    async def _run(self, html: str, at: datetime) -> bytes:
        known = {name: os.environ[name] for name in NEEDED if name in os.environ}
        # Fonts are dated by it: the same version gives the same bytes.
        known["SOURCE_DATE_EPOCH"] = str(int(at.timestamp()))
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command, stdin=pipe, stdout=pipe, stderr=pipe, env=known
            )
        except OSError as error:
            raise NotPrinted(str(error)) from error
        try:
            async with asyncio.timeout(self.slowest):
                pdf, complaint = await process.communicate(html.encode())
        except TimeoutError:
            raise NotPrinted(f"not printed in {self.slowest:g} seconds") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not pdf.startswith(b"%PDF-"):
            raise NotPrinted(complaint.decode(errors="replace").strip()[-2000:] or f"exit {process.returncode}")
        return pdf


def draw(content: Document, *, public_url: str, labs: Mapping[str, str]) -> str:
    """The whole annex as HTML that needs nothing else. `labs`: their names, by slug."""
    address = f"{public_url}/referentiel/{content['version']}"
    met = _workshops(content)
    return JINJA.get_template(
        "annexes/annex.html"
    ).render(
        content=content,
        style=Markup(STYLE.read_text("utf-8")),  # noqa: S704  our own file
        published=when(content),
        is_signed="signature" in content,
        is_candidate=versions.is_candidate(content["version"]),
        short=f"{content['empreinte'][:23]}…",
        address=address,
        qr=segno.make(address, error="m").svg_data_uri(border=0, dark="#161616"),
        workshops=list(met.values()),
        count=len(content["indicateurs"]),
        families=[
            (family, [_page(item, met, labs) for item in items])
            for family, items in documents.by_family(content)
            if items
        ],
        left_out=_left_out(content),
        labs=labs,
    )


def when(content: Document) -> datetime:
    """When a document was published."""
    return datetime.fromisoformat(content["publie_le"])


def _workshops(content: Document) -> dict[str, dict[str, Any]]:
    """The workshops that a version comes from, by id, each with its date."""
    found = documents.workshops(content)
    return {each["id"]: {**each, "date": date.fromisoformat(each["date"])} for each in found}


def _page(item: Document, met: Mapping[str, Document], labs: Mapping[str, str]) -> dict[str, Any]:
    """What the page of an indicator shows besides its own words."""
    sheet, decision = item["fiche"], item["decision"]
    tally = tallies.read(decision)
    return {
        "item": item,
        "rows": [(label, _on_one_line(said)) for label, said in sheet_rows(sheet, SHOWN_APART) if said],
        "empty": [_(field.label) for field in FIELDS if field.name not in sheet],
        "tally": tally,
        "outcome": tally.outcome,
        "source": _source(decision, met),
        "labs": [labs.get(slug, slug) for slug in credited(item)],
    }


def _on_one_line(said: str) -> str:
    """A list takes one line; what is HTML stays as it is."""
    return said if isinstance(said, Markup) else said.replace("\n", " · ")


def _source(decision: Document, met: Mapping[str, Document]) -> str:
    """Where a text comes from: its wording, and its workshop when the version tells its title."""
    wording = _("rédaction %(number)s") % {"number": decision["redaction"]}
    workshop = met.get(decision.get("atelier", ""))
    return f"{wording}, {workshop['titre']}." if workshop else f"{wording}."


def credited(item: Document) -> list[str]:
    """The labs that wrote a sheet: whose words it holds, and whose amendments were accepted. Slugs, once each."""
    wrote = [told.get("labo") for told in item.get("provenance", {}).values()]
    return list(dict.fromkeys(lab for lab in (*wrote, *item.get("coauteurs", [])) if lab))


def _left_out(content: Document) -> list[tuple[str, str, str]]:
    """What was examined and is not in the version: code, title, why."""
    dropped = [(each["code"], each["libelle"], _because(each["decision"])) for each in content.get("ecartes", [])]
    return dropped + [(each["code"], each["libelle"], each.get("motif", "")) for each in content.get("hors_table", [])]


def _because(decision: Document) -> str:
    reason: str = decision.get("exception", decision).get("motif", "")
    return reason
