"""Processes of their own, forked from one that has imported the program: importing takes longer than their work.

Each is a process like any other for whoever signals it, waits for it, or reads what it writes; only its start is
sooner.
"""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, TextIO

#: The program, with what it loads only when it needs it.
_IMPORTED = (
    "bot.app.command_line.program", "adapters.discord.bot", "adapters.slack.app", "adapters.web.app",
    "adapters.web.serving.server", "tests.databases",
)  # fmt: skip


def context() -> ForkServerContext:
    """The one from which all are forked: whoever starts the first decides what it has imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_IMPORTED])
    return context


class Forked:
    """A process that calls `target`, plain or a coroutine function, of a module; it runs from the beginning on.

    What it writes is appended to files, where there are any.
    """

    def __init__(
        self, target: Callable[..., Any], *arguments: Any, stdout: Path | None = None, stderr: Path | None = None
    ) -> None:
        self._process: ForkServerProcess = context().Process(target=_run, args=(target, arguments, stdout, stderr))
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """`None` while it runs; the number of a signal that ended it is negative."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Ends it as nothing can prevent or notice, if it still runs."""
        self._process.kill()
        self._process.join()

    def wait(self, seconds: float) -> int:
        """Its exit code; raises `TimeoutError` when it has not ended by then, and ends it."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise TimeoutError(f"it did not end within {seconds} seconds")
        return code


def _run(target: Callable[..., Any], arguments: tuple[Any, ...], stdout: Path | None, stderr: Path | None) -> None:
    _point(sys.stdout, stdout or Path(os.devnull))
    if stderr:
        _point(sys.stderr, stderr)
    work = target(*arguments)
    if inspect.iscoroutine(work):
        asyncio.run(work)


def _point(stream: TextIO, file: Path) -> None:
    """Has what is written to the stream appended to a file."""
    with file.open("a") as opened:
        os.dup2(opened.fileno(), stream.fileno())
