"""The service: an open application that runs until somebody stops it."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from bot.app.adapters.web import web_server
from bot.app.application import Application
from bot.errors import OperatorError

MOST_FILES = 65_536
#: After so many collections of what is young the garbage collector looks through everything. Python's ten have it do so
#: every few seconds in a storm, for up to a tenth of a second in which nobody is answered.
FULL_COLLECTIONS = 100

_log = structlog.get_logger()


async def serve(
    application: Application,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    banner: str = "",
    announce: Callable[[str], None],
) -> None:
    """Serves the web workspace and does `work` beside it, until SIGINT or SIGTERM.

    `announce` is told the address. A second signal ends the process at once. Raises `OperatorError` when the port
    cannot be had.
    """
    server = await web_server(application, banner)
    listener = _listen(application.settings.web_host, application.settings.web_port)
    host, port = listener.getsockname()[:2]
    # What was made by now stays. To look through all of it again, as the garbage collector would now and then, holds up
    # everybody for some hundredths of a second.
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTIONS)
    with listener:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(work())
            serving = group.create_task(server.serve_until_cancelled(listener))
            announce(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
            await _stop_signal()
            _log.info("service.stops")
            working.cancel()
            serving.cancel()


def raise_file_limit() -> None:
    """Lets this process have as many files and connections open as it may: 1,024, the usual limit, is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _stop_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise OperatorError(
            f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another port with PAPERROUND_WEB_PORT."
        ) from error
