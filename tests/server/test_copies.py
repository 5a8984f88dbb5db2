"""Copies: a finished answer, plain and compressed, handed over again as RFC 9110 says."""

import gzip
from typing import Any

import pytest

from server import copies
from server.copies import Asked, Copy, takes_gzip

BODY = b"Un texte qui se repete, se repete, se repete. " * 20
JSON = ((b"content-type", b"application/json"), (b"cache-control", b"no-cache"), (b"content-length", b"920"))
TAG, PACKED = b'"sha256:abc"', b'"sha256:abc-gzip"'


@pytest.mark.parametrize(
    "codings",
    [
        b"gzip",
        b"x-gzip",
        b"GZIP",
        b"gzip, deflate, br",
        b"br;q=1.0, gzip;q=0.8, *;q=0.1",
        b"*",
        b"deflate, *;q=0.5",
        b"gzip ; q=0.5",
        b"gzip;q=0.001",
        b"gzip;q=1, identity;q=1",
        b"identity;q=0.2, gzip;q=0.3",
        b" gzip,",
        b"gzip,?",
    ],
)
def test_who_reads_gzip_gets_it(codings: bytes) -> None:
    assert takes_gzip(codings)


@pytest.mark.parametrize(
    "codings",
    [
        None,
        b"",
        b"identity",
        b"br",
        b"deflate",
        b"gzip;q=0",
        b"gzip;q=0.000",
        b"*;q=0",
        b"gzip;q=0, *",
        b"gzippe",
        b"gzip;q=0.2, identity",
        b"gzip;q=0.5, identity;q=0.6",
        b"gzip;q=deux",
        b"gzip;q=2",
        b"gzip;level=9",
        b"gzip, " + b"x" * 300,
    ],
)
def test_who_does_not_gets_the_plain_text(codings: bytes | None) -> None:
    assert not takes_gzip(codings)


def test_a_header_said_twice_is_one_list() -> None:
    headers = [
        (b"accept-encoding", b"br"),
        (b"cookie", b"door=a"),
        (b"if-none-match", b'"a"'),
        (b"accept", b"text/html"),
        (b"if-none-match", b'"b"'),
        (b"accept-encoding", b"gzip"),
        (b"cookie", b"session=b"),
    ]
    said = copies.read({"method": "HEAD", "headers": headers})
    assert said == Asked(is_head=True, codings=b"br,gzip", held=b'"a","b"', cookies=b"door=a;session=b;")
    assert copies.read({"method": "GET", "headers": []}) == Asked()


def made(**given: Any) -> Copy:
    return copies.make((*JSON, (b"etag", TAG)), BODY, **given)


async def given_over(copy: Copy, **asked: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await copy.hand_over(Asked(**asked), send)
    start, body = sent
    headers = dict(start["headers"])
    assert len(headers) == len(start["headers"])
    return start["status"], headers, body.get("body", b"")


async def test_each_coding_has_its_tag_its_length_and_the_same_text() -> None:
    packed = gzip.compress(BODY, 9, mtime=0)
    common = {b"content-type": b"application/json", b"cache-control": b"no-cache", b"vary": b"Accept-Encoding"}
    assert await given_over(made()) == (200, {**common, b"content-length": b"920", b"etag": TAG}, BODY)
    length = b"%d" % len(packed)
    headers = {**common, b"content-length": length, b"etag": PACKED, b"content-encoding": b"gzip"}
    assert await given_over(made(), codings=b"gzip") == (200, headers, packed)
    assert gzip.decompress(packed) == BODY


async def test_without_a_tag_of_its_own_an_answer_is_named_after_its_bytes() -> None:
    one, same, other = (copies.make(JSON, body).plain.tag for body in (BODY, BODY, BODY[1:]))
    assert one == same != other
    assert copies.make(JSON, BODY, tag=b'"mienne"').plain.tag == b'"mienne"'


@pytest.mark.parametrize("held", [b'"sha256:abc"', b'W/"sha256:abc"', b'"a", "sha256:abc"', b'"a,b",W/"sha256:abc"'])
async def test_what_one_has_already_is_not_sent_again(held: bytes) -> None:
    unchanged = {b"cache-control": b"no-cache", b"vary": b"Accept-Encoding", b"etag": TAG}
    assert await given_over(made(), held=held) == (304, unchanged, b"")
    # The plain text also suits who would rather have it compressed; not the other way round.
    assert await given_over(made(), held=held, codings=b"gzip") == (304, unchanged, b"")
    packed = held.replace(b"abc", b"abc-gzip")
    assert await given_over(made(), held=packed, codings=b"gzip") == (304, {**unchanged, b"etag": PACKED}, b"")
    assert (await given_over(made(), held=packed))[0] == 200


async def test_any_is_what_one_would_be_given() -> None:
    for codings, tag in ((None, TAG), (b"gzip", PACKED)):
        status, headers, body = await given_over(made(), held=b" * ", codings=codings)
        assert (status, headers[b"etag"], body) == (304, tag, b"")


@pytest.mark.parametrize("held", [b"", b'"abc"', b"sha256:abc", b'"sha256:abc', b'"*"', b'"sha256:ab", "bc"'])
async def test_what_one_does_not_have_is_sent(held: bytes) -> None:
    assert (await given_over(made(), held=held))[::2] == (200, BODY)


async def test_the_head_is_all_but_the_bytes() -> None:
    for codings in (None, b"gzip"):
        status, headers, body = await given_over(made(), codings=codings)
        assert await given_over(made(), codings=codings, is_head=True) == (status, headers, b"")
        assert body != b""


@pytest.mark.parametrize("kind", [b"font/woff2", b"image/png", b"application/gzip"])
async def test_what_is_compressed_already_is_left_as_it_is(kind: bytes) -> None:
    copy = copies.make(((b"content-type", kind),), BODY)
    assert copy.packed is None
    assert b"vary" not in (await given_over(copy, codings=b"gzip"))[1]


async def test_what_compressing_makes_longer_is_left_as_it_is() -> None:
    assert copies.make(JSON, b"{}").packed is None


async def test_it_says_what_it_depends_on() -> None:
    assert (await given_over(made(vary=(b"Cookie",))))[1][b"vary"] == b"Cookie, Accept-Encoding"
    assert (await given_over(copies.make(JSON, b"{}", vary=(b"Cookie",))))[1][b"vary"] == b"Cookie"


async def test_the_same_bytes_may_be_kept_in_another_way() -> None:
    former = made()
    copy = copies.under(former, b"immutable")
    assert (copy.plain.body, copy.packed and copy.packed.body) == (BODY, former.packed and former.packed.body)
    for asked in ({}, {"codings": b"gzip"}, {"held": TAG}, {"held": PACKED, "codings": b"gzip"}):
        status, headers, body = await given_over(made(), **asked)
        assert await given_over(copy, **asked) == (status, {**headers, b"cache-control": b"immutable"}, body)
    assert copy.weight == len(BODY) + len(gzip.compress(BODY, 9, mtime=0))
