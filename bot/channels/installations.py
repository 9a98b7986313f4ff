"""Where an app is installed, and the tokens that it was given there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What lets the bot act in a workspace.

    Where tokens are rotated, `access` ends at `expires_at`, `refresh` brings the next one, and it is time for that
    from `renew_at` on.
    """

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: datetime | None = None
    renew_at: datetime | None = None

    def is_due(self, now: datetime, *, expired: str = "") -> bool:
        """Whether they should be renewed: it is time for it, or the access token is the one that `expired`."""
        if not self.refresh:
            return False
        return self.access == expired or (self.renew_at is not None and self.renew_at <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The app in one workspace (`team`), or in a whole organisation (`enterprise`, and no team).

    `scopes` are the permissions that it was given. `problem` says why its tokens could not be renewed the last time.
    """

    enterprise: str
    team: str
    name: str
    app_id: str
    bot_user: str
    scopes: tuple[str, ...]
    installed_by: str
    installed_at: datetime
    tokens: Tokens
    problem: str = ""

    @property
    def workspace(self) -> str:
        """What the addresses of its channels have as their workspace."""
        return self.team or self.enterprise


class InstallationStore(Protocol):
    """Keeps installations, their tokens encrypted, and the states of those that are under way."""

    async def save(self, installation: Installation) -> None:
        """Keeps an installation in place of an earlier one of the same workspace."""
        ...

    async def find(self, workspace: str) -> Installation | None:
        """Raises `OperatorError` when its tokens were encrypted with a key that is not there."""
        ...

    async def first_of(self, workspaces: Sequence[str]) -> str | None:
        """The first of these that has an installation."""
        ...

    async def workspaces(self) -> list[str]: ...

    async def remove(self, workspace: str, *, access: str | None = None) -> bool:
        """Forgets an installation with its tokens; with `access` only while it still has that token.

        Returns whether there was anything to forget.
        """
        ...

    async def due_for_renewal(self, now: datetime) -> list[str]:
        """The workspaces whose tokens should be renewed and that nobody is busy with."""
        ...

    async def lease_renewal(
        self, workspace: str, lease: str, *, now: datetime, until: datetime, expired: str = ""
    ) -> Installation | None:
        """Takes the renewal of these tokens for oneself until then; None when somebody else has it, or had it, and
        they are not due any more. `expired` is an access token that is due because the platform does not take it.

        Raises `OperatorError` as `find` does.
        """
        ...

    async def renewed(self, workspace: str, lease: str, tokens: Tokens) -> bool:
        """Keeps the new tokens; False, and nothing is written, when the lease is not ours any more."""
        ...

    async def not_renewed(self, workspace: str, lease: str, problem: str, *, retry_at: datetime) -> None:
        """Notes why there are no new tokens, and lets nobody try again before that time."""
        ...

    async def encrypt_anew(self) -> int:
        """Encrypts with the newest key what an older one still holds; returns how many installations."""
        ...

    async def add_state(self, state: str, *, now: datetime, until: datetime) -> None:
        """Notes that an installation with that state is under way."""
        ...

    async def take_state(self, state: str, now: datetime) -> bool:
        """Whether that state was under way; it never is again."""
        ...
