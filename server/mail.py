"""Mail: letters leave by SMTP without anybody waiting for it; a demonstration shows them in its console."""

import asyncio
import logging
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from starlette.requests import HTTPConnection

from server import logs
from server.metrics import Metrics
from server.settings import LOCAL_HOSTS, Settings
from server.templating import JINJA
from workshops import world

AT_ONCE = 4  # connections to the mail server
MOST = 500  # letters that may wait: a mail server that is down must not fill our memory
TIMEOUT = 20.0  # seconds for one of its answers
LAST = 5.0  # seconds given to letters that are leaving when the server stops

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """What somebody reads: sentences, an address to go to between them, and its name."""

    to: str
    subject: str
    before: tuple[str, ...]
    address: str
    action: str
    after: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join((*self.before, self.address, *self.after)) + "\n"

    @property
    def html(self) -> str:
        return JINJA.get_template("mailbox/letter.html").render(letter=self)


class Post:
    """Letters are left here after the commit, and leave by themselves; a failure is counted and told without a name."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.leaving: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)

    @staticmethod
    def of(connection: HTTPConnection) -> "Post":
        """The one of this server."""
        post: Post = connection.app.state.post
        return post

    def send(self, letter: Letter) -> None:
        """Leave a letter, and go on."""
        if not self.settings.smtp_url:
            sys.stderr.write(f"\n{letter.to}\n{letter.subject}\n\n{letter.text}\n")
        elif len(self.leaving) >= MOST:
            self._failed("full")
        else:
            task = asyncio.create_task(self._send(letter))
            self.leaving.add(task)
            task.add_done_callback(self.leaving.discard)

    async def close(self) -> None:
        """Let what is leaving leave, for a moment."""
        if self.leaving:
            _, late = await asyncio.wait(self.leaving, timeout=LAST)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _send(self, letter: Letter) -> None:
        try:
            async with self._turn:
                await aiosmtplib.send(self._message(letter), **_server(self.settings))
        except asyncio.CancelledError:
            self._failed("stopped")
            raise
        except Exception as error:  # whatever it is, what it says may quote the address
            self._failed(logs.kind(error), getattr(error, "code", None))
        else:
            self.metrics.letters.labels("sent").inc()

    def _failed(self, why: str, code: int | None = None) -> None:
        self.metrics.letters.labels("failed").inc()
        log.error("a letter was not sent", extra={"error": why, **({} if code is None else {"smtp": code})})

    def _message(self, letter: Letter) -> EmailMessage:
        """The letter in plain text, and the same in HTML; nothing in it is fetched from anywhere."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.settings.smtp_from
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(world.now())
        message["Message-ID"] = make_msgid(domain=_host(self.settings))
        message["Auto-Submitted"] = "auto-generated"  # absence messages do not answer it
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        message["Content-Language"] = "fr"  # said before, it would be of the plain text alone
        return message


def _server(settings: Settings) -> dict[str, Any]:
    """How to reach the mail server."""
    parts = urlsplit(settings.smtp_url)
    return {
        "hostname": parts.hostname,
        "port": parts.port,
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password or "") if parts.username else None,
        "use_tls": parts.scheme == "smtps",
        "start_tls": _starttls(parts),
        "local_hostname": _host(settings),
        "timeout": TIMEOUT,
    }


def _starttls(parts: SplitResult) -> bool | None:
    """A password never leaves in clear. Without one, STARTTLS is taken where it is offered (None).

    But on this very machine: nobody vouches for what a relay shows there.
    """
    if parts.scheme == "smtps":
        return False
    if parts.username:
        return True
    return False if parts.hostname in LOCAL_HOSTS else None


def _host(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or "localhost"
