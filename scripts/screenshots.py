"""Takes the pictures of the README: a server of its own, the demo world, three people in the room.

    make screenshots

CHROMIUM names the browser; otherwise the system's, otherwise Playwright's own.
"""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from server import migrating  # noqa: E402  the checkout is not installed
from server.app import create_app  # noqa: E402
from server.database import Database  # noqa: E402
from server.demo import story  # noqa: E402
from server.settings import Settings  # noqa: E402
from workshops.agenda import Workshop  # noqa: E402

DOCS = ROOT / "docs"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PROJECTOR = {"width": 1280, "height": 720}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = told_to(Path(folder))
        migrating.upgrade(settings.database_url)
        workshop = asyncio.run(tell(settings))
        with serving(settings) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            photograph(browser, address, f"/ateliers/{workshop.id}")
            browser.close()


def told_to(folder: Path) -> Settings:
    """A demonstration that owes nothing to this machine's settings."""
    return Settings(
        _env_file=None,
        demo=True,
        database_url=f"sqlite+aiosqlite:///{folder / 'pictures.db'}",
        public_url="http://localhost:8000",  # what the projector shows, wherever this server listens
        oidc_issuer="",
        state_identity=False,
        tick_ms=20,
    )


async def tell(settings: Settings) -> Workshop:
    database = Database(settings.database_url)
    workshop = await story.tell(database, settings)
    await database.close()
    return workshop


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The server on a free port, in a thread; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings),
        log_level="error",
        http="server.heads:Http",
        ws="server.live.wire:Wire",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield f"http://localhost:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def chromium() -> str | None:
    """Where the browser is; None is Playwright's own."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def photograph(browser: Browser, address: str, room: str) -> None:
    """Everybody sits down first: a picture shows who is in the room."""
    projector = sit(browser, address, "Camille", f"{room}/ecran", PROJECTOR)
    phone = sit(browser, address, "Sacha", room, PHONE, scale=2)
    desk = sit(browser, address, "Alix", room, DESK)
    desk.locator("#stage").evaluate("stage => scrollBy(0, stage.getBoundingClientRect().top - 24)")
    under = phone.locator("#stage").evaluate("stage => stage.offsetHeight + 24")  # it stays at the top of a phone
    ballot = phone.locator(".gc-card", has_text="ACT-04")
    ballot.evaluate("(card, under) => scrollBy(0, card.getBoundingClientRect().top - under)", under)
    for page in (projector, phone, desk):
        page.locator("#presence").get_by_text("3 personnes").wait_for()
    shoot(desk, "atelier")
    shoot(phone, "telephone")
    shoot(projector, "ecran")


def sit(browser: Browser, address: str, who: str, path: str, size: dict[str, int], scale: int = 1) -> Page:
    """Somebody of the demonstration, on a screen of one's own."""
    context = browser.new_context(
        base_url=address, viewport=size, device_scale_factor=scale, locale="fr-FR", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"/connexion?suite={path}")
    page.get_by_role("button", name=who).click()
    page.wait_for_url(f"**{path}")
    page.locator("#room[data-connection=open]").wait_for()
    return page


def shoot(page: Page, name: str) -> None:
    file = DOCS / f"{name}.png"
    page.screenshot(path=file, animations="disabled", caret="hide")
    print(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} Kio")  # noqa: T201


if __name__ == "__main__":
    main()
