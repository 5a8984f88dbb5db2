"""Logs: one line a record, with the id of the request it speaks of, and nobody's name in it."""

import json
import logging
import logging.config
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

# The request under way in this context; empty outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")

ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode
OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def configure(*, as_json: bool) -> None:
    """Everything that speaks in this process, uvicorn included, speaks the same way, on the error output."""
    # What no line says is not looked for.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": Json if as_json else Text}},
            "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["line"]},
            "loggers": {
                "server": {"level": "INFO"},
                "uvicorn": {"level": "INFO", "handlers": [], "propagate": True},
                # Its lines hold addresses as they were typed, codes and tokens included: `observing` writes ours.
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )


class Json(logging.Formatter):
    """One JSON object a record, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if spoken_of := request_id.get():
            told["request"] = spoken_of
        told |= extra(record)
        if record.exc_info and record.exc_info[1]:
            told["error"] = kind(record.exc_info[1])
            told["trace"] = trace(record.exc_info[1])
        return ENCODE(told)


class Text(logging.Formatter):
    """The same for whoever looks at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        words = [f"{record.levelname:<8}", record.getMessage()]
        words += [f"{name}={value}" for name, value in extra(record).items()]
        if record.levelno >= logging.WARNING and (spoken_of := request_id.get()):
            words.append(f"request={spoken_of}")
        line = " ".join(words)
        return f"{line}\n{trace(record.exc_info[1])}" if record.exc_info and record.exc_info[1] else line


def extra(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller added to a record."""
    return {name: value for name, value in vars(record).items() if name not in OWN}


def kind(error: BaseException) -> str:
    """The class of an error; a database's is that of its driver, which says more."""
    found = type(error.orig if isinstance(error, DBAPIError) and error.orig else error)
    return found.__qualname__ if found.__module__ == "builtins" else f"{found.__module__}.{found.__qualname__}"


def trace(error: BaseException) -> str:
    """Where an error comes from, from the first cause to the last effect."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(
        f"{kind(each)}: {_reason(each)}\n{''.join(traceback.format_tb(each.__traceback__))}".rstrip()
        for each in reversed(chain)
    )


def _reason(error: BaseException) -> str:
    """An error's words. A database quotes the row it refuses on the lines that follow: they stay with it."""
    if isinstance(error, DBAPIError):
        return _reason(error.orig) if error.orig else ""
    if getattr(type(error), "__module__", "").startswith(("psycopg", "sqlite3", "sqlalchemy")):
        return str(error).partition("\n")[0]
    return str(error)
