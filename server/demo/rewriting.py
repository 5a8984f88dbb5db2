"""The demonstration's amendments: a text that waits for an answer, one that had it, and two between which the room chooses.

They are invented, like the rest of the story.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workshops import amendments, contests, indicators, sheet
from workshops.amendments import Amendment
from workshops.consensus import Grade
from workshops.people import Person

Do = Callable[..., Awaitable[Any]]

# Who would write what otherwise, and why.
WAITING: tuple[str, str, sheet.Raw, str] = (
    "evaluation",
    "RES-04",
    {"inclusions": "- une solution adaptée par le service, si sa fonction est la même\n- une procédure, un document, un outil"},
    "Beaucoup de nos projets laissent un outil, pas un document.",
)
DECLINED: tuple[str, str, sheet.Raw, str] = (
    "usagers",
    "RES-04",
    {"frequence": "Semestrielle"},
    "À un an, les équipes ont déjà changé.",
)
WHY_NOT = "Un relevé tous les six mois doublerait le travail, pour une part qui bouge peu : restons à un par an."
COMPETING: tuple[tuple[str, str, sheet.Raw, str], ...] = (
    (
        "sociologie",
        "RES-01",
        {"unite": "heures de travail par an", "limites": "Un gain estimé sans mesure de départ est une opinion."},
        "En heures, chacun sait estimer ; en semaines, on arrondit.",
    ),
    (
        "rh",
        "RES-01",
        {
            "definition": (
                "Temps de travail que les agents disent économiser, un an après la fin du projet, par rapport à ce "
                "qu'ils faisaient avant."
            )
        },
        "Dire qui constate le gain, et quand.",
    ),
)
# A grade for each text, in order: the current one, then the two others.
BALLOTS: Mapping[str, tuple[Grade, ...]] = {
    "projet": (Grade.PASSABLE, Grade.GOOD, Grade.VERY_GOOD),
    "design": (Grade.FAIR, Grade.FAIR, Grade.EXCELLENT),
    "evaluation": (Grade.INSUFFICIENT, Grade.VERY_GOOD, Grade.GOOD),
    "territoire": (Grade.GOOD, Grade.PASSABLE, Grade.GOOD),
    "usagers": (Grade.FAIR, Grade.GOOD, Grade.FAIR),
    "alix": (Grade.PASSABLE, Grade.GOOD, Grade.VERY_GOOD),
}


async def play(do: Do, people: Mapping[str, Person], ids: Mapping[str, str], *, camille: Person) -> None:
    """Each gesture in its own transaction, which is what `do` gives."""
    await _amend(do, people, ids, *WAITING)
    declined = await _amend(do, people, ids, *DECLINED)
    await do(amendments.decline, declined.id, answer=WHY_NOT, by=people["alix"])
    for competing in COMPETING:
        await _amend(do, people, ids, *competing)
    contest = await do(contests.start, ids["RES-01"], by=camille)
    for who, grades in BALLOTS.items():
        ballot = {number: grade.value for number, grade in enumerate(grades, start=contests.CURRENT)}
        await do(contests.grade, contest.id, ballot, by=people[who])


async def _amend(
    do: Do, people: Mapping[str, Person], ids: Mapping[str, str], who: str, code: str, written: sheet.Raw, why: str
) -> Amendment:
    card = await do(indicators.card, ids[code])
    text = sheet.read({**sheet.write(card.sheet), **written})
    made: Amendment = await do(
        amendments.propose, card.id, text, base=card.wording.number, why=why, by=people[who]
    )
    return made
