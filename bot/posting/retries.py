"""When a failed attempt is made again."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_RETRY = timedelta(seconds=5)


LONGEST_RETRY = timedelta(minutes=15)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after that many attempts: exponential with full jitter, so that a crowd does not stay one.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    longest = min(FIRST_RETRY * (1 << min(attempts, 16)), LONGEST_RETRY)
    return longest * random.random()  # noqa: S311
