"""What the README says is true."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from pydantic import SecretStr

from bot.app.command_line.program import cli
from bot.app.settings import PREFIX, Settings, load_settings
from bot.commands.runner import REGISTRY

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def shown(default: object) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(default)
    if default is True:
        default = "true"
    return f"`{getattr(default, 'value', default)}`" if default else "—"


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = [line for line in README.splitlines() if line.startswith(f"| `{PREFIX}")]
    assert rows == [
        f"| `{PREFIX}{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def test_every_command_is_in_the_readme() -> None:
    commands = README.split("## Commands")[1].split("## In the terminal")[0]
    for command in REGISTRY:
        assert re.search(rf"`{command.name}\b", commands), command.name
        for name, option in command.options.items():
            assert option.internal or f"--{name}" in commands, (command.name, name)


def test_every_terminal_command_is_in_the_readme() -> None:
    assert isinstance(cli, click.Group)
    terminal = README.split("## In the terminal")[1].split("## Settings")[0]
    for name in cli.commands:
        assert f"`paperround {name}" in terminal, name


def test_the_files_that_the_readme_links_to_exist() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_dependency_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    reasons = (ROOT / "CONTRIBUTING.md").read_text()
    names = re.findall(r'^    "([a-zA-Z0-9.-]+)[^"]*>=', project, re.MULTILINE)
    assert len(names) > 20
    for name in names:
        assert f"`{name}`" in reasons, name


def test_lists_in_settings_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERROUND_WEB_ALLOWED_HOSTS", "papers.example.org, other.example.org")
    assert load_settings().web_allowed_hosts == ("papers.example.org", "other.example.org")
