"""Conflicts: transactions that PostgreSQL rolled back in favour of others, and that are tried again at once."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

import structlog

from bot.errors import StorageError

P = ParamSpec("P")
T = TypeVar("T")

TRIES: Final = 5
#: The longest pause (seconds) before the first of them, so that two do not meet again; it doubles.
PAUSE: Final = 0.05

_log = structlog.get_logger()


class ConflictError(StorageError):
    """The transaction was rolled back because of another one. Nothing was changed, and it may be tried again."""


def tried_again(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Tries the work again after a conflict. All that it does must be one transaction."""

    @functools.wraps(work)
    async def trying(*arguments: P.args, **options: P.kwargs) -> T:
        for tried in range(1, TRIES):
            try:
                return await work(*arguments, **options)
            except ConflictError as error:
                _log.warning("database.conflict", work=work.__qualname__, reason=str(error))
                await asyncio.sleep(PAUSE * 2**tried * random.random())  # noqa: S311
        return await work(*arguments, **options)

    return trying
