"""Mail's part of the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.app.configuration.settings import Settings
from bot.checks import Check
from bot.clocks import Clock
from bot.errors import SettingsError
from bot.mail.links import MailLinks
from bot.platforms.access import Access
from storage.store import SqlStore

if TYPE_CHECKING:  # Its library is not needed where no mail is sent.
    from adapters.mail.platform import MailPlatform


def has_mail(settings: Settings) -> bool:
    """Whether the settings ask for mail; raises `SettingsError` for half of what it needs."""
    needed = {
        "PAPERROUND_SMTP_URL": settings.smtp_url.get_secret_value(),
        "PAPERROUND_MAIL_FROM": settings.mail_from,
        "PAPERROUND_PUBLIC_URL": settings.public_url,
    }
    if not needed["PAPERROUND_SMTP_URL"] and not needed["PAPERROUND_MAIL_FROM"]:
        return False
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(
            f"Mail needs {' and '.join(missing)} as well: a server, a sender, and the address under which people reach "
            "the links in mails."
        )
    return True


def mail_links(settings: Settings) -> MailLinks | None:
    """What makes the links of mails; None where no mail is sent. Raises `OperatorError` without a key."""
    if not has_mail(settings):
        return None
    from storage.channels.token_encryption import read_keys

    keys, _ = read_keys(settings.secret_key.get_secret_value(), settings.data_dir)
    return MailLinks(settings.public_url, tuple(keys), workspace=settings.has_workspace)


def mail_platform(settings: Settings, store: SqlStore, clock: Clock, access: Access) -> MailPlatform | None:
    """Where mails are sent; None where the settings name no server. Raises `SettingsError`."""
    links = mail_links(settings)
    if links is None:
        return None
    from adapters.mail.composition import parse_sender
    from adapters.mail.platform import MailPlatform
    from adapters.mail.server import parse_server

    try:
        server = parse_server(settings.smtp_url.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"PAPERROUND_SMTP_URL: {error}.") from None
    try:
        sender = parse_sender(settings.mail_from)
    except ValueError as error:
        raise SettingsError(f"PAPERROUND_MAIL_FROM: {error}.") from None
    try:
        returns = parse_sender(settings.mail_bounces).email if settings.mail_bounces else ""
    except ValueError as error:
        raise SettingsError(f"PAPERROUND_MAIL_BOUNCES: {error}.") from None
    return MailPlatform(
        server,
        replace(sender, returns=returns),
        links,
        store.recipients,
        clock,
        rate=settings.smtp_rate,
        access=access,
    )


def mail_checks(platform: MailPlatform) -> Mapping[str, Check]:
    """What `paperround doctor` looks at in mail."""
    from adapters.mail.doctor import MailDoctor

    return MailDoctor(platform).checks()
