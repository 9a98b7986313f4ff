"""Reading the line of a command: its name, its options and its arguments.

People type these on phones: curly quotes count as straight ones, and `—name` (what `--name` becomes there) as an
option where the command has one of that name. After `--` alone nothing is an option any more.
"""

from __future__ import annotations

import re

from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.errors import UserError
from bot.text.suggestions import closest
from bot.text.typed import BACKTICK, DASHES, QUOTES, as_typed, quote_end, value_typed, visible

#: What keeps its quotes, and what a person may write in any way.
_WRITTEN = frozenset((Kind.TEXT, Kind.QUERY, Kind.TOPIC))
LONGEST_LINE = 4000  # characters; Slack's own limit for a command
_DASHES = re.escape(DASHES)
_END_OF_OPTIONS = re.compile(r"(?<!\S)--(?!\S)")
_OPTION = re.compile(rf"(?P<dashes>[{_DASHES}]{{2,3}}|[—–―⸺⸻])(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<sign>=?)")


def split_line(line: str) -> tuple[str, str]:
    """The command's name (may be empty) and what follows it; `/papers` itself may stand in front."""
    if len(line) > LONGEST_LINE:
        raise UserError(f"That is too long: a command has at most {LONGEST_LINE:,} characters.")
    line = visible(line).strip()
    while len(line) > 1 and line[0] == line[-1] == BACKTICK:  # copied with the marks of code
        line = line[1:-1].strip()
    words = line.split(maxsplit=1)
    if words:
        words[0] = as_typed(words[0])
    if words and words[0].lower() == "/papers":
        words = words[1].split(maxsplit=1) if len(words) == 2 else []
    return (words[0] if words else "", words[1].strip() if len(words) == 2 else "")


def read_arguments(command: Command, text: str, *, with_file: bool = False) -> Arguments:
    """What follows the name of a command, checked; raises `UserError` with a sentence on how to write it.

    `with_file` says that a file came with it, which stands for what else is required.
    """
    if with_file and not command.file:
        raise UserError(f"`/papers {command.name}` takes no file. {_example(command)}".rstrip())
    values: dict[str, str | int] = {}
    rest = _take_options(command, text, values)
    positional = command.positional
    for number, parameter in enumerate(positional, 1):
        if not rest:
            break
        last = number == len(positional)
        word, rest = (rest, "") if last else (*rest.split(maxsplit=1), "")[:2]
        values[parameter.name] = _value(command, parameter, as_typed(word))
    if rest:
        raise UserError(f"`/papers {command.name}` takes nothing after it. {_example(command)}".rstrip())
    missing = [
        parameter
        for parameter in positional
        if parameter.required and parameter.name not in values and not (with_file and parameter.file)
    ]
    if missing:
        raise UserError(f"`/papers {command.name}` needs {missing[0].help}. {_example(command)}".rstrip())
    return Arguments(values)


def _take_options(command: Command, text: str, values: dict[str, str | int]) -> str:
    """Takes the options out of the text and returns what is left."""
    options = command.options
    typed = as_typed(text)
    kept: list[str] = []
    position = 0
    while position < len(text):
        if text[position] in QUOTES or quote_end(text, position) is not None:
            end = _end_of_quote(text, position)
            kept.append(text[position:end])
            position = end
            continue
        if ended := _END_OF_OPTIONS.match(typed, position):
            kept.append(text[ended.end() :])
            break
        found = _OPTION.match(typed, position) if position == 0 or text[position - 1].isspace() else None
        name = found["name"].lower() if found else ""
        if found and name in options:
            position = _take_option(command, options[name], text, found.end(), bool(found["sign"]), values)
        elif found and len(found["dashes"]) > 1:
            raise UserError(_unknown_option(command, name))
        else:
            kept.append(text[position])
            position += 1
    return "".join(kept).strip()


def _take_option(
    command: Command, option: Parameter, text: str, position: int, signed: bool, values: dict[str, str | int]
) -> int:
    """Reads the value behind an option's name; returns where the text goes on."""
    if option.name in values:
        raise UserError(f"`--{option.name}` is there twice. Say it once.")
    if option.kind is Kind.SWITCH and not signed:
        values[option.name] = 1
        return position
    while position < len(text) and text[position].isspace():
        position += 1
    if position < len(text) and (text[position] in QUOTES or quote_end(text, position) is not None):
        end = _end_of_quote(text, position)
        word = text[position + 1 : end - 1] if end - position > 1 else ""
    else:
        end = position
        while end < len(text) and not text[end].isspace():
            end += 1
        word = text[position:end]
    if not word:
        raise UserError(f"`--{option.name}` needs a value: `{option.usage.strip('[]')}`.")
    values[option.name] = _value(command, option, word)
    return end


def _end_of_quote(text: str, start: int) -> int:
    """The place behind a quotation, or the end of the text when it never closes: the query then says so."""
    end = quote_end(text, start)
    return len(text) if end is None else end + 1


def _value(command: Command, parameter: Parameter, word: str) -> str | int:
    if parameter.kind not in _WRITTEN:
        word = value_typed(word)
    match parameter.kind:
        case Kind.NUMBER:
            return number_of(parameter, word)
        case Kind.CHOICE:
            choice = word.lower()
            if choice not in parameter.choices:
                names = ", ".join(f"`{name}`" for name in parameter.choices)
                raise UserError(
                    f"“{_shown(word)}” does not fit `/papers {command.name}`. Say one of {names}.",
                    about=parameter.name,
                )
            return choice
        case Kind.SWITCH:
            raise UserError(f"`--{parameter.name}` stands alone, without a value.")
        case _:
            return word


def number_of(parameter: Parameter, word: str) -> int:
    """The number that a person wrote for a parameter; raises `UserError` for what is none, or too small or large."""
    # Not `isdigit`: it is true of digits that `int` refuses, such as `²`.
    number = int(word) if re.fullmatch(r"[0-9]{1,9}", word) else None
    if number is None or not parameter.minimum <= number <= parameter.maximum:
        raise UserError(
            f"“{_shown(word)}” does not fit {parameter.name.upper()}: "
            f"write a number from {parameter.minimum:,} to {parameter.maximum:,}.",
            about=parameter.name,
        )
    return number


def _unknown_option(command: Command, name: str) -> str:
    names = [known for known, option in command.options.items() if not option.internal]
    if not names:
        return f"`/papers {command.name}` has no option `--{_shown(name)}`. (To leave a word out, write one `-`.)"
    if near := closest(name, names):
        return f"There is no option `--{_shown(name)}`. Did you mean `--{near}`?"
    known = ", ".join(f"`--{name}`" for name in names)
    return f"There is no option `--{_shown(name)}`. `/papers {command.name}` knows {known}."


def _example(command: Command) -> str:
    return f"For example: `/papers {command.examples[0]}`." if command.examples else ""


def _shown(word: str) -> str:
    return word if len(word) <= 40 else word[:39] + "…"
