"""A day of the workshop: everybody has a seat and a browser, and their gestures are counted.

day = await begin(database, client, Stage.VOTING)
alix = await day.browser(day.alix)
await gesture(day, alix, f"/indicateurs/{day.card.id}/vote", {...}, to=f"/ateliers/{day.room.id}#…")
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from sqlmodel import col, func, select

from server.database import Database
from tests.cast import (
    Browsers,
    act,
    card,
    facilitator,
    member_of,
    move,
    observer,
    publisher,
    signed_in,
    stranger,
    workshop,
)
from tests.server.pages.reading import plain, read, value
from workshops import amendments, comments, indicators
from workshops.agenda import Stage, Start, Workshop
from workshops.amendments import Amendment
from workshops.comments import Comment
from workshops.indicators import Card
from workshops.journal import Entry, Kind
from workshops.people import Person
from workshops.records import Record

JSON = {"accept": "application/json"}
HTMX = {"hx-request": "true"}
REFUSALS = {403: "pas_permis", 404: "introuvable", 409: "pas_maintenant", 422: "a_corriger"}
USED_KEY = "Cette clé d'envoi a déjà servi pour autre chose. Envoyez de nouveau."
SIGN_IN = "Connectez-vous pour continuer."
JOIN_FIRST = "Il faut d'abord rejoindre l'atelier."
OBSERVING = "L'observation permet de tout lire, pas d'intervenir : choisissez un laboratoire pour participer."

# A sending says who it is in a header (a script) or in a hidden field (a form).
in_both_places = pytest.mark.parametrize("place", ["header", "field"])


@dataclass
class Day:
    """A workshop, and whoever is about."""

    database: Database
    client: Browsers
    room: Workshop
    card: Card | None
    camille: Person
    alix: Person
    sacha: Person
    noor: Person
    dominique: Person
    stranger: Person
    opened: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    async def browser(self, person: Person | None) -> httpx2.AsyncClient:
        """A person's browser, always the same one; nobody's is a new one each time."""
        if person is None:
            return self.client()
        if person.id not in self.opened:
            self.opened[person.id] = await signed_in(self.client, person)
        return self.opened[person.id]

    async def reread(self) -> Card:
        """The indicator as it stands now."""
        assert self.card is not None
        return await card(self.database, self.room, self.card.indicator.code)

    async def move(self, stage: Stage) -> None:
        self.room = await move(self.database, self.room, stage, by=self.camille)

    async def last(self) -> int:
        """The number of the last gesture of the journal."""
        async with self.database.reading() as session:
            query = select(func.max(Entry.number)).where(col(Entry.workshop_id) == self.room.id)
            return await session.scalar(query) or 0

    async def kinds(self) -> list[Kind]:
        async with self.database.reading() as session:
            query = select(Entry.kind).where(col(Entry.workshop_id) == self.room.id).order_by(col(Entry.number))
            return list(await session.scalars(query))

    async def records(self) -> dict[str, list[Any]]:
        """Every row of every table but the browsers' own: what a refusal must leave as it was."""
        async with self.database.reading() as session:
            return {
                table.name: sorted(map(str, await session.execute(select(table))))
                for table in Record.metadata.sorted_tables
                if table.name != "session"
            }

    async def say(self, text: str = "Trop vague.", *, by: Person | None = None, answers: str | None = None) -> Comment:
        assert self.card is not None
        by = by or self.alix
        return await act(
            self.database, comments.post, self.card.id, field="definition", text=text, answers=answers, by=by
        )

    async def reword(self, definition: str = "Un autre texte.", *, by: Person | None = None) -> None:
        current = await self.reread()
        sheet = {**current.sheet, "definition": definition}
        base = current.wording.number
        await act(self.database, indicators.reword, current.id, sheet, base=base, by=by or self.alix)

    async def amend(self, definition: str = "Autrement dit.", *, by: Person, on: Card | None = None) -> Amendment:
        """Another definition, proposed for the indicator, or for another one."""
        current = on or await self.reread()
        sheet = {**current.sheet, "definition": definition}
        base = current.wording.number
        return await act(self.database, amendments.propose, current.id, sheet, base=base, why="C'est dit.", by=by)


async def begin(
    database: Database, client: Browsers, stage: Stage = Stage.DISCUSSING, start: Start = Start.COMMITMENT
) -> Day:
    """Everybody sits down, then the workshop moves to a stage."""
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=start)
    day = Day(
        database,
        client,
        room,
        await card(database, room) if start is Start.COMMITMENT else None,
        camille,
        await member_of(database, room, "ti-lab"),
        await member_of(database, room, "siilab"),
        await observer(database, room),
        await publisher(database),
        await stranger(database),
    )
    await day.move(stage)
    return day


# ── What is asked of every form

Refused = Callable[[Day, httpx2.AsyncClient, str, dict[str, Any], int, str], Awaitable[None]]


async def gesture(
    day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any], *, to: str
) -> httpx2.Response:
    """It works without htmx: one line in the journal, its number in `X-Geste`, and back to a page."""
    before = await day.last()
    answer = await browser.post(path, data=form)
    assert (answer.status_code, answer.headers.get("location")) == (303, to), answer.text
    assert (answer.headers["x-geste"], await day.last()) == (str(before + 1), before + 1)
    return answer


async def told(day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any], **more: Any) -> Any:
    """A program is told the gesture's number, and what was born of it."""
    answer = await browser.post(path, data=form, headers=JSON)
    last = await day.last()
    assert (answer.status_code, answer.headers["x-geste"]) == (200, str(last)), answer.text
    assert {**answer.json(), **more} == answer.json()
    assert answer.json()["geste"] == last
    return answer.json()


async def block(day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any]) -> httpx2.Response:
    """With htmx the answer is a block, not a page; it carries the gesture's number too."""
    answer = await browser.post(path, data=form, headers=HTMX)
    assert (answer.status_code, answer.headers["x-geste"]) == (200, str(await day.last())), answer.text
    assert "<html" not in answer.text
    return answer


async def refused(
    day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int, reason: str
) -> None:
    """A page, a program and htmx are told the same, and nothing is written."""
    before = await day.records()
    page = await browser.post(path, data=form)
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (status, reason)
    await _told_why(browser, path, form, status, reason)
    await _noticed(browser, path, form, status, reason)
    assert await day.records() == before


async def given_back(
    day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int, reason: str
) -> None:
    """A form that htmx does not send: whatever asks, the text typed comes back under the sentence."""
    before = await day.records()
    for headers in ({}, HTMX):
        _as_typed(await browser.post(path, data=form, headers=headers), path, form, status, reason)
    await _told_why(browser, path, form, status, reason)
    assert await day.records() == before


async def given_back_or_noticed(
    day: Day, browser: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int, reason: str
) -> None:
    """A form that htmx sends: it stays as it is under a notice; without htmx the text typed comes back."""
    before = await day.records()
    _as_typed(await browser.post(path, data=form), path, form, status, reason)
    await _told_why(browser, path, form, status, reason)
    await _noticed(browser, path, form, status, reason)
    assert await day.records() == before


async def _told_why(browser: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int, reason: str) -> None:
    program = await browser.post(path, data=form, headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (status, REFUSALS[status])
    assert plain(program.json()["raison"]) == reason


async def _noticed(browser: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int, reason: str) -> None:
    screen = await browser.post(path, data=form, headers=HTMX)
    assert (screen.status_code, screen.headers["hx-retarget"]) == (status, "#notice")
    assert read(screen).text == reason
    assert "<html" not in screen.text


def _as_typed(answer: httpx2.Response, path: str, form: dict[str, Any], status: int, reason: str) -> None:
    page = read(answer)
    assert answer.status_code == status
    assert page.one(class_="fr-alert").text == f"Rien n'est perdu, mais rien n'est envoyé {reason}"
    shown = page.one("form", action=path)
    assert {name: value(shown, name) for name in form} == form
    assert value(shown, "key") != ""


async def refused_outside_the_room(
    day: Day, path: str, form: dict[str, Any], observing: str = OBSERVING, how: Refused = refused
) -> None:
    """Nobody, a stranger, and somebody who only observes."""
    await refused(day, await day.browser(None), path, form, 403, SIGN_IN)
    await how(day, await day.browser(day.stranger), path, form, 403, JOIN_FIRST)
    await how(day, await day.browser(day.noor), path, form, 403, observing)


async def once(
    day: Day, browser: httpx2.AsyncClient, place: str, path: str, form: dict[str, Any], other: dict[str, Any]
) -> None:
    """The same key twice is one gesture, with the same number; with something else it is refused."""
    before = await day.last()

    async def sent(said: dict[str, Any]) -> httpx2.Response:
        if place == "header":
            return await browser.post(path, data=said, headers={**JSON, "idempotency-key": "k-1"})
        return await browser.post(path, data={**said, "key": "k-1"}, headers=JSON)

    first, again = await sent(form), await sent(form)
    assert [answer.status_code for answer in (first, again)] == [200, 200], first.text
    assert [answer.json()["geste"] for answer in (first, again)] == [before + 1, before + 1]
    assert [answer.headers["x-geste"] for answer in (first, again)] == [str(before + 1)] * 2
    for said in (other, form):
        wrong = await sent(said)
        if said is other:
            assert (wrong.status_code, wrong.json()["refus"]) == (422, "a_corriger")
            assert plain(wrong.json()["champs"]["key"]) == USED_KEY
        else:
            assert wrong.json()["geste"] == before + 1
    assert await day.last() == before + 1
