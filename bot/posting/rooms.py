"""Rooms: how many posts may be leased for each account whose requests are paced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Address, PlatformName
from bot.platforms.platform import Platform

#: Where nothing is paced, room is for so many.
_ANY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """What a pace is for: a workspace, or all of a platform where limits are those of the bot as a whole."""

    platform: PlatformName
    workspace: str = ""


class Rooms:
    """Counts what this process has leased and not yet sent, and says what more may be leased."""

    def __init__(self, platforms: Mapping[PlatformName, Platform]) -> None:
        self._platforms = platforms
        self._coming: Counter[Account] = Counter()
        #: Where something was sent, or there was no room: whether there is some has to be asked anew.
        self._known: dict[Account, None] = {}

    def account(self, platform: PlatformName, workspace: str) -> Account:
        """Whose room a post to that workspace takes."""
        return Account(platform, "" if self._platforms[platform].account else workspace)

    def free(self, account: Account) -> int:
        """How many more posts may be leased for it."""
        room = self._platforms[account.platform].room(account.workspace)
        free = _ANY if room is None else max(0, room - self._coming[account])
        if not free:
            self._known[account] = None
        return free

    def full(self, platforms: Collection[PlatformName]) -> set[Account]:
        """The accounts on these platforms that take nothing now, as far as this process knows."""
        full = {account for account in self._known if account.platform in platforms and not self.free(account)}
        self._known = dict.fromkeys(account for account in self._known if account in full or self._coming[account])
        return full

    def enter(self, address: Address) -> None:
        """A post to that channel is leased."""
        account = self.account(address.platform, address.workspace)
        self._coming[account] += 1
        self._known[account] = None

    def leave(self, address: Address) -> None:
        """It is sent now, or never."""
        account = self.account(address.platform, address.workspace)
        self._coming[account] -= 1
        if not self._coming[account]:
            del self._coming[account]
