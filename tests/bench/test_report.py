"""Report: a figure is beside its target, and the public page holds the last table of each database."""

import math
from pathlib import Path
from typing import Any

from bench import report
from bench.stand import percentile

MACHINE: dict[str, Any] = {
    "processeur": "Processeur", "coeurs": 2, "memoire_gio": 8.0, "disque": "ext4", "systeme": "Linux 6",
    "python": "3.11.7", "uvloop": "0.23.0", "charge_au_debut": 0.25,
}  # fmt: skip


def test_each_figure_is_judged_by_its_own_target() -> None:
    figures = {
        "burst_1000_visible_p95_ms": 251.0, "burst_1000_cpu_s": 4.0, "burst_1000_core": 0.5,
        "burst_2000_cpu_s": 8.0, "burst_2000_core": 0.9, "sustained_votes_s": 1234.0, "frame_ratio": math.nan, "storm_people": 60.0, "storm_5xx": 1.0, "storm_errors": 0.0,
    }  # fmt: skip
    assert report.table(figures, tick_ms=100) == [
        ("1\u202f000 personnes votent en 10 s : du clic à tous les écrans, p95", "251 ms", "≤ 250 ms", "manqué"),
        ("1\u202f000 personnes : processeur du serveur", "4,00 s", "", ""),
        ("1\u202f000 personnes : part d'un cœur", "0,50", "≤ 0,50", "atteint"),
        ("2\u202f000 personnes : processeur du serveur", "8,00 s", "", ""),
        ("2\u202f000 personnes : part d'un cœur", "0,90", "", ""),
        ("Trame livrée : processeur, rapporté à `websockets` seul", "nan ×", "≤ 1,25 ×", "manqué"),
        ("Votes par seconde dans un atelier, un processus", "1\u202f234", "≥ 600", "atteint"),
        ("60 arrivées : réponses en erreur (5xx)", "1", "≤ 0", "manqué"),
        ("60 arrivées : personnes restées dehors", "0", "≤ 0", "atteint"),
    ]


def test_a_run_is_the_median_of_those_that_have_the_figure() -> None:
    assert report.medians([{"a": 3.0, "b": 1.0}, {"a": 1.0}, {"a": 2.0, "b": 2.0}]) == {"a": 2.0, "b": 1.5}
    assert percentile([float(n) for n in range(1, 101)]) == 95.0
    assert percentile([7.0]) == 7.0
    assert math.isnan(percentile([]))


def test_a_client_that_was_too_busy_is_named() -> None:
    assert report.crowded({"storm_client_share": 0.93, "ack_client_share": 0.4}) == [
        "storm : un processus client a occupé 93% d'un cœur"
    ]


def test_the_page_keeps_one_table_for_each_database(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    for name, votes in (("sqlite", 700.0), ("postgresql", 800.0), ("sqlite", 900.0)):
        report.write_page(page, name, {"sustained_votes_s": votes}, 100, MACHINE, "make bench")
    text = page.read_text()
    assert text.startswith("# Ce que le site supporte\n")
    assert [line for line in text.splitlines() if line.startswith("| Votes")] == [
        "| Votes par seconde dans un atelier, un processus | 900 | ≥ 600 | atteint |",
        "| Votes par seconde dans un atelier, un processus | 800 | ≥ 600 | atteint |",
    ]
