"""What becomes of the neutral message in Slack: always within the limits, never with a meaning of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.mentions import mention_name, parse_mention
from adapters.slack.messages.rendering import papers_per_message, render, render_one
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Style
from bot.digests.cards import MOST_PEOPLE, paper_card, paper_line
from bot.digests.content import DigestPart
from bot.digests.digest import Digest, DigestKind
from bot.digests.messages import digest_message, paper_message, shared_message
from bot.errors import UserError
from bot.messages.message import (
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Heading,
    Items,
    Link,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    PersonMention,
    Span,
    Thumbs,
    text,
)
from bot.papers.names import read_names
from bot.papers.paper import Paper
from bot.papers.sources import BUILT_IN
from tests.papers.names import names
from tests.simulators.slack_messages import leaves, problems, words_of
from tests.sources import a_paper

HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<@U012AB3CD>",
    "<#C123|general>",
    "<https://evil.example|arXiv>",
    "@channel @here @everyone",
    "*bold* _it_ ~no~ `code` ```pre```",
    "> quote\n• list",
    ":fire: &lt;!channel&gt;",
    'a "quoted" \\ path',
    "\x00\x07\u202e\ud800",
    "\x1b",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.text(max_size=8).map(lambda word: word * 900))
urls = st.one_of(
    st.sampled_from(("https://arxiv.org/abs/2604.13035", "javascript:alert(1)", "", "https://e.org/" + "x" * 4000)),
    st.text(max_size=10).map("https://example.org/{}".format),
)
times = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
spans = st.lists(
    st.builds(
        Span, text=texts, bold=st.booleans(), italic=st.booleans(), code=st.booleans(), url=urls, at=st.none() | times
    ),
    max_size=5,
).map(tuple)
buttons = st.lists(st.builds(Button, label=texts, line=texts), max_size=30).map(tuple)
links = st.lists(st.builds(Link, label=texts, url=urls), max_size=6).map(tuple)
cards = st.builds(
    PaperBlock,
    paper_id=st.just("2604.13035"),
    title=texts,
    url=urls,
    summary=texts,
    byline=texts,
    abstract=texts,
    snippet=spans,
    facts=st.lists(texts, max_size=4).map(tuple),
    links=links,
    topics=st.lists(texts, max_size=3).map(tuple),
    thumbnail_url=urls,
    thumbs=st.none() | st.builds(Thumbs, paper_id=st.just("2604.13035"), up=st.integers(0, 10**6)),
    menu=st.lists(st.builds(Button, label=texts, line=texts), max_size=7).map(tuple),
    opens=st.none() | st.builds(Button, label=texts, line=texts),
    buttons=buttons,
    compact=st.booleans(),
)
blocks = st.one_of(
    st.builds(Heading, text=texts),
    st.builds(Paragraph, spans=spans),
    st.builds(Note, spans=spans),
    st.builds(Code, text=texts),
    st.builds(Items, items=st.lists(spans, max_size=40).map(tuple)),
    st.builds(Document, name=texts, text=texts),
    st.builds(Divider),
    st.builds(Buttons, buttons=buttons),
    cards,
)
messages = st.builds(
    Message, summary=texts, blocks=st.lists(blocks, max_size=70).map(tuple), mention=st.sampled_from(("", *HOSTILE))
)


def everything(node: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a payload."""
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from everything(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from everything(value)


@settings(max_examples=80)
@given(messages)
def test_slack_would_take_every_message(message: Message) -> None:
    for payload in render(message):
        found = problems({"text": payload.text, "blocks": list(payload.blocks)})
        assert not found, found


@settings(max_examples=30)
@given(messages)
def test_only_the_mention_of_a_message_ever_pings(message: Message) -> None:
    message = replace(message, mention="")
    for payload in render(message):
        kinds = {node.get("type") for node in everything(payload.blocks)}
        assert not kinds & {"user", "usergroup", "broadcast", "channel", "team", "emoji"}
        assert "<" not in payload.text
        assert ">" not in payload.text


@pytest.mark.parametrize("hostile", HOSTILE[:-2])
def test_hostile_titles_are_shown_as_they_are_written(hostile: str) -> None:
    (payload,) = render(Message(summary=hostile, blocks=(replace(paper_card(a_paper()), title=hostile),)))
    assert hostile in words_of({"blocks": payload.blocks})


def test_a_link_that_is_none_stays_text() -> None:
    (payload,) = render(Message(summary="x", blocks=(Paragraph((Span("click", url="javascript:alert(1)"),)),)))
    assert list(leaves(payload.blocks[0])) == [{"type": "text", "text": "click"}]


long_words = st.sampled_from(("W" * 40, '"' * 30, "\\" * 25, "ü" * 33, "<&>" * 9, "word"))
long_texts = st.tuples(long_words, st.integers(0, 400)).map(lambda pair: " ".join([pair[0]] * pair[1]))
big_papers = st.builds(
    Paper,
    id=st.just("2604.13035"),
    title=long_texts.filter(bool),
    abstract=long_texts,
    summary=long_texts,
    authors=st.lists(long_texts.map(lambda name: name[:400]), max_size=3).map(read_names).map(tuple),
    categories=st.sampled_from(((), ("cs.CL", "cs.AI"))),
    organization_name=long_texts.map(lambda name: name[:400]),
    sources=st.sampled_from((frozenset(), frozenset(BUILT_IN))),
    upvotes=st.integers(0, 10**6),
    comments=st.integers(0, 10**6),
    code_url=st.sampled_from(("", "https://example.org/" + "c" * 900)),
    project_url=st.sampled_from(("", "https://example.org/" + '"' * 900)),
    thumbnail_url=st.sampled_from(("", "https://example.org/t.png", "https://example.org/" + "t" * 900)),
)


@settings(max_examples=30)
@given(st.data(), st.sampled_from(Style), st.booleans())
def test_a_part_of_a_digest_is_always_one_message(data: st.DataObject, style: Style, abstracts: bool) -> None:
    count = papers_per_message(style, abstracts=abstracts)
    chosen = data.draw(st.lists(big_papers, min_size=1, max_size=3))
    papers = {
        f"2604.{number:05}": replace(chosen[number % len(chosen)], id=f"2604.{number:05}") for number in range(count)
    }
    topics = tuple(data.draw(st.lists(long_texts.map(lambda name: name[:60]), min_size=2, max_size=5)))
    channel = Channel(
        id=1,
        address=Address(PlatformName.SLACK, "T1", "C1"),
        name="general",
        time_zone="UTC",
        schedule="daily 09:00",
        settings=ChannelSettings(style=style, abstracts=abstracts, mention="<!subteam^S0123456789>"),
        state=ChannelState.ACTIVE,
    )
    digest = Digest(
        id=999_999_999,
        channel_id=1,
        kind=DigestKind.BACKFILL,
        day=date(2026, 9, 30),
        style=style,
        topics=topics,
        total=count + 123_456,
        shown=count,
    )
    part = DigestPart(paper_ids=tuple(papers), first=1, part=1, parts=1)
    message = digest_message(channel, digest, part, papers, dict.fromkeys(papers, topics), {})
    page = render_one(message)
    assert page is not None
    cards = min(count, 5) if style is Style.BRIEF else count if style is Style.CARDS else 0
    # Nobody had to do without thumbs and menus for that.
    assert [block["type"] for block in page.blocks].count("context_actions") == cards
    one = next(iter(papers.values()))
    assert len(render(paper_message(channel, one, topics))) == 1
    assert len(render(shared_message(one, "Ada Lovelace"))) == 1


def test_what_is_too_long_loses_the_abstract_before_the_summary_and_never_the_address() -> None:
    paper = a_paper(summary="A summary that stays.", abstract="Long. " * 400)
    card = replace(paper_card(paper, abstract=True), abstract="Very long. " * 2000)
    (payload,) = render(Message(summary="x", blocks=(card,)))
    shown = words_of({"blocks": payload.blocks})
    assert "A summary that stays." in shown
    assert shown.count("Very long.") > 100
    assert any(leaf.get("url") == paper.url for leaf in leaves(payload.blocks[0]))


def test_a_usual_list_of_twenty_papers_is_one_message() -> None:
    assert papers_per_message(Style.COMPACT, abstracts=False) >= 20


def test_notifications_and_screen_readers_get_the_summary_and_the_titles() -> None:
    message = Message(
        summary="Two papers", blocks=(Heading("Today"), paper_card(a_paper(1)), paper_card(a_paper(2, title="R&D")))
    )
    (payload,) = render(message)
    assert payload.text.splitlines() == ["Two papers", "Today", "Diffusion Study 1", "R&amp;D"]


def test_a_time_is_shown_to_each_reader_in_their_zone_and_said_in_words_elsewhere() -> None:
    at = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
    when = Span("today at 09:00 (Europe/Berlin)", bold=True, at=at)
    (payload,) = render(Message(summary="Next", blocks=(Paragraph(text("The next digest is ", when, ".")),)))
    (block,) = payload.blocks
    (line,) = block["elements"]
    assert line["elements"][1] == {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{date_short_pretty} at {time}",
        "fallback": "today at 09:00 (Europe/Berlin)",
        "style": {"bold": True},
    }
    said = "The next digest is today at 09:00 (Europe/Berlin)."
    assert list(block_kit.lines_of(block)) == [said]
    assert words_of({"blocks": payload.blocks}) == said
    assert not problems({"text": payload.text, "blocks": list(payload.blocks)})


@pytest.mark.parametrize("span", [Span("now", at=None), Span("now " * 2000, at=datetime(2026, 5, 4, tzinfo=UTC))])
def test_what_is_no_time_or_is_cut_stays_text(span: Span) -> None:
    (payload,) = render(Message(summary="Next", blocks=(Paragraph((span,)),)))
    assert {element["type"] for element in leaves(payload.blocks[0])} == {"text"}


def test_long_answers_are_split_between_their_parts() -> None:
    message = Message(summary="All", blocks=tuple(Paragraph(text(f"line {number}")) for number in range(120)))
    pages = render(message)
    assert [len(page.blocks) for page in pages] == [50, 50, 20]
    shown = "\n".join(words_of({"blocks": page.blocks}) for page in pages)
    assert shown == "\n".join(f"line {number}" for number in range(120))


@pytest.mark.parametrize(
    ("written", "kept", "element"),
    [
        ("<@U012AB3CD>", "<@U012AB3CD>", {"type": "user", "user_id": "U012AB3CD"}),
        ("<@U012AB3CD|ada>", "<@U012AB3CD|ada>", {"type": "user", "user_id": "U012AB3CD"}),
        ("<!subteam^S1234|@ml>", "<!subteam^S1234|ml>", {"type": "usergroup", "usergroup_id": "S1234"}),
        ("<!channel>", "<!channel>", {"type": "broadcast", "range": "channel"}),
        (" @here ", "<!here>", {"type": "broadcast", "range": "here"}),
    ],
)
def test_mentions_ping_whom_they_name(written: str, kept: str, element: dict[str, str]) -> None:
    assert parse_mention(written) == kept
    (payload,) = render(Message(summary="x", mention=kept))
    assert list(leaves(payload.blocks[0])) == [element]


@pytest.mark.parametrize(
    ("mention", "name"),
    [
        ("<@U012AB3CD|ada>", "@ada"),
        ("<@U012AB3CD>", "@U012AB3CD"),
        ("<!subteam^S1234|ml>", "@ml"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "@channel"),
    ],
)
def test_a_mention_is_read_as_a_name(mention: str, name: str) -> None:
    assert mention_name(mention) == name


@pytest.mark.parametrize("written", ["ada", "@ada", "<#C123>", "<@u1>", "everyone", "<!date^1^x|y>", ""])
def test_what_pings_nobody_is_no_mention(written: str) -> None:
    with pytest.raises(UserError, match="mention"):
        parse_mention(written)


def alone(paper: Paper) -> PaperBlock:
    """A card that stands for itself."""
    return replace(paper_card(paper, votes=False), menu=(), opens=None)


def test_links_stand_in_a_line_where_no_button_is() -> None:
    card = replace(alone(a_paper()), links=(Link("arXiv", "https://arxiv.org/abs/1"),))
    (payload,) = render(Message(summary="x", blocks=(card,)))
    assert "arXiv" in words_of({"blocks": payload.blocks})


def test_a_snippet_shows_in_bold_why_a_paper_was_found() -> None:
    card = replace(paper_card(a_paper()), snippet=(Span("… of "), Span("diffusion", bold=True), Span(" models …")))
    (payload,) = render(Message(summary="x", blocks=(card,)))
    bold = [leaf["text"] for leaf in leaves(payload.blocks[0]) if leaf.get("style") and leaf["type"] == "text"]
    assert bold == ["diffusion"]
    assert "… of diffusion models …" in words_of({"blocks": payload.blocks})


def test_a_snippet_is_cut_before_the_summary() -> None:
    found = tuple(Span("word " * 40, bold=number % 2 == 1) for number in range(40))
    card = replace(alone(a_paper(summary="A summary that stays.")), snippet=found)
    (payload,) = render(Message(summary="x", blocks=(card,)))
    shown = words_of({"blocks": payload.blocks})
    assert "A summary that stays." in shown
    assert 20 < shown.count("word") < 1600


def test_a_line_goes_on_from_left_to_right_after_arabic_names() -> None:
    (payload,) = render(
        Message(summary="x", blocks=(paper_card(a_paper(authors=names("محمد"), categories=("cs.CL",))),))
    )
    assert "محمد\u200e · " in payload.blocks[1]["text"]["text"]


def test_a_message_that_was_planned_for_shorter_cards_is_one_message_all_the_same() -> None:
    cards = tuple(
        PaperBlock(
            paper_id=f"2605.{number:05}",
            title=f"{number} {'long title ' * 20}",
            url=f"https://arxiv.org/abs/2605.{number:05}",
            summary="A summary. " * 25,
            abstract="An abstract. " * 200,
            byline="A. Author +3",
        )
        for number in range(20)
    )
    page = render_one(Message(summary="Twenty papers", blocks=(Heading("20 new papers"), *cards)))
    assert page is not None
    assert block_kit.size(list(page.blocks)) <= limits.MESSAGE
    assert all(card.url in str(page.blocks) for card in cards)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("length", [300, 1_000, 2_000])
def test_addresses_that_fill_a_message_keep_no_paper_from_being_shown(style: Style, length: int) -> None:
    count = papers_per_message(style, abstracts=False)
    usual = [
        PaperBlock(paper_id=f"2605.{number:05}", title=f"Usual {number}", url="https://e.org/") for number in (1, 2)
    ]
    cards = [
        PaperBlock(
            paper_id=f"feed:{number}",
            title=f"{number} " + "long title " * 25,
            url="https://e.org/".ljust(length, "a"),
            facts=("▲ 9", "An Institution"),
            thumbs=Thumbs(f"feed:{number}"),
            compact=style is not Style.CARDS,
        )
        for number in range(count - len(usual))
    ]
    page = render_one(Message(summary="Papers of a feed", blocks=(Heading("New papers"), *cards, *usual)))
    assert page is not None
    assert not problems({"text": page.text, "blocks": list(page.blocks)})
    assert block_kit.size(page.blocks) <= limits.MESSAGE
    assert words_of({"blocks": page.blocks}).count("long title") >= len(cards)
    assert str(page.blocks).count("'https://e.org/'") == len(usual)


@pytest.mark.parametrize("following", [1, 2])
def test_a_list_pings_everybody_who_asked_for_it(following: int) -> None:
    people = tuple(PersonMention(f"U0{number:09}", f"Person {number}", ping=True) for number in range(MOST_PEOPLE))
    count = papers_per_message(Style.COMPACT, abstracts=False)
    papers = [
        a_paper(number, title=f"{number} A title as papers have it, of words that say at length what it is all about")
        for number in range(count)
    ]
    lines = [paper_line(paper, people=people if number < following else ()) for number, paper in enumerate(papers)]
    page = render_one(Message(summary="Papers", blocks=(Heading("New papers"), *lines)))
    assert page is not None
    assert block_kit.size(page.blocks) <= limits.MESSAGE
    assert all(str(page.blocks).count(one.id) == following for one in people)
    assert all(paper.title in str(page.blocks) for paper in papers)


@pytest.mark.parametrize("compact", [True, False])
def test_more_people_than_there_is_room_for_keep_no_paper_from_being_shown(compact: bool) -> None:
    people = tuple(PersonMention(f"U0{number:09}", f"Person {number}", ping=True) for number in range(MOST_PEOPLE))
    count = papers_per_message(Style.COMPACT if compact else Style.CARDS, abstracts=False)
    write = paper_line if compact else paper_card
    papers = [a_paper(number, title=f"{number} " + "A long title " * 20) for number in range(count)]
    cards = tuple(write(paper, people=people) for paper in papers)
    page = render_one(Message(summary="Papers", blocks=(Heading("New papers"), *cards)))
    assert page is not None
    assert not problems({"text": page.text, "blocks": list(page.blocks)})
    assert all(paper.url in str(page.blocks) for paper in papers)
    assert compact or str(page.blocks).count("context_actions") == count
    assert str(page.blocks).count("'user_id'") >= count
