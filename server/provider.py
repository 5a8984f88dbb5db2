"""The provider: an OpenID Connect provider, seen from here."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from server.settings import Settings
from workshops import world
from workshops.refusals import Refusal
from workshops.words import N_

ALGORITHMS = ("RS256", "ES256")
CALLBACK = "/connexion/retour"
FAREWELL = "/deconnexion/retour"
SIRET = re.compile(r"[0-9]{14}")
ERROR_CODE = re.compile(r"[A-Za-z0-9_]{1,60}")


class SignInFailed(Refusal):
    """A sign-in that did not reach its end: 400 when the request is at fault, 502 when the provider is."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def cause(self) -> str:
        """Why, for the logs: an error's code, never what the provider wrote around it, which may be about somebody."""
        cause: object = self.__cause__
        if cause is None:
            return "nothing to add"
        said = str(cause).partition("\n")[0]
        if isinstance(cause, AuthlibBaseError):
            said = cause.error if ERROR_CODE.fullmatch(str(cause.error)) else "no known code"
        return f"{type(cause).__name__}: {said}"


@dataclass(frozen=True)
class Attempt:
    """What a sign-in must bring back. Its secrets leave for the browser and the provider; we keep their hashes."""

    next_path: str
    verifier: str | None
    person_id: str | None = None  # whose account gets one more way to sign in
    state: str = field(default_factory=lambda: new_token())
    nonce: str = field(default_factory=lambda: new_token())


@dataclass(frozen=True)
class Proof:
    """Who the provider says this is, every signature checked."""

    iss: str
    sub: str
    name: str
    email: str | None
    lab_slug: str | None
    id_token: str
    siret: str | None = None


def new_token() -> str:
    """43 characters nobody can guess: a cookie, a state, a nonce, a link."""
    return secrets.token_urlsafe(32)


class Claims(jwt.JWTClaimsRegistry):
    """Tokens are judged by our clock, without grace: they live a minute."""

    def validate_iat(self, value: object) -> None:
        """A provider whose clock is a second ahead of ours is no fraud."""


class Provider:
    """An OpenID Connect provider, seen from here: where to send people, and how to check what it says of them."""

    def __init__(
        self,
        settings: Settings,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.client_secret = client_secret
        self.scopes = settings.oidc_scopes
        self.pkce = settings.oidc_pkce
        self.userinfo_signed = settings.oidc_userinfo_signed
        self.acr = settings.oidc_acr.split()
        self.redirect_uri = settings.public_url + CALLBACK
        self.farewell_uri = settings.public_url + FAREWELL
        self.transport = transport
        self._discovered: Mapping[str, str] = {}
        self._keys: KeySet | None = None

    @classmethod
    def configured(cls, settings: Settings) -> "Provider | None":
        """The provider the environment names, if it names one."""
        if not settings.oidc_issuer:
            return None
        return cls(
            settings,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
        )

    def attempt(self, next_path: str, person_id: str | None = None) -> Attempt:
        return Attempt(next_path, new_token() if self.pkce else None, person_id)

    async def address(self, attempt: Attempt) -> str:
        """Where to send the browser. ProConnect refuses any parameter it does not know: none is added."""
        async with self._client() as client:
            endpoint = await self._endpoint(client, "authorization_endpoint")
            address, _ = client.create_authorization_url(
                endpoint,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **self._demands(),
            )
        return str(address)

    async def prove(self, answer: Mapping[str, str], attempt: Attempt) -> Proof:
        """Turn what the browser brought back into a proof, or SignInFailed."""
        code = _code(answer)
        async with self._client() as client:
            id_token = await self._exchange(client, code, attempt)
            known = await self._checked(client, id_token, nonce=_exactly(attempt.nonce), exp={"essential": True})
            if self.acr and known.get("acr") not in self.acr:
                raise _too_weak()
            claims = await self._userinfo(client, known["sub"])
        return Proof(
            iss=self.issuer,
            sub=known["sub"],
            name=_name(claims),
            email=_text(claims, "email"),
            lab_slug=_text(claims, "lab_slug"),
            id_token=id_token,
            siret=_siret(claims),
        )

    async def farewell(self, id_token: str, state: str) -> str | None:
        """Where to send the browser so that the provider forgets it too, if it offers to; `state` comes back with it."""
        async with self._client() as client:
            endpoint = (await self._discovery(client)).get("end_session_endpoint")
        if endpoint is None:
            return None
        told = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": self.farewell_uri}
        return str(httpx2.URL(endpoint).copy_merge_params(told))

    def _demands(self) -> dict[str, str]:
        """The level of assurance this site insists on, in the one form that ProConnect documents."""
        if not self.acr:
            return {}
        return {"claims": json.dumps({"id_token": {"acr": {"essential": True, "values": self.acr}}})}

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106  a method, not a secret
            scope=self.scopes,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256" if self.pkce else None,
            leeway=0,  # by default a token that lives a minute is taken for expired
            transport=self.transport,
            timeout=10,
        )

    async def _discovery(self, client: AsyncOAuth2Client) -> Mapping[str, str]:
        """What the provider publishes about itself, asked once."""
        if not self._discovered:
            found = await _fetch(client, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise SignInFailed(N_("Le service de connexion se présente sous un autre nom que prévu."), status=502)
            self._discovered = found
        return self._discovered

    async def _endpoint(self, client: AsyncOAuth2Client, name: str) -> str:
        with _answering():
            return (await self._discovery(client))[name]

    async def _exchange(self, client: AsyncOAuth2Client, code: str, attempt: Attempt) -> str:
        """The code against an id_token, as yet unchecked; the client keeps the access token."""
        endpoint = await self._endpoint(client, "token_endpoint")
        with _answering():
            tokens = await client.fetch_token(endpoint, code=code, code_verifier=attempt.verifier)
            return str(tokens["id_token"])

    async def _userinfo(self, client: AsyncOAuth2Client, sub: str) -> Mapping[str, Any]:
        """Who it is, in a signed token, or in plain JSON where no signature is due; the same person as the id_token's."""
        endpoint = await self._endpoint(client, "userinfo_endpoint")
        with _answering():
            answer = (await client.get(endpoint)).raise_for_status()
        if self.userinfo_signed or answer.headers.get("content-type", "").startswith("application/jwt"):
            return await self._checked(client, answer.text, sub=_exactly(sub))
        with _answering():
            claims = _object(answer)
        if claims.get("sub") != sub:
            raise _not_believed()
        return claims

    async def _checked(self, client: AsyncOAuth2Client, token: str, **expected: Any) -> Mapping[str, Any]:
        """What a token says, once its signature, issuer, audience, dates and what else we expect are checked."""
        expected = {"sub": {"essential": True}, "azp": {"value": self.client_id}, **expected}
        rules = Claims(
            now=lambda: int(world.now().timestamp()),
            leeway=0,
            iss=_exactly(self.issuer),
            aud=_exactly(self.client_id),
            **expected,
        )
        try:
            claims = await self._signed(client, token)
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            raise _not_believed() from error
        return claims

    async def _signed(self, client: AsyncOAuth2Client, token: str) -> dict[str, Any]:
        """What a token says, its signature checked; an unknown key may be a new one: the keys are asked again, once."""
        keys = self._keys or await self._published_keys(client)
        try:
            return jwt.decode(token, keys, ALGORITHMS).claims
        except InvalidKeyIdError:
            return jwt.decode(token, await self._published_keys(client), ALGORITHMS).claims

    async def _published_keys(self, client: AsyncOAuth2Client) -> KeySet:
        found = await _fetch(client, await self._endpoint(client, "jwks_uri"))
        with _answering():
            self._keys = KeySet.import_key_set(found)
        return self._keys


async def _fetch(client: AsyncOAuth2Client, address: str) -> Any:
    """A public JSON document of the provider."""
    with _answering():
        return _object((await client.request("GET", address, withhold_token=True)).raise_for_status())


def _object(answer: httpx2.Response) -> dict[str, Any]:
    """The JSON object in an answer, or ValueError."""
    document = answer.json()
    if not isinstance(document, dict):
        raise ValueError(f"{answer.url} is not a JSON object")
    return document


@contextmanager
def _answering() -> Iterator[None]:
    """Whatever goes wrong while we talk to the provider is told in one of two ways: it refuses, or it fails."""
    try:
        yield
    except AuthlibBaseError as error:
        raise SignInFailed(
            N_("Le service de connexion a refusé ce retour : il a déjà servi ou il a expiré. Recommencez.")
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, LookupError, TypeError) as error:
        raise SignInFailed(
            N_("Le service de connexion ne répond pas. Réessayez dans quelques minutes."), status=502
        ) from error


def _code(answer: Mapping[str, str]) -> str:
    """The code the browser brings back; people may also change their mind on the way."""
    if _says_too_weak(answer):
        raise _too_weak()
    if answer.get("error") == "access_denied":
        raise SignInFailed(N_("Vous avez annulé la connexion."))
    if "error" in answer or not answer.get("code"):
        refused = AuthlibBaseError(answer.get("error", "no_code"))
        raise SignInFailed(N_("Le service de connexion a refusé la demande. Recommencez.")) from refused
    return answer["code"]


def _says_too_weak(answer: Mapping[str, str]) -> bool:
    """OpenID Connect has a code for it; ProConnect says `access_denied`, as to who cancels, and tells which in words."""
    error, words = answer.get("error"), answer.get("error_description", "")
    return error == "unmet_authentication_requirements" or (error == "access_denied" and "ACR" in words)


def _too_weak() -> SignInFailed:
    return SignInFailed(
        N_(
            "Ce site demande une double authentification, et votre connexion n'en est pas une. Activez un second facteur"
            " auprès de votre service de connexion (une application d'authentification, par exemple), puis recommencez."
        ),
        status=403,
    )


def _exactly(value: str) -> Any:
    return {"essential": True, "value": value}


def _not_believed() -> SignInFailed:
    return SignInFailed(N_("La réponse du service de connexion n'a pas pu être vérifiée. Recommencez."))


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    said = claims.get(name)
    return said if isinstance(said, str) and said else None


def _siret(claims: Mapping[str, Any]) -> str | None:
    """The establishment where this person works: fourteen digits, or nothing."""
    said = _text(claims, "siret")
    return said if said and SIRET.fullmatch(said) else None


def _name(claims: Mapping[str, Any]) -> str:
    """The name a person goes by: ProConnect's usual name first."""
    parts = (claims.get("given_name"), claims.get("usual_name") or claims.get("family_name"))
    full = " ".join(str(part) for part in parts if part)
    return full.strip() or str(claims.get("name") or "").strip() or N_("Sans nom")
