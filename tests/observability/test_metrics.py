"""The figures of a running bot: each moves with what it says it counts, and none has more labels than it should."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

from bot.metrics import Metrics
from tests.observability.running import Running, running, value_of
from tests.patience import PATIENCE
from tests.simulators.discord import eventually
from tests.simulators.slack import Fault

#: What stands at 0 as long as nothing is wrong, and waits for nothing. `tests.health` has them say something else.
WELL = {
    "access_refused", "database_connections", "database_failures", "digests_late", "digests_next_day",
    "index_behind_papers", "task_failures", "meaning_up", "outbox_oldest_waiting_seconds", "source_failures",
    "stuck_seconds",
}  # fmt: skip


def posted_to(bot: Running) -> list[str]:
    return [str(asked.get("channel")) for method, asked in bot.slack.requests if method == "chat.postMessage"]


async def at_work(bot: Running) -> None:
    """One of everything: commands, instant posts, a digest, a refusal, an answer that is lost."""
    said = bot.discord.interactions.command
    assert (await said(bot.discord_channel, "subscribe", query="study")).messages
    assert (await said(bot.discord_channel, "schedule", when="instant")).messages
    closed = bot.slack.channel()
    for channel in (bot.slack_channel, closed):
        for line in ("subscribe study", "schedule instant"):
            assert await (await bot.slack.command(line, channel)).answer()
    bot.feed.list(3)
    bot.slack.fail("chat.postMessage", "is_archived", Fault.RATE_LIMITED)
    bot.slack.retry_after = 1
    await bot.read()
    # One channel is closed, and whoever set it up is told; the other has to wait, and is tried again.
    await eventually(lambda: "U0ADA" in posted_to(bot) and len(posted_to(bot)) >= 4)
    bot.slack.fail("chat.postMessage", Fault.ANSWER_500)
    bot.feed.list(1)
    await bot.read()

    async with asyncio.timeout(PATIENCE):
        while True:
            await bot.application.engine.reconcile()
            await bot.application.engine.outbox.measure()
            families = await bot.families()
            if value_of(families, "outbox", state="sent") >= 4 and not value_of(families, "outbox", state="unknown"):
                return
            await asyncio.sleep(0.2)


async def test_every_figure_moves_with_the_work(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await at_work(bot)
        families = await bot.families()
        page, _ = await bot.application.exposition()
    assert {name for name, family in families.items() if not family.samples} == set()
    still = {
        name.removeprefix("paperround_")
        for name, family in families.items()
        if name.startswith("paperround_") and not any(sample.value for sample in family.samples)
    }
    assert still <= WELL
    # What was done, as far as it can be counted from outside.
    assert value_of(families, "listing_to_post_seconds_count", platform="discord", kind="instant") >= 4
    assert value_of(families, "listing_to_post_seconds_sum") < 600
    assert value_of(families, "commands_total", command="subscribe", outcome="done") == 3
    assert value_of(families, "acknowledgement_duration_seconds_count", platform="slack") == 4
    assert value_of(families, "acknowledgement_duration_seconds_count", platform="discord") == 2
    assert value_of(families, "post_stops_total", platform="slack", scope="channel") == 1
    assert value_of(families, "post_attempts_total", platform="slack", outcome="unknown") == 1
    assert value_of(families, "post_look_ups_total", platform="slack") >= 1
    assert value_of(families, "requests_total", service="slack", operation="post", result="limited") == 1
    assert value_of(families, "requests_total", service="slack", operation="respond", result="ok") == 4
    assert value_of(families, "requests_total", service="discord", operation="post", result="ok") >= 2
    assert value_of(families, "requests_total", service="feeds", operation="read", result="ok") >= 2
    assert value_of(families, "rate_limit_wait_seconds_count", service="slack") >= 1
    assert value_of(families, "papers_changed_total", source="huggingface") >= 4
    assert value_of(families, "papers_matched_total") >= 4
    assert value_of(families, "connections", platform="slack") == 2
    assert value_of(families, "connections", platform="discord") == 1
    assert value_of(families, "leader") == value_of(families, "database_up") == 1
    assert value_of(families, "channels_refused") == 1
    # Channels, workspaces and people are in no label: there are more of them than Prometheus should keep.
    for name in (bot.slack_channel.id, bot.slack.team_id, str(bot.discord_channel.id), "U0ADA"):
        assert name not in page.decode()
    assert "_created" not in page.decode()
    if shutil.which("promtool"):  # of Debian's package prometheus
        done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
        assert (done.returncode, done.stderr.decode(), done.stdout.decode()) == (0, "", "")


async def test_connections_that_end_are_counted_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        await bot.slack.hang_up()
        async with asyncio.timeout(PATIENCE):
            while value_of(families := await bot.families(), "connects_total", platform="slack") < 3:
                await asyncio.sleep(0.05)
        assert value_of(families, "connections", platform="slack") <= 2


def test_what_is_to_come_begins_with_nothing() -> None:
    metrics = Metrics()
    metrics.expect(platforms=["slack"], sources=["arxiv"])
    page = metrics.exposition()[0].decode()
    assert 'paperround_post_attempts_total{outcome="sent",platform="slack"} 0.0' in page
    assert 'paperround_polls_total{outcome="failed",source="arxiv"} 0.0' in page
    assert 'paperround_post_stops_total{platform="slack",scope="workspace"} 0.0' in page
