"""Reasons: the sentence that matched, a paper that was liked, or its author."""

from __future__ import annotations

import pytest

from bot.digests.reasons import reason_in_words
from bot.messages.message import Span
from bot.ranking.order import Reason, ReasonKind
from bot.topics.titles import topic_title
from tests.core import Core
from tests.sources import a_paper

ABSTRACT = "We look at speech. Agents distil diffusion models, e.g. in one step. It works."


def bold_of(spans: tuple[Span, ...]) -> list[str]:
    return [span.text for span in spans if span.bold]


def test_a_liked_paper_that_is_gone_is_no_reason() -> None:
    reason = Reason(ReasonKind.LIKED, "2605.00009")
    assert reason_in_words(reason, a_paper(1), {}) == ()
    other = a_paper(9, title="Something fine")
    assert "Something fine" in "".join(span.text for span in reason_in_words(reason, a_paper(1), {other.id: other}))
    author = Reason(ReasonKind.AUTHOR, "Ada Lovelace", 3)
    said = "".join(span.text for span in reason_in_words(author, a_paper(1), {}))
    assert said == "By Ada Lovelace, of whom 3 papers were liked here"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("diffusion distillation -survey", "diffusion distillation"),
        ('"language model" OR llm', "language model or llm"),
        ("cat:cs.CL upvotes:>=20", "cs.CL"),
        ("*", "all papers"),
        ("upvotes:>=20", "upvotes:>=20"),
        ("author:hinton", "hinton"),
    ],
)
def test_a_topic_without_a_name_is_called_by_its_words(query: str, title: str) -> None:
    assert topic_title("", query) == title
    assert topic_title("Mine", query) == "Mine"


async def test_a_digest_says_why_and_so_does_the_command(core: Core) -> None:
    await core.say("subscribe agents")
    paper = a_paper(1, title="A title", abstract=ABSTRACT)
    await core.news(paper)
    await core.next_digest()
    words = await core.say(f"why {paper.id}")
    assert "Number 1 of 1 by fit (" in words
    (posted,) = core.platform.posts
    (card,) = [block for block in posted.message.blocks if block.kind == "paper"]
    assert bold_of(card.reason) == ["Agents"]
