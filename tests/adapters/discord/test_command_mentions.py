"""Discord's words: commands that can be clicked, names of options, servers."""

from __future__ import annotations

import re

import pytest

from adapters.discord.interactions.command_tree import command_tree
from adapters.discord.messages.command_mentions import GROUP, MANAGERS_GROUP, CommandMentions
from adapters.discord.messages.rendering import render_all
from bot.commands.help import explanation, menu, overview
from bot.commands.runner import REGISTRY
from bot.commands.wording import mistake
from bot.errors import UserError
from bot.messages.message import Message, PaperBlock, Paragraph, bold, code, text


@pytest.fixture
def mentions() -> CommandMentions:
    made = CommandMentions(REGISTRY)
    made.ids = {GROUP: 11, MANAGERS_GROUP: 22}
    return made


def shown(mentions: CommandMentions, message: Message) -> str:
    parts = render_all(mentions.localized(message))
    return "\n".join(
        [part.content + "\n" + "\n".join(str(embed.get("description", "")) for embed in part.embeds) for part in parts]
    )


def test_the_help_writes_commands_and_options_as_discord_does(mentions: CommandMentions) -> None:
    pages = [overview(REGISTRY).message, menu().message, *(explanation(command).message for command in REGISTRY)]
    for page in pages:
        said = shown(mentions, page)
        assert not re.search(r"(?<!<)/papers", said), said
        assert "--" not in said, said
        assert "orkspace" not in said, said
        assert not re.search(r"[A-Z]{3,}-[A-Z]{3,}", said), said


def test_a_command_is_a_mention_with_its_options_beside_it(mentions: CommandMentions) -> None:
    def said(line: str) -> str:
        return shown(mentions, Message(summary="x", blocks=(Paragraph(text("Say ", code(line))),))).split("\n")[1]

    assert said("/papers resume") == "Say </papers-manage resume:22>"
    assert said("/papers search mixture of experts") == "Say </papers search:11> `query:mixture of experts`"
    assert (
        said('/papers edit 2 diffusion -survey --name "Fast one" --min-upvotes 3')
        == "Say </papers-manage edit:22> `topic:2 query:diffusion -survey name:Fast one min-upvotes:3`"
    )


def test_before_the_commands_are_registered_they_are_named_all_the_same(mentions: CommandMentions) -> None:
    mentions.ids = {}
    said = shown(mentions, Message(summary="x", blocks=(Paragraph(text(code("/papers resume"))),)))
    assert "`/papers-manage resume`" in said


def test_a_mistake_is_explained_in_discords_words(mentions: CommandMentions) -> None:
    error = UserError("`--min-upvotes` is a number. `/papers topics` shows the topics of this workspace.")
    said = shown(mentions, mistake(error).message)
    assert "--" not in said
    assert "</papers topics:11>" in said
    assert "server" in said


def test_what_papers_say_is_left_alone(mentions: CommandMentions) -> None:
    paper = PaperBlock(paper_id="1", title="Workspace --agents at /papers", url="https://arxiv.org/abs/1")
    message = Message(summary="x", blocks=(paper, Paragraph(text("Shared ", bold("A workspace --for agents")))))
    assert mentions.localized(message).blocks == message.blocks


def test_what_changes_something_is_offered_to_those_who_manage_channels() -> None:
    everybody, managers, _ = command_tree(REGISTRY)
    assert "default_member_permissions" not in everybody
    assert managers["default_member_permissions"] == 1 << 4
    assert {one["name"] for one in managers["options"]} == {one.name for one in REGISTRY if one.manages}
    for command in REGISTRY:
        if command.manages:
            offered = [one for one in everybody["options"] if one["name"] == command.name]
            assert [one["options"] for one in offered] == ([[]] if command.changes_with else [])
