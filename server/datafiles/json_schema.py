"""JSON Schema: what the document of a version may be, derived from the declaration of the sheet and its vocabulary.

Keys may be added to a document, so it may have more of them; a sheet has its declared fields only. What documents
gained over time is not required of the older ones.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from server.datafiles.columns import CODE, VERSION
from server.i18n import gettext as _
from workshops.consensus import NAMES, Outcome
from workshops.crosswalks import Fate
from workshops.documents import LEVELS
from workshops.items import DEPRECATED, IN_FORCE
from workshops.sheet import FIELDS, Field, Need
from workshops.words import N_, Word

Content = Mapping[str, Any]
Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FINGERPRINT = "^sha256:[0-9a-f]{64}$"
HOURS = 999_999.99  # the most that a form takes

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
# A format is only a word to most programs: the pattern is what refuses.
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
}
CODES: Schema = {"type": "array", "items": {"$ref": "#/$defs/code"}}


def schema(content: Content, home: str) -> Schema:
    """The schema of a version's document, at its own address."""
    return {
        "$schema": DIALECT,
        "$id": f"{home}/referentiel/{content['version']}.schema.json",
        "title": _(N_("Version du référentiel d'évaluation des laboratoires d'innovation publique")),
        "description": _(
            N_(
                "Le document publié. Son empreinte est le SHA-256 de sa forme canonique (RFC 8785), "
                "sans les clés empreinte et signature."
            )
        ),
        **_object(DOCUMENT, "titre", "version", "publie_le", "licence", "precedente", "indicateurs", "empreinte"),
        "$defs": {name: definition() for name, definition in DEFINITIONS.items()},
    }


# ── How it is written


def _said(title: str, schema: Schema) -> Schema:
    return {"title": _(title), **schema}


def _object(properties: Mapping[str, tuple[str, Schema]], *required: str) -> Schema:
    """An object of these titled properties, which may have others."""
    said = {name: _said(title, schema) for name, (title, schema) in properties.items()}
    return {"type": "object", "properties": said, "required": list(required)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _one_of(words: Iterable[Word]) -> Schema:
    """One of these words, each with what a person reads."""
    return {"oneOf": [{"const": word.value, "title": _(word.label)} for word in words]}


# ── The sheet


def _sheet() -> Schema:
    return {
        "title": _(N_("Fiche indicateur")),
        "type": "object",
        "properties": {field.name: _field(field) for field in FIELDS},
        "required": [field.name for field in FIELDS if field.need is Need.DRAFT],
        "additionalProperties": False,
    }


def _field(field: Field) -> Schema:
    return {"title": _(field.label), "description": _(field.help), **_values(field)}


def _values(field: Field) -> Schema:
    """What a field holds: never nothing, since an empty field is left out."""
    if field.kind == "number":
        return {"type": "number", "minimum": 0, "maximum": HOURS}
    text = {"type": "string", "minLength": 1, "maxLength": field.longest}
    if field.pattern:
        text["pattern"] = f"^({field.pattern})$"
    item = {"type": "string", **_one_of(field.words)} if field.words else text
    if field.is_list:
        return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}
    return {**item, "contentMediaType": "text/markdown"} if field.kind == "markdown" else item


# ── The rest of the document


def _item() -> Schema:
    return _object(
        {
            "code": (N_("Code"), _ref("code")),
            "statut": (N_("Statut"), {"enum": [IN_FORCE, DEPRECATED]}),
            "fiche": (N_("Fiche"), _ref("fiche")),
            "origine": (N_("Origine"), TEXT),
            "provient_de": (N_("Provient de"), _list(TEXT)),
            "coauteurs": (N_("Laboratoires coauteurs"), _list(TEXT)),
            "decision": (N_("Décision"), _ref("decision")),
            "reserves": (N_("Réserves qui tiennent encore"), _list(_ref("reserve"))),
            "reponse": (N_("Réponse aux réserves"), TEXT),
            "provenance": (
                N_("Provenance de chaque champ"),
                {"type": "object", "additionalProperties": {"type": "object"}},
            ),
            "depreciation": (N_("Dépréciation"), _or_null(_ref("depreciation"))),
            "correction": (N_("Correction"), _or_null(_ref("correction"))),
            "temoignages": (N_("Témoignages cités"), _list(_ref("temoignage"))),
        },
        "code",
        "fiche",
    )


def _decision() -> Schema:
    method: Schema = {"type": "object", "properties": {"methode": {"enum": list(NAMES)}}, "required": ["methode"]}
    exception = _object({"retenu": (N_("Retenu"), {"type": "boolean"}), "motif": (N_("Motif"), TEXT)}, "motif")
    return _object(
        {
            "regle": (N_("Règle annoncée"), method),
            "resultat": (N_("Résultat"), _one_of(Outcome)),
            "votes": (N_("Votes"), _ref("votes")),
            "motif": (N_("Motif"), TEXT),
            "redaction": (N_("Numéro de la rédaction"), {"type": "integer", "minimum": 1}),
            "atelier": (N_("Atelier"), TEXT),
            "exception": (N_("Exception"), exception),
        },
        "regle",
        "resultat",
        "votes",
    )


def _votes() -> Schema:
    return _object(
        {
            "texte_actuel": (N_("Sur le texte retenu"), {"type": "object", "additionalProperties": NUMBER}),
            "texte_anterieur": (N_("Sur un texte antérieur"), NUMBER),
        },
        "texte_actuel",
        "texte_anterieur",
    )


def _reserve() -> Schema:
    return _object(
        {
            "genre": (N_("Genre"), {"enum": ["vote", "objection"]}),
            "bulletin": (N_("Bulletin"), TEXT),
            "labo": (N_("Laboratoire"), _or_null(TEXT)),
            "texte": (N_("Texte"), TEXT),
            "reponse": (N_("Réponse"), TEXT),
        },
        "texte",
    )


def _deprecation() -> Schema:
    return _object(
        {
            "depuis": (N_("Depuis la version"), _ref("version")),
            "motif": (N_("Motif"), TEXT),
            "remplace_par": (N_("Remplacé par"), CODES),
            "atelier": (N_("Atelier"), _or_null(TEXT)),
        },
        "depuis",
        "remplace_par",
    )


def _correction() -> Schema:
    return _object({"motif": (N_("Motif"), TEXT), "champs": (N_("Champs corrigés"), _list(TEXT))}, "motif", "champs")


def _evidence() -> Schema:
    """An identifier and no word: who gave a testimonial may withdraw it, and a version never changes."""
    said = _object({"id": (N_("Identifiant"), {"type": "string", "minLength": 1})}, "id")
    return {**said, "additionalProperties": False}


def _workshop() -> Schema:
    return _object(
        {
            "id": (N_("Identifiant"), TEXT),
            "titre": (N_("Titre"), TEXT),
            "date": (N_("Date"), {"type": "string", "format": "date"}),
            "geste": (N_("Dernier geste de son registre"), NUMBER),
            "registre": (N_("Empreinte de son registre"), TEXT),
            "regle": (N_("Règle annoncée"), _or_null({"type": "object"})),
            "tour": (N_("Tour de vote"), NUMBER),
        },
        "id",
        "titre",
        "date",
    )


def _passage() -> Schema:
    fate = _one_of(Fate)
    return _object(
        {"sort": (N_("Sort"), _or_null(fate)), "de": (N_("De"), CODES), "vers": (N_("Vers"), CODES)},
        "sort",
        "de",
        "vers",
    )


def _level() -> Schema:
    one: Schema = {"enum": list(LEVELS.values())}
    return _object(
        {"calcule": (N_("Calculé"), one), "retenu": (N_("Retenu"), one), "motif": (N_("Motif"), TEXT)},
        "calcule",
        "retenu",
    )


def _review() -> Schema:
    return _object(
        {
            "du": (N_("Ouverte le"), TEXT),
            "au": (N_("Close le"), TEXT),
            "remarques": (N_("Nombre de remarques"), NUMBER),
            "candidates": (N_("Versions candidates"), _list(_ref("lien"))),
        },
        "du",
        "au",
    )


DEFINITIONS = {
    "version": lambda: {"type": "string", "pattern": f"^{VERSION}$"},
    "code": lambda: {"type": "string", "pattern": f"^{CODE}$"},
    "lien": lambda: _object(
        {
            "version": (N_("Version"), _ref("version")),
            "empreinte": (N_("Empreinte"), {"type": "string", "pattern": FINGERPRINT}),
        },
        "version",
        "empreinte",
    ),
    "fiche": _sheet,
    "indicateur": _item,
    "decision": _decision,
    "votes": _votes,
    "reserve": _reserve,
    "depreciation": _deprecation,
    "correction": _correction,
    "temoignage": _evidence,
    "atelier": _workshop,
    "passage": _passage,
    "niveau": _level,
    "relecture": _review,
}

DOCUMENT: Mapping[str, tuple[str, Schema]] = {
    "titre": (N_("Titre"), TEXT),
    "version": (N_("Version"), _ref("version")),
    "publie_le": (N_("Publiée le"), MOMENT),
    "note": (N_("Note de version"), TEXT),
    "licence": (N_("Licence"), TEXT),
    "precedente": (N_("Version précédente"), _or_null(_ref("lien"))),
    "chaine": (N_("Versions antérieures, de la plus ancienne à la dernière"), _list(_ref("lien"))),
    "niveau": (N_("Niveau du changement"), _or_null(_ref("niveau"))),
    "prepare_par": (N_("Préparée par"), _or_null(TEXT)),
    "confirme_par": (N_("Confirmée par"), _or_null(TEXT)),
    "relecture": (N_("Relecture publique"), _or_null(_ref("relecture"))),
    "ateliers": (N_("Ateliers"), _list(_ref("atelier"))),
    "atelier": (N_("Dernier atelier"), _or_null(_ref("atelier"))),
    "indicateurs": (N_("Indicateurs"), {**_list(_ref("indicateur")), "minItems": 1}),
    "ecartes": (N_("Écartés"), _list({"type": "object", "required": ["code", "libelle"]})),
    "hors_table": (N_("Sortis de la table avant la fin"), _list({"type": "object", "required": ["code", "libelle"]})),
    "passage": (N_("Passage depuis la version précédente"), _list(_ref("passage"))),
    "arguments": (N_("Pourquoi un texte réécrit garde son sens"), {"type": "object"}),
    "sceaux": (N_("Sceau de chaque partie"), {"type": "object", "additionalProperties": {"pattern": "^[0-9a-f]{64}$"}}),
    "empreinte": (N_("Empreinte"), {"type": "string", "pattern": FINGERPRINT}),
    "signature": (N_("Signature"), TEXT),
}
