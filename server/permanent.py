"""Permanent files: what a published version is downloaded as, under the same headers whatever the form."""

from starlette.requests import Request
from starlette.responses import Response

from workshops.frameworks import Framework

FOR_EVER = "public, max-age=31536000, immutable"


def held(request: Request, framework: Framework) -> Response | None:
    """304 to who has it already: the tag of every file of a version is the version's fingerprint."""
    if request.headers.get("if-none-match") == _tag(framework):
        return _said(Response(status_code=304), framework)
    return None


def file(framework: Framework, body: bytes | str, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file of a version, that never changes and that anyone may read from anywhere. `inline`: shown, not saved."""
    response = Response(body, media_type=media_type)
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return _said(response, framework)


def _said(response: Response, framework: Framework) -> Response:
    response.headers.update({"Cache-Control": FOR_EVER, "ETag": _tag(framework), "Access-Control-Allow-Origin": "*"})
    return response


def _tag(framework: Framework) -> str:
    return f'"{framework.fingerprint}"'
