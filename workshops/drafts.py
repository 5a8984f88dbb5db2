"""Drafts: exactly what would be published, from the workshops that feed a version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import (
    agenda,
    amendments,
    comparisons,
    conclusions,
    corrections,
    crosswalks,
    evidence,
    frameworks,
    indicators,
    items,
    lineage,
    objections,
    tallies,
    votes,
)
from workshops.agenda import Stage, Workshop
from workshops.comparisons import Comparison, Contents
from workshops.corrections import Correction
from workshops.crosswalks import Fate, Heirs, Passage
from workshops.frameworks import FIRST, Framework
from workshops.indicators import Card
from workshops.items import Deprecation, Item
from workshops.journal import Entry, Kind
from workshops.lineage import ALONE, Kin
from workshops.lines import Exceptional, Line
from workshops.refusals import NotThus
from workshops.sheet import FIELDS, Level, Sheet
from workshops.tallies import Tally
from workshops.texts import clean
from workshops.words import N_

NOTE_LENGTH = 2000
REASON_LENGTH = 500


@dataclass(frozen=True)
class Choices:
    """What only the person who prepares a version can say.

    By code: `exceptions` to what the votes decide, `arguments` why a rewritten definition still means the same, `fates`
    whether a text that changed is narrower, broader, or the same reworded. `version`, when it is higher than the
    differences call for, and `raised` why.
    """

    version: str = ""
    raised: str = ""
    note: str = ""
    exceptions: Mapping[str, Exceptional] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    fates: Mapping[str, Fate] = field(default_factory=dict)

    @property
    def cleaned(self) -> "Choices":
        """What is published as it is typed is a text like any other: nothing in it deceives, nor breaks a file."""
        return replace(
            self,
            version=clean(self.version),
            raised=clean(self.raised),
            note=clean(self.note),
            exceptions={code: replace(each, because=clean(each.because)) for code, each in self.exceptions.items()},
            arguments={code: clean(because) for code, because in self.arguments.items()},
        )


@dataclass(frozen=True)
class Draft:
    """Exactly what would be frozen, and what would be left out. Where workshops meet, the last to close decides.

    `evidence`: by code, the testimonials cited. It is no part of what versions are compared by: texts are.
    """

    workshops: Sequence[Workshop]
    lines: list[Line]
    latest: Framework | None
    choices: Choices = field(default_factory=Choices)
    departed: Sequence[tuple[Card, Kin]] = ()
    corrections: Sequence[Correction] = ()
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exceptions(self) -> Mapping[str, Exceptional]:
        return self.choices.exceptions

    @property
    def kept(self) -> list[Line]:
        return [line for line in self.lines if line.kept]

    @property
    def left_out(self) -> list[Line]:
        return [line for line in self.lines if not line.kept]

    def unfinished(self, because: str) -> dict[str, Exceptional]:
        """One reason for keeping every indicator that the votes kept and whose sheet is not complete."""
        return {line.code: Exceptional(True, because) for line in self.lines if line.is_unfinished}

    @property
    def unexplained(self) -> list[Line]:
        """Those that end without a written reason. An exception has its own."""
        return [line for line in self.lines if not (line.exception or line.because)]

    @cached_property
    def former(self) -> dict[str, items.Published]:
        """The indicators of the version before, by code."""
        return {item["code"]: item for item in self.latest.content["indicateurs"]} if self.latest else {}

    @cached_property
    def heirs(self) -> dict[str, Heirs]:
        """By code, how what left a table left it, and what it became there, near or far."""
        return {
            card.indicator.code: Heirs(card.departure.how, tuple(heir.code for heir in kin.heirs))
            for card, kin in self.departed
            if card.departure
        }

    @cached_property
    def items(self) -> list[Item]:
        """The indicators of the version, in order: those kept, and those carried from the version before.

        What nobody examined, or nobody decided on, stays as it was. What somebody decided against is deprecated first,
        and removed by the next version that decides so again.
        """
        found = [self._item(line.code, line.card.sheet, line) for line in self.kept]
        taken = {item.code for item in found}
        dropped = {**self._departures(), **self._dropped()}
        for code, former in self.former.items():
            if code in taken:
                continue
            if code not in dropped:
                found.append(self._item(code, former["fiche"], None))
            elif not items.is_deprecated(former):
                found.append(Item(code, former["fiche"], None, former, dropped[code]))
        return sorted(found, key=lambda item: item.place)

    def _item(self, code: str, sheet: Sheet, line: Line | None) -> Item:
        corrected, used = corrections.apply(code, sheet, self.corrections)
        return Item(code, corrected, line, self.former.get(code), None, used)

    def _dropped(self) -> dict[str, Deprecation]:
        return {line.code: Deprecation(line.because, (), line.workshop.id) for line in self.left_out if line.is_dropped}

    def _departures(self) -> dict[str, Deprecation]:
        in_force = {line.code for line in self.kept}
        return {
            card.indicator.code: Deprecation(
                card.departure.because,
                tuple(code for code in self.heirs[card.indicator.code].codes if code in in_force),
                card.indicator.workshop_id,
            )
            for card, _ in self.departed
            if card.departure
        }

    @cached_property
    def contents(self) -> Contents:
        """What the version would hold, as versions are compared."""
        deprecated = frozenset(item.code for item in self.items if item.is_deprecated)
        return Contents({item.code: item.sheet for item in self.items}, deprecated)

    @cached_property
    def before(self) -> Contents:
        """What the version before holds."""
        return self.latest.contents if self.latest else Contents()

    @cached_property
    def arguments(self) -> dict[str, str]:
        """By code, why a change of meaning is none: what was argued here, and by corrections.

        A correction argues for what it corrects, not for what a workshop rewrote before it.
        """
        argued = {code: because.strip() for code, because in self.choices.arguments.items() if because.strip()}
        for item in self.items:
            if item.corrections and not self._is_rewritten(item):
                argued.setdefault(item.code, "\n".join(correction.because for correction in item.corrections))
        return argued

    def _is_rewritten(self, item: Item) -> bool:
        """Whether a field that may be argued was rewritten before any correction."""
        former = self.before.sheets.get(item.code, {})
        return any(
            item.decided.get(field.name) != former.get(field.name) for field in FIELDS if field.arguable is not None
        )

    @cached_property
    def comparison(self) -> Comparison:
        """The differences with the version before."""
        return comparisons.compare(self.before, self.contents, self.arguments)

    @cached_property
    def passages(self) -> list[Passage]:
        """What each indicator of the version before becomes, and which are new."""
        return crosswalks.crosswalk(self.before, self.contents, self.comparison, self.heirs, self.choices.fates)

    @property
    def level(self) -> Level:
        """What the differences call for."""
        return self.comparison.level or Level.PATCH

    @property
    def computed(self) -> str:
        """The number the differences call for."""
        return comparisons.bump(self.latest.version, self.level) if self.latest else FIRST

    @property
    def version(self) -> str:
        """The number it would bear: the one chosen, else the computed one."""
        return self.choices.version or self.computed

    @property
    def allowed(self) -> list[str]:
        """The numbers a person may choose: the computed one, or a higher level."""
        if self.latest is None:
            return [FIRST]
        return [comparisons.bump(self.latest.version, higher) for higher in Level if higher >= self.level]

    @property
    def is_raised(self) -> bool:
        return self.version != self.computed


async def draft(session: AsyncSession, found: Iterable[Workshop], choices: Choices | None = None) -> Draft:
    """What these workshops, with these choices, would publish now."""
    choices = (choices or Choices()).cleaned
    workshops = await _by_closing(session, list(found))
    exceptions = dict(choices.exceptions)
    by_code: dict[str, Line] = {}
    departed: dict[str, tuple[Card, Kin]] = {}
    for workshop in workshops:
        on_table, left = await _table(session, workshop)
        for line in on_table:
            by_code[line.code] = line
            departed.pop(line.code, None)
        for card, kin in left:
            departed[card.indicator.code] = (card, kin)
            by_code.pop(card.indicator.code, None)
    lines_ = [_excepted(line, exceptions) for line in sorted(by_code.values(), key=lambda line: line.card.place)]
    latest = await frameworks.latest(session)
    former = latest.content["indicateurs"] if latest else []
    return Draft(
        workshops,
        lines_,
        latest,
        replace(choices, exceptions=exceptions),
        list(departed.values()),
        await corrections.standing(session),
        await evidence.for_version(
            session,
            {line.code: line.card.id for line in lines_},
            {item["code"]: evidence.frozen_in(item) for item in former},
        ),
    )


def _excepted(line: Line, exceptions: dict[str, Exceptional]) -> Line:
    """A line with its exception; no departure from the rule is none, and is forgotten."""
    exception = exceptions.get(line.code)
    if exception and exception.kept == line.follows:
        del exceptions[line.code]
        exception = None
    return replace(line, exception=exception)


async def _table(session: AsyncSession, workshop: Workshop) -> tuple[list[Line], list[tuple[Card, Kin]]]:
    """What a workshop decided of each indicator on its table, and those that left it."""
    counted = await tallies.tallies(session, workshop)
    concluded = await conclusions.of_workshop(session, workshop.id)
    said = await votes.all_reasons(session, workshop)
    kin, credits = await lineage.kin(session, workshop.id), await _credits(session, workshop)
    standing = [each for each in await objections.stated(session, workshop) if each.stands]
    found, departed = [], []
    for card in await indicators.cards(session, workshop.id):
        if not card.is_open:
            departed.append((card, kin.get(card.id, ALONE)))
            continue
        reasons, held = tuple(said.get(card.id, ())), tuple(each for each in standing if each.is_about(card.id))
        line = Line(workshop, card, counted.get(card.id, Tally(workshop.announced)), None, concluded.get(card.id))
        line = replace(line, said=reasons, held=held, kin=kin.get(card.id, ALONE), credits=credits.get(card.id, ()))
        found.append(line)
    return found, departed


async def _credits(session: AsyncSession, workshop: Workshop) -> dict[str, tuple[str, ...]]:
    """The labs whose amendments became part of each indicator, each once; never a name."""
    labs = await agenda.labs_of(session, workshop.id)
    credited = await amendments.coauthors(session, workshop.id)
    found = {id: tuple(dict.fromkeys(filter(None, map(labs.get, people)))) for id, people in credited.items()}
    return {id: named for id, named in found.items() if named}


async def _by_closing(session: AsyncSession, workshops: list[Workshop]) -> list[Workshop]:
    """Workshops in the order they closed; one still open comes last."""
    if len(workshops) < 2:
        return workshops
    closed = await session.execute(
        select(Entry.workshop_id, func.max(col(Entry.at)))
        .where(
            col(Entry.workshop_id).in_([workshop.id for workshop in workshops]),
            col(Entry.kind) == Kind.STAGE_MOVED,
            col(Entry.about) == Stage.CLOSED.value,
        )
        .group_by(col(Entry.workshop_id))
    )
    at = {row.workshop_id: row[1] for row in closed}
    return sorted(workshops, key=lambda each: (each.is_open, str(at.get(each.id, "")), each.id))


def check(draft: Draft) -> None:
    """Whatever keeps a draft from being published, field by field of the form, or nothing."""
    wrong = {**_wrong_reasons(draft), **_wrong_version(draft)}
    if wrong:
        raise NotThus(wrong, version=draft.computed)


def _wrong_reasons(draft: Draft) -> dict[str, str]:
    wrong = {}
    known = {line.code for line in draft.lines}
    for code, exception in draft.exceptions.items():
        if code not in known:
            wrong[f"because-{code}"] = N_("Cet indicateur n'est pas sur la table de l'atelier.")
        elif not exception.because.strip() or len(exception.because) > REASON_LENGTH:
            wrong[f"because-{code}"] = N_("Une exception s'explique par écrit.")
    for line in draft.unexplained:
        wrong[f"reason-{line.code}"] = N_("Dites par écrit pourquoi il finit ainsi.")
    for code, because in draft.choices.arguments.items():
        if len(because) > REASON_LENGTH:
            wrong[f"argument-{code}"] = N_("Cinq cents caractères au plus.")
    for passage in draft.passages:
        if passage.fate is None:
            wrong[f"fate-{passage.code}"] = N_(
                "Son sens change : dites s'il compte moins de choses, plus, ou d'autres."
            )
    if len(draft.choices.note) > NOTE_LENGTH:
        wrong["note"] = N_("C'est trop long.")
    return wrong


def _wrong_version(draft: Draft) -> dict[str, str]:
    if not draft.contents.in_force:
        return {"version": N_("Aucun indicateur n'est retenu : il n'y a rien à publier.")}
    if draft.latest and draft.comparison.level is None:
        return {"version": N_("Rien ne change par rapport à la dernière version publiée.")}
    if draft.version not in draft.allowed:
        return {"version": N_("Ce numéro n'est pas possible : les différences demandent au moins {version}.")}
    if draft.is_raised and not draft.choices.raised.strip():
        return {"raised": N_("Un numéro plus haut que ce que demandent les différences s'explique par écrit.")}
    if len(draft.choices.raised) > REASON_LENGTH:
        return {"raised": N_("Cinq cents caractères au plus.")}
    return {}
