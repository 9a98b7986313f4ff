"""What chat platforms are given of the core."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channel_life import ChannelLife
from bot.commands import Commands
from bot.directory import Directory
from bot.forms import Forms
from bot.ports import Clock
from bot.settings import Settings
from bot.unfurling import Unfurling
from storage.store import SqlStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts that do the work behind what people say and press."""

    settings: Settings
    clock: Clock
    store: SqlStore
    commands: Commands
    directory: Directory
    life: ChannelLife
    forms: Forms
    unfurling: Unfurling
