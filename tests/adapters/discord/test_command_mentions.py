"""Discord's words: commands that can be clicked, names of options, servers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from adapters.discord.interactions.command_tree import command_tree
from adapters.discord.messages.command_mentions import GROUP, MANAGERS_GROUP, CommandMentions
from adapters.discord.messages.rendering import render_all
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Style
from bot.commands.help import explanation, menu, overview
from bot.commands.runner import REGISTRY
from bot.commands.wording import answer, mistake
from bot.digests.cards import paper_card
from bot.digests.content import DigestPart
from bot.digests.digest import Digest, DigestKind
from bot.digests.messages import digest_message, paper_message, shared_message
from bot.errors import UserError
from bot.messages.message import Message, PaperBlock, Paragraph, bold, code, text
from tests.sources import a_paper


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


def test_what_is_posted_says_titles_and_topics_as_they_are(mentions: CommandMentions) -> None:
    papers = {paper.id: paper for paper in (a_paper(1, title="Agents in a Workspace"), a_paper(2))}
    channel = Channel(
        id=1, address=Address(PlatformName.DISCORD, "1", "2"), name="general", time_zone="UTC", schedule="instant",
        settings=ChannelSettings(), state=ChannelState.ACTIVE,
    )  # fmt: skip
    digest = Digest(
        channel_id=1, kind=DigestKind.SCHEDULED, day=date(2026, 11, 29), style=Style.CARDS,
        topics=("workspace agents", "diffusion"), total=2, shown=2,
    )  # fmt: skip
    part = DigestPart(paper_ids=tuple(papers), first=1, part=1, parts=1)
    one = papers["2605.00001"]
    for message in (
        digest_message(channel, digest, part, papers, {}, {}),
        digest_message(channel, digest, replace(part, apart=True), papers, {}, {}),
        paper_message(channel, one, ("workspace agents",), digest=digest),
        shared_message(one, "Ada"),
        answer(paper_card(one)).message,
    ):
        assert mentions.localized(message) == message


def test_what_stands_in_quotation_marks_is_left_alone(mentions: CommandMentions) -> None:
    words = "There is no topic “workspace agents” in this workspace."
    assert shown(mentions, Message(summary=words, blocks=(Paragraph(text(words)),))).strip() == (
        "There is no topic “workspace agents” in this server."
    )


def test_what_changes_something_is_offered_to_those_who_manage_channels() -> None:
    everybody, managers, _ = command_tree(REGISTRY)
    assert "default_member_permissions" not in everybody
    assert managers["default_member_permissions"] == 1 << 4
    assert {one["name"] for one in managers["options"]} == {one.name for one in REGISTRY if one.manages}
    for command in REGISTRY:
        if command.manages:
            offered = [one for one in everybody["options"] if one["name"] == command.name]
            assert [one["options"] for one in offered] == ([[]] if command.changes_with else [])
