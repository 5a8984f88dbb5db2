"""The catalogue: every dataset, in the order of the page."""

from collections.abc import Mapping

from server.datasets import of_decisions, of_indicators, of_workshops
from server.datasets.declared import Dataset
from server.datasets.of_decisions import VERSIONS

DATASETS: tuple[Dataset, ...] = (
    Dataset(VERSIONS, of_decisions.versions),
    *of_workshops.DATASETS,
    *of_indicators.DATASETS,
    *of_decisions.DATASETS,
)
BY_NAME: Mapping[str, Dataset] = {dataset.name: dataset for dataset in DATASETS}

# Changes when a column does: the schemas say it.
VERSION = "1.0.0"
CREATED, MODIFIED = "2026-11-26", "2026-11-26"


def sources() -> set[str]:
    """Every column of the database that some dataset publishes."""
    return {column.source for dataset in DATASETS for column in dataset.table.columns if column.source}
