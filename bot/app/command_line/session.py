"""What the commands share: the open application, and how work ends."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import structlog

from bot.app.configuration.environment import unknown_settings, unreadable_lines
from bot.app.configuration.settings import ENV_FILE, LogLevel, Settings, load_settings
from bot.app.logs import configure_logs
from bot.errors import PaperRoundError

if TYPE_CHECKING:
    from bot.app.application import Application

_log = structlog.get_logger()


@contextmanager
def loading() -> Iterator[None]:
    """For imports of much, which commands leave until they run. Nothing of what is loaded is garbage: to look for some
    meanwhile, and in all of it later, takes a tenth of the time that a start takes."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def load() -> Settings:
    """The settings of a service, with its logs set up by them; warns of names that were meant to be settings."""
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format, settings.secrets)
    for unknown in unknown_settings():
        _log.warning("settings.unknown", reason=str(unknown))
    for line in unreadable_lines():
        _log.warning("settings.unreadable", reason=f"{ENV_FILE}, line {line}, cannot be understood; write NAME=value.")
    return settings


def quiet_logs(settings: Settings) -> None:
    """Logs of a command that ends by itself: its answer is what people want to see."""
    level = max(settings.log_level, LogLevel.WARNING, key=list(LogLevel).index)
    configure_logs(level, settings.log_format, settings.secrets)


def with_application(work: Callable[[Application], Awaitable[int]]) -> None:
    """Runs one piece of work on the open application and ends with its exit code."""
    with loading():  # the whole bot
        from bot.app.application import open_application

    settings = load_settings()
    quiet_logs(settings)

    async def opened() -> int:
        async with open_application(settings) as application:
            return await work(application)

    sys.exit(asyncio.run(opened()))


def run_to_end(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except* PaperRoundError as errors:
        # A sentence for the operator gets lost in the traceback of a group, or of a group of groups.
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def announcement(what: str) -> Callable[[str], None]:
    return lambda address: click.echo(f"{what} {address}  (Ctrl-C stops it)", err=True)
