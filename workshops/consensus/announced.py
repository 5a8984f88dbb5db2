"""Announced: the rule of a workshop, said before the vote and locked when it opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workshops.consensus.axes import Axis, TwoAxes
from workshops.consensus.choices import ThreeChoices
from workshops.consensus.consent import Consent
from workshops.consensus.grades import Grade, Missing
from workshops.consensus.grading import MISSING, Grading
from workshops.consensus.ratings import RatingRule
from workshops.consensus.terms import Method, Outcome, Said, Secrecy, Voices, whole
from workshops.refusals import NotThus
from workshops.words import N_

Decision = ThreeChoices | TwoAxes | Grading | Consent
FEW_RATERS = 5  # below so many, counts alone are shown: a share or a spread would say who said what
MOST_ROUNDS = 5
NAMES: dict[str, Method] = {
    "trois_choix": Method.THREE_CHOICES,
    "deux_axes": Method.TWO_AXES,
    "jugement_majoritaire": Method.MAJORITY_JUDGMENT,
    "consentement": Method.CONSENT,
}
VOICES: dict[str, Voices] = {"personnes": Voices.PERSONS, "laboratoires": Voices.LABS}
SECRECIES: dict[str, Secrecy] = {"ouverts": Secrecy.OPEN, "apres_son_vote": Secrecy.VOTED, "clos": Secrecy.CLOSED}


@dataclass(frozen=True)
class Rule:
    """What is announced: the method with its thresholds, who counts, how many rounds, and when results show.

    `most`, `few`: the shares of two axes, in percent. `least`, `lowest`, `missing`: the grades of majority judgment.
    `is_blind`: while results are hidden, they are hidden from the facilitator too. Raises ValueError when a figure
    does not hold.
    """

    method: Method = Method.THREE_CHOICES
    quorum: int = 1
    voices: Voices = Voices.PERSONS
    rounds: int = 1
    secrecy: Secrecy = Secrecy.OPEN
    is_blind: bool = False
    most: int = 70
    few: int = 15
    least: Grade = Grade.FAIR
    lowest: Grade = Grade.INSUFFICIENT
    missing: Missing = "ignored"

    def __post_init__(self) -> None:
        if not (0 < self.quorum <= 10_000 and 0 < self.rounds <= MOST_ROUNDS):
            raise ValueError("a quorum and a number of rounds are at least one")
        _ = self.decision  # its own figures hold

    @cached_property
    def decision(self) -> Decision:
        """How ballots become an outcome."""
        if self.method is Method.TWO_AXES:
            axis = RatingRule(most=self.most, few=self.few, quorum=self.quorum)
            return TwoAxes(axis, axis)
        if self.method is Method.MAJORITY_JUDGMENT:
            return Grading(self.quorum, self.least, self.lowest, self.missing)
        return Consent(self.quorum) if self.method is Method.CONSENT else ThreeChoices(self.quorum)

    def outcome(self, counts: Mapping[str, int], raters: int | None = None) -> Outcome:
        """What so many ballots of each kind decide. A set under consent is not decided indicator by indicator."""
        if isinstance(self.decision, Consent):
            return Outcome.UNDECIDED
        if isinstance(self.decision, Grading):
            return self.decision.outcome(counts, raters)
        return self.decision.outcome(counts)

    def check(self, ballot: Any) -> None:
        """ValueError when nobody could have said this."""
        try:
            if not isinstance(ballot, str):
                raise ValueError(f"not a ballot: {ballot!r}")
            self.decision.check(ballot)
        except NotThus:
            raise ValueError(f"not a ballot of this rule: {ballot!r}") from None

    @property
    def summary(self) -> Said:
        """The rule in one line, for a phone."""
        return self.decision.summary

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """The whole rule, sentence by sentence, as it is announced, printed on ballots and in the minutes."""
        sentences = [self.decision.said]
        if self.quorum > 1:
            sentences.append(Said(N_("Rien n'est décidé en dessous de %(quorum)s voix."), {"quorum": self.quorum}))
        if self.voices is Voices.LABS:
            sentences.append(Said(self.decision.by_lab, {}))
        if self.rounds > 1:
            sentences.append(
                Said(
                    N_(
                        "Le vote a %(rounds)s tours ; au suivant, chacun revoit la répartition du groupe et sa réponse, puis "
                        "répond de nouveau. Le dernier tour décide."
                    ),
                    {"rounds": self.rounds},
                )
            )
        return (*sentences, *self._shown)

    @property
    def _shown(self) -> tuple[Said, ...]:
        if self.secrecy is Secrecy.OPEN:
            return ()
        said = {
            Secrecy.VOTED: N_(
                "Chacun voit les résultats d'un indicateur une fois qu'il l'a jugé ; tout le monde, à la clôture."
            ),
            Secrecy.CLOSED: N_("Les résultats sont cachés jusqu'à la clôture."),
        }[self.secrecy]
        blind = N_("L'animation non plus ne les voit pas.") if self.is_blind else N_("L'animation les voit.")
        return Said(said, {}), Said(blind, {})

    @property
    def hides(self) -> bool:
        """Whether results wait for something."""
        return self.secrecy is not Secrecy.OPEN

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version, in the ballots' file, in the database."""
        return {
            **self.decision.published(),
            "voix": next(name for name, voices in VOICES.items() if voices is self.voices),
            "tours": self.rounds,
            "resultats": next(name for name, secrecy in SECRECIES.items() if secrecy is self.secrecy),
            "animation_aveugle": self.is_blind,
        }

    @staticmethod
    def read(document: Mapping[str, Any]) -> "Rule":
        """The rule that `published` wrote; what an older version did not say is as it was then.

        Raises KeyError, TypeError or ValueError for what no rule would write.
        """
        method = NAMES[document["methode"]]
        axes = document["axes"][AXES[Axis.RELEVANCE]] if method is Method.TWO_AXES else {}
        figures: dict[str, Any] = {"quorum": whole(axes.get("quorum", document.get("quorum")))}
        if method is Method.TWO_AXES:
            shares = axes["accord"]
            figures |= {"most": whole(shares["au_moins_pourcent"]), "few": whole(shares["et_moins_de_pourcent"])}
        if method is Method.MAJORITY_JUDGMENT:
            figures |= {
                "least": Grade(document["retenu_des"]),
                "lowest": Grade(document["ecarte_jusqu_a"]),
                "missing": next(mode for mode, name in MISSING.items() if name == document["absents"]),
            }
        rule = Rule(
            method=method,
            voices=VOICES[document.get("voix", "personnes")],
            rounds=whole(document.get("tours", 1)),
            secrecy=SECRECIES[document.get("resultats", "ouverts")],
            is_blind=document.get("animation_aveugle", False) is True,
            **figures,
        )
        if any(document[key] != value for key, value in rule.published().items() if key in document):
            raise ValueError("this rule says something that is not known here")
        return rule


AXES: dict[Axis, str] = {Axis.RELEVANCE: "pertinence", Axis.MEASURABILITY: "mesurabilite"}


ANNOUNCED = Rule()
