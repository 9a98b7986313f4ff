"""What stands in the environment and in `.env` beside the settings: names that were meant to be settings, and are none.

A misspelt setting would otherwise be ignored without a word, and its default taken.
"""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.app.configuration.settings import ENV_FILE, PREFIX, Settings
from bot.text.suggestions import closest

#: The prefix, also as people misremember it.
_MEANT = re.compile(r"PAPER[_-]?ROUNDS?[_-]?|PAPERROUD_|PAPEROUND_|PAPERROND_", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UnknownSetting:
    """A name that is no setting, where it stands, and the setting that was probably meant; empty if none is near."""

    name: str
    place: str
    nearest: str = ""

    def __str__(self) -> str:
        meant = f" Did you mean {self.nearest}?" if self.nearest else " deploy/docs/settings.md lists all settings."
        return f"{self.name} ({self.place}) is no setting, and is ignored.{meant}"


def unknown_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = None
) -> list[UnknownSetting]:
    """Those in the environment and in `.env`."""
    names = os.environ if environment is None else environment
    found = [setting for name in names if (setting := _unknown(name, "in the environment"))]
    for name, line in _names_in(env_file or Path(ENV_FILE)):
        place = f"in {ENV_FILE}, line {line}"
        if setting := _unknown(name, place) or _without_prefix(name, place):
            found.append(setting)
    return sorted(found, key=lambda setting: setting.name)


def unreadable_lines(env_file: Path | None = None) -> list[int]:
    """The lines of `.env` that set nothing, because they cannot be understood."""
    bindings = _bindings(env_file or Path(ENV_FILE))
    return [one.original.line for one in bindings if one.error or (one.key is not None and one.value is None)]


def _unknown(name: str, place: str) -> UnknownSetting | None:
    # Case does not matter to the library that reads settings.
    bare = name.upper().removeprefix(PREFIX)
    if name.upper().startswith(PREFIX) and bare.lower() in Settings.model_fields:
        return None
    if not (said := _MEANT.match(name)):
        return None
    return UnknownSetting(name, place, _nearest(name[said.end() :]))


def _without_prefix(name: str, place: str) -> UnknownSetting | None:
    """A line of `.env` that has a setting's name but for the prefix."""
    if name.lower() in Settings.model_fields:
        return UnknownSetting(name, place, f"{PREFIX}{name.upper()}")
    return None


def _nearest(bare: str) -> str:
    fields = {field.upper() for field in Settings.model_fields}
    bare = bare.upper().replace("-", "_")
    if bare in fields:
        return f"{PREFIX}{bare}"
    near = closest(bare, fields)
    return f"{PREFIX}{near}" if near else ""


def _names_in(env_file: Path) -> list[tuple[str, int]]:
    return [(one.key, one.original.line) for one in _bindings(env_file) if one.key and not one.error]


def _bindings(env_file: Path) -> list[Binding]:
    """What stands in the file, as the library reads it that the settings come from. Nothing if it cannot be read."""
    try:
        text = env_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []  # `bot.app.configuration.settings` says so
    # It complains about lines in the log as well, without saying what to do.
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    return list(parse_stream(io.StringIO(text)))
