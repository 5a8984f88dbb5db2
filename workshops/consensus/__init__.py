"""Consensus: from what people said to an outcome, by a rule announced beforehand.

Pure functions on integers: no database, no float until a figure is shown, the same result on any machine.
"""

from workshops.consensus.choices import ANNOUNCED, Choice, Outcome, ThreeChoices
from workshops.consensus.consent import Consent
from workshops.consensus.grades import Grade, Missing, Rank, majority_judgment
from workshops.consensus.ratings import Agreement, Rating, RatingRule, TwoAxes, one_voice_a_lab, rating

__all__ = [
    "ANNOUNCED",
    "Agreement",
    "Choice",
    "Consent",
    "Grade",
    "Missing",
    "Outcome",
    "Rank",
    "Rating",
    "RatingRule",
    "ThreeChoices",
    "TwoAxes",
    "majority_judgment",
    "one_voice_a_lab",
    "rating",
]
