"""The program, started as its command line starts it, with the waits shortened that tests would only sit through."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import adapters.feeds.arxiv.source
from bot.app.command_line.program import main
from bot.posting import reconciliation
from tests.forked import Forked


def run(arguments: tuple[str, ...], environment: Mapping[str, str], *, stdout: Path | None, stderr: Path) -> Forked:
    """`paperround` with these arguments and this environment, in a process of its own."""
    return Forked(_run, arguments, dict(environment), stdout=stdout, stderr=stderr)


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["paperround", *arguments]
    # Tests that break connections would wait a minute for each, in case a proxy still had the request: here is none.
    reconciliation.LOOK_UPS = replace(reconciliation.LOOK_UPS, marks=(timedelta(seconds=5), timedelta(seconds=10)))
    # arXiv asks for three seconds between requests, and between tries where nobody listens: these ask it nothing.
    adapters.feeds.arxiv.source.ARXIV_INTERVAL = 0.05
    main()
