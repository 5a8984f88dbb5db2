"""Workshops, labs and minutes, as tables."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, null, select

from server.datasets.declared import KEY, REQUIRED, Dataset, Day, shown, source, stored, when
from server.tables import Column, Table
from workshops.agenda import Member, Stage, Start, Workshop
from workshops.audit import PUBLIC, AuditEntry
from workshops.journal import Entry, Kind
from workshops.labs import Lab
from workshops.words import N_

ENTRY = stored(Entry)
WORKSHOP = stored(Workshop)
SEAT = stored(Member)
DEED = stored(AuditEntry)
LAB = stored(Lab)
HASH = {"pattern": "[0-9a-f]{64}"}
PUBLIC_DEEDS = sorted(PUBLIC)


def _codes(words: Any) -> dict[str, Any]:
    return {"enum": [word.value for word in words]}


# ── Labs

LABS = Table(
    "laboratoires",
    N_("Laboratoires"),
    N_(
        "L'annuaire des laboratoires d'innovation publique, tel que des sources publiques le disent. "
        "Vide veut dire « pas trouvé ». Tel qu'il est aujourd'hui, quel que soit le jour demandé."
    ),
    (
        Column("slug", N_("Identifiant"), N_("Nom du laboratoire dans les adresses du site."), limits=KEY, source="lab.slug", example="ti-lab"),
        Column("nom", N_("Nom"), N_("Nom du laboratoire."), limits=REQUIRED, source="lab.name", example="Ti Lab"),
        Column("region", N_("Région"), N_("Région où il travaille."), source="lab.region", example="Bretagne"),
        Column("ville", N_("Ville"), N_("Ville où il est installé."), source="lab.city", example="Rennes"),
        Column("porteurs", N_("Portage"), N_("Organismes qui le portent, séparés par des points-virgules."), source="lab.carriers"),
        Column("creation", N_("Création"), N_("Année de création."), "integer", source="lab.founded", example="2016"),
        Column("thematique", N_("Sujet"), N_("Ce dont il s'occupe, selon ses sources."), source="lab.theme"),
        Column("site", N_("Site"), N_("Adresse de son site."), source="lab.site"),
        Column("sources", N_("Sources"), N_("D'où viennent ces faits, séparées par des points-virgules."), source="lab.sources"),
    ),
    ("slug",),
)


def labs(day: Day) -> Select[Any]:
    return shown(LABS, LAB).order_by(LAB.c.slug)


# ── Workshops

WORKSHOPS = Table(
    "ateliers",
    N_("Ateliers"),
    N_(
        "Un atelier par ligne, avec l'étape, le tour et le registre où il en était."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'atelier, dans l'adresse /ateliers/{id}."), limits=KEY, source="workshop.id"),
        Column("titre", N_("Titre"), N_("Titre de l'atelier."), limits=REQUIRED, source="workshop.title"),
        Column("objet", N_("Objet"), N_("À quoi sert l'atelier, en une phrase."), source="workshop.purpose"),
        Column("date", N_("Date"), N_("Jour de l'atelier."), "date", REQUIRED, "workshop.held_on", "2026-11-23"),
        Column("prepare", N_("Version préparée"), N_("Numéro de la version du référentiel qu'il prépare."), source="workshop.prepares", example="2.0.0"),
        Column("depart", N_("Départ"), N_("Ce qui était sur la table à l'ouverture."), limits=_codes(Start), source="workshop.start"),
        Column("etape", N_("Étape"), N_("Où en est l'atelier ; « closed » : le registre est scellé."), limits=_codes(Stage), source="workshop.stage"),
        Column("tour", N_("Tour"), N_("Numéro du tour de vote."), "integer", {"minimum": 1}, "workshop.round", "1"),
        Column("regle", N_("Règle"), N_("Règle de décision annoncée, en JSON, une fois fixée par l'ouverture du vote."), "object", source="workshop.rule"),
        when("workshop.rule_locked_at", N_("Quand la règle a été fixée, à l'ouverture du vote."), "regle_fixee_le", N_("Règle fixée le")),
        Column("gestes", N_("Gestes"), N_("Nombre de gestes au registre."), "integer", {"minimum": 1}, "workshop.gestures", "412"),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 du dernier geste, qui enchaîne tous les autres."), limits=HASH, source="workshop.head"),
    ),
    ("id",),
)


def workshops(day: Day) -> Select[Any]:
    locked = source("workshop.rule_locked_at") < day.until
    last = ENTRY.alias()
    return (
        shown(
            WORKSHOPS, WORKSHOP,
            etape=stage(day),
            tour=1 + _how_many(day, Kind.ROUND_OPENED),
            regle=case((locked, WORKSHOP.c.rule), else_=null()),
            regle_fixee_le=case((locked, WORKSHOP.c.rule_locked_at), else_=null()),
            gestes=last.c.number,
            empreinte=last.c.hash,
        )
        .join(last, and_(last.c.workshop_id == WORKSHOP.c.id, last.c.number == _last_gesture(day)))
        .order_by(WORKSHOP.c.held_on, WORKSHOP.c.id)
    )


def stage(day: Day) -> ColumnElement[Any]:
    """The stage where a workshop was."""
    moved = (
        select(ENTRY.c.about)
        .where(ENTRY.c.workshop_id == WORKSHOP.c.id, ENTRY.c.kind == Kind.STAGE_MOVED, ENTRY.c.at < day.until)
        .order_by(ENTRY.c.number.desc())
        .limit(1)
    )
    return func.coalesce(moved.scalar_subquery(), Stage.PREPARING.value)


def _how_many(day: Day, kind: Kind) -> ColumnElement[Any]:
    counted = select(func.count()).where(
        ENTRY.c.workshop_id == WORKSHOP.c.id, ENTRY.c.kind == kind, ENTRY.c.at < day.until
    )
    return counted.scalar_subquery()


def _last_gesture(day: Day) -> ColumnElement[Any]:
    number = select(func.max(ENTRY.c.number)).where(ENTRY.c.workshop_id == WORKSHOP.c.id, ENTRY.c.at < day.until)
    return number.scalar_subquery()


SEATS = Table(
    "participations",
    N_("Participations"),
    N_(
        "Combien de personnes de chaque laboratoire ont pris place dans un atelier. Sans laboratoire, on observe."
    ),
    (
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=REQUIRED, source="member.workshop_id"),
        Column("labo", N_("Laboratoire"), N_("Laboratoire pour lequel on parle ; vide pour qui observe."), source="member.lab_slug", example="ti-lab"),
        Column("personnes", N_("Personnes"), N_("Nombre de places prises."), "integer", {"minimum": 1}, example="2"),
    ),
)


def seats(day: Day) -> Select[Any]:
    return (
        shown(SEATS, SEAT, personnes=func.count())
        .where(SEAT.c.joined_at < day.until)
        .group_by(SEAT.c.workshop_id, SEAT.c.lab_slug)
        .order_by(SEAT.c.workshop_id, func.coalesce(SEAT.c.lab_slug, ""))
    )


# ── Minutes

GESTURES = Table(
    "gestes",
    N_("Registres des ateliers"),
    N_(
        "Tous les gestes de tous les ateliers, dans l'ordre, chacun enchaîné au précédent. Le registre d'un atelier clos est "
        "aussi un fichier JSON, qui se vérifie seul."
    ),
    (
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=REQUIRED, source="entry.workshop_id"),
        Column("numero", N_("Numéro"), N_("Place du geste dans le registre de l'atelier."), "integer", {"required": True, "minimum": 1}, "entry.number", "58"),
        Column("genre", N_("Genre"), N_("Ce qu'était le geste."), limits=_codes(Kind), source="entry.kind", example="comment_posted"),
        Column("par", N_("Par"), N_("Qui l'a fait, par un identifiant sans nom."), source="entry.by_id"),
        Column("objet", N_("Objet"), N_("Ce que le geste touche : un indicateur, une étape, une place, une version."), source="entry.about"),
        when("entry.at", N_("Quand, en temps universel.")),
        Column("precedent", N_("Empreinte précédente"), N_("SHA-256 du geste d'avant."), limits=HASH, source="entry.previous_hash"),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 de la forme canonique (RFC 8785) du geste."), limits=HASH, source="entry.hash"),
    ),
    ("atelier", "numero"),
)


def gestures(day: Day) -> Select[Any]:
    return shown(GESTURES, ENTRY).where(ENTRY.c.at < day.until).order_by(ENTRY.c.workshop_id, ENTRY.c.number)


PLATFORM = Table(
    "registre_plateforme",
    N_("Registre de la plateforme"),
    N_(
        "Qui a donné ou retiré quel pouvoir. Une ligne réservée, qui concerne la vie d'un compte, garde sa place et son "
        "empreinte, rien d'autre."
    ),
    (
        Column("numero", N_("Numéro"), N_("Place dans le registre."), "integer", KEY, "auditentry.number", "12"),
        Column("reserve", N_("Réservée"), N_("Si la ligne est réservée."), "boolean", example="false"),
        Column("genre", N_("Genre"), N_("Ce qu'était le geste."), limits=_codes(PUBLIC_DEEDS), source="auditentry.kind"),
        Column("par", N_("Par"), N_("Qui l'a fait, par un identifiant sans nom ; vide pour la ligne de commande."), source="auditentry.by_id"),
        Column("objet", N_("Objet"), N_("Le rôle ou l'adhésion dont il s'agit."), source="auditentry.about"),
        when("auditentry.at", N_("Quand, en temps universel.")),
        Column("precedent", N_("Empreinte précédente"), N_("SHA-256 de la ligne d'avant."), limits=HASH, source="auditentry.previous_hash"),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 de la ligne."), limits=HASH, source="auditentry.hash"),
    ),
    ("numero",),
)


def platform(day: Day) -> Select[Any]:
    is_public = DEED.c.kind.in_(PUBLIC_DEEDS)

    def said(column: str) -> ColumnElement[Any]:
        return case((is_public, DEED.c[column]), else_=null())

    return (
        shown(PLATFORM, DEED, reserve=~is_public, genre=said("kind"), par=said("by_id"), objet=said("about"), le=said("at"))
        .where(DEED.c.at < day.until)
        .order_by(DEED.c.number)
    )


DIRECTORY = Dataset(LABS, labs)
DATASETS = (
    Dataset(WORKSHOPS, workshops),
    Dataset(SEATS, seats),
    Dataset(GESTURES, gestures),
    Dataset(PLATFORM, platform),
)
