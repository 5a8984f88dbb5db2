"""Sealing: the addresses that citizens leave, which only a key from the settings opens again."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def new_key() -> str:
    """A key that seals: 256 bits, in base 64."""
    return Fernet.generate_key().decode()


def is_key(text: str) -> bool:
    """Whether a text is such a key."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


class Seal:
    """Seals with the first key; opens what any of them sealed (Fernet: AES-128-CBC, then HMAC-SHA-256).

    Without a key of its own, one is drawn from the secret of the site, and what it sealed is lost with that secret.
    """

    def __init__(self, keys: Sequence[str], secret: str) -> None:
        drawn = hmac.new(secret.encode(), b"grille-commune contacts", hashlib.sha256).digest()
        self._keys = MultiFernet([*map(Fernet, keys), Fernet(urlsafe_b64encode(drawn))])

    def seal(self, text: str) -> str:
        """The text, so that nobody reads it without a key."""
        return self._keys.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text again; None when no key of ours sealed it."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            return None
