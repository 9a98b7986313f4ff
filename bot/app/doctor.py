"""The doctor: looks at everything that the bot needs, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.checks import Check
from bot.errors import PaperRoundError

TIMEOUT = 30.0  # seconds for each thing that is looked at


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and a sentence about it."""

    what: str
    is_well: bool
    words: str


async def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Looks at everything, in the given order; what is broken keeps nothing else from being looked at."""
    return [await _look_at(what, check) for what, check in checks.items()]


async def _look_at(what: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(TIMEOUT):
            return Finding(what, True, await check())
    except PaperRoundError as error:
        return Finding(what, False, str(error))
    except TimeoutError:
        return Finding(what, False, f"There was no answer within {TIMEOUT:g} seconds. Is the network there?")
