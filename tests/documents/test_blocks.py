"""What stands in the documents to be typed works: blocks of the shell are run, names are those of the code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click
import pytest
import yaml

from bot.app.command_line.program import cli
from bot.app.configuration.settings import PREFIX, Settings
from bot.commands.runner import REGISTRY
from bot.errors import UserError
from tests.documents.markdown import ROOT, CodeBlock, blocks_of, documents
from tests.documents.shell import run_in_shell

#: Names that stand for a mistake.
_WRONG_SETTINGS = {"POLL_MINUTE"}
_LANGUAGES = {"sh", "ini", "text", "mermaid", "yaml", "json", "python", "sql", "promql"}

DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text() for path in documents()}
BLOCKS = {name: list(blocks_of(text)) for name, text in DOCUMENTS.items()}


def runs(blocks: list[CodeBlock]) -> list[str]:
    return [block.text for block in blocks if block.language == "sh" and not block.not_run]


def test_a_block_of_the_shell_is_run_unless_a_mark_says_why_not() -> None:
    text = "```sh\ntrue\n```\n\n1. One\n\n   <!-- not run: needs a server -->\n   ```sh\n   false\n     true\n   ```\n"
    first, second = blocks_of(text)
    assert runs([first, second]) == ["true\n"]
    assert (second.text, second.not_run) == ("false\n  true\n", "needs a server")


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_says_what_it_is(name: str) -> None:
    assert {block.language for block in BLOCKS[name]} <= _LANGUAGES


@pytest.mark.parametrize("name", BLOCKS)
def test_yaml_and_json_can_be_read(name: str) -> None:
    for block in BLOCKS[name]:
        match block.language:
            case "yaml":
                assert yaml.safe_load(block.text)
            case "json":
                assert json.loads(block.text)


@pytest.mark.parametrize("name", [name for name, blocks in BLOCKS.items() if runs(blocks)])
def test_what_is_to_be_typed_works(name: str, tmp_path: Path) -> None:
    """The blocks of a document in their order, in one folder, with the settings of a demo: nothing outside is asked."""
    nowhere = "http://127.0.0.1:9"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        "PAPERROUND_WEB_PORT": "0",
        "PAPERROUND_EMBEDDING_MODEL": "none",
        "PAPERROUND_ARXIV_CATEGORIES": "none",
        **dict.fromkeys(
            (f"PAPERROUND_{name}_URL" for name in ("HUGGINGFACE", "ARXIV_API", "ARXIV_RSS", "BIORXIV")), nowhere
        ),
    }
    code, written = run_in_shell("\n".join(runs(BLOCKS[name])), tmp_path, environment, 120)
    assert code == 0, written


def test_what_does_not_work_is_seen(tmp_path: Path) -> None:
    script = "paperround status --no-such-option\ntouch reached\n"
    code, written = run_in_shell(script, tmp_path, dict(os.environ), 120)
    assert code == 2
    assert "No such option" in written
    assert not (tmp_path / "reached").exists()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_settings_that_it_names_are_settings(name: str) -> None:
    for setting in re.findall(rf"\b{PREFIX}([A-Z_]+[A-Z])\b(?!…)", DOCUMENTS[name]):
        assert setting.lower() in Settings.model_fields or setting in _WRONG_SETTINGS, setting


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_port_that_it_names_is_the_one_that_is_served(name: str) -> None:
    for port in re.findall(r"127\.0\.0\.1:(\d+)", DOCUMENTS[name]):
        assert int(port) == Settings.model_fields["web_port"].default, port


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_that_it_names_are_commands(name: str) -> None:
    typed = re.findall(r"`/papers(?:-manage)? ([a-z-]+)", DOCUMENTS[name])
    for command in typed:
        try:
            REGISTRY.get(command)
        except UserError as error:
            pytest.fail(str(error))
    for program in re.findall(
        r"(?<=[`/\n ])paperround ((?:[a-z]+(?:-[a-z]+)* ?)+)", "".join(re.findall(r"`[^`]+`", DOCUMENTS[name]))
    ):
        assert _is_program(program.split()), program


def _is_program(words: list[str]) -> bool:
    """Whether they name a command of the program, and a part of it where it has parts."""
    group: click.Command = cli
    for word in words:
        if not isinstance(group, click.Group):
            return True
        named = group.get_command(click.Context(group), word)
        if named is None:
            return False
        group = named
    return True
