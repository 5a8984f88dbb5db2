"""Questions: how many the application asks its database to draw a page, counted from inside."""

import asyncio
from typing import Any

import httpx2
from sqlalchemy import event
from sqlalchemy.engine import Engine

from server.app import create_app
from server.settings import Settings


def asked(database: str, path: str, cookie: str) -> int:
    """SELECT statements of one drawing of a page, by an application that has just started."""
    return asyncio.run(_asked(database, path, cookie))


async def _asked(database: str, path: str, cookie: str) -> int:
    app = create_app(Settings(_env_file=None, demo=True, public_url="http://localhost", database_url=database))
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            answer = await browser.get(path, headers={"Cookie": cookie})
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    await app.state.hub.close()
    await app.state.database.close()
    answer.raise_for_status()
    return len([statement for statement in sent if statement.lstrip().upper().startswith("SELECT")])
