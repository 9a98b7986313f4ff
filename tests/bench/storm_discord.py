"""The storm in Discord: 500 channels in 20 servers get a digest at once, through faults and two lost gateways.

Discord's own limits are in force: 50 requests a second, and in each channel 5 messages in 5 seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.adapters.discord.load import storm
from tests.bench import Row, Times

GUILDS, CHANNELS = 20, 500


def rows() -> Iterator[Row]:
    """The rows of this section. Fails when a message is missing or there twice, or an answer comes too late."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("discord").setLevel(logging.CRITICAL)
    with TemporaryDirectory() as folder:
        outcome = asyncio.run(storm(Path(folder), guilds=GUILDS, channels=CHANNELS, timeout=300))
    assert not outcome.wrong, outcome.wrong[:5]
    assert not outcome.unanswered
    assert max(outcome.answered_after) < 3
    answers, deliveries = Times.of(outcome.answered_after), Times.of(outcome.delivered_after)
    faults = ", ".join(f"{count} {name.lower().replace('_', ' ')}" for name, count in sorted(outcome.faults.items()))
    yield Row(what=f"{outcome.posts:,} messages to {CHANNELS} channels, each once", ours=outcome.seconds, unit="s")
    yield Row(what="a message, from planned to sent: p50", ours=deliveries.p50 / 1000, unit="s")
    yield Row(what="a message, from planned to sent: p99", ours=deliveries.p99 / 1000, unit="s")
    yield Row(what=f"{len(outcome.answered_after)} commands meanwhile, first answer: p50", ours=answers.p50)
    yield Row(what="… p99, while the gateway is lost twice", ours=answers.p99, rival="wanted", theirs=3000)
    yield Row(what=f"429s of Discord's own, besides {faults}", ours=outcome.limited, unit="")
