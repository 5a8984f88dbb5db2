"""Projects: what was said of one, and how it was handled."""

from starlette.requests import Request
from starlette.responses import Response

from server.gestures import reading
from server.templating import page
from workshops import handling, labs, projects


async def show(request: Request) -> Response:
    """One project of a lab: how what was said of it was handled, whoever asks."""
    async with reading(request) as session:
        project = await projects.get(session, request.path_params["project"])
        lab = await labs.get(session, project.lab_slug)
        handled = await handling.of(session, project_id=project.id)
    return page(request, "projects/show.html", project=project, lab=lab, handled=handled)
