"""Consent: a whole set is adopted when nobody has an argued objection left."""

from dataclasses import dataclass
from typing import Any

from workshops.consensus.terms import Method, Outcome, Said
from workshops.refusals import NotThus
from workshops.words import N_


@dataclass(frozen=True)
class Consent:
    """Kept when enough people spoke and no objection stands; to be reworked while one does; undecided below the quorum.

    An objection is a text; its author alone lifts it, with a word. One that is not lifted stands, whoever else agrees.
    """

    quorum: int = 1

    method = Method.CONSENT
    by_lab = N_("Chaque laboratoire a une voix : il consent dès qu'un de ses membres consent, si aucun n'objecte.")

    def check(self, ballot: str) -> None:
        """NotThus: one consents to a set, not to an indicator."""
        raise NotThus({"choice": N_("Cet atelier décide par consentement : on y consent à l'ensemble, ou l'on objecte.")})

    def needs_reason(self, ballot: str) -> bool:
        """An objection is a reason; a consent needs none."""
        return False

    def is_reserved(self, ballot: str) -> bool:
        """Objections are said apart."""
        return False

    def decide(self, *, voices: int, standing: int) -> Outcome:
        """The outcome for so many people who spoke and so many objections that stand. ValueError when one is negative."""
        if min(voices, standing) < 0:
            raise ValueError("a count cannot be negative")
        if standing:
            return Outcome.REWORKED
        return Outcome.KEPT if voices >= max(self.quorum, 1) else Outcome.UNDECIDED

    @property
    def said(self) -> Said:
        """The rule as announced in the room."""
        return Said(
            N_(
                "L'ensemble est adopté quand il ne reste aucune objection argumentée. Une objection dit pourquoi ; son "
                "auteur seul la lève, d'un mot, ou la maintient."
            ),
            {},
        )

    @property
    def summary(self) -> Said:
        """The rule in one line, for a phone."""
        return Said(N_("L'ensemble est adopté quand il ne reste aucune objection argumentée."), {})

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        return {"methode": "consentement", "quorum": self.quorum}
