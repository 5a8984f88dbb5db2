"""Annexes: a published version as the PDF that goes with a funding agreement."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from server import annex, downloads, gestures
from server.annex import NotPrinted
from server.gestures import reading
from server.i18n import gettext as _
from server.templating import page
from workshops import frameworks, labs
from workshops.words import N_

SOON = "30"  # seconds after which to ask again a press that is busy
BUSY = N_("D'autres PDF sont en cours de fabrication. Redemandez celui-ci dans une minute.")
BROKEN = N_("Le PDF de cette version n'a pas pu être fabriqué. Ses autres fichiers disent la même chose.")

log = logging.getLogger(__name__)


async def pdf(request: Request) -> Response:
    """The annex, printed when somebody first asks for it; without a PDF, where the rest of the version is."""
    if request.url.query:  # the shelf keeps what has no query, and printing is long
        return RedirectResponse(request.url.path, status_code=301)
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
        called = await labs.called(session)
    held = downloads.held(request, framework.fingerprint)
    if held:
        return held
    content, base = framework.content, request.app.state.settings.public_url
    try:
        html = await asyncio.to_thread(annex.draw, content, public_url=base, labs=called)
        printed = await request.app.state.printer.print(html, annex.when(content))
    except Exception as error:  # whatever breaks, the other files of the version do not depend on it
        told = error if isinstance(error, NotPrinted) else None
        request.app.state.metrics.error(error)
        log.error("no PDF of version %s: %s", framework.version, error, exc_info=None if told else error)
        return _without(request, framework.version, BUSY if told and told.is_busy else BROKEN)
    name = f"referentiel-{framework.version}.pdf"
    return downloads.file(framework.fingerprint, printed, "application/pdf", name, inline=True)


def _without(request: Request, version: str, sentence: str) -> Response:
    """No PDF: why, and where the other files are. Nobody keeps this answer: the next one may be the PDF."""
    answer: Response
    if gestures.wants_json(request):
        answer = JSONResponse({"refus": "panne", "raison": _(sentence)}, status_code=503)
    else:
        answer = page(request, "annexes/pdf.html", 503, version=version, sentence=_(sentence))
    answer.headers.update({"Cache-Control": "no-store", "Retry-After": SOON})
    return answer
