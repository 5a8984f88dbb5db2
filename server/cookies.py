"""Cookies: tokens that browsers carry, and of which we keep the hash."""

import hashlib
import re
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.settings import Settings

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def digest(token: str) -> str:
    """What we keep of a token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def called(settings: Settings, name: str) -> str:
    """Behind TLS, a name that browsers only accept from us, for the whole site, encrypted."""
    return f"__Host-{name}" if settings.is_https else name


def carried(connection: HTTPConnection, name: str) -> str | None:
    """The token in a cookie of ours, when it looks like one."""
    token = connection.cookies.get(called(connection.app.state.settings, name), "")
    return token if TOKEN.fullmatch(token) else None


def kept(connection: HTTPConnection, name: str) -> str | None:
    """What we keep of the token in a cookie of ours."""
    token = carried(connection, name)
    return digest(token) if token else None


def hand_over(connection: HTTPConnection, response: Response, name: str, token: str, life: timedelta) -> None:
    """Give a browser a token for a while; none for no time takes it back."""
    settings: Settings = connection.app.state.settings
    response.set_cookie(
        called(settings, name),
        token,
        max_age=int(life.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )
