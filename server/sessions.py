"""Sessions: browsers that are somebody for a while."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select, update
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from server.cookies import digest, hand_over, kept
from server.database import Database
from server.known import Known
from server.provider import new_token
from workshops import world
from workshops.people import Person
from workshops.records import Moment, Record, Row, add

GUEST_LIFE = timedelta(days=30)
ACCOUNT_LIFE = timedelta(hours=12)
ACCOUNT_IDLE = timedelta(hours=2)  # an account's session that nobody used meanwhile is over
SEEN_EVERY = timedelta(minutes=5)  # at most how often a session in use is written down as such


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


_RUNNING = (
    select(Person, Session.expires_at, Session.seen_at)
    .join(Session, col(Session.person_id) == col(Person.id))
    .where(
        col(Session.token_hash) == bindparam("token"),
        col(Person.erased_at).is_(None),
        col(Session.expires_at) > bindparam("now", type_=Moment()),
        or_(col(Session.account).is_(False), col(Session.seen_at) > bindparam("idle_since", type_=Moment())),
    )
)


async def identify(connection: HTTPConnection) -> Person | None:
    """The person whose running session this browser carries."""
    token_hash = kept(connection, "session")
    if token_hash is None:
        return None
    database: Database = connection.app.state.database
    known: Known = connection.app.state.known
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
    token_hash = kept(connection, "session")
    if token_hash:
        known: Known = connection.app.state.known
        known.drop(token_hash)


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
    guest_id = _guest_before(before, person)
    token = open_session(
        session, person.id, browser=browser(request), account=account, id_token=id_token, guest_id=guest_id
    )
    _carry(request, response, person, token, account=account)


def _guest_before(before: Session | None, person: Person) -> str | None:
    """The guest that this browser was, or still has to say whether they were."""
    if before is None:
        return None
    if before.person_id == person.id:
        return before.guest_id
    return None if before.account else before.person_id


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
    hand_over(request, response, "door", "", timedelta())  # whoever uses it next is somebody else


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
    hand_over(request, response, "session", token, ACCOUNT_LIFE if account else GUEST_LIFE)


async def end(request: Request, session: AsyncSession) -> str | None:
    """This browser is nobody any more; the provider's token it signed in with, if any."""
    ended = await _close(request, session)
    return ended.id_token if ended else None


async def _close(request: Request, session: AsyncSession) -> Session | None:
    """End the session this browser carries, if it runs."""
    token_hash = kept(request, "session")
    if token_hash is None:
        return None
    request.state.person = None
    (*ended,) = await _delete(session, col(Session.token_hash) == token_hash)
    return ended[0] if ended else None


async def close(session: AsyncSession, person: Person, session_id: str) -> None:
    """Close one of one's own sessions, on whatever device; closing it twice is once."""
    await _delete(session, col(Session.person_id) == person.id, col(Session.id) == session_id)


async def close_by_token(session: AsyncSession, token: str) -> None:
    """Close the session that this token carries."""
    await _delete(session, col(Session.token_hash) == digest(token))


async def close_all(session: AsyncSession, person_ids: Sequence[str], *, but: Session | None = None) -> None:
    """Close all sessions of these people, or all but one."""
    others = [col(Session.token_hash) != but.token_hash] if but else []
    await _delete(session, col(Session.person_id).in_(person_ids), *others)


async def _delete(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[Session]:
    """End sessions; every process will hear of it, and their screens are dismissed."""
    ended = list(await session.scalars(select(Session).where(*conditions)))
    for each in ended:
        await session.delete(each)
        session.info.setdefault("ended", {})[each.token_hash] = each.person_id
    return ended


async def here(request: Request, session: AsyncSession) -> Session | None:
    """The session this browser carries."""
    token_hash = kept(request, "session")
    return await session.get(Session, token_hash) if token_hash else None


async def forget_guest(request: Request, session: AsyncSession) -> None:
    """Not to be asked again about the guest that this browser was."""
    own = update(Session).where(col(Session.token_hash) == kept(request, "session")).values(guest_id=None)
    await session.execute(own.execution_options(synchronize_session=False))


async def of(session: AsyncSession, person: Person) -> list[Session]:
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
    hand_over(request, response, "session", "", timedelta())


async def sweep(session: AsyncSession) -> None:
    """Forget those that are over."""
    await session.execute(delete(Session).where(col(Session.expires_at) <= world.now()))
