"""Audit: asks the advisory services about every locked package, and says plainly what could not be asked.

Ends with 1 when a known flaw is not in `.ci/audit-allowed`; with 0 when there is none, or when nobody answered.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / ".ci" / "audit-allowed"
PATIENCE = 25.0  # seconds for one service: both are done within a minute
SEVERE = ("high", "critical")

PYTHON = (
    *(sys.executable, "-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
)
BROWSER = ("npm", "audit", "--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=15000")


@dataclass(frozen=True)
class Advisory:
    """A known flaw of a package that we lock, under each of its names."""

    package: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} : {', '.join(self.names)}"


@dataclass(frozen=True)
class Report:
    """What a service said: of how many packages, which flaws, and how many packages it does not know."""

    packages: int
    advisories: tuple[Advisory, ...]
    unknown: int = 0


def heard(words: Sequence[str], patience: float = PATIENCE) -> Any:
    """The JSON that a tool prints, whatever code it ends with; None when it says nothing that can be read."""
    try:
        # Our own words.
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience)  # noqa: S603
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def python_report(said: Any) -> Report | None:
    """What pip-audit found. Its advisories have no severity: each counts. A package it skipped was not asked about."""
    if not isinstance(said, Mapping) or "dependencies" not in said:
        return None
    asked = [package for package in said["dependencies"] if "skip_reason" not in package]
    found = (
        Advisory(f"{package['name']} {package['version']}", (flaw["id"], *flaw.get("aliases", ())))
        for package in asked
        for flaw in package["vulns"]
    )
    return Report(len(asked), tuple(found), len(said["dependencies"]) - len(asked)) if asked else None


def browser_report(said: Any) -> Report | None:
    """What npm found that is severe; a package that is only hurt by another is not told twice."""
    if not isinstance(said, Mapping) or "vulnerabilities" not in said:
        return None
    found = dict.fromkeys(_severe(said["vulnerabilities"]))
    return Report(said["metadata"]["dependencies"]["total"], tuple(found))


def _severe(packages: Mapping[str, Any]) -> Iterator[Advisory]:
    for package in packages.values():
        for flaw in package["via"]:
            if isinstance(flaw, Mapping) and flaw["severity"] in SEVERE:
                yield Advisory(package["name"], (flaw["url"].rpartition("/")[2],))


def allowed(text: str) -> dict[str, str]:
    """The flaws we live with for now, and why. A line: its name, then the reason, which is never left out."""
    reasons = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            if not reason.strip():
                raise SystemExit(f"{ALLOWED.name} : « {name} » n'a pas de raison.")
            reasons[name] = reason.strip()
    return reasons


def judge(kind: str, report: Report | None, reasons: Mapping[str, str]) -> tuple[str, bool]:
    """What to say of a report, and whether it lets us go on."""
    if report is None:
        return f"{kind} : RIEN N'A ÉTÉ VÉRIFIÉ, le service d'avis n'a pas répondu.", True
    lived_with = [flaw for flaw in report.advisories if reasons.keys() & set(flaw.names)]
    refused = [flaw for flaw in report.advisories if flaw not in lived_with]
    unknown = f", {report.unknown} QUE LE SERVICE NE CONNAÎT PAS" if report.unknown else ""
    told = [f"{kind} : {report.packages} vérifiés{unknown}, {len(refused)} faille(s) connue(s)."]
    told += [f"  ✘ {flaw}" for flaw in refused]
    told += [f"  · {flaw}, admise : {reasons[name]}" for flaw in lived_with for name in flaw.names if name in reasons]
    return "\n".join(told), not refused


def main() -> int:
    reasons = allowed(ALLOWED.read_text())
    reports = {
        "Paquets Python": python_report(heard(PYTHON)),
        "Paquets du navigateur": browser_report(heard(BROWSER)),
    }
    judged = [judge(kind, report, reasons) for kind, report in reports.items()]
    print("\n".join(said for said, _ in judged))  # noqa: T201
    return 0 if all(may_go_on for _, may_go_on in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
