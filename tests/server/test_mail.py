"""Mail: a letter leaves whole, by a real mail server; what fails is counted, and told without naming anybody."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from server import mail
from server.mail import Letter, Post
from server.metrics import Metrics
from server.settings import Settings
from tests.conftest import Clock
from tests.post import PostOffice, certificate

LETTER = Letter(
    to="alix@exemple.fr",
    subject="Un été à l'atelier",
    before=("Bonjour,", "Ceci <b>n'est pas</b> gras."),
    address="http://testserver/connexion/courriel/jeton",
    action="Me connecter",
    after=("Au revoir.",),
)


def post(url: str, **given: Any) -> Post:
    settings = Settings(
        _env_file=None,
        secret_key="x" * 32,
        public_url="http://testserver",
        smtp_url=url,
        smtp_from="Grille commune <grille@exemple.fr>",
        **given,
    )
    return Post(settings, Metrics())


def counted(post: Post, outcome: str) -> float:
    return post.metrics.registry.get_sample_value("grille_letters_total", {"outcome": outcome}) or 0.0


async def sent(post: Post) -> None:
    """Wait for what is leaving."""
    async with asyncio.timeout(20):
        await asyncio.gather(*post.leaving, return_exceptions=True)


async def test_a_letter_arrives_in_plain_text_and_in_html(clock: Clock) -> None:
    async with PostOffice() as office:
        own = post(f"smtp://127.0.0.1:{office.port}")
        own.send(LETTER)
        letter = await office.letter()
        await sent(own)
    assert (letter["to"], letter["from"], letter["subject"]) == (
        "alix@exemple.fr",
        "Grille commune <grille@exemple.fr>",
        "Un été à l'atelier",
    )
    assert letter["date"].datetime == clock.at
    assert (letter["auto-submitted"], letter["content-language"]) == ("auto-generated", "fr")
    assert letter["message-id"].endswith("@testserver>")
    plain, html = (part for part in letter.walk() if not part.is_multipart())
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().split("\n\n") == [
        "Bonjour,",
        "Ceci <b>n'est pas</b> gras.",
        LETTER.address,
        "Au revoir.\n",
    ]
    assert 'lang="fr"' in html.get_content()
    assert "Ceci &lt;b&gt;n&#39;est pas&lt;/b&gt; gras." in html.get_content()
    assert html.get_content().count(f'href="{LETTER.address}"') == 2
    for fetched in ("<img", "<link", "<script", "src=", "url("):
        assert fetched not in html.get_content()
    assert (counted(own, "sent"), counted(own, "failed"), own.leaving) == (1, 0, set())


@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_password_leaves_inside_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool) -> None:
    tls, vouching = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
    async with PostOffice(tls=tls, encrypted=encrypted) as office:
        own = post(f"{'smtps' if encrypted else 'smtp'}://grille%40exemple.fr:s%C3%A9same@127.0.0.1:{office.port}")
        own.send(LETTER)
        assert (await office.letter())["to"] == "alix@exemple.fr"
        await sent(own)
    assert office.passwords == ["\0grille@exemple.fr\0sésame"]
    assert ("STARTTLS" in office.heard) is not encrypted


async def test_a_relay_of_this_machine_needs_nobody_to_vouch_for_it(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path)
    async with PostOffice(tls=tls) as office:
        own = post(f"smtp://127.0.0.1:{office.port}")
        own.send(LETTER)
        assert (await office.letter())["to"] == "alix@exemple.fr"
        await sent(own)
    assert "STARTTLS" not in office.heard


async def test_a_password_does_not_leave_in_clear(caplog: pytest.LogCaptureFixture) -> None:
    async with PostOffice() as office:
        own = post(f"smtp://grille:secret@127.0.0.1:{office.port}")
        own.send(LETTER)
        await sent(own)
    assert (office.passwords, office.letters.qsize(), counted(own, "failed")) == ([], 0, 1)
    assert [line for line in office.heard if line.startswith("AUTH")] == []


async def test_a_server_nobody_vouches_for_is_given_nothing(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path)
    async with PostOffice(tls=tls) as office:
        own = post(f"smtp://grille:secret@127.0.0.1:{office.port}")
        own.send(LETTER)
        await sent(own)
    assert (office.passwords, office.letters.qsize(), counted(own, "failed")) == ([], 0, 1)


async def test_a_refusal_is_counted_and_told_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    async with PostOffice(refusing="550 alix@exemple.fr: boîte inconnue") as office:
        own = post(f"smtp://127.0.0.1:{office.port}")
        own.send(LETTER)
        await sent(own)
    assert (counted(own, "sent"), counted(own, "failed")) == (0, 1)
    (record,) = [record for record in caplog.records if record.name == "server.mail"]
    assert (record.getMessage(), record.levelno) == ("a letter was not sent", logging.ERROR)
    assert "alix" not in str(vars(record))


async def test_a_server_that_is_away_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with PostOffice() as office:
        pass
    own = post(f"smtp://127.0.0.1:{office.port}")
    own.send(LETTER)
    await sent(own)
    assert counted(own, "failed") == 1
    assert "alix" not in caplog.text


async def test_a_server_that_says_nothing_keeps_nobody_from_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LAST", 0.05)
    async with PostOffice() as office:
        office.hears.clear()
        own = post(f"smtp://127.0.0.1:{office.port}")
        for _ in range(mail.AT_ONCE + 1):
            own.send(LETTER)
        await own.close()
        assert (own.leaving, counted(own, "failed")) == (set(), mail.AT_ONCE + 1)
        office.hears.set()


async def test_letters_that_wait_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MOST", 2)
    async with PostOffice() as office:
        own = post(f"smtp://127.0.0.1:{office.port}")
        for _ in range(5):
            own.send(LETTER)
        await sent(own)
    assert (office.letters.qsize(), counted(own, "sent"), counted(own, "failed")) == (2, 2, 3)


async def test_a_demonstration_shows_its_letters_in_the_console(
    settings: Settings, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own = Post(settings, Metrics())
    own.send(LETTER)
    shown = capsys.readouterr().err
    assert [part in shown for part in (LETTER.to, LETTER.subject, LETTER.address)] == [True] * 3
    assert (own.leaving, caplog.text) == (set(), "")
