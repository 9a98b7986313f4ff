"""What breaks is seen in the health report, in the figures that alerts go by, and by the doctor."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import event

from adapters.web.pages.health_view import for_operators
from bot.app.doctor.diagnosis import diagnose
from bot.app.doctor.findings import Mark
from bot.clocks import SteadyClock
from bot.health.document import document_of
from bot.health.wording import lines_of
from storage.database import database
from storage.database.sqlite import file as database_file
from tests.feed_server import Request, ScriptedFeed, http_answer
from tests.observability.running import Running, running, value_of
from tests.patience import PATIENCE
from tests.simulators.discord import eventually


async def told(bot: Running) -> str:
    """The health report as `status` and the page say it."""
    return "\n".join(f"{what}: {words}" for what, words in lines_of(await bot.application.health.report()))


async def found(bot: Running, what: str) -> str:
    """The sentence of the doctor about that, if there is something to do."""
    async for finding in diagnose(bot.application.settings, []):
        if finding.what == what:
            assert finding.mark in (Mark.PROBLEM, Mark.NOTICE), finding
            return finding.words
    raise AssertionError(f"nothing was said of {what}")


ANSWERS = {
    "500": http_answer(b"busy", status=500, content_type="text/plain"),
    "a page": http_answer(b"<html>Welcome</html>", content_type="text/html"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_feed_that_is_none(tmp_path: Path, what: str) -> None:
    with ScriptedFeed(ANSWERS[what]) as feed:
        async with running(tmp_path, huggingface_url=feed.url) as bot:
            await bot.application.engine.poll()
            families = await bot.families()
            assert value_of(families, "source_failures", source="huggingface") >= 1
            assert value_of(families, "polls_total", source="huggingface", outcome="failed") >= 1
            assert "huggingface: never read;" in await told(bot)
            assert await found(bot, "Hugging Face")


@pytest.mark.parametrize(
    ("name", "wrong", "advice", "check"),
    [
        ("discord_token", "wrong", "Discord refuses the token. Copy it again from", "Discord"),
        ("slack_bot_token", "xoxb-wrong", "Look at PAPERROUND_SLACK_BOT_TOKEN", "Slack"),
        ("slack_app_token", "xapp-wrong", "PAPERROUND_SLACK_APP_TOKEN starts with xapp-", "Slack's socket"),
    ],
)
async def test_a_token_that_is_wrong_from_the_start(
    tmp_path: Path, name: str, wrong: str, advice: str, check: str
) -> None:
    """The other platform is served, and everything that tells how the bot does says what to do."""
    platform = name.partition("_")[0]
    async with running(tmp_path, **{name: wrong}) as bot:
        await eventually(lambda: bot.application.engine.access.refusals)
        if platform == "slack":
            assert (await bot.discord.interactions.command(bot.discord_channel, "topics")).messages
        else:
            assert await (await bot.slack.command("topics", bot.slack_channel)).answer()
        report = await bot.application.health.report()
        assert report.ok
        said = f"{platform.capitalize()} does not let the bot in"
        assert f"trouble: {said}" in await told(bot)
        page = for_operators(report, UTC, set())
        assert said in page.verdict
        (row,) = [row for row in page.parts if row.name == platform.capitalize()]
        assert advice in row.words
        assert advice in document_of(report)["platforms_refused"][platform]
        families = await bot.families()
        assert value_of(families, "access_refused") == value_of(families, "access_refused", platform=platform) == 1
        # Others ask the database.
        await eventually_told(bot, advice)
        assert advice in await found(bot, check)
        assert advice.removesuffix(".") in await found(bot, "Processes")


async def eventually_told(bot: Running, words: str) -> None:
    """Waits until the process has said so to the others."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (process,) = (await bot.application.health.report()).processes or (None,)
            if process and any(words in refusal.advice for refusal in process.refusals):
                return
            await asyncio.sleep(0.05)


async def test_a_token_that_is_revoked(tmp_path: Path) -> None:
    async with running(tmp_path) as bot:
        for line in ("subscribe study", "schedule instant"):
            assert await (await bot.slack.command(line, bot.slack_channel)).answer()
        bot.slack.revoked = True
        bot.feed.list(1)
        await bot.read()
        async with asyncio.timeout(PATIENCE):
            # It is counted when the platform refuses, before what it means for the channel is stored.
            while not value_of(families := await bot.families(), "channels_refused"):
                await asyncio.sleep(0.1)
        assert value_of(families, "channels_refused") == 1
        assert value_of(families, "post_stops_total", platform="slack", scope="workspace") == 1
        assert "token was revoked" in await told(bot)
        assert "token was revoked" in await found(bot, "Channels")
        assert value_of(families, "access_refused", platform="slack") == 1
        assert "slack: The app was removed from this workspace" in await told(bot)


@pytest.mark.parametrize("what", ["readonly", "full"])
async def test_a_database_that_takes_no_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    async with running(tmp_path) as bot:
        monkeypatch.setattr(database, "PROOF_LASTS", 0.0)
        assert value_of(await bot.families(), "database_up") == 1
        if what == "full":
            monkeypatch.setattr(database_file, "LEAST_ROOM", 1 << 62)
        else:
            engine = bot.application.store.database.engine.sync_engine
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
        families = await bot.families()
        assert value_of(families, "database_up") == 0
        assert value_of(families, "database_failures_total", kind="write") >= 1
        assert what in await told(bot)
        assert not (await bot.application.health.report()).ok


async def test_a_clock_that_is_off(tmp_path: Path) -> None:
    def answer(_request: Request) -> bytes:
        return http_answer(
            [], headers={"Date": format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)}
        )

    with ScriptedFeed(answer) as feed:
        async with running(tmp_path, huggingface_url=feed.url) as bot:
            await bot.application.engine.poll()
            assert 590 < value_of(await bot.families(), "clock_ahead_seconds") < 660
            assert "clock: 10 minutes ahead of the feeds'" in await told(bot)
            assert "ahead of the feeds'" in await found(bot, "Clock of the feeds")


async def test_a_clock_that_jumps_a_year_ahead_deletes_nothing(tmp_path: Path) -> None:
    """Though it was right when a feed told the time: all alarms may ring at the moment in which it is set."""
    with ScriptedFeed(http_answer([], headers={"Date": format_datetime(datetime.now(UTC), usegmt=True)})) as feed:
        async with running(tmp_path, huggingface_url=feed.url) as bot:
            engine, clock = bot.application.engine, bot.application.clock
            assert isinstance(clock, SteadyClock)
            await engine.poll()
            clock.move(timedelta(days=365))
            with structlog.testing.capture_logs() as events:
                await engine._delete_left()
            assert [one["event"] for one in events] == ["engine.nothing_deleted"]


async def test_a_model_that_is_missing(tmp_path: Path) -> None:
    async with running(tmp_path, embedding_model=str(tmp_path / "nothing")) as bot:
        assert value_of(await bot.families(), "meaning_up") == 0
        assert "nothing" in (await told(bot)).partition("by meaning: ")[2].partition("\n")[0]
        assert "by their words alone" in await found(bot, "Meaning")
