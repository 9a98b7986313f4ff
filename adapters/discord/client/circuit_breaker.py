"""When to stop asking Discord anything.

10,000 answers with 401, 403 or 429 within 10 minutes get the whole address of this machine banned
(https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans). Long before
that something is so wrong that requests only make it worse.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

import structlog

from adapters.discord.client.errors import LOGIN_REFUSED
from bot.channels.channel import PlatformName
from bot.clocks import Clock
from bot.platforms.access import Access, Means

WINDOW = timedelta(minutes=10)
MOST_INVALID = 500  # within WINDOW
BANNED_FOR = timedelta(minutes=10)
#: After the first refusal of the token, which may be Discord's mistake; twice as long after each further one, up to the
#: longest.
TOKEN_REFUSED_FOR = timedelta(minutes=1)
LONGEST_TOKEN_REFUSED_FOR = timedelta(minutes=15)
_INVALID = frozenset({401, 403, 429})
TOKEN_REFUSED = "Discord refuses the bot's token."  # noqa: S105 - a sentence

_log = structlog.get_logger()


class CircuitBreaker:
    """Counts what Discord refuses, and says for how long nothing should be sent."""

    def __init__(self, clock: Clock, access: Access | None = None) -> None:
        self._clock = clock
        self._access = access or Access()
        self._invalid: deque[datetime] = deque()
        self._opened_at: datetime | None = None
        self._open_for = timedelta()
        self._token_refused_for = TOKEN_REFUSED_FOR
        self.reason = ""

    @property
    def wait(self) -> float:
        """Seconds until requests may leave again, 0 when they may now."""
        if self._opened_at is None:
            return 0.0
        passed = self._clock.now() - self._opened_at
        # Where the clock was set back nobody knows how long it has been; the next refusal says whether it was enough.
        if not timedelta() <= passed < self._open_for:
            self._opened_at = None
            return 0.0
        return (self._open_for - passed).total_seconds()

    def record(self, status: int, *, banned: bool = False, shared: bool = False) -> None:
        """Takes note of an answer. `shared` limits are nobody's fault and do not count."""
        if status < 300:
            self._token_refused_for = TOKEN_REFUSED_FOR
            self._access.granted(PlatformName.DISCORD, Means.POSTING)
            if self.reason == TOKEN_REFUSED:
                self._opened_at = None
        if status not in _INVALID or shared:
            return
        now = self._clock.now()
        self._invalid.append(now)
        while not now - WINDOW < self._invalid[0] <= now:  # before that, or noted by a clock that was ahead
            self._invalid.popleft()
        if status == 401:
            self._access.refused(PlatformName.DISCORD, Means.POSTING, LOGIN_REFUSED)
            if not self.wait:  # else it was under way when the token was refused, and says nothing new
                self._open(self._token_refused_for, TOKEN_REFUSED)
                self._token_refused_for = min(2 * self._token_refused_for, LONGEST_TOKEN_REFUSED_FOR)
        elif banned:
            self._open(BANNED_FOR, "Discord takes no requests from this address for now.")
        elif len(self._invalid) >= MOST_INVALID:
            self._open(WINDOW, "Discord refused too many requests.")

    def _open(self, duration: timedelta, reason: str) -> None:
        if not self.wait:
            _log.error("discord.nothing_is_sent", reason=reason, minutes=duration.total_seconds() / 60)
        self._opened_at, self._open_for = self._clock.now(), duration
        self.reason = reason
