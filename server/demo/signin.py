"""The demonstration's OpenID provider: as strict as ProConnect, in this very process, with a cast to choose from."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from server.identity import without_host
from server.provider import CALLBACK, FAREWELL, Provider, new_token
from server.settings import Settings
from server.templating import page
from workshops import world
from workshops.words import N_

MOUNT = "/demo/connexion"
CLIENT_ID = "demo"
CLIENT_SECRET = secrets.token_urlsafe(32)
LIFE = timedelta(seconds=60)
ENOUGH = 32
NEEDED = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}
KNOWN = NEEDED | {"code_challenge", "code_challenge_method", "claims"}


@dataclass(frozen=True)
class Persona:
    """Someone one can be in the demonstration."""

    sub: str
    given_name: str
    usual_name: str
    email: str
    role: str
    lab_slug: str | None = None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.usual_name}"


CAST: tuple[Persona, ...] = (
    Persona(
        sub="demo-camille",
        given_name="Camille",
        usual_name="Arnaud",
        email="camille.arnaud@demo.example",
        role=N_("animation (démonstration)"),
    ),
    Persona(
        sub="demo-dominique",
        given_name="Dominique",
        usual_name="Bertin",
        email="dominique.bertin@demo.example",
        role=N_("édition DITP (démonstration)"),
    ),
    Persona(
        sub="demo-alix",
        given_name="Alix",
        usual_name="Morvan",
        email="alix.morvan@demo.example",
        role=N_("membre du Ti Lab (démonstration)"),
        lab_slug="ti-lab",
    ),
    Persona(
        sub="demo-sacha",
        given_name="Sacha",
        usual_name="Delmas",
        email="sacha.delmas@demo.example",
        role=N_("membre du SIILAB (démonstration)"),
        lab_slug="siilab",
    ),
    Persona(
        sub="demo-maxime",
        given_name="Maxime",
        usual_name="Collin",
        email="maxime.collin@demo.example",
        role=N_("édition DITP, seconde personne (démonstration)"),
    ),
)


class Refused(Exception):
    """The provider's way to say no, in the protocol's own words."""

    def __init__(self, error: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.answer = JSONResponse({"error": error, "error_description": why}, status)


@dataclass(frozen=True)
class Grant:
    """What a code or an access token stands for, for a minute."""

    persona: Persona
    nonce: str
    challenge: str | None
    acr: str | None
    expires_at: datetime


@dataclass
class Desk:
    """What the provider holds: its key, the codes and tokens it has given and not yet taken back."""

    settings: Settings
    key: RSAKey
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return issuer(self.settings)

    @property
    def redirect_uri(self) -> str:
        return self.settings.public_url + CALLBACK

    @property
    def farewell_uri(self) -> str:
        return self.settings.public_url + FAREWELL

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token for our one client, good for a minute."""
        now = world.now()
        always = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, {**always, **claims}, self.key)


def issuer(settings: Settings) -> str:
    """The `iss` under which the cast is known."""
    return settings.public_url + MOUNT


def demo_provider(settings: Settings) -> tuple[Starlette, Provider]:
    """Both sides: the provider to mount at MOUNT, and what we see of it. They talk without leaving the process."""
    app = provider(settings)
    transport = httpx2.ASGITransport(app=app, root_path=urlsplit(issuer(settings)).path)
    seen = Provider(
        settings, issuer=issuer(settings), client_id=CLIENT_ID, client_secret=CLIENT_SECRET, transport=transport
    )
    return app, seen


def provider(settings: Settings) -> Starlette:
    """The provider itself, to be mounted at MOUNT."""
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/cles",                             keys),
            Route("/autoriser",                        ask,    methods=["GET"]),
            Route("/autoriser",                        choose, methods=["POST"]),
            Route("/jeton",                            token,  methods=["POST"]),
            Route("/profil",                           profile),
            Route("/fin",                              leave),
        ],
        exception_handlers={Refused: refused},
    )  # fmt: skip
    app.state.settings = settings
    app.state.desk = Desk(settings, key=_key())
    return app


@cache
def _key() -> RSAKey:
    """One key for the life of the process."""
    return RSAKey.generate_key(2048, parameters={"use": "sig"}, auto_kid=True)


# ── What it publishes


async def discovery(request: Request) -> Response:
    """What a client needs to know."""
    here = _desk(request).issuer
    return JSONResponse(
        {
            "issuer": here,
            "authorization_endpoint": here + "/autoriser",
            "token_endpoint": here + "/jeton",
            "userinfo_endpoint": here + "/profil",
            "jwks_uri": here + "/cles",
            "end_session_endpoint": here + "/fin",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "userinfo_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_parameter_supported": True,
        }
    )


async def keys(request: Request) -> Response:
    """The public half of the key."""
    return JSONResponse(KeySet([_desk(request).key]).as_dict())


# ── What people see


async def ask(request: Request) -> Response:
    """« Choisissez qui vous êtes »"""
    _require_authorization(request)
    action = without_host(request.app.state.settings, f"{_desk(request).issuer}/autoriser?{request.url.query}")
    return page(request, "demo/choose.html", cast=CAST, action=action)


async def choose(request: Request) -> Response:
    """Back to the client with a code for the chosen persona; with `access_denied` for nobody."""
    _require_authorization(request)
    async with request.form() as form:
        sub = form.get("sub")
    if sub == "":
        return _back_to_client(request, {"error": "access_denied", "error_description": "User cancelled"})
    code = new_token()
    _desk(request).codes[code] = Grant(
        persona=_persona(sub),
        nonce=request.query_params["nonce"],
        challenge=request.query_params.get("code_challenge"),
        acr=_acr(request.query_params.get("claims")),
        expires_at=world.now() + LIFE,
    )
    return _back_to_client(request, {"code": code})


async def leave(request: Request) -> Response:
    """Signing out asks for proof too: an id_token of ours, however old, and a long enough state."""
    desk, asked = _desk(request), request.query_params
    try:
        hint = jwt.decode(asked.get("id_token_hint", ""), desk.key, ["RS256"]).claims
    except (JoseError, ValueError):
        raise Refused("invalid_request", "id_token_hint is not a token of this provider") from None
    _require(hint.get("aud") == CLIENT_ID, "id_token_hint was given to another client")
    _require(len(asked.get("state", "")) >= ENOUGH, "state is shorter than 32 characters")
    _require(asked.get("post_logout_redirect_uri") == desk.farewell_uri, "post_logout_redirect_uri is not registered")
    return _redirect(request, desk.farewell_uri, {"state": asked["state"]})


# ── What the client asks behind people's backs


async def token(request: Request) -> Response:
    """A code against tokens, once, within a minute."""
    desk = _desk(request)
    async with request.form() as form:
        asked = {name: value for name, value in form.items() if isinstance(value, str)}
    _require_client(asked)
    _require(asked.get("grant_type") == "authorization_code", "only codes are exchanged", "unsupported_grant_type")
    _require(asked.get("redirect_uri") == desk.redirect_uri, "redirect_uri is not the one registered", "invalid_grant")
    grant = _still_good(desk.codes.pop(asked.get("code", ""), None), "invalid_grant")
    _require_verifier(grant, asked.get("code_verifier"))
    access_token = new_token()
    desk.tokens[access_token] = replace(grant, expires_at=world.now() + LIFE)
    level = {"acr": grant.acr} if grant.acr else {}
    return JSONResponse(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(LIFE.total_seconds()),
            "id_token": desk.sign({"sub": grant.persona.sub, "nonce": grant.nonce, **level}),
        },
        headers={"Cache-Control": "no-store"},
    )


async def profile(request: Request) -> Response:
    """Who the bearer is: a signed token as ProConnect gives, or plain JSON where settings expect that."""
    desk = _desk(request)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    persona = _still_good(desk.tokens.get(bearer), "invalid_token", status=401).persona
    claims = {
        "sub": persona.sub,
        "given_name": persona.given_name,
        "usual_name": persona.usual_name,
        "email": persona.email,
        "lab_slug": persona.lab_slug,
    }
    if not desk.settings.oidc_userinfo_signed:
        return JSONResponse(claims)
    return Response(desk.sign(claims), media_type="application/jwt")


async def refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)
    return refusal.answer


# ── What it insists on


def _require(condition: bool, why: str, error: str = "invalid_request") -> None:
    if not condition:
        raise Refused(error, why)


def _require_authorization(request: Request) -> None:
    """ProConnect's strictness: the registered client, nothing unknown, nothing twice, secrets long enough."""
    asked = request.query_params
    names = [name for name, _ in asked.multi_items()]
    _require(asked.get("client_id") == CLIENT_ID, "client_id is unknown", "invalid_client")
    _require(asked.get("redirect_uri") == _desk(request).redirect_uri, "redirect_uri is not the one registered")
    _require(set(names) <= KNOWN, "unknown parameter: " + ", ".join(sorted(set(names) - KNOWN)))
    _require(set(names) >= NEEDED, "missing parameter: " + ", ".join(sorted(NEEDED - set(names))))
    _require(len(names) == len(set(names)), "a parameter is given twice")
    _require(asked["response_type"] == "code", "response_type is not code", "unsupported_response_type")
    _require("openid" in asked["scope"].split(), "scope lacks openid", "invalid_scope")
    _require(len(asked["state"]) >= ENOUGH, "state is shorter than 32 characters")
    _require(len(asked["nonce"]) >= ENOUGH, "nonce is shorter than 32 characters")
    _require(("code_challenge" in asked) == (asked.get("code_challenge_method") == "S256"), "PKCE wants S256")
    _acr(asked.get("claims"))


def _acr(claims: str | None) -> str | None:
    """The level of assurance a sign-in has: the first that is asked for, as if everyone had their second factor."""
    if claims is None:
        return None
    try:
        values = json.loads(claims)["id_token"]["acr"]["values"]
    except (ValueError, LookupError, TypeError):
        values = None
    _require(isinstance(values, list) and values != [], "claims is not understood")
    return str(values[0])


def _require_client(asked: Mapping[str, str]) -> None:
    """Both compared in full, so that the time taken says nothing."""
    known = secrets.compare_digest(asked.get("client_id", "").encode(), CLIENT_ID.encode())
    if not known & secrets.compare_digest(asked.get("client_secret", "").encode(), CLIENT_SECRET.encode()):
        raise Refused("invalid_client", "client_id or client_secret is wrong", 401)


def _require_verifier(grant: Grant, verifier: str | None) -> None:
    """A challenge wants its verifier; a verifier wants a challenge."""
    challenge = create_s256_code_challenge(verifier) if verifier else None
    _require(challenge == grant.challenge, "code_verifier does not match", "invalid_grant")


def _still_good(grant: Grant | None, error: str, status: int = 400) -> Grant:
    if grant is None or grant.expires_at <= world.now():
        raise Refused(error, "unknown, already used, or expired", status)
    return grant


def _persona(sub: object) -> Persona:
    for persona in CAST:
        if persona.sub == sub:
            return persona
    raise Refused("invalid_request", "nobody of that name in the cast")


def _back_to_client(request: Request, answer: Mapping[str, str]) -> Response:
    desk = _desk(request)
    return _redirect(request, desk.redirect_uri, {**answer, "state": request.query_params["state"], "iss": desk.issuer})


def _redirect(request: Request, address: str, answer: Mapping[str, str]) -> Response:
    return RedirectResponse(without_host(request.app.state.settings, f"{address}?{urlencode(answer)}"), 303)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
