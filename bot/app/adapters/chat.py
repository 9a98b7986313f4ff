"""Chat: what the adapters of Slack and Discord are given of the core."""

from __future__ import annotations

from dataclasses import dataclass

from bot.app.configuration.settings import Settings
from bot.channels.directory import Directory
from bot.clocks import Clock
from bot.commands.operating.overview import Overview
from bot.commands.papers.reactions import Reactions
from bot.commands.runner import Commands
from bot.digests.unfurling import Unfurling
from bot.lifecycle.channels import ChannelLifecycle
from bot.topics.forms import TopicForms
from storage.store import SqlStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDependencies:
    """The parts that do the work behind what people say and press."""

    settings: Settings
    clock: Clock
    store: SqlStore
    commands: Commands
    reactions: Reactions
    directory: Directory
    lifecycle: ChannelLifecycle
    forms: TopicForms
    unfurling: Unfurling
    overview: Overview
