"""Terms: the words that an announced rule is written with."""

from typing import Any, NamedTuple

from workshops.words import N_, Word


class Method(Word):
    """How people judge what is on the table."""

    THREE_CHOICES = "three_choices", N_("Trois choix")
    TWO_AXES = "two_axes", N_("Deux notes de 1 à 9")
    MAJORITY_JUDGMENT = "majority_judgment", N_("Jugement majoritaire")
    CONSENT = "consent", N_("Consentement")


class Outcome(Word):
    """What the votes on the current text say."""

    KEPT = "kept", N_("Retenu")
    REWORKED = "reworked", N_("À retravailler")
    DROPPED = "dropped", N_("Écarté")
    UNDECIDED = "undecided", N_("Sans décision")


class Voices(Word):
    """Who counts: a lab's voice is the lower median of its members'."""

    PERSONS = "persons", N_("Une voix par personne")
    LABS = "labs", N_("Une voix par laboratoire")


class Secrecy(Word):
    """When results show, besides at the closing."""

    OPEN = "open", N_("Les résultats se voient pendant le vote")
    VOTED = "voted", N_("Chacun voit les résultats une fois qu'il a voté")
    CLOSED = "closed", N_("Les résultats sont cachés jusqu'à la clôture")


BY_LAB = N_("Chaque laboratoire a une voix : la médiane basse des votes de ses membres.")


MOST = 1_000_000  # of anything that is counted: more is no vote of a workshop


def whole(value: Any) -> int:
    """A count, as a file tells it: a whole number, neither negative nor beyond reason. Raises ValueError otherwise."""
    if type(value) is not int or not 0 <= value <= MOST:
        raise ValueError(f"not a count: {value!r}")
    return value


class Said(NamedTuple):
    """A sentence to translate, and the figures it mentions: `%(name)s`."""

    sentence: str
    values: dict[str, int | str]
