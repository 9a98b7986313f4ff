"""The first lines of the log: what runs here, on what, for whom, and when it will be heard of."""

from __future__ import annotations

import os
import platform
from datetime import timedelta
from typing import Final

import structlog

from bot import __version__
from bot.app.application import Application
from bot.channels.channel import ChannelState

#: No schedule waits for longer: cron knows the 29th of February.
LONGEST_WAIT: Final = timedelta(days=3_000)

_log = structlog.get_logger()


async def log_start(application: Application) -> None:
    """A line each about version, database, feeds, platforms, channels and the next digest."""
    settings, store = application.settings, application.store
    _log.info(
        "start.version",
        version=__version__,
        python=platform.python_version(),
        pid=os.getpid(),
        role=application.role.value,
    )
    now = application.clock.now()
    stored = await store.health.facts(now)
    _log.info("start.database", database=store.database.place, **stored.rows)
    feeds = [source.name for source in application.feeds.sources]
    _log.info("start.feeds", feeds=feeds, poll_minutes=settings.poll_minutes)
    _log.info(
        "start.platforms",
        platforms=[name.value for name in sorted(application.platforms)],
        workspace=settings.has_workspace and application.role.listens,
    )
    _log.info("start.channels", **{state.value: number for state, number in stored.channels.items()})
    coming = await store.digests.next_due(now + LONGEST_WAIT, 1)
    following = next((channel for channel in coming if channel.state is ChannelState.ACTIVE), None)
    if following is None:
        _log.info("start.next_digest", at=None, reason="no channel has a schedule yet")
    else:
        _log.info("start.next_digest", at=str(following.next_digest_at), channel=str(following.address))
