"""The real program in a process of its own, and what it has posted, read from its database."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.app.adapters.addresses import parse_address
from bot.app.application import open_application
from bot.app.configuration.settings import PREFIX, Settings
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Person
from tests.databases import in_a_thread
from tests.e2e.program import run
from tests.forked import Forked
from tests.patience import PATIENCE

_OPERATOR = Person(id="operator", name="Operator", may_manage=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command of the program has written, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


class Bot:
    """Runs `paperround` with its data in one folder. Web ports are chosen by the system."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.database = folder / "paperround.db"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")},
            "PAPERROUND_DATA_DIR": str(folder),
            "PAPERROUND_WEB_PORT": "0",
            "PAPERROUND_POLL_MINUTES": "0.05",
            "PAPERROUND_LOG_FORMAT": "json",
            # Nobody listens there: tests talk to loopback only.
            "PAPERROUND_ARXIV_API_URL": "http://127.0.0.1:9",
            "PAPERROUND_ARXIV_RSS_URL": "http://127.0.0.1:9",
            "PAPERROUND_ARXIV_CATEGORIES": "none",
            "PAPERROUND_EMBEDDING_MODEL": "none",
            **{f"PAPERROUND_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: Forked | None = None

    def start(self, *options: str) -> None:
        log = self.folder / "log.txt"
        log.touch()
        self._process = run(("run", *options), self._environment, stdout=None, stderr=log)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends it as an operator would; returns its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def cli(self, *arguments: str, expect: int | None = 0) -> Ended:
        """Runs another command of the program to its end."""
        with TemporaryDirectory() as folder:
            stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
            code = run(arguments, self._environment, stdout=stdout, stderr=stderr).wait(300)
            done = Ended(code, stdout.read_text(), stderr.read_text())
        assert expect is None or done.returncode == expect, (arguments, done)
        return done

    def from_the_shell(self, *arguments: str) -> Ended:
        """The same, from the very beginning: with an interpreter of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self._environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def command(self, line: str, channel: str = "general") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.cli("command", line, "--channel", f"web/{channel}", "--json").stdout)
        return document

    def set_up(self, *lines: str, channel: str = "general") -> None:
        """Gives commands before anything runs, all in this process, because starting one for each takes seconds."""
        in_a_thread(self._give(lines, channel))

    async def _give(self, lines: tuple[str, ...], channel: str) -> None:
        given = {name.removeprefix(PREFIX).lower(): value for name, value in self._environment.items()}
        settings = Settings.model_validate({name: given[name] for name in Settings.model_fields if name in given})
        address, name = parse_address(f"web/{channel}")
        async with open_application(settings, sources=[]) as application:
            for line in lines:
                call = CommandCall(line=line, address=address, channel_name=name, person=_OPERATOR)
                reply = await application.commands.run(call)
                assert not reply.failed, plain_text(reply.message)

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=20) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
        connection.close()
        return rows

    def posted(self) -> dict[str, Counter[str]]:
        """For each channel how often each paper stands in a message; in threads, how often in a reply."""
        found: dict[str, Counter[str]] = {}
        threaded = {
            channel for (channel,) in self.query("SELECT DISTINCT channel FROM web_messages WHERE reply_to IS NOT NULL")
        }
        for channel, reply_to, message in self.query("SELECT channel, reply_to, message FROM web_messages"):
            papers = [block["paper_id"] for block in json.loads(message)["blocks"] if block["kind"] == "paper"]
            if (reply_to is not None) == (channel in threaded):
                found.setdefault(channel, Counter()).update(papers)
        return found

    def hidden(self) -> dict[str, set[str]]:
        """For each channel the papers that its digests count without showing them."""
        found: dict[str, set[str]] = {}
        for channel, paper in self.query(
            "SELECT channels.name, deliveries.paper_id FROM deliveries JOIN digests ON digests.id = digest_id "
            "JOIN channels ON channels.id = deliveries.channel_id WHERE position > shown"
        ):
            found.setdefault(channel, set()).add(paper)
        return found

    def is_quiet(self) -> bool:
        """Whether nothing is left to be posted in channels whose papers go out at once."""
        ((posts,),) = self.query("SELECT count(*) FROM posts WHERE state IN ('pending', 'leased', 'unknown')")
        ((waiting,),) = self.query("SELECT count(*) FROM deliveries WHERE state = 'queued'")
        ((unmatched,),) = self.query(
            "SELECT count(*) FROM papers WHERE listed_at IS NOT NULL AND matched_revision < revision"
        )
        return not (posts or waiting or unmatched)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return condition()
