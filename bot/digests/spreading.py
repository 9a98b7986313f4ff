"""Spreading: where many channels have their digest at the same time, it comes within some minutes after that.

A channel has the same place in these minutes each day. Where few share a time nobody is late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Final

#: So many channels whose digests are due at the same moment are a crowd.
CROWD: Final = 500


def place_of(channel_id: int, within: timedelta) -> timedelta:
    """How long after the stated time that channel has its turn, in whole seconds: the same each day."""
    digest = hashlib.sha256(f"digest of channel {channel_id}".encode()).digest()
    seconds = int(within.total_seconds())
    return timedelta(seconds=int.from_bytes(digest[:8]) % seconds) if seconds > 0 else timedelta()


def turn_of(channel_id: int, moment: datetime, crowded: Container[datetime], within: timedelta) -> datetime:
    """When that channel's digest of that moment comes; `crowded` are the moments that are spread."""
    return moment + place_of(channel_id, within) if moment in crowded else moment
