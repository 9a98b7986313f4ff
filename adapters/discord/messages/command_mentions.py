"""Answers in Discord's words: mentions of commands that can be clicked, names of options, servers.

The core writes a command as it is typed elsewhere: `/papers edit 2 --name Agents`. Here nobody types such a line:
commands are `</papers edit:123>` (https://docs.discord.com/developers/reference#message-formatting), and options have
names. What papers say is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.commands.registry import Command, Kind, Registry
from bot.errors import UserError
from bot.messages.message import Block, Heading, Items, Message, Note, Paragraph, Span
from bot.messages.plain import plain_text

#: The command for everybody, and the one that Discord offers to those who manage channels.
GROUP, MANAGERS_GROUP = "papers", "papers-manage"
_LINE = re.compile(r"/papers(?:\s+(?P<name>[a-z?]+)(?P<rest>.*))?", re.DOTALL)
_OPTION = re.compile(r'(?<!\S)\[?--(?P<name>[a-z][a-z-]+)(?:[ =](?P<value>"[^"]*"|[A-Za-z0-9|]+))?\]?')
_QUOTE = '"'
#: What stands in quotation marks is somebody else's.
_WORKSPACE = re.compile(r"“[^”]*”|\b([Ww])orkspace(s?)\b")


def group_of(command: Command) -> str:
    """The name of Discord's command that a command of ours belongs to.

    Permissions are those of a whole command (https://docs.discord.com/developers/interactions/application-commands#permissions):
    what changes something for the channel stands in another one than what everybody may.
    """
    return MANAGERS_GROUP if command.manages else GROUP


class CommandMentions:
    """Puts messages of the core into Discord's words. `ids` are those of the registered commands by their names."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._options = {option: one for command in registry for option, one in command.options.items()}
        self.ids: Mapping[str, int] = {}

    def localized(self, message: Message) -> Message:
        """The message in Discord's words; without ids, before the commands are registered, commands are only named."""
        blocks = tuple(self._block(block) for block in message.blocks)
        first, now = (one[0] if one else None for one in (message.blocks, blocks))
        if first is None or now is None or _sentence(first) != message.summary:
            if message.paper_ids:
                return replace(message, blocks=blocks)  # its summary is the title of a paper
            return replace(message, summary=self._words(message.summary), blocks=blocks)
        return replace(message, summary=_sentence(now), blocks=blocks)

    def _block(self, block: Block) -> Block:
        match block:
            case Heading(text=text) if (found := _LINE.fullmatch(text)) and found["name"]:
                return Paragraph(self._command(found["name"], ""))
            case Heading(text=text):
                return replace(block, text=self._words(text))
            case Note(spans=(Span(text="Topic: " | "Topics: "), *_)):
                return block  # as people called them
            case Paragraph(spans=spans) | Note(spans=spans):
                return replace(block, spans=self._spans(spans))
            case Items(items=items):
                return replace(block, items=tuple(self._spans(item) for item in items))
            case _:
                return block

    def _spans(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(changed for span in spans for changed in self._span(span))

    def _span(self, span: Span) -> tuple[Span, ...]:
        if span.url or span.bold or span.italic:
            return (span,)
        if span.code and (found := _LINE.fullmatch(span.text.strip())) and found["name"]:
            return self._command(found["name"], found["rest"].strip())
        if span.code:
            return (replace(span, text=self._named(span.text)),)
        return (replace(span, text=self._words(span.text)),)

    def _command(self, name: str, rest: str) -> tuple[Span, ...]:
        """A mention of the command, and what its options are to be."""
        try:
            command = self._registry.get(name)
        except UserError:
            return (Span(f"/{GROUP} {name} {rest}".strip(), code=True),)
        group = group_of(command)
        identifier = self.ids.get(group)
        shown = f"</{group} {command.name}:{identifier}>" if identifier else f"/{group} {command.name}"
        options = self._given(command, rest)
        return (Span(shown, code=True), *((Span(" "), Span(options, code=True)) if options else ()))

    def _given(self, command: Command, rest: str) -> str:
        """`2 diffusion --name "Fast"` as `topic:2 query:diffusion name:Fast`."""
        given: list[str] = []

        def option(found: re.Match[str]) -> str:
            parameter = command.options.get(found["name"])
            if parameter is None:
                return found[0]
            switch = parameter.kind is Kind.SWITCH
            value, left = ("True", found["value"] or "") if switch else (found["value"] or "…", "")
            given.append(f"{parameter.name}:{value.strip(_QUOTE)}")
            return left

        words = _OPTION.sub(option, rest).split()
        positional = [one for one in command.positional if not one.internal]
        placed: list[str] = []
        for place, parameter in enumerate(positional):
            value = " ".join(words) if place == len(positional) - 1 else " ".join(words[:1])
            words = words[1:]
            if value and value != parameter.name.upper():
                placed.append(f"{parameter.name}:{value}")
        return " ".join([*placed, *given])

    def _words(self, text: str) -> str:
        """A sentence of ours in Discord's words."""
        servers = _WORKSPACE.sub(
            lambda found: ("S" if found[1] == "W" else "s") + "erver" + found[2] if found[1] else found[0], text
        )
        return _OPTION.sub(self._option_name, servers)

    def _named(self, code: str) -> str:
        """The name of an option as the help writes it: `[--min-upvotes N]`, `QUERY`."""
        bare = code.strip("[]")
        known = {one.name.upper(): one.name for command in self._registry for one in command.parameters}
        if bare in known:
            return known[bare]
        return _OPTION.sub(self._option_name, code)

    def _option_name(self, found: re.Match[str]) -> str:
        parameter = self._options.get(found["name"])
        if parameter is None:
            return found[0]
        value = found["value"] or ""
        if parameter.kind is Kind.SWITCH and value:  # the word behind it is none of its own
            return f"{parameter.name} {value}"
        return f"{parameter.name}:{value.strip(_QUOTE)}" if value and not value.isupper() else parameter.name


def _sentence(block: Block) -> str:
    lines = plain_text(Message(summary="", blocks=(block,))).splitlines()
    return lines[0] if lines else ""
