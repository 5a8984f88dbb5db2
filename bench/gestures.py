"""Gestures: the bytes a browser sends for each of them, and who sends them."""

import json
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from server.settings import ROOT

LABS = tuple(lab["slug"] for lab in json.loads((ROOT / "workshops/content/labs.json").read_text())["labs"])
AGENT = "Mozilla/5.0 (Linux; Android 15) grille-commune-bench"
FORM = "application/x-www-form-urlencoded"
# As people vote; the last ones say why.
CHOICES = ("keep",) * 6 + ("rework",) * 2 + ("drop", "abstain")
REASONS = {"rework": "Deux labos ne compteraient pas la même chose.", "drop": "RES-03 mesure déjà mieux la même chose."}


@dataclass
class Guest:
    """Somebody who came by the code: a first name, a lab, and the cookies that the site gave."""

    name: str
    lab: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value not in ("", '""'))


@dataclass(frozen=True)
class Ballot:
    """A vote that somebody is about to send; the key makes it count once, however many times it is sent."""

    indicator: str
    choice: str
    key: str
    wording: int = 1

    @property
    def fields(self) -> dict[str, str]:
        said = {"wording": str(self.wording), "choice": self.choice}
        return said | ({"reason": REASONS[self.choice]} if self.choice in REASONS else {})


def guests(count: int, start: int = 0) -> list[Guest]:
    """So many people, from every lab in turn."""
    return [Guest(f"Personne {n}", LABS[n % len(LABS)]) for n in range(start, start + count)]


def ballot(indicator: str, key: str, chance: Random, wording: int = 1) -> Ballot:
    return Ballot(indicator, chance.choice(CHOICES), key, wording)


class Browser:
    """Writes requests as a browser on this site does."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.origin = f"http://{host}:{port}"
        self._always = f"Host: {host}:{port}\r\nUser-Agent: {AGENT}\r\nAccept-Language: fr\r\n"

    def get(self, path: str, cookie: str = "", more: str = "") -> bytes:
        carried = f"Cookie: {cookie}\r\n" if cookie else ""
        return (
            f"GET {path} HTTP/1.1\r\n{self._always}Accept: text/html\r\n"
            f"Sec-Fetch-Site: same-origin\r\n{carried}{more}\r\n"
        ).encode()

    def post(self, path: str, fields: dict[str, str], cookie: str = "", more: str = "") -> bytes:
        body = urlencode(fields)
        carried = f"Cookie: {cookie}\r\n" if cookie else ""
        return (
            f"POST {path} HTTP/1.1\r\n{self._always}Accept: text/html\r\nOrigin: {self.origin}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
            f"{carried}{more}\r\n{body}"
        ).encode()

    def hx_post(self, path: str, fields: dict[str, str], cookie: str, key: str) -> bytes:
        """A form that htmx sends: only the touched block comes back."""
        more = f"HX-Request: true\r\nHX-Request-Type: partial\r\nIdempotency-Key: {key}\r\n"
        return self.post(path, fields, cookie, more)

    def vote(self, guest: Guest, ballot: Ballot) -> bytes:
        return self.hx_post(f"/indicateurs/{ballot.indicator}/vote", ballot.fields, guest.cookie, ballot.key)

    def sit(self, path: str, cookie: str, nonce: str) -> bytes:
        """The handshake of a socket."""
        carried = f"Cookie: {cookie}\r\n" if cookie else ""
        return (
            f"GET {path} HTTP/1.1\r\n{self._always}Origin: {self.origin}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n{carried}\r\n"
        ).encode()
