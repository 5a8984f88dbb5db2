"""Copies: a finished answer, plain and compressed, handed over again as RFC 9110 says.

Tags are strong, one for each coding: the plain text keeps the tag its page gave it (the fingerprint of a version, which
other programs know), the compressed one adds `-gzip` to it. Nothing is ever cut in pieces: `Range` is ignored.
"""

import gzip
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

Header = tuple[bytes, bytes]
Headers = tuple[Header, ...]

# Kinds that gzip makes smaller. Fonts, pictures of the web and workbooks are compressed already.
SQUEEZABLE = re.compile(rb"text/|image/svg\+xml|application/(json|javascript|xml|(manifest|schema|ld)\+json|atom\+xml)")
TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
WEIGHT = re.compile(rb"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
# What describes the body, which a 304 does not send.
OF_THE_BODY = {b"content-type", b"content-length", b"content-encoding", b"content-disposition", b"content-language"}
# What we say ourselves, or do not do: the date of a file is not asked, its pieces are not sent.
OURS = {b"content-length", b"etag", b"last-modified", b"accept-ranges"}
LONGEST = 200  # bytes of `Accept-Encoding` that are worth reading, and remembering


class Asked(NamedTuple):
    """What a request says of itself that changes the answer."""

    is_head: bool = False
    codings: bytes | None = None
    held: bytes | None = None
    cookies: bytes = b""


class Form(NamedTuple):
    """A copy in one coding: its tag, its bytes, what is said with them, and what is said without them."""

    tag: bytes
    body: bytes
    whole: Headers
    unchanged: Headers

    @classmethod
    def of(cls, headers: Headers, tag: bytes, body: bytes) -> "Form":
        whole = (*headers, (b"content-length", b"%d" % len(body)), (b"etag", tag))
        return cls(tag, body, whole, tuple(header for header in whole if header[0] not in OF_THE_BODY))


class Copy(NamedTuple):
    """An answer that anybody who asks for it may be given."""

    plain: Form
    packed: Form | None

    @property
    def weight(self) -> int:
        return len(self.plain.body) + (len(self.packed.body) if self.packed else 0)

    def form(self, asked: Asked) -> Form:
        """The coding that suits a request."""
        return self.packed if self.packed and takes_gzip(asked.codings) else self.plain

    def held(self, asked: Asked, form: Form) -> Form | None:
        """The form that the client has already, by weak comparison.

        The plain one counts even for who prefers it compressed: it suits them too, and a program that knows a
        version's fingerprint knows its tag.
        """
        if asked.held is None:
            return None
        if asked.held == form.tag or asked.held.strip() == b"*":
            return form
        tags = TAG.findall(asked.held)
        return next((one for one in (form, self.plain) if one.tag in tags), None)

    async def hand_over(self, asked: Asked, send: Send) -> None:
        """Answer: 304 to who has it already, the whole otherwise."""
        form = self.form(asked)
        held = self.held(asked, form)
        if held:
            await send({"type": "http.response.start", "status": 304, "headers": held.unchanged})
            await send({"type": "http.response.body"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": form.whole})
            await send({"type": "http.response.body", "body": b"" if asked.is_head else form.body})


def read(scope: Scope) -> Asked:
    """What a request says; a header that is said twice is one list."""
    codings = held = None
    cookies = b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            codings = value if codings is None else codings + b"," + value
        elif name == b"if-none-match":
            held = value if held is None else held + b"," + value
        elif name == b"cookie":
            cookies += value + b";"
    return Asked(scope["method"] == "HEAD", codings, held, cookies)


def takes_gzip(codings: bytes | None) -> bool:
    """Whether a client reads gzip, and does not like the plain text better. Who says nothing gets it plain."""
    return codings is not None and len(codings) <= LONGEST and _takes_gzip(codings)


@lru_cache(256)
def _takes_gzip(codings: bytes) -> bool:
    wanted: dict[bytes, float] = {}
    for said in codings.lower().split(b","):
        match = WEIGHT.fullmatch(said)
        if match:
            wanted[match[1]] = float(match[2] or 1)
    gzipped = wanted.get(b"gzip", wanted.get(b"x-gzip", wanted.get(b"*", 0.0)))
    return gzipped > 0 and gzipped >= wanted.get(b"identity", 0.0)


def make(headers: Sequence[Header], body: bytes, *, tag: bytes | None = None, vary: Sequence[bytes] = ()) -> Copy:
    """The copy of an answer. `tag`: in place of its own; `vary`: what else it depends on.

    Compressing takes a tenth of a second for the heaviest file: this is for a thread.
    """
    said = dict(headers)
    tag = tag or said.get(b"etag") or b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
    kept = tuple(header for header in headers if header[0] not in OURS)
    packed = gzip.compress(body, 9, mtime=0) if SQUEEZABLE.match(said.get(b"content-type", b"")) else body
    if len(packed) >= len(body):
        return Copy(Form.of(_varying(kept, vary), tag, body), None)
    kept = _varying(kept, (*vary, b"Accept-Encoding"))
    other = Form.of((*kept, (b"content-encoding", b"gzip")), tag[:-1] + b'-gzip"', packed)
    return Copy(Form.of(kept, tag, body), other)


def squeezed(request: Request, response: Response) -> Response:
    """An answer drawn for one request, compressed if that suits who asks: what is not on the shelf may be heavy too."""
    takes = takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1") or None)
    response.headers.add_vary_header("Accept-Encoding")
    if takes:
        response.body = gzip.compress(bytes(response.body), 6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response


def _varying(headers: Headers, vary: Sequence[bytes]) -> Headers:
    return (*headers, (b"vary", b", ".join(vary))) if vary else headers


def under(copy: Copy, cache_control: bytes) -> Copy:
    """The same bytes, to be kept by browsers in another way."""

    def form(former: Form) -> Form:
        whole, unchanged = (
            tuple((name, cache_control if name == b"cache-control" else said) for name, said in headers)
            for headers in (former.whole, former.unchanged)
        )
        return former._replace(whole=whole, unchanged=unchanged)

    return Copy(form(copy.plain), form(copy.packed) if copy.packed else None)
