"""Tokens: what lets a program read as a person, made by that person or by whoever runs the bot, and shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from bot.clocks import Clock
from bot.errors import StorageError, UserError
from bot.people.account import Account, ApiToken
from bot.people.record import Author, Record
from bot.people.store import PeopleStore
from bot.text.counting import count_of

#: What every token begins with, so that programs that look for secrets find it.
PREFIX: Final = "ppr_"
MOST_TOKENS: Final = 20  # of one person
LONGEST_TOKEN_NAME: Final = 60  # characters
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 3_650
#: Using a token is noted at most so often.
USED_EVERY: Final = timedelta(minutes=5)


class Tokens:
    """Makes and revokes tokens, and tells whose one is. What is done `by` somebody stands in the audit."""

    def __init__(self, store: PeopleStore, record: Record, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._clock = clock

    async def create(self, account: Account, name: str, days: int | None, *, by: Author) -> tuple[str, ApiToken]:
        """A new token, which is kept nowhere, and what is kept of it. It ends after so many days, or never.

        Raises `UserError`.
        """
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_TOKEN_NAME or not name.isprintable():
            raise UserError(f"Say what the token is for in up to {LONGEST_TOKEN_NAME} characters, like `dashboard`.")
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise UserError(f"A token is valid for 1 to {MOST_DAYS:,} days, or for ever.")
        token, now = PREFIX + secrets.token_urlsafe(32), self._clock.now()
        until = None if days is None else now + timedelta(days=days)
        valid = "" if days is None else f", valid for {count_of(days, 'day')}"
        async with self._record.change(by, f"tokens create {account.name} “{name}”{valid}"):
            kept = await self._store.add_token(
                account.id, token_key(token), name, now=now, until=until, most=MOST_TOKENS
            )
        return token, kept

    async def of(self, account: Account | None = None) -> Sequence[ApiToken]:
        """The tokens of a person, or of everybody, the latest first."""
        return await self._store.tokens(account.id if account else None)

    async def revoke(self, token_id: int, *, by: Author, account: Account | None = None) -> ApiToken:
        """Ends a token; raises `UserError` where there is none of that number, or where it is not that person's."""
        for token in await self.of(account):
            if token.id == token_id:
                async with self._record.change(by, f"tokens revoke {token.account.name} “{token.name}”"):
                    await self._store.remove_token(token_id)
                return token
        raise UserError(f"There is no token {token_id}.")

    async def bearer(self, token: str) -> Account | None:
        """Whose token that is, None for nobody's and for one that has ended."""
        if not token.startswith(PREFIX):
            return None
        found, now = await self._store.token(token_key(token)), self._clock.now()
        if found is None or (found.expires_at is not None and found.expires_at <= now):
            return None
        # One that was used in the future was so by a clock that was ahead.
        if found.used_at is None or not found.used_at <= now < found.used_at + USED_EVERY:
            with suppress(StorageError):  # where nothing can be written, programs may still read
                await self._store.use_token(found.id, now)
        return found.account


def token_key(token: str) -> str:
    """What is kept of a token.

    It has 256 random bits, which nobody can try out, so that a plain SHA-256 gives nothing away and needs no salt; slow
    hashes are for passwords, which people choose (NIST SP 800-63B, 5.1.2: at least 112 bits need no stretching).
    """
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
