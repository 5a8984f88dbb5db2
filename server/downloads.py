"""Downloads: the headers of what is published as files, and who has them already."""

from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "public, max-age=31536000, immutable"
ANYWHERE = {"Access-Control-Allow-Origin": "*"}  # a page of somebody else's site may read it
OPEN = {**ANYWHERE, "Cache-Control": "public, no-cache"}  # what may change: kept, and asked for again


def has(request: Request, tag: str) -> bool:
    """Whether who asks has already what bears this tag, by weak comparison (RFC 9110)."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag in held


def held(request: Request, fingerprint: str) -> Response | None:
    """304 to who has already what never changes: the tag of each of its files is its fingerprint."""
    return _for_ever(Response(status_code=304), fingerprint) if has(request, _tag(fingerprint)) else None


def file(fingerprint: str, body: bytes | str, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file of what never changes, that anyone may read from anywhere. `inline`: shown, not saved."""
    response = Response(body, media_type=media_type)
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return _for_ever(response, fingerprint)


def _for_ever(response: Response, fingerprint: str) -> Response:
    response.headers.update({**ANYWHERE, "Cache-Control": FOR_EVER, "ETag": _tag(fingerprint)})
    return response


def _tag(fingerprint: str) -> str:
    return f'"{fingerprint}"'
