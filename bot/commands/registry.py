"""What a command is, and the list of them. Every platform makes its own form of a command from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.commands.services import Services
from bot.errors import UserError
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.suggestions import closest, quoted


class Kind(StrEnum):
    """What a parameter takes: for checking, for completion, and for platforms with typed options."""

    TEXT = "text"
    QUERY = "query"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    COMMAND = "command"
    TOPIC = "topic"
    PAPER = "paper"
    SCHEDULE = "schedule"
    TIME_ZONE = "time zone"
    SETTING = "setting"
    SETTING_VALUE = "setting value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that may follow a command's name.

    An `option` is written `--name VALUE` (a switch: `--name`) anywhere in the line. The others stand in their order,
    and the last of them takes the rest of the line. `minimum` and `maximum` bound a number.
    An `internal` one is for buttons, and in no help. `file` says what file may come with the command in its place, or
    beside it; empty where none may.
    """

    name: str
    help: str
    kind: Kind = Kind.TEXT
    required: bool = False
    option: bool = False
    internal: bool = False
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 1_000_000
    file: str = ""

    @property
    def usage(self) -> str:
        """How the help shows it: `QUERY`, `[N]`, `[--min-upvotes N]`."""
        shown = "|".join(self.choices) if self.choices else self.name.upper()
        if self.option:
            value = {Kind.SWITCH: "", Kind.NUMBER: " N", Kind.CHOICE: f" {shown}"}.get(self.kind, f" {shown}")
            shown = f"--{self.name}{value}"
        return shown if self.required else f"[{shown}]"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a person wrote after a command's name, checked and converted."""

    values: Mapping[str, str | int]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """The text given for a parameter, empty without one."""
        return str(self.values.get(name, ""))

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) else None


Handler = Callable[[Services, CommandCall, Arguments], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One `/papers` command.

    `manages` says that only who may manage the channel may give it, though everybody may
    without the argument that `changes_with` names, which then only shows, or with the option that `own_with` names,
    which makes it about what is the person's own. `hidden` commands stand behind buttons: they
    work when typed and are in no list. `redraws` says that the answer may change the message whose button was pressed,
    so that a platform must not mix up the answers to two people, and `asks_elsewhere` that it may ask the sources, who
    take their time. The answer to a `personal` one is nobody else's business, and one that `changes_reading_list`
    changes what is shown of that list elsewhere. What one that `manages` has changed may be told to the channel, unless
    it is not `announced`. What everybody may do and others see `takes_part`. One that manages stands in the audit, and
    so does one that is `audited`. One that needs no channel (`needs_channel`) is about papers and a person, and works
    wherever somebody writes to the bot. One that `opens_modal` has a form, which platforms with forms open when it is
    given without what it requires.
    """

    name: str
    summary: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    examples: tuple[str, ...] = ()
    details: str = ""
    manages: bool = False
    changes_with: str = ""
    own_with: str = ""
    hidden: bool = False
    redraws: bool = False
    asks_elsewhere: bool = False
    personal: bool = False
    announced: bool = True
    needs_channel: bool = True
    opens_modal: bool = False
    changes_reading_list: bool = False
    takes_part: bool = False
    audited: bool = False

    def is_change(self, arguments: Arguments) -> bool:
        """Whether it changes something that is not the person's own, given with these arguments."""
        changes = not self.changes_with or self.changes_with in arguments
        return (self.manages or self.audited) and changes and self.own_with not in arguments

    @property
    def usage(self) -> str:
        """The line that the help shows, without `/papers`."""
        return " ".join([self.name, *(parameter.usage for parameter in self.parameters if not parameter.internal)])

    @property
    def short_usage(self) -> str:
        """The line without options."""
        return " ".join([self.name, *(parameter.usage for parameter in self.positional)])

    @property
    def positional(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if not parameter.option)

    @property
    def file(self) -> str:
        """What file may come with it; empty where none may."""
        return next((parameter.file for parameter in self.parameters if parameter.file), "")

    @property
    def options(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters if parameter.option}


#: How people ask what is new.
_NEWS = frozenset({"what", "whats", "what's", "what’s", "new", "news", "newest", "latest"})


class Registry:
    """All commands by name, in the order of the help."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands = {command.name: command for command in commands}

    def __iter__(self) -> Iterator[Command]:
        """The commands that people see."""
        return (command for command in self._commands.values() if not command.hidden)

    def get(self, name: str, rest: str = "") -> Command:
        """The command of that name; raises `UserError` for a name that is none, with what was probably meant.

        `rest` is what follows the name: words that are no command are most likely meant to be searched for.
        """
        command = self._commands.get(name.lower())
        if command is None:
            names = [command.name for command in self]
            shown = name if len(name) <= 40 else name[:39] + "…"
            if near := closest(name.lower(), names):
                raise UserError(f"There is no command `{shown}`. Did you mean `/papers {near}`?")
            newest = " `/papers today` has what is new." if name.lower().rstrip("?!.,") in _NEWS else ""
            search = quoted(f"/papers search {name} {rest}".rstrip())
            offers = f"To find papers write {search}.{newest} `/papers help` lists all commands."
            raise UserError(f"There is no command `{shown}`. {offers}")
        return command

    def of_line(self, line: str) -> Command | None:
        """The command that a line gives, None when it gives none."""
        word = line.strip().partition(" ")[0]
        return self._commands.get(word.lower())
