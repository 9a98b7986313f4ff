"""People who log in in tests. Their passwords are hashed quickly, because nobody guesses at them."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher

from adapters.web.people.entrance import LoginOptions
from adapters.web.people.passwords import Argon2Hasher
from bot.clocks import Clock
from bot.people.people import People
from bot.people.record import Record
from storage.store import SqlStore


async def log_in_parts(
    store: SqlStore, clock: Clock, password: str, login: LoginOptions | None = None
) -> dict[str, Any]:
    """What `create_app` needs of people; with a password of the settings there is `owner`."""
    people = People(store.people, Record(store.audit, clock), quick_hasher(), clock)
    await people.follow_setting(password)
    return {"people": people, "audit": store.audit, "login": login or LoginOptions(password=password)}


def quick_hasher() -> Argon2Hasher:
    return Argon2Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
