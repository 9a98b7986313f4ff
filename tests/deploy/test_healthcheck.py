"""`paperround healthcheck`: asked again and again, by containers that know nothing but the settings."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.app.command_line.healthcheck import DEFAULTS, HOST, PORT, healthcheck
from bot.app.configuration.settings import PREFIX, Settings
from tests.deploy.files import DEPLOY


class Answering(http.server.BaseHTTPRequestHandler):
    """What `/healthz` says of a bot, or of another program."""

    ours = True

    def do_GET(self) -> None:
        self.send_response(200)
        if self.ours:
            self.send_header("x-paperround", "1")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(folder: Path, **environment: str) -> tuple[int, str]:
    os.chdir(folder)
    result = CliRunner().invoke(healthcheck, env={HOST: "", PORT: "", **environment})
    return result.exit_code, result.output


def test_it_asks_at_the_host_and_port_of_the_settings(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = f"The bot answers on 0.0.0.0:{port}/healthz.\n"
    assert ask(tmp_path, **{HOST: "0.0.0.0", PORT: str(port)}) == (0, said)
    (tmp_path / ".env").write_text(f"{PORT}={port}\n")
    assert ask(tmp_path) == (0, f"The bot answers on 127.0.0.1:{port}/healthz.\n")
    assert ask(tmp_path, **{PORT: "9"}) == (1, "The bot does not answer on 127.0.0.1:9/healthz.\n")
    assert ask(tmp_path, **{PORT: "0"})[0] == 1
    assert ask(tmp_path, **{PORT: "many"})[0] == 1
    monkeypatch.setattr(Answering, "ours", False)
    assert ask(tmp_path)[0] == 1


def test_its_defaults_are_those_of_the_settings() -> None:
    for name, default in DEFAULTS.items():
        assert str(Settings.model_fields[name.removeprefix(PREFIX).lower()].default) == default


def test_it_loads_nothing_else_of_the_program(tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv[1:] = ['healthcheck']\n"
        "from bot.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code)\n"
        "print(sorted({'pydantic', 'sqlalchemy', 'starlette', 'structlog'} & set(sys.modules)))"
    )
    environment = {**os.environ, PORT: "9", "PYTHONPATH": str(DEPLOY.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1", "[]"]
