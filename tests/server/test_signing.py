"""Signing: another program than ours says that the signature of a version is good, and that another is not."""

import base64
import hashlib
import json
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x25519

from server import signing
from server.signing import Doubtful, Key, Unusable
from tests.documents import Document, history

VERSION = history()[1]
KEY = signing.new_key()
OTHER = signing.new_key()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(document: Document = VERSION, key: Key = KEY) -> Document:
    return {**document, "signature": signing.sign(document, key)}


def pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


# ── What others make of it


def by_another_program(document: Document, published: dict[str, Any]) -> dict[str, Any]:
    """Checks a signature with nothing of ours: cryptography, rfc8785, and RFC 7515. The header that it read."""
    head, payload, made = document["signature"].split(".")
    assert payload == ""
    bare = {key: value for key, value in document.items() if key not in ("empreinte", "signature")}
    public = ed25519.Ed25519PublicKey.from_public_bytes(decoded(published["x"]))
    public.verify(decoded(made), f"{head}.{encoded(rfc8785.dumps(bare))}".encode())
    header: dict[str, Any] = json.loads(decoded(head))
    return header


def test_another_program_says_that_the_signature_is_good() -> None:
    (published,) = signing.public_set([KEY])["keys"]
    assert by_another_program(signed(), published) == {"alg": "EdDSA", "kid": published["kid"]}
    text = f'{{"crv":"Ed25519","kty":"OKP","x":"{published["x"]}"}}'
    assert published["kid"] == encoded(hashlib.sha256(text.encode()).digest())


def test_another_program_says_that_it_is_not() -> None:
    (published,), (another,) = (signing.public_set([key])["keys"] for key in (KEY, OTHER))
    with pytest.raises(InvalidSignature):
        by_another_program({**signed(), "note": "Autre chose."}, published)
    with pytest.raises(InvalidSignature):
        by_another_program(signed(), another)


def test_what_another_program_signs_is_read() -> None:
    """The header says `Ed25519`, as RFC 9864 would have it, and names no key."""
    own = ed25519.Ed25519PrivateKey.generate()
    key = signing.read_private(pem(own))
    bare = {name: value for name, value in VERSION.items() if name != "empreinte"}
    head = encoded(b'{"alg":"Ed25519"}')
    made = encoded(own.sign(f"{head}.{encoded(rfc8785.dumps(bare))}".encode()))
    signing.verify({**VERSION, "signature": f"{head}..{made}"}, [OTHER, key])


# ── What we make of it


def test_a_signature_holds_whatever_is_written_outside_of_what_it_signs() -> None:
    signing.verify(signed(), [OTHER, KEY])
    signing.verify({**signed(), "empreinte": "sha256:" + "0" * 64}, [KEY])
    assert signed() == signed()


@pytest.mark.parametrize(
    ("altered", "why"),
    [
        ({"note": "Autre chose."}, "n'est pas celle de ce texte"),
        ({"signature": signed(history()[0])["signature"]}, "n'est pas celle de ce texte"),
        ({"signature": signed(key=OTHER)["signature"]}, f"est d'une autre clé, « {OTHER.thumbprint()} »"),
        ({"signature": None}, "ne se lit pas"),
        ({"signature": ""}, "ne se lit pas"),
        ({"signature": "a.b.c"}, "ne se lit pas"),
        ({"signature": encoded(b"[]") + "..AAAA"}, "n'est pas de celles"),
        ({"signature": encoded(b"\xff") + "..AAAA"}, "n'est pas de celles"),
        ({"signature": "A..AAAA"}, "n'est pas de celles"),
        ({"signature": encoded(b'{"alg":"none"}') + "..AAAA"}, "n'est pas de celles"),
        ({"signature": encoded(b'{"alg":"HS256"}') + "..AAAA"}, "n'est pas de celles"),
        ({"signature": encoded(b'{"alg":"EdDSA","crit":["b64"],"b64":false}') + "..AAAA"}, "n'est pas de celles"),
        ({"signature": encoded(b'{"alg":"EdDSA"}') + "..AAAA"}, "n'est pas celle de ce texte"),
        ({"signature": encoded(b'{"alg":"EdDSA"}') + "..A"}, "n'est pas celle de ce texte"),
    ],
)
def test_a_doubtful_signature_is_said_to_be(altered: Document, why: str) -> None:
    with pytest.raises(Doubtful, match=why):
        signing.verify({**signed(), **altered}, [KEY])


def test_every_letter_of_a_signature_counts() -> None:
    whole = signed()["signature"]
    for place, letter in enumerate(whole):
        with pytest.raises(Doubtful):
            signing.verify(
                {**VERSION, "signature": whole[:place] + ("A" if letter != "A" else "B") + whole[place + 1 :]}, [KEY]
            )


def test_without_a_key_nothing_is_signed() -> None:
    assert signing.signer("") is None
    sign = signing.signer(json.dumps(KEY.as_dict(private=True)))
    assert sign
    assert sign(VERSION) == signed()["signature"]


# ── Keys as settings hold them

JWK = {str(name): str(value) for name, value in KEY.as_dict(private=True).items()}
OWN = ed25519.Ed25519PrivateKey.generate()
FILE = pem(OWN)


@pytest.mark.parametrize(
    "text",
    [FILE, FILE.replace("\n", "\\n"), FILE.replace("\n", " "), FILE.replace("\n", ""), FILE.replace("\n", "\r\n")],
)
def test_a_pem_key_is_read_however_its_lines_are_put_in_one(text: str) -> None:
    key = signing.read_private(text)
    raw = OWN.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert key["x"] == encoded(raw)


def test_a_jwk_is_read_without_what_is_written_beside() -> None:
    key = signing.read_private(json.dumps({**JWK, "kid": "la nôtre", "use": "sig", "alg": "EdDSA"}))
    assert key.as_dict(private=True) == JWK
    assert signing.name(key) == KEY.thumbprint()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("motdepasse", "ne se lit pas comme une clé"),
        ('"motdepasse"', "ne se lit pas comme une clé"),
        ("-----BEGIN PRIVATE KEY-----\nbW90ZGVwYXNzZQ==\n-----END PRIVATE KEY-----", "n'est pas une clé Ed25519"),
        (json.dumps({name: value for name, value in JWK.items() if name != "d"}), "est une clé publique"),
        (json.dumps({**JWK, "x": OTHER["x"]}), "n'est pas une clé Ed25519"),
        (json.dumps({**JWK, "d": "motdepasse"}), "n'est pas une clé Ed25519"),
        (json.dumps({**JWK, "d": None}), "n'est pas une clé Ed25519"),
        (json.dumps({**JWK, "kty": "RSA"}), "n'est pas une clé Ed25519"),
        (json.dumps({**JWK, "crv": "motdepasse"}), "n'est pas une clé Ed25519"),
        (json.dumps({"kty": "oct", "k": "bW90ZGVwYXNzZQ"}), "n'est pas une clé Ed25519"),
        (pem(ed448.Ed448PrivateKey.generate()), "n'est pas une clé Ed25519"),
        (pem(x25519.X25519PrivateKey.generate()), "n'est pas une clé Ed25519"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "n'est pas une clé Ed25519"),
    ],
)
def test_what_cannot_sign_is_refused_and_not_repeated(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why) as refusal:
        signing.read_private(text)
    assert "motdepasse" not in str(refusal.value)
    assert JWK["d"] not in str(refusal.value)


def test_public_keys_are_read_alone_or_in_a_set() -> None:
    published = signing.public_set([KEY, OTHER])
    assert signing.public_set(signing.read_public(json.dumps(published))) == published
    assert signing.public_set(signing.read_public(json.dumps(published["keys"][0]))) == signing.public_set([KEY])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "ne se lit pas comme une clé"),
        ('{"keys": 1}', "n'est pas un jeu de clés"),
        ('{"keys": [1]}', "n'est pas un jeu de clés"),
        ("{}", "n'est pas une clé Ed25519"),
        (json.dumps(JWK), "contient une clé privée"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        signing.read_public(text)
