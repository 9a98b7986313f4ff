"""Whether a workspace takes blocks of the newer kinds, learnt from its refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: Seconds for which a workspace that refused them gets the older ones at once. Slack brings new kinds to its plans and
#: regions one after the other, so it is asked again.
_AVOIDED_FOR: Final = 86_400.0


class NewBlocks:
    """What is known of one workspace."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._avoided_until = 0.0

    @property
    def welcome(self) -> bool:
        """Whether nothing speaks against them."""
        return self._monotonic() >= self._avoided_until

    def refused(self) -> None:
        """Slack took a message only when they were replaced by older ones."""
        self._avoided_until = self._monotonic() + _AVOIDED_FOR
