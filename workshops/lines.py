"""Lines: an indicator as the publisher sees it before publishing, and as it is published."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workshops import sheet
from workshops.agenda import Workshop
from workshops.conclusions import Conclusion
from workshops.consensus import Outcome
from workshops.indicators import Card
from workshops.lineage import ALONE, Kin
from workshops.objections import Stated
from workshops.tallies import Tally
from workshops.votes import Vote
from workshops.words import N_

# Published as they are.
BY_THE_RULE = N_("Retenu par la règle annoncée.")
WITH_THE_SET = N_("L'ensemble n'est pas adopté : une objection tient contre un autre de ses textes.")


@dataclass(frozen=True)
class Exceptional:
    """The publisher departs from the vote, or from the rule that sheets are complete, and says why."""

    kept: bool
    because: str


@dataclass(frozen=True)
class Line:
    """An indicator as the publisher sees it before publishing."""

    workshop: Workshop
    card: Card
    tally: Tally
    exception: Exceptional | None = None
    conclusion: Conclusion | None = None
    said: tuple[Vote, ...] = ()
    held: tuple[Stated, ...] = ()  # under consent, the objections that stand against it or against the whole set
    kin: Kin = ALONE
    credits: tuple[str, ...] = ()  # the labs whose amendments are part of it

    @property
    def code(self) -> str:
        return self.card.indicator.code

    @property
    def outcome(self) -> Outcome:
        return self.tally.outcome

    @cached_property
    def missing(self) -> list[sheet.Field]:
        """What its sheet lacks to be adopted."""
        return sheet.missing(self.card.sheet)

    @property
    def follows(self) -> bool:
        """What the rule alone decides: kept by the votes, and complete."""
        return self.outcome is Outcome.KEPT and not self.missing

    @property
    def is_unfinished(self) -> bool:
        """Kept by the votes, but its sheet is not complete: only an exception may keep it."""
        return self.outcome is Outcome.KEPT and bool(self.missing)

    @property
    def kept(self) -> bool:
        return self.exception.kept if self.exception else self.follows

    @property
    def is_dropped(self) -> bool:
        """Whether somebody decided against it, votes or publisher; not to decide is no decision."""
        return not self.kept and (self.exception is not None or self.outcome is Outcome.DROPPED)

    @property
    def reserves(self) -> list[Vote]:
        """What was said with a vote that would not have kept it."""
        return [vote for vote in self.said if self.tally.rule.decision.is_reserved(vote.choice)]

    @property
    def is_told_by_votes(self) -> bool:
        """Whether nobody wrote why it ends so but those who voted."""
        return bool(self.reserves) and self.because == "\n".join(vote.reason for vote in self.reserves)

    @property
    def because(self) -> str:
        """Why it ends so: the exception's reason, else what was written, else the rule (what a sheet lacks is part
        of it), else what voters said.

        Empty when nobody said why: it cannot be published so.
        """
        if self.exception:
            return self.exception.because.strip()
        if self.conclusion and self.conclusion.because:
            return self.conclusion.because
        if self.kept:
            return BY_THE_RULE
        if self.is_unfinished:
            return f"Fiche incomplète : il manque {', '.join(field.label.lower() for field in self.missing)}."
        if self.outcome is Outcome.REWORKED and self.tally.roll:
            return " ".join(each.objection.text for each in self.held) or WITH_THE_SET
        if self.outcome in (Outcome.DROPPED, Outcome.REWORKED):
            return "\n".join(vote.reason for vote in self.reserves)
        return ""


def frozen(line: Line) -> dict[str, Any]:
    """An indicator that a version keeps, as it is published."""
    return {
        "code": line.code,
        "fiche": line.card.sheet,
        "origine": line.card.indicator.origin.value,
        "provient_de": [relative.code for relative in line.kin.comes_from],
        "coauteurs": list(line.credits),
        "decision": {**_decision(line), "redaction": line.card.wording.number, "atelier": line.workshop.id},
        "reserves": [_reserve(vote) for vote in line.reserves] + [_objection(each) for each in line.held],
        "reponse": line.conclusion.answer if line.conclusion else "",
    }


def _reserve(vote: Vote) -> dict[str, Any]:
    """A reservation still standing at adoption, with the lab it came from; never a name."""
    return {"genre": "vote", "bulletin": vote.choice, "labo": vote.lab_slug, "texte": vote.reason}


def _objection(stated: Stated) -> dict[str, Any]:
    """An objection still standing at adoption, with its answer: only an exception adopts a set in spite of it."""
    held, reply = stated.objection, stated.reply
    return {"genre": "objection", "labo": held.lab_slug, "texte": held.text, "reponse": reply.text if reply else ""}


def left_out(line: Line) -> dict[str, Any]:
    """An indicator that a version does not keep."""
    return {"code": line.code, "libelle": line.card.sheet["libelle"], "decision": {**_decision(line), "atelier": line.workshop.id}}


def departed(card: Card, kin: Kin) -> dict[str, Any]:
    """An indicator that left the table before the end: how, why, and what it became."""
    assert card.departure
    return {
        "code": card.indicator.code,
        "libelle": card.sheet["libelle"],
        "issue": card.departure.how.value,
        "motif": card.departure.because,
        "devient": [relative.code for relative in kin.became],
    }


def _decision(line: Line) -> dict[str, Any]:
    decision: dict[str, Any] = {
        "regle": line.tally.rule.published(),
        "resultat": line.outcome.value,
        "votes": line.tally.published(),
        "motif": line.because,
    }
    if line.exception:
        decision["exception"] = {"retenu": line.exception.kept, "motif": line.exception.because.strip()}
    return decision
