"""Published: the testimonials that anyone reads, looks for, and links to."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server import copies, i18n, paging
from server.gestures import reading
from server.i18n import gettext as _
from server.templating import page
from workshops import handling, labs, projects, published
from workshops.published import Filters, Scope
from workshops.refusals import NotFound
from workshops.testimonials import Capacity, Face
from workshops.words import N_, Word

LONGEST = 100  # characters, of what one looks for
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
TAG = re.compile("[0-9a-z]{1,12}")
FEED = ("labo", "projet")  # what the feed may be asked for, too
# Each filter, and what one calls it.
NAMES = {
    "labo": N_("Laboratoire"),
    "projet": N_("Projet"),
    "qualite": N_("Qualité"),
    "impression": N_("Impression"),
    "depuis": N_("Depuis"),
    "jusqua": N_("Jusqu'à"),
    "mots": N_("Mots"),
}
Some = TypeVar("Some", bound=Word)


class Asked:
    """What an address asks for: the filters that hold, what each says (`shown`), and the names of those that do not."""

    def __init__(self, request: Request) -> None:
        self.given = {name: request.query_params.get(name, "").strip() for name in NAMES}
        self.shown: dict[str, str] = {}
        self.wrong = [name for name, said in self.given.items() if said]

    def keep(self, name: str, shown: str) -> str:
        """A filter holds, and says this; its value."""
        self.shown[name] = shown
        self.wrong.remove(name)
        return self.given[name]

    def word(self, name: str, words: type[Some]) -> Some | None:
        chosen = next((word for word in words if word.value == self.given[name]), None)
        if chosen:
            self.keep(name, _(chosen.label))
        return chosen

    def month(self, name: str) -> date | None:
        found = MONTH.fullmatch(self.given[name])
        month = date(int(found[1]), int(found[2]), 1) if found else None
        if month:
            self.keep(name, i18n.month(month))
        return month

    def words(self) -> str:
        """Words without a letter nor a digit look for nothing."""
        self.given["mots"] = self.given["mots"][:LONGEST]
        return self.keep("mots", self.given["mots"]) if published.words_of(self.given["mots"]) else ""

    @property
    def kept(self) -> dict[str, str]:
        return {name: self.given[name] for name in self.shown}

    def address(self, *without: str) -> str:
        """The page with these filters, some left out."""
        asked = {name: said for name, said in self.kept.items() if name not in without}
        return f"/temoignages?{urlencode(asked)}" if asked else "/temoignages"

    def chips(self) -> Iterator[tuple[str, str, str]]:
        """Each filter that holds, as (what one calls it, what it says, the page without it)."""
        for name, shown in self.shown.items():
            yield _(NAMES[name]), shown, self.address(name)


async def index(request: Request) -> Response:
    """What was published, the latest first; filters and words say what one looks for."""
    asked = Asked(request)
    async with reading(request) as session:
        scope = await published.scope(session)
        filters = await _filters(session, asked, scope)
        found = await published.found(session, filters, number=paging.asked(request) or 1)
        where = {"project_id": filters.project} if filters.project else {"lab_slug": filters.lab or None}
        handled = await handling.of(session, **where)
    feed = urlencode({name: said for name, said in asked.kept.items() if name in FEED})
    drawn = page(
        request,
        "published/index.html",
        asked=asked,
        place=asked.shown.get("projet") or asked.shown.get("labo") or "",
        lab=filters.lab,
        chips=list(asked.chips()),
        wrong=[_(NAMES[name]) for name in asked.wrong],
        found=found,
        handling=handled,
        choices=_choices(scope, asked),
        feed=f"/temoignages.atom?{feed}" if feed else "/temoignages.atom",
    )
    return copies.squeezed(request, drawn)


async def _filters(session: AsyncSession, asked: Asked, scope: Scope) -> Filters:
    """Those that hold. A lab or a project where nothing was published yet may be asked for too."""
    lab, project = asked.given["labo"], asked.given["projet"]
    known = dict(scope.labs) if not lab or lab in dict(scope.labs) else await labs.called(session)
    title = await _title(session, project, scope)
    return Filters(
        lab=asked.keep("labo", known[lab]) if lab in known else "",
        project=asked.keep("projet", title) if title else "",
        capacity=asked.word("qualite", Capacity),
        face=asked.word("impression", Face),
        since=asked.month("depuis"),
        until=asked.month("jusqua"),
        words=asked.words(),
    )


async def _title(session: AsyncSession, project: str, scope: Scope) -> str:
    known = {id: title for id, title, _lab in scope.projects}
    if not TAG.fullmatch(project) or project in known:
        return known.get(project, "")
    try:
        return (await projects.get(session, project)).title
    except NotFound:
        return ""


def _choices(scope: Scope, asked: Asked) -> dict[str, Sequence[tuple[str, str]]]:
    """What each list of the form shows; what is asked for is always there."""
    found = {
        "labo": list(scope.labs),
        "projet": [(id, f"{title} ({lab})") for id, title, lab in scope.projects],
        "mois": [(f"{month:%Y-%m}", i18n.month(month)) for month in scope.months],
    }
    for name, among in (("labo", "labo"), ("projet", "projet"), ("depuis", "mois"), ("jusqua", "mois")):
        value = asked.kept.get(name)
        if value and value not in dict(found[among]):
            found[among].append((value, asked.shown[name]))
    return {**found, "qualite": _words(Capacity), "impression": _words(Face)}


def _words(words: type[Word]) -> Sequence[tuple[str, str]]:
    return [(word.value, _(word.label)) for word in words]


async def show(request: Request) -> Response:
    """One testimonial. One that was published and is no more is gone (410); any other was never there (404)."""
    async with reading(request) as session:
        voice = await published.get(session, request.path_params["testimonial"])
    return page(request, "published/show.html", status_code=410 if voice.withdrawn else 200, voice=voice)
