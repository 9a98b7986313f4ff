"""The real program on the recorded feed, killed again and again while the feed fails: each paper once."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.topics.matcher import matches
from storage.store import SqlStore
from tests.e2e.process import Bot, wait_until
from tests.feed_server import RECORDED_CAPTURES, RECORDED_DAYS, FeedServer, needs_recordings
from tests.thorough import THOROUGH

#: How often the process is killed: a few times in every run of the tests, many times when somebody asks for it.
KILLS = int(os.environ.get("PAPERROUND_TEST_KILLS", "4"))
#: Longer than a lease, and the look for what was being sent when the process died.
UNTIL_QUIET = 110.0
UNTIL_READ = 240.0  # seconds, on a machine that does other things as well

CHANNELS = {
    "everything": ("*", "limit 50"),
    "agents": ("agent OR reasoning", "style compact"),
    "vision": ("(image OR video OR vision) -survey", "style threads"),
    "popular": ("model upvotes:>=10", "limit 3"),
}

LONGER = pytest.mark.skipif(not THOROUGH, reason="another one looks at the same; this takes a minute")


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[tuple[Bot, FeedServer]]:
    with FeedServer(today="2024-01-01") as feed:
        bot = Bot(tmp_path, huggingface_url=feed.url)
        yield bot, feed
        bot.close()


def _subscribe(bot: Bot) -> None:
    for channel, (query, setting) in CHANNELS.items():
        bot.set_up(f"subscribe {query}", "schedule instant", f"settings {setting}", channel=channel)


async def _expected(bot: Bot) -> dict[str, set[str]]:
    """What each channel must have, of the papers that the database knows: asked of each paper, one by one."""
    store = SqlStore(f"sqlite:///{bot.database}")
    papers: list[Paper] = [paper for _, paper in await store.papers.changed_papers(0, 100_000)]
    await store.close()
    return {
        channel: {paper.id for paper in papers if matches(parse(query), paper)}
        for channel, (query, _) in CHANNELS.items()
    }


@needs_recordings
@pytest.mark.shared
@pytest.mark.long
@pytest.mark.parametrize(
    ("days", "captures"),
    [
        ([f"2026-04-{day:02}" for day in range(1, 11)], 0),
        pytest.param(
            ["2024-06-03", "2024-06-04", "2024-06-05", "2024-06-06", "2024-06-07"],
            0,
            marks=LONGER,
        ),
        pytest.param(["2025-01-08"], 9, marks=LONGER),
    ],
    ids=["ten days of 2026-04", "a week of 2024-06", "captures of 2025-01-08"],
)
async def test_each_paper_once_through_faults_and_kills(
    fed: tuple[Bot, FeedServer], days: list[str], captures: int
) -> None:
    bot, feed = fed
    chance = random.Random(days[0])
    recorded = days if captures else [day for day in days if (RECORDED_DAYS / f"{day}.json").exists()]
    assert recorded
    _subscribe(bot)
    # What is older than the first reading is no news; from here on everything must come.
    feed.set_today(recorded[0])
    if captures:
        feed.show_capture(recorded[0], 0)
    bot.cli("poll")
    steps = [(day, None) for day in recorded] if not captures else [(recorded[0], number) for number in range(captures)]
    faults = (
        {"status": 503},
        {"status": 429, "retry_after": 1},
        {"truncate": True},
        {"delay": 2.0},
    )
    kills = 0
    while steps or kills < KILLS:
        if steps:
            day, capture = steps.pop(0)
            if capture is not None:
                feed.show_capture(day, capture)
            feed.set_today(day)
        feed.fail(times=1, **chance.choice(faults))
        bot.start()
        time.sleep(chance.uniform(0.2, 3.5))
        if kills < KILLS:
            bot.kill()
            kills += 1
        else:
            bot.stop()
    before = _last_reading(bot)
    bot.start()
    # Each fault that no poll has met yet costs one now, and arXiv, which is not there, holds up each of them.
    assert wait_until(lambda: _last_reading(bot) != before, UNTIL_READ), bot.log()[-3000:]
    assert wait_until(bot.is_quiet, UNTIL_QUIET), bot.query(
        "SELECT id, channel_id, state, error FROM posts WHERE state != 'sent'"
    )
    assert bot.stop() == 0
    files = [RECORDED_DAYS / f"{day}.json" for day in recorded]
    if captures:
        files = sorted(RECORDED_CAPTURES.glob(f"{recorded[0]}__*"))[:captures]
    posted, hidden, expected = bot.posted(), bot.hidden(), await _expected(bot)
    assert set().union(*map(_listed, files)) <= expected["everything"]
    report = {}
    for channel in CHANNELS:
        counts, counted = posted.get(channel, Counter()), hidden.get(channel, set())
        # A digest shows at most `limit` papers; what it only counts is not shown elsewhere either.
        assert set(counts) | counted == expected[channel], channel
        assert not set(counts) & counted, channel
        assert all(count == 1 for count in counts.values()), channel
        report[channel] = (len(expected[channel]), sum(counts.values()), len(counted))
    delivered = bot.query("SELECT state, count(*) FROM deliveries GROUP BY state")
    assert delivered == [("posted", sum(len(papers) for papers in expected.values()))]
    print(f"{recorded[0]} to {recorded[-1]}, {kills} kills: (expected, shown, only counted) {report}")


def _last_reading(bot: Bot) -> object:
    return bot.query("SELECT last_success_at FROM sources WHERE name = 'huggingface'")


def _listed(file: Path) -> set[str]:
    """The ids in a recorded answer of the feed."""
    return {entry["paper"]["id"] for entry in json.loads(file.read_text())}
