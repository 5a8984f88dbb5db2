"""Prints: a PDF that somebody asks for, or the page that says why there is none."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import gestures
from server.annex import NotPrinted
from server.i18n import gettext as _
from server.templating import page
from workshops.words import N_

SOON = "30"  # seconds after which to ask again a press that is busy
BUSY = N_("D'autres PDF sont en cours de fabrication. Redemandez celui-ci dans une minute.")

log = logging.getLogger(__name__)


async def pdf(request: Request, draw: Callable[[], str], at: datetime, *, what: str) -> bytes:
    """The PDF of the HTML that `draw` gives, dated `at`. Raises NotPrinted whatever broke, once it is told (`what`)."""
    try:
        html = await asyncio.to_thread(draw)
        printed: bytes = await request.app.state.printer.print(html, at)
    except Exception as error:  # whatever breaks, what is beside the PDF does not depend on it
        told = error if isinstance(error, NotPrinted) else None
        request.app.state.metrics.error(error)
        log.error("no PDF of %s: %s", what, error, exc_info=None if told else error)
        raise told or NotPrinted(str(error)) from error
    return printed


def without(
    request: Request,
    missing: NotPrinted,
    broken: str,
    *,
    kicker: str,
    crumbs: Sequence[tuple[str, str | None]],
    links: Sequence[tuple[str, str]],
) -> Response:
    """No PDF: why, and what there is besides. Nobody keeps this answer: the next one may be the PDF."""
    sentence = _(BUSY if missing.is_busy else broken)
    answer: Response
    if gestures.wants_json(request):
        answer = JSONResponse({"refus": "panne", "raison": sentence}, status_code=503)
    else:
        answer = page(request, "unprinted.html", 503, sentence=sentence, kicker=kicker, crumbs=crumbs, links=links)
    answer.headers.update({"Cache-Control": "no-store", "Retry-After": SOON})
    return answer
