"""Linked data: what a program that knows nothing of us finds in it."""

import json
from typing import Any

import pytest
from rdflib import DCAT, DCTERMS, OWL, PROV, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef

from server.datafiles import drawing, linked
from server.datafiles.catalogue import EVERY
from tests.documents import Document, document, history, item
from tests.server.datafiles.test_columns import HOME, imported, nasty, old
from workshops.crosswalks import Fate

# The reader's own, about a class that it uses itself.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

FIRST, SECOND = history()
SCHEME = URIRef(f"{HOME}/referentiel/2.1.0")
FORMER = URIRef(f"{HOME}/referentiel/2.0.0")


def graph(content: Document, ending: str = ".jsonld") -> Graph:
    return Graph().parse(data=drawing.draw(ending, content, HOME), format="json-ld")


def crossing(*passage: dict[str, Any]) -> Graph:
    return graph({**SECOND, "passage": list(passage)}, "/passage.jsonld")


def concept(code: str, version: str = "2.1.0") -> URIRef:
    return URIRef(f"{HOME}/referentiel/{version}/{code}")


def french(text: str) -> Literal:
    return Literal(text, lang="fr")


# ── A version


def test_each_indicator_is_a_concept_of_its_family() -> None:
    found = graph(SECOND)
    rows = found.query("""
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?code ?label ?family WHERE {
            ?concept a skos:Concept ; skos:notation ?code ; skos:prefLabel ?label ; skos:broader/skos:prefLabel ?family .
        } ORDER BY ?code""")
    assert [tuple(map(str, row)) for row in rows] == [
        ("ACT-01", FIRST["indicateurs"][0]["fiche"]["libelle"], "Activité"),
        ("ACT-02", "+ Nombre d'agents formés", "Activité"),
        ("IMP-01", FIRST["indicateurs"][3]["fiche"]["libelle"], "Impact"),
        ("IMP-10", "Confiance des usagers", "Impact"),
        ("RES-01", "Solutions toujours utilisées", "Résultats"),
    ]
    concepts = set(found.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) == 5 + 3
    assert concepts == set(found.subjects(SKOS.inScheme, SCHEME))
    assert len(set(found.subjects(SKOS.topConceptOf, SCHEME))) == 3


def test_the_scheme_is_the_version() -> None:
    found = graph(SECOND)
    said = {
        RDF.type: SKOS.ConceptScheme,
        OWL.versionInfo: Literal("2.1.0"),
        DCTERMS.title: french(SECOND["titre"]),
        DCTERMS.issued: Literal("2027-03-01T10:00:00.000Z", datatype=XSD.dateTime),
        DCTERMS.identifier: Literal(SECOND["empreinte"]),
        DCTERMS.license: URIRef("https://spdx.org/licenses/etalab-2.0.html"),
        DCTERMS.language: URIRef(linked.FRENCH),
        DCTERMS.isVersionOf: URIRef(f"{HOME}/referentiel"),
        DCTERMS.replaces: FORMER,
    }
    assert dict(found.predicate_objects(SCHEME)) == said
    assert (FORMER, DCTERMS.replaces, None) not in graph(FIRST)


def test_a_concept_says_what_its_sheet_says() -> None:
    sheet = {
        "libelle_court": "Agents",
        "inclusions": "Les contractuels.",
        "exclusions": "Les stagiaires.",
        "indicateurs_lies": ["ACT-02", "ACT-99"],
        "equivalents": ["https://ailleurs.example/été?a=1&b=<2>"],
    }
    found = graph(document("2.1.0", [item("ACT-01", fiche=sheet), item("ACT-02")]))
    said = {
        str(link): sorted(map(str, found.objects(concept("ACT-01"), link)))
        for link in set(found.predicates(concept("ACT-01")))
    }
    complete = item("ACT-01")["fiche"]
    assert said == {
        str(RDF.type): [str(SKOS.Concept)],
        str(SKOS.notation): ["ACT-01"],
        str(SKOS.prefLabel): [complete["libelle"]],
        str(SKOS.altLabel): ["Agents"],
        str(SKOS.definition): [complete["definition"]],
        str(SKOS.scopeNote): [
            "Ce qui compte : Les contractuels.",
            "Ce qui ne compte pas : Les stagiaires.",
            f"Limites et effets pervers : {complete['limites']}",
        ],
        str(SKOS.inScheme): [str(SCHEME)],
        str(SKOS.broader): [f"{SCHEME}#activite"],
        str(SKOS.related): [str(concept("ACT-02"))],
        str(RDFS.seeAlso): ["https://ailleurs.example/%C3%A9t%C3%A9?a=1&b=%3C2%3E"],
        str(PROV.wasDerivedFrom): [f"{HOME}/ateliers/atelier00001"],
        str(DCTERMS.contributor): [f"{HOME}/laboratoires/siilab"],
    }


def test_a_deprecated_concept_names_what_replaces_it() -> None:
    found = graph(SECOND)
    assert list(found.subjects(OWL.deprecated, Literal(True))) == [concept("ACT-01")]
    assert list(found.objects(concept("ACT-01"), DCTERMS.isReplacedBy)) == [concept("ACT-02")]
    assert list(found.objects(concept("ACT-01"), SKOS.changeNote)) == [french("Réuni avec ACT-02.")]


def test_each_file_is_a_distribution_of_the_dataset() -> None:
    found = graph(SECOND)
    (dataset,) = found.subjects(RDF.type, DCAT.Dataset)
    files = {
        str(found.value(each, DCAT.downloadURL)): (
            str(found.value(each, DCAT.mediaType)).removeprefix(linked.MEDIA_TYPES),
            str(found.value(each, DCTERMS.conformsTo) or ""),
        )
        for each in found.objects(dataset, DCAT.distribution)
    }
    assert files == {
        f"{HOME}{file.path('2.1.0')}": (file.media, f"{SCHEME}{file.schema}" if file.schema else "") for file in EVERY
    }
    assert found.value(dataset, URIRef(linked.PREFIXES["dcat"] + "version")) == Literal("2.1.0")
    assert found.value(dataset, DCAT.landingPage) == SCHEME


@pytest.mark.parametrize("content", [old(), imported(), nasty()], ids=["old", "imported", "nasty"])
def test_other_documents_read_too(content: Document) -> None:
    codes = {str(code) for code in graph(content).objects(None, SKOS.notation)}
    assert codes == {each["code"] for each in content["indicateurs"]}


@pytest.mark.parametrize("ending", [".jsonld", "/passage.jsonld"])
def test_nothing_is_fetched_to_read_it(ending: str) -> None:
    context = json.loads(drawing.draw(ending, SECOND, HOME))["@context"]
    assert isinstance(context, dict)
    assert {key for key in context if key.startswith("@")} == set()


# ── The crosswalk

MATCHES = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch}


def mappings(found: Graph) -> set[tuple[str, str, str]]:
    """The mappings of a graph, in short: ("ACT-02", "narrowMatch", "ACT-01")."""
    said = [(a, link, b) for a, link, b in found if link in MATCHES]
    assert all(str(a).startswith(str(SCHEME)) and str(b).startswith(str(FORMER)) for a, _, b in said)
    return {tuple(str(each).rpartition("#")[2].rpartition("/")[2] for each in one) for one in said}  # type: ignore[misc]


def test_concepts_are_mapped_to_those_of_the_version_before() -> None:
    found = graph(SECOND, "/passage.jsonld")
    assert mappings(found) == {
        ("ACT-02", "narrowMatch", "ACT-01"),
        ("ACT-02", "narrowMatch", "ACT-02"),
        ("RES-01", "closeMatch", "RES-01"),
        ("IMP-01", "exactMatch", "IMP-01"),
    }
    assert set(found.subject_objects(SKOS.changeNote)) == {
        (concept("IMP-10"), french("Nouveau dans la version 2.1.0."))
    }
    assert {str(code) for code in found.objects(concept("ACT-01", "2.0.0"), SKOS.notation)} == {"ACT-01"}


@pytest.mark.parametrize(
    ("fate", "sources", "targets", "expected"),
    [
        # The new one counts less: what it was is broader.
        (Fate.NARROWER, ["ACT-01"], ["ACT-01"], {("ACT-01", "broadMatch", "ACT-01")}),
        # The new one counts more: what it was is narrower.
        (Fate.BROADER, ["ACT-01"], ["ACT-01"], {("ACT-01", "narrowMatch", "ACT-01")}),
        # Each part is narrower than the whole it comes from.
        (
            Fate.SPLIT,
            ["ACT-01"],
            ["ACT-02", "ACT-03"],
            {("ACT-02", "broadMatch", "ACT-01"), ("ACT-03", "broadMatch", "ACT-01")},
        ),
        # The whole is broader than each part that was merged into it.
        (
            Fate.MERGED,
            ["ACT-01", "ACT-02"],
            ["ACT-03"],
            {("ACT-03", "narrowMatch", "ACT-01"), ("ACT-03", "narrowMatch", "ACT-02")},
        ),
        (Fate.SAME, ["ACT-01"], ["ACT-01"], {("ACT-01", "exactMatch", "ACT-01")}),
        (Fate.REWORDED, ["ACT-01"], ["ACT-01"], {("ACT-01", "closeMatch", "ACT-01")}),
        (Fate.NEW, [], ["ACT-01"], set()),
        (Fate.REMOVED, ["ACT-01"], [], set()),
    ],
)
def test_each_fate_has_its_mapping(
    fate: Fate, sources: list[str], targets: list[str], expected: set[tuple[str, str, str]]
) -> None:
    assert mappings(crossing({"sort": fate.value, "de": sources, "vers": targets})) == expected


def test_what_is_gone_has_a_note_where_it_was() -> None:
    found = crossing({"sort": "retire", "de": ["ACT-01"], "vers": []})
    assert set(found.subject_objects(SKOS.changeNote)) == {
        (concept("ACT-01", "2.0.0"), french("Retiré dans la version 2.1.0."))
    }


def test_every_fate_is_tried_and_said() -> None:
    assert set(linked.MATCHES) | set(linked.NOTES) == set(Fate)


def test_what_nobody_said_yet_is_no_mapping() -> None:
    assert mappings(crossing({"sort": None, "de": ["ACT-01"], "vers": ["ACT-01"]})) == set()
    assert mappings(graph(FIRST, "/passage.jsonld")) == set()
