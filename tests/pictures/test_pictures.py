"""Pictures show all of a payload, or there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.pictures.block_kit import BlockKit
from tests.pictures.components import DiscordMessages
from tests.pictures.hypertext import UnknownKindError
from tests.pictures.markdown import Reader, inline, markdown
from tests.pictures.mrkdwn import mrkdwn
from tests.pictures.pages import discord_page, slack_page
from tests.pictures.scenes import discord_scenes, slack_scenes

KIT = BlockKit({"U1": "ada", "C1": "papers"})
READER = Reader({"42": "ada"}, datetime(2026, 4, 15, 7, 0, tzinfo=UTC))


def words(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


IMAGE = {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "seen"}
BUTTON = {"type": "button", "text": words("seen")}
RUN = {"type": "text", "text": "seen", "style": {"bold": True}}
SECTION = {"type": "rich_text_section", "elements": [RUN]}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": words("seen")},
        {"type": "section", "text": words("seen"), "accessory": {"type": "overflow", "options": []}},
        {"type": "section", "fields": [words("seen")], "accessory": BUTTON},
        {"type": "context", "elements": [IMAGE, words("a")]},
        {"type": "actions", "elements": [BUTTON]},
        {"type": "actions", "elements": [{"type": "static_select", "placeholder": words("seen"), "options": []}]},
        {
            "type": "context_actions",
            "elements": [
                {"type": "feedback_buttons", "positive_button": {"text": words("seen")},
                 "negative_button": {"text": words("b")}}
            ],
        },
        {"type": "card", "title": words("seen"), "hero_image": IMAGE, "icon": IMAGE, "actions": [BUTTON]},
        {"type": "carousel", "elements": [{"type": "card", "body": {"type": "mrkdwn", "text": "*seen*"}}]},
        {"type": "image", **IMAGE},
        {"type": "markdown", "text": "**seen**"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "seen"}]], "column_settings": [{"align": "right"}]},
        {"type": "rich_text", "elements": [SECTION]},
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [RUN]}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [RUN]}]},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [SECTION]}],
        },
    ],
    ids=lambda block: str(block["type"]),
)  # fmt: skip
def test_every_block_of_slack_is_drawn(block: dict[str, Any]) -> None:
    assert "seen" in KIT.blocks([block])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "video"},
        {"type": "actions", "elements": [{"type": "workflow_button"}]},
        {"type": "section", "text": {"type": "html", "text": "a"}},
        {"type": "carousel", "elements": [{"type": "divider"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_heading", "elements": []}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "color"}]}]},
        {"type": "table", "rows": [[{"type": "chart"}]]},
    ],
)
def test_what_slack_may_have_and_we_cannot_draw_is_an_error(block: dict[str, Any]) -> None:
    with pytest.raises(UnknownKindError):
        KIT.blocks([block])


def test_slacks_markup_is_read_as_slack_reads_it() -> None:
    text = "*bold* _it_ ~no~ `x<y` &lt;b&gt; <https://a.org|A &amp; B> <@U1> <#C1> <!here> <!date^1776236400^{time}|x>"
    assert mrkdwn(text, {"U1": "ada", "C1": "papers"}) == (
        "<b>bold</b> <i>it</i> <s>no</s> <code>x&lt;y</code> &lt;b&gt; "
        '<a href="https://a.org">A &amp; B</a> <span class="mention">@ada</span> <span class="mention">#papers</span> '
        '<span class="mention loud">@here</span> <span>9:00</span>'
    )


def a_message(**parts: Any) -> dict[str, Any]:
    return {"content": "", "attachments": [], "embeds": [], "components": [], **parts}


TEXT = {"type": 10, "content": "**seen**"}
PRESSED = {"type": 2, "style": 2, "label": "seen"}
MEDIA = {"media": {"url": "https://example.org/seen.png"}}


@pytest.mark.parametrize(
    "message",
    [
        a_message(content="seen"),
        a_message(embeds=[{"title": "a", "description": "seen", "color": 1, "footer": {"text": "b"}}]),
        a_message(embeds=[{"fields": [{"name": "a", "value": "seen", "inline": True}]}]),
        a_message(attachments=[{"filename": "seen.bib"}]),
        a_message(components=[{"type": 1, "components": [PRESSED]}]),
        a_message(components=[{"type": 1, "components": [{"type": 3, "placeholder": "seen", "options": []}]}]),
        a_message(components=[{"type": 17, "accent_color": 255, "components": [TEXT, {"type": 14}]}]),
        a_message(components=[{"type": 9, "components": [TEXT], "accessory": {"type": 11, **MEDIA}}]),
        a_message(components=[{"type": 12, "items": [MEDIA]}]),
        a_message(components=[{"type": 13, "file": {"url": "attachment://seen.bib"}}]),
    ],
)
def test_every_part_of_a_message_of_discord_is_drawn(message: dict[str, Any]) -> None:
    assert "seen" in DiscordMessages(READER).message(message)


@pytest.mark.parametrize(
    "message",
    [
        a_message(components=[{"type": 16}]),
        a_message(components=[{"type": 17, "components": [{"type": 99}]}]),
        a_message(embeds=[{"provider": {"name": "a"}}]),
        a_message(content="<a:b:c>"),
    ],
)
def test_what_discord_may_have_and_we_cannot_draw_is_an_error(message: dict[str, Any]) -> None:
    with pytest.raises(UnknownKindError):
        DiscordMessages(READER).message(message)


def test_discords_markdown_is_read_as_discord_reads_it() -> None:
    text = (
        r"**b \* c** *i* \*no\* `x<y` [A\_B](https://a.org/x) <t:1776236400:t> </papers show:12> <@42> <https://b.org>"
    )
    assert inline(text, READER) == (
        "<b>b * c</b> <i>i</i> *no* <code>x&lt;y</code> "
        '<a href="https://a.org/x">A_B</a> <span class="time">09:00</span> <span class="mention">/papers show</span> '
        '<span class="mention">@ada</span> <a href="https://b.org">https://b.org</a>'
    )
    drawn = markdown("### Head\n-# small\n- one\n```\n**as it is**\n```", READER)
    assert drawn.startswith('<h3>Head</h3><div class="line subtext">small</div>')
    assert drawn.endswith("<pre>**as it is**</pre>")


@pytest.mark.parametrize(("at", "said"), [(1776240000, "in 1 hour"), (1776063600, "2 days ago")])
def test_a_time_is_told_from_where_the_reader_is(at: int, said: str) -> None:
    assert said in inline(f"<t:{at}:R>", READER)


async def test_all_that_slack_is_sent_can_be_drawn(tmp_path: Path) -> None:
    async with slack_scenes(tmp_path) as (scenes, names):
        pages = {scene.name: slack_page(scene, phone=True, dark=False, names=names) for scene in scenes}
    assert "new papers" in pages["digest"]
    assert "Only visible to you · /papers topics" in pages["topics"]


async def test_all_that_discord_is_sent_can_be_drawn(tmp_path: Path) -> None:
    async with discord_scenes(tmp_path) as (scenes, reader):
        pages = {scene.name: discord_page(scene, phone=True, dark=False, reader=reader) for scene in scenes}
    assert "new papers" in pages["digest"]
    assert "Only you can see this" in pages["topics"]
