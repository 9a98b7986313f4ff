"""The database's address: what is wrong with it that its driver would only tell with a traceback."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from bot.errors import SettingsError
from storage.store import SqlStore

#: What may stand behind the `?` of an address of PostgreSQL: `sslmode`, and what the driver (asyncpg) takes. Addresses
#: that hosting services hand out are made for libpq, which takes more.
_PARAMETERS: Final = (
    "sslmode", "ssl", "host", "port", "user", "password", "database", "passfile", "service", "servicefile",
    "target_session_attrs", "krbsrvname", "gsslib", "direct_tls", "timeout", "command_timeout", "server_settings",
    "prepared_statement_cache_size", "statement_cache_size", "max_cached_statement_lifetime",
    "max_cacheable_statement_size",
)  # fmt: skip


def store_at(url: str) -> SqlStore:
    """The store of that address, not opened yet. Raises `SettingsError` for an address that cannot be used."""
    try:
        store = SqlStore(url)
        address = urlsplit(store.database.url)
        address.port  # noqa: B018 - raises for one that there is not
    except ValueError as error:
        raise SettingsError(
            "PAPERROUND_DATABASE_URL names a port that is no number up to 65535. In a password write %40 for @, "
            "%3A for : and %2F for /."
        ) from error
    if not store.database.is_sqlite:
        for name, _ in parse_qsl(address.query, keep_blank_values=True):
            if name not in _PARAMETERS:
                raise SettingsError(
                    f"PAPERROUND_DATABASE_URL has {name[:60]}=… behind its question mark, which the bot's driver does "
                    "not know: leave it out. sslmode may stand there."
                )
    return store
