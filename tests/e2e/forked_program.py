"""The program in a process of its own, forked from one that has imported it: importing takes longer than most commands.

It is a process like any other for whoever signals it, waits for it, or reads what it writes; only its start is sooner.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import TextIO

from bot.app.command_line.program import main
from bot.posting import outbox


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _run(arguments: tuple[str, ...], environment: dict[str, str], stdout: Path | None, stderr: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["paperround", *arguments]
    _point(sys.stdout, stdout or Path(os.devnull))
    _point(sys.stderr, stderr)
    # Tests that break connections would wait a minute for each, in case a proxy still had the request: here is none.
    outbox.LOOK_UPS = replace(outbox.LOOK_UPS, marks=(timedelta(seconds=5), timedelta(seconds=10)))
    main()


def _point(stream: TextIO, file: Path) -> None:
    """Has what is written to the stream appended to a file."""
    with file.open("a") as opened:
        os.dup2(opened.fileno(), stream.fileno())


class ForkedProgram:
    """`paperround` with these arguments and this environment; it runs from the beginning on."""

    def __init__(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], *, stdout: Path | None, stderr: Path
    ) -> None:
        self._process: ForkServerProcess = _context().Process(
            target=_run, args=(arguments, dict(environment), stdout, stderr)
        )
        self._process.start()

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self, seconds: float) -> int:
        """Its exit code; raises `TimeoutError` when it has not ended by then, and ends it."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
            raise TimeoutError(f"it did not end within {seconds} seconds")
        self._process.close()
        return code
