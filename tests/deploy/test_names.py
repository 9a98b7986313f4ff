"""What the files of deploy/ name exists."""

from __future__ import annotations

import re
from itertools import pairwise

import click
import pytest

from bot.app.command_line.program import cli
from bot.app.configuration.settings import PREFIX, Settings
from bot.posting.roles import ProcessRole
from tests.deploy.files import settings_in, texts

TEXTS = dict(texts())
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if settings_in(text)])
def test_every_setting_is_one(name: str) -> None:
    assert settings_in(TEXTS[name]) - SETTINGS == set()


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if "paperround" in text])
def test_every_command_of_the_program_is_one(name: str) -> None:
    """Whether it stands as words of a shell or as a list."""
    for line in TEXTS[name].splitlines():
        words = re.split(r'[\s,"\'\[\]]+', line)
        for program, command in pairwise(words):
            if program.endswith("bin/paperround") or (program == "paperround" and '"paperround", "' in line):
                assert isinstance(cli.get_command(click.Context(cli), command), click.Command), line
        for option, role in pairwise(words):
            if option == "--role":
                assert role in {role.value for role in ProcessRole} | {"gateway|worker"}, line
