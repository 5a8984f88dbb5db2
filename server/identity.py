"""Identity: who is asking."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, bindparam, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select, update
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.database import Database
from server.known import Known
from server.provider import Attempt, Proof, SignInFailed, new_token
from server.settings import Settings
from workshops import accounts, labs, people, world
from workshops.people import Identity, Person
from workshops.records import Moment, Record, Row, add
from workshops.refusals import NotYours
from workshops.words import N_

GUEST_LIFE = timedelta(days=30)
ACCOUNT_LIFE = timedelta(hours=12)
ACCOUNT_IDLE = timedelta(hours=2)  # an account's session that nobody used meanwhile is over
SEEN_EVERY = timedelta(minutes=5)  # at most how often a session in use is written down as such
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
    """A browser that is somebody for a while; of its cookie we keep the hash.

    `id` is what its owner closes it by; `guest_id`, the guest that this browser was before it signed in.
    """

    token_hash: str = Field(primary_key=True, max_length=64)
    id: str = Field(unique=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    account: bool
    id_token: str | None = None
    browser: str = Field(max_length=60)
    guest_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)


class SignInAttempt(Record, table=True):
    """Somebody who left for the provider; the same browser has ten minutes to come back, once.

    `person_id`: whose account gets one more way to sign in; None to sign in.
    """

    state_hash: str = Field(primary_key=True, max_length=64)
    nonce: str = Field(max_length=43)
    next_path: str = Field(max_length=2000)
    verifier: str | None = Field(default=None, max_length=43)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=12)
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
    select(Person, Session.expires_at, Session.seen_at)
    .join(Session, col(Session.person_id) == col(Person.id))
    .where(
        col(Session.token_hash) == bindparam("token"),
        col(Session.expires_at) > bindparam("now", type_=Moment()),
        or_(col(Session.account).is_(False), col(Session.seen_at) > bindparam("idle_since", type_=Moment())),
    )
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
    now = world.now()
    async with database.asking() as session:
        given = {"token": token_hash, "now": now, "idle_since": now - ACCOUNT_IDLE}
        found = (await session.execute(_RUNNING, given)).one_or_none()
    if found is None:
        return None
    person, expires_at, seen_at = found
    known.keep(token_hash, person, expires_at, since=since)
    if abs(now - seen_at) > SEEN_EVERY:
        with suppress(DBAPIError):  # on a full disk, one still reads
            async with database.transaction() as session:
                await session.execute(update(Session).where(col(Session.token_hash) == token_hash).values(seen_at=now))
    return person


def reread(connection: HTTPConnection) -> None:
    """The person who asks is not what they were (a name, the terms they accepted): read them again next time."""
    token = _carried(connection, "session")
    if token:
        known: Known = connection.app.state.known
        known.drop(digest(token))


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

    The session it carried until now ends: a cookie seen before signing in opens nothing afterwards. When it was a
    guest's, the new one remembers whose: what they did may be attached to the account.
    """
    before = await _close(request, session)
    guest_id = before.person_id if before and not before.account and before.person_id != person.id else None
    token = open_session(
        session, person.id, browser=browser(request), account=account, id_token=id_token, guest_id=guest_id
    )
    _carry(request, response, person, token, account=account)


def open_session(session: AsyncSession, person_id: str, *, account: bool = True, **more: str | None) -> str:
    """A session of somebody's; the token by which it is carried."""
    token = new_token()
    session.add(Session(**{**_running(token, person_id, account=account), **more}))
    return token


async def begin_all(session: AsyncSession, guests: Mapping[str, tuple[Person, str]]) -> None:
    """Sessions of guests and what they use, by the token that each one's browser will be given, in one statement."""
    rows = [
        {**_running(token, person.id, account=False), "browser": browser} for token, (person, browser) in guests.items()
    ]
    await session.run_sync(lambda own: add(own.connection(), Session, rows))


def welcome(request: Request, response: Response, guest: Person, token: str) -> None:
    """This browser, which was nobody, is that guest from now on."""
    _carry(request, response, guest, token, account=False)
    _hand_over(request, response, "door", "", timedelta())  # whoever uses it next is somebody else


def _running(token: str, person_id: str, *, account: bool) -> Row:
    now = world.now()
    return {
        "token_hash": digest(token),
        "id": world.new_id(),
        "person_id": person_id,
        "account": account,
        "id_token": None,
        "browser": "",
        "guest_id": None,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + (ACCOUNT_LIFE if account else GUEST_LIFE),
    }


def _carry(request: Request, response: Response, person: Person, token: str, *, account: bool) -> None:
    request.state.person = person
    _hand_over(request, response, "session", token, ACCOUNT_LIFE if account else GUEST_LIFE)


async def end(request: Request, session: AsyncSession) -> str | None:
    """This browser is nobody any more; the provider's token it signed in with, if any."""
    ended = await _close(request, session)
    return ended.id_token if ended else None


async def _close(request: Request, session: AsyncSession) -> Session | None:
    """End the session this browser carries, if it runs."""
    token = _carried(request, "session")
    if token is None:
        return None
    request.state.person = None
    (*ended,) = await _delete(session, col(Session.token_hash) == digest(token))
    return ended[0] if ended else None


async def close(session: AsyncSession, person: Person, session_id: str) -> None:
    """Close one of one's own sessions, on whatever device; closing it twice is once."""
    await _delete(session, col(Session.person_id) == person.id, col(Session.id) == session_id)


async def close_all(session: AsyncSession, person: Person, *, but: Session | None = None) -> None:
    """Close all of a person's sessions, or all but one."""
    others = [col(Session.token_hash) != but.token_hash] if but else []
    await _delete(session, col(Session.person_id) == person.id, *others)


async def _delete(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[Session]:
    """End sessions; every process will hear of it, and their screens are dismissed."""
    ended = list(await session.scalars(select(Session).where(*conditions)))
    for each in ended:
        await session.delete(each)
        session.info.setdefault("ended", {})[each.token_hash] = each.person_id
    return ended


async def own_session(request: Request, session: AsyncSession) -> Session | None:
    """The session this browser carries."""
    token = _carried(request, "session")
    return await session.get(Session, digest(token)) if token else None


async def sessions(session: AsyncSession, person: Person) -> list[Session]:
    """Where a person is signed in, the most recently used first."""
    now = world.now()
    running = await session.scalars(
        select(Session)
        .where(col(Session.person_id) == person.id, col(Session.expires_at) > now)
        .order_by(col(Session.seen_at).desc(), col(Session.id))
    )
    return [each for each in running if not each.account or each.seen_at > now - ACCOUNT_IDLE]


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("Chrome", "Chrome"),
            ("CriOS", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
           ("Linux", "Linux"))  # fmt: skip


def browser(request: HTTPConnection) -> str:
    """What one recognises a device by, in one's list of sessions: "Firefox, Android". Nothing else is kept of it."""
    said = request.headers.get("user-agent", "")
    names = (next((name for mark, name in marks if mark in said), None) for marks in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in names if name)


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
            person_id=attempt.person_id,
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
        .returning(
            col(SignInAttempt.nonce),
            col(SignInAttempt.next_path),
            col(SignInAttempt.verifier),
            col(SignInAttempt.person_id),
        )
    )
    found = (await session.execute(taken)).one_or_none()
    if found is None:
        raise SignInFailed(
            N_("Cette connexion a expiré, a déjà servi, ou a été commencée dans un autre navigateur. Recommencez.")
        )
    nonce, next_path, verifier, person_id = found
    return Attempt(next_path=next_path, verifier=verifier, person_id=person_id, state=state, nonce=nonce)


def expect_farewell(request: Request, response: Response, state: str) -> None:
    """This browser leaves for the provider to sign out there too, and has ten minutes to come back with `state`."""
    _hand_over(request, response, "signout", state, ATTEMPT_LIFE)


def take_farewell(request: Request, response: Response, state: str) -> bool:
    """Whether this browser comes back from the sign-out it last left for; it does so once."""
    if _carried(request, "signout") != state:
        return False
    _hand_over(request, response, "signout", "", timedelta())
    return True


async def recognise(session: AsyncSession, proof: Proof) -> Person:
    """The person behind a proof; a lab that is not in our directory is no lab."""
    lab = proof.lab_slug if proof.lab_slug and await labs.exists(session, proof.lab_slug) else None
    return await people.recognise(
        session, iss=proof.iss, sub=proof.sub, name=proof.name, email=proof.email, lab_slug=lab, siret=proof.siret
    )


async def adopt(session: AsyncSession, person: Person, proof: Proof) -> None:
    """One more way for a person to sign in. Raises NotNow when it is another account's."""
    known = Identity(iss=proof.iss, sub=proof.sub, email=proof.email, siret=proof.siret, person_id=person.id)
    await accounts.add_identity(session, known, by=person)


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
