"""Pace: the program in a hurry, so that thousands of faults fit into minutes.

Only waits are shortened, each to the same share of the others: a lease still lasts longer than a request may take, and
a message that comes late still comes before the last look for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import adapters.discord.client.circuit_breaker
import adapters.discord.client.requests
import adapters.discord.platform
import adapters.feeds.arxiv.source
import adapters.slack.client.connection
import adapters.slack.client.errors
import adapters.slack.platform
import bot.app.configuration.settings
import bot.app.engine
import bot.platforms.pacing.climbing
import bot.platforms.pacing.pace
import bot.platforms.pacing.refusal_series
import bot.posting.leadership
import bot.posting.outbox
import bot.posting.reconciliation
import bot.posting.retries
import storage.database.database
import storage.database.locks
import storage.database.notifications
import storage.posting.outbox
from bot.posting.retries import LookUpPolicy, RetryPolicy

REQUEST_TIMEOUT = 1.0  # seconds
LEASE = 6.0  # seconds
#: Seconds after a request by which a message that comes late has come: before a lease is over, and the last look.
LATEST = 4.0
_SECOND = timedelta(seconds=1)


def hasten() -> None:
    """Shortens the waits of the program in this process. Fails where there is no such wait any more."""
    _set(
        bot.posting.outbox,
        LEASE=LEASE * _SECOND,
        SEND_TIMEOUT=1.5 * REQUEST_TIMEOUT,
        LOOK_EVERY=0.5,
        LOOK_ANYWAY=6.0,
        RETRIES=RetryPolicy(first=0.2 * _SECOND, longest=_SECOND),
    )
    _set(
        bot.posting.reconciliation,
        LEASE=LEASE * _SECOND,
        LOOK_TIMEOUT=1.5 * REQUEST_TIMEOUT,
        LOOK_UPS=LookUpPolicy(
            marks=(0.3 * _SECOND, 1 * _SECOND),
            late_marks=(0.3 * _SECOND, 3 * _SECOND, 8 * _SECOND),
            trouble_first=0.3 * _SECOND,
            trouble_longest=2 * _SECOND,
        ),
    )
    _set(
        bot.app.engine,
        SWEEP_EVERY=1.5 * _SECOND,
        RECONCILE_EVERY=0.7 * _SECOND,
        EMBED_EVERY=60 * _SECOND,
        RETRY_POLL_AFTER=_SECOND,
    )
    _set(bot.posting.retries, LONGEST_WAIT=2 * _SECOND)
    _set(bot.posting.leadership, REST=1.0)
    _set(
        bot.platforms.pacing.climbing,
        CLIMB_SECONDS=0.4,
        CLIMB_REQUESTS=13.0,
        CLIMB_PAUSES=2.5,
        DOUBLES_IN=0.16,
    )
    _set(bot.platforms.pacing.pace, PROVEN=0.8, SOON=0.4, BELIEVED_FOR=360.0)
    _set(bot.platforms.pacing.refusal_series, LONGEST_PAUSE=6.0)
    _set(
        storage.database.database,
        SQLITE_BUSY_TIMEOUT=1.0, POSTGRES_CONNECT_TIMEOUT=3.0, PROOF_LASTS=0.5,
        POSTGRES_STATEMENT_TIMEOUT=6_000, POSTGRES_ANSWER_TIMEOUT=7.0, POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT=6_000,
    )  # fmt: skip
    # Nothing passes a lost message here, whatever the clock shows after a start, so that the order can be told.
    _set(storage.posting.outbox, HOLDS_UP_FOR=timedelta(days=3650))
    _set(storage.database.locks, ANSWER_TIMEOUT=3.0)
    _set(storage.database.notifications, ANSWER_TIMEOUT=3.0)
    _set(adapters.feeds.arxiv.source, ARXIV_INTERVAL=0.05)
    _set(adapters.slack.client.errors, _PAUSE=1.0)
    _set(adapters.slack.platform, CHANNEL_INTERVAL=0.05)
    _set(adapters.discord.client.circuit_breaker, BANNED_FOR=_SECOND, MOST_INVALID=1_000_000)
    _set(adapters.discord.platform, NONCE_REMEMBERED=12 * _SECOND)
    _set(adapters.discord.client.requests, REQUESTS_PER_SECOND=1000.0, BURST=100)
    made = adapters.slack.client.connection.Connection.__init__
    assert made.__kwdefaults__ is not None
    made.__kwdefaults__["timeout"] = REQUEST_TIMEOUT
    bot.app.configuration.settings.Settings.poll_every = property(lambda _: _SECOND)  # type: ignore[assignment, method-assign]


def _set(module: Any, **values: Any) -> None:
    for name, value in values.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, value)
