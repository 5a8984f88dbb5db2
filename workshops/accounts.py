"""Accounts: what a person may do with what is kept of them."""


from sqlalchemy import delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, attachments, audit, credits, invitations, people, roles, world
from workshops.agenda import Member
from workshops.amendments import Amendment
from workshops.audit import Deed, Register
from workshops.comments import Comment
from workshops.consents import Stance
from workshops.indicators import Indicator
from workshops.journal import Receipt
from workshops.memberships import Membership
from workshops.notes import Note
from workshops.objections import Objection
from workshops.people import Granting, Identity, Person
from workshops.refusals import NotNow, NotYours
from workshops.votes import Vote
from workshops.words import N_

NOBODY = "participant·e"  # who said what stays public, once the account is erased


async def add_identity(session: AsyncSession, known: Identity, *, by: Person) -> None:
    """One more way to sign in; twice is once. Raises NotYours for a guest, NotNow when it is another account's."""
    register = await audit.take_floor(session, by=by)
    if not await people.has_account(session, by):
        raise NotYours(N_("Il faut un compte pour y ajouter une façon de se connecter."))
    found: Identity | None = await session.scalar(
        select(Identity).where(col(Identity.iss) == known.iss, col(Identity.sub) == known.sub)
    )
    if found and found.person_id != by.id:
        raise NotNow(N_("Cette identité est déjà celle d'un autre compte : déconnectez-vous pour l'utiliser."))
    if found:
        audit.yield_floor(session, register)
        return
    session.add(known)
    audit.record(session, register, Deed.IDENTITY_ADDED, by=by, about=known.id)
    await session.flush()


async def remove_identity(session: AsyncSession, identity_id: str, *, by: Person) -> None:
    """One way to sign in less; the last one stays: without it, nobody could come back. Twice is once."""
    register = await audit.take_floor(session, by=by)
    own = await people.identities(session, by)
    found = next((each for each in own if each.id == identity_id), None)
    if found is None:
        audit.yield_floor(session, register)
        return
    if len(own) == 1:
        raise NotNow(N_("C'est votre seule façon de vous connecter : ajoutez-en d'abord une autre."))
    await session.delete(found)
    audit.record(session, register, Deed.IDENTITY_REMOVED, by=by, about=found.id)


async def erase(session: AsyncSession, *, by: Person) -> list[str]:
    """One's name, addresses and powers are forgotten; public texts and votes stay, under « participant·e ».

    Gives the ids of who is nobody any more: the person, and the guests that they were. Journals hold ids only: they stay
    whole, and say which powers ended. Raises NotNow for the last publisher, and for who leads an open workshop alone:
    they hand the key over first.
    """
    register = await audit.take_floor(session, by=by)
    await roles.require_another_publisher(session, by.id)
    guests = await attachments.guests_of(session, by)
    gone = [by.id, *guests]
    await _leave_workshops(session, gone)
    await session.execute(update(Person).where(col(Person.id).in_(gone)).values(name=NOBODY, erased_at=world.now()))
    await session.execute(delete(Receipt).where(col(Receipt.person_id).in_(gone)))
    await session.execute(delete(Note).where(col(Note.person_id).in_(gone)))
    await session.execute(delete(Identity).where(col(Identity.person_id) == by.id))
    await invitations.withdraw_all(session, by=by)
    await credits.end(session, by)
    session.info.pop("sending", None)  # nobody is left to send it again
    await _end_powers(session, register, by)
    audit.record(session, register, Deed.ACCOUNT_ERASED, by=by, about=world.new_id())
    return gone


async def _leave_workshops(session: AsyncSession, gone: list[str]) -> None:
    """Their seats stay, without a name nor a door; whoever would take the floor meanwhile waits."""
    for workshop in await agenda.hold(session, gone):
        leading = {member.person_id for member in await agenda.leading(session, workshop.id)}
        if workshop.is_open and leading and leading <= set(gone):
            raise NotNow(N_("Vous êtes seul·e à animer « {title} » : partagez-en d'abord l'animation."), title=workshop.title)
    await session.execute(update(Member).where(col(Member.person_id).in_(gone)).values(name=NOBODY, door=None))


async def _end_powers(session: AsyncSession, register: Register, by: Person) -> None:
    """Each role and each membership that ends is a line of its own; what was written of the person goes."""
    held = select(Granting).where(col(Granting.person_id) == by.id, col(Granting.ended_at).is_(None))
    of = select(Membership).where(col(Membership.person_id) == by.id, col(Membership.ended_at).is_(None))
    ends: list[tuple[Granting | Membership, Deed]] = [
        (granting, Deed.ROLE_WITHDRAWN) for granting in await session.scalars(held)
    ]
    for membership in await session.scalars(of):
        ends.append((membership, Deed.MEMBERSHIP_ENDED if membership.stands else Deed.MEMBERSHIP_RETRACTED))
    for power, kind in ends:
        power.ended_at, power.ended_by_id = world.now(), by.id
        audit.record(session, register, kind, by=by, about=power.id)
        register.gestures += 1
    await session.execute(update(Membership).where(col(Membership.person_id) == by.id).values(because=""))


async def done_by(session: AsyncSession, person: Person) -> dict[str, int]:
    """How much a person said, sort by sort: what one decides about before attaching or erasing."""
    counts = {
        "proposals": select(func.count()).where(col(Indicator.author_id) == person.id),
        "amendments": select(func.count()).where(col(Amendment.by_id) == person.id),
        "comments": select(func.count()).where(col(Comment.by_id) == person.id),
        "votes": select(func.count()).where(col(Vote.person_id) == person.id, col(Vote.taken_back_at).is_(None)),
        "positions": select(func.count()).where(col(Stance.person_id) == person.id, col(Stance.ended_at).is_(None)),
        "objections": select(func.count()).where(col(Objection.by_id) == person.id),
    }
    return {name: (await session.execute(counted)).scalar_one() for name, counted in counts.items()}
