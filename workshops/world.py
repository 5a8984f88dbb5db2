"""The world: time and chance come in here, and tests freeze them here."""

import secrets
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")  # whose days and months these are
# Crockford's alphabet: no letter that reads as a digit.
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KEY_LENGTH = 16  # characters, 80 bits: short enough to be copied by hand
# Letters that are not mistaken for one another when read aloud or off a projector.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ"


def now() -> datetime:
    """This moment, in UTC, to the millisecond (what the minutes print is what was hashed)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_id() -> str:
    """A name nobody else has: 12 characters, 60 bits."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(12))


def new_code() -> str:
    """What one types on a phone to enter a workshop: six letters."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(6))


def new_token() -> str:
    """What a short link ends with: eight letters, 36 bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))


def new_key() -> str:
    """What alone opens what somebody without an account wrote."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(KEY_LENGTH))


def new_salt() -> str:
    """What nobody can guess: 128 bits, in hexadecimal."""
    return secrets.token_hex(16)
