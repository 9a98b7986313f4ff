"""What is loaded: only what the settings ask for, because each library takes memory and time, used or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.databases import sqlite_in

_OPENED = """
import asyncio, sys
from bot.app.adapters.web import web_server
from bot.app.application import open_application
from bot.app.configuration.settings import load_settings

async def work():
    async with open_application(load_settings()) as application:
        await web_server(application)
        await application.engine.deliver()

asyncio.run(work())
print(*sys.modules)
"""
_HELPED = """
import sys
from bot.app.command_line.program import cli
cli(sys.argv[1:], standalone_mode=False)
print(*sys.modules)
"""
#: Of chat platforms, mail, traces, meaning, files of topics, PostgreSQL, and databases that are brought up to date.
_OF_SETTINGS = {
    "discord", "slack_bolt", "slack_sdk", "aiohttp", "aiosmtplib", "opentelemetry", "onnxruntime", "tokenizers",
    "adapters.discord", "adapters.slack", "adapters.mail.platform", "adapters.embedding.onnx",
    "numpy", "yaml", "asyncpg", "alembic",
}  # fmt: skip


def _loaded(code: str, *arguments: str, **settings: str) -> set[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**environment, **settings},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_without_tokens_nothing_of_chats_mail_meaning_or_postgresql_is_loaded(tmp_path: Path) -> None:
    sqlite_in(tmp_path / "paperround.db")
    nobody = "http://127.0.0.1:9"
    loaded = _loaded(
        _OPENED,
        PAPERROUND_DATA_DIR=str(tmp_path),
        PAPERROUND_EMBEDDING_MODEL="none",
        **{f"PAPERROUND_{name}_URL": nobody for name in ("HUGGINGFACE", "ARXIV_API", "ARXIV_RSS")},
    )
    assert "storage.store" in loaded
    assert not _OF_SETTINGS & loaded


def test_a_word_of_help_loads_neither_the_bot_nor_its_libraries() -> None:
    for words in ((), ("run",), ("status",)):
        loaded = _loaded(_HELPED, *words, "--help")
        assert "click" in loaded
        assert not {"bot.app.application", "storage", "sqlalchemy", "tantivy", "httpx", "starlette"} & loaded


def test_how_the_bot_does_is_told_without_its_platforms_and_without_arrays_of_numbers(tmp_path: Path) -> None:
    sqlite_in(tmp_path / "paperround.db")
    loaded = _loaded(_HELPED, "status", PAPERROUND_DATA_DIR=str(tmp_path))
    assert "storage.store" in loaded
    assert not {"numpy", "onnxruntime", "bot.app.application", "httpx", "starlette", "slack_sdk", "asyncpg"} & loaded
