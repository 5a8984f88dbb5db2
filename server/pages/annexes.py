"""Annexes: a published version as the PDF that goes with a funding agreement."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server import annex, downloads, prints
from server.annex import NotPrinted
from server.gestures import reading
from server.i18n import gettext as _
from workshops import frameworks, labs
from workshops.words import N_

BROKEN = N_("Le PDF de cette version n'a pas pu être fabriqué. Ses autres fichiers disent la même chose.")


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

    def draw() -> str:
        return annex.draw(content, public_url=base, labs=called)

    try:
        printed = await prints.pdf(request, draw, annex.when(content), what=f"version {framework.version}")
    except NotPrinted as missing:
        return _without(request, framework.version, missing)
    name = f"referentiel-{framework.version}.pdf"
    return downloads.file(framework.fingerprint, printed, "application/pdf", name, inline=True)


def _without(request: Request, version: str, missing: NotPrinted) -> Response:
    """Where the other files are."""
    at = f"/referentiel/{version}"
    return prints.without(
        request,
        missing,
        BROKEN,
        kicker=_("Référentiel, version %(version)s") % {"version": version},
        crumbs=[(_("Référentiel"), "/referentiel"), (version, at)],
        links=[
            (_("La page de la version, qui s'imprime"), at),
            (_("JSON, le texte de référence"), f"{at}.json"),
            (_("CSV, pour un tableur"), f"{at}.csv"),
        ],
    )
