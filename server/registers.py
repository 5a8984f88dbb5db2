"""Registers: the minutes of a workshop and of the platform, in words."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server import amending, signatures
from server.i18n import gettext as _
from server.signatures import Cast
from workshops import (
    agenda,
    audit,
    comments,
    corrections,
    frameworks,
    handwritten,
    imports,
    indicators,
    journal,
    labs,
    lineage,
    memberships,
    objections,
    people,
    projects,
    queues,
    releases,
    results,
    retention,
    roles,
    schedule,
    touchpoints,
)
from workshops.agenda import Stage, Workshop
from workshops.audit import AuditEntry, Deed
from workshops.consensus import Method
from workshops.frameworks import Framework
from workshops.indicators import Leaving
from workshops.journal import Entry, Kind
from workshops.lineage import ALONE
from workshops.results import Result
from workshops.sheet import BY_NAME

# What anyone does without an account.
BY_ANYONE = {
    Deed.REVIEW_LEFT,
    Deed.TESTIMONIAL_GIVEN,
    Deed.TESTIMONIAL_TOLD,
    Deed.TESTIMONIAL_WITHDRAWN,
    Deed.TESTIMONIAL_APPEALED,
}


@dataclass(frozen=True)
class Minute:
    """One line of the minutes: the entry, who, and what the records of that gesture add to it, ready to be read."""

    entry: Entry
    name: str
    lab: str
    code: str | None = None
    more: str = ""


@dataclass(frozen=True)
class Minutes:
    """The minutes of a workshop."""

    workshop: Workshop
    lines: tuple[Minute, ...]
    published: Framework | None
    results: tuple[Result, ...]  # once the vote is closed


@dataclass(frozen=True)
class PlatformMinute:
    """One line of the platform's journal: by whom, about whom, what, where it is read; hidden, it only keeps its place."""

    entry: AuditEntry
    by: str
    who: str
    what: str
    is_shown: bool
    link: str = ""


async def minutes(session: AsyncSession, workshop_id: str) -> Minutes:
    """The minutes in words. The records of a gesture bear its number: that is how they are found again."""
    workshop = await agenda.get(session, workshop_id)
    entries = await journal.since(session, workshop_id, 0)
    codes = {card.id: card.indicator.code for card in await indicators.cards(session, workshop_id)}
    who = await signatures.cast(session, workshop_id)
    more = await _told(session, workshop, who)
    invited = {member.id: member.name for member in who.members.values() if member.role in agenda.LEADING}
    names = await people.names(session, {entry.by_id for entry in entries} - set(who.members))
    lines = (
        Minute(
            entry,
            who.name(entry.by_id) or names.get(entry.by_id, ""),
            who.lab(entry.by_id),
            codes.get(entry.about),
            more.get(entry.number) or invited.get(entry.about) or _said_by_itself(entry),
        )
        for entry in entries
    )
    found = () if workshop.is_open else await results.results(session, workshop)
    return Minutes(workshop, tuple(lines), await frameworks.from_workshop(session, workshop_id), tuple(found))


def _said_by_itself(entry: Entry) -> str:
    """What an entry says without any other record."""
    if entry.kind is Kind.STAGE_MOVED:
        return _(Stage(entry.about).label)
    if entry.kind is Kind.RULE_ANNOUNCED:
        return _(Method(entry.about).label)
    if entry.kind is Kind.ROUND_OPENED:
        return _("tour %(number)s") % {"number": entry.about}
    return entry.about if entry.kind in (Kind.FRAMEWORK_PREPARED, Kind.FRAMEWORK_PUBLISHED) else ""


async def _told(session: AsyncSession, workshop: Workshop, who: Cast) -> dict[int, str]:
    """What a gesture's own record adds: the number of the wording, the field, the reason, the point of the schedule.

    Whose paper was copied, too; and what objections say, once it may be read.
    """
    told = {} if workshop.hides else await _held(session, workshop)
    for gesture, person in (await handwritten.entered(session, workshop)).items():
        told[gesture] = " : ".join(filter(None, [f"{who.name(person)} ({who.lab(person)})", told.get(gesture)]))
    told |= {
        wording.gesture: _("rédaction %(number)s") % {"number": wording.number}
        for wording in await indicators.wordings(session, workshop.id)
        if wording.number > 1
    }
    told |= await _why_they_left(session, workshop)
    for threads in (await comments.all_threads(session, workshop)).values():
        for thread in (each for head in threads for each in (head, *head.answers)):
            told[thread.comment.gesture] = _(BY_NAME[thread.comment.field].label)
            if thread.hiding:
                told[thread.hiding.gesture] = thread.hiding.because
    for gesture, title, minutes in await schedule.gestures(session, workshop.id):
        told[gesture] = _("%(title)s, %(minutes)s min") % {"title": title, "minutes": minutes} if minutes else title
    return told | await amending.told(session, workshop.id)


async def _why_they_left(session: AsyncSession, workshop: Workshop) -> dict[int, str]:
    """What leaving the table adds: what the indicator became, and the reason."""
    kin, told = await lineage.kin(session, workshop.id), {}
    for left in await lineage.departures(session, workshop.id):
        became = ", ".join(heir.code for heir in kin.get(left.indicator_id, ALONE).became)
        said = {"codes": became, "reason": left.because}
        told[left.gesture] = {
            Leaving.WITHDRAWN: left.because,
            Leaving.MERGED: _("dans %(codes)s : %(reason)s") % said,
            Leaving.SPLIT: _("en %(codes)s : %(reason)s") % said,
        }[left.how]
    return told


async def _held(session: AsyncSession, workshop: Workshop) -> dict[int, str]:
    """What objections say, their answers and the words that lift them."""
    told: dict[int, str] = {}
    for each in await objections.stated(session, workshop):
        told[each.objection.gesture] = each.objection.text
        if each.reply:
            told[each.reply.gesture] = each.reply.text
        if each.lifting:
            told[each.lifting.gesture] = each.lifting.because
    return told


async def platform(session: AsyncSession, *, sees_all: bool, first: int, last: int) -> list[PlatformMinute]:
    """Some lines of the platform's journal in words. As many queries whatever their number."""
    entries = await audit.between(session, first, last)
    shown = [entry for entry in entries if sees_all or entry.kind.is_public]
    about = {entry.about for entry in shown}
    more, links = await _done(session, about), {}
    for id, (what, link) in (await _places(session, about)).items():
        more[id], links[id] = ("", what), link
    ids = {entry.by_id for entry in shown if entry.by_id} | {who for who, _what in more.values()}
    names = await people.names(session, ids)
    deeds = []
    for entry in entries:
        who, what = more.get(entry.about, ("", entry.about if entry.kind is Deed.VERSION_PUBLISHED else ""))
        is_shown = sees_all or entry.kind.is_public
        by = names.get(entry.by_id, "") if entry.by_id else _nobody(entry)
        link = links.get(entry.about, "") if is_shown else ""
        deeds.append(PlatformMinute(entry, by, names.get(who, "") if is_shown else "", what, is_shown, link))
    return deeds


def _nobody(entry: AuditEntry) -> str:
    """Who acts without being anybody here."""
    if entry.kind is Deed.RETENTION_APPLIED:
        return _("Le site")
    return _("Quelqu'un") if entry.kind in BY_ANYONE else _("La ligne de commande")


async def _done(session: AsyncSession, about: set[str]) -> dict[str, tuple[str, str]]:
    """Whom and what these gestures were about, by record."""
    named = await labs.called(session)
    more = {each.id: (each.person_id, _(each.role.label)) for each in await roles.grantings(session, about)}
    more |= {each.id: (each.person_id, named[each.lab_slug]) for each in await memberships.among(session, about)}
    more |= {slug: ("", title) for slug, title in (await imports.titles(session, about)).items()}
    more |= {id: ("", name) for id, name in (await releases.names(session, about)).items()}
    more |= {each.id: ("", each.code) for each in await corrections.among(session, about)}
    for id, erased in (await retention.told(session, about)).items():
        more[id] = "", ", ".join(f"{_(matter.label)}\u00a0: {count}" for matter, count in erased.counts.items())
    return more


async def _places(session: AsyncSession, about: set[str]) -> dict[str, tuple[str, str]]:
    """Where citizens meet a lab, and what they told: what each is called, and where it is read, if it is public."""
    named = await labs.called(session)
    found = await queues.among(session, about)
    titles = await projects.titles(session, about | {id for each, _shown in found if (id := each.project_id)})
    places = {id: (title, f"/projets/{id}") for id, title in titles.items() if id in about}
    places |= {id: (name, "") for id, name in (await touchpoints.names(session, about)).items()}
    for each, is_public in found:
        what = " · ".join(filter(None, [named[each.lab_slug], titles.get(each.project_id or "")]))
        places[each.id] = (what, f"/temoignages/{each.id}" if is_public else "")
    return places
