"""What processes with roles of their own have to have in common."""

from __future__ import annotations

from bot.app.adapters.mail import has_mail
from bot.app.configuration.settings import Settings
from bot.errors import SettingsError
from bot.posting.roles import ProcessRole


def expect_shared(settings: Settings, role: ProcessRole, *, on_sqlite: bool) -> None:
    """Raises `SettingsError` where a process of that role would stand alone, or could not read what others wrote."""
    if role is ProcessRole.ALL:
        return
    if on_sqlite:
        # They tell each other what there is to do, and only PostgreSQL passes that on.
        raise SettingsError(
            f"A {role} shares its work with other processes, and they need a PostgreSQL between them. Set "
            "PAPERROUND_DATABASE_URL=postgresql://user:password@host/name for all of them, or leave --role out: on "
            "SQLite one process does everything."
        )
    signs = (
        "the links in mails" if has_mail(settings) else "the tokens of workspaces" if settings.slack_client_id else ""
    )
    if signs and not settings.secret_key.get_secret_value():
        raise SettingsError(
            f"A {role} and the other processes need one key for {signs}. Set PAPERROUND_SECRET_KEY to the same for "
            "all of them; `openssl rand -base64 32` makes one. (Where one process made a key before, it is in "
            "secret.key of its data folder.)"
        )
