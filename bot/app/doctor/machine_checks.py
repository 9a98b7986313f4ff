"""What the doctor looks at before anything is opened: settings, folder, disk, port."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from adapters.feeds.arxiv.fields import CLOSED_ARCHIVES
from bot.app.configuration.environment import unknown_settings, unreadable_lines
from bot.app.configuration.folders import nearest_folder, unwritable
from bot.app.configuration.settings import ENV_FILE, Settings
from bot.app.own_port import HEALTHZ, is_ours
from bot.checks import Check, NoticeError
from bot.errors import OperatorError, SettingsError
from bot.query.categories import category_named, nearest_category

LITTLE_ROOM = 1_000_000_000  # bytes that are left on the disk
NO_ROOM = 200_000_000
_ANSWER_WITHIN = 3.0  # seconds


def machine_checks(settings: Settings, problems: Sequence[str]) -> Mapping[str, Check]:
    """The checks by what they look at. `problems` are those of `bot.app.configuration.settings.read_settings`."""
    checks = {
        "Settings": partial(_settings, problems),
        "Data folder": partial(_folder, settings.data_dir),
        "Disk": partial(_disk, settings.data_dir),
        "Web port": partial(_port, settings),
    }
    if settings.arxiv_categories:
        checks["Categories"] = partial(_categories, settings.arxiv_categories)
    return checks


async def _settings(problems: Sequence[str]) -> str:
    found = [f"{problem}." for problem in problems]
    found += [str(unknown) for unknown in unknown_settings()]
    if lines := unreadable_lines():
        found.append(f"{ENV_FILE}, line {', '.join(map(str, lines))}: cannot be understood; write NAME=value.")
    if found:
        raise SettingsError("\n  ".join(found))
    return f"all of them can be used, in the environment and in {ENV_FILE}"


async def _folder(folder: Path) -> str:
    here = nearest_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=here):
            pass
    except OSError as error:
        raise OperatorError(unwritable(folder, error)) from error
    return f"{folder} can be written" if here == folder else f"{folder} is not there yet, and can be made"


async def _disk(folder: Path) -> str:
    free = shutil.disk_usage(nearest_folder(folder)).free
    words = f"{free / 1e9:.1f} GB are free where {folder} is"
    if free < NO_ROOM:
        raise OperatorError(f"{words}. Make room before the database cannot be written any more.")
    if free < LITTLE_ROOM:
        raise NoticeError(f"{words}. Make room before it is none.")
    return words


async def _port(settings: Settings) -> str:
    host, port = settings.web_host, settings.web_port
    what = "the web workspace" if settings.has_workspace else "health checks and metrics"
    if port == 0:
        return f"for {what}, on any port of {host}"
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return f"{host}:{port} is free for {what}"
    except OSError as error:
        if await asyncio.to_thread(is_ours, host, port, _ANSWER_WITHIN):
            return f"the bot is running there: {HEALTHZ} answers on {host}:{port}"
        raise OperatorError(
            f"Nothing can listen on {host}:{port} ({error.strerror}). Stop the program that does, or choose another "
            "port with PAPERROUND_WEB_PORT."
        ) from error


async def _categories(names: Sequence[str]) -> str:
    problems = []
    for name in names:
        found = category_named(name)
        if found in CLOSED_ARCHIVES:
            problems.append(f"arXiv has closed {found}: nothing comes there any more. Leave it out.")
        elif found is None:
            nearest = nearest_category(name)
            meant = f"Did you mean {nearest}?" if nearest else "https://arxiv.org/category_taxonomy lists them."
            problems.append(f"arXiv has no category “{name[:40]}”. {meant}")
    if problems:
        raise SettingsError(f"PAPERROUND_ARXIV_CATEGORIES: {' '.join(problems)}")
    return f"{', '.join(names)} of PAPERROUND_ARXIV_CATEGORIES"
