"""The health check: whether the bot answers on its port, for whoever starts it again if not.

Containers ask every half minute, and loading the whole program takes a second of a processor. So nothing of it is
loaded here, and of the settings two are read as they stand.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
from dotenv import dotenv_values

from bot.app.command_line.exit_codes import FAILED
from bot.app.own_port import HEALTHZ, is_ours

HOST, PORT = "PAPERROUND_WEB_HOST", "PAPERROUND_WEB_PORT"
DEFAULTS: Final = {HOST: "127.0.0.1", PORT: "8421"}
_ENV_FILE: Final = Path(".env")
_ANSWER_WITHIN: Final = 4.0  # seconds


@click.command()
def healthcheck() -> None:
    """Ask /healthz of the bot that runs with these settings. Ends with 1 when nobody answers.

    For containers and scripts: it takes no time, and opens neither database nor index.
    """
    host, port = _setting(HOST), _setting(PORT)
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        click.echo(f"{PORT} is {port}: give the bot a port that can be asked.", err=True)
        sys.exit(FAILED)
    where = f"{f'[{host}]' if ':' in host else host}:{port}{HEALTHZ}"
    if not is_ours(host, int(port), _ANSWER_WITHIN):
        click.echo(f"The bot does not answer on {where}.", err=True)
        sys.exit(FAILED)
    click.echo(f"The bot answers on {where}.")


def _setting(name: str) -> str:
    """As `bot.app.configuration.settings` has it: the environment first, whatever the case, and empty is none."""
    written: dict[str, str | None] = {}
    with suppress(OSError, UnicodeDecodeError):  # the bot itself says so
        written = dotenv_values(_ENV_FILE) if _ENV_FILE.is_file() else {}
    for place in (os.environ, written):
        for key, value in place.items():
            if key.upper() == name and value:
                return value
    return DEFAULTS[name]
