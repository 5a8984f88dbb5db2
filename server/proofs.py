"""Proofs: what somebody who sends amid a flood gives for it, once: a calculation by their device, or a wait."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import altcha

from server.tries import SharedTries
from workshops import world

# ALTCHA's second version (https://altcha.org/docs/v2/proof-of-work). The solution is one number between these: to find
# it takes two million rounds of SHA-256 on average, about a second on a desk and a few on a phone. The server itself
# does a thousand to ask and none to check, so that a flood costs whoever sends it more than us.
ALGORITHM, COST = "PBKDF2/SHA-256", 1000
LEAST, MOST = 1000, 3000
LIFE = timedelta(minutes=10)

WAIT = timedelta(seconds=30)  # for whoever has no script, or a browser that cannot calculate
TICKET_LIFE = timedelta(hours=1)  # once the wait is over


@dataclass(frozen=True)
class Asked:
    """What is asked: a calculation (`challenge`, for ALTCHA), or to send again in so many seconds, with `ticket`."""

    challenge: dict[str, Any]
    ticket: str
    seconds: int


def bound(place: str, key: str) -> str:
    """The one sending that a proof is for: at this place, under this key."""
    return hashlib.sha256(f"{place}\n{key}".encode()).hexdigest()[:32]


class Proofs:
    """Asks and checks. What was accepted is remembered until it ends, by all processes: nothing serves twice."""

    def __init__(self, storage: SharedTries, secret: str) -> None:
        self.storage = storage
        own = hmac.new(secret.encode(), b"grille-commune proofs", hashlib.sha256)
        self._challenges, self._solutions, self._tickets = (
            hmac.new(own.digest(), use, hashlib.sha256).digest() for use in (b"challenge", b"solution", b"ticket")
        )

    def ask(self, sending: str, *, ready: datetime | None = None, seconds: int = 0) -> Asked:
        """What would prove it. `ready`: when a wait already begun is over; `seconds`: how long the lane is full."""
        now = world.now()
        challenge = altcha.create_challenge(
            ALGORITHM,
            COST,
            counter=LEAST + secrets.randbelow(MOST - LEAST),
            # Our clock, and not `expires_at`, that altcha would compare with its own.
            data={"envoi": sending, "fin": int((now + LIFE).timestamp())},
            hmac_secret=self._challenges,
            hmac_key_secret=self._solutions,
        )
        ready = ready or datetime.fromtimestamp(int((now + WAIT).timestamp()), UTC)
        left = ceil((ready - now).total_seconds())
        return Asked(challenge.to_dict(), self._ticket(sending, ready), max(1, left, seconds))

    async def solves(self, sending: str, proof: str) -> bool:
        """Whether a calculation was made for this sending, in time; once."""
        payload = _read(proof)
        if payload is None or not altcha.verify_solution(
            payload, self._challenges, hmac_key_secret=self._solutions
        ).verified:
            return False
        asked = payload.challenge.parameters.data or {}  # ours, since we signed it
        ends = datetime.fromtimestamp(asked["fin"], UTC)
        if asked["envoi"] != sending or ends <= world.now():
            return False
        return await self._spend(str(payload.challenge.signature), ends)

    def ready(self, sending: str, ticket: str) -> datetime | None:
        """When the wait that a ticket tells is over; None if it is not ours, not for this sending, or too old."""
        digits = ticket.partition(".")[0]
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
            return None
        ready = datetime.fromtimestamp(int(digits), UTC)
        ours = hmac.compare_digest(self._ticket(sending, ready).encode(), ticket.encode())
        return ready if ours and world.now() < ready + TICKET_LIFE else None

    async def hands_in(self, ticket: str, ready: datetime) -> bool:
        """Whether a ticket serves for the first time."""
        return await self._spend(ticket, ready + TICKET_LIFE)

    def _ticket(self, sending: str, ready: datetime) -> str:
        digits = str(int(ready.timestamp()))
        return f"{digits}.{hmac.new(self._tickets, f'{digits} {sending}'.encode(), hashlib.sha256).hexdigest()}"

    async def _spend(self, name: str, ends: datetime) -> bool:
        left = max(1, ceil((ends - world.now()).total_seconds()))
        return await self.storage.incr(f"proof {name}", left) == 1


def _read(proof: str) -> altcha.Payload | None:
    """What a browser made of a challenge; None when it is nothing of the kind."""
    try:
        return altcha.Payload.from_dict(json.loads(base64.b64decode(proof, validate=True)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
