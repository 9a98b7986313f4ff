"""Cards of a digest in Slack: short, with a picture where there is room, and two elements beside the title."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from adapters.feeds.huggingface.daily_papers import DailyPaper
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.rendering import papers_per_message, render, render_one
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Style
from bot.digests.content import DigestPart
from bot.digests.digest import Digest, DigestKind
from bot.digests.messages import digest_message
from bot.messages.message import Button, ButtonStyle, Message, PaperBlock, Span, Thumbs
from bot.papers.paper import Paper
from bot.ranking.order import Reason, ReasonKind
from tests.feed_server import SHARED
from tests.simulators.slack_messages import buttons_of, interactive, leaves, problems, words_of

DAYS = sorted((SHARED / "data" / "huggingface").glob("*.json"))[-10:]
QUERY = 'diffusion OR agents OR reasoning OR "language model"'
CHANNEL = Channel(
    id=1,
    address=Address(PlatformName.SLACK, "T1", "C1"),
    name="general",
    time_zone="UTC",
    schedule="daily 09:00",
    settings=ChannelSettings(style=Style.BRIEF),
    state=ChannelState.ACTIVE,
)
CARD = PaperBlock(
    paper_id="2605.00001",
    title="Diffusion, briefly",
    url="https://arxiv.org/abs/2605.00001",
    reason=(
        Span("We study "),
        Span("diffusion", bold=True),
        Span(" in a sentence that is long enough to say why " * 2),
    ),
    byline="A. Lovelace",
    facts=("▲ 9", "cs.CL"),
    thumbs=Thumbs("2605.00001", up=3),
    menu=tuple(Button(label, f"{label.lower()} 2605.00001") for label in ("Abstract", "Similar", "Save", "Share")),
)
LINE = PaperBlock(paper_id="2605.00002", title="A line", url="https://e.org", facts=("▲ 1", "2 comments"), compact=True)


def shown(*cards: PaperBlock) -> dict[str, Any]:
    (payload,) = render(Message(summary="x", blocks=cards))
    made = {"text": payload.text, "blocks": list(payload.blocks)}
    assert not problems(made)
    return made


def digest_of(papers: list[Paper], day: date) -> Message:
    count = min(len(papers), papers_per_message(Style.BRIEF, abstracts=False))
    digest = Digest(
        id=1, channel_id=1, kind=DigestKind.SCHEDULED, day=day, style=Style.BRIEF, topics=("Language",),
        total=len(papers), shown=count,
    )  # fmt: skip
    reasons = (Reason(ReasonKind.TOPIC, QUERY),) * count
    part = DigestPart(paper_ids=tuple(one.id for one in papers[:count]), first=1, part=1, parts=1, reasons=reasons)
    return digest_message(CHANNEL, digest, part, {one.id: one for one in papers}, {}, {})


@pytest.mark.skipif(not DAYS, reason="the recorded days are not beside the project")
@pytest.mark.parametrize("file", DAYS, ids=lambda file: file.stem)
def test_a_recorded_day_is_one_message_with_two_elements_a_card(file: Any) -> None:
    papers = [DailyPaper.parse(entry).to_paper(None) for entry in json.loads(file.read_text())]
    message = digest_of(papers, date(2026, 4, 1))
    page = render_one(message)
    assert page is not None
    made = {"text": page.text, "blocks": list(page.blocks)}
    assert not problems(made)
    assert block_kit.size(made["blocks"]) <= limits.MESSAGE
    assert len(made["blocks"]) <= 25
    more = len(papers) > len(message.paper_ids)
    assert len(interactive(made)) == 2 * min(5, len(papers)) + more
    words, links = words_of(made), json.dumps(made)
    for paper in papers[: len(message.paper_ids)]:
        assert paper.title[:30] in words
        assert paper.url in links
    assert QUERY not in words


def test_a_card_says_why_and_has_thumbs_and_one_menu() -> None:
    made = shown(CARD)
    assert [block["type"] for block in made["blocks"]] == ["rich_text", "section", "context_actions"]
    title, why, details, _ = words_of(made).split("\n", 3)
    assert title == CARD.title
    assert why.startswith("We study diffusion in a sentence")
    assert details == "👍 3 · A. Lovelace · ▲ 9 · cs.CL"
    bold = [leaf["text"] for leaf in leaves(made["blocks"][0]) if leaf.get("style") == {"bold": True}]
    assert bold == [CARD.title, "diffusion"]
    menu, thumbs = interactive(made)
    assert [option["value"] for option in menu["options"]] == [entry.line for entry in CARD.menu]
    assert thumbs["positive_button"] == {
        "text": {"type": "plain_text", "text": "👍", "emoji": True},
        "value": "vote 2605.00001 up",
        "accessibility_label": "A good paper for this channel, 3 votes so far",
    }
    assert thumbs["negative_button"]["accessibility_label"] == "Not a paper for this channel"
    assert thumbs["negative_button"]["value"] == "vote 2605.00001 down"


def test_a_picture_stands_beside_the_summary_or_the_reason_and_the_menu_below() -> None:
    card = replace(CARD, thumbnail_url="https://cdn.example.org/1.png")
    said = {"text": "We study *diffusion*" + CARD.reason[2].text, "type": "mrkdwn", "verbatim": True}
    for summary, beside in (
        ("What it is about.", {"text": "What it is about.", "type": "plain_text", "emoji": False}),
        ("", said),
    ):
        blocks = shown(replace(card, summary=summary))["blocks"]
        kinds = [(block["type"], block.get("accessory", {}).get("type")) for block in blocks]
        assert kinds == [("rich_text", None), ("section", "image"), ("section", "overflow"), ("context_actions", None)]
        assert blocks[1]["text"] == beside
        assert blocks[2]["text"]["text"] == "👍 3 · A. Lovelace · ▲ 9 · cs.CL"
        assert words_of({"blocks": blocks}).count("We study diffusion") == 1


@pytest.mark.parametrize(
    "hostile",
    ["<!channel> ", "*a* ", "a_b_c ", "~3~ ", "`x` ", "a & b ", ":fire: ", "@here ", "#general ", "> x ", "x\n"],
)
def test_a_reason_that_might_be_read_as_markup_has_no_picture(hostile: str) -> None:
    why = (Span(hostile), Span("diffusion", bold=True))
    made = shown(replace(CARD, thumbnail_url="https://cdn.example.org/1.png", reason=why))
    assert not any(map(block_kit.has_picture, made["blocks"]))
    assert "mrkdwn" not in json.dumps(made)
    assert hostile.strip() in words_of(made)


@pytest.mark.parametrize(
    ("spans", "written"),
    [
        (("multi-", "*agent"), "multi-agent"),
        (("in ", "*deep learning", ": a study"), "in deep learning: a study"),
        (("(", "*RL", ") at 9:", " x"), "(*RL*) at 9: x"),
        (("(", "*RL", ") at 9:", "x"), None),
        (("Use ", "*RL", ", now"), "Use *RL*, now"),
        (("", "*Agents", "."), "*Agents*."),
        (("a ", "* b", " c"), "a  b c"),
    ],
)
def test_a_word_is_marked_where_slack_surely_reads_it_so(spans: tuple[str, ...], written: str | None) -> None:
    made = block_kit.marked([Span(one.removeprefix("*"), bold=one.startswith("*")) for one in spans])
    assert (made["text"] if made else None) == written


def test_pictures_go_first_where_a_message_is_too_long_from_the_last_card_on() -> None:
    cards = [
        replace(CARD, paper_id=f"2605.0000{number}", thumbnail_url=f"https://e.org/{number}.png", byline="Name, " * 62)
        for number in range(7)
    ]
    page = render_one(Message(summary="x", blocks=tuple(cards)))
    assert page is not None
    kept = [block["accessory"]["image_url"] for block in page.blocks if block_kit.has_picture(block)]
    assert 0 < len(kept) < 7
    assert kept == [card.thumbnail_url for card in cards[: len(kept)]]
    assert [block["type"] for block in page.blocks].count("context_actions") == 7


def test_lines_are_one_list() -> None:
    made = shown(CARD, LINE, replace(LINE, title="Another line"), CARD, LINE)
    lists = [block["elements"][0]["elements"] for block in made["blocks"] if block_kit.has_list(block)]
    assert [len(lines) for lines in lists] == [2, 1]
    assert words_of({"blocks": [block_kit.rich(lists[0][0])]}) == "A line · ▲ 1 · 2 comments"


def test_what_a_menu_cannot_hold_is_not_in_it() -> None:
    long, asks = Button("Long", "search " + "x" * 150), Button("Gone", "remove 1", ButtonStyle.DANGER)
    one = replace(CARD, menu=(long, asks, Button("Abstract", "show 2605.00001")))
    (door, _) = interactive(shown(one))
    # A menu of one entry is a button.
    assert (door["type"], door["value"]) == ("button", "show 2605.00001")
    assert [element["type"] for element in interactive(shown(replace(CARD, menu=(long, asks))))] == ["feedback_buttons"]
    many = replace(CARD, menu=tuple(Button(str(number), f"show {number}") for number in range(9)))
    assert len(interactive(shown(many))[0]["options"]) == 5


def test_a_sign_on_a_button_is_said_in_words() -> None:
    card = replace(
        CARD, thumbs=None, menu=(), opens=None, buttons=(Button("👍 1", "vote x up"), Button("Save", "save x"))
    )
    made = buttons_of(shown(card))
    assert made["👍 1"]["accessibility_label"] == "A good paper for this channel, 1 vote so far"
    assert "accessibility_label" not in made["Save"]
    door = interactive(shown(replace(CARD, thumbs=None, menu=(), opens=Button("⋯", "show x"))))
    assert [one["accessibility_label"] for one in door] == ["More about this paper"]
