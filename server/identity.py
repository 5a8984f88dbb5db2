"""Identity: who is asking."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select, update
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.database import Database
from server.known import Known
from server.provider import Attempt, Proof, SignInFailed, new_token
from server.settings import Settings
from workshops import labs, people, world
from workshops.people import Person
from workshops.records import Moment, Record, Row, add
from workshops.refusals import NotYours
from workshops.words import N_

GUEST_LIFE = timedelta(days=30)
ACCOUNT_LIFE = timedelta(hours=12)
ATTEMPT_LIFE = timedelta(minutes=10)
DOOR_LIFE = timedelta(hours=1)
FOR_ANYONE = ("/static/", "/sante")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,1999}")


class SignInNeeded(NotYours):
    """Nobody is asking; `next` is where they were going, `address` where to sign in on the way."""

    def __init__(self, next_path: str) -> None:
        super().__init__(N_("Connectez-vous pour continuer."))
        self.next = next_path
        self.address = f"/connexion?{urlencode({'suite': next_path})}"


class SomebodyElse(NotYours):
    """The page was drawn for another person than the one who asks: nobody's gesture is made in another's name."""

    status = 401

    def __init__(self) -> None:
        super().__init__(N_("Cette page a été ouverte par une personne qui n'est plus connectée. Rechargez-la."))


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


_RUNNING = (
    select(Person, Session.expires_at)
    .join(Session, col(Session.person_id) == col(Person.id))
    .where(col(Session.token_hash) == bindparam("token"), col(Session.expires_at) > bindparam("now", type_=Moment()))
)


async def identify(connection: HTTPConnection) -> Person | None:
    """The person whose running session this browser carries."""
    token = _carried(connection, "session")
    if token is None:
        return None
    database: Database = connection.app.state.database
    known: Known = connection.app.state.known
    token_hash = digest(token)
    if person := known.get(token_hash):
        return person
    since = known.before_reading()
    async with database.asking() as session:
        found = (await session.execute(_RUNNING, {"token": token_hash, "now": world.now()})).one_or_none()
    if found is None:
        return None
    known.keep(token_hash, *found, since=since)
    return found[0]


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
    """Who is asking, or SignInNeeded; a browser that sends what it kept says for whom, in `X-Personne`."""
    found = person(connection)
    meant = connection.headers.get("x-personne")
    if meant is not None and (found is None or found.id != meant):
        raise SomebodyElse
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
    token = new_token()
    session.add(Session(**_running(token, person, account=account, id_token=id_token)))
    _carry(request, response, person, token, account=account)


async def begin_all(session: AsyncSession, guests: Mapping[str, Person]) -> None:
    """Sessions of guests, by the token that each one's browser will be given, in one statement."""
    rows = [_running(token, person, account=False) for token, person in guests.items()]
    await session.run_sync(lambda own: add(own.connection(), Session, rows))


def welcome(request: Request, response: Response, guest: Person, token: str) -> None:
    """This browser, which was nobody, is that guest from now on."""
    _carry(request, response, guest, token, account=False)
    _hand_over(request, response, "door", "", timedelta())  # whoever uses it next is somebody else


def _running(token: str, person: Person, *, account: bool, id_token: str | None = None) -> Row:
    now = world.now()
    return {
        "token_hash": digest(token),
        "person_id": person.id,
        "account": account,
        "id_token": id_token,
        "created_at": now,
        "expires_at": now + (ACCOUNT_LIFE if account else GUEST_LIFE),
    }


def _carry(request: Request, response: Response, person: Person, token: str, *, account: bool) -> None:
    request.state.person = person
    _hand_over(request, response, "session", token, ACCOUNT_LIFE if account else GUEST_LIFE)


async def end(request: Request, session: AsyncSession) -> str | None:
    """This browser is nobody any more; the provider's token it signed in with, if any."""
    token = _carried(request, "session")
    if token is None:
        return None
    request.state.person = None
    ended = (
        delete(Session)
        .where(col(Session.token_hash) == digest(token))
        .returning(col(Session.person_id), col(Session.id_token))
    )
    found = (await session.execute(ended)).one_or_none()
    if found is None:
        return None
    session.info.setdefault("ended", {})[digest(token)] = found.person_id
    id_token: str | None = found.id_token
    return id_token


def forget(request: Request, response: Response) -> None:
    """Take the session's cookie back."""
    _hand_over(request, response, "session", "", timedelta())


# ── The doorstep: a browser that is nobody yet


def open_door(request: Request, response: Response) -> None:
    """Give a browser that is nobody a name of its own for an hour, so that joining twice is joining once."""
    if person(request) is None and _carried(request, "door") is None:
        _hand_over(request, response, "door", new_token(), DOOR_LIFE)


def door(request: Request) -> str | None:
    """What we keep of that name."""
    token = _carried(request, "door")
    return digest(token) if token else None


def await_letter(request: Request, response: Response, life: timedelta) -> str:
    """What we keep of this browser's name while it waits for a letter: one name for all those it waits for."""
    token = _carried(request, "letter") or new_token()
    _hand_over(request, response, "letter", token, life)
    return digest(token)


def awaits_letter(request: Request) -> str | None:
    """What we keep of that name; none for a browser that waits for nothing."""
    token = _carried(request, "letter")
    return digest(token) if token else None


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
    lab = proof.lab_slug if proof.lab_slug and await labs.exists(session, proof.lab_slug) else None
    return await people.recognise(
        session, iss=proof.iss, sub=proof.sub, name=proof.name, email=proof.email, lab_slug=lab
    )


async def sweep(session: AsyncSession) -> None:
    """Forget what time has closed: sessions, attempts, links."""
    now = world.now()
    await session.execute(delete(Session).where(col(Session.expires_at) <= now))
    await session.execute(delete(SignInLink).where(col(SignInLink.expires_at) <= now))
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.created_at) <= now - ATTEMPT_LIFE))


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
