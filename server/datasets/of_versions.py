"""Versions, their candidates and what was said of these, as tables."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, select

from server.datafiles.columns import INDICATORS, PASSAGE
from server.datasets.declared import KEY, REQUIRED, Dataset, Day, shown, stored, when
from server.tables import Column, Table
from workshops import sheet
from workshops.frameworks import Framework, FrameworkWorkshop
from workshops.grids import Format
from workshops.imports import ImportedFramework
from workshops.releases import Abandonment, Release
from workshops.reviews import Review, ReviewHiding, ReviewReply, Verdict
from workshops.words import N_

FRAMEWORK = stored(Framework)
FED = stored(FrameworkWorkshop)
RELEASE = stored(Release)
ABANDONMENT = stored(Abandonment)
REVIEW = stored(Review)
REPLY = stored(ReviewReply)
HIDING = stored(ReviewHiding)
IMPORTED = stored(ImportedFramework)
FINGERPRINT = {"pattern": "sha256:[0-9a-f]{64}"}


def _in_document(name: str) -> Any:
    return lambda row: _document(row).get(name)


def _how_many(row: Mapping[str, Any]) -> int:
    return len(_document(row)["indicateurs"])


def _document(row: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row["_document"])
    return document


VERSIONS = Table(
    "versions",
    N_("Versions du référentiel"),
    N_("Les versions publiées. Chacune a ses propres fichiers, à l'adresse /referentiel/{version}."),
    (
        Column("version", N_("Version"), N_("Son numéro."), limits=KEY, source="framework.version", example="2.0.0"),
        Column("precedente", N_("Précédente"), N_("Le numéro de celle d'avant."), source="framework.previous_version"),
        when("framework.published_at", N_("Quand elle a été publiée."), "publie_le", N_("Publiée le")),
        Column("prepare_par", N_("Préparée par"), N_("Qui l'a préparée, par un identifiant sans nom."), source="framework.prepared_by"),
        Column("publie_par", N_("Publiée par"), N_("Qui l'a publiée, par un identifiant sans nom."), source="framework.published_by"),
        Column("indicateurs", N_("Indicateurs"), N_("Combien d'indicateurs elle contient."), "integer", {"minimum": 1}, "framework.document", "19", _how_many),
        Column("note", N_("Note"), N_("Ce que l'édition en dit."), source="framework.document", read=_in_document("note")),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 de la forme canonique (RFC 8785) du document JSON."), limits=FINGERPRINT, source="framework.fingerprint"),
        Column("signature", N_("Signature"), N_("Signature détachée (JWS), si le site a une clé."), source="framework.signature"),
    ),
    ("version",),
)


def versions(day: Day) -> Select[Any]:
    return (
        shown(VERSIONS, FRAMEWORK, _document=FRAMEWORK.c.document)
        .where(FRAMEWORK.c.published_at < day.until)
        .order_by(FRAMEWORK.c.published_at, FRAMEWORK.c.version)
    )


FEEDING = Table(
    "ateliers_versions",
    N_("Ateliers des versions"),
    N_("De quels ateliers vient chaque version. Un atelier n'en nourrit qu'une."),
    (
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=KEY, source="frameworkworkshop.workshop_id"),
        Column("version", N_("Version"), N_("La version."), limits=REQUIRED, source="frameworkworkshop.version", example="2.0.0"),
    ),
    ("atelier",),
)


def feeding(day: Day) -> Select[Any]:
    return (
        shown(FEEDING, FED)
        .join(FRAMEWORK, FRAMEWORK.c.version == FED.c.version)
        .where(FRAMEWORK.c.published_at < day.until)
        .order_by(FED.c.version, FED.c.workshop_id)
    )


# ── The files of every version, one after the other: their rows come from the documents

SHEETS = replace(
    INDICATORS,
    name="fiches",
    title=N_("Indicateurs de toutes les versions"),
    says=N_("Un indicateur d'une version par ligne : sa fiche, champ par champ, puis ce qui a été décidé de lui."),
    columns=tuple(
        replace(column, limits={name: limit for name, limit in column.limits.items() if name != "unique"})
        for column in INDICATORS.columns
    ),
)
PASSAGES = replace(
    PASSAGE,
    name="passages",
    title=N_("Passages d'une version à l'autre"),
    says=N_("Ce que chaque indicateur est devenu d'une version à la suivante, une ligne pour chaque correspondance."),
    key=(),
)


# ── Candidates: what was open to review. A preparation that was not is nobody's business yet.

CANDIDATES = Table(
    "candidates",
    N_("Versions candidates"),
    N_("Les versions soumises à relecture publique, à l'adresse /referentiel/{version}-rc.{numero}."),
    (
        Column("version", N_("Version"), N_("Le numéro qu'elle portera."), limits=REQUIRED, source="release.version", example="2.1.0"),
        Column("numero", N_("Numéro"), N_("Numéro de la candidate."), "integer", {"required": True, "minimum": 1}, "release.candidate", "1"),
        Column("base", N_("Base"), N_("La version à laquelle elle est comparée."), source="release.base"),
        when("release.at", N_("Quand elle a été préparée.")),
        when("release.review_until", N_("Jusqu'à quand on peut la relire."), "relecture_jusqu_au", N_("Relecture jusqu'au")),
        Column("prepare_par", N_("Préparée par"), N_("Qui l'a préparée, par un identifiant sans nom."), source="release.by_id"),
        Column("indicateurs", N_("Indicateurs"), N_("Combien d'indicateurs elle contient."), "integer", {"minimum": 1}, "release.document", "19", _how_many),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 de la forme canonique de son document."), limits=FINGERPRINT, source="release.fingerprint"),
        Column("abandon", N_("Abandon"), N_("Pourquoi elle ne sera pas publiée, le cas échéant."), source="abandonment.because"),
        when("abandonment.at", N_("Quand elle a été abandonnée."), "abandon_le", N_("Abandonnée le")),
    ),
    ("version", "numero"),
)


def candidates(day: Day) -> Select[Any]:
    left = and_(ABANDONMENT.c.release_id == RELEASE.c.id, ABANDONMENT.c.at < day.until)
    return (
        shown(CANDIDATES, RELEASE, _document=RELEASE.c.document)
        .outerjoin(ABANDONMENT, left)
        .where(RELEASE.c.candidate.is_not(None), RELEASE.c.at < day.until)
        .order_by(RELEASE.c.at, RELEASE.c.version, RELEASE.c.candidate)
    )


REVIEWS = Table(
    "remarques",
    N_("Relectures"),
    N_("Ce que l'on a dit d'une candidate, et ce qui y a été répondu. Sans le nom dont on a signé."),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de la relecture."), limits=KEY, source="review.id"),
        Column("version", N_("Version"), N_("La version candidate."), limits=REQUIRED, source="release.version", example="2.1.0"),
        Column("numero", N_("Numéro"), N_("Numéro de la candidate."), "integer", {"minimum": 1}, "release.candidate", "1"),
        Column("code", N_("Code"), N_("Code de l'indicateur ; vide pour l'ensemble."), source="review.code", example="ACT-01"),
        Column("champ", N_("Champ"), N_("Champ de la fiche ; vide pour toute la fiche."), limits={"enum": [f.name for f in sheet.FIELDS]}, source="review.field", example="definition"),
        Column("texte", N_("Texte"), N_("La relecture."), limits=REQUIRED, source="review.text"),
        when("review.at", N_("Quand elle a été faite.")),
        Column("suite", N_("Suite"), N_("Ce qu'il en est fait ; vide si elle attend."), limits={"enum": [word.value for word in Verdict]}, source="reviewreply.verdict"),
        Column("reponse", N_("Réponse"), N_("Ce qui a été répondu."), source="reviewreply.text"),
        when("reviewreply.at", N_("Quand il y a été répondu."), "reponse_le", N_("Répondue le")),
    ),
    ("id",),
)


def reviews(day: Day) -> Select[Any]:
    answered = and_(REPLY.c.review_id == REVIEW.c.id, REPLY.c.at < day.until)
    return (
        shown(REVIEWS, REVIEW)
        .join(RELEASE, RELEASE.c.id == REVIEW.c.release_id)
        .outerjoin(REPLY, answered)
        .where(REVIEW.c.at < day.until, REVIEW.c.id.not_in(select(HIDING.c.review_id)))
        .order_by(REVIEW.c.at, REVIEW.c.id)
    )


HIDDEN = Table(
    "remarques_masquees",
    N_("Relectures masquées"),
    N_("Qu'une relecture a été masquée, et le motif écrit. Jamais son texte."),
    (
        Column("relecture", N_("Relecture"), N_("Identifiant de la relecture masquée."), limits=KEY, source="reviewhiding.review_id"),
        Column("motif", N_("Motif"), N_("Pourquoi, tel qu'affiché à sa place."), limits=REQUIRED, source="reviewhiding.because"),
        when("reviewhiding.at", N_("Quand elle a été masquée.")),
    ),
    ("relecture",),
)


def hidden(day: Day) -> Select[Any]:
    return shown(HIDDEN, HIDING).where(HIDING.c.at < day.until).order_by(HIDING.c.at, HIDING.c.review_id)


# ── What was written elsewhere

IMPORTS = Table(
    "imports",
    N_("Référentiels importés"),
    N_("Les référentiels écrits ailleurs, à l'adresse /referentiel/imports/{slug}. Leurs droits sont ceux de leur source."),
    (
        Column("slug", N_("Identifiant"), N_("Son nom dans les adresses du site."), limits=KEY, source="importedframework.slug"),
        Column("titre", N_("Titre"), N_("Son titre."), limits=REQUIRED, source="importedframework.title"),
        Column("source", N_("Source"), N_("D'où il vient, cité."), limits=REQUIRED, source="importedframework.source"),
        Column("adresse", N_("Adresse"), N_("Où lire la source."), source="importedframework.source_address"),
        Column("date", N_("Date"), N_("Sa date, telle que la source la dit."), source="importedframework.dated", example="2019"),
        Column("format", N_("Format"), N_("Le format du fichier reçu."), limits={"enum": [word.value for word in Format]}, source="importedframework.format"),
        Column("fichier", N_("Fichier"), N_("Le nom du fichier reçu."), source="importedframework.file_name"),
        Column("indicateurs", N_("Indicateurs"), N_("Combien d'indicateurs il contient."), "integer", {"minimum": 0}, "importedframework.document", "37", _how_many),
        Column("recu", N_("Fichier reçu"), N_("SHA-256 du fichier reçu."), limits=FINGERPRINT, source="importedframework.received"),
        Column("empreinte", N_("Empreinte"), N_("SHA-256 de la forme canonique du document gardé."), limits=FINGERPRINT, source="importedframework.fingerprint"),
        Column("importe_par", N_("Importé par"), N_("Qui l'a importé, par un identifiant sans nom ; vide pour la ligne de commande."), source="importedframework.imported_by"),
        when("importedframework.imported_at", N_("Quand il a été importé."), "importe_le", N_("Importé le")),
    ),
    ("slug",),
)


def imports(day: Day) -> Select[Any]:
    return (
        shown(IMPORTS, IMPORTED, _document=IMPORTED.c.document)
        .where(IMPORTED.c.imported_at < day.until)
        .order_by(IMPORTED.c.imported_at, IMPORTED.c.slug)
    )


DATASETS = (
    Dataset(VERSIONS, versions),
    Dataset(SHEETS, None),
    Dataset(PASSAGES, None),
    Dataset(FEEDING, feeding),
    Dataset(CANDIDATES, candidates),
    Dataset(REVIEWS, reviews),
    Dataset(HIDDEN, hidden),
    Dataset(IMPORTS, imports),
)
