"""Signing: a version bears the site's own signature, that anyone checks without the site.

A detached compact JWS (RFC 7515, appendix F): `header..signature`, over the canonical bytes of the document without its
keys `empreinte` and `signature`. The algorithm is Ed25519, and its name in the header the older one, `EdDSA` (RFC 8037):
RFC 9864 prefers `Ed25519`, which widespread libraries do not verify yet. Both names are read. joserfc lends its keys and
its Ed25519, not its JWS: that one warns of the older name at each use, and refuses payloads as long as a version.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import json_b64decode, json_b64encode, urlsafe_b64decode, urlsafe_b64encode

from workshops.canonical import canonical
from workshops.seals import OUTSIDE

Document = Mapping[str, Any]
Sign = Callable[[Document], str]
Key = OKPKey

ALGORITHM = "EdDSA"
READ = (ALGORITHM, "Ed25519")
CURVE: Final = "Ed25519"
ED25519 = JWSRegistry.algorithms[CURVE]
PEM = re.compile(r"\s*-----BEGIN PRIVATE KEY-----(?P<body>[A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*")
COMPACT = re.compile(r"(?P<header>[A-Za-z0-9_-]+)\.\.(?P<signature>[A-Za-z0-9_-]+)")


class Unusable(ValueError):
    """This is no key that can be used; the message says why, and nothing of the key."""


class Doubtful(Exception):
    """This signature does not show who signed; the message says why."""


# ── Keys


def new_key() -> Key:
    """A fresh private key."""
    return Key.generate_key(CURVE)


def read_private(text: str) -> Key:
    """A private key from a setting: a JWK, or a PEM file in one line. Raises Unusable."""
    pem = PEM.fullmatch(text.replace("\\n", "\n"))
    if pem:
        return _imported(f"-----BEGIN PRIVATE KEY-----\n{''.join(pem['body'].split())}\n-----END PRIVATE KEY-----\n")
    key = _imported(_parsed(text))
    if not key.is_private:
        raise Unusable("est une clé publique : il faut la clé privée, avec « d ».")
    return key


def read_public(text: str) -> list[Key]:
    """Public keys: a JWK, or a set of them. Raises Unusable, for a private one too: it has no business there."""
    found = _parsed(text)
    listed = found.get("keys", [found])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Unusable("n'est pas un jeu de clés : « keys » n'est pas une liste de clés.")
    keys = [_imported(each) for each in listed]
    if any(key.is_private for key in keys):
        raise Unusable("contient une clé privée, avec « d » : il ne faut que ce qui est public.")
    return keys


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unusable("ne se lit pas comme une clé : voir « Signer les versions » dans docs/exploitation.md.")
    return found


def _imported(value: str | dict[str, Any]) -> Key:
    """A key with nothing in it but itself, whatever was written beside."""
    try:
        given = Key.import_key(value)
        key = Key.import_key(given.private_key or given.public_key)
        if key.curve_name == CURVE and (isinstance(value, str) or _says_itself(key, value)):
            return key
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    raise Unusable("n'est pas une clé Ed25519.")


def _says_itself(key: Key, said: Mapping[str, Any]) -> bool:
    """A private JWK also says its public part: it must be its own."""
    return {**said, **key.as_dict(private=key.is_private)} == dict(said)


def public_set(keys: Sequence[Key]) -> dict[str, list[dict[str, Any]]]:
    """What is published of keys: a JWK Set (RFC 7517), public members alone.

    No `alg`: a library that knows one name of the algorithm and not the other would pass over the key.
    """
    return {"keys": [{**key.as_dict(private=False), "kid": name(key), "use": "sig"} for key in keys]}


def name(key: Key) -> str:
    """The name of a key: its thumbprint (RFC 7638)."""
    return key.thumbprint()


# ── Signatures


def signer(private: str) -> Sign | None:
    """How to sign with the key of the settings, if there is one."""
    if not private:
        return None
    key = read_private(private)
    return lambda document: sign(document, key)


def sign(document: Document, key: Key) -> str:
    """The detached signature of a document: `header..signature`."""
    header = json_b64encode({"alg": ALGORITHM, "kid": name(key)})
    made = urlsafe_b64encode(ED25519.sign(_signed(header, document), key))
    return f"{header.decode()}..{made.decode()}"


def verify(document: Document, keys: Sequence[Key]) -> None:
    """Nothing, if the signature that a document bears was made with one of these keys. Raises Doubtful."""
    found = COMPACT.fullmatch(str(document.get("signature")))
    if not found:
        raise Doubtful("la signature ne se lit pas")
    header, made = found["header"].encode(), found["signature"].encode()
    kid = _kid(header)
    known = [key for key in keys if kid in (None, name(key))]
    if not known:
        raise Doubtful(f"la signature est d'une autre clé, « {kid} »")
    signed = _signed(header, document)
    if not any(_holds(signed, made, key) for key in known):
        raise Doubtful("la signature n'est pas celle de ce texte")


def _kid(header: bytes) -> str | None:
    """Which key a header names, if it does. Raises Doubtful for what is read in no other way than ours."""
    try:
        said = json_b64decode(header)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("alg") not in READ or said.keys() & {"crit", "b64"}:
        raise Doubtful("la signature n'est pas de celles que l'on sait vérifier (EdDSA, Ed25519)")
    kid = said.get("kid")
    return None if kid is None else str(kid)


def _holds(signed: bytes, made: bytes, key: Key) -> bool:
    try:
        return ED25519.verify(signed, urlsafe_b64decode(made), key)
    except ValueError:  # not base64url
        return False


def _signed(header: bytes, document: Document) -> bytes:
    """The bytes that are signed."""
    bare = {member: said for member, said in document.items() if member not in OUTSIDE}
    return header + b"." + urlsafe_b64encode(canonical(bare))
