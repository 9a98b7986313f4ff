"""Logs that can be read: by people, by machines, and in the worst hour."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
import sys

import pytest
import structlog

from bot.app.logs import MOST_ALIKE, MOST_LINES, MOST_OF_ASYNCIO, BoundedHandler, drop_echoes

SAY = """
import structlog
from bot.app.logs import configure_logs
from bot.app.configuration.settings import LogFormat, LogLevel
configure_logs(LogLevel.INFO, LogFormat("{form}"))
structlog.get_logger().warning("engine.tested", reason="why")
"""


def said(form: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SAY.format(form=form)], capture_output=True, text=True, check=True, env=environment
    )
    return done.stderr


def test_text_in_a_file_has_no_colours() -> None:
    words = said("text")
    assert "engine.tested" in words
    assert "\x1b" not in words


def test_what_is_no_terminal_gets_json() -> None:
    assert json.loads(said("auto"))["event"] == "engine.tested"


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_a_terminal_has_colours_unless_they_are_unwanted(environment: dict[str, str], coloured: bool) -> None:
    main, other = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", SAY.format(form="auto")], stderr=other, env=environment)
    os.close(other)
    words = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        words += piece
    process.wait(30)
    os.close(main)
    assert b"engine.tested" in words
    assert (b"\x1b" in words) is coloured


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(level: int, message: object, name: str = "bot", error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    return logging.LogRecord(name, level, "", 0, message, None, info)


def test_a_storm_of_one_kind_is_cut_short_and_counted() -> None:
    stream, time = io.StringIO(), Time()
    handler = BoundedHandler(stream, time)
    for _ in range(1_000):
        handler.handle(record(logging.ERROR, {"event": "post.failed"}))
    handler.handle(record(logging.ERROR, {"event": "another"}))
    assert stream.getvalue().count("post.failed") == MOST_ALIKE
    assert "another" in stream.getvalue()
    time.now = 61.0
    handler.handle(record(logging.INFO, "goes on"))
    assert f"{1_000 - MOST_ALIKE:,} more lines of “post.failed” were left out" in stream.getvalue()
    assert "goes on" in stream.getvalue()


def test_the_loop_says_once_a_minute_that_it_has_no_files_left() -> None:
    stream, time = io.StringIO(), Time()
    handler = BoundedHandler(stream, time)
    for second in range(120):
        time.now = float(second)
        for _ in range(500):
            handler.handle(
                record(logging.ERROR, "socket.accept() out of system resource", "asyncio", OSError(24, "Too many"))
            )
    assert stream.getvalue().count("Too many") == 2 * MOST_OF_ASYNCIO
    assert len(stream.getvalue().splitlines()) < 10


def test_no_minute_has_too_many_lines() -> None:
    stream = io.StringIO()
    handler = BoundedHandler(stream, Time())
    for number in range(2 * MOST_LINES):
        handler.handle(record(logging.INFO, f"line {number}"))
    assert len(stream.getvalue().splitlines()) == MOST_LINES


def test_parts_do_not_repeat_that_the_database_is_away() -> None:
    reason = "the database did not answer: connection refused"
    with pytest.raises(structlog.DropEvent):
        drop_echoes(None, "error", {"event": "engine.job_failed", "reason": reason})
    for kept in ({"event": "database.away", "reason": reason}, {"event": "engine.job_failed", "reason": "a feed"}):
        assert drop_echoes(None, "error", dict(kept)) == kept
