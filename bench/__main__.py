"""`python -m bench`: measure the application on this machine, compare with the targets, write it down."""

import argparse
import math
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import databases, frames, machine, pages, report, votes
from bench.crew import Crew
from bench.databases import AnyDatabase
from bench.stand import Figures, Stand
from server.settings import ROOT

RESULTS = ROOT / "bench" / "results"
MEASURES: dict[str, Callable[[Stand], Figures]] = {
    "salves": votes.bursts,
    "trames": frames.cost,
    "memoire": frames.memory,
    "reponses": votes.acknowledgements,
    "debit": votes.sustained,
    "deux": votes.two_processes,
    "version": pages.shelf,
    "salle": pages.room,
    "arrivees": pages.storm,
}


def arguments(given: Sequence[str]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--database", nargs="+", default=["sqlite"], metavar="BASE",
                       help="sqlite, postgresql (un serveur provisoire) ou l'adresse d'un PostgreSQL")  # fmt: skip
    asked.add_argument("--only", nargs="+", choices=list(MEASURES), metavar="MESURE", help=", ".join(MEASURES))
    asked.add_argument("--runs", type=int, default=3, metavar="N", help="passages ; le tableau donne les médianes")
    asked.add_argument("--quick", action="store_true", help="en petit, pour voir que le banc marche")
    asked.add_argument("--clients", type=int, default=2, metavar="N", help="processus clients")
    asked.add_argument("--tick", type=int, default=100, metavar="MS", help="TICK_MS du serveur")
    asked.add_argument("--write", type=Path, metavar="FICHIER", help="y mettre le tableau, comme docs/performance.md")
    return asked.parse_args(given)


def main(given: Sequence[str]) -> int:
    """0 when every measure was taken, whether or not its target is met; 1 otherwise."""
    wanted = arguments(given)
    machine.open_files()
    how = f'make bench ARGS="{shlex.join(given)}"' if given else "make bench"
    return max(_on(name, wanted, how) for name in wanted.database)


def _on(name: str, wanted: argparse.Namespace, how: str) -> int:
    """Every run on one database, then its table."""
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as place:
        folder = Path(place)
        described = machine.described(folder)
        database = databases.chosen(name, folder)
        runs: list[Figures] = []
        failed: list[str] = []
        try:
            for number in range(1 if wanted.quick else wanted.runs):
                runs.append(_run(database, folder, number, wanted, failed))
        finally:
            database.close()
    figures = report.medians(runs)
    document = {
        "le": datetime.now(UTC).isoformat(timespec="seconds"),
        "base": database.name,
        "commande": how,
        "machine": described,
        "tick_ms": wanted.tick,
        "medianes": figures,
        "passages": runs,
        "echecs": failed,
    }
    file = RESULTS / f"{database.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    report.write_json(file, _finite(document))
    if wanted.quick:
        print("\n--quick : en petit et en 4 s, pour voir que le banc marche ; ces chiffres ne valent rien de plus.")
    print(f"\n{database.name}, {len(runs)} passage(s), {described['processeur']}, {described['coeurs']} cœurs\n")
    print(report.printed(figures, wanted.tick))
    print(f"\n{os.path.relpath(file)}")
    if wanted.write and not wanted.quick:
        report.write_page(wanted.write, database.name, figures, wanted.tick, described, how)
    return 1 if failed else 0


def _run(database: AnyDatabase, folder: Path, number: int, wanted: argparse.Namespace, failed: list[str]) -> Figures:
    """Each measure once. One that fails is told, and does not take the others with it."""
    figures: Figures = {}
    crew = Crew(wanted.clients)
    stand = Stand(database, folder, crew, seed=number, quick=wanted.quick, tick_ms=wanted.tick)
    try:
        for name in wanted.only or MEASURES:
            began = time.monotonic()
            print(f"· {database.name}, passage {number + 1} : {name}", flush=True)
            try:
                figures |= MEASURES[name](stand)
            except (Exception, SystemExit) as error:
                failed.append(f"{name} : {type(error).__name__} {error}")
                print(f"  échec : {failed[-1]}", file=sys.stderr, flush=True)
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    finally:
        crew.close()
    return figures


def _finite(document: dict[str, object]) -> dict[str, object]:
    """JSON knows no NaN."""

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {key: clean(each) for key, each in value.items()}
        if isinstance(value, list):
            return [clean(each) for each in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {key: clean(value) for key, value in document.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
