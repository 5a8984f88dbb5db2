"""The world of a measure: a facilitator with a browser, and the workshops they open by the site's own forms."""

import http.client
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.gestures import FORM
from bench.server import HOST, Server

CODE = re.compile(r"/rejoindre/([A-Z0-9]{6})")
PURPOSE = "Mesurer ce que le site supporte. Personnes, avis et votes sont inventés."


@dataclass(frozen=True)
class Room:
    """A workshop, as the bench needs it."""

    id: str
    code: str
    indicators: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/ateliers/{self.id}"

    def socket(self, since: int) -> str:
        return f"{self.path}/direct?depuis={since}"


class World:
    """The facilitator's browser on a server of the demonstration."""

    def __init__(self, server: Server, given: dict[str, Any] | None = None) -> None:
        """`given`: what `demo --json` said of a database that was made before."""
        self.server = server
        self.cookies: dict[str, str] = {}
        self.given = given or server.demo()
        link = urlsplit(self.given["liens"]["animation"])
        self._ask("GET", f"{link.path}?{link.query}", expect=(303,))

    # ── What the facilitator does

    def convene(self, start: str = "commitment") -> Room:
        """A workshop with its starting content on the table."""
        fields = {"title": "Atelier de mesure", "purpose": PURPOSE, "held_on": "2026-11-23", "prepares": "2.0.0"}
        opened = self.do("/ateliers", **fields, start=start)
        return self.seen(Room(opened["atelier"], self._code(opened["atelier"])))

    def move(self, room: Room, stage: str) -> int:
        """The next stage; the number of that gesture."""
        return int(self.do(f"{room.path}/etape", stage=stage)["geste"])

    def seen(self, room: Room) -> Room:
        """The room with what is on its table now."""
        return Room(room.id, room.code, tuple(item["id"] for item in self.state(room)["indicateurs"]))

    def state(self, room: Room) -> dict[str, Any]:
        return self.get(f"{room.path}.json")

    def gesture(self, room: Room) -> int:
        """The last gesture of the workshop."""
        return int(self.state(room)["geste"])

    def _code(self, workshop_id: str) -> str:
        found = CODE.search(self._ask("GET", f"/ateliers/{workshop_id}").decode())
        assert found, "the room tells its code to the facilitator"
        return found[1]

    # ── How they ask

    def do(self, path: str, **fields: str) -> dict[str, Any]:
        """Send a form; the gesture it was."""
        done: dict[str, Any] = json.loads(self._ask("POST", path, fields))
        return done

    def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask("GET", path))
        return found

    def _ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, expect: tuple[int, ...] = (200,)
    ) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": FORM, "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        connection.request(method, path, urlencode(fields or {}) if method == "POST" else None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status not in expect:
            raise RuntimeError(f"{method} {path}: {answer.status} {body[:500].decode(errors='replace')}")
        for given in answer.headers.get_all("Set-Cookie", []):
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return body
