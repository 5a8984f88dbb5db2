"""Access: who may ask for each address. What `routes` does not say is refused, and a test walks the whole table."""

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from server.identity import signed_in

Page = Callable[[Request], Awaitable[Response]]


class Who(Enum):
    """Whom an address answers. The domain decides on the object itself: a member of this workshop, not of another."""

    ANYONE = "tout le monde"
    SOMEBODY = "qui a une session"
    SEATED = "qui a une place dans l'atelier"
    ACCOUNT = "qui a un compte"
    PARTICIPANT = "qui participe à l'atelier, ou l'anime"
    VOTER = "qui vote dans l'atelier"
    LEADER = "qui anime ou co-anime l'atelier"
    FACILITATOR = "qui anime l'atelier"
    AUTHOR = "qui a écrit la proposition"
    DECIDER = "qui a écrit la proposition, ou anime l'atelier"
    AMENDER = "qui a proposé l'amendement"
    CITER = "qui a cité le témoignage, ou anime l'atelier ; sur un indicateur publié, l'édition (DITP)"
    OBJECTOR = "qui a fait l'objection ; qui anime, si elle est sur papier"
    ANSWERER = "qui anime ou co-anime l'atelier, ou a proposé l'indicateur"
    CONVENER = "qui a le rôle d'animation sur la plateforme"
    PUBLISHER = "l'édition (DITP)"
    MODERATOR = "la modération, ou l'édition (DITP)"
    COLLEAGUE = "une personne du laboratoire"
    REFERENT = "une personne référente du laboratoire, ou la DITP"
    CONCERNED = "la personne concernée, une personne référente de son laboratoire, ou la DITP"
    JUDGE = "une personne du laboratoire, ou la modération"
    GIVER = "qui peut donner ce rôle"


def guard(page: Page, who: Who) -> Page:
    """The page, which nobody reaches without a session unless it is for anyone. Raises SignInNeeded."""
    if who is Who.ANYONE:
        return page

    @wraps(page)
    async def guarded(request: Request) -> Response:
        signed_in(request)
        return await page(request)

    return guarded
