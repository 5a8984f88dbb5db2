"""Linked data: a version as SKOS concepts and a DCAT dataset, in JSON-LD that needs nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from server.datafiles.catalogue import EVERY
from server.datafiles.table_schema import PUBLISHER
from server.i18n import gettext as _
from workshops import licence, sheet
from workshops.crosswalks import Fate
from workshops.items import is_deprecated
from workshops.vocabulary import Family
from workshops.words import N_

Content = Mapping[str, Any]
Node = dict[str, Any]

FRENCH = "http://publications.europa.eu/resource/authority/language/FRA"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
SAFE = ":/?#[]@!$&'()*+,;=%~"  # in an address, what is not a letter and stays as it is
SCOPE = ("inclusions", "exclusions", "limites")

PREFIXES = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
IN_FRENCH = (
    "skos:prefLabel",
    "skos:altLabel",
    "skos:definition",
    "skos:scopeNote",
    "skos:changeNote",
    "dct:title",
    "dct:description",
    "dcat:keyword",
)
LINKS = (
    "skos:inScheme",
    "skos:topConceptOf",
    "skos:broader",
    "skos:related",
    "skos:exactMatch",
    "skos:closeMatch",
    "skos:broadMatch",
    "skos:narrowMatch",
    "rdfs:seeAlso",
    "prov:wasDerivedFrom",
    "dct:contributor",
    "dct:isVersionOf",
    "dct:replaces",
    "dct:isReplacedBy",
    "dct:license",
    "dct:language",
    "dct:conformsTo",
    "dcat:landingPage",
    "dcat:accessURL",
    "dcat:downloadURL",
    "dcat:mediaType",
)
CONTEXT = {
    **PREFIXES,
    **{term: {"@id": term, "@language": "fr"} for term in IN_FRENCH},
    **{term: {"@id": term, "@type": "@id"} for term in LINKS},
    "dct:issued": {"@id": "dct:issued", "@type": "xsd:dateTime"},
}


def scheme_at(home: str, version: str) -> str:
    """The address that names a version."""
    return f"{home}/referentiel/{version}"


def concept_at(home: str, version: str, code: str) -> str:
    """The address that names an indicator as a version has it."""
    return f"{home}/referentiel/{version}/{code}"


# ── A version


def version(content: Content, home: str) -> Node:
    """The concepts of a version, their scheme, and the dataset of its files."""
    graph = [_scheme(content, home), *_families(content, home)]
    graph += [_concept(content, item, home) for item in content["indicateurs"]]
    return {"@context": CONTEXT, "@graph": [*graph, _dataset(content, home)]}


def _said(**told: Any) -> Node:
    """A node without what nobody said. `skos__notation` is written `skos:notation`, `id` and `type` with an @."""
    names = {"id": "@id", "type": "@type"}
    return {names.get(key, key.replace("__", ":")): value for key, value in told.items() if value not in (None, "", [])}


def _scheme(content: Content, home: str) -> Node:
    previous = content.get("precedente")
    return _said(
        id=scheme_at(home, content["version"]),
        type="skos:ConceptScheme",
        dct__title=content["titre"],
        dct__description=content.get("note"),
        dct__issued=content["publie_le"],
        dct__identifier=content["empreinte"],
        dct__license=licence.ADDRESS,
        dct__language=FRENCH,
        dct__isVersionOf=f"{home}/referentiel",
        dct__replaces=scheme_at(home, previous["version"]) if previous else None,
        owl__versionInfo=content["version"],
    )


def _families(content: Content, home: str) -> Iterator[Node]:
    scheme = scheme_at(home, content["version"])
    for family in Family:
        yield _said(
            id=_family_at(content, family.value, home),
            type="skos:Concept",
            skos__prefLabel=_(family.label),
            skos__inScheme=scheme,
            skos__topConceptOf=scheme,
        )


def _family_at(content: Content, family: str, home: str) -> str:
    return f"{scheme_at(home, content['version'])}#{family}"


def _concept(content: Content, item: Content, home: str) -> Node:
    number, said = content["version"], item["fiche"]
    deprecation, workshop = item.get("depreciation") or {}, item.get("decision", {}).get("atelier")
    return _said(
        id=concept_at(home, number, item["code"]),
        type="skos:Concept",
        skos__notation=item["code"],
        skos__prefLabel=said["libelle"],
        skos__altLabel=said.get("libelle_court"),
        skos__definition=said["definition"],
        skos__scopeNote=[f"{_(sheet.BY_NAME[name].label)} : {said[name]}" for name in SCOPE if said.get(name)],
        skos__inScheme=scheme_at(home, number),
        skos__broader=_family_at(content, said["famille"], home),
        skos__related=_also_here(content, said.get("indicateurs_lies"), home),
        rdfs__seeAlso=[quote(address, safe=SAFE) for address in said.get("equivalents", [])],
        prov__wasDerivedFrom=f"{home}/ateliers/{workshop}" if workshop else None,
        dct__contributor=[f"{home}/laboratoires/{slug}" for slug in item.get("coauteurs") or []],
        owl__deprecated=is_deprecated(item) or None,
        skos__changeNote=deprecation.get("motif"),
        dct__isReplacedBy=_also_here(content, deprecation.get("remplace_par"), home),
    )


def _also_here(content: Content, codes: list[str] | None, home: str) -> list[str]:
    """The addresses of these indicators, of those that this version has."""
    known = {item["code"] for item in content["indicateurs"]}
    return [concept_at(home, content["version"], code) for code in codes or [] if code in known]


def _dataset(content: Content, home: str) -> Node:
    scheme, number = scheme_at(home, content["version"]), content["version"]
    files = [
        _said(
            id=f"{home}{file.path(number)}#distribution",
            type="dcat:Distribution",
            dct__title=_(file.title),
            dcat__accessURL=scheme,
            dcat__downloadURL=home + file.path(number),
            dcat__mediaType=MEDIA_TYPES + file.media,
            dct__conformsTo=f"{scheme}{file.schema}" if file.schema else None,
            dct__license=licence.ADDRESS,
        )
        for file in EVERY
    ]
    return _said(
        id=f"{scheme}#fichiers",
        type="dcat:Dataset",
        dct__title=f"{content['titre']}, version {number}",
        dct__description=_(N_("Les indicateurs publiés, leurs définitions et ce qui a été décidé de chacun.")),
        dct__issued=content["publie_le"],
        dct__publisher={"@type": "foaf:Organization", "foaf:name": PUBLISHER},
        dct__license=licence.ADDRESS,
        dct__language=FRENCH,
        dct__isVersionOf=f"{home}/referentiel",
        dcat__version=number,
        dcat__landingPage=scheme,
        dcat__keyword=[_(N_("innovation publique")), _(N_("évaluation")), _(N_("indicateurs"))],
        dcat__distribution=files,
    )


# ── What became of the version before

# From the indicator of this version to the one of the version before. SKOS reads "A broadMatch B" as "B is broader
# than A". An indicator that counts less than before has a broader match in the former version, and so has each part of
# one that was split; one that counts more has a narrower one, and so has what others were merged into.
MATCHES = {
    Fate.SAME: "skos:exactMatch",
    Fate.REWORDED: "skos:closeMatch",
    Fate.NARROWER: "skos:broadMatch",
    Fate.BROADER: "skos:narrowMatch",
    Fate.SPLIT: "skos:broadMatch",
    Fate.MERGED: "skos:narrowMatch",
}
# What is new has no match, nor what is gone: a note says so.
NOTES = {
    Fate.NEW: N_("Nouveau dans la version {version}."),
    Fate.REMOVED: N_("Retiré dans la version {version}."),
}


def passage(content: Content, home: str) -> Node:
    """The mappings between the concepts of a version and those of the version before."""
    number = content["version"]
    former = (content.get("precedente") or {}).get("version")
    nodes: dict[str, Node] = {}

    def node(version: str, code: str) -> Node:
        id = concept_at(home, version, code)
        named = {"@id": id, "@type": "skos:Concept", "skos:notation": code, "skos:inScheme": scheme_at(home, version)}
        return nodes.setdefault(id, named)

    for line in content.get("passage") or []:
        sources = [node(former, code) for code in line["de"] if former]
        targets = [node(number, code) for code in line["vers"]]
        # None: a person has still to say it, which only happens before a version is published.
        fate = Fate(line["sort"]) if line["sort"] else None
        if fate in NOTES:
            for each in sources or targets:
                each["skos:changeNote"] = _(NOTES[fate]).format(version=number)
        elif fate:
            for each in targets:
                each.setdefault(MATCHES[fate], []).extend(source["@id"] for source in sources)
    return {"@context": CONTEXT, "@graph": list(nodes.values())}
