"""Floods: many sendings at once are slowed, then asked for a proof; nobody is refused for their neighbours."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

from limits import RateLimitItemPerMinute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import forms
from server.gestures import wants_json
from server.i18n import gettext as _
from server.limits import Limits, TooMany, address
from server.proofs import Asked, Proofs, bound
from server.templating import page
from workshops import world
from workshops.words import N_

WINDOW = timedelta(minutes=10)
# How many in a window are slowed, then asked for a proof. From one address at one touch-point: a workshop, a waiting
# room or a school behind its only address is sixty people, and thirty of them in ten minutes notice nothing. At one
# touch-point, or from one address wherever it sends: a hall of two hundred and forty.
HERE, POINT, ANYWHERE = (60, 120), (240, 480), (240, 480)

DELAY = 1.0  # seconds
LANE = 2  # sendings slowed at the same time, each for DELAY, in each process
LINE = 20  # that may wait for that, ten seconds at most; whoever comes then is asked for a proof at once

# Proofs that are only a wait cost a flood nothing but time: this is how many pass.
WAITED_HERE = RateLimitItemPerMinute(6, namespace="waited, by address and point")
WAITED_AT_POINT = RateLimitItemPerMinute(30, namespace="waited, by point")

PROOF, TICKET = "altcha", "attente"  # fields of a form
SENTENCE = N_("Beaucoup d'envois arrivent en même temps. Rien n'est perdu : une vérification, et le vôtre part.")


class Level(IntEnum):
    """What a sending goes through."""

    CALM = 0
    SLOWED = 1
    ASKED = 2


class Doubted(TooMany):
    """Neither done nor refused: 429, and what would prove that this one may pass."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.seconds)
        self.asked = asked


class Floods:
    """Counts what is sent without an account, at each touch-point.

    Of an address, a keyed hash is counted for ten minutes, and swept within the hour. The key is the day's: nothing of
    one day can be recognised on another.
    """

    def __init__(self, limits: Limits, secret: str) -> None:
        self.limits = limits
        self.proofs = Proofs(limits.storage, secret)
        self.lane = asyncio.Semaphore(LANE)
        self.waiting = 0
        self._secret = hmac.new(secret.encode(), b"grille-commune floods", hashlib.sha256).digest()

    @staticmethod
    def of(request: Request) -> "Floods":
        """The one of this server."""
        floods: Floods = request.app.state.floods
        return floods

    async def admit(self, request: Request, place: str, key: str) -> None:
        """Let one sending in, or raise Doubted, which `ask` draws.

        For a new one only: what is sent again under a `key` that was already answered neither counts nor proves
        anything. `key`: what the form says of its sending, or nothing if it says nothing. `place`: the touch-point or
        the lab, once it is known to be there. Never within a transaction: it counts in its own, and may wait.
        """
        form = await forms.sent(request)
        sending, ticket = bound(place, key), str(form.get(TICKET, ""))
        if await self.proofs.solves(sending, str(form.get(PROOF, ""))):
            return
        whose = self._whose(request, place)
        ready = self.proofs.ready(sending, ticket)
        if ready and ready <= world.now():
            try:
                await self.limits.spend((WAITED_HERE, whose[0]), (WAITED_AT_POINT, whose[1]))
            except TooMany as later:
                raise Doubted(self.proofs.ask(sending, ready=ready, seconds=later.seconds)) from None
            if await self.proofs.hands_in(ticket, ready):
                return
            ready = None
        level = await self._level(whose)
        if level is Level.CALM or (level is Level.SLOWED and await self._is_slowed()):
            return
        raise Doubted(self.proofs.ask(sending, ready=ready))

    def _whose(self, request: Request, place: str) -> tuple[str, str, str]:
        """What is counted: this address here, this place, this address anywhere; under the key of the day."""
        today = hmac.new(self._secret, world.now().date().isoformat().encode(), hashlib.sha256).digest()
        named = (f"{address(request)} {place}", place, address(request))
        here, point, anywhere = (hmac.new(today, name.encode(), hashlib.sha256).hexdigest() for name in named)
        return here, point, anywhere

    async def _level(self, whose: tuple[str, str, str]) -> Level:
        """One more of each; the worst of what they say."""
        counted = await self.limits.storage.incr_each(
            [f"sent {name}" for name in whose], int(WINDOW.total_seconds())
        )
        return max(
            Level((times > slowed) + (times > asked))
            for times, (slowed, asked) in zip(counted, (HERE, POINT, ANYWHERE), strict=True)
        )

    async def _is_slowed(self) -> bool:
        """Wait for one's turn in the lane; False at once when too many wait already."""
        if self.waiting >= LINE:
            return False
        self.waiting += 1
        try:
            async with self.lane:
                await asyncio.sleep(DELAY)
        finally:
            self.waiting -= 1
        return True


async def ask(request: Request, doubted: Doubted, kept: Mapping[str, str] | None = None) -> Response:
    """The page that asks for a proof, with all that was sent, to send it again to the same address; JSON for a program.

    `kept`: what was chosen, in words, for whoever reads the page: (what, which).
    """
    asked = doubted.asked
    if wants_json(request):
        body = {"refus": "preuve", "raison": _(SENTENCE), PROOF: asked.challenge, TICKET: asked.ticket}
        return JSONResponse({**body, "secondes": asked.seconds}, status_code=429, headers=doubted.headers)
    form = await forms.sent(request)
    fields = [(name, value) for name, value in form.multi_items() if name not in (PROOF, TICKET)]
    response = page(
        request,
        "proof.html",
        status_code=429,
        asked=asked,
        action=request.url.path,
        fields=[(name, value) for name, value in fields if isinstance(value, str)],
        kept=kept or {},
        said=_(SENTENCE),
    )
    response.headers.update(doubted.headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response
