"""People of the workspace, on a store."""

from __future__ import annotations

from bot.app.configuration.settings import Settings
from bot.clocks import Clock
from bot.people.account import Account
from bot.people.people import People
from bot.people.record import Record
from storage.store import SqlStore


def people_of(store: SqlStore, clock: Clock) -> People:
    """What happens to accounts. Made where it is needed: the library of passwords takes a while to load."""
    from adapters.web.people.passwords import Argon2Hasher

    return People(store.people, Record(store.audit, clock), Argon2Hasher(), clock)


def invitation_link(settings: Settings, token: str) -> str:
    """Where somebody chooses their password."""
    return f"{settings.local_address}/invitation/{token}"


def state_of(account: Account) -> str:
    """How somebody gets in, for lists."""
    match account.origin:
        case "setting":
            return "has PAPERROUND_WEB_PASSWORD"
        case "proxy":
            return "comes by the proxy"
    return "has a password" if account.password else "invited"
