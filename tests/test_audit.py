"""The audit: a known flaw stops everything unless we said why not, and what could not be asked is said."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import audit
from scripts.audit import Advisory, Report
from server.settings import ROOT

# As the tools print them, shortened.
FROM_PIP_AUDIT: dict[str, Any] = {
    "dependencies": [
        {"name": "jinja2", "version": "3.1.6", "vulns": []},
        {
            "name": "starlette",
            "version": "0.1.0",
            "vulns": [{"id": "PYSEC-2030-1", "fix_versions": ["0.2.0"], "aliases": ["GHSA-aaaa-bbbb-cccc"]}],
        },
        {"name": "maison", "skip_reason": "Dependency not found"},
    ],
    "fixes": [],
}
FROM_NPM: dict[str, Any] = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "htmx.org": {
            "name": "htmx.org",
            "severity": "high",
            "via": [
                {"source": 1, "severity": "high", "url": "https://avis.example/advisories/GHSA-dddd-eeee-ffff"},
                {"source": 2, "severity": "moderate", "url": "https://avis.example/advisories/GHSA-0000-0000-0000"},
            ],
        },
        "maison": {"name": "maison", "severity": "high", "via": ["htmx.org"]},
    },
    "metadata": {"dependencies": {"prod": 2, "total": 3}},
}


def test_a_known_flaw_stops_everything() -> None:
    python, browser = audit.python_report(FROM_PIP_AUDIT), audit.browser_report(FROM_NPM)
    assert python == Report(2, (Advisory("starlette 0.1.0", ("PYSEC-2030-1", "GHSA-aaaa-bbbb-cccc")),), unknown=1)
    assert browser == Report(3, (Advisory("htmx.org", ("GHSA-dddd-eeee-ffff",)),))
    said, may_go_on = audit.judge("Paquets Python", python, {})
    assert (said.splitlines(), may_go_on) == (
        [
            "Paquets Python : 2 vérifiés, 1 QUE LE SERVICE NE CONNAÎT PAS, 1 faille(s) connue(s).",
            "  ✘ starlette 0.1.0 : PYSEC-2030-1, GHSA-aaaa-bbbb-cccc",
        ],
        False,
    )


def test_unless_we_said_why_not_under_any_of_its_names() -> None:
    reasons = audit.allowed("# des mots\n\nGHSA-aaaa-bbbb-cccc ne nous touche pas : jusqu'en mars 2030\n")
    said, may_go_on = audit.judge("Paquets Python", audit.python_report(FROM_PIP_AUDIT), reasons)
    assert may_go_on
    assert said.endswith("admise : ne nous touche pas : jusqu'en mars 2030")


@pytest.mark.parametrize("line", ["GHSA-aaaa-bbbb-cccc", "GHSA-aaaa-bbbb-cccc  "])
def test_a_flaw_is_not_admitted_without_a_reason(line: str) -> None:
    with pytest.raises(SystemExit, match="n'a pas de raison"):
        audit.allowed(line)


def test_what_is_sound_is_said_to_be() -> None:
    sound = {**FROM_NPM, "vulnerabilities": {}}
    said = audit.judge("Navigateur", audit.browser_report(sound), {})
    assert said == ("Navigateur : 3 vérifiés, 0 faille(s) connue(s).", True)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {"message": "audit endpoint returned an error", "statusCode": 404},
        {"error": {"code": "ENOAUDIT"}},
        {"dependencies": [{"name": "maison", "skip_reason": "Dependency not found"}]},
    ],
)
def test_what_could_not_be_asked_is_said(said: Any) -> None:
    for report in (audit.python_report(said), audit.browser_report(said)):
        told, may_go_on = audit.judge("Paquets", report, {})
        assert (told, may_go_on) == ("Paquets : RIEN N'A ÉTÉ VÉRIFIÉ, le service d'avis n'a pas répondu.", True)


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit(1)", "print('<html>maintenance</html>')", "import time; time.sleep(60)", "print('{\"a\":')"],
)
def test_a_tool_that_fails_or_takes_too_long_has_said_nothing(program: str) -> None:
    assert audit.heard((sys.executable, "-c", program), patience=2) is None


def test_a_tool_that_is_not_there_has_said_nothing_and_one_that_ends_badly_is_heard() -> None:
    assert audit.heard(("un-outil-qui-n-existe-pas",)) is None
    assert audit.heard((sys.executable, "-c", "print('{\"a\": 1}'); raise SystemExit(1)")) == {"a": 1}


def test_ours_holds_and_the_integration_asks() -> None:
    audit.allowed(audit.ALLOWED.read_text())
    run = (ROOT / ".ci" / "run").read_text().splitlines()
    assert run.index("make check") < run.index("make audit") < run.index("make test")


def test_every_locked_package_has_its_fingerprint() -> None:
    locked = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text())
    packages = [block for block in locked if re.match(r"[a-z0-9._-]+==", block)]
    assert len(packages) > 40
    assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []
    assert Path(ROOT / "package-lock.json").read_text().count('"integrity": "sha512-') >= 3
