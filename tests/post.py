"""A post office for tests: a real SMTP server on this machine, that keeps what it is given."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class PostOffice:
    """Speaks as much SMTP as one client needs. `refusing` answers whoever it is asked to write to.

    With `tls` and no `encrypted`, it offers STARTTLS; with `encrypted`, everything is inside TLS.
    """

    def __init__(self, *, refusing: str = "", tls: ssl.SSLContext | None = None, encrypted: bool = False) -> None:
        self.refusing = refusing
        self.tls = tls
        self.encrypted = encrypted
        self.letters: asyncio.Queue[EmailMessage] = asyncio.Queue()
        self.heard: list[str] = []
        self.passwords: list[str] = []
        self.hears = asyncio.Event()  # cleared, it keeps everybody waiting
        self.hears.set()

    async def __aenter__(self) -> "PostOffice":
        context = self.tls if self.encrypted else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def letter(self) -> EmailMessage:
        """The next one."""
        async with asyncio.timeout(20):
            return await self.letters.get()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        try:
            await say("220 poste de test")
            while line := (await reader.readline()).decode().strip():
                await self.hears.wait()
                self.heard.append(line)
                await self._answer(line, reader, writer, say)
                if line.upper() == "QUIT":
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answer(
        self,
        line: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        say: Callable[..., Awaitable[None]],
    ) -> None:
        is_clear = writer.get_extra_info("sslcontext") is None
        match line.split()[0].upper():
            case "EHLO":
                offered = ["STARTTLS"] if self.tls and is_clear else ["AUTH PLAIN"]
                await say("250-poste de test", *(f"250-{name}" for name in offered), "250 8BITMIME")
            case "STARTTLS" if self.tls:
                await say("220 allez")
                await writer.start_tls(self.tls)
            case "AUTH":
                self.passwords.append(base64.b64decode(line.split()[2]).decode())
                await say("235 entrez")
            case "RCPT":
                await say(self.refusing or "250 oui")
            case "DATA":
                await say("354 dites")
                text = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                letter = message_from_bytes(text.replace(b"\r\n", b"\n"), policy=policy.default)
                assert isinstance(letter, EmailMessage)
                await self.letters.put(letter)
                await say("250 reçu")
            case "QUIT":
                await say("221 au revoir")
            case "MAIL" | "RSET":
                await say("250 oui")
            case _:
                await say("502 inconnu")


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server shows to be 127.0.0.1, and the file of who vouches for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "poste de test")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, hidden = folder / "certificat.pem", folder / "cle.pem"
    shown.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    hidden.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, hidden)
    return context, shown
