"""The catalogue: every dataset, by subject, in the order of the page."""

from collections.abc import Mapping

from server.datasets import of_decisions, of_indicators, of_surveys, of_testimonials, of_versions, of_workshops
from server.datasets.declared import Dataset
from workshops.words import N_

SUBJECTS: Mapping[str, tuple[Dataset, ...]] = {
    N_("Versions, remarques et annuaire"): (*of_versions.DATASETS, of_workshops.DIRECTORY),
    N_("Ateliers et registres"): of_workshops.DATASETS,
    N_("Indicateurs, textes et avis"): of_indicators.DATASETS,
    N_("Amendements, objections et votes"): of_decisions.DATASETS,
    N_("Témoignages"): of_testimonials.DATASETS,
    N_("Enquêtes"): of_surveys.DATASETS,
}
DATASETS = tuple(dataset for datasets in SUBJECTS.values() for dataset in datasets)
BY_NAME: Mapping[str, Dataset] = {dataset.name: dataset for dataset in DATASETS}

# The schemas say it: it changes when a column does.
VERSION = "1.1.0"
CREATED, MODIFIED = "2026-11-26", "2026-11-26"


def sources() -> set[str]:
    """Every column of the database that some dataset publishes."""
    return {column.source for dataset in DATASETS for column in dataset.table.columns if column.source}
