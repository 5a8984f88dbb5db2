"""Mail links: a way in sent to an address, for the browser that asked for it."""

import re
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, delete, select, update

from server import i18n
from server.cookies import TOKEN, digest
from server.i18n import gettext as _
from server.mail import Letter
from server.provider import SignInFailed, new_token
from server.settings import Settings
from workshops import people, world
from workshops.people import Identity, Person
from workshops.records import Moment, Record
from workshops.refusals import NotThus, NotYours
from workshops.words import N_

ISSUER = "courriel"  # who vouches for these people: the mailbox they read
LIFE = timedelta(minutes=15)
LONGEST = 254
# What people have for an address. The rest of the standard is for machines, and for forging headers.
ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)


class Elsewhere(NotYours):
    """The link is good, in the browser that asked for it."""

    def __init__(self) -> None:
        super().__init__(N_("Ce lien ne s'ouvre que dans le navigateur où vous l'avez demandé."))


class MailLink(Record, table=True):
    """A link on its way to somebody; of it and of the browser that waits for it, we keep the hashes."""

    token_hash: str = Field(primary_key=True, max_length=64)
    browser_hash: str = Field(max_length=64)
    address: str = Field(max_length=LONGEST)
    next_path: str = Field(max_length=2000)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


def clean(typed: str) -> str:
    """An address as we know it again: in small letters, without blanks around."""
    address = typed.strip().lower()
    if len(address) > LONGEST or len(address.partition("@")[0]) > 64 or not ADDRESS.fullmatch(address):
        raise NotThus({"address": N_("Une adresse électronique s'écrit prenom.nom@exemple.fr.")})
    return address


async def make(session: AsyncSession, address: str, *, browser: str, next_path: str) -> str:
    """A token for `/connexion/courriel/…`: fifteen minutes, once, in that browser. Nobody is looked up."""
    token, now = new_token(), world.now()
    session.add(
        MailLink(
            token_hash=digest(token),
            browser_hash=browser,
            address=address,
            next_path=next_path,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    await session.flush()
    return token


async def find(session: AsyncSession, token: str, *, browser: str | None) -> MailLink:
    """The link, still to be used. SignInFailed when it opens nothing, Elsewhere in another browser."""
    link = await session.get(MailLink, digest(token)) if TOKEN.fullmatch(token) else None
    if link is None or link.used_at is not None or link.expires_at <= world.now():
        raise _over()
    if link.browser_hash != browser:
        raise Elsewhere
    return link


async def use(session: AsyncSession, token: str, *, browser: str | None, name: str) -> tuple[Person, str]:
    """Whom the link lets in, and where they were going; it opens once.

    An address seen for the first time is a new person, who says their name: NotThus without one, and the link is
    still good.
    """
    link = await find(session, token, browser=browser)
    used = (
        update(MailLink)
        .where(col(MailLink.token_hash) == link.token_hash, col(MailLink.used_at).is_(None))
        .values(used_at=world.now())
        .returning(col(MailLink.token_hash))
    )
    if await session.scalar(used) is None:  # another tab was first
        raise _over()
    if await is_new(session, link):
        name = people.clean_name(name)
    person = await people.recognise(session, iss=ISSUER, sub=link.address, name=name, email=link.address)
    return person, link.next_path


async def is_new(session: AsyncSession, link: MailLink) -> bool:
    """Whether nobody has signed in with this address yet."""
    known = select(Identity.id).where(col(Identity.iss) == ISSUER, col(Identity.sub) == link.address)
    return await session.scalar(known) is None


def _over() -> SignInFailed:
    return SignInFailed(N_("Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre."))


async def sweep(session: AsyncSession) -> None:
    """Forget links that are over, and the addresses with them."""
    await session.execute(delete(MailLink).where(col(MailLink.expires_at) <= world.now()))


def letter(settings: Settings, address: str, token: str) -> Letter:
    """What is sent to the address: the same to everybody, known or not."""
    now = world.now()
    said = {
        "address": address,
        "site": settings.public_url,
        "asked": i18n.moment(now),
        "until": i18n.moment(now + LIFE),
    }
    return Letter(
        to=address,
        subject=_("Votre lien pour vous connecter à Grille commune"),
        before=(
            _("Bonjour,"),
            _(
                "Le %(asked)s, quelqu'un, vous sans doute, a demandé à se connecter à Grille commune (%(site)s) avec "
                "l'adresse %(address)s."
            )
            % said,
            _(
                "Pour vous connecter, ouvrez ce lien dans le navigateur où vous l'avez demandé, puis confirmez. Il sert "
                "une seule fois, jusqu'au %(until)s, heure de Paris."
            )
            % said,
        ),
        address=f"{settings.public_url}/connexion/courriel/{token}",
        action=_("Me connecter à Grille commune"),
        after=(
            _(
                "Si vous n'avez rien demandé, ne faites rien, et ne transmettez ce lien à personne : sans lui, personne ne "
                "peut se connecter à votre place."
            ),
            _("Ce message part tout seul : personne ne lit les réponses."),
        ),
    )
