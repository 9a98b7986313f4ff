"""The help command, made from the registry itself."""

from __future__ import annotations

from bot.commands.registry import Command, Registry
from bot.commands.wording import answer, hint, say, sentence
from bot.messages.message import Block, Button, Buttons, Heading, Items, bold, code, text
from bot.platforms.command_calls import Reply


def menu() -> Reply:
    """What an empty `/papers` answers."""
    return answer(
        say(bold("Paper Round"), " posts the papers that match this channel's topics."),
        say("Add a topic with ", code("/papers subscribe diffusion distillation"), ", or look around:"),
        Buttons(
            (
                Button("Topics", "topics"),
                Button("Today", "today"),
                Button("Preview", "preview"),
                Button("Status", "status"),
                Button("Help", "help"),
            )
        ),
    )


def overview(registry: Registry) -> Reply:
    """All commands in a line each."""
    lines = tuple(text(code(f"/papers {command.short_usage}"), f" {command.summary}") for command in registry)
    return answer(
        Heading("Paper Round"),
        Items(lines),
        hint("More on one of them: ", code("/papers help search")),
    )


def explanation(command: Command) -> Reply:
    """All about one command."""
    who = "those who may manage this channel" if command.manages else "everyone"
    blocks: list[Block] = [
        Heading(f"/papers {command.usage}"),
        say(f"{command.summary[:1].upper()}{command.summary[1:]}. For {who}."),
    ]
    if command.parameters:
        blocks.append(
            Items(tuple(text(code(one.usage), f" {one.help}") for one in command.parameters if not one.internal))
        )
    if command.details:
        blocks.append(sentence(command.details))
    if command.examples:
        blocks.append(say(bold("Examples")))
        blocks.append(Items(tuple(text(code(f"/papers {example}")) for example in command.examples)))
    return answer(*blocks)
