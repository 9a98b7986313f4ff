"""Names that were meant to be settings, and settings that cannot be used."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path

import pytest

from bot.app.configuration.database_address import store_at
from bot.app.configuration.environment import unknown_settings, unreadable_lines
from bot.app.configuration.folders import nearest_folder, unwritable
from bot.app.configuration.settings import Settings, load_settings, read_settings
from bot.app.doctor.findings import Mark, findings_of
from bot.app.doctor.machine_checks import machine_checks
from bot.app.foundation import open_foundation
from bot.app.own_port import is_ours
from bot.clocks import SteadyClock
from bot.errors import SettingsError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PAPERROUND_SLACK_BOT_TOKN", "PAPERROUND_SLACK_BOT_TOKEN"),
        ("PAPERROUND_POLL_MINUTE", "PAPERROUND_POLL_MINUTES"),
        ("PAPERROUND_DISCORD_BOT_TOKEN", "PAPERROUND_DISCORD_TOKEN"),
        ("PAPERROUND_DATABASEURL", "PAPERROUND_DATABASE_URL"),
        ("PAPER_ROUND_WEB_PORT", "PAPERROUND_WEB_PORT"),
        ("PAPERROUNDS_WEB_PORT", "PAPERROUND_WEB_PORT"),
        ("PAPERROUND-WEB-PORT", "PAPERROUND_WEB_PORT"),
        ("paperround_web_prot", "PAPERROUND_WEB_PORT"),
        ("PAPERROUND_COLOUR_OF_THE_SKY", ""),
    ],
)
def test_a_misspelt_setting_is_named_with_the_nearest(name: str, meant: str) -> None:
    (found,) = unknown_settings({name: "1", "HOME": "/", "PAPERS": "1"})
    assert (found.name, found.nearest) == (name, meant)
    assert name in str(found)
    assert meant in str(found)


def test_settings_in_any_case_are_known() -> None:
    assert unknown_settings({f"PAPERROUND_{name.upper()}": "" for name in Settings.model_fields}) == []
    assert unknown_settings({"paperround_web_port": "1"}) == []


def test_the_file_is_looked_at_with_its_lines() -> None:
    lines = [
        "# PAPERROUND_OLD=1", "PAPERROUND_WEB_PORT=8000", "export PAPERROUND_WEB_HOSTS=x", "SLACK_BOT_TOKEN=xoxb-1",
        "PATH=/bin", "PAPERROUND_POLL_MINUTES: 5", "PAPERROUND_WEB",
    ]  # fmt: skip
    Path(".env").write_text("\n".join(lines))
    found = {setting.name: (setting.place, setting.nearest) for setting in unknown_settings({})}
    assert found == {
        "PAPERROUND_WEB_HOSTS": ("in .env, line 3", "PAPERROUND_WEB_HOST"),
        "SLACK_BOT_TOKEN": ("in .env, line 4", "PAPERROUND_SLACK_BOT_TOKEN"),
    }
    assert unreadable_lines() == [6, 7]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("POLL_MINUTES", "often", "“often” is no number"),
        ("POLL_MINUTES", "0", "0.05 is the least"),
        ("POLL_MINUTES", "9999", "1440 is the most"),
        ("POLL_MINUTES", "nan", "PAPERROUND_POLL_MINUTES"),
        ("PUBLIC_URL", "papers.example.org", "starts with http:// or https://"),
        ("PUBLIC_URL", "https://[::1", "an address has a name or a number"),
        ("PUBLIC_URL", "https://papers.example.org:https", "an address has a name or a number"),
        ("HUGGINGFACE_URL", "http://?q", "an address has a name or a number"),
        ("WEB_PORT", "80.5", "“80.5” is no whole number"),
        ("WEB_PORT", "99999", "65535 is the most"),
        ("WEB", "maybe", "write true or false, not “maybe”"),
        ("LOG_LEVEL", "loud", "“loud” is none of debug, info, warning or error"),
        ("HUGGINGFACE_URL", "huggingface.co", "starts with http:// or https://"),
        ("WEB_TRUSTED_PROXIES", "10.0.0.0/8, nginx", "“nginx” is no address"),
        ("CONTACT", "x" * 201, "longer than 200 characters"),
    ],
)
def test_a_wrong_value_is_told_in_our_words(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"PAPERROUND_{name}", value)
    with pytest.raises(SettingsError, match="Some settings cannot be used") as raised:
        load_settings()
    assert f"PAPERROUND_{name}: " in str(raised.value)
    assert words in str(raised.value)
    assert "Input should" not in str(raised.value)


def test_one_wrong_value_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("POLL_MINUTES", "often"), ("WEB_PORT", "no"), ("CONTACT", "ada@example.org")):
        monkeypatch.setenv(f"PAPERROUND_{name}", value)
    settings, problems = read_settings()
    assert (settings.poll_minutes, settings.web_port, settings.contact) == (5.0, 8421, "ada@example.org")
    assert [problem.partition(":")[0] for problem in problems] == ["PAPERROUND_POLL_MINUTES", "PAPERROUND_WEB_PORT"]


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERROUND_POLL_MINUTES", "")
    assert load_settings().poll_minutes == 5.0


@pytest.mark.parametrize("kind", ["folder", "binary"])
def test_a_file_of_settings_that_cannot_be_read_is_said(kind: str) -> None:
    if kind == "folder":
        Path(".env").mkdir()
    else:
        Path(".env").write_bytes(b"PAPERROUND_CONTACT=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env is not"):
        load_settings()
    assert unknown_settings({}) == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may look everywhere")
def test_a_folder_that_may_not_be_entered_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebodys = tmp_path / "somebodys"
    somebodys.mkdir()
    monkeypatch.chdir(somebodys)
    somebodys.chmod(0o000)
    try:
        with pytest.raises(SettingsError, match="start the bot in a folder that this user may enter"):
            load_settings()
        assert unknown_settings({}) == []
    finally:
        somebodys.chmod(0o700)


def test_the_doctor_goes_on_where_the_data_folder_cannot_be_looked_at(tmp_path: Path) -> None:
    # Nor can one of somebody else's, but for root.
    folder = tmp_path / ("x" * 300)
    assert nearest_folder(folder) == tmp_path
    assert "cannot be made (File name too long)" in unwritable(
        folder, OSError(errno.ENAMETOOLONG, "File name too long")
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://ada:geheim@db.example:abc/papers", "no number up to 65535"),
        ("postgresql://ada:ge@heim:word@db.example/papers", "%40 for @"),
        ("postgres://db.example:99999/papers", "no number up to 65535"),
        ("postgresql://ada:geheim@db.example/papers?sslmode=require&channel_binding=require", "channel_binding=… "),
        ("postgresql+asyncpg://[::1]:x/papers", "no number up to 65535"),
    ],
)
async def test_an_address_of_a_database_that_cannot_be_one_is_said(tmp_path: Path, address: str, words: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=address)
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match=re.escape(words)) as raised:
            await open_foundation(settings, SteadyClock(), stack)
    assert "heim" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:g%40h%3A1@db.example:5432/papers?sslmode=require",
        "postgresql://ada:a/b:c@[::1]:5432/papers",
        "postgresql://ada@lab:geheim@db.example/papers?timeout=10",
        "postgresql:///papers?host=/run/postgresql&port=5433",
        "postgresql+asyncpg://db.example/papers?prepared_statement_cache_size=0",
        "sqlite:///a:b.db",
    ],
)
def test_other_addresses_of_databases_are_left_to_the_driver(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store_at(address)


async def test_nobody_answers_on_a_host_that_cannot_be_one(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, web_host="a..b", web_port=8421)
    found = {one.what: one async for one in findings_of(machine_checks(settings, ()))}
    assert found["Web port"].mark is Mark.PROBLEM
    assert "Nothing can listen on a..b:8421" in found["Web port"].words
    assert not is_ours("a..b", 8421, 1.0)
