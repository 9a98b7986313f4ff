"""What is logged while inputs are read: a traceback is a crash of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

#: Without the values of variables, which would hide what it is about.
_RENDERER = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


class Log(logging.Handler):
    """Remembers our tracebacks and the errors of libraries, until somebody looks at them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def check(self, *, expected: str = "") -> None:
        """Fails if there is something that nobody has looked at, but for an event that is `expected`."""
        lines = [line for line in self._lines if not expected or expected not in line.partition("\n")[0]]
        self._lines.clear()
        assert not lines, "\n".join(lines)

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR:
            self._lines.append(self.format(record))

    def take(self, _logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if event.get("exc_info"):
            self._lines.append(str(_RENDERER(None, method, event)))
        raise structlog.DropEvent


@contextmanager
def watched() -> Iterator[Log]:
    """Has the log looked at, and not written, for the length of the block."""
    log, before = Log(), structlog.get_config()
    structlog.configure(processors=[log.take], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    root = logging.getLogger()
    root.addHandler(log)
    try:
        yield log
    finally:
        root.removeHandler(log)
        structlog.configure(**before)
