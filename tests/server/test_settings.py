"""Settings: what the environment says, read once, and when the server refuses to start."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server import sealing, settings, signing
from server.settings import ROOT, Misconfigured, Settings

SECRET = "x" * 32
ALONE = "WEB_CONCURRENCY supérieur à 1 demande PostgreSQL : avec SQLite, un seul processus sert tout le monde."
NAMES = sorted(name.upper() for name in Settings.model_fields)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing of this server, in a folder without `.env`."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    settings.from_environment.cache_clear()
    return monkeypatch


def refused(**given: Any) -> str:
    with pytest.raises(ValueError, match="Value error") as refusal:
        Settings(_env_file=None, **given)
    return str(refusal.value)


# ── Refusing to start


@pytest.mark.parametrize(
    "address",
    [
        "https://grille.example",
        "http://192.168.1.20:8000",
        "http://localhost.example",
        "https://127.0.0.1.example",
        "http://user@grille.example",
        "http://localhost@grille.example",
        "grille.example",
    ],
)
def test_a_demonstration_stays_at_home(environment: pytest.MonkeyPatch, address: str) -> None:
    assert "DEMO=on n'est permis qu'avec une PUBLIC_URL locale" in refused(demo=True, public_url=address)


@pytest.mark.parametrize(
    "address", ["", "http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000", "https://localhost"]
)
def test_at_home_it_may_show(environment: pytest.MonkeyPatch, address: str) -> None:
    assert Settings(_env_file=None, demo=True, public_url=address).demo


def test_outside_a_demonstration_a_secret_is_necessary(environment: pytest.MonkeyPatch) -> None:
    assert "SECRET_KEY est nécessaire hors démonstration." in refused()
    assert "SECRET_KEY est nécessaire hors démonstration." in refused(secret_key="", demo=False)
    assert Settings(_env_file=None, secret_key=SECRET).secret_key == SECRET


@pytest.mark.parametrize("short", ["secret", "changez-moi", "x" * 31])
def test_a_short_secret_is_no_secret(environment: pytest.MonkeyPatch, short: str) -> None:
    assert "SECRET_KEY est trop court : 32 caractères au moins, tirés au hasard." in refused(secret_key=short)
    assert Settings(_env_file=None, secret_key=short, demo=True).demo


def test_no_document_has_a_secret_to_copy() -> None:
    names = (".env.example", "README.md", "CONTRIBUTING.md", "Procfile", "Makefile", ".ci/run")
    files = [ROOT / name for name in names]
    files += sorted((ROOT / "docs").glob("*.md"))
    said = re.compile(r"^\W*(?:export )?(?:SECRET_KEY|SIGNING_KEY|CONTACT_KEYS|METRICS_TOKEN|OIDC_CLIENT_SECRET)=(\S+)", re.MULTILINE)
    assert said.findall("SECRET_KEY=changez-moi") == ["changez-moi"]
    assert {file.name: said.findall(file.read_text()) for file in files} == {file.name: [] for file in files}


@pytest.mark.parametrize("lacking", ["oidc_client_id", "oidc_client_secret"])
def test_a_provider_comes_with_its_secret(environment: pytest.MonkeyPatch, lacking: str) -> None:
    given = {"oidc_issuer": "https://connexion.example", "oidc_client_id": "grille", "oidc_client_secret": SECRET}
    assert Settings(_env_file=None, secret_key=SECRET, **given).oidc_issuer
    reason = "OIDC_ISSUER demande aussi OIDC_CLIENT_ID et OIDC_CLIENT_SECRET."
    assert reason in refused(secret_key=SECRET, **{**given, lacking: ""})


@pytest.mark.parametrize("hosts", ["https://grille.example", "grille.example:443", "*", "grille.example/atelier", "é"])
def test_other_names_are_names_alone(environment: pytest.MonkeyPatch, hosts: str) -> None:
    assert "ni https://, ni port" in refused(secret_key=SECRET, allowed_hosts=f"www.grille.example,{hosts}")


@pytest.mark.parametrize("tick", ["0", "5001", "vite"])
def test_the_tick_is_a_number_of_milliseconds(environment: pytest.MonkeyPatch, tick: str) -> None:
    environment.setenv("SECRET_KEY", SECRET)
    environment.setenv("TICK_MS", tick)
    with pytest.raises(Misconfigured, match="TICK_MS"):
        settings.from_environment()


def test_the_refusal_says_every_reason(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "beaucoup")
    environment.setenv("DEMO", "peut-être")
    with pytest.raises(Misconfigured) as refusal:
        settings.from_environment()
    first, *reasons = str(refusal.value).splitlines()
    assert first == "Réglages refusés :"
    assert [reason.split()[0] for reason in reasons] == ["PORT", "DEMO"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Réglages refusés :\n   SECRET_KEY est nécessaire hors démonstration.\n"),
        (
            {"DEMO": "on", "PUBLIC_URL": "https://grille.example"},
            "Réglages refusés :\n   DEMO=on n'est permis qu'avec une PUBLIC_URL locale : "
            "la démonstration laisse entrer tout le monde.\n",
        ),
        (
            {"DEMO": "on", "WEB_CONCURRENCY": "2"},
            f"Réglages refusés :\n   {ALONE}\n",
        ),
    ],
)
def test_the_server_does_not_start(tmp_path: Path, given: dict[str, str], said: str) -> None:
    plain = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-m", "server", "run"],
        cwd=tmp_path,
        env={**plain, "PYTHONPATH": str(ROOT), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"DEMO": "on", "WEB_CONCURRENCY": "2"}, ALONE),
        ({"WEB_CONCURRENCY": "1"}, "SECRET_KEY est nécessaire hors démonstration."),
    ],
)
def test_uvicorn_gives_up_for_the_same_reason(tmp_path: Path, given: dict[str, str], reason: str) -> None:
    """A worker that the settings refuse is not started again for ever."""
    plain = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-m", "uvicorn", "server.app:asgi", "--factory", "--port", "0"],
        cwd=tmp_path,
        env={**plain, "PYTHONPATH": str(ROOT), **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert f"Réglages refusés :\n   {reason}\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Application startup complete" not in done.stderr


def test_several_processes_need_postgresql(environment: pytest.MonkeyPatch) -> None:
    assert ALONE in refused(demo=True, web_concurrency=2)
    several = Settings(_env_file=None, demo=True, web_concurrency=2, database_url="postgresql://u@host/grille")
    assert several.web_concurrency == 2
    assert Settings(_env_file=None, demo=True).web_concurrency == 1


@pytest.mark.parametrize(
    ("given", "is_json"),
    [
        ({"demo": True}, False),
        ({"secret_key": SECRET}, True),
        ({"demo": True, "log_format": "json"}, True),
        ({"secret_key": SECRET, "log_format": "text"}, False),
    ],
)
def test_programs_read_the_logs_of_a_site_and_people_those_of_a_demonstration(
    environment: pytest.MonkeyPatch, given: dict[str, Any], is_json: bool
) -> None:
    assert Settings(_env_file=None, **given).logs_are_json is is_json


@pytest.mark.parametrize(
    "url", ["mail.exemple.fr", "http://exemple.fr", "smtp://", "smtp://exemple.fr:mail", "smtps:x"]
)
def test_a_mail_server_has_an_address(environment: pytest.MonkeyPatch, url: str) -> None:
    assert "SMTP_URL s'écrit smtp://personne:secret@serveur:587" in refused(demo=True, smtp_url=url, smtp_from="a@b.fr")


def test_letters_say_where_they_come_from(environment: pytest.MonkeyPatch) -> None:
    assert "SMTP_FROM est nécessaire avec SMTP_URL" in refused(demo=True, smtp_url="smtp://exemple.fr")
    given = {"smtp_url": "smtps://u:p@exemple.fr", "smtp_from": "Grille <grille@exemple.fr>"}
    assert Settings(_env_file=None, secret_key=SECRET, **given).sends_mail


def test_only_a_demonstration_sends_letters_without_a_mail_server(environment: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None, demo=True).sends_mail
    assert not Settings(_env_file=None, secret_key=SECRET).sends_mail


# ── Reading


@pytest.mark.parametrize(
    ("profile", "usual"),
    [
        ({}, ("openid given_name usual_name email siret", False, True)),
        ({"OIDC_PROFILE": "proconnect"}, ("openid given_name usual_name email siret", False, True)),
        ({"OIDC_PROFILE": "standard"}, ("openid profile email", True, False)),
    ],
)
def test_the_profile_of_the_provider_says_what_is_left_empty(
    environment: pytest.MonkeyPatch, profile: dict[str, str], usual: tuple[str, bool, bool]
) -> None:
    def read() -> tuple[str, bool, bool]:
        found = Settings(_env_file=None, secret_key=SECRET)
        return found.oidc_scopes, found.oidc_pkce, found.oidc_userinfo_signed

    for name, said in profile.items():
        environment.setenv(name, said)
    assert read() == usual
    for name in ("OIDC_SCOPES", "OIDC_PKCE", "OIDC_USERINFO_SIGNED"):
        environment.setenv(name, "")
    assert read() == usual
    environment.setenv("OIDC_SCOPES", "openid siret")
    for said in ("on", "off"):
        environment.setenv("OIDC_PKCE", said)
        environment.setenv("OIDC_USERINFO_SIGNED", said)
        assert read() == ("openid siret", said == "on", said == "on")


def test_a_profile_nobody_knows_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY", SECRET)
    environment.setenv("OIDC_PROFILE", "franceconnect")
    with pytest.raises(Misconfigured, match="OIDC_PROFILE"):
        settings.from_environment()


def test_without_an_address_the_site_is_on_this_machine_at_its_port(environment: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None, demo=True, port=9000).public_url == "http://localhost:9000"


def test_the_site_answers_to_the_names_it_was_given(environment: pytest.MonkeyPatch) -> None:
    given = {"public_url": "https://Grille.example:8443", "allowed_hosts": "WWW.grille.example, 10.0.0.7  ::1"}
    read = Settings(_env_file=None, secret_key=SECRET, **given)
    own = {"localhost", "127.0.0.1", "::1"}
    assert read.hosts == {"grille.example", "www.grille.example", "10.0.0.7", *own}
    assert (read.is_at_home, Settings(_env_file=None, secret_key=SECRET).is_at_home) == (False, True)


def test_an_address_loses_its_last_slash(environment: pytest.MonkeyPatch) -> None:
    read = Settings(_env_file=None, secret_key=SECRET, public_url="https://grille.example/")
    assert (read.public_url, read.is_https) == ("https://grille.example", True)


@pytest.mark.parametrize(
    ("url", "driven", "is_sqlite"),
    [
        ("sqlite:///grille.db", "sqlite+aiosqlite:///grille.db", True),
        ("sqlite+aiosqlite:///grille.db", "sqlite+aiosqlite:///grille.db", True),
        ("postgres://u:p@host/grille", "postgresql+psycopg://u:p@host/grille", False),
        ("postgresql://u:p@host/grille", "postgresql+psycopg://u:p@host/grille", False),
        ("postgresql+psycopg://u:p@host/grille", "postgresql+psycopg://u:p@host/grille", False),
    ],
)
def test_a_database_gets_our_driver(environment: pytest.MonkeyPatch, url: str, driven: str, is_sqlite: bool) -> None:
    read = Settings(_env_file=None, secret_key=SECRET, database_url=url)
    assert (read.database_url, read.is_sqlite) == (driven, is_sqlite)


def test_settings_do_not_change(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings(_env_file=None, secret_key=SECRET).port = 1  # type: ignore[misc]


def test_the_environment_wins_over_the_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\nPORT=9000\nHOST=0.0.0.0\n")
    environment.setenv("PORT", "9001")
    read = settings.from_environment()
    assert (read.secret_key, read.port, read.host) == (SECRET, 9001, "0.0.0.0")


# ── Written down


def test_the_example_file_has_every_setting_at_its_default(environment: pytest.MonkeyPatch) -> None:
    written = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line and line[0] != "#"
    )
    assert sorted(written) == NAMES
    default = Settings(_env_file=None, secret_key=SECRET).model_dump()
    example = Settings(_env_file=ROOT / ".env.example", secret_key=SECRET).model_dump()
    assert example == default


# ── Signing


def test_a_key_that_cannot_sign_stops_the_server_and_is_not_repeated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO", "on")
    environment.setenv("SIGNING_KEY", "motdepasse")
    with pytest.raises(Misconfigured) as refusal:
        settings.from_environment()
    assert str(refusal.value).startswith("Réglages refusés :\n  SIGNING_KEY ne se lit pas comme une clé")
    assert "motdepasse" not in str(refusal.value)
    assert "motdepasse" not in refused(demo=True, signing_key="motdepasse")


def test_a_private_key_is_no_retired_key(environment: pytest.MonkeyPatch) -> None:
    private = json.dumps(signing.new_key().as_dict(private=True))
    assert "contient une clé privée" in refused(demo=True, signing_keys_retired=private)


def test_keys_are_read_from_a_file_of_settings_and_not_shown(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now, before = signing.new_key(), signing.new_key()
    file = tmp_path / ".env"
    secret = now.as_dict(private=True)
    lines = (
        "DEMO=on",
        f"SIGNING_KEY='{json.dumps(secret)}'",
        f"SIGNING_KEYS_RETIRED={json.dumps(signing.public_set([before, now]))}",
    )
    file.write_text("\n".join(lines))
    chosen = Settings(_env_file=file)
    assert [signing.name(key) for key in chosen.public_keys] == [now.thumbprint(), before.thumbprint()]
    assert str(secret["d"]) not in repr(chosen)
    assert Settings(_env_file=None, demo=True).public_keys == []


# ── Sealing


def test_keys_that_cannot_seal_stop_the_server_and_are_not_repeated() -> None:
    good = sealing.new_key()
    said = refused(demo=True, contact_keys=f"{good}, motdepasse")
    assert "`python -m server key contact` en donne une" in said
    assert [secret for secret in (good, "motdepasse") if secret in said] == []


def test_a_new_key_seals_and_former_ones_still_open() -> None:
    def site(*keys: str, secret: str = "s" * 32) -> Settings:
        return Settings(_env_file=None, secret_key=secret, contact_keys=", ".join(keys))

    old, new = sealing.new_key(), sealing.new_key()
    drawn, sealed = site().seal.seal("claude@exemple.fr"), site(old).seal.seal("claude@exemple.fr")
    assert [site(new, old).seal.open(each) for each in (drawn, sealed)] == ["claude@exemple.fr"] * 2
    assert site(new).seal.open(sealed) is None  # the old one was taken away too soon
    assert site(old).seal.open(site(new, old).seal.seal("claude@exemple.fr")) is None  # the first one seals
    assert site(secret="t" * 32).seal.open(drawn) is None
    assert old not in repr(site(old))
