"""Identity: who is asking."""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select, update
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.database import Database
from server.settings import Settings
from workshops import people, world
from workshops.labs import Lab
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotYours, Refusal
from workshops.words import N_

GUEST_LIFE = timedelta(days=30)
ACCOUNT_LIFE = timedelta(hours=12)
ATTEMPT_LIFE = timedelta(minutes=10)
ALGORITHMS = ("RS256", "ES256")
CALLBACK = "/connexion/retour"
FOR_ANYONE = ("/static/", "/sante")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,1999}")


class SignInNeeded(NotYours):
    """Nobody is asking; `next` is where they were going, `address` where to sign in on the way."""

    def __init__(self, next_path: str) -> None:
        super().__init__(N_("Connectez-vous pour continuer."))
        self.next = next_path
        self.address = f"/connexion?{urlencode({'suite': next_path})}"


class SignInFailed(Refusal):
    """A sign-in that did not reach its end: 400 when the request is at fault, 502 when the provider is."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Session(Record, table=True):
    """A browser that is somebody for a while; of its cookie we keep the hash."""

    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    account: bool
    id_token: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)


class SignInAttempt(Record, table=True):
    """Somebody who left for the provider; the same browser has ten minutes to come back, once."""

    state_hash: str = Field(primary_key=True, max_length=64)
    nonce: str = Field(max_length=43)
    next_path: str = Field(max_length=2000)
    verifier: str | None = Field(default=None, max_length=43)
    browser_hash: str = Field(max_length=64)
    created_at: datetime = Field(index=True, sa_type=Moment)


class SignInLink(Record, table=True):
    """A way in that an administrator hands over; it opens once."""

    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


@dataclass(frozen=True)
class Attempt:
    """What a sign-in must bring back. Its secrets leave for the browser and the provider; we keep their hashes."""

    next_path: str
    verifier: str | None
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


def new_token() -> str:
    """43 characters nobody can guess: a cookie, a state, a nonce, a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What we keep of a token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def local_path(path: str | None) -> str:
    """A path of this site, or the home page: a sign-in sends nobody elsewhere."""
    return path if path and LOCAL_PATH.fullmatch(path) else "/"


def without_host(settings: Settings, address: str) -> str:
    """An address of ours, without its host: the demonstration works under any name the browser knows us by."""
    return address.removeprefix(settings.public_url) if address.startswith(settings.public_url + "/") else address


# ── Asking who


async def identify(connection: HTTPConnection) -> Person | None:
    """The person whose running session this browser carries."""
    token = _carried(connection, "session")
    if token is None:
        return None
    database: Database = connection.app.state.database
    async with database.reading() as session:
        return await session.scalar(
            select(Person)
            .join(Session, col(Session.person_id) == col(Person.id))
            .where(col(Session.token_hash) == digest(token), col(Session.expires_at) > world.now())
        )


class Identify:
    """Puts the person who asks in `request.state.person`, for pages and sockets; files and health are for anyone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not scope["path"].startswith(FOR_ANYONE):
            scope.setdefault("state", {})["person"] = await identify(HTTPConnection(scope))
        await self.app(scope, receive, send)


def person(connection: HTTPConnection) -> Person | None:
    """Who is asking, if they said so."""
    found: Person | None = getattr(connection.state, "person", None)
    return found


def signed_in(connection: HTTPConnection) -> Person:
    """Who is asking, or SignInNeeded."""
    found = person(connection)
    if found is None:
        url = connection.url
        raise SignInNeeded(local_path(f"{url.path}?{url.query}" if url.query else url.path))
    return found


# ── A session begins and ends


async def begin(
    request: Request,
    session: AsyncSession,
    response: Response,
    person: Person,
    *,
    account: bool,
    id_token: str | None = None,
) -> None:
    """From now on this browser is that person: thirty days for a guest, twelve hours for an account.

    The session it carried until now ends: a cookie seen before signing in opens nothing afterwards.
    """
    await end(request, session)
    token, now, life = new_token(), world.now(), ACCOUNT_LIFE if account else GUEST_LIFE
    session.add(
        Session(
            token_hash=digest(token),
            person_id=person.id,
            account=account,
            id_token=id_token,
            created_at=now,
            expires_at=now + life,
        )
    )
    request.state.person = person
    _hand_over(request, response, "session", token, life)


async def end(request: Request, session: AsyncSession) -> str | None:
    """This browser is nobody any more; the provider's token it signed in with, if any."""
    token = _carried(request, "session")
    if token is None:
        return None
    request.state.person = None
    ended = delete(Session).where(col(Session.token_hash) == digest(token)).returning(col(Session.id_token))
    return await session.scalar(ended)


def forget(request: Request, response: Response) -> None:
    """Take the session's cookie back."""
    _hand_over(request, response, "session", "", timedelta())


# ── Links


async def link(session: AsyncSession, person: Person, minutes: int = 15) -> str:
    """A token for `/connexion/lien/…`: whoever holds it becomes that person, once, within the minutes given."""
    token, now = new_token(), world.now()
    session.add(
        SignInLink(
            token_hash=digest(token), person_id=person.id, created_at=now, expires_at=now + timedelta(minutes=minutes)
        )
    )
    await session.flush()
    return token


async def redeem(session: AsyncSession, token: str) -> Person:
    """The person a link is for. A link opens once; SignInFailed when it is used, too old or unknown."""
    now = world.now()
    opened = (
        update(SignInLink)
        .where(
            col(SignInLink.token_hash) == digest(token),
            col(SignInLink.used_at).is_(None),
            col(SignInLink.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(SignInLink.person_id))
    )
    person_id = await session.scalar(opened)
    if person_id is None:
        raise SignInFailed(N_("Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre."))
    return await people.get(session, person_id)


# ── Leaving for the provider, coming back


async def remember(request: Request, session: AsyncSession, response: Response, attempt: Attempt) -> None:
    """Keep an attempt for this browser, whatever its tab; attempts nobody came back from are swept away."""
    browser = _carried(request, "signin") or new_token()
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.created_at) <= world.now() - ATTEMPT_LIFE))
    session.add(
        SignInAttempt(
            state_hash=digest(attempt.state),
            nonce=attempt.nonce,
            next_path=attempt.next_path,
            verifier=attempt.verifier,
            browser_hash=digest(browser),
            created_at=world.now(),
        )
    )
    _hand_over(request, response, "signin", browser, ATTEMPT_LIFE)


async def resume(request: Request, session: AsyncSession, state: str) -> Attempt:
    """The attempt this browser comes back from: it is taken once, by the browser that began it."""
    taken = (
        delete(SignInAttempt)
        .where(
            col(SignInAttempt.state_hash) == digest(state),
            col(SignInAttempt.browser_hash) == digest(_carried(request, "signin") or ""),
            col(SignInAttempt.created_at) > world.now() - ATTEMPT_LIFE,
        )
        .returning(col(SignInAttempt.nonce), col(SignInAttempt.next_path), col(SignInAttempt.verifier))
    )
    found = (await session.execute(taken)).one_or_none()
    if found is None:
        raise SignInFailed(
            N_("Cette connexion a expiré, a déjà servi, ou a été commencée dans un autre navigateur. Recommencez.")
        )
    nonce, next_path, verifier = found
    return Attempt(next_path=next_path, verifier=verifier, state=state, nonce=nonce)


async def recognise(session: AsyncSession, proof: Proof) -> Person:
    """The person behind a proof; a lab that is not in our directory is no lab."""
    lab = await session.get(Lab, proof.lab_slug) if proof.lab_slug else None
    return await people.recognise(
        session, iss=proof.iss, sub=proof.sub, name=proof.name, email=proof.email, lab_slug=lab.slug if lab else None
    )


async def sweep(session: AsyncSession) -> None:
    """Forget what time has closed: sessions, attempts, links."""
    now = world.now()
    await session.execute(delete(Session).where(col(Session.expires_at) <= now))
    await session.execute(delete(SignInLink).where(col(SignInLink.expires_at) <= now))
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.created_at) <= now - ATTEMPT_LIFE))


# ── The provider


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
        self.home = settings.public_url + "/"
        self.redirect_uri = settings.public_url + CALLBACK
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

    def attempt(self, next_path: str) -> Attempt:
        return Attempt(next_path=next_path, verifier=new_token() if self.pkce else None)

    async def address(self, attempt: Attempt) -> str:
        """Where to send the browser. ProConnect refuses any parameter it does not know: none is added."""
        async with self._client() as client:
            endpoint = await self._endpoint(client, "authorization_endpoint")
            address, _ = client.create_authorization_url(
                endpoint, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        return str(address)

    async def prove(self, answer: Mapping[str, str], attempt: Attempt) -> Proof:
        """Turn what the browser brought back into a proof, or SignInFailed."""
        code = _code(answer)
        async with self._client() as client:
            id_token = await self._exchange(client, code, attempt)
            known = await self._checked(client, id_token, nonce=_exactly(attempt.nonce), exp={"essential": True})
            claims = await self._userinfo(client, known["sub"])
        return Proof(
            iss=self.issuer,
            sub=known["sub"],
            name=_name(claims),
            email=claims.get("email"),
            lab_slug=claims.get("lab_slug"),
            id_token=id_token,
        )

    async def farewell(self, id_token: str) -> str | None:
        """Where to send the browser so that the provider forgets it too, if it offers to."""
        async with self._client() as client:
            endpoint = (await self._discovery(client)).get("end_session_endpoint")
        if endpoint is None:
            return None
        told = {"id_token_hint": id_token, "state": new_token(), "post_logout_redirect_uri": self.home}
        return str(httpx2.URL(endpoint).copy_merge_params(told))

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
        """Who it is, in a signed token or in plain JSON; it must speak of the same person as the id_token."""
        endpoint = await self._endpoint(client, "userinfo_endpoint")
        with _answering():
            answer = (await client.get(endpoint)).raise_for_status()
            claims: Mapping[str, Any] = {} if self.userinfo_signed else answer.json()
        if self.userinfo_signed:
            return await self._checked(client, answer.text, sub=_exactly(sub))
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
        document = (await client.request("GET", address, withhold_token=True)).raise_for_status().json()
        if not isinstance(document, dict):
            raise ValueError(f"{address} is not a JSON object")
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
    except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, KeyError) as error:
        raise SignInFailed(
            N_("Le service de connexion ne répond pas. Réessayez dans quelques minutes."), status=502
        ) from error


def _code(answer: Mapping[str, str]) -> str:
    """The code the browser brings back; people may also change their mind on the way."""
    if answer.get("error") == "access_denied":
        raise SignInFailed(N_("Vous avez annulé la connexion."))
    if "error" in answer or not answer.get("code"):
        raise SignInFailed(N_("Le service de connexion a refusé la demande. Recommencez."))
    return answer["code"]


def _exactly(value: str) -> Any:
    return {"essential": True, "value": value}


def _not_believed() -> SignInFailed:
    return SignInFailed(N_("La réponse du service de connexion n'a pas pu être vérifiée. Recommencez."))


def _name(claims: Mapping[str, Any]) -> str:
    """The name a person goes by: ProConnect's usual name first."""
    parts = (claims.get("given_name"), claims.get("usual_name") or claims.get("family_name"))
    full = " ".join(str(part) for part in parts if part)
    return full.strip() or str(claims.get("name") or "").strip() or N_("Sans nom")


# ── Cookies


def _cookie(settings: Settings, name: str) -> str:
    """Behind TLS, a name that browsers only accept from us, for the whole site, encrypted."""
    return f"__Host-{name}" if settings.is_https else name


def _carried(connection: HTTPConnection, name: str) -> str | None:
    """The token in a cookie of ours, when it looks like one."""
    token = connection.cookies.get(_cookie(connection.app.state.settings, name), "")
    return token if TOKEN.fullmatch(token) else None


def _hand_over(connection: HTTPConnection, response: Response, name: str, token: str, life: timedelta) -> None:
    settings: Settings = connection.app.state.settings
    response.set_cookie(
        _cookie(settings, name),
        token,
        max_age=int(life.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )
