"""Logs: one line a record, the same way for everybody who speaks, and no word of a person's."""

import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from server import logs
from server.database import Database
from server.logs import Json, Text
from tests.cast import somebody
from workshops.people import Person


@pytest.fixture
def spoken(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """What was said on the error output; loggers are given back as they were."""
    for name in ("logThreads", "logProcesses", "logMultiprocessing"):
        monkeypatch.setattr(logging, name, True)
    names = ["", "server", "uvicorn", "uvicorn.access", "uvicorn.error"]
    kept = {name: (logging.getLogger(name), [*logging.getLogger(name).handlers]) for name in names}
    levels = {name: (logger.level, logger.propagate) for name, (logger, _) in kept.items()}
    yield lambda: capsys.readouterr().err.splitlines()
    for name, (logger, handlers) in kept.items():
        logger.handlers[:] = handlers
        logger.level, logger.propagate = levels[name]


def record(
    message: str = "said %s", *args: object, error: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("server.app", logging.ERROR, "app.py", 1, message, args, exc_info)
    vars(made).update(extra)
    return made


def test_everybody_speaks_in_json_on_the_error_output(spoken: Callable[[], list[str]]) -> None:
    logs.configure(as_json=True)
    logging.getLogger("server.observing").info("GET %s", "/", extra={"status": 200})
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 46, extra={"color_message": "\x1b[36m"})
    logging.getLogger("uvicorn.access").info("GET /connexion/lien/secret 200")
    logging.getLogger("a.library").info("chatter")
    logging.getLogger("a.library").warning("a warning on\ntwo lines")
    told = [json.loads(line) for line in spoken()]
    assert [{name: value for name, value in each.items() if name != "time"} for each in told] == [
        {"level": "info", "logger": "server.observing", "message": "GET /", "status": 200},
        {"level": "info", "logger": "uvicorn.error", "message": "Started server process [46]"},
        {"level": "warning", "logger": "a.library", "message": "a warning on\ntwo lines"},
    ]
    assert all(each["time"].endswith("+00:00") for each in told)


def test_or_in_words(spoken: Callable[[], list[str]]) -> None:
    logs.configure(as_json=False)
    logging.getLogger("server.observing").info("GET %s", "/", extra={"status": 200})
    assert spoken() == ["INFO     GET / status=200"]


def test_a_record_bears_the_id_of_its_request() -> None:
    token = logs.request_id.set("abcdef123456")
    try:
        assert json.loads(Json().format(record("said %s", "so")))["request"] == "abcdef123456"
        assert Text().format(record("said")) == "ERROR    said request=abcdef123456"
    finally:
        logs.request_id.reset(token)
    assert "request" not in json.loads(Json().format(record("said")))


def test_an_error_is_told_from_its_first_cause() -> None:
    try:
        try:
            raise OSError("no space left")
        except OSError as first:
            raise RuntimeError("could not write") from first
    except RuntimeError as error:
        told = json.loads(Json().format(record("failed", error=error)))
    assert told["error"] == "RuntimeError"
    lines = told["trace"].splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "OSError: no space left",
        "RuntimeError: could not write",
    ]
    assert 'raise OSError("no space left")' in told["trace"]


async def test_a_refused_row_is_not_quoted(database: Database) -> None:
    alix = await somebody(database, "Alix Morvan")
    with pytest.raises(DBAPIError) as refused:
        async with database.transaction() as session:
            session.add(Person(id=alix.id, name="Sacha Delmas"))
    assert "Sacha Delmas" in str(refused.value)  # as SQLAlchemy would say it
    said = Json().format(record("failed", error=refused.value)) + Text().format(record("failed", error=refused.value))
    assert [leak for leak in ("Sacha", "Alix", alix.id) if leak in said] == []
    assert json.loads(Json().format(record(error=None)))["message"] == "said %s"
    told = json.loads(Json().format(record("failed", error=refused.value)))
    assert told["error"] in ("sqlite3.IntegrityError", "psycopg.errors.UniqueViolation")
    assert "person" in told["trace"]


def test_no_record_breaks_the_log() -> None:
    try:
        raise ValueError("a ↯ word") from ValueError("first")
    except ValueError:
        made = record("value %s", {1, 2}, about=object())
        made.exc_info = sys.exc_info()
    assert json.loads(Json().format(made))["message"] == "value {1, 2}"
