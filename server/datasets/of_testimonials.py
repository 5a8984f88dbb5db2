"""Testimonials, what became of those that a lab received, where they came from, as tables."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from server.datasets.declared import KEY, REQUIRED, Dataset, Day, Row, shown, stored, when
from server.tables import Column, Table
from workshops.answers import LabAnswer
from workshops.handling import Handling
from workshops.maskings import Masking
from workshops.moderation import Decision, Reason, Verdict
from workshops.projects import Project
from workshops.scores import Score
from workshops.testimonials import Capacity, End, Face, Telling, Testimonial, Tombstone
from workshops.touchpoints import Retirement, Sort, Touchpoint
from workshops.words import N_, Word
from workshops.world import PARIS

TESTIMONIAL = stored(Testimonial)
TELLING = stored(Telling)
TOMBSTONE = stored(Tombstone)
DECISION = stored(Decision)
MASKING = stored(Masking)
ANSWER = stored(LabAnswer)
PROJECT = stored(Project)
TOUCHPOINT = stored(Touchpoint)
RETIREMENT = stored(Retirement)
DEGREE = {"minimum": 1, "maximum": 5}
COUNT = {"required": True, "minimum": 0}
SCORE = {"minimum": 0, "maximum": 10}


def _codes(words: type[Word]) -> dict[str, Any]:
    return {"enum": [word.value for word in words]}


def month(source: str, says: str, name: str = "mois", title: str = N_("Mois"), under: str = "_at") -> Column:
    """The month of a moment, in Paris: what concerns who testifies is never dated more closely. `under`: its name in a row."""

    def read(row: Mapping[str, Any]) -> str | None:
        moment = row[under]
        return f"{moment.astimezone(PARIS):%Y-%m}" if moment else None

    return Column(name, title, says, "yearmonth", source=source, example="2026-11", read=read)


def _lab(source: str) -> Column:
    return Column("labo", N_("Laboratoire"), N_("Le laboratoire dont il s'agit."), limits=REQUIRED, source=source, example="ti-lab")


def _project(source: str, says: str = N_("Identifiant du projet, s'il y en a un.")) -> Column:
    return Column("projet", N_("Projet"), says, source=source)


# ── What is published, and still is. A text that was withdrawn, or is no longer published, is of no day.

TESTIMONIALS = Table(
    "temoignages",
    N_("Témoignages"),
    N_(
        "Les témoignages publiés, à l'adresse /temoignages/{id}. Un texte retiré par son auteur disparaît de tous les jours : "
        "la table des témoignages retirés dit lesquels effacer."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant du témoignage."), limits=KEY, source="testimonial.id"),
        _lab("testimonial.lab_slug"),
        _project("testimonial.project_id"),
        Column("impression", N_("Impression"), N_("Comment ça s'est passé, de façon générale."), limits={**REQUIRED, **_codes(Face)}, source="testimonial.face", example="bien"),
        Column("qualite", N_("Qualité"), N_("En quelle qualité la personne témoigne, si elle le dit."), limits=_codes(Capacity), source="testimonial.capacity", example="usager"),
        Column("clarte", N_("Clarté"), N_("De 1 à 5 : si ce qui était expliqué était clair."), "integer", DEGREE, "testimonial.clarity", "4"),
        Column("ecoute", N_("Écoute"), N_("De 1 à 5 : si la personne s'est sentie écoutée."), "integer", DEGREE, "testimonial.heard", "5"),
        month("decision.at", N_("Mois de la publication. Ni le jour, ni le moment où la personne a témoigné ne sont publiés.")),
        Column("texte", N_("Texte"), N_("Ce qui s'est passé. « ⟦masqué⟧ » remplace un passage masqué par la modération."), source="telling.happened"),
        Column("ce_qui_a_change", N_("Ce qui a changé"), N_("Ce que cela a changé, selon la personne."), source="telling.changed"),
        Column("passages_masques", N_("Passages masqués"), N_("Combien de passages la modération a masqués."), "integer", COUNT, "masking.passages", "0"),
        Column("reponse_du_labo", N_("Réponse du laboratoire"), N_("Ce que le laboratoire a répondu."), source="labanswer.text"),
        month("labanswer.at", N_("Mois de cette réponse."), "reponse_mois", N_("Mois de la réponse"), "_answered_at"),
        Column("citable", N_("Citable"), N_("Si son auteur accepte qu'il soit cité comme preuve dans le référentiel. Aujourd'hui, quel que soit le jour demandé."), "boolean", REQUIRED, "testimonial.may_cite", "true"),
    ),
    ("id",),
)


def published(day: Day) -> Select[Any]:
    masked = select(func.coalesce(func.sum(MASKING.c.passages), 0)).where(MASKING.c.testimonial_id == TESTIMONIAL.c.id)
    answered = and_(ANSWER.c.testimonial_id == TESTIMONIAL.c.id, ANSWER.c.at < day.until)
    return (
        shown(
            TESTIMONIALS, TESTIMONIAL,
            passages_masques=masked.scalar_subquery(),
            _at=DECISION.c.at,
            _answered_at=ANSWER.c.at,
        )
        .join(DECISION, _stands(TESTIMONIAL.c.id))
        .join(TELLING, TELLING.c.testimonial_id == TESTIMONIAL.c.id)
        .outerjoin(ANSWER, answered)
        .where(DECISION.c.at < day.until, TESTIMONIAL.c.id.not_in(select(TOMBSTONE.c.testimonial_id)))
        .order_by(DECISION.c.at, TESTIMONIAL.c.id)
    )


def _stands(testimonial: ColumnElement[Any]) -> ColumnElement[bool]:
    """That it is published, now."""
    return and_(
        DECISION.c.testimonial_id == testimonial,
        DECISION.c.ended_at.is_(None),
        DECISION.c.verdict == Verdict.PUBLISHED,
    )


GONE = Table(
    "temoignages_retires",
    N_("Témoignages retirés"),
    N_("Les témoignages qui ont été publiés et ne le sont plus parce que leurs mots sont effacés : à effacer aussi de vos copies."),
    (
        Column("id", N_("Identifiant"), N_("Identifiant du témoignage."), limits=KEY, source="tombstone.testimonial_id"),
        Column("fin", N_("Fin"), N_("Comment ses mots ont disparu."), limits={**REQUIRED, **_codes(End)}, source="tombstone.how", example="retire"),
        month("tombstone.at", N_("Mois où ils ont été effacés.")),
    ),
    ("id",),
)


def gone(day: Day) -> Select[Any]:
    return (
        shown(GONE, TOMBSTONE, _at=TOMBSTONE.c.at)
        .join(DECISION, _stands(TOMBSTONE.c.testimonial_id))
        .where(TOMBSTONE.c.at < day.until)
        .order_by(TOMBSTONE.c.at, TOMBSTONE.c.testimonial_id)
    )


# ── Who decided what. Of what is refused, never the text.

DECISIONS = Table(
    "decisions_de_moderation",
    N_("Décisions de modération"),
    N_("Ce qui a été décidé de chaque témoignage que son auteur voulait publier, et pourquoi. Jamais un texte refusé."),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de la décision."), limits=KEY, source="decision.id"),
        Column("temoignage", N_("Témoignage"), N_("Identifiant du témoignage."), limits=REQUIRED, source="decision.testimonial_id"),
        Column("verdict", N_("Décision"), N_("S'il a été publié ou refusé."), limits={**REQUIRED, **_codes(Verdict)}, source="decision.verdict", example="publie"),
        Column("motif", N_("Motif"), N_("Le motif d'un refus, parmi les seuls admis."), limits=_codes(Reason), source="decision.reason", example="hors_sujet"),
        Column("par_le_labo", N_("Par le laboratoire"), N_("Si c'est le laboratoire qui a décidé ; sinon, la modération de la DITP."), "boolean", REQUIRED, "decision.of_lab", "true"),
        month("decision.at", N_("Mois de la décision.")),
        Column("remplacee", N_("Remplacée"), N_("Si une autre décision l'a remplacée depuis."), "boolean", REQUIRED, "decision.ended_at", "false"),
    ),
    ("id",),
)


def decisions(day: Day) -> Select[Any]:
    ended = and_(DECISION.c.ended_at.is_not(None), DECISION.c.ended_at < day.until)
    return (
        shown(DECISIONS, DECISION, remplacee=ended, _at=DECISION.c.at)
        .where(DECISION.c.at < day.until)
        .order_by(DECISION.c.at, DECISION.c.id)
    )


def _of(read: Callable[[Handling], Any]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda row: read(row["_handling"])


def _count(name: str, title: str, says: str, read: Callable[[Handling], int]) -> Column:
    return Column(name, title, says, "integer", COUNT, example="12", read=_of(read))


def _score(name: str, title: str, says: str, read: Callable[[Handling], Score | None]) -> tuple[Column, Column]:
    def value(handling: Handling) -> float | None:
        found = read(handling)
        return round(found.value, 2) if found else None

    def answers(handling: Handling) -> int:
        found = read(handling)
        return found.n if found else 0

    return (
        Column(name, title, says, "number", SCORE, example="7.5", read=_of(value)),
        _count(f"{name}_n", f"{title} (n)", N_("Combien de réponses font ce score."), answers),
    )


def _refused(reason: Reason) -> Column:
    return _count(
        f"refuses_{reason.value}", reason.label, N_("Combien ont été refusés pour ce motif."), lambda each: each.refused_by.get(reason, 0)
    )


def _faced(face: Face) -> Column:
    return _count(f"impression_{face.value}", face.label, N_("Combien l'ont dit, parmi ce qui fait les scores."), lambda each: each.faces[face])


HANDLING = Table(
    "traitement_des_temoignages",
    N_("Traitement des témoignages"),
    N_(
        "Ce que chaque laboratoire, puis chacun de ses projets, a reçu, et ce qu'il en est advenu. Les reçus sont la somme des six "
        "comptes qui suivent. Les scores, sur dix, sont ceux de « Je donne mon avis », sur tout ce qui est reçu, publié ou non."
    ),
    (
        Column("labo", N_("Laboratoire"), N_("Le laboratoire dont il s'agit."), limits=REQUIRED, example="ti-lab"),
        Column("projet", N_("Projet"), N_("Identifiant du projet ; vide pour tout le laboratoire, projets compris.")),
        _count("recus", N_("Reçus"), N_("Combien de personnes ont dit comment ça s'était passé."), lambda each: each.received),
        _count("impressions_seules", N_("Impressions seules"), N_("Combien n'ont donné qu'une impression, sans rien raconter."), lambda each: each.begun),
        _count("gardes", N_("Gardés"), N_("Combien ont été remis au laboratoire, sans publication."), lambda each: each.kept),
        _count("en_attente", N_("En attente"), N_("Combien attendent une décision."), lambda each: each.waiting),
        _count("publies", N_("Publiés"), N_("Combien sont publiés."), lambda each: each.published),
        _count("refuses", N_("Refusés"), N_("Combien sont refusés."), lambda each: each.refused),
        _count("retires", N_("Retirés"), N_("Combien ont été retirés par leur auteur."), lambda each: each.withdrawn),
        *map(_refused, Reason),
        Column("delai_median_jours", N_("Délai médian"), N_("Délai médian, en jours entiers, entre ce qui est raconté et la première décision ; vide à moins de cinq décisions."), "integer", {"minimum": 0}, example="3", read=_of(lambda each: round(each.delay.total_seconds() / 86400) if each.delay is not None else None)),
        *map(_faced, Face),
        *_score("satisfaction", N_("Satisfaction"), N_("Score sur dix, à partir des impressions ; vide sans réponse."), lambda each: each.satisfaction),
        *_score("clarte", N_("Clarté"), N_("Score sur dix, à partir des degrés de clarté ; vide sans réponse."), lambda each: each.clarity),
        *_score("ecoute", N_("Écoute"), N_("Score sur dix, à partir des degrés d'écoute ; vide sans réponse."), lambda each: each.heard),
    ),
)


def handled(handlings: Mapping[tuple[str, str | None], Handling]) -> Iterator[Row]:
    """The rows of what was handled, by lab and by project: a lab comes before its projects."""
    for (lab, project), handling in handlings.items():
        yield {"labo": lab, "projet": project, "_handling": handling}


# ── Where they come from

PROJECTS = Table(
    "projets",
    N_("Projets"),
    N_("Les projets des laboratoires sur lesquels on peut témoigner, à l'adresse /projets/{id}."),
    (
        Column("id", N_("Identifiant"), N_("Identifiant du projet."), limits=KEY, source="project.id"),
        _lab("project.lab_slug"),
        Column("titre", N_("Titre"), N_("Comment le laboratoire l'appelle."), limits=REQUIRED, source="project.title"),
        when("project.at", N_("Quand le laboratoire l'a inscrit.")),
    ),
    ("id",),
)


def projects(day: Day) -> Select[Any]:
    return shown(PROJECTS, PROJECT).where(PROJECT.c.at < day.until).order_by(PROJECT.c.at, PROJECT.c.id)


POINTS = Table(
    "points_de_recueil",
    N_("Points de recueil"),
    N_("Où l'on rencontre les laboratoires et dit comment ça s'est passé, à l'adresse /points/{id}."),
    (
        Column("id", N_("Identifiant"), N_("Identifiant du point de recueil."), limits=KEY, source="touchpoint.id"),
        _lab("touchpoint.lab_slug"),
        _project("touchpoint.project_id"),
        Column("genre", N_("Genre"), N_("Si c'est un projet, un guichet ou un événement."), limits={**REQUIRED, **_codes(Sort)}, source="touchpoint.sort", example="guichet"),
        Column("nom", N_("Nom"), N_("Où l'on se trouve."), limits=REQUIRED, source="touchpoint.name", example="Accueil de la préfecture"),
        month("touchpoint.at", N_("Mois de son ouverture.")),
        month("retirement.at", N_("Mois de sa fermeture ; vide s'il est ouvert."), "fermeture_mois", N_("Mois de fermeture"), "_retired_at"),
        Column("remplace_par", N_("Remplacé par"), N_("Identifiant du point qui a pris sa place."), source="retirement.replaced_by"),
    ),
    ("id",),
)


def points(day: Day) -> Select[Any]:
    retired = and_(RETIREMENT.c.touchpoint_id == TOUCHPOINT.c.id, RETIREMENT.c.at < day.until)
    return (
        shown(POINTS, TOUCHPOINT, _at=TOUCHPOINT.c.at, _retired_at=RETIREMENT.c.at)
        .outerjoin(RETIREMENT, retired)
        .where(TOUCHPOINT.c.at < day.until)
        .order_by(TOUCHPOINT.c.at, TOUCHPOINT.c.id)
    )


DATASETS = (
    Dataset(TESTIMONIALS, published, as_json=True),
    Dataset(GONE, gone, as_json=True),
    Dataset(HANDLING, None, as_json=True),
    Dataset(DECISIONS, decisions, as_json=True),
    Dataset(PROJECTS, projects, as_json=True),
    Dataset(POINTS, points, as_json=True),
)
