"""The first lines of the log: what runs here, on what, for whom, and when it will be heard of."""

from __future__ import annotations

import os
import platform

import structlog

from bot import __version__
from bot.app.application import Application
from bot.channels.channel import ChannelState, PlatformName

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
    _log.info("start.database", database=store.database.place, **await store.counts())
    feeds = [source.name for source in application.feeds.sources]
    _log.info("start.feeds", feeds=feeds, poll_minutes=settings.poll_minutes)
    _log.info(
        "start.platforms",
        platforms=[name.value for name in sorted(application.platforms)],
        workspace=settings.has_workspace and application.role.listens,
    )
    states = dict.fromkeys(ChannelState, 0)
    digests = []
    for name in PlatformName:
        for channel in await store.channels.on_platform(name):
            states[channel.state] += 1
            if channel.next_digest_at and channel.state is ChannelState.ACTIVE:
                digests.append(channel)
    _log.info("start.channels", **{state.value: number for state, number in states.items()})
    following = min(digests, key=lambda channel: (channel.next_digest_at is None, channel.next_digest_at), default=None)
    if following is None:
        _log.info("start.next_digest", at=None, reason="no channel has a schedule yet")
    else:
        _log.info("start.next_digest", at=str(following.next_digest_at), channel=str(following.address))
