"""Digests: their order, their parts, and how they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Style
from bot.digests.cards import private_card
from bot.digests.content import DigestPart, PaperReply
from bot.digests.digest import DigestKind, DigestPlan, QueuedPaper
from bot.digests.messages import digest_message
from bot.digests.selection import plan_digest
from bot.messages.message import Buttons, Heading, PaperBlock
from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from tests.papers.names import names
from tests.sources import a_paper

DAY = date(2026, 5, 12)
CHANNEL = Channel(
    id=1,
    address=Address(PlatformName.WEB, "local", "general"),
    name="general",
    time_zone="UTC",
    schedule="daily 09:00",
    settings=ChannelSettings(),
    state=ChannelState.ACTIVE,
    next_digest_at=datetime(2026, 5, 12, 9, tzinfo=UTC),
)


def queued(*papers: Paper, topics: tuple[str, ...] = ("diffusion",)) -> list[QueuedPaper]:
    return [QueuedPaper(paper=paper, topics=topics, instant=False) for paper in papers]


def planned(papers: list[QueuedPaper], *, per_message: int = 10, **settings: object) -> DigestPlan:
    channel = replace(CHANNEL, settings=replace(ChannelSettings(), **settings))  # type: ignore[arg-type]
    return plan_digest(
        channel, papers, kind=DigestKind.SCHEDULED, day=DAY, per_message=per_message, next_digest_at=None
    )


def messages(plan: DigestPlan, papers: list[QueuedPaper]) -> list[str]:
    known = {one.paper.id: one.paper for one in papers}
    topics = {one.paper.id: one.topics for one in papers}
    assert plan.digest is not None
    return [
        plain_text(digest_message(CHANNEL, plan.digest, post.content, known, topics, {}))
        for post in plan.posts
        if isinstance(post.content, DigestPart)
    ]


@given(
    upvotes=st.lists(st.integers(0, 5), min_size=1, max_size=40),
    limit=st.integers(1, 50),
    per_message=st.integers(1, 12),
    style=st.sampled_from(Style),
)
def test_every_paper_is_delivered_by_exactly_one_post(
    upvotes: list[int], limit: int, per_message: int, style: Style
) -> None:
    papers = queued(*(a_paper(number, upvotes=votes) for number, votes in enumerate(upvotes, 1)))
    plan = planned(papers, per_message=per_message, limit=limit, style=style)
    assert plan.digest is not None
    delivered = [paper for post in plan.posts for paper in post.delivers]
    assert sorted(delivered) == sorted(plan.paper_ids) == sorted(one.paper.id for one in papers)
    parts = [post.content for post in plan.posts if isinstance(post.content, DigestPart)]
    shown = [paper for part in parts for paper in part.paper_ids]
    assert shown == list(plan.paper_ids[: min(limit, per_message) if style is Style.BRIEF else limit])
    assert plan.digest.shown == len(shown)
    assert all(len(part.paper_ids) <= per_message for part in parts)
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    replies = [post for post in plan.posts if isinstance(post.content, PaperReply)]
    assert len(replies) == (len(shown) if style is Style.THREADS else 0)
    for reply in replies:
        parent = plan.posts[reply.reply_to or 0].content
        assert isinstance(parent, DigestPart)
        assert isinstance(reply.content, PaperReply)
        assert reply.content.paper_id in parent.paper_ids
    # What one reads from top to bottom never gains votes.
    votes = {one.paper.id: one.paper.upvotes for one in papers}
    assert [votes[paper] for paper in plan.paper_ids] == sorted(votes.values(), reverse=True)


@given(upvotes=st.lists(st.integers(0, 5), min_size=1, max_size=12), limit=st.integers(1, 8))
def test_where_papers_stand_apart_each_has_a_card_of_its_own_and_the_best_comes_last(
    upvotes: list[int], limit: int
) -> None:
    papers = queued(*(a_paper(number, upvotes=votes) for number, votes in enumerate(upvotes, 1)))
    channel = replace(CHANNEL, settings=replace(ChannelSettings(), limit=limit, style=Style.COMPACT, mention="@team"))
    plan = plan_digest(
        channel, papers, kind=DigestKind.SCHEDULED, day=DAY, per_message=10, next_digest_at=None, apart=True
    )
    assert plan.digest is not None
    parts = [post.content for post in plan.posts if isinstance(post.content, DigestPart)]
    assert [part.paper_ids for part in parts] == [(paper,) for paper in reversed(plan.paper_ids[:limit])]
    assert sorted(paper for post in plan.posts for paper in post.delivers) == sorted(plan.paper_ids)
    known = {one.paper.id: one.paper for one in papers}
    said = [digest_message(channel, plan.digest, part, known, {}, {}) for part in parts]
    for part, message in zip(parts, said, strict=True):
        assert message.summary == known[part.paper_ids[0]].title
        assert message.topics == ("diffusion",)
        cards = [block for block in message.blocks if not isinstance(block, Buttons)]
        assert [type(block) for block in cards] == [PaperBlock]
        assert not any(block.compact for block in cards if isinstance(block, PaperBlock))
    assert [message.mention for message in said] == ["@team"] + [""] * (len(said) - 1)
    more = [block for message in said for block in message.blocks if isinstance(block, Buttons)]
    assert [block.buttons[0].label for block in more] == (
        [f"+{len(upvotes) - limit} more"] if len(upvotes) > limit else []
    )


def test_equal_votes_are_ordered_by_recency() -> None:
    papers = queued(
        a_paper(1, featured_on=date(2026, 5, 10)),
        a_paper(2, featured_on=date(2026, 5, 12)),
        a_paper(3, featured_on=date(2026, 5, 11)),
    )
    assert planned(papers).paper_ids == ("2605.00002", "2605.00003", "2605.00001")


def test_nothing_waiting_makes_no_digest() -> None:
    plan = planned([])
    assert plan.digest is None
    assert plan.posts == ()


def test_the_header_names_the_date_and_the_topics() -> None:
    papers = queued(a_paper(1), topics=("Diffusion", "agents"))
    (message,) = messages(planned(papers), papers)
    assert "1 new paper · Tuesday, 12 May 2026" in message
    assert "Topics: Diffusion · agents" in message
    assert "Topics: Diffusion, agents" in message  # on the card, because there are several


def test_one_topic_is_not_repeated_on_every_card() -> None:
    papers = queued(a_paper(1), a_paper(2))
    (message,) = messages(planned(papers), papers)
    assert message.count("diffusion\n") == 1


def test_parts_have_one_header_and_one_count_of_the_rest() -> None:
    papers = queued(*(a_paper(number) for number in range(1, 31)))
    first, second, third = messages(planned(papers, per_message=5, limit=12, style=Style.CARDS), papers)
    assert "30 new papers" in first
    assert "30 new papers" not in second + third
    assert "+18 more" in third
    assert "more" not in first + second


def test_a_brief_digest_is_one_message_of_five_cards_then_lines_then_what_is_left() -> None:
    papers = queued(*(a_paper(number) for number in range(1, 31)))
    plan = planned(papers, per_message=12, limit=20, style=Style.BRIEF)
    assert plan.digest is not None
    (post,) = plan.posts
    assert isinstance(post.content, DigestPart)
    message = digest_message(CHANNEL, plan.digest, post.content, {one.paper.id: one.paper for one in papers}, {}, {})
    cards = [block for block in message.blocks if isinstance(block, PaperBlock)]
    assert [block.compact for block in cards] == [False] * 5 + [True] * 7
    last = message.blocks[-1]
    assert isinstance(last, Buttons)
    assert [button.label for button in last.buttons] == ["+18 more"]


@pytest.mark.parametrize("style", Style)
def test_each_style_shows_each_paper_once_in_its_form(style: Style) -> None:
    papers = queued(a_paper(1), a_paper(2))
    plan = planned(papers, style=style)
    assert plan.digest is not None
    content = plan.posts[0].content
    assert isinstance(content, DigestPart)
    known = {one.paper.id: one.paper for one in papers}
    message = digest_message(CHANNEL, plan.digest, content, known, {}, {})
    blocks = [block for block in message.blocks if isinstance(block, PaperBlock)]
    assert len(blocks) == 2
    are_cards = style in (Style.CARDS, Style.BRIEF)
    assert all(block.compact is not are_cards for block in blocks)
    assert all(bool(block.thumbs and block.menu and block.opens) is are_cards for block in blocks)
    assert not any(block.buttons or block.links for block in blocks)
    assert isinstance(message.blocks[0], Heading)
    assert not any(isinstance(block, Buttons) for block in message.blocks)


def test_a_card_has_all_that_is_known() -> None:
    paper = a_paper(
        1,
        title="LLM×MapReduce",
        summary="It is fast.",
        authors=names("Ada Lovelace", "Alan Turing", "Kurt Gödel"),
        upvotes=1234,
        comments=1,
        organization="zju",
        organization_name="Zhejiang University",
        categories=("cs.LG", "cs.AI"),
        code_url="https://github.com/x/y",
        stars=24192,
        project_url="https://example.org",
        thumbnail_url="https://example.org/t.png",
    )
    (message,) = messages(planned(queued(paper)), queued(paper))
    for words in (
        "LLM×MapReduce",
        "It is fast.",
        "A. Lovelace, A. Turing +1",
        "A. Lovelace, A. Turing +1 · ▲ 1.2k · Zhejiang University · code ★ 24.2k",
    ):
        assert words in message
    plan = planned(queued(paper))
    content = plan.posts[0].content
    assert plan.digest is not None
    assert isinstance(content, DigestPart)
    card = digest_message(CHANNEL, plan.digest, content, {paper.id: paper}, {}, {}).blocks[-1]
    assert isinstance(card, PaperBlock)
    links = private_card(paper).links
    assert [link.label for link in links] == ["arXiv", "PDF", "Hugging Face", "Code ★ 24.2k", "Project"]
    assert card.thumbnail_url == "https://example.org/t.png"


def test_the_first_sentence_stands_in_for_a_missing_summary() -> None:
    paper = a_paper(1, abstract="We study e.g. diffusion. It works.", summary="")
    assert "We study e.g. diffusion." in messages(planned(queued(paper)), queued(paper))[0]


def test_a_huge_paper_stays_a_card() -> None:
    paper = a_paper(
        1,
        title="x" * 100_000,
        abstract="y " * 50_000,
        authors=names(*(f"Person {number}" for number in range(3000))),
        organization_name="z" * 5000,
    )
    (message,) = messages(planned(queued(paper)), queued(paper, topics=("q" * 500,)))
    assert len(message) < 2500
    assert "+2,998" in message or "+2998" in message
