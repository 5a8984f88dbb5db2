"""Identity: who is asking."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, update
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server import sessions
from server.cookies import carried, digest, hand_over, kept
from server.provider import Attempt, Proof, SignInFailed, new_token
from server.settings import Settings
from workshops import accounts, labs, people, world
from workshops.guests import DOOR_LIFE
from workshops.people import Identity, Person
from workshops.records import Moment, Record
from workshops.refusals import NotYours
from workshops.words import N_

ATTEMPT_LIFE = timedelta(minutes=10)
FOR_ANYONE = ("/static/", "/sante")
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


def local_path(path: str | None) -> str:
    """A path of this site, or the home page: a sign-in sends nobody elsewhere."""
    return path if path and LOCAL_PATH.fullmatch(path) else "/"


def without_host(settings: Settings, address: str) -> str:
    """An address of ours, without its host: the demonstration works under any name the browser knows us by."""
    return address.removeprefix(settings.public_url) if address.startswith(settings.public_url + "/") else address


# ── Asking who


class Identify:
    """Puts the person who asks in `request.state.person`, for pages and sockets; files and health are for anyone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not scope["path"].startswith(FOR_ANYONE):
            scope.setdefault("state", {})["person"] = await sessions.identify(HTTPConnection(scope))
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


# ── The doorstep: a browser that is nobody yet


def open_door(request: Request, response: Response) -> None:
    """Give a browser that is nobody a name of its own for an hour, so that joining twice is joining once."""
    if person(request) is None and carried(request, "door") is None:
        hand_over(request, response, "door", new_token(), DOOR_LIFE)


def door(request: Request) -> str | None:
    """What we keep of that name."""
    return kept(request, "door")


def await_letter(request: Request, response: Response, life: timedelta) -> str:
    """What we keep of this browser's name while it waits for a letter: one name for all those it waits for."""
    token = carried(request, "letter") or new_token()
    hand_over(request, response, "letter", token, life)
    return digest(token)


def awaits_letter(request: Request) -> str | None:
    """What we keep of that name; none for a browser that waits for nothing."""
    return kept(request, "letter")


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


async def forget(session: AsyncSession, person_ids: list[str]) -> None:
    """Nothing lets these people in any more: neither a session, nor a link, nor a sign-in under way."""
    await sessions.close_all(session, person_ids)
    await session.execute(delete(SignInLink).where(col(SignInLink.person_id).in_(person_ids)))
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.person_id).in_(person_ids)))


# ── Leaving for the provider, coming back


async def remember(request: Request, session: AsyncSession, response: Response, attempt: Attempt) -> None:
    """Keep an attempt for this browser, whatever its tab; attempts nobody came back from are swept away."""
    browser = carried(request, "signin") or new_token()
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
    hand_over(request, response, "signin", browser, ATTEMPT_LIFE)


async def resume(request: Request, session: AsyncSession, state: str) -> Attempt:
    """The attempt this browser comes back from: it is taken once, by the browser that began it."""
    taken = (
        delete(SignInAttempt)
        .where(
            col(SignInAttempt.state_hash) == digest(state),
            col(SignInAttempt.browser_hash) == digest(carried(request, "signin") or ""),
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
    hand_over(request, response, "signout", state, ATTEMPT_LIFE)


def take_farewell(request: Request, response: Response, state: str) -> bool:
    """Whether this browser comes back from the sign-out it last left for; it does so once."""
    if carried(request, "signout") != state:
        return False
    hand_over(request, response, "signout", "", timedelta())
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
    await sessions.sweep(session)
    await session.execute(delete(SignInLink).where(col(SignInLink.expires_at) <= now))
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.created_at) <= now - ATTEMPT_LIFE))
