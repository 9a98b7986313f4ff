"""The pages that are made from the code: settings, commands, and the program's own command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click
from pydantic import SecretStr

from bot.app.command_line.program import cli
from bot.app.configuration.settings import PREFIX, Settings
from bot.channels.channel import ChannelSettings
from bot.commands.channels.channels import COMMANDS as OF_THE_WORKSPACE
from bot.commands.channels.setting import SETTINGS
from bot.commands.channels.settings import ROLE, ROLE_HELP
from bot.commands.registry import Command
from bot.commands.runner import REGISTRY

DOCS: Final = Path(__file__).resolve().parents[2] / "deploy" / "docs"

_MADE: Final = "<!-- Made by `make docs` from {source}: change it there. -->"

#: The parts of the table of settings beside the general one: a heading, and the beginnings of the names below it.
_PARTS: Final = MappingProxyType(
    {
        "Slack": ("slack",),
        "Discord": ("discord",),
        "Mail": ("mail", "smtp"),
        "The web workspace": ("web",),
        "Logs and traces": ("log", "otlp"),
    }
)

_ABOUT_SETTINGS: Final = f"""\
They come from the environment, or from a file named `.env` in the folder where the bot is started; the environment goes
first. An empty value counts as none. After a change start the bot again.

A name that is no setting, such as `{PREFIX}POLL_MINUTE`, is named by `paperround run` and `paperround doctor`, with the
nearest one that is. A value that cannot be used keeps the bot from starting, and the sentence says what can be used
instead."""

_ABOUT_COMMANDS: Final = """\
The same commands everywhere. In Slack they are written as `/papers search agents`, in the web workspace's line without
`/papers`, and in a terminal as `paperround command "search agents" --channel web/general`. In Discord each argument has
a field of its own, `/papers search query:agents`, and the commands that change a channel are in `/papers-manage`.

*Managers* are those who may manage the channel: in [Slack](slack.md#who-may-do-what), in
[Discord](discord.md#who-may-do-what), in [the web workspace](web.md#people). How to write a query is in
[The language of queries](language.md)."""

_ABOUT_TERMINAL: Final = """\
The program is called `paperround`; in a checkout it is `.venv/bin/paperround` after `make demo` or `make run`.
`paperround --help` and `paperround COMMAND --help` say the same as this page.

Answers go to stdout and logs to stderr, and `--json` writes one document. Exit codes: 0 done, 1 failed, 2 bad usage;
`paperround run` ends with 78 when a setting is wrong, so that nobody starts it again before it is corrected."""


def settings_page() -> str:
    """Every setting with its default, in the order of the code."""
    lines = [
        "# Settings",
        "",
        _MADE.format(source="`bot/app/configuration/settings.py`"),
        "",
        _ABOUT_SETTINGS,
    ]
    for part in ("General", *_PARTS):
        fields = {name: field for name, field in Settings.model_fields.items() if _part_of(name) == part}
        if not fields:
            continue
        lines += ["", f"## {part}", "", "| variable | default | what it is |", "| --- | --- | --- |"]
        lines += [
            f"| `{PREFIX}{name.upper()}` | {_shown(field.default)} | {_cell(field.description or '')} |"
            for name, field in fields.items()
        ]
    return _ended(lines)


def commands_page() -> str:
    """Every `/papers` command: how to write it, who may, what it does."""
    commands = [*REGISTRY, *OF_THE_WORKSPACE]
    lines = [
        "# Commands",
        "",
        _MADE.format(source="the commands in `bot/commands/`"),
        "",
        _ABOUT_COMMANDS,
        "",
        "| command | for | what it does |",
        "| --- | --- | --- |",
        *(
            f"| [`{command.name}`](#{command.name}) | {_who(command)} | {_cell(command.summary)} |"
            for command in commands
        ),
    ]
    for command in commands:
        lines += ["", *_described(command)]
    return _ended(lines)


def terminal_page() -> str:
    """Every command of the program `paperround`, with its options."""
    lines = [
        "# In the terminal",
        "",
        _MADE.format(source="`bot/app/command_line/`"),
        "",
        _ABOUT_TERMINAL,
    ]
    assert isinstance(cli, click.Group)
    for path, command in _programs("paperround", cli):
        lines += ["", f"{'#' * (len(path.split()))} {path}", "", *_usage(path, command)]
    return _ended(lines)


PAGES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "settings.md": settings_page,
        "commands.md": commands_page,
        "terminal.md": terminal_page,
    }
)


def _part_of(name: str) -> str:
    beginning = name.partition("_")[0]
    return next((part for part, beginnings in _PARTS.items() if beginning in beginnings), "General")


def _shown(default: object) -> str:
    """A default as somebody would write it; a dash for none."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    match default:
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case tuple():
            default = ",".join(default)
        case None:
            default = ""
    return f"`{getattr(default, 'value', default)}`" if default != "" else "—"


def _who(command: Command) -> str:
    if not command.manages:
        return "everyone"
    if command.changes_with:
        return "everyone; managers to change it"
    if command.own_with:
        return f"managers; everyone with `{command.options[command.own_with].usage.strip('[]')}`"
    return "managers"


def _described(command: Command) -> Iterator[str]:
    yield f"## {command.name}"
    yield ""
    yield f"`{command.usage}`"
    yield ""
    place = " In the web workspace and in a terminal." if command.hidden else ""
    yield f"{command.summary[:1].upper()}{command.summary[1:]}. For {_who(command)}.{place}"
    shown = [parameter for parameter in command.parameters if not parameter.internal]
    if shown:
        yield ""
        yield from (
            f"- `{parameter.usage}` {_between(parameter.minimum, parameter.maximum, parameter.help)}"
            for parameter in shown
        )
    if command.name == "settings":
        yield ""
        yield "| key | what it says | for example | without it |"
        yield "| --- | --- | --- | --- |"
        yield from (
            f"| `{one.key}` | {_cell(one.help)} | {', '.join(f'`{value}`' for value in one.values)} "
            f"| `{one.typed(ChannelSettings())}` |"
            for one in SETTINGS.values()
        )
        yield f"| `{ROLE}` | {_cell(ROLE_HELP)} | `none` | `none` |"
    elif command.details:
        yield ""
        yield command.details
    if command.examples:
        yield ""
        yield "```text"
        yield from (example if command.hidden else f"/papers {example}" for example in command.examples)
        yield "```"


def _between(least: int, most: int, help_: str) -> str:
    return f"{help_} ({least} to {most})" if least and most < 1_000_000 else help_


def _programs(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if command is not None and not command.hidden:
            yield f"{path} {name}", command
            if isinstance(command, click.Group):
                yield from _programs(f"{path} {name}", command)


def _usage(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    written = ["[OPTIONS]"] * bool(options) + pieces
    yield f"`{' '.join([path, *written])}`"
    for paragraph in (command.help or "").strip().replace("\b", "").split("\n\n"):
        yield ""
        yield " ".join(paragraph.split())
    rows = [record for option in options if (record := option.get_help_record(context)) is not None]
    if rows:
        yield ""
        yield from (f"- `{names}` {' '.join(help_.split())}" for names, help_ in rows)


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def _ended(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
