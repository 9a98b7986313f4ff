"""Commands for whoever runs the bot: topics as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.process import Bot


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data", huggingface_url="http://127.0.0.1:9")
    yield bot
    bot.close()


def test_the_terminal_exports_compares_and_applies(tmp_path: Path, bot: Bot) -> None:
    assert bot.cli("command", "subscribe diffusion").returncode == 0
    file = tmp_path / "topics.yaml"
    assert bot.cli("topics", "export", str(file)).returncode == 0
    text = file.read_text().replace("query: diffusion", "query: agents")
    file.write_text(text.replace("  topics:", "  # ours\n  topics:"))
    tried = bot.cli("topics", "apply", str(file), "--dry-run")
    assert (tried.returncode, "+  - query: agents" in tried.stdout) == (0, True)
    assert "Would be changed: 1 topic added, 1 topic removed." in tried.stderr
    done = bot.cli("topics", "apply", str(file))
    assert (done.returncode, done.stdout) == (0, tried.stdout)
    again = bot.cli("topics", "apply", str(file))
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "Nothing to change.\n")
    file.write_text(file.read_text().replace("query: agents", "query: robots"))
    updated = bot.cli("topics", "export", str(file), "--channel", "general")
    assert "+  - query: agents" in updated.stdout
    assert "# ours" in file.read_text()
    file.write_text("channels:\n- channel: web/general\n  topics:\n  - qeury: x\n")
    wrong = bot.from_the_shell("topics", "apply", str(file))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith(f"{file}:4:5: There is no `qeury` in a topic. Did you mean `query`?")
