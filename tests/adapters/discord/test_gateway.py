"""The gateway: heartbeats that nobody acknowledges, and outages."""

from __future__ import annotations

import asyncio
import logging

import pytest
import structlog

from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually


async def test_a_missing_heartbeat_ack_ends_the_connection_though_events_still_come(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.heartbeat_interval = 200
    async with running(harness):
        await eventually(lambda: gateway.heartbeats > 1)
        assert gateway.resumes == 0
        gateway.acknowledges = False
        async with asyncio.timeout(5):
            while not gateway.resumes:
                await harness.simulator.rename_guild(harness.guild.id, "Lab")
                await asyncio.sleep(0.05)
        gateway.acknowledges = True
        assert (await harness.say("topics")).messages
        assert len(gateway.identifies) == 1


async def test_acknowledged_heartbeats_end_nothing(harness: Harness) -> None:
    gateway = harness.simulator.gateway
    gateway.heartbeat_interval = 50
    async with running(harness):
        await eventually(lambda: gateway.heartbeats > 8)
        assert gateway.resumes == 0


async def test_an_outage_of_the_gateway_is_one_event_a_try(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    gateway = harness.simulator.gateway
    with structlog.testing.capture_logs() as events:
        async with running(harness):
            gateway.is_shut = True
            await gateway.drop()
            await eventually(lambda: [one for one in events if one["event"] == "discord.gateway_unreachable"])
            gateway.is_shut = False
            await eventually(lambda: gateway.resumes or len(gateway.identifies) > 1, within=30)
    tries = [one for one in events if one["event"] == "discord.gateway_unreachable"]
    assert all(one["reason"] and "Traceback" not in str(one) for one in tries)
    assert not [one for one in caplog.records if one.exc_info and one.levelno >= logging.WARNING]
