"""The demonstration's citizens: where they met a lab, what they said of it, and what was decided of that.

They are invented, like the rest of the story, and say so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from workshops import (
    answers,
    evidence,
    memberships,
    moderation,
    projects,
    questionnaires,
    responses,
    surveys,
    testimonials,
    touchpoints,
    withdrawals,
    world,
)
from workshops.people import Person, Role
from workshops.surveys import Survey
from workshops.testimonials import Testimonial, Told
from workshops.touchpoints import Touchpoint

Do = Callable[..., Awaitable[Any]]

PROJECT = "Un seul dossier pour s'installer (démonstration)"
COUNTER = "Accueil de la préfecture (démonstration)"
EVENT = "Journée portes ouvertes (démonstration)"
NAME = "Personne inventée"
BECAUSE = "Le temps gagné est dit par qui instruit les dossiers, pas seulement par le labo."
SURVEY = "L'accueil de la préfecture (démonstration)"
# By question of « Je donne mon avis »: satisfaction, clarity, help, reached, contact. Nobody adds a word.
ANSWERED: tuple[dict[int, tuple[int, ...]], ...] = (
    {1: (1,), 2: (5,), 3: (9,)},
    {1: (1,), 2: (4,), 3: (1,), 4: (1,), 5: (5,)},
    {1: (2,), 2: (3,), 3: (2,), 4: (2,)},
    {1: (1,), 2: (4,), 3: (9,)},
    {1: (3,), 2: (2,), 3: (1, 5), 4: (1,), 5: (3,)},
    {1: (1,), 2: (5,), 3: (9,)},
)


@dataclass(frozen=True)
class Said:
    """What a citizen said; `fate`: what was decided of it, as `_decide` reads it."""

    face: str
    happened: str = ""
    changed: str = ""
    capacity: str = ""
    clarity: str = ""
    heard: str = ""
    fate: str = ""
    answer: str = ""


ON_THE_PROJECT = (
    Said(
        "bien",
        "J'ai rempli un seul dossier au lieu de trois. La personne qui m'a reçu avait déjà mes pièces sous les yeux.",
        "Je n'ai pas eu à poser une demi-journée de plus.",
        "usager",
        "5",
        "4",
        "publie",
    ),
    Said(
        "mal",
        "Le nouveau formulaire ne disait pas qu'il fallait l'accord du propriétaire. J'ai dû revenir deux fois.",
        "",
        "entreprise",
        "2",
        "2",
        "publie",
        "Vous aviez raison : la liste des pièces le dit maintenant dès la première page, et l'accueil la relit avec vous.",
    ),
    Said(
        "moyen",
        "L'atelier était intéressant, mais nous ne savons pas ce qui a été retenu de nos propositions.",
        "Je comprends mieux pourquoi les délais sont longs.",
        "association",
        "3",
        "3",
        "publie",
    ),
    Said(
        "bien",
        "On nous a fait tester la maquette avant de l'imposer, et notre remarque sur les horaires a été prise.",
        "Nous gagnons une vingtaine de minutes par dossier.",
        "agent",
        "4",
        "5",
        "publie",
    ),
    Said("bien", "Rapide et clair.", "", "usager", "5", "5", "publie"),
    Said("mal", "Je vends des étagères de bureau, demandez mon catalogue.", fate="publicite"),
    Said("moyen", "J'attends encore la réponse promise il y a deux semaines.", "", "usager", "3", "2"),
    Said("bien"),
    Said("bien"),
    Said("moyen"),
)
AT_THE_COUNTER = (
    Said("bien", "Accueil patient, on m'a montré comment faire sur ma tablette.", "", "usager", "4", "5", "publie"),
    Said(
        "moyen",
        "La borne est trop haute pour mon fauteuil. L'agent est venu m'aider, mais j'aurais préféré faire seul.",
        "",
        "usager",
        "3",
        "4",
        "publie",
    ),
    Said("mal", "File d'attente interminable.", "", "usager", "", "1", "retire"),
    Said("bien"),
)


async def play(do: Do, impact: str, *, alix: Person, sacha: Person, dominique: Person) -> None:
    """Two labs have members; one of them has three touch-points, and citizens come by two of them.

    What one of them gained is cited on an indicator (`impact`), and a few answer a survey.
    """
    for person, lab in ((alix, "ti-lab"), (sacha, "siilab")):
        await do(memberships.enrol, person, lab, Role.MEMBER, by=dominique)
    project = await do(projects.enter, "ti-lab", title=PROJECT, by=alix)
    hall = await do(touchpoints.make, "ti-lab", sort="projet", name="Affiche du hall", project_id=project.id, by=alix)
    counter = await do(touchpoints.make, "ti-lab", sort="guichet", name=COUNTER, by=alix)
    await do(touchpoints.make, "ti-lab", sort="evenement", name=EVENT, by=alix)
    given = [await _testify(do, hall, said, by=alix) for said in ON_THE_PROJECT]
    for said in AT_THE_COUNTER:
        await _testify(do, counter, said, by=alix)
    gained = next(id for id, said in zip(given, ON_THE_PROJECT, strict=True) if said.capacity == "agent")
    await do(evidence.cite, impact, gained, because=BECAUSE, by=alix)
    await _ask(do, counter, by=alix)


async def _testify(do: Do, point: Touchpoint, said: Said, *, by: Person) -> str:
    """Gives the id of what was said."""
    key = world.new_key()
    given: tuple[Testimonial, bool] = await do(testimonials.give, key=key, face=said.face, token=point.token)
    if not said.happened:
        return given[0].id
    told = Told(
        happened=said.happened,
        changed=said.changed,
        name=NAME,
        capacity=said.capacity,
        clarity=said.clarity,
        heard=said.heard,
        may_publish=True,
        may_cite=True,
    )
    await _decide(do, key, await do(testimonials.tell, key, told), said, by=by)
    return given[0].id


async def _decide(do: Do, key: str, given: Testimonial, said: Said, *, by: Person) -> None:
    """Published, withdrawn by its author, refused for a reason, or, without a fate, still waiting."""
    if said.fate == "publie":
        await do(moderation.decide, given.id, verdict="publie", base=given.revision, by=by)
    elif said.fate == "retire":
        await do(withdrawals.withdraw, key)
    elif said.fate:
        await do(moderation.decide, given.id, verdict="refuse", reason=said.fate, base=given.revision, by=by)
    if said.answer:
        await do(answers.answer, given.id, text=said.answer, by=by)


async def _ask(do: Do, point: Touchpoint, *, by: Person) -> None:
    """A survey that is open for two months, which some people answered."""
    now = world.now()
    survey: Survey = await do(
        surveys.open,
        point.lab_slug,
        point_id=point.id,
        title=SURVEY,
        purpose="Savoir si l'accueil s'améliore, de trimestre en trimestre. Enquête et réponses inventées.",
        code="",
        opens_at=now,
        closes_at=now + timedelta(days=60),
        questions=questionnaires.template("je-donne-mon-avis").questions,
        by=by,
    )
    for answers_given in ANSWERED:
        key = world.new_key()
        await do(responses.begin, survey.id, key=key)
        for place, chosen in answers_given.items():
            await do(responses.answer, key, place, chosen=[str(number) for number in chosen])
        await do(responses.answer, key, len(survey.asks), text="")
