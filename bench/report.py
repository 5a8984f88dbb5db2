"""The report: each figure beside its target, on the terminal, as JSON, and in the public page."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.stand import Figures

CROWDED = 0.8  # share of a core above which a client process may have been the bottleneck
SKELETON = """\
# Ce que le site supporte

Ces chiffres sont mesurés sur l'application entière, par des personnes simulées qui entrent par le code, votent par les
formulaires et regardent par la WebSocket ; chacun est la médiane des passages. Ce qui dépend de la machine est donné
aussi comme un rapport à une référence mesurée dans le même passage. [bench/README.md](../bench/README.md) dit comment.
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str
    label: str
    unit: str = ""
    places: int = 0
    most: float | None = None
    least: float | None = None
    when: str | None = None  # the target is only that of this kind of database

    def met(self, value: float) -> bool | None:
        if self.most is None and self.least is None:
            return None
        # A figure that is not a number meets nothing: every comparison with it is false.
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    @property
    def target(self) -> str:
        bound, sign = (self.most, "≤") if self.most is not None else (self.least, "≥")
        return "" if bound is None else f"{sign} {self._written(bound)}"

    def shown(self, value: float) -> str:
        return self._written(value)

    def _written(self, value: float) -> str:
        number = f"{value:,.{self.places}f}".replace(",", "\u202f").replace(".", ",")
        return f"{number} {self.unit}".strip()


def rows(figures: Figures, tick_ms: int) -> list[Row]:
    """The lines of the table for what was measured, in the order people read."""
    seen = 2 * tick_ms + 50
    sizes = sorted(int(found[1]) for key in figures if (found := re.fullmatch(r"burst_(\d+)_cpu_s", key)))
    lines = []
    crowd = spelt(int(figures.get("storm_people", 0)))
    for n in sizes:
        many = spelt(n)
        lines += [
            Row(f"burst_{n}_visible_p95_ms", f"{many} personnes votent en 10 s : du clic à tous les écrans, p95", "ms",
                most=seen),
            Row(f"burst_{n}_ack_p95_ms", f"{many} personnes : du clic à la réponse, p95", "ms"),
            Row(f"burst_{n}_cpu_s", f"{many} personnes : processeur du serveur", "s", 2),
            Row(f"burst_{n}_core", f"{many} personnes : part d'un cœur", "", 2, most=0.5 if n == 1000 else None),
            Row(f"burst_{n}_growth", f"{many} personnes : coût quand la salle double", "×", 2, most=2.3),
            Row(f"burst_{n}_missing", f"{many} personnes : votes jamais vus sur un écran", most=0),
        ]  # fmt: skip
    lines += [
        Row("frame_ratio", "Trame livrée : processeur, rapporté à `websockets` seul", "×", 2, most=1.25),
        Row("frame_hub_us", "Trame livrée : processeur de l'application", "µs", 1),
        Row("frame_reference_us", "Trame livrée : processeur de `websockets` seul", "µs", 1),
        Row("frame_bytes", "Taille de la trame livrée", "octets"),
        Row("memory_seat_kib", "Mémoire d'une place qui écoute", "Kio", 1, most=60),
        Row("ack_p95_ms", "100 votes par seconde : du clic à la réponse, p95", "ms", 1, most=30),
        Row("ack_max_ms", "100 votes par seconde : la plus longue réponse", "ms", 1),
        Row("sustained_votes_s", "Votes par seconde dans un atelier, un processus", "", least=600),
        Row("two_visible_p95_ms", "Deux processus : voté sur l'un, vu sur tous les écrans de l'autre, p95", "ms",
            most=seen),
        Row("two_missing", "Deux processus : votes jamais vus sur un écran", most=0),
        Row("shelf_200", "Page d'une version : rapportée à une réponse nue de Starlette", "", 2, least=0.7),
        Row("shelf_304", "Page d'une version inchangée (304) : rapportée à la même", "", 2, least=0.7),
        Row("shelf_200_cpu", "Page d'une version : la même, à temps de processeur égal", "", 2),
        Row("shelf_304_cpu", "Page d'une version inchangée : la même, à temps de processeur égal", "", 2),
        Row("room_renders_s", "Salle de 60 indicateurs, 200 avis, 80 votants : pages par seconde", "", least=100),
        Row("room_p95_ms", "La même salle : une page, p95", "ms"),
        Row("room_queries", "La même salle : requêtes pour une page", most=figures.get("room_queries_small")),
        Row("storm_p95_s", f"{crowd} personnes arrivent en 30 s : une arrivée entière, p95", "s", 2),
        Row("storm_max_s", f"{crowd} arrivées : la plus longue", "s", 2, most=2.0),
        Row("storm_5xx", f"{crowd} arrivées : réponses en erreur (5xx)", most=0),
        Row("storm_errors", f"{crowd} arrivées : personnes restées dehors", most=0),
        Row("storm_lost_seats", f"{crowd} arrivées : places fermées pendant l'arrivée", most=0),
    ]  # fmt: skip
    return [line for line in lines if line.key in figures]


def spelt(number: int) -> str:
    """A number as it is written in French."""
    return f"{number:,}".replace(",", "\u202f")


def medians(runs: Sequence[Figures]) -> Figures:
    """The median of each figure over the runs that have it."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return {key: median(run[key] for run in runs if key in run) for key in keys}


def table(figures: Figures, tick_ms: int) -> list[tuple[str, str, str, str]]:
    """Measure, figure, target, met or not."""
    words = {True: "atteint", False: "manqué", None: ""}
    return [
        (row.label, row.shown(figures[row.key]), row.target, words[row.met(figures[row.key])])
        for row in rows(figures, tick_ms)
    ]


def crowded(figures: Figures) -> list[str]:
    """The measures in which a client process was too busy to be trusted."""
    return [
        f"{key.removesuffix('_client_share')} : un processus client a occupé {value:.0%} d'un cœur"
        for key, value in figures.items()
        if key.endswith("client_share") and value > CROWDED
    ]


def printed(figures: Figures, tick_ms: int) -> str:
    """The table for a terminal."""
    lines = [("Mesure", "Chiffre", "Cible", ""), *table(figures, tick_ms)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    written = ["  ".join(_aligned(line, widths)).rstrip() for line in lines]
    shares = [value for key, value in figures.items() if key.endswith("client_share")]
    if shares:
        written += ["", f"Client le plus occupé : {max(shares):.0%} d'un cœur pendant une seconde."]
    return "\n".join([*written, *crowded(figures)])


def _aligned(line: tuple[str, ...], widths: list[int]) -> list[str]:
    label, figure, target, met = line
    return [label.ljust(widths[0]), figure.rjust(widths[1]), target.rjust(widths[2]), met]


def write_json(file: Path, document: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def write_page(page: Path, name: str, figures: Figures, tick_ms: int, machine: dict[str, Any], how: str) -> None:
    """Put the table of one database in the public page, in place of the former one."""
    text = page.read_text() if page.exists() else SKELETON
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = "\n".join([begin, *_section(name, figures, tick_ms, machine, how), end])
    if begin in text:
        before, _, rest = text.partition(begin)
        text = before + section + rest.partition(end)[2]
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    page.write_text(text)


TITLES: Callable[[str], str] = {"sqlite": "Sur SQLite", "postgresql": "Sur PostgreSQL"}.__getitem__


def _section(name: str, figures: Figures, tick_ms: int, machine: dict[str, Any], how: str) -> list[str]:
    shares = [value for key, value in figures.items() if key.endswith("client_share")]
    return [
        f"## {TITLES(name)}",
        "",
        "| Mesure | Chiffre | Cible | |",
        "|---|---:|---:|---|",
        *("| " + " | ".join(line) + " |" for line in table(figures, tick_ms)),
        "",
        f"Machine : {machine['processeur']}, {machine['coeurs']} cœurs, {machine['memoire_gio']:.0f} Gio, disque "
        f"{machine['disque']}, {machine['systeme']}, Python {machine['python']}, uvloop {machine['uvloop']} ; serveur, "
        f"base et clients sur la même. Charge au début : {machine['charge_au_debut']:.2f}.",
        f"Client le plus occupé : {max(shares, default=0):.0%} d'un cœur pendant une seconde.",
        f"Pas du direct : {tick_ms} ms. Commande : `{how}`.",
    ]
