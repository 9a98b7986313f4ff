"""Slack's part of the bot.

It is made in two steps: commands need to know the platforms, and what listens to people needs the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.app.adapters.chat import ChatDependencies
from bot.app.configuration.settings import Settings
from bot.channels.channel import Channel, PlatformName
from bot.channels.installations import InstallationStore
from bot.checks import Check
from bot.clocks import Clock
from bot.commands.runner import REGISTRY
from bot.errors import SettingsError
from bot.platforms.access import Access
from bot.posting.roles import ProcessRole
from storage.store import SqlStore

if TYPE_CHECKING:  # Slack's libraries take most of a second to load, and many runs need none of them.
    from adapters.slack.app import SlackApp
    from adapters.slack.installation.installed_workspaces import InstalledWorkspaces
    from adapters.slack.platform import SlackPlatform


@dataclass(frozen=True, slots=True)
class SlackParts:
    """What Slack's app is made of. Without `installed` there is one workspace, that of the settings' token."""

    platform: SlackPlatform
    installed: InstalledWorkspaces | None = None
    installations: InstallationStore | None = None


def has_slack(settings: Settings, role: ProcessRole = ProcessRole.ALL) -> bool:
    """Whether the settings ask for Slack; raises `SettingsError` for half of what a process of that role needs."""
    token, client_id = settings.slack_bot_token.get_secret_value(), settings.slack_client_id
    client_secret = settings.slack_client_secret.get_secret_value()
    listens = any(one.get_secret_value() for one in (settings.slack_app_token, settings.slack_signing_secret))
    if not (token or client_id or client_secret or listens):
        return False
    if bool(client_id) != bool(client_secret):
        missing = "PAPERROUND_SLACK_CLIENT_SECRET" if client_id else "PAPERROUND_SLACK_CLIENT_ID"
        raise SettingsError(f"{missing} is missing. Slack shows both under “Basic Information”, “App Credentials”.")
    if not token and not client_id:
        raise SettingsError(
            "PAPERROUND_SLACK_BOT_TOKEN is missing. Slack shows it under “OAuth & Permissions”. (For many workspaces, "
            "set PAPERROUND_SLACK_CLIENT_ID and PAPERROUND_SLACK_CLIENT_SECRET instead.)"
        )
    if role.listens and not listens:
        raise SettingsError(
            "PAPERROUND_SLACK_APP_TOKEN is missing. Slack makes one under “Basic Information”, “App-Level Tokens”, "
            "with the scope connections:write. (Without Socket Mode, set PAPERROUND_SLACK_SIGNING_SECRET instead.)"
        )
    return True


def slack_parts(
    settings: Settings, store: SqlStore, clock: Clock, access: Access, role: ProcessRole = ProcessRole.ALL
) -> SlackParts | None:
    """Those that the settings ask for, None if they have nothing of Slack; raises `SettingsError` for half of them."""
    if not has_slack(settings, role):
        return None
    from adapters.slack.client.connection import Connection
    from adapters.slack.installation.installed_workspaces import InstalledWorkspaces
    from adapters.slack.installation.workspaces import OneWorkspace
    from adapters.slack.paths import INSTALL_PATH
    from adapters.slack.platform import SlackPlatform
    from storage.channels.installations import SqlInstallationStore
    from storage.channels.token_encryption import open_token_encryption

    token, client_id = settings.slack_bot_token.get_secret_value(), settings.slack_client_id
    connection = Connection(settings.slack_api_url, clock=clock, metrics=access.metrics, access=access)
    if not client_id:
        return SlackParts(SlackPlatform(OneWorkspace(connection, token)))
    encryption = open_token_encryption(settings.secret_key.get_secret_value(), settings.data_dir)
    installations = SqlInstallationStore(store.database, encryption)
    installed = InstalledWorkspaces(
        connection,
        installations,
        clock,
        client_id=client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        install_url=settings.public_url + INSTALL_PATH,
        first=OneWorkspace(connection, token) if token else None,
    )
    return SlackParts(SlackPlatform(installed), installed, installations)


def slack_app(parts: SlackParts, chat: ChatDependencies) -> SlackApp:
    """What listens to people in Slack and answers them."""
    from adapters.slack.app import SlackApp
    from adapters.slack.installation.oauth import OAuthInstallation

    settings = chat.settings
    installing: OAuthInstallation | None = None
    if parts.installed and parts.installations:
        installing = OAuthInstallation(
            parts.installed,
            parts.installations,
            chat.clock,
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            public_url=settings.public_url,
            lifecycle=chat.lifecycle,
        )
    return SlackApp(
        parts.platform,
        chat.commands,
        REGISTRY,
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        lifecycle=chat.lifecycle,
        card_of=chat.unfurling.card_of,
        forms=chat.forms,
        directory=chat.directory,
        overview=chat.overview,
        installing=installing,
        reactions=chat.reactions,
        idempotency=chat.store.idempotency,
        clock=chat.clock,
        only_platform=settings.has_one_platform,
    )


def slack_checks(parts: SlackParts, chat: ChatDependencies) -> Mapping[str, Check]:
    """What `paperround doctor` looks at in Slack."""
    from adapters.slack.doctor import SlackDoctor

    async def with_topics() -> list[Channel]:
        channels = await chat.store.channels.on_platform(PlatformName.SLACK, with_topics=True)
        return [channel for channel in channels if not channel.person]

    app_token = chat.settings.slack_app_token.get_secret_value()
    return SlackDoctor(parts.platform.workspaces, chat.clock, app_token=app_token, with_topics=with_topics).checks()
