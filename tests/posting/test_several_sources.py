"""A paper that several sources list is new to a channel when one that it takes papers from first lists it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.papers.paper import Paper
from bot.papers.sources import ARXIV, HUGGINGFACE, SourceName
from bot.posting.traces import Outcome
from tests.core import Core
from tests.posting.test_traces import outcome
from tests.sources import a_paper
from tests.storage.scenes import listed

PAPER = a_paper(1)


async def lists(core: Core, source: SourceName, paper: Paper = PAPER) -> None:
    """A source lists a paper today, and topics meet it."""
    now = core.clock.now()
    await listed(core.store, replace(paper, sources=frozenset({source})), day=now.date(), source=source, now=now)
    await core.engine.matching.match_new()


async def waiting(core: Core) -> list[str]:
    return [queued.paper.id for queued in await core.store.digests.waiting((await core.channel()).id)]


@pytest.mark.parametrize(
    ("chosen", "expected", "why"),
    [
        ("hf", [PAPER.id], Outcome.WAITING),
        ("all", [], Outcome.OLDER_THAN_TOPICS),
        ("arxiv", [], Outcome.OLDER_THAN_TOPICS),
    ],
)
async def test_what_another_source_listed_before_the_topic_was_set_is_new_by_the_channels_own(
    core: Core, chosen: str, expected: list[str], why: Outcome
) -> None:
    await lists(core, ARXIV)
    await core.say("subscribe diffusion")
    await core.say(f"settings sources {chosen}")
    await lists(core, HUGGINGFACE)
    assert await waiting(core) == expected
    assert await outcome(core, PAPER) is why


async def test_what_another_source_listed_weeks_ago_is_new_by_the_channels_own(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings sources hf")
    await lists(core, ARXIV)
    assert await outcome(core, PAPER) is Outcome.SOURCE_LEFT_OUT
    core.clock.advance(days=20)
    await lists(core, HUGGINGFACE)
    assert await waiting(core) == [PAPER.id]
    words = await core.say(f"why {PAPER.id}")
    assert "first read 12 May at 12:00 (UTC), from a source of this channel today at 12:00 (UTC)" in words
    await core.say("settings sources all")
    assert "first read 12 May at 12:00 (UTC)." in await core.say(f"why {PAPER.id}")


async def test_what_was_posted_is_not_posted_again_when_another_source_lists_it(core: Core) -> None:
    await core.say("subscribe diffusion")
    await lists(core, ARXIV)
    await core.next_digest()
    assert core.platform.papers_in("general") == [PAPER.id]
    core.clock.advance(days=20)
    await core.say("settings sources hf")
    await lists(core, HUGGINGFACE)
    await core.settle(hours=48)
    assert core.platform.papers_in("general") == [PAPER.id]


async def test_a_topic_that_is_changed_starts_over_with_what_is_new(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings sources hf")
    await lists(core, ARXIV)
    other = a_paper(2, title="Quantum", abstract="")
    await lists(core, HUGGINGFACE, other)
    await core.say("edit 1 quantum OR diffusion")
    await lists(core, HUGGINGFACE, replace(other, upvotes=9))
    assert await waiting(core) == []
    assert await outcome(core, other) is Outcome.OLDER_THAN_TOPICS
    await lists(core, HUGGINGFACE)
    assert await waiting(core) == [PAPER.id]


async def test_a_channel_that_chooses_other_sources_is_told_of_nothing_older_than_its_topics(core: Core) -> None:
    both, new, older = a_paper(2), a_paper(3), a_paper(4)
    await lists(core, ARXIV, older)
    await lists(core, ARXIV, both)
    await lists(core, HUGGINGFACE, both)
    await core.say("subscribe diffusion")
    await core.say("settings sources hf")
    await core.say("settings sources hf arxiv")
    for changed in (both, older):
        await lists(core, ARXIV, replace(changed, abstract="We study diffusion again."))
    assert await waiting(core) == []
    # What Hugging Face adds to what arXiv had is no news to a channel that takes both.
    await lists(core, HUGGINGFACE, older)
    assert await waiting(core) == []
    await lists(core, ARXIV, new)
    assert await waiting(core) == [new.id]


async def test_a_paper_that_was_only_looked_up_at_a_source_is_not_listed_by_it(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings sources arxiv")
    await core.store.papers.import_papers([replace(PAPER, sources=frozenset({ARXIV}))])
    await lists(core, HUGGINGFACE)
    assert await outcome(core, PAPER) is Outcome.SOURCE_LEFT_OUT
    await lists(core, ARXIV)
    assert await waiting(core) == [PAPER.id]


async def test_votes_count_from_when_a_source_of_the_channel_lists_it(core: Core) -> None:
    await lists(core, ARXIV)
    await core.say("subscribe diffusion --min-upvotes 10")
    await core.say("settings sources hf")
    core.clock.advance(days=20)
    await lists(core, HUGGINGFACE)
    assert await waiting(core) == []
    core.clock.advance(days=13)
    await lists(core, HUGGINGFACE, replace(PAPER, upvotes=12))
    assert await waiting(core) == [PAPER.id]


async def test_votes_that_come_long_after_that_come_too_late(core: Core) -> None:
    await core.say("subscribe diffusion --min-upvotes 10")
    await core.say("settings sources hf")
    await lists(core, HUGGINGFACE)
    core.clock.advance(days=13)
    await lists(core, ARXIV)
    core.clock.advance(days=3)
    await lists(core, HUGGINGFACE, replace(PAPER, upvotes=12))
    assert await outcome(core, PAPER) is Outcome.TOO_LONG_AGO


async def test_what_has_the_votes_already_is_no_news_whoever_listed_it_first(core: Core) -> None:
    await lists(core, ARXIV)
    core.clock.advance(days=20)
    await lists(core, HUGGINGFACE, replace(PAPER, upvotes=12))
    await core.say("subscribe diffusion --min-upvotes 10")
    await core.say("settings sources hf")
    await lists(core, HUGGINGFACE, replace(PAPER, upvotes=13))
    assert await waiting(core) == []


async def test_topics_that_become_one_keep_what_is_about_to_come(core: Core) -> None:
    await lists(core, ARXIV)
    await core.say("subscribe diffusion --min-upvotes 10")
    await core.say("settings sources hf")
    now = core.clock.now()
    featured = replace(PAPER, upvotes=12)
    await listed(core.store, featured, day=now.date(), now=now)  # and not matched yet
    await core.say("subscribe study --min-upvotes 10")
    await core.say("merge 1 2")
    await core.engine.matching.match_new()
    assert await waiting(core) == [PAPER.id]


async def test_looking_back_goes_by_what_the_channels_sources_listed(core: Core) -> None:
    early, late = a_paper(2), a_paper(3)
    await lists(core, HUGGINGFACE, early)
    await lists(core, ARXIV, late)
    core.clock.advance(days=20)
    await lists(core, ARXIV, early)
    await lists(core, HUGGINGFACE, late)
    await core.say("subscribe diffusion")
    assert "Nothing more" in await core.say("look-back 1")
    await core.say("settings sources hf")
    words = await core.say("look-back 1")
    assert "1 paper in" in words
    assert late.title in words


async def test_how_long_it_took_counts_from_the_listing_that_brought_it(core: Core) -> None:
    await core.say("subscribe diffusion --instant")
    await core.say("settings sources hf")
    await lists(core, ARXIV)
    core.clock.advance(days=20)
    await lists(core, HUGGINGFACE)
    core.clock.advance(seconds=5)
    await core.engine.deliver()
    (found,) = await core.store.posts.waits([1])  # the only post
    assert found.wait == timedelta(seconds=5)
