"""The doctor: looks at everything that the bot needs, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.checks import Check, NoticeError, UncheckedError
from bot.errors import PaperRoundError

TIMEOUT = 30.0  # seconds for each thing that is looked at


class Mark(StrEnum):
    """How a thing was found, as the sign that stands before it."""

    WELL = "✓"
    PROBLEM = "✗"
    NOTICE = "!"
    UNCHECKED = "–"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it was found, and a sentence about it."""

    what: str
    mark: Mark
    words: str

    @property
    def is_well(self) -> bool:
        return self.mark is Mark.WELL

    def __str__(self) -> str:
        return f"{self.mark} {self.what}: {self.words}"


async def findings_of(checks: Mapping[str, Check]) -> AsyncGenerator[Finding, None]:
    """Looks at everything in the given order, each finding as soon as there is one; what is broken keeps nothing else
    from being looked at.
    """
    for what, check in checks.items():
        yield await _look_at(what, check)


async def _look_at(what: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(TIMEOUT):
            return Finding(what, Mark.WELL, await check())
    except NoticeError as notice:
        return Finding(what, Mark.NOTICE, str(notice))
    except UncheckedError as error:
        return Finding(what, Mark.UNCHECKED, str(error))
    except PaperRoundError as error:
        return Finding(what, Mark.PROBLEM, str(error))
    except TimeoutError:
        words = f"There was no answer within {TIMEOUT:g} seconds. Is the network there?"
        return Finding(what, Mark.PROBLEM, words)
