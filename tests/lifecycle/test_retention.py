"""Workspaces that remove the bot: their data waits for a while, and is then gone without a trace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.app.assembly import lifecycle_of
from bot.channels.channel import ChannelState
from bot.lifecycle import retention
from bot.lifecycle.channels import ChannelLifecycle
from bot.lifecycle.retention import Retention
from bot.platforms.command_calls import CommandCall
from storage.retention import delete_left_workspaces
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS, WORKSPACES
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, DIGESTS, POSTS
from storage.tables.reading import SAVED_PAPERS, VOTES
from storage.tables.topics import BASELINES, SUBSCRIPTIONS
from tests.core import MANAGER, Core
from tests.sources import a_paper

OF_A_WORKSPACE = (
    BASELINES,
    CHANNELS,
    DELIVERIES,
    DELIVERY_TOPICS,
    DIGESTS,
    PERSONAL_CHANNELS,
    POSTS,
    SAVED_PAPERS,
    SUBSCRIPTIONS,
    VOTES,
    WORKSPACES,
)
HERE, ELSEWHERE = "local", "elsewhere"


def lifecycle(core: Core) -> ChannelLifecycle:
    return lifecycle_of(core.store, core.clock, core.engine.outbox.wake)


async def say(core: Core, line: str, workspace: str) -> None:
    address = core.address("general", workspace)
    reply = await core.commands.run(CommandCall(line=line, address=address, channel_name="general", person=MANAGER))
    assert not reply.failed, reply.message


async def rows(core: Core) -> dict[str, int]:
    """How many rows there are of all that belongs to workspaces."""
    async with core.store.database.read() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in OF_A_WORKSPACE
        }


async def settle_in(core: Core, workspace: str) -> None:
    """A channel with topics, a digest with replies, a vote, a reading list."""
    for line in (
        "subscribe diffusion",
        "subscribe study --min-upvotes 3",
        "settings style threads",
        "schedule instant",
        "subscribe works --for me",
    ):
        await say(core, line, workspace)


async def use(core: Core) -> None:
    await core.news(*(a_paper(number) for number in range(11, 15)))
    await core.engine.deliver()
    for workspace in (HERE, ELSEWHERE):
        for line in ("save 2605.00011", "vote 2605.00011 up"):
            await say(core, line, workspace)


@pytest.fixture
async def two(core: Core) -> Core:
    """A core with two workspaces in full use."""
    await core.news(*(a_paper(number) for number in range(1, 4)))
    for workspace in (HERE, ELSEWHERE):
        await settle_in(core, workspace)
    await use(core)
    assert all((await rows(core)).values())
    return core


async def test_the_data_of_a_workspace_that_was_left_is_deleted_in_time_and_nothing_else(
    two: Core, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(retention, "PAUSE", 0)
    other = Core(two.store, tmp_path / "other", clock=two.clock)
    await other.engine.matching.follow()
    both = await rows(two)
    await lifecycle(two).workspace_left(two.address(), "I was removed.")
    two.clock.advance(days=29)
    leaving = Retention(two.store.channels, two.store.personal_channels, two.store.recipients, two.store.audit)
    assert await leaving.delete_left(two.clock.now()) == 0
    assert await rows(two) == both

    two.clock.advance(days=2)
    assert await leaving.delete_left(two.clock.now()) > 0
    # Topics are only removed by now, so that other processes hear of it.
    assert (await rows(two))["subscriptions"] == both["subscriptions"]
    await other.engine.matching.follow()
    assert len(other.engine.matching._matcher) == 3

    two.clock.advance(hours=2)
    assert await leaving.delete_left(two.clock.now()) > 0
    assert await rows(two) == {name: count // 2 for name, count in both.items()}
    assert await leaving.delete_left(two.clock.now()) == 0
    assert await two.store.channels.find(two.address()) is None
    if two.store.database.is_sqlite:
        async with two.store.database.read() as connection:
            assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []

    # Who is still there goes on, and who comes back begins anew.
    await two.news(a_paper(21))
    await two.engine.deliver()
    assert two.platform.papers_in("general")[-1] == "2605.00021"
    await settle_in(two, HERE)
    await two.news(a_paper(22))
    await two.engine.deliver()
    assert two.platform.papers_in("general").count("2605.00022") == 2
    await other.index.close()


async def test_whoever_comes_back_in_time_finds_everything(two: Core) -> None:
    both = await rows(two)
    await lifecycle(two).workspace_left(two.address(), "I was removed.")
    two.clock.advance(days=29)
    await lifecycle(two).reachable(two.address(), "general")
    two.clock.advance(days=29)
    assert (
        await Retention(
            two.store.channels, two.store.personal_channels, two.store.recipients, two.store.audit
        ).delete_left(two.clock.now())
        == 0
    )
    assert await rows(two) == both
    assert (await two.channel()).state is ChannelState.ACTIVE


@pytest.mark.parametrize("sign", ["joined", "resume", "subscribe"])
async def test_any_sign_of_life_keeps_a_workspace(two: Core, sign: str) -> None:
    await lifecycle(two).workspace_left(two.address(), "I was removed.")
    two.clock.advance(days=40)
    if sign == "joined":
        await lifecycle(two).workspace_joined(two.address(), "The Lab")
    elif sign == "resume":
        await say(two, "resume", HERE)
    else:
        reply = await two.commands.run(
            CommandCall(line="subscribe x", address=two.address("new"), channel_name="new", person=MANAGER)
        )
        assert not reply.failed
    assert (
        await Retention(
            two.store.channels, two.store.personal_channels, two.store.recipients, two.store.audit
        ).delete_left(two.clock.now())
        == 0
    )


async def test_a_token_that_is_refused_is_no_departure(two: Core) -> None:
    await lifecycle(two).workspace_lost(two.address(), "My token was revoked.")
    two.clock.advance(days=300)
    assert (
        await Retention(
            two.store.channels, two.store.personal_channels, two.store.recipients, two.store.audit
        ).delete_left(two.clock.now())
        == 0
    )


async def test_being_told_twice_does_not_begin_the_time_anew(two: Core) -> None:
    for _ in range(2):
        await lifecycle(two).workspace_left(two.address(), "I was removed.")
        two.clock.advance(days=20)
    assert (
        await Retention(
            two.store.channels, two.store.personal_channels, two.store.recipients, two.store.audit
        ).delete_left(two.clock.now())
        > 0
    )


async def test_little_is_deleted_at_a_time(two: Core) -> None:
    await lifecycle(two).workspace_left(two.address(), "I was removed.")
    two.clock.advance(days=31)
    steps = []
    for _ in range(2):
        now = two.clock.now()
        while step := await delete_left_workspaces(two.store.database, now - timedelta(days=30), now, 2):
            steps.append(step)
        two.clock.advance(hours=2)
    assert len(steps) > 5
    assert max(steps) <= 3


async def test_a_workspace_is_called_what_it_was_called_last(two: Core) -> None:
    await lifecycle(two).workspace_joined(two.address(), "The Lab")
    assert (await two.channel()).workspace_name == "The Lab"
    await lifecycle(two).workspace_joined(two.address(), "The Laboratory")
    await say(two, "topics", HERE)
    assert (await two.channel()).workspace_name == "The Laboratory"
