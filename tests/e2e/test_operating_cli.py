"""Commands for whoever runs the bot: channels, topics as files, documents for programs."""

from __future__ import annotations

import gzip
import hashlib
import json
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


def test_channels_are_listed_and_their_topics_copied(bot: Bot) -> None:
    assert bot.cli("command", "subscribe diffusion").returncode == 0
    copied = bot.cli("channels", "copy", "general", "web/other")
    assert "1 topic copied from #general" in copied.stdout
    found = {one["address"]: one for one in json.loads(bot.cli("channels", "--json").stdout)}
    assert found.keys() == {"web/local/general", "web/local/other"}
    assert found["web/local/other"] | {"next_digest_at": ""} == {
        "address": "web/local/other", "platform": "web", "workspace": "local", "workspace_name": "local",
        "name": "other", "topics": 1, "schedule": "weekdays 09:00", "time_zone": "UTC", "next_digest_at": "",
        "state": "active", "reason": None, "paused_until": None, "archived": False,
    }  # fmt: skip
    assert "#other: 1 topic, weekdays 09:00 (UTC)" in bot.cli("channels").stdout


def test_what_the_doctor_finds_is_one_document(bot: Bot) -> None:
    found = bot.from_the_shell("doctor", "--json")
    document = json.loads(found.stdout)
    assert document.keys() == {"ok", "version", "findings"}
    assert document["ok"] is (found.returncode == 0)
    assert {one["mark"] for one in document["findings"]} <= {"well", "problem", "notice", "unchecked"}
    (database,) = (one for one in document["findings"] if one["what"].lower() == "database")
    assert (database["mark"], bool(database["words"])) == ("well", True)


def test_tokens_are_made_listed_and_revoked(bot: Bot) -> None:
    assert bot.cli("people", "add", "ada", "--role", "manager").returncode == 0
    made = bot.cli("tokens", "create", "ada", "--name", "dashboard", "--days", "7")
    token = made.stdout.strip()
    assert token.startswith("ppr_")
    (listed,) = json.loads(bot.cli("tokens", "list", "--json").stdout)
    assert (listed["person"], listed["name"], listed["used_at"]) == ("ada", "dashboard", None)
    backup = bot.folder.parent / "everything.gz"
    assert bot.cli("backup", str(backup)).returncode == 0
    kept = gzip.decompress(backup.read_bytes()).decode()
    assert "ada" in kept
    assert token[4:] not in kept
    assert hashlib.sha256(token.encode()).hexdigest() not in kept
    assert token[4:].encode() not in bot.database.read_bytes()
    assert "is revoked" in bot.cli("tokens", "revoke", str(listed["id"])).stdout
    assert json.loads(bot.cli("tokens", "list", "--json").stdout) == []
    assert json.loads(bot.cli("api-document").stdout)["openapi"] == "3.1.0"
