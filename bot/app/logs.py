"""Logs: structured events on stderr, one a line, and never so many that they are the trouble."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import IO, Any, Final

import structlog

from bot.app.configuration.settings import LogFormat, LogLevel

#: Lines a minute that are written at most: of all, of one kind of warning or error, and of one of asyncio's. Those come
#: with a traceback each, as often as the loop goes round.
MOST_LINES: Final = 3_000
MOST_ALIKE: Final = 60
MOST_OF_ASYNCIO: Final = 1
_MINUTE: Final = 60.0
#: How every complaint about a database begins that is away: `storage.database.availability` says it for all of them.
_AWAY: Final = "the database did not answer"


def configure_logs(level: LogLevel, form: LogFormat, secrets: Collection[str] = ()) -> None:
    """Sends our events and those of the libraries to stderr, as text for people or JSON for machines.

    `secrets` never stand there, whoever repeats them: a library, or a server that sends back what it was sent.
    """
    on_terminal = sys.stderr.isatty()
    as_text = form is LogFormat.TEXT or (form is LogFormat.AUTO and on_terminal)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.types.Processor = (
        # Without the values of variables: they are long, and may be secret.
        structlog.dev.ConsoleRenderer(
            colors=on_terminal and not os.environ.get("NO_COLOR"), exception_formatter=structlog.dev.plain_traceback
        )
        if as_text
        else structlog.processors.JSONRenderer(default=str)
    )
    last = [structlog.processors.format_exc_info] if not as_text else []
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, renderer],
    )
    handler = BoundedHandler(sys.stderr, secrets=secrets)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.value.upper())
    # What libraries tell in passing (each request, each migration step) is of interest only when debugging.
    for name in ("httpx", "httpcore", "uvicorn", "alembic", "apscheduler", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[drop_echoes, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level.value),
        cache_logger_on_first_use=True,
    )


def drop_echoes(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Leaves out what each part says of a database that is away; `database.…` events say it for all."""
    about = event.get("reason") or event.get("error")
    if isinstance(about, str) and about.startswith(_AWAY) and not str(event.get("event")).startswith("database."):
        raise structlog.DropEvent
    return event


class BoundedHandler(logging.StreamHandler[IO[str]]):
    """Writes so many lines a minute at most, and then says how many it left out."""

    def __init__(
        self, stream: IO[str], now: Callable[[], float] = time.monotonic, secrets: Collection[str] = ()
    ) -> None:
        super().__init__(stream)
        self._secrets = secrets
        self._now = now
        self._begun = now()
        self._alike: Counter[object] = Counter()
        self._lines = 0
        self._left_out: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        now = self._now()
        if now - self._begun >= _MINUTE:
            left_out, self._left_out = self._left_out, Counter()
            self._begun, self._lines = now, 0
            self._alike.clear()
            for what, lines in left_out.most_common(10):
                super().emit(_note(what, lines))
        if self._takes(record):
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record), self._secrets)

    def _takes(self, record: logging.LogRecord) -> bool:
        what = kind_of(record)
        self._lines += 1
        room = self._lines <= MOST_LINES
        if record.levelno >= logging.WARNING:
            self._alike[what] += 1
            most = MOST_OF_ASYNCIO if record.name == "asyncio" and record.exc_info else MOST_ALIKE
            room = room and self._alike[what] <= most
        if not room:
            self._left_out[what] += 1
        return room


def hidden(text: str, secrets: Collection[str]) -> str:
    """The text without these secrets."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def kind_of(record: logging.LogRecord) -> str:
    """What a line is about: the event, or the first words of what a library says."""
    message: Any = record.msg
    if isinstance(message, dict):
        return str(message.get("event"))
    return f"{record.name}: {str(message).splitlines()[0][:60] if message else ''}"


def _note(what: str, lines: int) -> logging.LogRecord:
    message = f"{lines:,} more lines of “{what}” were left out in the minute before"
    return logging.LogRecord("bot.app.logs", logging.WARNING, __file__, 0, message, None, None)
