"""Why a paper came to a channel, or did not: for every way that it can go, and never otherwise than it went."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from bot.posting.traces import Outcome, Tracing
from storage.store import SqlStore
from tests.core import Core
from tests.platforms import Fault
from tests.sources import a_paper
from tests.thorough import THOROUGH

ARRIVED = (Outcome.POSTED, Outcome.COUNTED)


def tracing(core: Core) -> Tracing:
    store = core.store
    return Tracing(
        papers=store.papers,
        subscriptions=store.subscriptions,
        digests=store.digests,
        vectors=store.vectors,
        posts=store.posts,
        clock=core.clock,
    )


async def outcome(core: Core, paper: Paper, channel: str = "general") -> Outcome:
    return (await tracing(core).trace(await core.channel(channel), paper.id)).outcome


async def test_a_paper_that_came_says_by_which_topic_and_when(core: Core) -> None:
    await core.say("subscribe diffusion distillation --name Fast")
    paper = a_paper(1, title="Diffusion distillation in one step")
    await core.news(paper)
    assert await outcome(core, paper) is Outcome.WAITING
    assert "It goes out" in await core.say(f"why {paper.id}")
    await core.next_digest()
    assert await outcome(core, paper) is Outcome.POSTED
    words = await core.say(f"why https://arxiv.org/abs/{paper.id}")
    assert "It was posted here." in words
    assert "finds it by `diffusion`, `distillation`" in words
    assert "Number 1 of 1" in words


async def test_a_paper_that_did_not_come_names_the_first_part_that_is_not_so(core: Core) -> None:
    await core.say("subscribe diffusion -survey")
    await core.say("subscribe quantum cat:quant-ph")
    survey = a_paper(1, title="A survey of diffusion")
    await core.news(survey)
    await core.next_digest()
    assert await outcome(core, survey) is Outcome.NOT_MATCHED
    words = await core.say(f"why {survey.id}")
    assert "does not find it: `-survey` is not so" in words
    assert "does not find it: `quantum` is not so" in words


async def test_a_bound_on_upvotes_is_named(core: Core) -> None:
    await core.say("subscribe diffusion --min-upvotes 20")
    paper = a_paper(1, upvotes=3)
    await core.news(paper)
    assert await outcome(core, paper) is Outcome.NOT_MATCHED
    assert "`upvotes:>=20` is not so" in await core.say(f"why {paper.id}")


async def test_what_was_listed_before_the_topic_is_older(core: Core) -> None:
    paper = a_paper(1)
    await core.news(paper)
    await core.say("subscribe diffusion")
    assert await outcome(core, paper) is Outcome.OLDER_THAN_TOPICS
    await core.say("unsubscribe 1")
    await core.say("subscribe diffusion --backfill 1")
    await core.settle()
    assert await outcome(core, paper) is Outcome.POSTED


async def test_a_feed_that_the_channel_leaves_out_is_named(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings sources arxiv")
    paper = a_paper(1)
    assert paper.sources == {HUGGINGFACE}
    await core.news(paper)
    assert await outcome(core, paper) is Outcome.SOURCE_LEFT_OUT
    await core.say("settings sources all")
    assert await outcome(core, paper) is Outcome.CHANGED_SINCE


async def test_what_nobody_listed_or_read_says_so(core: Core) -> None:
    await core.say("subscribe diffusion")
    imported = a_paper(1)
    await core.store.papers.import_papers([imported])
    assert await outcome(core, imported) is Outcome.NEVER_LISTED
    assert await outcome(core, a_paper(2)) is Outcome.UNKNOWN
    assert "show 2605.00002" in await core.say("why 2605.00002")


async def test_pauses_limits_refusals_and_removed_topics_are_told_apart(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 1")
    papers = [a_paper(number, upvotes=number) for number in range(1, 4)]
    await core.news(*papers)
    await core.say("pause")
    assert await outcome(core, papers[0]) is Outcome.PAUSED
    await core.say("resume")
    await core.next_digest()
    assert [await outcome(core, paper) for paper in papers] == [Outcome.COUNTED, Outcome.COUNTED, Outcome.POSTED]
    assert "beyond the 1 that it shows" in await core.say(f"why {papers[0].id}")

    refused = a_paper(7)
    await core.news(refused)
    core.platform.fail("general", Fault.REJECTED)
    await core.next_digest()
    assert await outcome(core, refused) is Outcome.NOT_SENT

    dropped = a_paper(8)
    await core.news(dropped)
    await core.say("unsubscribe 1")
    assert await outcome(core, dropped) is not Outcome.POSTED


@pytest.mark.parametrize("seed", range(6 if THOROUGH else 2))
async def test_why_says_posted_if_and_only_if_it_was_posted(sqlite_url: str, tmp_path: Path, seed: int) -> None:
    """Random topics, papers, settings and days: the trace is held against what the platform got to see."""
    chance = random.Random(seed)
    store = SqlStore(sqlite_url)
    core = Core(store, tmp_path / "index")
    words = ("diffusion", "agents", "quantum", "speech")
    channels = ("one", "two")
    papers: list[Paper] = []
    for step in range(8):
        for channel in channels:
            line = chance.choice(
                (
                    f"subscribe {chance.choice(words)} --min-upvotes {chance.choice((1, 5))}",
                    f"subscribe {chance.choice(words)} OR {chance.choice(words)} -survey",
                    f"settings limit {chance.choice((1, 2, 20))}",
                    f"settings sources {chance.choice(('huggingface', 'arxiv', 'all'))}",
                    "pause",
                    "resume",
                    "unsubscribe 1",
                )
            )
            await core.ask(line, channel)
        new = [
            a_paper(
                10 * step + number,
                title=f"{chance.choice(words)} and {chance.choice((*words, 'survey'))}",
                upvotes=chance.choice((0, 3, 9)),
            )
            for number in range(1, 4)
        ]
        papers += new
        await core.news(*new)
        if chance.random() < 0.7:
            await core.settle(hours=24, step=3600 * 6)
    for channel in channels:
        stored = await store.channels.find(core.address(channel))
        if stored is None:
            continue
        posted = {entry.paper.id for entry in await store.digests.history(stored.id, 1000)}
        shown = set(core.platform.papers_in(channel))
        for paper in papers:
            trace = await tracing(core).trace(stored, paper.id)
            assert (trace.outcome in ARRIVED) is (paper.id in posted), (paper.id, trace)
            assert (trace.outcome is Outcome.POSTED) is (paper.id in shown), (paper.id, trace)
            reply = await core.ask(f"why {paper.id}", channel)
            assert trace.outcome.value in plain_text(reply.message)
    await core.index.close()
    await store.close()
