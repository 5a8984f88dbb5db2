"""Settings: what the environment says, read once."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server import sealing, signing
from workshops.retention import Delays

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL_HOSTS = (*LOOPBACK, "testserver")
MAX_BODY = 256 * 1024
# What the environment leaves unsaid of a provider is ProConnect's way, below; of a standard one, it is this.
STANDARD: dict[str, str | bool] = {
    "oidc_scopes": "openid profile email",
    "oidc_pkce": True,
    "oidc_userinfo_signed": False,
}
SECRET_LENGTH = 32
MOST_DAYS = 36525  # a century: no calendar goes on for ever
HOST_NAME = re.compile(r"[a-z0-9._-]+|[0-9a-f:]+")


class Settings(BaseSettings):
    """Every knob of the server. Each is in `.env.example` and in the README."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    port: int = 8000
    host: str = "127.0.0.1"
    database_url: str = "sqlite+aiosqlite:///./var/grille.db"
    secret_key: str = ""
    public_url: str = Field(default="", validate_default=True)
    allowed_hosts: str = ""
    demo: bool = False
    tick_ms: int = Field(default=100, ge=1, le=5000)
    oidc_profile: Literal["proconnect", "standard"] = "proconnect"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_scopes: str = "openid given_name usual_name email siret"
    oidc_pkce: bool = False
    oidc_userinfo_signed: bool = True
    oidc_acr: str = ""
    smtp_url: str = ""
    smtp_from: str = ""
    state_identity: bool = False
    web_concurrency: int = Field(default=1, ge=1)
    metrics_token: str = ""
    log_format: Literal["", "json", "text"] = ""
    signing_key: str = Field(default="", repr=False)
    signing_keys_retired: str = ""
    contact_keys: str = Field(default="", repr=False)
    retention_refused_days: int = Field(default=Delays.refused_days, ge=1, le=MOST_DAYS)
    retention_kept_days: int = Field(default=Delays.kept_days, ge=1, le=MOST_DAYS)
    retention_published_days: int = Field(default=Delays.published_days, ge=1, le=MOST_DAYS)
    retention_contact_answered_days: int = Field(default=Delays.contact_answered_days, ge=1, le=MOST_DAYS)
    retention_contact_days: int = Field(default=Delays.contact_days, ge=1, le=MOST_DAYS)
    retention_survey_text_days: int = Field(default=Delays.survey_text_days, ge=1, le=MOST_DAYS)

    @model_validator(mode="before")
    @classmethod
    def _as_the_profile_has_it(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What is left empty about the provider is as its profile has it."""
        said = {name: value for name, value in given.items() if name not in STANDARD or value != ""}
        return {**STANDARD, **said} if given.get("oidc_profile") == "standard" else said

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, url: str, others: ValidationInfo) -> str:
        """Without an address of its own, the site is on this machine, at its port."""
        return url.rstrip("/") or f"http://localhost:{others.data.get('port', 8000)}"

    @field_validator("allowed_hosts")
    @classmethod
    def _names_alone(cls, hosts: str) -> str:
        """Names, with spaces or commas between them."""
        names = hosts.lower().replace(",", " ").split()
        if not all(map(HOST_NAME.fullmatch, names)):
            raise ValueError("ne contient que des noms, séparés par des virgules : ni https://, ni port.")
        return " ".join(names)

    @field_validator("signing_key")
    @classmethod
    def _can_sign(cls, text: str) -> str:
        """A key that signs, or none; what refuses it says nothing of it."""
        if text:
            signing.read_private(text)
        return text

    @field_validator("signing_keys_retired")
    @classmethod
    def _can_be_shown(cls, text: str) -> str:
        if text:
            signing.read_public(text)
        return text

    @field_validator("contact_keys")
    @classmethod
    def _can_seal(cls, text: str) -> str:
        """Keys that seal addresses, with spaces or commas between them."""
        keys = text.replace(",", " ").split()
        if not all(map(sealing.is_key, keys)):
            raise ValueError("contient une clé illisible : `python -m server key contact` en donne une.")
        return " ".join(keys)

    @field_validator("database_url")
    @classmethod
    def _with_a_driver(cls, url: str) -> str:
        """`postgresql://` and `sqlite://` get the driver this project uses."""
        for plain, driven in (
            ("sqlite:", "sqlite+aiosqlite:"),
            ("postgres:", "postgresql+psycopg:"),
            ("postgresql:", "postgresql+psycopg:"),
        ):
            if url.startswith(plain):
                return url.replace(plain, driven, 1)
        return url

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> "Settings":
        if self.demo and not self.is_at_home:
            raise ValueError(
                "DEMO=on n'est permis qu'avec une PUBLIC_URL locale : la démonstration laisse entrer tout le monde."
            )
        return self

    @model_validator(mode="after")
    def _secrets_are_secret(self) -> "Settings":
        """A demonstration has nothing to hide; a site does."""
        if not self.demo and not self.secret_key:
            raise ValueError("SECRET_KEY est nécessaire hors démonstration.")
        if not self.demo and len(self.secret_key) < SECRET_LENGTH:
            raise ValueError(f"SECRET_KEY est trop court : {SECRET_LENGTH} caractères au moins, tirés au hasard.")
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("OIDC_ISSUER demande aussi OIDC_CLIENT_ID et OIDC_CLIENT_SECRET.")
        return self

    @model_validator(mode="after")
    def _sqlite_stays_alone(self) -> "Settings":
        if self.web_concurrency > 1 and self.is_sqlite:
            raise ValueError(
                "WEB_CONCURRENCY supérieur à 1 demande PostgreSQL : avec SQLite, un seul processus sert tout le monde."
            )
        return self

    @model_validator(mode="after")
    def _letters_can_leave(self) -> "Settings":
        if not self.smtp_url:
            return self
        if not _names_a_mail_server(self.smtp_url):
            raise ValueError("SMTP_URL s'écrit smtp://personne:secret@serveur:587, ou smtps:// pour un port chiffré.")
        if "@" not in self.smtp_from:
            raise ValueError("SMTP_FROM est nécessaire avec SMTP_URL : l'adresse d'où partent les courriels.")
        return self

    @property
    def public_keys(self) -> list[signing.Key]:
        """The keys by which versions can be checked: the one that signs now, then those that did, each once."""
        now = [signing.read_private(self.signing_key)] if self.signing_key else []
        before = signing.read_public(self.signing_keys_retired) if self.signing_keys_retired else []
        return list({signing.name(key): key for key in (*now, *before)}.values())

    @property
    def seal(self) -> sealing.Seal:
        """What seals the addresses that citizens leave: keys of their own, or one drawn from SECRET_KEY."""
        return sealing.Seal(self.contact_keys.split(), self.secret_key)

    @property
    def delays(self) -> Delays:
        """How long what citizens wrote is kept."""
        return Delays(**{days: getattr(self, f"retention_{days}") for days in Delays.__dataclass_fields__})

    @property
    def sends_mail(self) -> bool:
        """A demonstration without a mail server shows its letters in the console."""
        return bool(self.smtp_url) or self.demo

    @property
    def logs_are_json(self) -> bool:
        """Programs read the logs of a site; a person, those of a demonstration."""
        return self.log_format == "json" or (not self.log_format and not self.demo)

    @property
    def hosts(self) -> frozenset[str]:
        """The names this site answers to; those of the machine itself are nobody else's."""
        return frozenset({urlsplit(self.public_url).hostname or "", *self.allowed_hosts.split(), *LOOPBACK})

    @property
    def is_at_home(self) -> bool:
        """Whether the site is on somebody's own machine, which browsers know by many names."""
        return urlsplit(self.public_url).hostname in LOCAL_HOSTS

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def _names_a_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


class Misconfigured(SystemExit):
    """The environment does not allow the server to start; the message says why."""


@lru_cache
def from_environment() -> Settings:
    """The settings of this process, or a clear refusal to start."""
    try:
        return Settings()
    except ValidationError as error:
        reasons = "\n".join(
            f"  {'.'.join(map(str, e['loc'])).upper()} {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        )
        raise Misconfigured(f"Réglages refusés :\n{reasons}") from None
