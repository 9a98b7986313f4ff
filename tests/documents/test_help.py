"""What people read first: the program's help, and that of commands."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from bot.app.command_line.program import cli
from bot.commands.help import LANGUAGE, audience
from bot.commands.runner import REGISTRY
from bot.query.fields import FIELDS
from bot.query.parser import parse
from tests.documents.generated import DOCS


def programs(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from programs(f"{path} {name}", inner)


@pytest.mark.parametrize(("path", "command"), [*programs("paperround", cli)])
def test_the_help_of_the_program_is_whole(path: str, command: click.Command) -> None:
    """On a terminal of the usual width no line of a list is cut, and every option says what it is for."""
    context = click.Context(command, info_name=path, terminal_width=80)
    told = command.get_help(context).partition("\n\n")[2]  # behind the usage, where dots mean more of the same
    assert "..." not in told
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, (path, option.name)
            assert option.help.endswith("."), (path, option.help)


def test_the_help_of_a_command_says_who_may_give_it() -> None:
    assert audience(REGISTRY.get("search")) == "everyone"
    assert audience(REGISTRY.get("now")) == "those who may manage this channel"
    assert audience(REGISTRY.get("schedule")) == "everyone; to change something, for those who may manage this channel"
    assert audience(REGISTRY.get("subscribe")) == "those who may manage this channel; with `--for me` for everyone"


def test_summaries_of_commands_read_alike() -> None:
    for command in REGISTRY:
        assert not command.summary.endswith("."), command.name
        assert command.summary[:1].islower() or command.summary.startswith("BibTeX"), command.name


def test_the_help_on_queries_and_its_page_have_every_field() -> None:
    page = (DOCS / "language.md").read_text()
    examples = " ".join(example for examples, _ in LANGUAGE for example in examples)
    for field in FIELDS:
        assert f"{field}:" in page, field
        assert f"{field}:" in examples, field


def test_every_example_of_the_help_can_be_read() -> None:
    for examples, _ in LANGUAGE:
        for example in examples:
            assert parse(example).text
