"""Canonical JSON: one text for one document, so that a fingerprint can be recomputed by anyone."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import rfc8785


def canonical(document: Any) -> bytes:
    """The RFC 8785 (JCS) form: sorted keys, no spaces, ECMAScript numbers, UTF-8."""
    return rfc8785.dumps(document)


def digest(document: Any) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def timestamp(moment: datetime) -> str:
    """A moment as published: UTC, milliseconds, `Z` (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
