"""Witnessing: the private keys of whoever has no account, drawn from what their form carries."""

import hashlib
import hmac

from workshops.world import ID_ALPHABET

LENGTH, BITS = 16, 5  # characters, and what each is worth


def key_of(secret: str, purpose: str, sent: str) -> str:
    """The private key that a form's own key leads to: the same one each time that form is sent, and nobody else's."""
    drawn = hmac.new(secret.encode(), f"{purpose}\n{sent}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(drawn[: LENGTH * BITS // 8])
    return "".join(ID_ALPHABET[number >> BITS * place & 31] for place in range(LENGTH))
