"""Indicators, their texts and what is said of them, as tables."""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, func, select, type_coerce

from server.datasets.declared import KEY, REQUIRED, Dataset, Day, gesture, indicator, lab, lab_of, shown, stored, when
from server.tables import Column, Table
from workshops import sheet
from workshops.comments import Comment, Hiding
from workshops.conclusions import Conclusion
from workshops.indicators import Departure, Indicator, Leaving, Origin, Wording
from workshops.journal import Entry
from workshops.lineage import Lineage
from workshops.vocabulary import Family
from workshops.words import N_

ON_TABLE = "open"  # the word of /ateliers/{id}.json

INDICATOR = stored(Indicator)
WORDING = stored(Wording)
LEFT = stored(Departure)
COMMENT = stored(Comment)
HIDING = stored(Hiding)
CONCLUSION = stored(Conclusion)


def _in_sheet(name: str) -> Any:
    return lambda row: row["_fiche"].get(name)


INDICATORS = Table(
    "indicateurs",
    N_("Indicateurs des ateliers"),
    N_(
        "Ce que les laboratoires ont proposé de mesurer, avec le texte et la situation où en était chacun."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'indicateur, dans l'adresse /indicateurs/{id}."), limits=KEY, source="indicator.id"),
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=REQUIRED, source="indicator.workshop_id"),
        Column("code", N_("Code"), N_("Code donné une fois pour toutes."), limits={"required": True, "pattern": "[A-Z]{3}-[0-9]{2,}"}, source="indicator.code", example="ACT-01"),
        Column("origine", N_("Origine"), N_("D'où il vient."), limits={"enum": [word.value for word in Origin]}, source="indicator.origin"),
        lab(N_("Laboratoire de qui l'a proposé ; vide pour ce qui était sur la table à l'ouverture.")),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte en vigueur."), "integer", {"minimum": 1}, "indicator.wording", "3"),
        Column("libelle", N_("Intitulé"), N_("Ce que l'on mesure, en une ligne."), limits=REQUIRED, read=_in_sheet("libelle")),
        Column("famille", N_("Famille"), N_("Activité, résultats ou impact."), limits={"enum": [word.value for word in Family]}, read=_in_sheet("famille")),
        Column("statut", N_("Situation"), N_("« open » : sur la table ; sinon, comment il l'a quittée."), limits={"enum": [ON_TABLE, *(word.value for word in Leaving)]}, source="departure.how"),
        when("wording.at", N_("Quand il a été mis sur la table.")),
    ),
    ("id",),
)


def indicators(day: Day) -> Select[Any]:
    first, other = WORDING.alias(), WORDING.alias()
    last = select(func.max(other.c.number)).where(other.c.indicator_id == INDICATOR.c.id, other.c.at < day.until)
    is_last = and_(WORDING.c.indicator_id == INDICATOR.c.id, WORDING.c.number == last.scalar_subquery())
    left = and_(LEFT.c.indicator_id == INDICATOR.c.id, LEFT.c.at < day.until)
    return (
        shown(
            INDICATORS, INDICATOR,
            labo=lab_of(INDICATOR.c.author_id, INDICATOR.c.workshop_id),
            redaction=WORDING.c.number,
            statut=func.coalesce(type_coerce(LEFT.c.how, String), ON_TABLE),
            le=first.c.at,
            _fiche=WORDING.c.sheet,
        )
        .join(WORDING, is_last)
        .join(first, and_(first.c.indicator_id == INDICATOR.c.id, first.c.number == 1))
        .outerjoin(LEFT, left)
        .order_by(INDICATOR.c.workshop_id, INDICATOR.c.code, INDICATOR.c.id)
    )


# ── Wordings: one column a field of the sheet


def _field(declared: sheet.Field) -> Column:
    says = declared.help + (" Plusieurs valeurs, séparées par des points-virgules." if declared.is_list else "")
    kind, limits = "string", dict[str, Any]()
    if declared.kind == "number":
        kind, limits = "number", {"minimum": 0}
    elif declared.kind == "choice" and declared.words:
        limits = {"enum": [word.value for word in declared.words]}
    return Column(declared.name, declared.label, says, kind, limits, "wording.sheet", read=_in_sheet(declared.name))


WORDINGS = Table(
    "redactions",
    N_("Rédactions"),
    N_(
        "Tous les textes de tous les indicateurs, numérotés, champ par champ. Aucun ne change."
    ),
    (
        indicator("wording.indicator_id"),
        Column("numero", N_("Numéro"), N_("Numéro du texte."), "integer", {"required": True, "minimum": 1}, "wording.number", "2"),
        lab(N_("Laboratoire de qui l'a écrit ; vide pour ce qui était sur la table à l'ouverture.")),
        when("wording.at", N_("Quand il a été écrit.")),
        gesture("wording.gesture"),
        *map(_field, sheet.FIELDS),
    ),
    ("indicateur", "numero"),
)


def wordings(day: Day) -> Select[Any]:
    return (
        shown(WORDINGS, WORDING, labo=_speaking(WORDING.c.by_id), _fiche=WORDING.c.sheet)
        .join(INDICATOR, INDICATOR.c.id == WORDING.c.indicator_id)
        .where(WORDING.c.at < day.until)
        .order_by(WORDING.c.indicator_id, WORDING.c.number)
    )


def _speaking(by: ColumnElement[Any]) -> ColumnElement[Any]:
    return lab_of(by, INDICATOR.c.workshop_id)


# ── What is said of them

COMMENTS = Table(
    "avis",
    N_("Avis"),
    N_(
        "Ce que l'on a dit des textes, champ par champ. Un avis masqué n'y est pas, ni ne l'est dans les jours d'avant."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'avis."), limits=KEY, source="comment.id"),
        indicator("comment.indicator_id"),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte commenté."), "integer", {"minimum": 1}, "comment.wording", "1"),
        Column("champ", N_("Champ"), N_("Champ de la fiche dont il s'agit."), limits={"enum": [f.name for f in sheet.FIELDS]}, source="comment.field", example="definition"),
        Column("texte", N_("Texte"), N_("L'avis."), limits=REQUIRED, source="comment.text"),
        Column("reponse_a", N_("Réponse à"), N_("Identifiant de l'avis auquel il répond."), source="comment.parent_id"),
        lab(N_("Laboratoire de qui a parlé.")),
        when("comment.at", N_("Quand il a été donné.")),
        gesture("comment.gesture"),
    ),
    ("id",),
)


def comments(day: Day) -> Select[Any]:
    return (
        shown(COMMENTS, COMMENT, labo=_speaking(COMMENT.c.by_id))
        .join(INDICATOR, INDICATOR.c.id == COMMENT.c.indicator_id)
        .where(COMMENT.c.at < day.until, COMMENT.c.id.not_in(select(HIDING.c.comment_id)))
        .order_by(COMMENT.c.at, COMMENT.c.gesture, COMMENT.c.id)
    )


HIDINGS = Table(
    "masquages",
    N_("Avis masqués"),
    N_(
        "Qu'un avis a été masqué, et le motif écrit. Jamais son texte."
    ),
    (
        Column("avis", N_("Avis"), N_("Identifiant de l'avis masqué."), limits=KEY, source="hiding.comment_id"),
        Column("motif", N_("Motif"), N_("Pourquoi, tel qu'affiché à sa place."), limits=REQUIRED, source="hiding.because"),
        when("hiding.at", N_("Quand il a été masqué.")),
        gesture("hiding.gesture"),
    ),
    ("avis",),
)


def hidings(day: Day) -> Select[Any]:
    return shown(HIDINGS, HIDING).where(HIDING.c.at < day.until).order_by(HIDING.c.at, HIDING.c.comment_id)


# ── How they leave the table, and what they become

LEAVINGS = Table(
    "departs",
    N_("Départs de la table"),
    N_(
        "Comment et pourquoi un indicateur a quitté la table."
    ),
    (
        indicator("departure.indicator_id"),
        Column("comment", N_("Comment"), N_("Retiré, fusionné ou scindé."), limits={"enum": [word.value for word in Leaving]}, source="departure.how"),
        Column("motif", N_("Motif"), N_("Pourquoi."), limits=REQUIRED, source="departure.because"),
        when("departure.at", N_("Quand il l'a quittée.")),
        gesture("departure.gesture"),
    ),
    ("indicateur",),
)


def leavings(day: Day) -> Select[Any]:
    return shown(LEAVINGS, LEFT).where(LEFT.c.at < day.until).order_by(LEFT.c.at, LEFT.c.indicator_id)


LINEAGES = Table(
    "lignee",
    N_("Lignée"),
    N_(
        "De quels indicateurs d'autres viennent, de près ou de loin, par fusion ou par scission."
    ),
    (
        Column("enfant", N_("Issu"), N_("Identifiant de l'indicateur qui vient de l'autre."), limits=REQUIRED, source="lineage.child_id"),
        Column("parent", N_("Origine"), N_("Identifiant de l'indicateur dont il vient."), limits=REQUIRED, source="lineage.parent_id"),
        when("entry.at", N_("Quand la fusion ou la scission a eu lieu.")),
        gesture("lineage.gesture"),
    ),
    ("enfant", "parent"),
)


def lineages(day: Day) -> Select[Any]:
    line, entry = stored(Lineage), stored(Entry)
    of_gesture = and_(entry.c.workshop_id == INDICATOR.c.workshop_id, entry.c.number == line.c.gesture)
    return (
        shown(LINEAGES, line)
        .join(INDICATOR, INDICATOR.c.id == line.c.child_id)
        .join(entry, of_gesture)
        .where(entry.c.at < day.until)
        .order_by(line.c.child_id, line.c.parent_id)
    )


CONCLUSIONS = Table(
    "conclusions",
    N_("Conclusions"),
    N_(
        "Pourquoi un indicateur finit ainsi, et ce que l'animation répond aux réserves. La dernière écrite est la bonne."
    ),
    (
        indicator("conclusion.indicator_id"),
        Column("motif", N_("Motif"), N_("Pourquoi il finit ainsi."), source="conclusion.because"),
        Column("reponse", N_("Réponse"), N_("Ce qui est répondu aux réserves."), source="conclusion.answer"),
        when("conclusion.at", N_("Quand elle a été écrite.")),
        gesture("conclusion.gesture"),
    ),
    ("indicateur",),
)


def conclusions(day: Day) -> Select[Any]:
    return shown(CONCLUSIONS, CONCLUSION).where(CONCLUSION.c.at < day.until).order_by(CONCLUSION.c.at, CONCLUSION.c.indicator_id)


DATASETS = (
    Dataset(INDICATORS, indicators),
    Dataset(WORDINGS, wordings),
    Dataset(COMMENTS, comments),
    Dataset(HIDINGS, hidings),
    Dataset(LEAVINGS, leavings),
    Dataset(LINEAGES, lineages),
    Dataset(CONCLUSIONS, conclusions),
)
