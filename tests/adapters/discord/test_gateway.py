"""The gateway: heartbeats that nobody acknowledges, and outages."""

from __future__ import annotations

import asyncio
import logging
import time

import discord
import pytest
import structlog

from adapters.discord.client.gateway import HeartbeatMonitor
from bot.platforms.outcomes import LookUp
from tests.adapters.discord.conftest import outgoing
from tests.adapters.discord.harness import Harness, running
from tests.patience import PATIENCE
from tests.platforms import around
from tests.simulators.discord import eventually


async def test_a_missing_heartbeat_ack_ends_the_connection_though_events_still_come(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.heartbeat_interval = 200
    async with running(harness):
        await eventually(lambda: gateway.heartbeats > 1)
        before = gateway.resumes
        gateway.acknowledges = False
        async with asyncio.timeout(PATIENCE):
            while gateway.resumes == before:
                await harness.simulator.rename_guild(harness.guild.id, "Lab")
                await asyncio.sleep(0.05)
        gateway.acknowledges = True
        assert (await harness.say("topics")).messages
        assert len(gateway.identifies) == 1


async def test_acknowledged_heartbeats_end_nothing(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.heartbeat_interval = 400  # which a busy machine, too, has time to acknowledge one in
    async with running(harness):
        await eventually(lambda: gateway.heartbeats > 1)
        assert gateway.resumes == 0


def test_an_ack_that_is_there_before_its_heartbeat_is_noted_as_sent_is_not_missing() -> None:
    monitor, now = HeartbeatMonitor(), time.perf_counter()
    sent = now - 20
    assert not monitor.is_missing(0, sent, acknowledged=sent - 0.3, interval=41.25)
    assert monitor.is_missing(0, sent, acknowledged=sent - 41, interval=41.25)


async def test_an_outage_of_the_gateway_is_one_event_a_try(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    gateway = harness.simulator.gateway
    with structlog.testing.capture_logs() as events:
        async with running(harness):
            gateway.is_shut = True
            await gateway.drop()
            await eventually(lambda: [one for one in events if one["event"] == "discord.gateway_unreachable"])
            gateway.is_shut = False
            await eventually(lambda: gateway.resumes or len(gateway.identifies) > 1)
    tries = [one for one in events if one["event"] == "discord.gateway_unreachable"]
    assert all(one["reason"] and "Traceback" not in str(one) for one in tries)
    assert not [one for one in caplog.records if one.exc_info and one.levelno >= logging.WARNING]


async def test_in_an_empty_channel_whose_history_may_be_read_a_message_is_known_to_be_missing(harness: Harness) -> None:
    channel = harness.simulator.state.add_channel(harness.guild, "empty")
    started = harness.clock.now()
    async with running(harness):
        harness.clock.advance(minutes=5)
        assert await harness.platform.look_up(outgoing(channel), around(started)) is LookUp.MISSING
        await harness.simulator.allow(channel, read_message_history=False)
        await eventually(lambda: not _may_read(harness, channel.id))
        assert await harness.platform.look_up(outgoing(channel), around(started)) is LookUp.CANNOT_TELL


def _may_read(harness: Harness, channel: int) -> bool:
    known = harness.platform.client.get_channel(channel)
    assert isinstance(known, discord.TextChannel)
    return known.permissions_for(known.guild.me).read_message_history
