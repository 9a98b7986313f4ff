"""The pages on platforms name what the bot asks for, and nothing else."""

from __future__ import annotations

import re

import discord

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.connection import DiscordClient
from adapters.discord.guilds.permissions import NEEDED
from adapters.slack.installation.scopes import SCOPES
from bot.clocks import SystemClock
from tests.documents.generated import DOCS

SLACK = (DOCS / "slack.md").read_text()
DISCORD = (DOCS / "discord.md").read_text()

#: Discord's names for permissions, where its settings do not call them as its API does.
_IN_SETTINGS = {"View Channel": "View Channels", "Read Messages": "View Channels"}


def first_cells(page: str, head: str) -> list[str]:
    """The first cells of the table whose head begins so."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    return [row.split(" | ")[0].removeprefix("| ").strip("`") for row in table.splitlines()]


def test_slack_asks_for_these_scopes() -> None:
    assert first_cells(SLACK, "scope") == list(SCOPES)


def test_discord_asks_for_these_permissions() -> None:
    asked = {name.replace("_", " ").title().replace(" In ", " in ") for name, given in NEEDED if given}
    assert set(first_cells(DISCORD, "permission")) == {_IN_SETTINGS.get(name, name) for name in asked}


async def test_discord_connects_with_these_intents() -> None:
    without = {name for name, given in _intents(reads_messages=False) if given}
    with_cards = {name for name, given in _intents(reads_messages=True) if given}
    told = first_cells(DISCORD, "intent")
    assert set(told) == with_cards
    assert with_cards - without == {told[-1]} == {"message_content"}


def _intents(*, reads_messages: bool) -> discord.Intents:
    return DiscordClient("token", CircuitBreaker(SystemClock()), reads_messages=reads_messages).intents
