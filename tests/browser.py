"""Real browsers on a real server: what a journey needs."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright
from starlette.applications import Starlette

AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
MISSING = (
    "Aucun navigateur : installez Chromium (Debian : apt-get install chromium ; ailleurs : "
    ".venv/bin/playwright install chromium), ou indiquez-le par CHROMIUM=/chemin."
)


async def chromium(playwright: Playwright) -> Browser:
    """Chromium: the one named by CHROMIUM, the system's, or Playwright's own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        return await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
    except Error as error:
        raise FileNotFoundError(f"{MISSING}\n{error}") from None


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The application behind real sockets, in this very loop; gives its address."""
    config = uvicorn.Config(
        app,
        log_level="error",
        http="server.heads:Http",
        ws="server.live.wire:Wire",
        ws_per_message_deflate=False,
        ws_max_size=4096,
        timeout_graceful_shutdown=2,
        lifespan="off",
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # uvicorn has no event for this
        yield f"http://localhost:{listening.getsockname()[1]}"
    finally:
        await app.state.hub.close()
        server.should_exit = True
        await running


class Screen:
    """A browser of one's own, and what went wrong in it."""

    def __init__(self, context: BrowserContext, page: Page, name: str) -> None:
        self.context = context
        self.page = page
        self.name = name
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"{name}: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: object) -> None:
        if message.type in ("error", "warning"):  # type: ignore[attr-defined]
            self.complaints.append(f"{self.name}: {message.text}")  # type: ignore[attr-defined]

    def forget_the_cut(self, *statuses: int) -> None:
        """The network was cut on purpose, or these refusals expected: the browser and htmx said so, and nothing else."""
        expected = ("DISCONNECTED", "htmx:ws:error", *(f"with a status of {status}" for status in statuses))
        told = [complaint for complaint in self.complaints if not any(words in complaint for words in expected)]
        assert told == [], told
        self.complaints.clear()

    async def come_in(self, session: str, path: str) -> None:
        """With a session that was opened before."""
        await self.page.goto("/rejoindre")
        await self.context.add_cookies([{"name": "session", "value": session, "url": self.page.url}])
        await self.page.goto(path)

    async def fits(self) -> None:
        """Nothing is wider than the screen."""
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert self.page.viewport_size is not None
        assert width <= self.page.viewport_size["width"], self.page.url

    async def check_accessibility(self) -> None:
        """axe-core finds nothing, on the page as it stands."""
        await self.page.evaluate(AXE.read_text("utf-8"))
        found = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [
            f"{self.name} {self.page.url} {violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert told == [], told


@asynccontextmanager
async def screen(
    browser: Browser, address: str, name: str, size: dict[str, int], *, javascript: bool = True
) -> AsyncIterator[Screen]:
    """Open a browser of a given size; at the end, nothing was written to its console."""
    context = await browser.new_context(
        viewport=size,
        java_script_enabled=javascript,
        base_url=address,
        locale="fr-FR",
        reduced_motion="reduce",  # type: ignore[arg-type]
    )
    opened = Screen(context, await context.new_page(), name)
    yield opened
    await context.close()
    assert opened.complaints == [], opened.complaints


async def sign_in(on: Screen, who: str, to: str) -> None:
    """Through the demo provider: choose who you are."""
    await on.page.goto(f"/connexion?suite={to}")
    await on.page.get_by_role("button", name=who).click()
    await on.page.wait_for_url(f"**{to}")
