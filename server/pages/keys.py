"""Keys: the public part of what signs versions, for whoever checks them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import downloads, signing
from workshops.refusals import NotFound
from workshops.words import N_

# A new key is seen within five minutes; a site of somebody else's may read it.
HEADERS = {**downloads.ANYWHERE, "Cache-Control": "public, max-age=300"}


async def public(request: Request) -> Response:
    """The keys that sign, or signed, as a JWK Set."""
    keys = request.app.state.settings.public_keys
    if not keys:
        raise NotFound(N_("Ce site ne signe pas ses versions : leur empreinte suffit à les vérifier."))
    return JSONResponse(signing.public_set(keys), headers=HEADERS, media_type="application/jwk-set+json")
